//! What directives are about that may name fields (RFC 9111 §5.2.2.4, §5.2.2.7).

use gatehouse_filter::cache_control::Directive;
use gatehouse_filter::{HeaderName, list};

/// What `no-cache` and `private` of a response are about (RFC 9111 §5.2.2.4, §5.2.2.7).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// The directive is not there.
    #[default]
    Nothing,
    /// These fields.
    Fields(Vec<HeaderName>),
    /// The whole response.
    Everything,
}

impl Scope {
    /// What a directive with optional field names is about.
    pub(crate) fn of(directive: &Directive<'_>) -> Self {
        directive.value().map_or(Self::Everything, Self::of_names)
    }

    /// Reads a list of field names. What cannot be read, or names none, is about everything: the
    /// directive is there, and is not to be passed over.
    pub(crate) fn of_names(text: &[u8]) -> Self {
        let mut names = Vec::new();
        for member in list::members(text) {
            match HeaderName::try_from(member) {
                Ok(name) => names.push(name),
                Err(_) => return Self::Everything,
            }
        }
        if names.is_empty() { Self::Everything } else { Self::Fields(names) }
    }

    /// Both, where the directive is there twice.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, scope) | (scope, Self::Nothing) => scope,
            (Self::Fields(mut names), Self::Fields(more)) => {
                names.extend(more);
                Self::Fields(names)
            }
        }
    }

    /// Whether it is about the whole response.
    pub fn is_everything(&self) -> bool {
        *self == Self::Everything
    }

    /// Whether this field is among those that it names.
    pub fn names(&self, field: &[u8]) -> bool {
        match self {
            Self::Fields(names) => names.iter().any(|name| name.as_str().as_bytes() == field),
            Self::Nothing | Self::Everything => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_that_cannot_be_read_stand_for_everything() {
        let names = |names: &[&str]| {
            Scope::Fields(names.iter().map(|name| HeaderName::try_from(*name).unwrap()).collect())
        };
        for (text, want) in [
            ("a, B", names(&["a", "b"])),
            ("a,,", names(&["a"])),
            ("", Scope::Everything),
            (" , ", Scope::Everything),
            ("a b", Scope::Everything),
            ("ä", Scope::Everything),
        ] {
            assert_eq!(Scope::of_names(text.as_bytes()), want, "{text}");
        }
    }
}
