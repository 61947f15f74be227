//! What services see of a request, and its body.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{echo, rule, start, with_rules};
use crate::harness::upstream::{Said, Upstream, chunked};
use crate::harness::{configuration, trap};

#[test]
fn a_service_sees_what_the_call_says_and_nothing_of_the_client_beside() {
    let service = Upstream::start();
    service.answer_by(echo);
    let gateway = start(with_rules(
        &rule(json!([{
            "name": "a", "cluster": "users", "path": "/u/${path.id}?q=${query.q}&h=${header.x-h}",
            "authority": "users.internal:8443", "pass_headers": ["accept-language"],
            "headers": {"x-tenant": "${query.t}"},
        }])),
        &service,
    ));
    let request = Request::get("/x/a%20b%3F?q=%26x=1%23&t=acme")
        .header("x-h", "a/b?c#d\u{e9}")
        .header("accept-language", "de")
        .header("authorization", "Bearer secret")
        .header("cookie", "session=secret")
        .header("x-user", "root")
        .header("accept-encoding", "br, gzip")
        .header("range", "bytes=0-1")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!(gateway.request(request).status, 200);
    let seen = service.take().expect("one call");
    assert_eq!(seen.target(), "/u/a%20b%3F?q=%26x%3D1%23&h=a%2Fb%3Fc%23d%C3%A9");
    for (name, want) in [
        ("host", Some("users.internal:8443")),
        ("accept-language", Some("de")),
        ("x-tenant", Some("acme")),
        ("accept", Some("application/json")),
        ("accept-encoding", Some("identity")),
        ("cdn-loop", Some("gatehouse")),
        ("traceparent", Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
        ("authorization", None),
        ("cookie", None),
        ("x-user", None),
        ("x-h", None),
        ("range", None),
    ] {
        assert_eq!(seen.header(name), want, "{name}\n{}", seen.head);
    }
    assert!(seen.header("x-request-id").is_some(), "{}", seen.head);
}

#[test]
fn no_value_is_another_path_field_or_request() {
    let service = Upstream::start();
    service.answer_by(echo);
    let gateway = start(with_rules(
        &json!([{"name": "x", "match": {"path": {"exact": "/x"}}, "calls": [
            {"name": "a", "cluster": "users", "path": "/u/${query.v}/end",
             "headers": {"x-v": "${query.w | default: none}"}},
        ]}]),
        &service,
    ));
    for (query, want) in [
        ("v=..", None),
        ("v=.", None),
        ("v=%2e%2e", None),
        ("v=..%2f..%2fadmin", None),
        ("v=%252e%252e%252fadmin", None),
        ("v=a%5c..%5cadmin", None),
        ("v=%00", None),
        ("v=", None),
        ("v=..;x", None),
        ("v=%ef%bc%8e%ef%bc%8e", None),
        ("v=%c0%ae%c0%ae", None),
        ("v=a&w=b%0d%0ax-admin:%20yes", None),
        ("v=a&w=b%00c", None),
        ("v=a%20HTTP/1.1%0d%0ahost:%20evil%0d%0a%0d%0aGET%20", None),
        ("v=a%20HTTP%0d%0ahost:%20evil", Some("/u/a%20HTTP%0D%0Ahost%3A%20evil/end")),
        ("v=@evil.example:80", Some("/u/%40evil.example%3A80/end")),
        ("v=a%3fb%23c", Some("/u/a%3Fb%23c/end")),
        ("v=a&v=..", Some("/u/a/end")),
        ("%76=a", Some("/u/a/end")),
    ] {
        let got = gateway.get(&format!("/x?{query}"), &[]);
        let seen = service.take_all();
        match want {
            Some(target) => {
                assert_eq!(got.status, 200, "{query}: {}", got.text());
                let targets: Vec<&str> = seen.iter().map(|seen| seen.target()).collect();
                assert_eq!(targets, [target], "{query}");
                assert_eq!(seen[0].header("x-admin"), None, "{query}");
            }
            None => {
                assert_eq!(got.status, 400, "{query}: {}", got.text());
                assert!(seen.is_empty(), "{query}: {seen:?}");
            }
        }
    }
    trap::assert_none(&gateway);
}

/// A rule that uses the body holds the head for it.
#[test]
fn a_call_can_have_the_request_s_body_or_values_of_it() {
    let service = Upstream::start();
    service.answer_by(|request| {
        Said::json(json!({"target": request.target(), "body": request.text()}).to_string())
    });
    let rules = json!([
        {"name": "all", "match": {"path": {"exact": "/all"}}, "max_body": "200KiB", "calls": [
            {"name": "a", "cluster": "users", "path": "/", "method": "PUT", "forward_body": true}]},
        {"name": "part", "match": {"path": {"exact": "/part"}}, "calls": [
            {"name": "a", "cluster": "users", "path": "/${body.id}", "method": "POST",
             "body": {"name": "${body.user.name}"}}]},
        {"name": "none", "match": {"path": {"exact": "/none"}}, "calls": [
            {"name": "a", "cluster": "users", "path": "/"}]},
    ]);
    let gateway = start(with_rules(&rules, &service).edit(|tree| {
        configuration::plugin_config(tree, "aggregate")
            .insert("allow_on_headers_stop_iteration".to_owned(), json!(true));
        // Less than a body may have: it is collected all the same, or refused as too long.
        tree["static_resources"]["listeners"][0]["per_connection_buffer_limit_bytes"] =
            json!(262_144);
    }));
    let big = "a".repeat(190_000);
    for (case, path, body, status, want) in [
        ("all of it", "/all", "\u{1}x", 200, ("/", "\u{1}x")),
        ("much of it", "/all", &*big, 200, ("/", &*big)),
        ("nothing", "/all", "", 200, ("/", "")),
        (
            "a part",
            "/part",
            r#"{"id": 7, "user": {"name": "\u00e9"}}"#,
            200,
            ("/7", r#"{"name":"\u00e9"}"#),
        ),
        ("a body that nobody asked for", "/none", &*big, 200, ("/", "")),
        ("no JSON", "/part", "{]", 400, ("", "")),
        ("a path in it", "/part", r#"{"id": "../x"}"#, 400, ("", "")),
    ] {
        for is_chunked in [false, true] {
            let request = Request::new("POST", path).header("content-type", "application/json");
            let request = match is_chunked {
                false => request.body(body.as_bytes().to_vec()),
                true => request.header("transfer-encoding", "chunked").body(chunked(
                    body.as_bytes(),
                    1_000,
                    "",
                )),
            };
            let got = gateway.request(request);
            assert_eq!(got.status, status, "{case}, {is_chunked}: {}", got.text());
            if status == 200 {
                let document: Value = serde_json::from_str(&got.text()).expect("JSON");
                assert_eq!(document["a"]["target"], want.0, "{case}, {is_chunked}");
                assert_eq!(document["a"]["body"], want.1, "{case}, {is_chunked}");
            }
        }
    }
    let long = Request::new("POST", "/all").body(vec![b'a'; 200 * 1024 + 1]);
    let got = gateway.request(long);
    assert_eq!(got.status, 413, "{}", got.text());
    trap::assert_none(&gateway);
}
