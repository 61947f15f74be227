//! What is asked in the background is what a client would get: through the routes, and with what
//! other filters say.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::example;
use super::origin::{Origin, cached, fresh};
use super::start;
use crate::harness::{trap, until};

const STALE: &str = "max-age=1, stale-while-revalidate=3600";

/// Each route asks the origin for something else than the client asked for.
#[test]
fn a_refresh_never_stores_another_resource() {
    let origin = Origin::start();
    let gateway = start(example(origin.address()).edit(|tree| {
        let routes = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/\
            route_config/virtual_hosts/0/routes";
        let routes = tree.pointer_mut(routes).and_then(Value::as_array_mut).expect("routes");
        let route = |more: Value| {
            let mut route = json!({"cluster": "echo", "timeout": "15s"});
            for (name, value) in more.as_object().into_iter().flatten() {
                route[name] = value.clone();
            }
            route
        };
        routes.splice(
            0..0,
            [
                json!({"name": "prefix", "match": {"prefix": "/w/"},
                "route": route(json!({"prefix_rewrite": "/up/"}))}),
                json!({"name": "regex", "match": {"prefix": "/x/"}, "route": route(json!({
                "regex_rewrite": {"pattern": {"regex": "^/x/([^/]+)/(.*)$"},
                    "substitution": "/up/\\1/v2/\\2"}}))}),
                json!({"name": "host", "match": {"prefix": "/y/"},
                "route": route(json!({"host_rewrite_literal": "inner.example"}))}),
                json!({"name": "fields", "match": {"prefix": "/z/"}, "route": route(json!({})),
                "request_headers_to_add": [{"header": {"key": "x-added", "value": "1"}}],
                "request_headers_to_remove": ["x-removed"]}),
            ],
        );
    }));
    for (name, path) in
        [("w1", "/w/w1/a?b=c"), ("x1", "/x/x1/a"), ("y1", "/y/y1/a"), ("z1", "/z/z1/a")]
    {
        origin.script(name, vec![cached(STALE), fresh()]);
        let get = || gateway.get(path, &[("x-removed", "1"), ("host", "outer.example")]);
        assert_eq!(get().header_text("x-origin").as_deref(), Some("1"), "{path}");
        thread::sleep(Duration::from_secs(3));
        assert_eq!(get().header_text("x-origin").as_deref(), Some("1"), "{path}: stale, at once");
        until(path, || origin.asked(name) == 2);
        let seen = origin.seen(name);
        let asked = |at: usize| {
            let request = &seen[at].request;
            let line = request.head.lines().next().unwrap_or_default().to_owned();
            let field = |name: &str| request.header(name).map(str::to_owned);
            (line, field("host"), field("x-added"), field("x-removed"))
        };
        assert_eq!(asked(0), asked(1), "{path}: both times the origin is asked for the same");
        assert_eq!(seen[1].request.header("x-gatehouse-cache-refresh"), None, "{path}");
        until(path, || get().header_text("x-origin").as_deref() == Some("2"));
    }
    trap::assert_none(&gateway);
}

/// A refresh has the fields that select the response, and none that are of the client alone.
#[test]
fn a_refresh_asks_as_the_client_did_for_what_the_response_depends_on() {
    let origin = Origin::start();
    origin.script("v", vec![cached(STALE).field("vary", "x-lang, accept"), fresh()]);
    let gateway = start(example(origin.address()));
    let request = || {
        Request::get("/all/v/a")
            .header("x-lang", "de")
            .header("accept", "text/html")
            .header("if-none-match", "\"mine\"")
            .header("range", "bytes=0-1")
            .header("cookie", "session=1")
    };
    let _ = gateway
        .request(Request::get("/all/v/a").header("x-lang", "de").header("accept", "text/html"));
    thread::sleep(Duration::from_secs(3));
    let _ = gateway.request(request());
    until("the origin is asked in the background", || origin.asked("v") == 2);
    let seen = &origin.seen("v")[1].request;
    for (name, value) in [
        ("x-lang", Some("de")),
        ("accept", Some("text/html")),
        ("if-none-match", None),
        ("range", None),
    ] {
        assert_eq!(seen.header(name), value, "{name}: {}", seen.head);
    }
    trap::assert_none(&gateway);
}

/// A filter before the cache may refuse the refresh: what it says is not the resource.
#[test]
fn a_refusal_of_a_refresh_is_not_stored() {
    let origin = Origin::start();
    origin.script(
        "r",
        vec![
            cached("public, max-age=1, stale-while-revalidate=3600"),
            cached("public, max-age=3600"),
        ],
    );
    let gateway = start(example(origin.address()).edit(|tree| {
        let path = gatehouse_sandbox::workspace::root().join("envoy/jwt-auth.yaml");
        let sister = gatehouse_sandbox::example::Example::load(&path).expect("the example");
        let filters =
            "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
        let first = sister.tree().pointer(&format!("{filters}/0")).expect("a filter").clone();
        let filters = tree.pointer_mut(filters).and_then(Value::as_array_mut);
        filters.expect("filters").insert(0, first);
    }));
    let bearer = crate::harness::token::bearer(&crate::harness::token::good("alice"));
    let get = || gateway.get("/all/r/a", &[("authorization", &bearer)]);
    assert_eq!(get().status, 200);
    thread::sleep(Duration::from_secs(3));
    for number in 0..10 {
        let response = get();
        assert_eq!(response.status, 200, "{number}: {}", response.text());
        assert!(response.header("x-origin").is_some(), "{number}");
        thread::sleep(Duration::from_millis(200));
    }
    trap::assert_none(&gateway);
}
