//! What a text must be: as a configuration says it, or as the request itself says.

use crate::capture;
use crate::host_part::HostPart;
use crate::principal::Facts;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::{AmbiguousTarget, Parameter, single_host};
use gatehouse_filter::truth::Truth;
use gatehouse_filter::{HeaderName, Repeated, TextPattern};
use serde_json::Number;

/// What a text must be: compared byte for byte, with case.
#[derive(Debug, PartialEq)]
pub(crate) enum Pattern {
    Text(TextPattern),
    /// What the rule's path template captured under this name.
    Capture(Box<str>),
    /// The value of this header field.
    Header(HeaderName),
    /// The value of this parameter of the query.
    Query(Parameter),
    Host(HostPart),
}

impl Pattern {
    /// Reads a text, or a mapping that says what it is compared with. `captures` are the names that
    /// the rule's path template captures.
    pub(crate) fn read(node: &Node<'_>, captures: &[&str]) -> Option<Self> {
        if node.value().is_string() {
            return text(node).map(|text| Self::Text(TextPattern::Exact(text)));
        }
        if !node.value().is_object() {
            return node.fault(FORMS);
        }
        let mut fields = node.fields()?;
        let texts = TextPattern::inexact(&mut fields, text);
        let capture =
            fields.optional("capture", |node| capture_name(&node, captures).map(Self::Capture));
        let header = fields.optional("header", |node| header_name(&node).map(Self::Header));
        let query = fields.optional("query", |node| Parameter::read(&node).map(Self::Query));
        let host = fields.optional("host", |node| HostPart::read(&node).map(Self::Host));
        fields.finish();
        let references = [capture?, header?, query?, host?];
        let texts = texts?.into_iter().map(Self::Text);
        let mut patterns = texts.chain(references.into_iter().flatten());
        match (patterns.next(), patterns.next()) {
            (Some(pattern), None) => Some(pattern),
            _ => node.fault(
                "must have exactly one of prefix, suffix, regex, capture, header, query, host",
            ),
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
        let request = facts.request;
        match self {
            Self::Text(pattern) => Wanted::Text(pattern),
            Self::Capture(name) => {
                facts.captures.get(name).map_or(Wanted::Unknown, Wanted::Captured)
            }
            // An upstream may go by the other one of two.
            Self::Header(name) if request.headers.has_another_spelling(name) => Wanted::Unknown,
            Self::Header(name) => match request.headers.only(name.as_str()) {
                Ok(Some(value)) => Wanted::value(value.to_vec()),
                Ok(None) => Wanted::Nothing,
                Err(Repeated) => Wanted::Unknown,
            },
            Self::Query(parameter) => {
                match parameter.value_in(request.query().unwrap_or_default()) {
                    Ok(Some(value)) => Wanted::value(value),
                    Ok(None) => Wanted::Nothing,
                    Err(AmbiguousTarget) => Wanted::Unknown,
                }
            }
            Self::Host(part) => match single_host(request.authority()) {
                Some(host) => part.of(host).map_or(Wanted::Nothing, Wanted::Host),
                None => Wanted::Unknown,
            },
        }
    }
}

const FORMS: &str = "must be text, or one of {prefix: text}, {suffix: text}, {regex: pattern}, \
                     {capture: name}, {header: name}, {query: name} and {host: '*.example.com'}";

/// What a text must be, for one request.
pub(crate) enum Wanted<'a> {
    Text(&'a TextPattern),
    /// A part of the path, still encoded.
    Captured(&'a [u8]),
    Value(Vec<u8>),
    /// A part of the host, which has no case.
    Host(&'a [u8]),
    /// The request has nothing that it could be.
    Nothing,
    /// The request says it in several ways.
    Unknown,
}

impl Wanted<'_> {
    /// What is empty is nobody's.
    fn value(value: Vec<u8>) -> Self {
        if value.is_empty() { Self::Nothing } else { Self::Value(value) }
    }

    pub(crate) fn is(&self, text: &str) -> Truth {
        match self {
            Self::Text(pattern) => Some(pattern.fits(text.as_bytes())),
            Self::Captured(captured) => capture::is(captured, text),
            Self::Value(value) => Some(value == text.as_bytes()),
            Self::Host(host) => Some(host.eq_ignore_ascii_case(text.as_bytes())),
            Self::Nothing => Some(false),
            Self::Unknown => None,
        }
    }

    /// What a request says has no types: `/accounts/42` is that of account 42.
    pub(crate) fn is_number(&self, number: &Number) -> Truth {
        match self {
            Self::Text(_) => Some(false),
            _ if number.is_f64() => Some(false),
            _ => self.is(&number.to_string()),
        }
    }
}

fn text(node: &Node<'_>) -> Option<Box<str>> {
    node.text().map(Box::from)
}

fn header_name(node: &Node<'_>) -> Option<HeaderName> {
    if node.text()?.eq_ignore_ascii_case("host") {
        return node.fault("never fits: Envoy makes `:authority` of it, use `{host: '*'}`");
    }
    HeaderName::try_from(node.text()?).map_or_else(|invalid| node.fault(invalid.to_string()), Some)
}

fn capture_name(node: &Node<'_>, captures: &[&str]) -> Option<Box<str>> {
    let name = node.text()?;
    if captures.contains(&name) {
        return Some(name.into());
    }
    match captures {
        [] => node.fault("nothing is captured: give the rule a path template such as /users/{id}"),
        known => {
            let known = known.join(", ");
            node.fault(format!("is not captured by the rule's path template, which has {known}"))
        }
    }
}
