//! Which fields go.

use super::read::may_change;
use gatehouse_filter::{HeaderName, Headers};
use regex_lite::Regex;
use std::rc::Rc;

/// Which fields go.
#[derive(Clone, Debug)]
pub(crate) enum Removal {
    Name(HeaderName),
    /// Every name that begins so; lower case.
    Prefix(Rc<str>),
    /// Every name that the pattern finds something in, in time linear in the name.
    Regex(Rc<Regex>),
}

impl Removal {
    /// The fields of a head that go, each once: never those that Envoy routes by or frames the
    /// message with. Without `x-forwarded-proto` Envoy finds no route at all, and `x-forwarded-` is
    /// a prefix that people remove.
    pub(super) fn names(&self, headers: &Headers) -> Vec<HeaderName> {
        let mut names: Vec<HeaderName> = Vec::new();
        let received =
            headers.iter_received().filter_map(|(name, _)| std::str::from_utf8(name).ok());
        let edited = headers.edits().iter().map(|edit| edit.name.as_str());
        for name in received.chain(edited) {
            if !self.takes(name)
                || name == "x-forwarded-proto"
                || names.iter().any(|known| known.as_str() == name)
            {
                continue;
            }
            names.extend(HeaderName::try_from(name).ok().filter(may_change));
        }
        names
    }

    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Name(wanted) => wanted.as_str() == name,
            Self::Prefix(prefix) => name.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}
