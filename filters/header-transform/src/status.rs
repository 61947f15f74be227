//! Status codes: which a change is for, and which become others.

use gatehouse_filter::config::Node;
use gatehouse_filter::{HeaderName, HeaderValue, Response, is_grpc_or_grpc_web};

/// The status codes that a response operation is for.
#[derive(Clone, Debug)]
pub(crate) struct Statuses(Vec<Pattern>);

/// A code, or all of a hundred: `404`, `5xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    Code(u16),
    /// The first digit.
    Class(u16),
}

impl Statuses {
    /// Reads `status: [404, 5xx]`.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let patterns =
            fields.required("status", |node| node.nonempty_list(|node| Pattern::read(&node)));
        fields.finish();
        patterns.map(Self)
    }

    pub(crate) fn hold(&self, response: &Response<'_>) -> bool {
        response.status().is_some_and(|status| self.0.iter().any(|pattern| pattern.takes(status)))
    }
}

/// Status codes for status codes. A code counts before the hundred that it is one of.
#[derive(Debug)]
pub(crate) struct StatusMap(Vec<(Pattern, u16)>);

impl StatusMap {
    /// Reads `{404: 410, 5xx: 503}`.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let entries = node.table(|key, node| {
            let (pattern, status) = (Pattern::of_key(key, &node), new_status(&node));
            Some((pattern?, status?))
        });
        let mut entries = entries?;
        entries.sort_by_key(|(pattern, _)| matches!(pattern, Pattern::Class(_)));
        Some(Self(entries))
    }

    /// Records the new status, if there is one. A gRPC response keeps its own: what failed is in
    /// its trailers, and its clients take another status than 200 for a broken gateway.
    pub(crate) fn apply(&self, response: &mut Response<'_>) {
        let Some(status) = response.status().filter(|status| !has_no_content(*status)) else {
            return;
        };
        let new = self.0.iter().find(|(pattern, _)| pattern.takes(status)).map(|(_, new)| *new);
        if let Some(new) = new.filter(|new| *new != status)
            && !is_grpc(response)
        {
            response.headers.set(&STATUS, HeaderValue::from_number(new.into()));
        }
    }
}

const STATUS: HeaderName = HeaderName::from_static(":status");

impl Pattern {
    fn read(node: &Node<'_>) -> Option<Self> {
        Self::parse(&node.text_or_number().unwrap_or_default())
            .or_else(|| node.fault("must be a status code or a class of them, such as 404 or 5xx"))
    }

    fn of_key(key: &str, node: &Node<'_>) -> Option<Self> {
        match Self::parse(key) {
            None => node.fault("is not a status code or a class of them, such as 404 or 5xx"),
            Some(Self::Code(code)) if has_no_content(code) => {
                node.fault("has no content: under another status, the client would wait for some")
            }
            Some(Self::Class(1)) => node.fault("is not an answer yet"),
            pattern => pattern,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            return class.parse().ok().filter(|class| (1..=5).contains(class)).map(Self::Class);
        }
        text.parse().ok().filter(|code| (100..600).contains(code)).map(Self::Code)
    }

    fn takes(self, status: u16) -> bool {
        match self {
            Self::Code(code) => status == code,
            Self::Class(class) => status / 100 == class,
        }
    }
}

/// A status that a response may be given in place of its own.
fn new_status(node: &Node<'_>) -> Option<u16> {
    let status = u16::try_from(node.integer(200..=599)?).ok()?;
    if has_no_content(status) {
        return node
            .fault("has no content: what the upstream sent would be taken for the next answer");
    }
    Some(status)
}

/// RFC 9110 §6.4.1: an answer with such a status ends with its head.
fn has_no_content(status: u16) -> bool {
    matches!(status, 100..200 | 204 | 205 | 304)
}

fn is_grpc(response: &Response<'_>) -> bool {
    let content_type = response.headers.first("content-type").unwrap_or_default();
    is_grpc_or_grpc_web(content_type)
}
