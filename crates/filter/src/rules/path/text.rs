//! The text of a path in a configuration: one that a request can have.

use super::loosened;
use crate::config::Node;
use crate::rules::ambiguity;
use crate::{hex, percent_encoded_byte};

/// Text of a path that is compared byte for byte, and the forms in which others may read it.
#[derive(Debug)]
pub(in crate::rules) struct Literal {
    text: String,
    forms: Vec<Vec<u8>>,
}

/// What may stand for several texts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Wildcards {
    /// Nothing.
    None,
    /// Nothing; whatever is below the path belongs to it.
    Below,
    /// Whole segments.
    Segments,
}

impl Literal {
    pub(super) fn read(node: &Node<'_>, wildcards: Wildcards) -> Option<Self> {
        let text = absolute(node, wildcards)?;
        let text = match wildcards {
            Wildcards::Below => text.trim_end_matches('/'),
            Wildcards::None | Wildcards::Segments => text,
        };
        Some(Self::segment(text))
    }

    /// One segment, or a path that was looked at.
    pub(super) fn segment(text: &str) -> Self {
        let forms = ambiguity::readings(text.as_bytes()).unwrap_or_default();
        Self { text: text.to_owned(), forms }
    }

    /// The text for paths as [`loosened`] has them.
    pub(super) fn loosened(&self) -> Self {
        Self::segment(&String::from_utf8_lossy(&loosened(self.as_bytes())))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Whether something holds for the text or for one of its other forms.
    pub(super) fn any_form(&self, holds: impl Fn(&[u8]) -> bool) -> bool {
        holds(self.text.as_bytes()) || self.forms.iter().any(|form| holds(form))
    }
}

/// A path that a request can have: whatever would never fit is a fault, with the way to write it.
pub(super) fn absolute<'a>(node: &Node<'a>, wildcards: Wildcards) -> Option<&'a str> {
    let text = node.text()?;
    match fault_in(text, wildcards) {
        Some(fault) => node.fault(fault),
        None => Some(text),
    }
}

fn fault_in(text: &str, wildcards: Wildcards) -> Option<String> {
    if !text.starts_with('/') {
        return Some("must begin with a slash".to_owned());
    }
    if text.contains(['?', '#']) {
        let fault = "is compared with the path only: it cannot have a query or a fragment";
        return Some(fault.to_owned());
    }
    if text.contains('\\') {
        return Some("never fits: separate segments with a slash".to_owned());
    }
    let is_sent = |c: char| matches!(c, '!'..='~');
    if !text.chars().all(is_sent) {
        let written: String =
            text.chars().map(|c| if is_sent(c) { c.into() } else { escaped(c) }).collect();
        return Some(format!("never fits: clients send it percent-encoded, write `{written}`"));
    }
    wildcard_fault(text, wildcards).or_else(|| spelling_fault(text))
}

/// What other gateways write for "anything", where it would be compared letter by letter.
fn wildcard_fault(text: &str, wildcards: Wildcards) -> Option<String> {
    let named = |segment: &&str| {
        segment.strip_prefix(':').is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic()))
    };
    if let Some(segment) = text.split('/').find(named) {
        let name = segment.trim_start_matches(':');
        return Some(format!(
            "`{segment}`: names are written in braces, in `template`: `{{{name}}}`"
        ));
    }
    if wildcards == Wildcards::Segments {
        return None;
    }
    if text.contains(['{', '}']) {
        return Some("names in braces are for `template`".to_owned());
    }
    if text.ends_with('*') || text.split('/').any(|segment| matches!(segment, "*" | "**")) {
        return Some(match (wildcards, text.trim_end_matches('*').trim_end_matches(['/', '.'])) {
            (Wildcards::Below, below) if !below.is_empty() && !below.contains('*') => {
                format!("a prefix is for everything below it: write `{below}`")
            }
            (Wildcards::Below, "") => "a prefix is for everything below it: write `/`".to_owned(),
            _ => "`*` stands for itself here: wildcards are for `template`".to_owned(),
        });
    }
    None
}

/// A path that is sent in another spelling, or refused as ambiguous.
fn spelling_fault(text: &str) -> Option<String> {
    let plain = normalised(text);
    if plain != text {
        let why = "clients escape nothing that need not be, with upper-case digits";
        return Some(format!("never fits: {why}, write `{plain}`"));
    }
    if ambiguity::readings(text.as_bytes()).is_err() {
        return Some("never fits: a path with dot segments in any form is ambiguous".to_owned());
    }
    None
}

/// The path with its escapes as RFC 3986 §6.2.2 has them: upper-case digits, and none of a letter,
/// a digit or one of `-._~`.
fn normalised(text: &str) -> String {
    let mut normal = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escape = rest.as_bytes().get(..3).and_then(|escape| match *escape {
            [b'%', high, low] => hex::byte(high, low),
            _ => None,
        });
        match escape {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(char::from(byte));
            }
            Some(byte) => normal.extend(percent_encoded_byte(byte).map(char::from)),
            None => normal.push(first),
        }
        let length = if escape.is_some() { 3 } else { first.len_utf8() };
        rest = rest.get(length..).unwrap_or_default();
    }
    normal
}

fn escaped(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().flat_map(percent_encoded_byte).map(char::from).collect()
}
