//! `rate-limit`, on `envoy/rate-limit.yaml`.

mod edge;
mod exactness;
mod flood;
mod in_flight;
mod rules;
mod sliding_window;
mod usage;

use std::sync::LazyLock;
use std::time::Instant;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::{Exchange, Shared, configuration, http2, received};

#[test]
fn hostile_bytes_do_not_trap_it() {
    // The key is made of headers of all sorts, so that the filter reads what a client sends.
    let key = json!([
        {"header": "x-a"}, {"header": "authorization"}, {"header": "cookie"},
        {"header": "x-tenant"},
    ]);
    let gateway = builder(json!({"rules": [
        {"name": "by-header", "match": {"path": {"prefix": "/orders"}, "hosts": ["gateway.example"]},
         "key": key, "limits": [{"requests": 1_000_000, "window": "1s"}]},
        {"name": "by-pattern", "key": key, "limits": [{"requests": 1_000_000, "window": "1s"}],
         "match": {"path": {"regex": "^/[^/]+$"}, "headers": [{"name": "x-a", "regex": "."}]}},
    ]}));
    let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
    let honest = Honest {
        path: "/orders",
        headers: &[("authorization", "Bearer a")],
        // A rule looks at the host, and there is no single one.
        refused: &[("two hosts", 400)],
    };
    hostile::survive(&gateway, &honest);
}

/// The shipped rules: 100 orders a minute for an address; for reports two limits, by address and
/// tenant.
static SHIPPED: LazyLock<Shared> =
    LazyLock::new(|| Shared::kept(Gateway::builder("envoy/rate-limit.yaml")));

#[test]
fn the_101st_request_is_the_first_that_is_refused() {
    let begin = Instant::now();
    let first = SHIPPED.ask(Request::get("/orders"));
    assert_eq!(first.response.status, 200);
    assert_eq!(first.logged("rate_limit"), "rate_limit.allowed;rule=orders");
    let field = |name| first.response.header_text(name).unwrap_or_default();
    assert_eq!(field("ratelimit-policy"), "\"orders\";q=100;w=60");
    assert!(field("ratelimit").starts_with("\"orders\";r=99;t="), "{}", field("ratelimit"));
    let mut passed = 1;
    while SHIPPED.send(Request::get("/orders")).status == 200 {
        passed += 1;
        // One comes back every 600 ms.
        let refilled = u64::try_from(begin.elapsed().as_millis() / 600).expect("a short test");
        assert!(passed <= 100 + refilled, "{passed} have passed");
    }
    assert!(passed >= 100, "only {passed} have passed");
    let refused = exceeded(Request::get("/orders"));
    refused.assert_refused("the first too many", 429, "rate_limit.exceeded");
    assert_eq!(refused.logged("rate_limit"), "rate_limit.exceeded;rule=orders");
    let field = |name| refused.response.header_text(name).unwrap_or_default();
    assert_eq!(field("retry-after"), "1");
    assert_eq!(field("ratelimit-policy"), "\"orders\";q=100;w=60");
    assert!(field("ratelimit").starts_with("\"orders\";r=0;t="), "{}", field("ratelimit"));

    // Where it says it comes from is not who it is.
    exceeded(Request::get("/orders").header("x-forwarded-for", "203.0.113.9"));
    SHIPPED.assert_no_trap();
}

/// Asks until it is refused: while a test is slow, a request may come back.
#[track_caller]
fn exceeded(request: Request) -> Exchange {
    for _ in 0..1000 {
        if SHIPPED.send(request.clone()).status == 429 {
            let exchange = SHIPPED.ask(request.clone());
            if exchange.response.status == 429 {
                return exchange;
            }
        }
    }
    panic!("nothing was refused");
}

