use super::*;
use gatehouse_filter::config;
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Attribute, Headers};
use gatehouse_filter_test::FakeHost;
use serde_json::json;

fn host() -> FakeHost {
    let host = FakeHost::default();
    host.set(Attribute::RouteName, "orders");
    let mut identity = Identity {
        issuer: Some("https://issuer.example".to_owned()),
        subject: Some("alice".to_owned()),
        consumer: Some("acme".to_owned()),
        tier: Some("gold".to_owned()),
        ..Identity::default()
    };
    identity.claims.insert("org".to_owned(), json!({"id": 17, "name": "acme"}));
    host.identify(&identity);
    host
}

/// What a part sees of a request with these fields, one text a value.
fn values(part: &str, host: &FakeHost, fields: &[(&str, &[u8])]) -> Vec<String> {
    let rules = r#"[{"match": {"path": {"template": "/users/{id}/{rest=**}"}}}, {}]"#;
    let rules = config::read(rules.as_bytes(), |node| Rules::read(node, |_| Some(()))).unwrap();
    let part = config::read(part.as_bytes(), |node| read(&node, &["id", "rest"])).unwrap();
    let request = Request::new(Headers::from_list(fields), host);
    let (_, captures) = rules.find(&request).unwrap();
    let mut values = Vec::new();
    part.values(&Facts { request: &request, captures: &captures }, |kind, value| {
        values.push(format!("{kind:?} {}", value.escape_ascii()));
    });
    values
}

#[test]
fn each_part_sees_what_the_request_has_for_it() {
    let head: &[(&str, &[u8])] = &[
        (":method", b"GET"),
        (":path", b"/users/a%2Fb/c?q=1&%71=%32&q&qq=3&Q=4"),
        (":authority", b"API.Example.:8443"),
        ("x-tenant", b"a"),
        ("x-tenant", b"\xff"),
        ("cookie", b"session=s1; theme=dark;session = s2"),
        ("cookie", b"session; session=\"s3\""),
    ];
    let host = host();
    for (part, want) in [
        (r#"{"header": "X-Tenant"}"#, vec!["Text a", r"Text \xff"]),
        (r#"{"query": "q"}"#, vec!["Text 1", "Text 2", "Text "]),
        (r#"{"cookie": "session"}"#, vec!["Text s1", "Text s2", "Text ", "Text s3"]),
        (r#"{"capture": "id"}"#, vec!["Text a/b"]),
        (r#"{"capture": "rest"}"#, vec!["Text c"]),
        (r#""path""#, vec!["Text /users/a%2Fb/c"]),
        (r#""method""#, vec!["Text GET"]),
        (r#""route""#, vec!["Text orders"]),
        (r#""host""#, vec!["Text api.example"]),
        (r#""subject""#, vec!["Text alice"]),
        (r#""consumer""#, vec!["Text acme"]),
        (r#""tier""#, vec!["Text gold"]),
        (r#""issuer""#, vec!["Text https://issuer.example"]),
        (r#"{"claim": "org.id"}"#, vec!["Json 17"]),
        (r#"{"claim": "org.name"}"#, vec!["Text acme"]),
        (r#"{"claim": "org"}"#, vec![r#"Json {\"id\":17,\"name\":\"acme\"}"#]),
    ] {
        assert_eq!(values(part, &host, head), want, "{part}");
    }
}

#[test]
fn a_request_without_the_part_has_no_value() {
    let host = FakeHost::default();
    for part in [
        r#""client_address""#,
        r#"{"header": "x-tenant"}"#,
        r#"{"query": "q"}"#,
        r#"{"cookie": "session"}"#,
        r#"{"capture": "id"}"#,
        r#""route""#,
        r#""subject""#,
        r#""consumer""#,
        r#""tier""#,
        r#""issuer""#,
        r#"{"claim": "org"}"#,
    ] {
        assert_eq!(values(part, &host, &[(":path", b"/")]), [""; 0], "{part}");
    }
}

#[test]
fn addresses_are_cut_to_networks() {
    let host = FakeHost::default();
    for (part, address, want) in [
        (r#""client_address""#, "192.0.2.129:1", r"Ipv4 \xc0\x00\x02\x81"),
        (r#"{"client_address": {"ipv4_prefix": 24}}"#, "192.0.2.129:1", r"Ipv4 \xc0\x00\x02\x00"),
        (r#"{"client_address": {"ipv4_prefix": 25}}"#, "192.0.2.129:1", r"Ipv4 \xc0\x00\x02\x80"),
        (r#"{"client_address": {"ipv4_prefix": 1}}"#, "192.0.2.129:1", r"Ipv4 \x80\x00\x00\x00"),
        (
            r#"{"client_address": {"ipv4_prefix": 24}}"#,
            "[::ffff:192.0.2.129]:1",
            r"Ipv4 \xc0\x00\x02\x00",
        ),
    ] {
        host.set(Attribute::SourceAddress, address);
        assert_eq!(values(part, &host, &[(":path", b"/")]), [want], "{part}");
    }
    let zeros = |count: usize| r"\x00".repeat(count);
    for (bits, want) in [
        (128, format!(r"Ipv6  \x01\r\xb8{}\x01{}\x0f", zeros(3), zeros(7))),
        (64, format!(r"Ipv6  \x01\r\xb8{}\x01{}", zeros(3), zeros(8))),
        (48, format!(r"Ipv6  \x01\r\xb8{}", zeros(12))),
        (1, format!("Ipv6 {}", zeros(16))),
    ] {
        host.set(Attribute::SourceAddress, "[2001:db8:0:1::f]:1");
        let part = format!(r#"{{"client_address": {{"ipv6_prefix": {bits}}}}}"#);
        assert_eq!(values(&part, &host, &[(":path", b"/")]), [want], "{bits}");
    }
}
