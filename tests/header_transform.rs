//! `header-transform`, on `envoy/header-transform.yaml`.

mod edges;
mod made;
mod operations;
mod owned;
mod readme;
mod routes;
mod upstream;

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::{Shared, configuration, http2, received, trap};

#[test]
fn hostile_bytes_do_not_trap_it() {
    // Everything a client may send goes into a value, in the request and in the response.
    let sources = [
        "${header.x-a}",
        "${query.a}",
        "${header.cookie}",
        "${header.authorization}",
        "${path}",
        "${host}",
        "${cookie.a}",
        "${header.x-a | replace: [a, b] | remove_prefix: b}",
    ];
    let set = |start: &str| -> Vec<Value> {
        let operation = |(n, value): (usize, &&str)| {
            json!({
                "set": {"name": format!("{start}-{n}"), "value": value},
            })
        };
        sources.iter().enumerate().map(operation).collect()
    };
    let mut request = set("x-to");
    request.extend([
        json!({"copy": {"from": "x-a", "to": "x-copied"}}),
        json!({"rename": {"from": "user-agent", "to": "x-renamed"}}),
        json!({"append": {"name": "x-a", "value": "${header.x-a}"}}),
        json!({"add_if_absent": {"name": "x-tenant", "value": "${query.tenant}"}}),
        json!({"remove": {"name": "x-to-1"}}),
        json!({"remove": {"regex": "^x-never"}}),
        json!({"dedupe": {"name": "x-a", "keep": "unique", "list": true}}),
        json!({"map": {"from": "x-a", "to": "x-mapped", "table": {"a": "b"}}}),
        json!({"query": {"set": {"name": "a", "value": "${header.x-a | base64 | upper}"}}}),
        json!({"query": {"rename": {"from": "b", "to": "c"}}}),
        json!({"path": {"regex": "/(.*)", "to": "/up/{1}"}}),
        json!({"path": {"prefix": "/up", "to": "/"}}),
    ]);
    let gateway = builder(json!({"rules": [
        {"name": "all", "match": {"path": {"prefix": "/"}}, "reroute": true, "request": request, "response": set("x-back")},
    ]}));
    let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
    hostile::survive(
        &gateway,
        &Honest {
            path: "/users/17",
            headers: &[("x-b", "b")],
            refused: &[("CR LF in a query", 400)],
        },
    );
}

/// The shipped rules.
static SHIPPED: LazyLock<Shared> =
    LazyLock::new(|| Shared::kept(Gateway::builder("envoy/header-transform.yaml")));

#[test]
fn the_path_and_the_query_reach_the_upstream_as_headers() {
    let request = Request::get("/users/17?tenant=acme%20corp")
        .header("x-user-id", "1")
        .header("X-User-Id", "2")
        .header("x-tenant", "evil")
        .header("x-via", "client");
    let exchange = SHIPPED.ask(request);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    for (name, values) in [
        ("x-user-id", vec!["17"]),
        ("x-tenant", vec!["acme corp"]),
        ("x-via", vec!["client", "gatehouse gateway.example"]),
    ] {
        assert_eq!(received(&exchange.response, name), values, "{name}");
    }
    assert_eq!(exchange.response.header_text("x-user-id").as_deref(), Some("17"));
    assert_eq!(exchange.logged("header_transform"), "header_transform.applied;rule=user");
    SHIPPED.assert_no_trap();
}

#[test]
fn a_value_that_is_not_there_takes_the_header_away() {
    let request = Request::get("/users/17").header("x-tenant", "evil");
    let exchange = SHIPPED.ask(request);
    assert!(received(&exchange.response, "x-tenant").is_empty());
    // There is no identity in front of this filter: nobody may claim one.
    let exchange =
        SHIPPED.ask(Request::get("/").header("x-subject", "root").header("X-SUBJECT", "alice"));
    assert!(received(&exchange.response, "x-subject").is_empty());
    SHIPPED.assert_no_trap();
}

#[test]
fn request_operations_run_in_the_order_written() {
    let request = Request::get("/")
        .header("x-legacy-id", "one")
        .header("x-legacy-id", "two")
        .header("x-correlation-id", "replaced")
        .header("user-agent", "e2e/1")
        .header("x-debug", "1")
        .header("x-debug", "2");
    let exchange = SHIPPED.ask(request);
    for (name, values) in [
        ("x-legacy-id", vec![]),
        ("x-correlation-id", vec!["one", "two"]),
        ("x-client", vec!["e2e/1"]),
        ("user-agent", vec!["e2e/1"]),
        ("x-debug", vec![]),
    ] {
        assert_eq!(received(&exchange.response, name), values, "{name}");
    }

    let without = SHIPPED.ask(Request::get("/"));
    let id = received(&without.response, "x-request-id");
    assert_eq!(received(&without.response, "x-correlation-id"), id, "the request's id stands in");
    assert_eq!(
        without.response.header_text("x-correlation-id"),
        id.first().cloned(),
        "and comes back"
    );
    SHIPPED.assert_no_trap();
}

