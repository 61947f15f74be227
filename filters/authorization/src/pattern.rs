//! What a text must be: as a configuration says it, or as the request itself says.

use crate::principal::Facts;
use gatehouse_filter::config::Node;
use gatehouse_filter::truth::Truth;
use gatehouse_filter::{Reference, Said, TextPattern};
use serde_json::Number;

/// What a text must be: compared byte for byte, with case.
#[derive(Debug, PartialEq)]
pub(crate) enum Pattern {
    Text(TextPattern),
    /// What the request says there.
    Reference(Reference),
}

impl Pattern {
    /// Reads a text, or a mapping that says what it is compared with. `captures` are the names that
    /// the rule's path template captures.
    pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        if node.is_text() {
            return text(node).map(|text| Self::Text(TextPattern::Exact(text)));
        }
        if !node.is_mapping() {
            return node.fault(FORMS);
        }
        let mut fields = node.fields()?;
        let texts = TextPattern::inexact(&mut fields, text);
        let references = Reference::read(&mut fields, captures);
        fields.finish();
        let texts = texts?.into_iter().map(Self::Text);
        let mut patterns = texts.chain(references?.into_iter().map(Self::Reference));
        match (patterns.next(), patterns.next()) {
            (Some(pattern), None) => Some(pattern),
            _ => node.not_exactly_one(&[
                "prefix", "suffix", "regex", "capture", "header", "query", "host",
            ]),
        }
    }

    /// The one text that it is, where that can be the name of a scope in a challenge (RFC 6749
    /// §3.3).
    pub(crate) fn scope(&self) -> Option<&str> {
        let is_of_a_scope = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
        match self {
            Self::Text(TextPattern::Exact(text)) if text.bytes().all(is_of_a_scope) => Some(text),
            _ => None,
        }
    }

    /// What is wanted of texts for this request, to be compared with any number of them.
    pub(crate) fn wanted<'a>(&'a self, facts: &'a Facts<'_>) -> Wanted<'a> {
        match self {
            Self::Text(pattern) => Wanted::Text(pattern),
            Self::Reference(reference) => {
                Wanted::Said(reference.said(facts.request, &facts.captures))
            }
        }
    }
}

const FORMS: &str = "must be text, or one of {prefix: text}, {suffix: text}, {regex: pattern}, \
                     {capture: name}, {header: name}, {query: name} and {host: '*.example.com'}";

/// What a text must be, for one request.
pub(crate) enum Wanted<'a> {
    Text(&'a TextPattern),
    Said(Said<'a>),
}

impl Wanted<'_> {
    pub(crate) fn is(&self, text: &str) -> Truth {
        match self {
            Self::Text(pattern) => Some(pattern.fits(text.as_bytes())),
            Self::Said(said) => said.is(text),
        }
    }

    pub(crate) fn is_number(&self, number: &Number) -> Truth {
        match self {
            Self::Text(_) => Some(false),
            Self::Said(said) => said.is_number(number),
        }
    }
}

fn text(node: &Node<'_>) -> Option<Box<str>> {
    node.text().map(Box::from)
}