#[test]
fn two_limits_are_told_and_spent_together() {
    let reports = |tenant: &str| SHIPPED.ask(Request::get("/reports").header("x-tenant", tenant));
    let first = reports("acme");
    assert_eq!(first.response.status, 200);
    let field = |name| first.response.header_text(name).unwrap_or_default();
    assert_eq!(field("ratelimit-policy"), "\"reports\";q=2;w=1, \"reports-hour\";q=1000;w=3600");
    assert!(field("ratelimit").starts_with("\"reports\";r=4;t="), "{}", field("ratelimit"));
    assert!(field("ratelimit").contains(", \"reports-hour\";r=999;t="), "{}", field("ratelimit"));

    let exchange = exceeded(Request::get("/reports").header("x-tenant", "acme"));
    exchange.assert_refused("more than the burst", 429, "rate_limit.exceeded");
    assert_eq!(exchange.response.header_text("retry-after").as_deref(), Some("1"));
    assert_eq!(reports("other").response.status, 200, "each tenant has its own");
    SHIPPED.assert_no_trap();
}

#[test]
fn what_no_rule_names_is_not_limited() {
    let exchange = SHIPPED.ask(Request::get("/users"));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(exchange.logged("rate_limit"), "rate_limit.unlimited");
    assert_eq!(exchange.response.header("ratelimit"), None);
    SHIPPED.assert_no_trap();
}

/// Rules for the cases below, one each, so that they do not count together.
static KEYS: LazyLock<Shared> = LazyLock::new(|| {
    let one = |name: &str, key: Value| {
        json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "key": key,
            "limits": [{"requests": 1, "window": "1h"}]})
    };
    Shared::kept(builder(json!({"rules": [
        one("address", json!(["client_address"])),
        one("header", json!([{"header": "x-tenant"}])),
        one("subject", json!(["subject"])),
        one("claim", json!([{"claim": "tenant"}])),
        one("grpc", json!(["client_address"])),
        one("upstream", json!(["client_address"])),
    ]})))
});

#[test]
fn requests_are_told_apart_by_the_key() {
    for (case, path, header, status) in [
        ("an address, once", "/address", None, 200),
        ("the same address again", "/address", None, 429),
        ("the same address in another shape", "/address?a=1", None, 429),
        ("one tenant", "/header", Some(("x-tenant", &b"a"[..])), 200),
        ("the same tenant", "/header", Some(("x-tenant", b"a")), 429),
        ("another tenant", "/header", Some(("x-tenant", b"b")), 200),
        ("a tenant that is not UTF-8", "/header", Some(("x-tenant", b"\xff")), 200),
        ("another that is not UTF-8", "/header", Some(("x-tenant", b"\xfe")), 200),
        ("the same that is not UTF-8", "/header", Some(("x-tenant", b"\xff")), 429),
        ("no tenant", "/header", None, 200),
        ("again no tenant", "/header", None, 429),
        ("an empty tenant", "/header", Some(("x-tenant", b"")), 200),
        ("nobody in particular", "/subject", None, 200),
        ("again nobody", "/subject", None, 429),
        ("a client that calls itself a subject", "/subject", Some(("x-user", b"alice")), 429),
        ("no claim", "/claim", None, 200),
        ("again no claim", "/claim", None, 429),
    ] {
        let request = header
            .into_iter()
            .fold(Request::get(path), |request, (name, value)| request.header(name, value));
        let exchange = KEYS.ask(request);
        match status {
            429 => exchange.assert_refused(case, 429, "rate_limit.exceeded"),
            status => assert_eq!(exchange.response.status, status, "{case}"),
        }
    }
    KEYS.assert_no_trap();
}

#[test]
fn what_the_upstream_says_of_its_own_limits_is_kept() {
    let path = "/upstream?header=ratelimit:%22theirs%22%3br=1%3bt=2";
    let exchange = KEYS.ask(Request::get(path));
    assert_eq!(exchange.response.status, 200);
    let values = exchange.response.header_all("ratelimit");
    assert_eq!(values.first(), Some(&&b"\"theirs\";r=1;t=2"[..]), "{values:?}");
    assert!(values.iter().any(|value| value.starts_with(b"\"upstream\";r=0;t=")), "{values:?}");
    // The upstream is not told: limits are between the client and the gateway.
    assert!(received(&exchange.response, "ratelimit").is_empty());
    KEYS.assert_no_trap();
}

