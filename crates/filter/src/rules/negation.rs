//! What a rule is not for.

use super::parts::{Identities, Parts};
use super::path::{Path, PathPattern};
use super::subject::Subject;
use crate::config::Node;
use crate::truth::{self, Truth};

/// What a request must not fit: all of its parts.
#[derive(Debug)]
pub(super) struct Negation {
    pub(super) parts: Parts,
    /// The paths, for all spellings that some upstreams take for one.
    loose: Vec<PathPattern>,
}

impl Negation {
    pub(super) fn read(node: &Node<'_>, identities: Identities) -> Option<Self> {
        let mut fields = node.fields()?;
        let parts = Parts::read(&mut fields, identities);
        fields.finish();
        let parts = parts?;
        let loose: Option<Vec<PathPattern>> =
            parts.paths.iter().map(PathPattern::loosened).collect();
        match loose {
            Some(loose) => Some(Self { parts, loose }),
            None => node.fault("has a path pattern that has no form without regard to case"),
        }
    }

    /// Whether the request does not fit. Of a client that nobody knows it cannot be told what it is
    /// not: else who is held back by an identity would leave it at home.
    pub(super) fn holds(&self, subject: &Subject<'_, '_>) -> Truth {
        truth::negated(self.parts.hold(subject, None))
    }

    /// Whether a path is none of these, and is a spelling of one.
    ///
    /// A rule that says what it is for is not for another spelling, which falls under the default.
    /// One that says what it is not for would be for every one of them.
    pub(super) fn is_evaded_by(&self, path: &Path<'_>, loose: &[Path<'_>]) -> bool {
        !self.parts.paths.is_empty()
            && !self.parts.is_for_path(path)
            && loose.iter().any(|path| self.loose.iter().any(|pattern| pattern.fits(path)))
    }
}
