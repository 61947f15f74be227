use gatehouse_filter::{Decision, DecisionCode, Mode};

/// What a filter leaves in filter state for the access log: `jwt_auth.allowed;rule=orders;subject=alice`.
pub(crate) fn note<C: DecisionCode>(code: &str, decision: &Decision<C>, mode: Mode) -> Vec<u8> {
    let mut note = Vec::with_capacity(code.len().saturating_add(64));
    note.extend_from_slice(code.as_bytes());
    if let Some(rule) = &decision.rule {
        note.extend_from_slice(b";rule=");
        note.extend_from_slice(rule.as_bytes());
    }
    if let Some(caller) = &decision.caller {
        let names = [(&b";subject="[..], caller.subject()), (&b";consumer="[..], caller.consumer())];
        for (label, name) in names {
            if let Some(name) = name {
                note.extend_from_slice(label);
                name.bytes().for_each(|byte| put_escaped(&mut note, byte));
            }
        }
    }
    if mode == Mode::Shadow {
        note.extend_from_slice(b";mode=shadow");
    }
    note
}

/// A subject is whatever an issuer wrote: what would end the field or the log line is percent-encoded.
fn put_escaped(note: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_graphic() && !matches!(byte, b';' | b'%' | b'"' | b'\\') {
        return note.push(byte);
    }
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    note.extend([b'%', digit(byte >> 4), digit(byte & 0x0f)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Identity;
    use std::rc::Rc;

    gatehouse_filter::codes! {
        enum Code {
            Allowed = "allowed",
        }
    }

    #[test]
    fn a_note_says_code_rule_and_who_and_cannot_be_forged_by_a_name() {
        let decision = Decision::pass(Code::Allowed, Some("orders".into()));
        let text =
            |decision: &Decision<Code>, mode| String::from_utf8(note("f.allowed", decision, mode)).unwrap();
        assert_eq!(text(&decision, Mode::Enforce), "f.allowed;rule=orders");
        assert_eq!(text(&Decision::pass(Code::Allowed, None), Mode::Shadow), "f.allowed;mode=shadow");
        let subject = Some("a;rule=x\n\"é%".to_owned());
        let consumer = Some("acme".to_owned());
        let decision =
            decision.with_caller(Rc::new(Identity { subject, consumer, ..Identity::default() }.into()));
        assert_eq!(
            text(&decision, Mode::Enforce),
            "f.allowed;rule=orders;subject=a%3Brule=x%0A%22%C3%A9%25;consumer=acme"
        );
    }
}
