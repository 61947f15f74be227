//! The route that Envoy takes after a change, and what that means for the filters around.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Exchange, Shared, received};

/// A gateway whose routes are told apart in the access log, and that has a filter behind this one
/// which is disabled on the route `echo`: it marks the requests that it sees.
fn gateway(rules: Value) -> Shared {
    gateway_edited(rules, |_| ())
}

/// The same, with another change to its list of filters.
fn gateway_edited(rules: Value, change: impl FnOnce(&mut Vec<Value>) + Send + 'static) -> Shared {
    Shared::start(builder(rules).edit(|tree| {
        let manager = tree
            .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
            .expect("the example has a connection manager");
        manager["access_log"][0]["typed_config"]["log_format"]["json_format"]["route"] = json!("%ROUTE_NAME%");
        let filters = manager["http_filters"].as_array_mut().expect("the example has filters");
        let guard = json!({"name": "guard", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": [{"append": {"header": {"key": "x-guarded", "value": "1"}}}]}}});
        filters.insert(1, guard);
        change(filters);
        let echo = json!({"cluster": "echo", "timeout": "5s"});
        let route = |name: &str, condition: Value| json!({"name": name, "match": condition, "route": echo});
        let hosts = manager["route_config"]["virtual_hosts"].as_array_mut().expect("the example has hosts");
        let routes = hosts[0]["routes"].as_array_mut().expect("the host has routes");
        routes[0]["typed_per_filter_config"] = json!({"guard": {
            "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true}});
        for (name, condition) in [
            ("users", json!({"prefix": "/users"})),
            ("post", json!({"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "POST"}}]})),
            ("tenant", json!({"prefix": "/", "query_parameters": [{"name": "tenant", "present_match": true}]})),
            ("canary", json!({"prefix": "/", "headers": [{"name": "x-canary", "present_match": true}]})),
        ] {
            routes.insert(0, route(name, condition));
        }
        hosts.push(json!({"name": "internal", "domains": ["users.internal"],
            "routes": [route("internal", json!({"prefix": "/"}))]}));
    }))
}

#[test]
fn envoy_chooses_the_route_again_by_what_was_written() {
    let gateway = gateway(json!({"rules": [
        {"reroute": true, "match": {"path": {"prefix": "/path"}}, "request": [{"path": {"prefix": "/path", "to": "/users"}}]},
        {"reroute": true, "match": {"path": {"prefix": "/method"}}, "request": [{"method": "POST"}]},
        {"reroute": true, "match": {"path": {"prefix": "/query"}}, "request": [{"query": {"set": {"name": "tenant", "value": "a"}}}]},
        {"reroute": true, "match": {"path": {"prefix": "/host"}}, "request": [{"host": "users.internal"}]},
        {"match": {"path": {"prefix": "/header"}}, "request": [{"set": {"name": "x-canary", "value": "1"}}]},
        {"match": {"path": {"prefix": "/nothing"}}, "request": [{"remove": {"name": "x-none"}}]},
    ]}));
    for (target, route) in [
        ("/path/17", "users"),
        ("/method", "post"),
        ("/query", "tenant"),
        ("/host", "internal"),
        ("/header", "canary"),
        ("/nothing", "echo"),
        ("/users/17", "users"),
        ("/other", "echo"),
    ] {
        let exchange = gateway.ask(Request::get(target));
        assert_eq!(exchange.response.status, 200, "{target}");
        assert_eq!(exchange.logged("route"), route, "{target}");
    }
    gateway.assert_no_trap();
}

/// What the README warns of: which filters run is settled by the first route.
#[test]
fn a_filter_that_the_first_route_disables_does_not_come_back_with_the_second() {
    let gateway = gateway(json!({"rules": [
        {"reroute": true, "request": [{"path": {"prefix": "/open", "to": "/users"}}]},
    ]}));
    let guarded = |exchange: &Exchange| received(&exchange.response, "x-guarded") == ["1"];
    let direct = gateway.ask(Request::get("/users/17"));
    assert!(guarded(&direct), "{}", direct.log);
    let rewritten = gateway.ask(Request::get("/open/17"));
    assert_eq!(rewritten.logged("route"), "users");
    assert_eq!(rewritten.response.json()["path"], "/users/17");
    assert!(!guarded(&rewritten), "Envoy has changed: the README may say so");
    gateway.assert_no_trap();
}

/// What the README offers instead: behind the choice of the route, a rewrite keeps it.
#[test]
fn among_the_filters_of_the_upstream_a_rewrite_keeps_the_route() {
    let rules = json!({"rules": [
        {"reroute": true, "request": [{"path": {"prefix": "/path", "to": "/users"}}],
         "response": [{"set": {"name": "x-answered", "value": "${response.status}"}}]},
    ]});
    let gateway = gateway_edited(rules, |filters| {
        let transform = filters.remove(0);
        let codec = json!({"name": "envoy.filters.http.upstream_codec", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"}});
        let router = filters.last_mut().expect("the router is the last filter");
        router["typed_config"]["upstream_http_filters"] = json!([transform, codec]);
    });
    let exchange = gateway.ask(Request::get("/path/17"));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(exchange.logged("route"), "echo");
    assert_eq!(exchange.response.json()["path"], "/users/17");
    assert_eq!(exchange.response.header_text("x-answered").as_deref(), Some("200"));
    gateway.assert_no_trap();
}