#[test]
fn a_version_in_the_path_stays_at_the_gateway() {
    let request = Request::get("/v1/orders?page=2&debug=1")
        .header("x-plan", " Gold")
        .header("x-internal-a", "1");
    let exchange = SHIPPED.ask(request);
    assert_eq!(exchange.response.json()["path"], "/orders?page=2&plan=gold");
    assert_eq!(received(&exchange.response, "x-internal-a"), [""; 0]);
    assert_eq!((exchange.response.status, exchange.response.header("link")), (200, None));
    assert_eq!(exchange.logged("header_transform"), "header_transform.applied;rule=v1");

    let gone = SHIPPED.ask(Request::get("/v1/orders?status=404"));
    assert_eq!(gone.response.status, 410);
    assert_eq!(gone.response.json()["path"], "/orders?status=404&plan=free");
    assert_eq!(gone.response.header_text("link").as_deref(), Some("</v2>; rel=successor-version"));
    SHIPPED.assert_no_trap();
}

#[test]
fn response_operations_see_what_the_upstream_answered() {
    let exchange = SHIPPED.ask(Request::get(
        "/?header=x-powered-by:php&header=x-upstream:blue&header=cache-control:public",
    ));
    let header = |name| exchange.response.header_text(name);
    assert_eq!(header("x-powered-by"), None);
    assert_eq!(header("x-upstream"), None);
    assert_eq!(
        header("x-served-by").as_deref(),
        Some("blue"),
        "a rename takes the place of what was there"
    );
    assert_eq!(exchange.response.header_all("x-served-by").len(), 1);
    assert_eq!(header("cache-control").as_deref(), Some("public"), "it is there already");
    assert_eq!(
        SHIPPED.ask(Request::get("/")).response.header_text("cache-control").as_deref(),
        Some("no-store")
    );
    SHIPPED.assert_no_trap();
}

#[test]
fn bytes_pass_through_unchanged() {
    let request = Request::get("/users/caf%C3%A9?tenant=%ff%fe").header("x-via", b"\xff");
    let exchange = SHIPPED.ask(request);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(received(&exchange.response, "x-user-id"), ["caf\u{e9}"]);
    assert_eq!(received(&exchange.response, "x-tenant"), ["\\xff\\xfe"]);
    assert_eq!(received(&exchange.response, "x-via"), ["\\xff", "gatehouse gateway.example"]);
    assert_eq!(exchange.response.header("x-user-id"), Some("caf\u{e9}".as_bytes()));
    SHIPPED.assert_no_trap();
}

#[test]
fn a_line_break_from_a_request_never_becomes_a_header() {
    for (case, path) in [
        ("in a query", "/users/17?tenant=a%0d%0ax-user:%20root"),
        ("in a path", "/users/a%0d%0ax-user:%20root"),
        ("a bare LF", "/users/17?tenant=a%0ab"),
        ("a bare CR", "/users/17?tenant=a%0db"),
        ("NUL", "/users/17?tenant=a%00b"),
        ("DEL", "/users/17?tenant=a%7fb"),
    ] {
        let exchange = SHIPPED.ask(Request::get(path));
        exchange.assert_refused(case, 400, "header_transform.value_invalid");
        assert_eq!(exchange.response.header("x-user"), None, "{case}");
        assert_eq!(
            exchange.logged("header_transform"),
            "header_transform.value_invalid;rule=user",
            "{case}"
        );
    }
    SHIPPED.assert_no_trap();
}

#[test]
fn every_operation_in_both_directions() {
    let operations = |source: &str| {
        json!([
            {"set": {"name": "x-set", "value": format!("<{source}>")}},
            {"append": {"name": "x-append", "value": "last"}},
            {"add_if_absent": {"name": "x-there", "value": "not this"}},
            {"add_if_absent": {"name": "x-absent", "value": "this"}},
            {"remove": {"name": "x-remove"}},
            {"rename": {"from": "x-from", "to": "x-to"}},
            {"copy": {"from": "x-to", "to": "x-copy"}},
            {"copy": {"from": "x-nowhere", "to": "x-gone"}},
            {"set": {"name": "x-again", "value": "first"}},
            {"set": {"name": "x-again", "value": "second"}},
        ])
    };
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "all", "request": operations("${header.x-source}"),
         "response": operations("${response.header.x-source}")},
    ]})));
    let given = [
        ("x-source", "s"),
        ("x-set", "a"),
        ("x-set", "b"),
        ("x-append", "first"),
        ("x-there", "mine"),
        ("x-remove", "a"),
        ("x-remove", "b"),
        ("x-from", "1"),
        ("x-from", "2"),
        ("x-to", "old"),
        ("x-copy", "old"),
        ("x-gone", "old"),
    ];
    let query: String =
        given.iter().map(|(name, value)| format!("&header={name}:{value}")).collect();
    let request = Request::get(format!("/?{query}"));
    let request = given.iter().fold(request, |request, (name, value)| request.header(name, value));
    let exchange = gateway.ask(request);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    for (name, want) in [
        ("x-set", vec!["<s>"]),
        ("x-append", vec!["first", "last"]),
        ("x-there", vec!["mine"]),
        ("x-absent", vec!["this"]),
        ("x-remove", vec![]),
        ("x-from", vec![]),
        ("x-to", vec!["1", "2"]),
        ("x-copy", vec!["1", "2"]),
        ("x-gone", vec![]),
        ("x-again", vec!["second"]),
    ] {
        assert_eq!(received(&exchange.response, name), want, "{name} at the upstream");
        let values: Vec<String> = exchange
            .response
            .header_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        assert_eq!(values, want, "{name} at the client");
    }
    gateway.assert_no_trap();
}

