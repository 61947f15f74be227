//! The `match` of a rule.

use super::negation::Negation;
use super::parts::{Identities, Parts};
use super::path::{Captures, Path};
use super::query::Folded;
use super::subject::Subject;
use crate::config::Node;
use crate::truth::{self, Truth};
use std::iter;

/// The `match` of a rule: every part that is given must hold, and nothing that is under `not`.
#[derive(Debug, Default)]
pub(super) struct Condition {
    parts: Parts,
    not: Vec<Negation>,
}

impl Condition {
    pub(super) fn read(node: &Node<'_>, identities: Identities) -> Option<Self> {
        let mut fields = node.fields()?;
        let parts = Parts::read(&mut fields, identities);
        let not = fields.with_default("not", vec![], |node| {
            let not = match node.is_list() {
                true => node.nonempty_list(|node| Negation::read(&node, identities)),
                false => Negation::read(&node, identities).map(|negation| vec![negation]),
            }?;
            match &parts {
                Some(parts) if not.iter().any(|negation| negation.parts.cover(parts)) => {
                    node.fault("never fits: it takes out all that the rest of `match` is for")
                }
                _ => Some(not),
            }
        });
        fields.finish();
        Some(Self { parts: parts?, not: not? })
    }

    /// Whether it is for a request.
    pub(super) fn holds(&self, subject: &Subject<'_, '_>) -> Truth {
        let parts = iter::once_with(|| self.parts.hold(subject, Some(false)));
        let not = self.not.iter().map(|negation| negation.holds(subject));
        truth::all(parts.chain(not))
    }

    /// What the path of a request captured that it is for.
    pub(super) fn captures(&self, subject: &Subject<'_, '_>) -> Captures {
        self.parts.captures(subject)
    }

    /// The parts that do not hold, by their names in a configuration: for whoever has to say why no
    /// rule is for a request.
    pub(super) fn unmet(&self, subject: &Subject<'_, '_>) -> Vec<&'static str> {
        let not = self.not.iter().any(|negation| negation.holds(subject) != Some(true));
        self.parts.unmet(subject).chain(not.then_some("not")).collect()
    }

    /// Whether it can be for a request with this path, whatever else it asks for.
    pub(super) fn is_for_path(&self, path: &Path<'_>) -> bool {
        self.parts.paths.is_empty() || self.parts.is_for_path(path)
    }

    /// Whether every request that `other` is for is one of this condition's. False where that
    /// cannot be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is_out =
            |negation: &Negation| other.not.iter().any(|other| other.parts.cover(&negation.parts));
        self.parts.cover(&other.parts) && self.not.iter().all(is_out)
    }

    /// Whether a condition on the path answers otherwise for one of the forms in which others may
    /// read the path.
    pub(super) fn is_misled_by(&self, path: &Path<'_>, forms: &[Path<'_>]) -> bool {
        self.all().flat_map(|parts| &parts.paths).any(|pattern| pattern.is_misled_by(path, forms))
    }

    /// Whether a path is not one that is under `not`, and is a spelling of one that is.
    pub(super) fn is_evaded_by(&self, path: &Path<'_>, loose: &[Path<'_>]) -> bool {
        self.not.iter().any(|negation| negation.is_evaded_by(path, loose))
    }

    /// Whether a condition on the query answers otherwise for what others may read in it.
    pub(super) fn is_misled_by_query(&self, subject: &Subject<'_, '_>) -> bool {
        self.all().any(|parts| parts.are_misled_by_query(subject))
    }

    /// Whether the path matters.
    pub(super) fn reads_path(&self) -> bool {
        self.all().any(|parts| !parts.paths.is_empty())
    }

    /// Whether a path is under `not`.
    pub(super) fn negates_path(&self) -> bool {
        self.not.iter().any(|negation| !negation.parts.paths.is_empty())
    }

    /// Whether the host matters.
    pub(super) fn reads_host(&self) -> bool {
        self.all().any(Parts::read_host)
    }

    /// Whether the matched route matters.
    pub(super) fn reads_route(&self) -> bool {
        self.all().any(Parts::read_route)
    }

    /// Whether it matters who the client is, or where it comes from.
    pub(super) fn reads_client(&self) -> bool {
        self.all().any(Parts::read_client)
    }

    /// The header fields that matter, in lower case.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.all().flat_map(Parts::fields)
    }

    /// The parameters that matter, as they are found by.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Folded> {
        self.all().flat_map(Parts::parameters)
    }

    fn all(&self) -> impl Iterator<Item = &Parts> {
        iter::once(&self.parts).chain(self.not.iter().map(|negation| &negation.parts))
    }
}
