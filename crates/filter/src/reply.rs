use crate::{HeaderName, HeaderValue};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// An answer that a filter gives instead of the upstream.
///
/// It says what is wrong once; the shell gives it the form the client speaks: RFC 9457
/// `application/problem+json`, or a gRPC status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u16,
    /// The status of a gRPC client's call.
    pub grpc: GrpcStatus,
    /// One sentence for the developer at the other end: what to mend. Nothing secret, nothing internal.
    pub detail: Cow<'static, str>,
    /// Further members of the problem document (RFC 9457 §3.2).
    pub members: Vec<(&'static str, String)>,
    /// Further header fields.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// An answer with this HTTP status, its usual gRPC counterpart and this detail.
    pub fn new(status: u16, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            grpc: GrpcStatus::of_http(status),
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

    /// The same answer with one more member in its body.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The body: a problem document (RFC 9457) with the stable `code` as an extension member.
    ///
    /// `type` is `about:blank`, so `title` is the status phrase (RFC 9457 §4.2.1).
    pub fn problem(&self, code: &str) -> Vec<u8> {
        // Nothing in it can fail to serialise.
        serde_json::to_vec(&Problem { reply: self, code }).unwrap_or_default()
    }
}

/// A problem document, in the order in which a person reads it.
struct Problem<'a> {
    reply: &'a Reply,
    code: &'a str,
}

impl Serialize for Problem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        document.serialize_entry("type", "about:blank")?;
        document.serialize_entry("title", phrase(self.reply.status))?;
        document.serialize_entry("status", &self.reply.status)?;
        document.serialize_entry("code", self.code)?;
        document.serialize_entry("detail", &self.reply.detail)?;
        for (name, value) in &self.reply.members {
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

/// The status phrases that filters use (RFC 9110 §15).
fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}
