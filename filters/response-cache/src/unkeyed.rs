//! Fields by which a client can ask an upstream for another resource than the key says.

use gatehouse_filter::{HeaderName, Headers};

/// What upstreams read another host, path or method from, or links in their answers. An answer to a
/// request with one of them, stored without it in the key, would be somebody's choice for all
/// others (J. Kettle, "Practical web cache poisoning", 2018).
const FIELDS: [&str; 14] = [
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
    "x-wap-profile",
];

/// One of them that a request has and the key has not.
pub(crate) fn unkeyed_field(request: &Headers, keyed: &[HeaderName]) -> Option<&'static str> {
    let may_be = |name: &[u8]| matches!(name.first(), Some(b'f' | b'x'));
    let mut names = request.iter_received().map(|(name, _)| name).filter(|name| may_be(name));
    names.find_map(|name| {
        let field = FIELDS.iter().find(|field| field.as_bytes() == name)?;
        let is_keyed = keyed.iter().any(|keyed| keyed.as_str() == *field);
        (!is_keyed && request.first(field).is_some_and(|value| !value.is_empty())).then_some(*field)
    })
}
