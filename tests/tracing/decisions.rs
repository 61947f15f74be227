use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{GATEWAY, id, traced};
use crate::harness::collector::{self, Collector, Span};
use crate::harness::{configuration, envoy_minor, token, trap};

/// A number or a boolean, as this Envoy tells it: before 1.40 as text.
fn typed(value: Value) -> Value {
    if envoy_minor() < 40 { json!(value.to_string()) } else { value }
}

#[track_caller]
fn assert_tags(case: &str, span: &Span, tags: &[(&str, Value)]) {
    for (name, value) in tags {
        assert_eq!(&span.tag(name), value, "{case}: {name} of {:#?}", span.tags);
    }
}

#[test]
fn a_span_says_who_it_was_what_was_decided_by_which_rule_and_why() {
    if !collector::is_told_of() {
        return;
    }
    let bob = token::bearer(&token::good("bob"));
    let forged = token::bearer(&token::flipped(&token::good("bob")));
    let issuer = json!("https://auth.gatehouse.example");
    let no = Value::Null;
    for (case, request, tags) in [
        (
            "allowed",
            Request::get("/orders/17?secret=1").header("authorization", &bob),
            vec![
                ("gatehouse.code", json!("via_upstream")),
                ("gatehouse.refused", typed(json!(false))),
                ("gatehouse.identity.issuer", issuer.clone()),
                ("gatehouse.identity.subject", json!("bob")),
                ("gatehouse.identity.consumer", no.clone()),
                ("gatehouse.api_key_auth.code", json!("anonymous")),
                ("gatehouse.jwt_auth.code", json!("allowed")),
                ("gatehouse.authorization.code", json!("allowed")),
                ("gatehouse.authorization.rule", json!("orders")),
                ("gatehouse.authorization.mode", no.clone()),
                ("gatehouse.rate_limit.code", json!("allowed")),
                ("gatehouse.rate_limit.rule", json!("orders")),
                ("gatehouse.header_transform.code", json!("applied")),
                ("gatehouse.body_transform.code", json!("response_transformed")),
                ("gatehouse.aggregate.code", json!("unmatched")),
                ("gatehouse.response_cache.code", json!("unmatched")),
                ("gatehouse.cache_status", no.clone()),
                ("http.response.status_code", typed(json!(200))),
                ("gatehouse.attempts", typed(json!(1))),
                ("http.url", json!("http://gateway.example/orders/17")),
                ("http.method", json!("GET")),
            ],
        ),
        (
            "401: no token",
            Request::get("/orders"),
            vec![
                ("gatehouse.code", json!("jwt_auth.token_missing")),
                ("gatehouse.refused", typed(json!(true))),
                ("gatehouse.jwt_auth.code", json!("token_missing")),
                ("gatehouse.authorization.code", no.clone()),
                ("gatehouse.identity.subject", no.clone()),
                ("http.response.status_code", typed(json!(401))),
            ],
        ),
        (
            "401: a token of nobody's, and why",
            Request::get("/orders").header("authorization", &forged),
            vec![
                ("gatehouse.code", json!("jwt_auth.signature_invalid")),
                ("gatehouse.refused", typed(json!(true))),
                ("gatehouse.identity.subject", no.clone()),
            ],
        ),
        (
            "403",
            Request::get("/users/alice").header("authorization", &bob),
            vec![
                ("gatehouse.code", json!("authorization.no_rule")),
                ("gatehouse.refused", typed(json!(true))),
                ("gatehouse.identity.subject", json!("bob")),
                ("gatehouse.authorization.code", json!("no_rule")),
                ("gatehouse.rate_limit.code", no.clone()),
                ("http.response.status_code", typed(json!(403))),
            ],
        ),
        (
            "a partner",
            Request::get("/products/KB-75").header("x-api-key", "acme-partner-demo-key"),
            vec![
                ("gatehouse.identity.consumer", json!("acme")),
                ("gatehouse.identity.subject", no.clone()),
                ("gatehouse.api_key_auth.code", json!("allowed")),
                ("gatehouse.authorization.rule", json!("browse")),
                ("gatehouse.response_cache.rule", json!("products")),
            ],
        ),
        (
            "the service's own refusal is none of a filter's",
            Request::get("/products/none").header("x-api-key", "acme-partner-demo-key"),
            vec![
                ("gatehouse.code", json!("via_upstream")),
                ("gatehouse.refused", typed(json!(false))),
                ("http.response.status_code", typed(json!(404))),
            ],
        ),
        (
            "aggregated",
            Request::get("/dashboard/bob").header("authorization", &bob),
            vec![
                ("gatehouse.code", json!("aggregate.aggregated")),
                ("gatehouse.refused", typed(json!(false))),
                ("gatehouse.aggregate.code", json!("aggregated")),
                ("gatehouse.aggregate.rule", json!("dashboard")),
                ("gatehouse.response_cache.code", no),
            ],
        ),
    ] {
        let (_, span) = traced(request);
        assert_tags(case, &span, &tags);
        assert!(span.tags.values().all(|value| !value.to_string().contains("secret")), "{span:?}");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn a_span_is_called_by_method_and_route_and_what_is_sent_on_by_the_upstream() {
    if !collector::is_told_of() {
        return;
    }
    let bob = token::bearer(&token::good("bob"));
    for (request, name, below) in [
        (
            Request::get("/orders/17").header("authorization", &bob),
            "GET orders",
            Some("GET orders"),
        ),
        (Request::get("/orders"), "GET orders", None),
        (Request::new("DELETE", "/nowhere"), "DELETE ", None),
    ] {
        let (_, span) = traced(request);
        assert_eq!(span.name.trim_end_matches('-'), name);
        let is_below = |found: &Span| found.parent == span.id;
        // Envoy may send the two in two messages.
        if below.is_some() {
            super::COLLECTOR.wait("a span below", is_below);
        }
        let found = super::COLLECTOR.spans().into_iter().find(is_below);
        assert_eq!(found.as_ref().map(|span| &*span.name), below);
    }
}

#[test]
fn what_was_answered_from_the_store_says_so() {
    if !collector::is_told_of() {
        return;
    }
    let get = || {
        let partner = ("x-api-key", "acme-partner-demo-key");
        let (response, span) =
            traced(Request::get("/products/MON-27").header(partner.0, partner.1));
        let said = response.header_text("cache-status");
        assert_eq!(span.tag("gatehouse.cache_status").as_str(), said.as_deref());
        span
    };
    // No other case asks for it.
    let (first, second) = (get(), get());
    assert_tags("a miss", &first, &[("gatehouse.code", json!("via_upstream"))]);
    assert_tags(
        "a hit",
        &second,
        &[
            ("gatehouse.code", json!("response_cache.hit")),
            ("gatehouse.response_cache.code", json!("hit")),
            ("gatehouse.attempts", typed(json!(0))),
        ],
    );
    GATEWAY.assert_no_trap();
}

#[test]
fn a_limit_that_is_used_up_and_a_filter_that_only_looks_on() {
    if !collector::is_told_of() {
        return;
    }
    let collector = Collector::start();
    let builder = collector::builder(&collector).edit(|tree| {
        configuration::shipped(tree, "authorization")["mode"] = json!("shadow");
        configuration::shipped(tree, "rate-limit")["rules"][1]["limits"] =
            json!([{"requests": 1, "window": "60s"}]);
    });
    let gateway = builder.start().unwrap_or_else(|fault| panic!("{fault}"));
    let bob = token::bearer(&token::good("bob"));
    let span = |path: &str| {
        let response = gateway.request(Request::get(path).header("authorization", &bob));
        collector.request(&id(&response))
    };
    assert_tags(
        "what authorization would have refused",
        &span("/users/alice"),
        &[
            ("gatehouse.code", json!("via_upstream")),
            ("gatehouse.refused", typed(json!(false))),
            ("gatehouse.authorization.code", json!("no_rule")),
            ("gatehouse.authorization.mode", json!("shadow")),
            ("http.response.status_code", typed(json!(200))),
        ],
    );
    let _ = span("/orders");
    let limited = span("/orders");
    assert_tags(
        "429",
        &limited,
        &[
            ("gatehouse.code", json!("rate_limit.exceeded")),
            ("gatehouse.refused", typed(json!(true))),
            ("gatehouse.rate_limit.code", json!("exceeded")),
            ("gatehouse.rate_limit.rule", json!("orders")),
            ("http.response.status_code", typed(json!(429))),
        ],
    );
    let left = limited.tag("gatehouse.ratelimit");
    assert!(left.as_str().is_some_and(|left| left.contains("r=0")), "{left}");
    trap::assert_none(&gateway);
}

/// What `audit` leaves for the access log is a tag as well.
#[test]
fn the_record_of_a_request_can_be_a_tag() {
    if !collector::is_told_of() {
        return;
    }
    let (_, span) = traced(Request::get("/orders?secret=1"));
    let record = span.tag("gatehouse.record");
    let record: Value = serde_json::from_str(record.as_str().expect("a text")).expect("JSON");
    assert_eq!(record["decisions"]["jwt_auth"]["code"], "token_missing", "{record}");
    assert_eq!(record["path"], "/orders", "{record}");
    GATEWAY.assert_no_trap();
}
