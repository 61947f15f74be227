//! Which fields go.

use gatehouse_filter::{FieldChange, Head, HeaderName, Headers};
use regex_lite::Regex;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub(crate) enum Removal {
    Name(HeaderName),
    /// Every field of this head whose name is of the pattern.
    Pattern(Head, Pattern),
}

/// A pattern for names.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// Every name that begins so; lower case.
    Prefix(Rc<str>),
    /// Every name that the pattern finds something in, in time linear in the name.
    Regex(Rc<Regex>),
}

impl Pattern {
    /// The fields of a head that go, each once: never those that the proxy owns. Without
    /// `x-forwarded-proto` Envoy finds no route at all, and `x-forwarded-` is a prefix that people
    /// remove.
    pub(super) fn names(&self, head: Head, headers: &Headers) -> Vec<HeaderName> {
        let mut names: Vec<HeaderName> = Vec::new();
        let received =
            headers.iter_received().filter_map(|(name, _)| std::str::from_utf8(name).ok());
        let edited = headers.edits().iter().map(|edit| edit.name.as_str());
        for name in received.chain(edited) {
            if !self.takes(name) || names.iter().any(|known| known.as_str() == name) {
                continue;
            }
            let may_go = |name: &HeaderName| head.owner(FieldChange::Remove, name).is_none();
            names.extend(HeaderName::try_from(name).ok().filter(may_go));
        }
        names
    }

    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}
