//! What a text is compared with, where the request itself says it: the tenant of a path, a host, a
//! header field or a parameter.

mod capture;
mod host_part;

use crate::config::{Fields, Node};
use crate::rules::{AmbiguousTarget, Captures, Parameter, single_host};
use crate::truth::Truth;
use crate::{HeaderName, Repeated, Request};
use host_part::HostPart;
use serde_json::Number;

/// Where a request says what a text must be.
#[derive(Debug, PartialEq)]
pub enum Reference {
    /// What the rule's path template captured under this name.
    Capture(Box<str>),
    /// The value of this header field.
    Header(HeaderName),
    /// The value of this parameter of the query.
    Query(Parameter),
    /// A part of the host.
    Host(HostPart),
}

impl Reference {
    /// The fields that [`read`](Self::read) reads.
    pub const FIELDS: [&str; 4] = ["capture", "header", "query", "host"];

    /// Reads those of [`FIELDS`](Self::FIELDS) that are there. `captures` are the names that the
    /// rule's path template captures ([`captured_names`](crate::rules::captured_names)).
    pub fn read(fields: &mut Fields<'_>, captures: &[&str]) -> Option<Vec<Self>> {
        let capture =
            fields.optional("capture", |node| capture_name(&node, captures).map(Self::Capture));
        let header = fields.optional("header", |node| header_name(&node).map(Self::Header));
        let query = fields.optional("query", |node| Parameter::read(&node).map(Self::Query));
        let host = fields.optional("host", |node| HostPart::read(&node).map(Self::Host));
        Some([capture?, header?, query?, host?].into_iter().flatten().collect())
    }

    /// What a request says there, to be compared with any number of texts. `captures` are those of
    /// the rule that the request falls under.
    pub fn said<'a>(&self, request: &'a Request<'_>, captures: &'a Captures) -> Said<'a> {
        match self {
            Self::Capture(name) => captures.get(name).map_or(Said::Unknown, Said::Captured),
            // An upstream may go by the other one of two.
            Self::Header(name) if request.headers.has_another_spelling(name) => Said::Unknown,
            Self::Header(name) => match request.headers.only(name.as_str()) {
                Ok(Some(value)) => Said::value(value.to_vec()),
                Ok(None) => Said::Nothing,
                Err(Repeated) => Said::Unknown,
            },
            Self::Query(parameter) => {
                match parameter.value_in(request.query().unwrap_or_default()) {
                    Ok(Some(value)) => Said::value(value),
                    Ok(None) => Said::Nothing,
                    Err(AmbiguousTarget) => Said::Unknown,
                }
            }
            Self::Host(part) => match single_host(request.authority()) {
                Some(host) => part.of(host).map_or(Said::Nothing, Said::Host),
                None => Said::Unknown,
            },
        }
    }
}

/// What a request says that a text must be.
pub enum Said<'a> {
    /// A part of the path, still encoded.
    Captured(&'a [u8]),
    /// This, byte for byte.
    Value(Vec<u8>),
    /// A part of the host, which has no case.
    Host(&'a [u8]),
    /// The request has nothing that it could be.
    Nothing,
    /// The request says it in several ways.
    Unknown,
}

impl Said<'_> {
    /// What is empty is nobody's.
    fn value(value: Vec<u8>) -> Self {
        if value.is_empty() { Self::Nothing } else { Self::Value(value) }
    }

    /// Whether a text is that.
    pub fn is(&self, text: &str) -> Truth {
        match self {
            Self::Captured(captured) => capture::is(captured, text),
            Self::Value(value) => Some(value == text.as_bytes()),
            Self::Host(host) => Some(host.eq_ignore_ascii_case(text.as_bytes())),
            Self::Nothing => Some(false),
            Self::Unknown => None,
        }
    }

    /// The same of a number. What a request says has no types: `/accounts/42` is that of account
    /// 42.
    pub fn is_number(&self, number: &Number) -> Truth {
        if number.is_f64() { Some(false) } else { self.is(&number.to_string()) }
    }
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
