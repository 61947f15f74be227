//! What is asked in the background is what a client would get: through the routes, and with what
//! other filters say.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::origin::{cached, fresh};
use super::{SHARED, Shared};
use crate::harness::{trap, until};

const STALE: &str = "max-age=1, stale-while-revalidate=3600";

/// Routes that ask the origin for something else than the client asked for.
pub(super) fn add_routes(tree: &mut Value) {
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
            json!({"name": "prefix", "match": {"prefix": "/all/w/"},
                "route": route(json!({"prefix_rewrite": "/up/"}))}),
            json!({"name": "regex", "match": {"prefix": "/all/x/"}, "route": route(json!({
                "regex_rewrite": {"pattern": {"regex": "^/all/x/([^/]+)/(.*)$"},
                    "substitution": "/up/\\1/v2/\\2"}}))}),
            json!({"name": "host", "match": {"prefix": "/all/y1/"},
                "route": route(json!({"host_rewrite_literal": "inner.example"}))}),
            json!({"name": "fields", "match": {"prefix": "/all/z1/"}, "route": route(json!({})),
                "request_headers_to_add": [{"header": {"key": "x-added", "value": "1"}}],
                "request_headers_to_remove": ["x-removed"]}),
        ],
    );
}

#[test]
fn a_refresh_never_stores_another_resource() {
    let Shared { gateway, origin, .. } = &*SHARED;
    let paths = [
        ("w1", "/all/w/w1/a?b=c"),
        ("x1", "/all/x/x1/a"),
        ("y1", "/all/y1/a"),
        ("z1", "/all/z1/a"),
    ];
    for (name, path) in paths {
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
    trap::assert_none(gateway);
}

/// A refresh has the fields that select the response, and none that are of the client alone.
#[test]
fn a_refresh_asks_as_the_client_did_for_what_the_response_depends_on() {
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("refreshed", vec![cached(STALE).field("vary", "x-lang, accept"), fresh()]);
    let request = || {
        Request::get("/all/refreshed/a")
            .header("x-lang", "de")
            .header("accept", "text/html")
            .header("if-none-match", "\"mine\"")
            .header("range", "bytes=0-1")
            .header("cookie", "session=1")
    };
    let plain = Request::get("/all/refreshed/a").header("x-lang", "de");
    let _ = gateway.request(plain.header("accept", "text/html"));
    thread::sleep(Duration::from_secs(3));
    let _ = gateway.request(request());
    until("the origin is asked in the background", || origin.asked("refreshed") == 2);
    let seen = &origin.seen("refreshed")[1].request;
    for (name, value) in [
        ("x-lang", Some("de")),
        ("accept", Some("text/html")),
        ("if-none-match", None),
        ("range", None),
    ] {
        assert_eq!(seen.header(name), value, "{name}: {}", seen.head);
    }
    trap::assert_none(gateway);
}
