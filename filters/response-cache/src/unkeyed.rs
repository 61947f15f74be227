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

/// One of them that a request has and the key has not, in whatever spelling an upstream takes for
/// it: `x_host` is `x-host` to many. What may be taken for a field of the key is not in the key.
pub(crate) fn unkeyed_field(request: &Headers, keyed: &[HeaderName]) -> Option<&'static str> {
    let is_there = |name: &[u8]| {
        // An earlier filter may have removed it.
        let value = std::str::from_utf8(name).ok().and_then(|name| request.first(name));
        value.is_some_and(|value| !value.is_empty())
    };
    request.iter_received().find_map(|(name, _)| {
        if keyed.iter().any(|keyed| keyed.as_str().as_bytes() == name) {
            return None;
        }
        let field = match keyed.iter().any(|keyed| keyed.is_spelt(name)) {
            true => "field-of-key-respelt",
            false => listed(name)?,
        };
        is_there(name).then_some(field)
    })
}

fn listed(name: &[u8]) -> Option<&'static str> {
    // Most differ in the first byte already.
    if !matches!(name.first(), Some(b'f' | b'x')) {
        return None;
    }
    // The name as upstreams read it, with one dash for all that stand together of what is no letter
    // and no digit: written once, and not for each of the list.
    let mut spelt = [0; LONGEST];
    let mut length = 0_usize;
    for byte in name {
        let byte = if byte.is_ascii_alphanumeric() { *byte } else { b'-' };
        let last = length.checked_sub(1).and_then(|last| spelt.get(last));
        if byte == b'-' && last == Some(&b'-') {
            continue;
        }
        *spelt.get_mut(length)? = byte;
        length = length.saturating_add(1);
    }
    let spelt = spelt.get(..length)?;
    FIELDS.iter().find(|field| field.as_bytes() == spelt).copied()
}

/// The length of the longest of them.
const LONGEST: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_leads_upstreams_elsewhere_is_found_unless_the_key_has_it() {
        let host = HeaderName::from_static("x-forwarded-host");
        let tenant = HeaderName::from_static("x-tenant");
        for (what, field, value, keyed, want) in [
            ("a host", "x-forwarded-host", "evil", &[][..], Some("x-forwarded-host")),
            ("forwarded", "forwarded", "host=evil", &[], Some("forwarded")),
            ("a method", "x-http-method-override", "POST", &[], Some("x-http-method-override")),
            ("a URL", "x-original-url", "/admin", &[], Some("x-original-url")),
            ("a host as CGI reads it", "x_forwarded_host", "evil", &[], Some("x-forwarded-host")),
            ("a host with dots", "x.host", "evil", &[], Some("x-host")),
            ("an empty one says nothing", "x-forwarded-host", "", &[], None),
            ("the client's address", "x-forwarded-for", "1.2.3.4", &[], None),
            ("a longer name", "x-hosts", "a", &[], None),
            ("keyed", "x-forwarded-host", "a", std::slice::from_ref(&host), None),
            (
                "keyed, in a spelling that the key does not have",
                "x_forwarded_host",
                "a",
                std::slice::from_ref(&host),
                Some("field-of-key-respelt"),
            ),
            ("a field of the key", "x-tenant", "a", std::slice::from_ref(&tenant), None),
            (
                "what upstreams take for a field of the key",
                "x_tenant",
                "b",
                std::slice::from_ref(&tenant),
                Some("field-of-key-respelt"),
            ),
        ] {
            let request = Headers::from_list(&[(":path", "/"), (field, value)]);
            assert_eq!(unkeyed_field(&request, keyed), want, "{what}");
        }
    }

    #[test]
    fn the_longest_of_the_list_is_looked_at() {
        assert_eq!(FIELDS.iter().map(|field| field.len()).max(), Some(LONGEST));
    }

    #[test]
    fn a_field_that_a_filter_before_has_removed_is_not_there() {
        let mut request = Headers::from_list(&[("x-forwarded-host", "evil")]);
        request.remove(&HeaderName::from_static("x-forwarded-host"));
        assert_eq!(unkeyed_field(&request, &[]), None);
    }
}
