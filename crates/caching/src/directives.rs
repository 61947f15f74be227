//! Cache directives as `Cache-Control` holds them (RFC 9111 §5.2).

use crate::delta::{MOST_SECONDS, delta_seconds};
use gatehouse_filter::{HeaderName, Headers, list};

/// A directive as it was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directive<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
    /// No space stands around the `=`, which no cache reads in the same way.
    is_well_formed: bool,
}

impl<'a> Directive<'a> {
    /// Every directive of a field, over all its lines, in the order received.
    pub(crate) fn all(headers: &'a Headers, field: &'a str) -> impl Iterator<Item = Self> {
        headers.values(field).flat_map(list::quoted_members).map(Self::read)
    }

    fn read(member: &'a [u8]) -> Self {
        let Some(equals) = member.iter().position(|byte| *byte == b'=') else {
            return Self { name: member, value: None, is_well_formed: true };
        };
        let (name, rest) = member.split_at_checked(equals).unwrap_or((member, &[]));
        let value = rest.get(1..).unwrap_or_default();
        let is_well_formed = name.trim_ascii_end() == name && value.trim_ascii_start() == value;
        let value = value.trim_ascii();
        // An inner quote was told from the end by the list; what has none is a token.
        let value = Some(list::unquoted(value));
        Self { name: name.trim_ascii(), value, is_well_formed }
    }

    /// Whether it is this one; names have no case (RFC 9111 §5.2). The name is lower case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The number of seconds that it has; `None` where it has none that can be read.
    pub(crate) fn seconds(&self) -> Option<u32> {
        self.value.filter(|_| self.is_well_formed).and_then(delta_seconds)
    }

    /// The number of seconds of a directive that allows something: what cannot be read allows
    /// nothing.
    pub(crate) fn seconds_or_none_at_all(&self) -> u32 {
        self.seconds().unwrap_or(0)
    }

    /// The number of seconds of a directive that demands something: what cannot be read demands all.
    pub(crate) fn seconds_or_most(&self) -> u32 {
        self.seconds().unwrap_or(MOST_SECONDS)
    }

    /// Whether it has a value.
    pub(crate) fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// What a directive with optional field names is about.
    pub(crate) fn scope(&self) -> Scope {
        self.value.map_or(Scope::Everything, Scope::of_names)
    }
}

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

    fn read(line: &str) -> Vec<(String, Option<String>)> {
        let headers = Headers::from_list(&[("cache-control", line)]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Directive::all(&headers, "cache-control")
            .map(|directive| (text(directive.name), directive.value.map(text)))
            .collect()
    }

    #[test]
    fn directives_are_told_apart_however_they_are_written() {
        for (line, want) in [
            ("a", &[("a", None)][..]),
            (" a , b=1,,c=\"2, 3\" ", &[("a", None), ("b", Some("1")), ("c", Some("2, 3"))]),
            ("a=\"x\\\", b\", c", &[("a", Some("x\\\", b")), ("c", None)]),
            // A quote that nothing closes hides nothing.
            ("a=\"x, no-store", &[("a", Some("\"x")), ("no-store", None)]),
            ("a=\"x\\", &[("a", Some("\"x\\"))]),
            ("a=", &[("a", Some(""))]),
            ("=1", &[("", Some("1"))]),
            (",, ,", &[]),
            ("", &[]),
        ] {
            let want: Vec<_> = want
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
                .collect();
            assert_eq!(read(line), want, "{line}");
        }
    }

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
