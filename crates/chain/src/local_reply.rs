//! A reply in the form that a host takes.

use gatehouse_filter::{GrpcStatus, Headers, Problem, Reply};
use std::borrow::Cow;

/// What the client is sent instead of an upstream's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalReply<'a> {
    /// The HTTP status code.
    pub status: u16,
    /// Why, for the access log (`%RESPONSE_CODE_DETAILS%`): the full code,
    /// `jwt_auth.token_missing`.
    pub details: &'a str,
    /// The body, or the text of a gRPC status.
    pub body: Cow<'a, [u8]>,
    /// Header fields in the wire form of a header map.
    pub headers: Vec<u8>,
    /// The status of a gRPC call; `None` where the reply is a document.
    pub grpc: Option<GrpcStatus>,
}

impl<'a> LocalReply<'a> {
    /// A reply with its code. For a gRPC client Envoy makes a problem's body its `grpc-message`, so
    /// there it is the bare sentence.
    pub fn new(reply: &'a Reply, code: &'a str, is_grpc: bool) -> Self {
        match reply {
            Reply::Problem(problem) => Self::of_problem(problem, code, is_grpc),
            Reply::Document(document) => {
                let fields =
                    document.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
                Self {
                    status: document.status,
                    details: code,
                    body: Cow::Borrowed(&document.body),
                    headers: Headers::to_pairs(&fields.collect::<Vec<_>>()),
                    grpc: None,
                }
            }
        }
    }

    fn of_problem(problem: &'a Problem, code: &'a str, is_grpc: bool) -> Self {
        let mut fields: Vec<(&str, &[u8])> =
            Vec::with_capacity(problem.headers.len().saturating_add(1));
        if !is_grpc {
            fields.push(("content-type", b"application/problem+json"));
        }
        fields
            .extend(problem.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let body = match is_grpc {
            true => Cow::Borrowed(problem.detail.as_bytes()),
            false => Cow::Owned(problem.document(code)),
        };
        Self {
            status: problem.status,
            details: code,
            body,
            headers: Headers::to_pairs(&fields),
            grpc: Some(problem.grpc),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::{Document, HeaderName, HeaderValue};

    #[test]
    fn a_client_is_told_in_the_form_that_it_speaks() {
        let problem = Problem::new(429, "slow down")
            .with_header(HeaderName::from_static("retry-after"), HeaderValue::from_number(3))
            .with_member("policy", "orders");
        let reply = Reply::from(problem);
        let sent = LocalReply::new(&reply, "rate_limit.exceeded", false);
        assert_eq!(
            String::from_utf8(sent.body.into_owned()).unwrap(),
            r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limit.exceeded","detail":"slow down","policy":"orders"}"#
        );
        let headers = Headers::from_pairs(sent.headers);
        assert_eq!(headers.first("content-type"), Some(&b"application/problem+json"[..]));
        assert_eq!(headers.first("retry-after"), Some(&b"3"[..]));

        let grpc = LocalReply::new(&reply, "rate_limit.exceeded", true);
        assert_eq!(*grpc.body, *b"slow down");
        assert_eq!(grpc.grpc, Some(GrpcStatus::ResourceExhausted));
        assert_eq!(Headers::from_pairs(grpc.headers).first("content-type"), None);
    }

    #[test]
    fn a_document_is_sent_as_it_is() {
        let cookie =
            |value| (HeaderName::from_static("set-cookie"), HeaderValue::from_static(value));
        let headers = vec![cookie("a=1"), cookie("b=2")];
        let reply = Reply::from(Document { status: 200, headers, body: b"{}"[..].into() });
        let sent = LocalReply::new(&reply, "cache.hit", false);
        assert_eq!((sent.status, &*sent.body, sent.grpc), (200, &b"{}"[..], None));
        let headers = Headers::from_pairs(sent.headers);
        assert_eq!(headers.values("set-cookie").collect::<Vec<_>>(), [b"a=1", b"b=2"]);
        assert_eq!(headers.first("content-type"), None);
    }
}
