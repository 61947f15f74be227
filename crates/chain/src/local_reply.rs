//! A reply in the form that a host takes.

use gatehouse_filter::{
    GrpcStatus, HeaderName, HeaderValue, Headers, Problem, Reply, Spoken, percent_encoded_byte,
};
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
    pub headers: Cow<'a, [u8]>,
    /// The status of a gRPC call; `None` where the reply is a document, and for gRPC-Web, whose
    /// status is a header field.
    pub grpc: Option<GrpcStatus>,
}

impl<'a> LocalReply<'a> {
    /// A reply with its code, for a client that speaks so. For a gRPC client Envoy makes a
    /// problem's body its `grpc-message`, so there it is the bare sentence.
    pub fn new(reply: &'a Reply, code: &'a str, spoken: Spoken) -> Self {
        let (status, headers, body, grpc) = match reply {
            Reply::Document(document) => {
                let body = Cow::Borrowed(&*document.body);
                (document.status, fields(&document.headers, &[]), body, None)
            }
            Reply::Replay(replay) => {
                let body = Cow::Borrowed(replay.body.as_slice());
                (replay.status, replay.head.wire(), body, None)
            }
            Reply::Problem(problem) => {
                let Problem { status, grpc, detail, headers, .. } = problem;
                let detail = detail.as_bytes();
                match spoken {
                    Spoken::Http => {
                        let kind = ("content-type", &b"application/problem+json"[..]);
                        let document = Cow::Owned(problem.document(code));
                        (*status, fields(headers, &[kind]), document, Some(*grpc))
                    }
                    Spoken::Grpc => {
                        (*status, fields(headers, &[]), Cow::Borrowed(detail), Some(*grpc))
                    }
                    // Nothing but trailers: they are header fields, of a response without a body.
                    Spoken::GrpcWeb(kind) => {
                        let number = (*grpc as u32).to_string();
                        let trailers = [
                            ("content-type", kind.as_bytes()),
                            ("grpc-status", number.as_bytes()),
                            ("grpc-message", &message(detail)),
                        ];
                        (200, fields(headers, &trailers), Cow::Borrowed(&b""[..]), None)
                    }
                }
            }
        };
        Self { status, details: code, body, headers, grpc }
    }
}

/// Header fields in the wire form of a header map.
fn fields(headers: &[(HeaderName, HeaderValue)], more: &[(&str, &[u8])]) -> Cow<'static, [u8]> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Cow::Owned(Headers::to_pairs(&more.iter().copied().chain(headers).collect::<Vec<_>>()))
}

/// gRPC over HTTP/2, "Responses": what is not printable ASCII is percent-encoded, and so is `%`.
fn message(detail: &[u8]) -> Vec<u8> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'%';
    let encoded = detail.iter().flat_map(|byte| {
        let encoded = (!is_plain(*byte)).then(|| percent_encoded_byte(*byte));
        is_plain(*byte).then_some(*byte).into_iter().chain(encoded.into_iter().flatten())
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::Document;

    #[test]
    fn a_client_is_told_in_the_form_that_it_speaks() {
        let problem = Problem::new(429, "slow down")
            .with_header(HeaderName::from_static("retry-after"), HeaderValue::from_number(3))
            .with_member("policy", "orders");
        let reply = Reply::from(problem);
        let sent = LocalReply::new(&reply, "rate_limit.exceeded", Spoken::Http);
        assert_eq!(
            String::from_utf8(sent.body.into_owned()).unwrap(),
            r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limit.exceeded","detail":"slow down","policy":"orders"}"#
        );
        let headers = Headers::from_pairs(sent.headers.into_owned());
        assert_eq!(headers.first("content-type"), Some(&b"application/problem+json"[..]));
        assert_eq!(headers.first("retry-after"), Some(&b"3"[..]));

        let grpc = LocalReply::new(&reply, "rate_limit.exceeded", Spoken::Grpc);
        assert_eq!(*grpc.body, *b"slow down");
        assert_eq!(grpc.grpc, Some(GrpcStatus::ResourceExhausted));
        assert_eq!(Headers::from_pairs(grpc.headers.into_owned()).first("content-type"), None);
    }

    #[test]
    fn a_client_that_speaks_grpc_web_is_told_in_header_fields() {
        let problem = Problem::new(429, "50 % of it: \u{e9}\n")
            .with_header(HeaderName::from_static("retry-after"), HeaderValue::from_number(3));
        let reply = Reply::from(problem);
        let sent = LocalReply::new(&reply, "f.c", Spoken::GrpcWeb("application/grpc-web+proto"));
        assert_eq!((sent.status, &*sent.body, sent.grpc), (200, &b""[..], None));
        let headers = Headers::from_pairs(sent.headers.into_owned());
        for (name, want) in [
            ("content-type", "application/grpc-web+proto"),
            ("grpc-status", "8"),
            ("grpc-message", "50 %25 of it: %C3%A9%0A"),
            ("retry-after", "3"),
        ] {
            assert_eq!(headers.values(name).collect::<Vec<_>>(), [want.as_bytes()], "{name}");
        }
    }

    #[test]
    fn a_document_is_sent_as_it_is() {
        let cookie =
            |value| (HeaderName::from_static("set-cookie"), HeaderValue::from_static(value));
        let headers = vec![cookie("a=1"), cookie("b=2")];
        let reply = Reply::from(Document { status: 200, headers, body: b"{}"[..].into() });
        let sent = LocalReply::new(&reply, "cache.hit", Spoken::Http);
        assert_eq!((sent.status, &*sent.body, sent.grpc), (200, &b"{}"[..], None));
        let headers = Headers::from_pairs(sent.headers.into_owned());
        assert_eq!(headers.values("set-cookie").collect::<Vec<_>>(), [b"a=1", b"b=2"]);
        assert_eq!(headers.first("content-type"), None);
    }
}