#[test]
fn a_grpc_client_is_told_a_grpc_status() {
    // A gateway of its own: an HTTP/2 request is not one of the shared gateway's.
    let gateway =
        builder(json!({"rules": [{"name": "all", "limits": [{"requests": 1, "window": "1h"}]}]}));
    let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
    let call = || {
        let request = http2::get("/orders.Orders/List")
            .method("POST")
            .header("content-type", "application/grpc");
        http2::send(gateway.address(), request.body(()).expect("a request"))
    };
    assert_eq!(call().header("grpc-status"), None, "the echo knows no gRPC");
    let refused = call();
    assert_eq!(refused.status, 200);
    assert_eq!(
        refused.trailer("grpc-status").as_deref(),
        Some("8"),
        "RESOURCE_EXHAUSTED: {refused:?}"
    );
    assert!(refused.trailer("grpc-message").is_some_and(|text| !text.is_empty()), "{refused:?}");
    assert_eq!(refused.header("content-type").as_deref(), Some("application/grpc"));
    assert!(refused.body.is_empty());
    crate::harness::trap::assert_none(&gateway);
}

#[test]
fn in_shadow_mode_nobody_is_refused_and_the_log_says_who_would_have_been() {
    let gateway = Shared::start(builder(json!({"mode": "shadow", "rules": [
        {"name": "all", "limits": [{"requests": 1, "window": "1h"}]},
    ]})));
    for want in
        ["rate_limit.allowed;rule=all;mode=shadow", "rate_limit.exceeded;rule=all;mode=shadow"]
    {
        let exchange = gateway.ask(Request::get("/"));
        assert_eq!(exchange.response.status, 200);
        assert_eq!(exchange.logged("rate_limit"), want);
        assert_eq!(exchange.response.header("ratelimit"), None);
    }
    let metrics = gateway.gateway().admin("/stats/prometheus");
    let counted = metrics.lines().any(|line| {
        ["code=\"exceeded\"", "mode=\"shadow\"", "} 1"].iter().all(|part| line.contains(part))
    });
    assert!(counted, "{metrics}");
    gateway.assert_no_trap();
}

#[test]
fn response_fields_can_be_turned_off() {
    let gateway = Shared::start(builder(json!({"response_fields": "none", "rules": [
        {"name": "all", "limits": [{"requests": 1, "window": "1h"}]},
    ]})));
    assert_eq!(gateway.ask(Request::get("/")).response.header("ratelimit"), None);
    let refused = gateway.ask(Request::get("/"));
    refused.assert_refused("the second", 429, "rate_limit.exceeded");
    assert_eq!(refused.response.header("ratelimit"), None);
    assert!(refused.response.header("retry-after").is_some(), "retry-after stays");
    gateway.assert_no_trap();
}

#[test]
fn json_in_a_string_configures_it_too() {
    let text = json!({"rules": [{"name": "all", "limits": [{"requests": 1, "window": "1h"}]}]})
        .to_string();
    let gateway = Shared::start(
        Gateway::builder("envoy/rate-limit.yaml")
            .edit(move |tree| configuration::set_json(tree, "rate-limit", &text)),
    );
    assert_eq!(gateway.ask(Request::get("/")).response.status, 200);
    gateway.ask(Request::get("/")).assert_refused("the second", 429, "rate_limit.exceeded");
    gateway.assert_no_trap();
}

/// The shipped config with another configuration of the filter.
fn builder(value: Value) -> Builder {
    Gateway::builder("envoy/rate-limit.yaml")
        .edit(move |tree| configuration::set(tree, "rate-limit", value))
}