#[test]
fn functions_change_what_a_placeholder_stands_for() {
    let cases = [
        ("x-lower", "${header.x-a | trim | lower}", "mixed case"),
        ("x-upper", "${method | lower | upper}/${header.x-a | upper}", "GET/MIXED CASE"),
        ("x-base64", "${query.q | base64}", "/yAm"),
        ("x-url", "${query.q | url_encode}", "%FF%20%26"),
        (
            "x-hash",
            "${header.x-abc | sha256}",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        ("x-default", "<${identity.subject | lower | default: nobody}>", "<nobody>"),
        ("x-line", "${query.line | url_encode}", "%0D%0A"),
    ];
    let operations: Vec<Value> = cases
        .iter()
        .map(|(name, value, _)| json!({"set": {"name": name, "value": value}}))
        .collect();
    let gateway =
        Shared::start(builder(json!({"rules": [{"request": operations, "response": operations}]})));
    let request = Request::get("/?q=%ff%20%26&line=%0d%0a")
        .header("x-a", "Mixed Case")
        .header("x-abc", "abc");
    let exchange = gateway.ask(request);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    for (name, value, want) in cases {
        assert_eq!(received(&exchange.response, name), [want], "{value}");
        assert_eq!(exchange.response.header_text(name).as_deref(), Some(want), "{value}");
    }
    gateway.assert_no_trap();
}

#[test]
fn what_no_rule_names_is_left_alone() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "users", "match": {"path": {"prefix": "/users"}}, "request": [{"remove": {"name": "x-a"}}]},
    ]})));
    let exchange = gateway.ask(Request::get("/").header("x-a", "1"));
    assert_eq!(received(&exchange.response, "x-a"), ["1"]);
    assert_eq!(exchange.logged("header_transform"), "header_transform.unmatched");
    gateway.assert_no_trap();
}

#[test]
fn an_answer_without_an_upstream_gets_the_response_operations_too() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "all", "request": [{"set": {"name": "x-q", "value": "${query.a}"}}],
         "response": [{"set": {"name": "x-content-type-options", "value": "nosniff"}}]},
    ]})));
    let refused = gateway.ask(Request::get("/?a=%0a"));
    refused.assert_refused("its own refusal", 400, "header_transform.value_invalid");
    assert_eq!(refused.response.header_text("x-content-type-options").as_deref(), Some("nosniff"));
    gateway.assert_no_trap();
}

#[test]
fn a_grpc_client_is_told_a_grpc_status() {
    let gateway = Gateway::builder("envoy/header-transform.yaml")
        .start()
        .unwrap_or_else(|fault| panic!("{fault}"));
    let request = http2::get("/users/17?tenant=%0a")
        .method("POST")
        .header("content-type", "application/grpc+proto");
    let refused = http2::send(gateway.address(), request.body(()).expect("a request"));
    assert_eq!(refused.status, 200);
    assert_eq!(
        refused.trailer("grpc-status").as_deref(),
        Some("3"),
        "INVALID_ARGUMENT: {refused:?}"
    );
    assert!(refused.body.is_empty());
    trap::assert_none(&gateway);
}

#[test]
fn json_in_a_string_or_in_bytes_configures_it_too() {
    for set in [configuration::set_json, configuration::set_bytes] {
        let text = json!({"rules": [{"request": [{"set": {"name": "x-a", "value": "json"}}]}]})
            .to_string();
        let edit = move |tree: &mut Value| set(tree, "header-transform", &text);
        let gateway = Shared::start(Gateway::builder("envoy/header-transform.yaml").edit(edit));
        let exchange = gateway.ask(Request::get("/"));
        assert_eq!(received(&exchange.response, "x-a"), ["json"]);
        assert_eq!(exchange.logged("header_transform"), "header_transform.applied;rule=rules[0]");
        gateway.assert_no_trap();
    }
}

/// The shipped config with another configuration of the filter.
/// What body-transform does to names of members, this does to names of parameters.
#[test]
fn a_parameter_gets_the_name_that_the_service_knows() {
    let rename = json!({"query": {"rename": {"from": "unitPrice", "to": "unit_price"}}});
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "all", "reroute": true, "request": [rename]},
    ]})));
    let exchange = gateway.ask(Request::get("/orders?a=1&unitPrice=2"));
    let path = exchange.response.json()["path"].as_str().unwrap_or_default().to_owned();
    assert!(path.contains("unit_price=2") && path.contains("a=1"), "{path}");
    assert!(!path.contains("unitPrice"), "{path}");
    gateway.assert_no_trap();
}

fn builder(value: Value) -> Builder {
    Gateway::builder("envoy/header-transform.yaml")
        .edit(move |tree| configuration::set(tree, "header-transform", value))
}
