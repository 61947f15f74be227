//! In how many ways a parameter can be spelt for upstreams that differ.

use crate::percent_decoded;
use crate::rules::ambiguity::{DECODINGS, Disguised, legacy_escape, next_byte};
use gatehouse_steps::took;
use std::iter;

/// A name in the one spelling that all have that some upstreams take for the same: without regard
/// to case (ASP.NET), without blanks before it, up to a byte of value 0, and with `_` for a dot and
/// a blank (PHP).
pub(super) fn folded(name: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    let name = name.skip_while(|byte| *byte <= b' ').take_while(|byte| *byte != 0);
    name.map(|byte| match byte {
        b'.' | b' ' => b'_',
        byte => byte.to_ascii_lowercase(),
    })
}

/// A text with its escapes undone as forms and old JavaScript write them: `+` is a space (WHATWG
/// URL standard, "application/x-www-form-urlencoded"), `%u0061` is `a`.
pub(super) fn decoded(text: &[u8]) -> impl Iterator<Item = u8> {
    undone(text).map(|(byte, is_escaped)| if byte == b'+' && !is_escaped { b' ' } else { byte })
}

/// What upstreams may read as one value.
pub(super) struct Readings {
    /// The first is what conditions compare.
    pub(super) forms: Vec<Vec<u8>>,
    /// Whether it has a `%` that begins no escape, which some upstreams refuse.
    pub(super) is_broken: bool,
}

impl Readings {
    /// # Errors
    /// [`Disguised`] for a value with control characters: whoever reads it next may drop them, keep
    /// them or stop at one.
    pub(super) fn of(value: &[u8]) -> Result<Self, Disguised> {
        let mut forms = vec![percent_decoded(value).collect::<Vec<u8>>()];
        let mut next: Vec<u8> = decoded(value).collect();
        for _ in 0..DECODINGS {
            took(next.len());
            if forms.last() != Some(&next) {
                forms.push(next.clone());
            }
            if !next.contains(&b'%') {
                break;
            }
            next = undone(&next).map(|(byte, _)| byte).collect();
        }
        let mut rest = value;
        let mut is_broken = false;
        while let Some((byte, is_escaped, after)) = next_byte(rest) {
            is_broken |= byte == b'%' && !is_escaped;
            rest = after;
        }
        match forms.iter().flatten().any(u8::is_ascii_control) {
            true => Err(Disguised),
            false => Ok(Self { forms, is_broken }),
        }
    }
}

/// The bytes of a text with its escapes undone, and whether each was escaped.
fn undone(text: &[u8]) -> impl Iterator<Item = (u8, bool)> {
    let mut rest = text;
    iter::from_fn(move || {
        let (byte, is_escaped, after) = match legacy_escape(rest) {
            Some((byte, after)) => (byte, true, after),
            None => next_byte(rest)?,
        };
        rest = after;
        Some((byte, is_escaped))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_folded_to_what_some_upstreams_read() {
        for (name, want) in [
            ("role", "role"),
            ("Role", "role"),
            ("%72ole", "role"),
            ("%u0072ole", "role"),
            ("+role", "role"),
            ("%20%0arole", "role"),
            ("role%00x", "role"),
            ("user.role", "user_role"),
            ("user+role", "user_role"),
            ("role[]", "role[]"),
            ("%2572ole", "%72ole"),
            ("ro%zle", "ro%zle"),
            ("", ""),
        ] {
            let have: Vec<u8> = folded(decoded(name.as_bytes())).collect();
            assert_eq!(have, want.as_bytes(), "{name}");
        }
    }

    #[test]
    fn a_value_is_read_in_every_way_in_which_upstreams_undo_escapes() {
        for (value, want, is_broken) in [
            ("read", &["read"][..], false),
            ("r%65ad", &["read"], false),
            ("a+b", &["a+b", "a b"], false),
            ("a%20b", &["a b"], false),
            ("a%2Bb", &["a+b"], false),
            ("%2572ead", &["%72ead", "read"], false),
            ("%252572ead", &["%2572ead", "%72ead", "read"], false),
            ("%u0072ead", &["%u0072ead", "read"], true),
            ("100%25", &["100%"], false),
            ("100%", &["100%"], true),
            ("", &[""], false),
        ] {
            let readings = Readings::of(value.as_bytes()).ok().unwrap();
            let have: Vec<_> =
                readings.forms.iter().map(|form| String::from_utf8_lossy(form)).collect();
            assert_eq!(have, want, "{value}");
            assert_eq!(readings.is_broken, is_broken, "{value}");
        }
        for value in ["read%00", "read%0a", "%250dread", "\x7f"] {
            assert_eq!(Readings::of(value.as_bytes()).err(), Some(Disguised), "{value}");
        }
    }
}
