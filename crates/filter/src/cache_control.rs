//! Cache directives as `Cache-Control` holds them (RFC 9111 §5.2), and the seconds that they have.

use crate::{Headers, list};

/// A directive as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Directive<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
    /// No space stands around the `=`, which no cache reads in the same way.
    is_well_formed: bool,
}

impl<'a> Directive<'a> {
    /// Every directive of a field, over all its lines, in the order received.
    pub fn all(headers: &'a Headers, field: &'a str) -> impl Iterator<Item = Self> {
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
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The number of seconds that it has; `None` where it has none that can be read.
    pub fn seconds(&self) -> Option<u32> {
        self.value.filter(|_| self.is_well_formed).and_then(delta_seconds)
    }

    /// The number of seconds of a directive that allows something: what cannot be read allows
    /// nothing.
    pub fn seconds_or_none_at_all(&self) -> u32 {
        self.seconds().unwrap_or(0)
    }

    /// The number of seconds of a directive that demands something: what cannot be read demands all.
    pub fn seconds_or_most(&self) -> u32 {
        self.seconds().unwrap_or(MOST_SECONDS)
    }

    /// Whether it has a value.
    pub fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// What stands behind the `=`, without quotes around it.
    pub fn value(&self) -> Option<&'a [u8]> {
        self.value
    }
}

/// What larger numbers of seconds count as (RFC 9111 §1.2.2).
pub const MOST_SECONDS: u32 = 1 << 31;

/// A number of seconds: digits and nothing else. What is larger than 2^31 is 2^31.
pub fn delta_seconds(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = text.iter().fold(0_u32, |seconds, digit| {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        seconds.saturating_mul(10).saturating_add(digit).min(MOST_SECONDS)
    });
    Some(seconds)
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
    fn seconds_are_digits_and_never_overflow() {
        for (text, want) in [
            ("0", Some(0)),
            ("003600", Some(3600)),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", Some(MOST_SECONDS)),
            ("2147483649", Some(MOST_SECONDS)),
            ("99999999999999999999999999", Some(MOST_SECONDS)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            (" 1", None),
            ("1a", None),
            ("١", None),
        ] {
            assert_eq!(delta_seconds(text.as_bytes()), want, "{text}");
        }
    }
}
