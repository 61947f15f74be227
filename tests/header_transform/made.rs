//! What is made of a request: captures, facts, functions, new paths; and where responses lead.

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Shared, received};

/// All of it at once: what one rule does, the others do not see.
fn rules() -> Value {
    let set = |name: &str, value: &str| json!({"set": {"name": name, "value": value}});
    json!({"apply": "all", "rules": [
        {
            "name": "facts",
            "capture": {"from": "${host}", "regex": "^(?P<tenant>[a-z]+)[.]([a-z]+)$"},
            "request": [
                set("x-tenant", "${match.tenant}"),
                set("x-zone", "${match.2 | upper | default: none}"),
                set("x-client", "${client_address}"),
                set("x-time", "${time}"),
                set("x-id", "${uuid}"),
                set("x-session", "${cookie.sid}"),
                set("x-user", r#"${header.authorization | remove_prefix: "Basic " | base64_decode | replace: [":.*$", ""]}"#),
                set("x-decoded", "${header.x-base64 | base64_decode}"),
            ],
            "response": [set("x-tenant", "${match.tenant}")],
        },
        {
            "name": "path",
            "match": {"path": {"prefix": "/v1"}},
            "reroute": true,
            "request": [
                {"path": {"prefix": "/v1", "to": "/${query.t}"}},
                {"query": {"replace_if_present": {"name": "t", "value": "-"}}},
            ],
        },
        {
            "name": "leading",
            "match": {"path": {"prefix": "/leading"}},
            "response": [
                {"location": {"from": "http://users.internal", "to": "/users"}},
                {"cookie": {"path": {"from": "/", "to": "/users"}, "same_site": "strict"}},
            ],
        },
    ]})
}

static GATEWAY: LazyLock<Shared> = LazyLock::new(|| Shared::kept(builder(rules())));

#[test]
fn captures_and_facts_arrive_and_nothing_that_a_client_says_in_their_place() {
    let forged = ["x-tenant", "x-zone", "x-client", "x-time", "x-id", "x-session", "x-user"];
    let request = Request::get("/").header("host", "Acme.eu:8080");
    let request = request.header("cookie", "a=b; sid=\"7\"").header("cookie", "sid=8");
    let request = request.header("authorization", "Basic YWxpY2U6czNjcmV0");
    let request = forged.iter().fold(request, |request, name| request.header(*name, "forged"));
    let exchange = GATEWAY.ask(request);
    assert_eq!(exchange.noted("header_transform"), "header_transform.applied;rule=facts");
    let one = |name: &str| match received(&exchange.response, name).as_slice() {
        [one] => one.clone(),
        several => panic!("{name}: {several:?}"),
    };
    assert_eq!(one("x-tenant"), "acme");
    assert_eq!(one("x-zone"), "EU");
    assert_eq!(one("x-client"), "127.0.0.1");
    assert_eq!(one("x-session"), "7");
    assert_eq!(one("x-user"), "alice");
    assert!(one("x-time").starts_with("20") && one("x-time").ends_with('Z'), "{}", one("x-time"));
    assert_eq!(exchange.response.header_text("x-tenant").as_deref(), Some("acme"));
    let id = one("x-id");
    let again = GATEWAY.ask(Request::get("/").header("host", "10.0.0.1"));
    assert_ne!(received(&again.response, "x-id"), [id]);
    for (name, want) in [("x-tenant", &[][..]), ("x-zone", &["none"]), ("x-user", &[])] {
        assert_eq!(received(&again.response, name), want, "{name}");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn what_is_decoded_ends_no_field_and_leaves_no_segment() {
    for (case, request, code) in [
        ("CR LF", Request::get("/").header("x-base64", "YQ0KeC1hZG1pbjogMQ=="), "value_invalid"),
        ("NUL", Request::get("/").header("x-base64", "AA"), "value_invalid"),
        ("a way up", Request::get("/v1/x?t=.."), "path_invalid"),
        ("two segments", Request::get("/v1/x?t=a%2fb"), "path_invalid"),
        ("a way up, escaped again", Request::get("/v1/x?t=%252e%252e"), "path_invalid"),
        ("nothing", Request::get("/v1/x?t="), "path_invalid"),
        ("none", Request::get("/v1/x"), "path_invalid"),
    ] {
        let exchange = GATEWAY.ask(request);
        assert_eq!(exchange.response.status, 400, "{case}");
        let code = format!("header_transform.{code}");
        assert_eq!(exchange.response.json()["code"], json!(code), "{case}");
    }
    let exchange = GATEWAY.ask(Request::get("/v1/x?t=a%20b&c"));
    assert_eq!(exchange.response.json()["path"], "/a%20b/x?t=-&c");
    assert_eq!(exchange.noted("header_transform"), "header_transform.applied;rule=facts+path");
    let long = "YWFh".repeat(10_000);
    let exchange = GATEWAY.ask(Request::get("/").header("x-base64", &long));
    assert_eq!(received(&exchange.response, "x-decoded"), ["a".repeat(30_000)]);
    GATEWAY.assert_no_trap();
}

#[test]
fn responses_lead_to_the_gateway_and_nowhere_else() {
    for (location, want) in [
        ("http://users.internal/7?q=1", "/users/7?q=1"),
        ("http://users.internal", "/users"),
        ("http://evil.example/7", "http://evil.example/7"),
        ("http://users.internal.evil.example/", "http://users.internal.evil.example/"),
        ("http://users.internal@evil.example/", "http://users.internal@evil.example/"),
        ("//users.internal/7", "//users.internal/7"),
    ] {
        let target = format!("/leading?status=302&header=location:{location}");
        let response = GATEWAY.ask(Request::get(target)).response;
        assert_eq!(response.header_text("location").as_deref(), Some(want), "{location}");
    }
    for (cookie, want) in [
        ("a=1;PATH=/x;secure", "a=1; Path=/users/x;secure; SameSite=Strict"),
        ("a=1;%20SameSite=None;Path=/", "a=1; Path=/users; SameSite=Strict"),
        // Quotes keep no semicolon: RFC 6265 §5.2.
        ("a=%22x;Path=/%22;HttpOnly", "a=\"x; Path=/users/\";HttpOnly; SameSite=Strict"),
        ("__Host-a=1;Path=/;Secure", "__Host-a=1;Path=/;Secure; SameSite=Strict"),
    ] {
        let cookie = cookie.replace(';', "%3B");
        let target = format!("/leading?header=set-cookie:{cookie}&header=set-cookie:b=2");
        let response = GATEWAY.ask(Request::get(target)).response;
        let cookies: Vec<_> = response.header_all("set-cookie").into_iter().collect();
        assert_eq!(cookies, [want.as_bytes(), b"b=2; SameSite=Strict"], "{cookie}");
    }
    GATEWAY.assert_no_trap();
}
