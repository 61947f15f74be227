//! Where a change could do harm: paths in disguise, answers without content, gRPC, answers of other
//! filters.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Shared, http2, received};

#[test]
fn a_path_that_would_be_a_traversal_is_refused() {
    // Without Envoy's own normalisation, which would resolve most of them first.
    let gateway = Shared::start(raw_paths(json!({"rules": [
        {"name": "v1", "reroute": true, "match": {"path": {"template": "/v1/{rest=**}"}},
         "request": [{"path": {"to": "/{rest}"}}]},
    ]})));
    for target in [
        "/v1/../admin",
        "/v1/a/../../admin",
        "/v1/%2e%2E/admin",
        "/v1/a%2f..%2fadmin",
        "/v1/..;/admin",
        "/v1//evil.example/",
        "/v1/%2Fevil.example/",
        "/v1/\\evil.example/",
    ] {
        let exchange = gateway.ask(Request::get(target));
        exchange.assert_refused(target, 400, "header_transform.path_invalid");
        assert_eq!(
            exchange.logged("header_transform"),
            "header_transform.path_invalid;rule=v1",
            "{target}"
        );
    }
    let exchange = gateway.ask(Request::get("/v1/a%2Fb//..c/%2561?q=/../"));
    assert_eq!(exchange.response.json()["path"], "/a%2Fb//..c/%2561?q=/../");
    gateway.assert_no_trap();
}

/// A gateway whose paths reach the filter as they were sent.
fn raw_paths(value: Value) -> gatehouse_sandbox::Builder {
    builder(value).edit(|tree| {
        let manager = tree
            .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
            .expect("the example has a connection manager");
        manager["normalize_path"] = json!(false);
        manager["merge_slashes"] = json!(false);
        manager["path_with_escaped_slashes_action"] = json!("KEEP_UNCHANGED");
    })
}

#[test]
fn answers_without_content_stay_without() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "all", "reroute": true, "match": {"methods": ["GET", "HEAD"]},
         "request": [{"query": {"append": {"name": "header", "value": "x-upstream:1"}}}],
         "response": [{"rename": {"from": "x-upstream", "to": "x-served-by"}},
                      {"status": {"2xx": 203, "3xx": 302, "4xx": 410}},
                      {"set": {"name": "x-status", "value": "${response.status}"}}]},
    ]})));
    for (method, target, status, has_body) in [
        ("HEAD", "/?a", 203, false),
        ("HEAD", "/?status=404", 410, false),
        ("GET", "/?status=204", 204, false),
        ("GET", "/?status=304", 304, false),
        ("GET", "/?a", 203, true),
        ("GET", "/?status=404", 410, true),
    ] {
        let case = format!("{method} {target}");
        let exchange = gateway.ask(Request::new(method, target));
        let response = &exchange.response;
        assert_eq!(response.status, status, "{case}");
        assert_eq!(response.header_text("x-served-by").as_deref(), Some("1"), "{case}");
        assert_eq!(response.header_text("x-status"), Some(status.to_string()), "{case}");
        assert_eq!(!response.text().is_empty(), has_body, "{case}: {}", response.text());

        let request = http2::get(target).method(method).body(()).expect("a request");
        let answer = http2::send(gateway.gateway().address(), request);
        assert_eq!(
            (answer.status, !answer.body.is_empty()),
            (status, has_body),
            "{case} over HTTP/2: {answer:?}"
        );
        assert_eq!(answer.header("x-served-by").as_deref(), Some("1"), "{case} over HTTP/2");
        // That one has a line in the log too.
        gateway.skip();
    }
    gateway.assert_no_trap();
}

#[test]
fn head_keeps_its_method() {
    // Over HTTP/2, Envoy would send on the content of an answer to GET, and clients would break
    // off.
    let gateway = Shared::start(builder(json!({"rules": [
        {"reroute": true, "request": [{"method": "GET"}, {"query": {"set": {"name": "header", "value": "x-a:${method}"}}}]},
    ]})));
    let response = gateway.ask(Request::new("HEAD", "/")).response;
    assert_eq!((response.status, response.text().as_str()), (200, ""));
    assert_eq!(response.header_text("x-a").as_deref(), Some("HEAD"));
    let request = http2::get("/").method("HEAD").body(()).expect("a request");
    let answer = http2::send(gateway.gateway().address(), request);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("x-a").as_deref(), Some("HEAD"));
    gateway.assert_no_trap();
}

#[test]
fn a_grpc_answer_keeps_its_status() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"response": [{"status": {"2xx": 500, "4xx": 500}}, {"set": {"name": "x-a", "value": "1"}}]},
    ]})));
    let target = "/users.Users/Get?header=content-type:application/grpc%2bproto&header=grpc-status:5&header=grpc-message:gone";
    let request = http2::get(target)
        .method("POST")
        .header("content-type", "application/grpc+proto")
        .header("te", "trailers");
    let answer = http2::send(gateway.gateway().address(), request.body(()).expect("a request"));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.trailer("grpc-status").as_deref(), Some("5"));
    assert_eq!(answer.trailer("grpc-message").as_deref(), Some("gone"));
    assert_eq!(answer.header("x-a").as_deref(), Some("1"), "other operations apply");
    let echo: Value = serde_json::from_slice(&answer.body).expect("an echo");
    assert_eq!((&echo["method"], &echo["path"]), (&json!("POST"), &json!(target)));
    gateway.assert_no_trap();
}

#[test]
fn an_answer_that_an_earlier_filter_gave_is_left_alone() {
    let gateway = Shared::start(
        builder(json!({"rules": [{"response": [{"set": {"name": "x-a", "value": "1"}}, {"status": {"5xx": 502}}]}]})).edit(
            |tree| {
                let filters = tree
                    .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters")
                    .and_then(Value::as_array_mut)
                    .expect("the example has filters");
                let fault = json!({"name": "fault", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                    "abort": {"header_abort": {}, "percentage": {"numerator": 100}}}});
                filters.insert(0, fault);
            },
        ),
    );
    let exchange = gateway.ask(Request::get("/").header("x-envoy-fault-abort-request", "503"));
    assert_eq!(exchange.response.status, 503);
    assert_eq!(exchange.response.header("x-a"), None);
    let exchange = gateway.ask(Request::get("/?status=503"));
    assert_eq!(exchange.response.status, 502);
    assert_eq!(received(&exchange.response, "x-envoy-fault-abort-request"), [""; 0]);
    assert_eq!(exchange.response.header_text("x-a").as_deref(), Some("1"));
    gateway.assert_no_trap();
}
