//! `body-transform`, on `envoy/body-transform.yaml`.

/// Every operation, on requests and responses.
mod operations;

/// Bodies that take the place of others.
mod made;

/// Texts in which patterns find something.
mod texts;

/// Forms that become queries, and forms with files.
mod forms;

/// Values of other types, and lists without repetitions.
mod conversions;

/// Operations whose paths do not fit, and names that are data.
mod misfits;

/// Heads, lengths, trailers and protocols around a body, with heads that wait and with heads that
/// do not.
mod framing;

/// Bodies that are compressed.
mod encodings;

/// What heads decide: types, protocols, and the fields that a rule writes.
mod heads;

/// Bodies as clients were seen to send them.
mod in_use;

/// Bodies of every length around the cap, and 64 MB that nobody asked for.
mod sizes;

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::upstream::Upstream;
use crate::harness::{Shared, configuration, received};

#[test]
fn hostile_bytes_do_not_trap_it() {
    let upstream = Upstream::start();
    upstream.answer_with(200, "application/json", "", r#"{"a":1}"#);
    let operations = json!([
        {"set": {"path": "a.b", "value": "${header.x-a} ${query.a} ${path}"}},
        {"set_header": {"name": "x-b", "value": "${header.x-a}"}},
    ]);
    let rule = json!({"name": "all", "request": {"operations": operations.clone()},
        "response": {"operations": [{"set": {"path": "a", "value": "${header.x-a}${header.cookie}"}}]}});
    let builder = with_rules(true, json!([rule])).upstream("echo:8000", upstream.address());
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    hostile::survive(
        &gateway,
        &Honest { path: "/users/17", headers: &[("x-b", "b")], refused: &[] },
    );

    // And bodies that no honest client sends.
    let bodies: Vec<Vec<u8>> = vec![
        vec![0xff; 1000],
        vec![0; 1000],
        b"{\"a\":\"\xff\"}".to_vec(),
        "[".repeat(1_000_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        b"{\"\\ud800\":1}".to_vec(),
        format!("[{}", "1,".repeat(400_000)).into_bytes(),
        b"{\"a\":1e99999999999999999999}".to_vec(),
        (0..=255).collect(),
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        for encoding in ["identity", "gzip", "deflate", "br", "gzip, br", "\u{e9}"] {
            let request = Request::new("POST", "/x")
                .header("content-type", "application/json")
                .header("content-encoding", encoding)
                .body(body.clone());
            let response = gateway.request(request);
            assert!(
                // Zeros are raw deflate of an endless text.
                matches!(response.status, 200 | 400 | 413 | 415),
                "{index} {encoding}: {}",
                response.status
            );
            assert_eq!(
                gateway.request(Request::get("/users/17")).status,
                200,
                "{index} {encoding}"
            );
        }
    }
    crate::harness::trap::assert_none(&gateway);
}

static SHIPPED: LazyLock<Shared> =
    LazyLock::new(|| Shared::kept(Gateway::builder("envoy/body-transform.yaml")));

#[test]
fn the_shipped_rules_change_bodies_both_ways() {
    let body = json!({
        "authorName": "Ann", "attachments": [{"internalId": 7, "name": "a"}], "tenant": "evil",
    });
    let request = Request::post_json("/notes?x=1", &body)
        .header("x-tenant", "acme")
        .header("x-author", "evil");
    let exchange = SHIPPED.ask(request);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(received(&exchange.response, "x-author"), ["Ann"]);
    let sent = r#"{"attachments":[{"name":"a"}],"author_name":"Ann","tenant":"acme"}"#;
    assert_eq!(exchange.response.json()["length"], sent.len(), "{}", exchange.response.text());
    assert_eq!(exchange.response.json().get("body_bytes"), None);
    assert_eq!(exchange.logged("body_transform"), "body_transform.transformed;rule=notes");
    let twice = Request::new("POST", "/notes")
        .header("content-type", "application/json")
        .body(r#"{"a":1,"a":2}"#);
    let refused = SHIPPED.ask(twice);
    // As the filter's README shows it.
    let said = r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"body_transform.duplicate_name","detail":"the body cannot be read: an object has the same name twice (byte 12)"}"#;
    assert_eq!(refused.response.text(), said);
    let form = Request::new("POST", "/forms")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a=1&b=x+y&a=2");
    let exchange = SHIPPED.ask(form);
    assert_eq!(received(&exchange.response, "content-type"), ["application/json"]);
    assert_eq!(exchange.response.json()["body_bytes"], r#"{"a":["1","2"],"b":"x y"}"#.len());
    SHIPPED.assert_no_trap();
}

#[test]
fn values_go_from_the_body_into_the_head_and_from_the_head_into_the_body() {
    let upstream = Upstream::start();
    let gateway = Shared::start(
        with_rules(
            true,
            json!([{"name": "all", "match": {"path": {"template": "/users/{id}"}},
            "request": {"operations": [
                {"set_header": {"name": "x-customer", "value": "c-${body.customer.id}"}},
                {"set_header": {"name": "x-gone", "value": "${body.absent}"}},
                {"set": {"path": "user", "value": "${path.id}"}},
                {"set": {"path": "tenant", "value": "${header.x-tenant}"}},
            ]},
            "response": {"operations": [
                {"set_header": {"name": "x-error", "value": "${body.error}"}},
                {"set_status": {"status": 404}, "when": {"path": "error", "equals": "none such"}},
                {"set": {"path": "of", "value": "${path.id} ${header.x-tenant} ${response.status}"}},
                {"remove": {"path": "error"}},
            ]}}]),
        )
        .upstream("echo:8000", upstream.address()),
    );
    upstream.answer_with(
        200,
        "application/json",
        "x-error: forged\r\n",
        r#"{"error":"none such"}"#,
    );
    let request = Request::post_json("/users/17", &json!({"customer": {"id": 5}, "user": "evil"}))
        .header("x-tenant", "acme")
        .header("x-customer", "forged")
        .header("x-gone", "forged");
    let exchange = gateway.ask(request);
    let got = upstream.take().expect("a request");
    assert_eq!(got.header("x-customer"), Some("c-5"));
    assert_eq!(got.header("x-gone"), None);
    assert_eq!(got.text(), r#"{"customer":{"id":5},"user":"17","tenant":"acme"}"#);
    assert_eq!(exchange.response.status, 404);
    assert_eq!(exchange.response.header_text("x-error").as_deref(), Some("none such"));
    assert_eq!(exchange.response.text(), r#"{"of":"17 acme 200"}"#);
    // A line break in a value of the body is no line break in the head.
    let exchange = gateway
        .ask(Request::post_json("/users/17", &json!({"customer": {"id": "a\r\nx-user: root"}})));
    exchange.assert_refused("CR LF", 400, "body_transform.header_invalid");
    assert!(upstream.take().is_none());
    gateway.assert_no_trap();
}

#[test]
fn what_cannot_be_read_is_refused_with_a_code_or_passed_on_as_it_is() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rule = |name: &str, choice: &str| {
            let side = json!({"on_invalid": choice, "operations": [{"case": {"to": "camel"}}]});
            json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "request": side,
                "response": side})
        };
        let rules = json!([rule("strict", "reject"), rule("lax", "pass")]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        for (body, code) in [
            ("{\"a\":1,}", "invalid"),
            ("hello", "invalid"),
            (r#"{"a_b":1,"a_b":2}"#, "duplicate_name"),
            (&format!("{}{}", "[".repeat(129), "]".repeat(129)), "too_deep"),
        ] {
            let post = |path| {
                Request::new("POST", path).header("content-type", "application/json").body(body)
            };
            let refused = gateway.ask(post("/strict"));
            refused.assert_refused(body, 400, &format!("body_transform.{code}"));
            assert!(upstream.take().is_none(), "{body}");
            upstream.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            let passed = gateway.ask(post("/lax"));
            assert_eq!(passed.response.status, 200, "{body}");
            assert_eq!(upstream.take().expect("a request").text(), body);
            assert_eq!(passed.logged("body_transform"), "body_transform.passed;rule=lax");

            upstream.answer_with(200, "application/json", "x-internal: 1\r\n", body);
            assert_eq!(gateway.ask(Request::get("/lax")).response.text(), body);
            let _ = upstream.wait();
            if hold {
                let refused = gateway.ask(Request::get("/strict"));
                refused.assert_refused(body, 502, &format!("body_transform.response_{code}"));
                assert_eq!(refused.response.header("x-internal"), None);
            } else {
                // The head has gone on: all that is left is to break off.
                let broken = gateway.gateway().try_request(&Request::get("/strict"));
                assert!(broken.is_err(), "{body}: {broken:?}");
                gateway.skip();
            }
            let _ = upstream.wait();
        }
        // Two names that become one are never passed.
        let two = Request::post_json("/lax", &json!({"a_b": 1, "aB": 2}));
        gateway.ask(two).assert_refused("two names", 400, "body_transform.name_conflict");
        gateway.assert_no_trap();
    }
}

/// The shipped config with these rules, with heads that wait or without.
fn with_rules(hold: bool, rules: Value) -> Builder {
    Gateway::builder("envoy/body-transform.yaml").edit(move |tree| {
        configuration::set(tree, "body-transform", json!({"hold_heads": hold, "rules": rules}));
        if !hold {
            let plugin = configuration::plugin_config(tree, "body-transform");
            plugin.remove("allow_on_headers_stop_iteration").expect("the shipped config allows it");
        }
    })
}
