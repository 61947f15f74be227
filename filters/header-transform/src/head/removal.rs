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
    /// Removes the fields of this pattern from a head: never those that the proxy owns. Without
    /// `x-forwarded-proto` Envoy finds no route at all, and `x-forwarded-` is a prefix that people
    /// remove.
    pub(super) fn remove(&self, head: Head, headers: &mut Headers) {
        let may_go = |name: &HeaderName| head.owner(FieldChange::Remove, name).is_none();
        headers.remove_where(|name| {
            let name = std::str::from_utf8(name).ok().filter(|name| self.takes(name));
            name.is_some_and(|name| HeaderName::try_from(name).is_ok_and(|name| may_go(&name)))
        });
    }

    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}
