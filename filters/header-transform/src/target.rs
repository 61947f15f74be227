//! What Envoy routes by: the path, the query, the method and the host.

mod path;
mod query;
mod segments;

pub(crate) use path::PathRewrite;
pub(crate) use query::QueryOperation;

use gatehouse_filter::HeaderValue;
use gatehouse_filter::config::Node;

/// A method that a request is sent on with.
pub(crate) fn method(node: &Node<'_>) -> Option<HeaderValue> {
    let text = node.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return node.fault("must be a method in capital letters, such as POST");
    }
    match text {
        "HEAD" => node.fault(
            "an answer to HEAD has no content, which a client that sent another method waits for",
        ),
        "CONNECT" => node.fault("a request cannot be made a tunnel"),
        // RFC 9110 §9.3.8: its answer is the request, with what the filters before the upstream
        // wrote into it.
        "TRACE" => node.fault("the answer would tell the client every header that filters wrote"),
        text => HeaderValue::try_from(text.as_bytes()).ok(),
    }
}

/// A host that a request is sent on to, with or without a port.
pub(crate) fn host(node: &Node<'_>) -> Option<HeaderValue> {
    let text = node.text()?;
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let literal = |name: &str| {
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let registered = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !name.is_empty() && name.bytes().all(allowed)
    };
    if !(registered(name) || literal(name)) || port.is_some_and(|port| port.parse::<u16>().is_err())
    {
        return node.fault("must be a host, and a port if need be, such as users.internal:8080");
    }
    HeaderValue::try_from(text.as_bytes()).ok()
}
