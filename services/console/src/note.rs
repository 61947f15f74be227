//! What a filter leaves in filter state: `jwt_auth.allowed;rule=orders;subject=alice`.

use serde::Serialize;

use crate::text::cut;

/// What one filter decided about one request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Note {
    pub(crate) filter: String,
    pub(crate) code: String,
    pub(crate) rule: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) consumer: Option<String>,
    pub(crate) shadow: bool,
    pub(crate) why: Option<String>,
}

impl Note {
    /// Reads the text; `None` where it is none of a filter.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let read = gatehouse_filter::Note::read(text.as_bytes())?;
        let mut note = Self {
            filter: name(read.filter)?,
            code: name(read.code)?,
            rule: None,
            subject: None,
            consumer: None,
            shadow: false,
            why: None,
        };
        for (name, value) in read.parts() {
            match name {
                b"rule" => note.rule = Some(cut(&value, LONGEST_NAME)),
                b"subject" => note.subject = Some(cut(&value, LONGEST_NAME)),
                b"consumer" => note.consumer = Some(cut(&value, LONGEST_NAME)),
                b"mode" => note.shadow |= value == "shadow",
                b"why" => note.why = Some(cut(&value, LONGEST_WHY)),
                _ => {}
            }
        }
        Some(note)
    }

    /// Whether the request would have been refused, and was let pass for the mode alone.
    pub(crate) fn would_refuse(&self) -> bool {
        let guards = matches!(
            self.filter.as_str(),
            "api_key_auth" | "jwt_auth" | "authorization" | "rate_limit"
        );
        self.code == "shadow_exceeded"
            || (self.shadow && guards && !PASSES.contains(&self.code.as_str()))
    }
}

/// A filter's or a code's name.
fn name(text: &[u8]) -> Option<String> {
    let is_name = !text.is_empty()
        && text.len() <= LONGEST_NAME
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_name.then(|| String::from_utf8_lossy(text).into_owned())
}

const LONGEST_NAME: usize = 128;
const LONGEST_WHY: usize = 300;

/// The codes of filters that guard something, with which a request goes on in either mode.
const PASSES: [&str; 11] = [
    "allowed",
    "anonymous",
    "default_allowed",
    "degraded",
    "identified",
    "not_required",
    "preflight",
    "token_ignored",
    "unlimited",
    "unmatched",
    "uncounted",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_with_all_its_parts_decoded() {
        let note = Note::read(
            "jwt_auth.token_expired;rule=orders;subject=a%3Brule=x%0A;consumer=acme;mode=shadow;\
             why=exp%201%3B",
        );
        let note = note.unwrap();
        assert_eq!((note.filter.as_str(), note.code.as_str()), ("jwt_auth", "token_expired"));
        assert_eq!(note.rule.as_deref(), Some("orders"));
        assert_eq!(note.subject.as_deref(), Some("a;rule=x\n"));
        assert_eq!(note.consumer.as_deref(), Some("acme"));
        assert_eq!(note.why.as_deref(), Some("exp 1;"));
        assert!(note.shadow && note.would_refuse());
        for text in ["", "-", "via_upstream", "a.", ".b", "<img>.b", "gatehouse; fwd=miss", "1.5 s"]
        {
            assert_eq!(Note::read(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_was_let_pass_for_the_mode_would_be_refused() {
        for (text, want) in [
            ("jwt_auth.token_missing", false),
            ("jwt_auth.token_missing;mode=shadow", true),
            ("jwt_auth.allowed;mode=shadow", false),
            ("response_cache.would_hit;mode=shadow", false),
            ("rate_limit.shadow_exceeded;rule=orders", true),
        ] {
            assert_eq!(Note::read(text).unwrap().would_refuse(), want, "{text}");
        }
    }
}
