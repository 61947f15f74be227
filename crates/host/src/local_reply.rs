use gatehouse_filter::{Headers, Reply};

/// A reply in the form that the host's `send_local_response` takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LocalReply {
    pub(crate) body: Vec<u8>,
    /// Header fields in the wire form of a header map.
    pub(crate) headers: Vec<u8>,
}

impl LocalReply {
    /// For a gRPC client Envoy makes the body its `grpc-message`, so there it is the bare sentence.
    pub(crate) fn new(reply: &Reply, code: &str, grpc: bool) -> Self {
        let mut fields: Vec<(&str, &[u8])> = Vec::with_capacity(reply.headers.len().saturating_add(1));
        if !grpc {
            fields.push(("content-type", b"application/problem+json"));
        }
        fields.extend(reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let body = if grpc { reply.detail.as_bytes().to_vec() } else { reply.problem(code) };
        Self { body, headers: Headers::to_pairs(&fields) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_filter::{HeaderName, HeaderValue};

    #[test]
    fn a_client_is_told_in_the_form_that_it_speaks() {
        let reply = Reply::new(429, "slow down")
            .with_header(HeaderName::from_static("retry-after"), HeaderValue::from_number(3))
            .with_member("policy", "orders");
        let problem = LocalReply::new(&reply, "rate_limit.exceeded", false);
        assert_eq!(
            String::from_utf8(problem.body).unwrap(),
            r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limit.exceeded","detail":"slow down","policy":"orders"}"#
        );
        let headers = Headers::from_pairs(problem.headers);
        assert_eq!(headers.first("content-type"), Some(&b"application/problem+json"[..]));
        assert_eq!(headers.first("retry-after"), Some(&b"3"[..]));

        let grpc = LocalReply::new(&reply, "rate_limit.exceeded", true);
        assert_eq!(grpc.body, b"slow down");
        assert_eq!(Headers::from_pairs(grpc.headers).first("content-type"), None);
    }
}
