//! What a filter leaves in filter state.

use gatehouse_filter::{Caller, Mode, percent_encoded_byte};

/// What a filter leaves in filter state for the access log:
/// `jwt_auth.allowed;rule=orders;subject=alice`.
pub(crate) fn note(
    code: &str,
    rule: Option<&str>,
    caller: Option<&Caller>,
    why: Option<&str>,
    mode: Mode,
) -> Vec<u8> {
    let mut note = Vec::with_capacity(code.len().saturating_add(64));
    note.extend_from_slice(code.as_bytes());
    if let Some(rule) = rule {
        note.extend_from_slice(b";rule=");
        note.extend_from_slice(rule.as_bytes());
    }
    if let Some(caller) = caller {
        let names =
            [(&b";subject="[..], caller.subject()), (&b";consumer="[..], caller.consumer())];
        for (label, name) in names {
            if let Some(name) = name {
                note.extend_from_slice(label);
                note.extend(name.bytes().flat_map(escaped));
            }
        }
    }
    if mode == Mode::Shadow {
        note.extend_from_slice(b";mode=shadow");
    }
    if let Some(why) = why {
        note.extend_from_slice(b";why=");
        note.extend(why.bytes().flat_map(escaped));
    }
    note
}

/// A subject is whatever an issuer wrote: what would end the field or the log line is
/// percent-encoded.
pub(crate) fn escaped(byte: u8) -> impl Iterator<Item = u8> {
    let is_plain = byte.is_ascii_graphic() && !matches!(byte, b';' | b'%' | b'"' | b'\\');
    let encoded = (!is_plain).then(|| percent_encoded_byte(byte));
    is_plain.then_some(byte).into_iter().chain(encoded.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Identity;

    #[test]
    fn a_note_says_code_rule_and_who_and_cannot_be_forged_by_a_name() {
        let text = |rule, caller, mode| {
            String::from_utf8(note("f.allowed", rule, caller, None, mode)).unwrap()
        };
        assert_eq!(text(Some("orders"), None, Mode::Enforce), "f.allowed;rule=orders");
        assert_eq!(text(None, None, Mode::Shadow), "f.allowed;mode=shadow");
        let subject = Some("a;rule=x\n\"é%".to_owned());
        let consumer = Some("acme".to_owned());
        let caller = Caller::from(Identity { subject, consumer, ..Identity::default() });
        assert_eq!(
            text(Some("orders"), Some(&caller), Mode::Enforce),
            "f.allowed;rule=orders;subject=a%3Brule=x%0A%22%C3%A9%25;consumer=acme"
        );
        let why = note("f.expired", Some("orders"), None, Some("exp 1;subject=é"), Mode::Shadow);
        assert_eq!(
            String::from_utf8(why).unwrap(),
            "f.expired;rule=orders;mode=shadow;why=exp%201%3Bsubject=%C3%A9"
        );
    }
}
