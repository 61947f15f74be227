//! What filters answer instead of the upstream.

use crate::{HeaderName, HeaderValue, Headers};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// An answer that a filter gives instead of the upstream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Something is wrong.
    Problem(Problem),
    /// Nothing is: the filter has what was asked for.
    Document(Document),
    /// The filter has kept a response to such a request.
    Replay(Replay),
}

impl Reply {
    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        match self {
            Self::Problem(problem) => problem.status,
            Self::Document(document) => document.status,
            Self::Replay(replay) => replay.status,
        }
    }

    /// What is wrong, where something is.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Document(_) | Self::Replay(_) => None,
        }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Document> for Reply {
    fn from(document: Document) -> Self {
        Self::Document(document)
    }
}

/// What was asked for: sent as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// The HTTP status code.
    pub status: u16,
    /// All header fields but `content-length`, which the host adds.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Rc<[u8]>,
}

impl From<Replay> for Reply {
    fn from(replay: Replay) -> Self {
        Self::Replay(replay)
    }
}

/// A response that was kept: its head is in the form in which it is sent, so that it costs nothing
/// to send it again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replay {
    /// The HTTP status code.
    pub status: u16,
    /// All header fields but `content-length`, which the host adds, and pseudo-headers. Edits on
    /// them are carried out.
    pub head: Headers,
    /// The body.
    pub body: Bytes,
}

/// A part of bytes that several share.
#[derive(Clone, Default)]
pub struct Bytes {
    shared: Rc<Vec<u8>>,
    range: Range<usize>,
}

impl Bytes {
    /// The bytes of this range; nothing where they are not all there.
    pub fn part(shared: &Rc<Vec<u8>>, range: Range<usize>) -> Self {
        Self { shared: Rc::clone(shared), range }
    }

    /// A part of these bytes; nothing where they are not all there.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let at = |offset: usize| self.range.start.saturating_add(offset);
        let (start, end) = (at(range.start), at(range.end));
        let range = if end <= self.range.end { start..end } else { 0..0 };
        Self { shared: Rc::clone(&self.shared), range }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.shared.get(self.range.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), shared: Rc::new(bytes) }
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.as_slice().len())
    }
}

/// Something is wrong.
///
/// It is said once; the shell gives it the form the client speaks: RFC 9457
/// `application/problem+json`, or a gRPC status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The HTTP status code.
    pub status: u16,
    /// The status of a gRPC client's call.
    pub grpc: GrpcStatus,
    /// What its title is; `None` for the phrase of its status.
    pub title: Option<Rc<str>>,
    /// One sentence for the developer at the other end: what to mend. Nothing secret, nothing
    /// internal.
    pub detail: Cow<'static, str>,
    /// Further members of the problem document (RFC 9457 §3.2).
    pub members: Vec<(&'static str, String)>,
    /// Further header fields.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// An answer with this HTTP status, its usual gRPC counterpart and this detail.
    pub fn new(status: u16, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            grpc: GrpcStatus::of_http(status),
            title: None,
            detail: detail.into(),
            members: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The same answer with one more header field.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same answer, which also says when to try again (RFC 9110 §10.2.3).
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from_number(seconds))
    }

    /// The same answer, which does not say when to try again.
    #[must_use]
    pub fn without_retry_after(mut self) -> Self {
        self.headers.retain(|(name, _)| *name != RETRY_AFTER);
        self
    }

    /// When to try again, in seconds, where it says so.
    pub fn retry_after(&self) -> Option<&[u8]> {
        let field = self.headers.iter().find(|(name, _)| *name == RETRY_AFTER);
        field.map(|(_, value)| value.as_bytes())
    }

    /// The same answer with one more member in its body.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The body: a problem document (RFC 9457) with the stable `code` as an extension member.
    ///
    /// `type` is `about:blank`, so `title` is the status phrase (RFC 9457 §4.2.1), unless a
    /// configuration has another.
    pub fn document(&self, code: &str) -> Vec<u8> {
        // Nothing in it can fail to serialise.
        serde_json::to_vec(&Body { problem: self, code }).unwrap_or_default()
    }
}

const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// A problem document, in the order in which a person reads it.
struct Body<'a> {
    problem: &'a Problem,
    code: &'a str,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        let title = self.problem.title.as_deref();
        document.serialize_entry("type", "about:blank")?;
        document.serialize_entry(
            "title",
            title.unwrap_or_else(|| status_phrase(self.problem.status)),
        )?;
        document.serialize_entry("status", &self.problem.status)?;
        document.serialize_entry("code", self.code)?;
        document.serialize_entry("detail", &self.problem.detail)?;
        for (name, value) in &self.problem.members {
            document.serialize_entry(name, value)?;
        }
        document.end()
    }
}

/// The status of a gRPC call (grpc.io, "Status codes and their use in gRPC").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are gRPC's own")]
pub enum GrpcStatus {
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl GrpcStatus {
    /// The counterpart of an HTTP status: gRPC's own table, but for 429, which is what
    /// `RESOURCE_EXHAUSTED` is for.
    pub fn of_http(status: u16) -> Self {
        match status {
            400 | 413 | 415 | 422 | 431 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            429 => Self::ResourceExhausted,
            500 => Self::Internal,
            502 | 503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            _ => Self::Unknown,
        }
    }
}

/// The status phrases of the IANA "Hypertext Transfer Protocol (HTTP) Status Code Registry".
///
/// A status that is not in it has the phrase of its class (RFC 9110 §15: a client treats it like
/// `x00`).
pub fn status_phrase(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        600.. | ..100 => "Error",
        _ => status_phrase(status.saturating_sub(status % 100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_phrase_of_its_status_as_title() {
        for (status, want) in [
            (409, "Conflict"),
            (411, "Length Required"),
            (499, "Bad Request"),
            (599, "Internal Server Error"),
        ] {
            let document = Problem::new(status, "x").document("f.c");
            let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
            assert_eq!(document["title"], want, "{status}");
        }
    }
}
