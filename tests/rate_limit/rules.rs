//! Keys of all parts, several rules for a request, costs, and the forms in which clients are told.

use std::sync::LazyLock;

use gatehouse_sandbox::raw::{Request, Response};
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Shared, http2, trap};

/// A rule for what is under `/<name>`, one request in 30 days.
fn one(name: &str, key: Value) -> Value {
    json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "key": key,
        "limits": [{"requests": 1, "window": "30d"}]})
}

/// Each case has its rule, so that they do not count together.
static PARTS: LazyLock<Shared> = LazyLock::new(|| {
    let mut captured = one("user", json!([{"capture": "id"}]));
    captured["match"]["path"] = json!({"template": "/user/{id}"});
    let mut skipped = one("skipped", json!([{"header": "x-tenant"}]));
    skipped["absent"] = json!("skip");
    Shared::kept(builder(json!({"rules": [
        captured,
        skipped,
        one("query", json!([{"query": "tenant"}])),
        one("cookie", json!([{"cookie": "session"}])),
        one("path", json!(["path"])),
        one("method", json!(["method"])),
        one("route", json!(["route"])),
        one("network", json!([{"client_address": {"ipv4_prefix": 8, "ipv6_prefix": 48}}])),
        one("hostile", json!([{"query": "k"}, {"header": "x-k"}])),
        one("forwarded", json!(["client_address"])),
    ]})))
});

#[test]
fn each_part_of_a_key_tells_requests_apart() {
    let get = |target: &str| Request::get(target);
    for (case, request, status) in [
        ("a tenant in the query", get("/query?tenant=a"), 200),
        ("the same", get("/query?x=1&tenant=a"), 429),
        ("the same in disguise", get("/query?%74enant=%61"), 429),
        ("another", get("/query?tenant=b"), 200),
        ("two of them", get("/query?tenant=a&tenant=b"), 200),
        ("none", get("/query"), 200),
        ("again none", get("/query?tenan=a"), 429),
        ("a cookie", get("/cookie").header("cookie", "theme=dark; session=1"), 200),
        ("the same", get("/cookie").header("cookie", "session=1"), 429),
        ("another", get("/cookie").header("cookie", "session=2"), 200),
        ("what the path captures", get("/user/alice"), 200),
        ("the same", get("/user/alice?a=1"), 429),
        ("the same in disguise", get("/user/%61lice"), 429),
        ("another", get("/user/bob"), 200),
        ("a path", get("/path/a"), 200),
        ("the same", get("/path/a?b=c"), 429),
        ("another", get("/path/b"), 200),
        ("a method", get("/method"), 200),
        ("the same", get("/method"), 429),
        ("another", Request::new("DELETE", "/method"), 200),
        ("a route", get("/route"), 200),
        ("the same", get("/route/other"), 429),
        ("a network", get("/network"), 200),
        ("the same", get("/network"), 429),
        ("a part that the rule needs", get("/skipped").header("x-tenant", "a"), 200),
        ("the same", get("/skipped").header("x-tenant", "a"), 429),
        ("a request without it", get("/skipped"), 200),
        ("a request without it is not limited here", get("/skipped"), 200),
    ] {
        let got = PARTS.send(request).status;
        assert_eq!(got, status, "{case}");
    }
    PARTS.assert_no_trap();
}

#[test]
fn hostile_keys_are_keys_like_any_other() {
    let long = "a".repeat(60 * 1024);
    let longer = "a".repeat(60 * 1024 + 1);
    let query = |value: &str| Request::get(format!("/hostile?k={value}"));
    let header = |value: &[u8]| Request::get("/hostile").header("x-k", value);
    for (case, request) in [
        ("nothing", Request::get("/hostile")),
        ("an empty parameter", query("")),
        ("NUL", query("%00")),
        ("NUL twice", query("%00%00")),
        ("a letter", query("a")),
        ("a letter and NUL", query("a%00")),
        ("bytes that are no UTF-8", query("%ff%fe")),
        ("the character that stands for them elsewhere", query("%EF%BF%BD")),
        ("60 KiB", query(&long)),
        ("60 KiB and a byte", query(&longer)),
        ("an empty header", header(b"")),
        ("a letter in the header", header(b"a")),
        ("bytes that are no UTF-8 in the header", header(b"\xff\xfe")),
        ("60 KiB in the header", header(long.as_bytes())),
        ("60 KiB and a byte in the header", header(longer.as_bytes())),
    ] {
        let statuses = [(); 2].map(|()| PARTS.send(request.clone()).status);
        assert_eq!(statuses, [200, 429], "{case}");
    }
    PARTS.assert_no_trap();
}

#[test]
fn a_client_cannot_say_that_it_is_somebody_else() {
    assert_eq!(PARTS.send(Request::get("/forwarded")).status, 200);
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-for", "203.0.113.9, 198.51.100.7"),
        ("x-forwarded-for", "2001:db8::1"),
        ("x-forwarded-for", "nonsense"),
        ("x-forwarded-for", ""),
        ("x-real-ip", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("x-envoy-external-address", "203.0.113.9"),
        ("true-client-ip", "203.0.113.9"),
    ] {
        let request = Request::get("/forwarded").header(name, value);
        assert_eq!(PARTS.send(request).status, 429, "{name}: {value}");
    }
    let twice = Request::get("/forwarded")
        .header("x-forwarded-for", "1.1.1.1")
        .header("X-Forwarded-For", "2.2.2.2");
    assert_eq!(PARTS.send(twice).status, 429);
    PARTS.assert_no_trap();
}

fn text(response: &Response, name: &str) -> String {
    response.header_text(name).unwrap_or_default()
}

#[test]
fn with_apply_all_every_rule_counts_and_a_rule_in_shadow_mode_only_looks_on() {
    let gateway = Shared::start(builder(json!({"apply": "all", "status": 503, "rules": [
        {"name": "tenant", "key": [{"header": "x-tenant"}], "limits": [{"requests": 2, "window": "30d"}]},
        {"name": "trial", "mode": "shadow", "limits": [{"requests": 1, "window": "30d"}]},
        {"name": "everybody", "key": ["client_address"], "limits": [{"requests": 3, "window": "30d"}]},
    ]})));
    for (case, tenant, status, logged) in [
        ("the first", "a", 200, "rate_limit.allowed;rule=tenant"),
        (
            "over the limit of the rule in shadow mode",
            "a",
            200,
            "rate_limit.shadow_exceeded;rule=trial",
        ),
        ("over the tenant's", "a", 503, "rate_limit.exceeded;rule=tenant"),
        (
            "another tenant: what was refused spent nothing",
            "b",
            200,
            "rate_limit.shadow_exceeded;rule=trial",
        ),
        ("over everybody's", "b", 503, "rate_limit.exceeded;rule=everybody"),
    ] {
        let exchange = gateway.ask(Request::get("/").header("x-tenant", tenant));
        assert_eq!(
            (exchange.response.status, exchange.logged("rate_limit")),
            (status, logged),
            "{case}"
        );
        let policies = "\"tenant\";q=2;w=2592000, \"everybody\";q=3;w=2592000";
        assert_eq!(text(&exchange.response, "ratelimit-policy"), policies, "{case}");
        if status == 503 {
            exchange.assert_refused(case, 503, "rate_limit.exceeded");
        }
    }
    let metrics = gateway.gateway().admin("/stats/prometheus");
    for (rule, mode, event, count) in [
        ("tenant", "enforce", "allowed", 3),
        ("tenant", "enforce", "exceeded", 1),
        ("trial", "shadow", "allowed", 1),
        ("trial", "shadow", "exceeded", 4),
        ("everybody", "enforce", "allowed", 3),
        ("everybody", "enforce", "exceeded", 1),
    ] {
        let labels = [("rule", rule), ("mode", mode), ("event", event), ("filter", "rate_limit")];
        let line = metrics.lines().find(|line| {
            line.starts_with("gatehouse_rule_events_total{")
                && labels.iter().all(|(name, value)| line.contains(&format!("{name}=\"{value}\"")))
        });
        let line = line.unwrap_or_else(|| panic!("no {event} of {rule}: {metrics}"));
        assert!(line.ends_with(&format!("}} {count}")), "{line}");
    }
    gateway.assert_no_trap();
}

#[test]
fn live_clients_that_lose_their_slots_are_counted() {
    let rules = json!([
        {"name": "all", "key": [{"query": "k"}], "limits": [{"requests": 1, "window": "30d"}]},
    ]);
    let gateway = Shared::start(builder(json!({"keys": 8, "rules": rules})));
    for client in 0..20 {
        assert_eq!(gateway.send(Request::get(format!("/?k={client}"))).status, 200);
    }
    let metrics = gateway.gateway().admin("/stats/prometheus");
    let line =
        metrics.lines().find(|line| line.contains("event=\"evicted_live\"")).expect("a counter");
    assert!(line.starts_with("gatehouse_events_total{") && line.ends_with("} 12"), "{line}");
    gateway.assert_no_trap();
}

#[test]
fn a_request_costs_what_its_header_or_the_response_says() {
    let rule = |name: &str, cost: Value| {
        json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "cost": cost,
            "limits": [{"requests": 10, "window": "30d"}]})
    };
    let gateway = Shared::start(builder(json!({"rules": [
        rule("fixed", json!(5)),
        rule("request", json!({"header": "x-cost", "most": 10})),
        rule("response", json!({"response_header": "x-cost", "most": 50})),
    ]})));
    let costing = |cost: &str| Request::get("/request").header("x-cost", cost);
    let spending = |cost: u32| Request::get(format!("/response?header=x-cost:{cost}"));
    for (case, request, status, left) in [
        ("half", Request::get("/fixed"), 200, 5),
        ("the other half", Request::get("/fixed"), 200, 0),
        ("too much", Request::get("/fixed"), 429, 0),
        ("seven of ten", costing("7"), 200, 3),
        ("four of three", costing("4"), 429, 3),
        ("what cannot be read costs most", costing("one"), 429, 3),
        ("three of three", costing("3"), 200, 0),
        ("a response that costs nine", spending(9), 200, 1),
        ("more than is left", spending(9), 200, 0),
        ("owing", spending(0), 429, 0),
    ] {
        let response = gateway.send(request);
        assert_eq!(response.status, status, "{case}: {}", response.text());
        let told = text(&response, "ratelimit");
        assert!(told.contains(&format!(";r={left};")), "{case}: {told}");
    }
    gateway.assert_no_trap();
}

#[test]
fn a_quota_of_the_calendar_ends_with_its_month() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "monthly", "limits": [{"requests": 2, "per": "month", "offset": "+01:00"}]},
    ]})));
    for (left, status) in [(1, 200), (0, 200), (0, 429)] {
        let response = gateway.send(Request::get("/"));
        assert_eq!(response.status, status);
        let number = |text: String, before: &str| -> u64 {
            text.split(before)
                .nth(1)
                .and_then(|rest| rest.parse().ok())
                .unwrap_or_else(|| panic!("{text}"))
        };
        let month = number(text(&response, "ratelimit-policy"), "\"monthly\";q=2;w=");
        assert!([28, 29, 30, 31].map(|days| days * 86_400).contains(&month), "{month}");
        let reset = number(text(&response, "ratelimit"), &format!("\"monthly\";r={left};t="));
        assert!((1..=month).contains(&reset), "{reset}");
        if status == 429 {
            assert_eq!(text(&response, "retry-after"), reset.to_string());
        }
    }
    gateway.assert_no_trap();
}

#[test]
fn clients_are_told_in_the_forms_that_they_know() {
    let with = |forms: Value| {
        Shared::start(builder(json!({"response_fields": forms, "rules": [
            {"name": "all", "limits": [{"requests": 2, "window": "1h"}, {"requests": 20, "window": "30d"}]},
        ]})))
    };
    let legacy = with(json!(["draft-03", "x-ratelimit"]));
    for (left, status) in [("1", 200), ("0", 200), ("0", 429)] {
        // The upstream has one of these of its own: a client that gets two numbers knows nothing.
        let response = legacy.send(Request::get("/?header=x-ratelimit-limit:7"));
        assert_eq!(response.status, status);
        let field = |name| text(&response, name);
        assert_eq!(field("ratelimit-limit"), "2, 2;w=3600, 20;w=2592000");
        assert_eq!(
            (field("ratelimit-remaining"), field("x-ratelimit-remaining")),
            (left.into(), left.into())
        );
        assert_eq!(response.header_all("x-ratelimit-limit"), [b"2"]);
        assert_eq!(field("ratelimit-reset"), field("x-ratelimit-reset"));
        assert!((1..=3600).contains(&field("x-ratelimit-reset").parse::<u32>().expect("seconds")));
        assert_eq!(response.header("ratelimit"), None);
    }
    legacy.assert_no_trap();
    let all = with(json!(["draft", "draft-03", "x-ratelimit"]));
    let response = all.send(Request::get("/"));
    for name in ["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit"] {
        assert!(response.header(name).is_some(), "{name}");
    }
    all.assert_no_trap();
}

#[test]
fn a_grpc_client_is_told_the_same_whatever_the_status() {
    let gateway = builder(json!({"status": 503, "rules": [
        {"name": "all", "limits": [{"requests": 1, "window": "30d"}]},
    ]}));
    let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
    let call = || {
        let request = http2::get("/orders.Orders/List")
            .method("POST")
            .header("content-type", "application/grpc");
        http2::send(gateway.address(), request.body(()).expect("a request"))
    };
    assert_eq!(call().trailer("grpc-status"), None, "the echo knows no gRPC");
    let refused = call();
    assert_eq!(
        refused.trailer("grpc-status").as_deref(),
        Some("8"),
        "RESOURCE_EXHAUSTED: {refused:?}"
    );
    assert!(refused.trailer("retry-after").is_some(), "{refused:?}");
    trap::assert_none(&gateway);
}

/// Browsers send preflights without the header: they spend nothing of those who lack it.
#[test]
fn a_preflight_spends_no_limit_that_is_shared_by_whoever_lacks_a_part() {
    let gateway = Shared::start(builder(json!({"rules": [{
        "name": "tenants", "key": [{"header": "authorization"}], "absent": "share",
        "limits": [{"requests": 3, "window": "1h"}],
    }]})));
    let preflight = || {
        Request::new("OPTIONS", "/orders")
            .header("origin", "https://a.example")
            .header("access-control-request-method", "GET")
    };
    for number in 0..20 {
        assert_ne!(gateway.send(preflight()).status, 429, "{number}");
    }
    let statuses: Vec<u16> = (0..4).map(|_| gateway.send(Request::get("/orders")).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    gateway.assert_no_trap();
}

/// Hosts are told apart as rules tell them apart, and a key without parts tells nothing apart.
#[test]
fn a_host_has_a_limit_and_so_have_all_together() {
    let mut all = one("all", json!([]));
    all["limits"][0]["requests"] = json!(2);
    let gateway = Shared::start(builder(json!({"rules": [one("host", json!(["host"])), all]})));
    let host = |name: &str| Request::get("/host").header("host", name);
    let all = |tenant: &str| Request::get("/all").header("x-tenant", tenant).header("host", tenant);
    for (case, request, status) in [
        ("a host", host("a.example"), 200),
        ("the same", host("a.example"), 429),
        ("the same with a port", host("a.example:8080"), 429),
        ("the same in capitals", host("A.Example"), 429),
        ("the same with its dot", host("a.example."), 429),
        ("the same with dot and port", host("A.EXAMPLE.:80"), 429),
        ("another", host("b.example"), 200),
        ("an address", host("[2001:db8::1]:80"), 200),
        ("the same address", host("[2001:DB8::1]"), 429),
        ("one of all", all("a"), 200),
        ("another of all", all("b"), 200),
        ("one too many of all", all("c"), 429),
    ] {
        let response = gateway.send(request);
        assert_eq!(response.status, status, "{case}: {}", response.text());
    }
    gateway.assert_no_trap();
}

#[test]
fn a_header_says_how_much_within_its_bound() {
    let limit =
        json!([{"requests": {"header": "x-quota", "most": 3, "default": 1}, "per": "month"}]);
    let rule = json!({"name": "quota", "key": [{"header": "x-client"}], "limits": limit});
    let gateway = Shared::start(builder(json!({"rules": [rule]})));
    for (client, quotas, passes) in [
        ("two", &["2"][..], 2),
        ("none", &["0"], 0),
        ("more-than-most", &["99999999999999999999"], 3),
        ("nothing", &[], 1),
        ("no-number", &["1e3"], 1),
        ("negative", &["-1"], 1),
        ("twice", &["2", "2"], 1),
    ] {
        let request = || {
            let request = Request::get("/").header("x-client", client);
            quotas.iter().fold(request, |request, quota| request.header("x-quota", *quota))
        };
        let passed = (0..5).filter(|_| gateway.send(request()).status == 200).count();
        assert_eq!(passed, passes, "{client}");
    }
    gateway.assert_no_trap();
}

#[test]
fn when_to_come_back_is_told_to_nobody_where_it_is_hidden() {
    let mut rule = one("once", json!([]));
    rule["match"] = json!({"methods": ["GET"]});
    let gateway = Shared::start(builder(json!({"retry_after": false, "response_fields": "none",
        "rules": [rule]})));
    assert_eq!(gateway.send(Request::get("/")).status, 200);
    let refused = gateway.ask(Request::get("/"));
    refused.assert_refused("the second", 429, "rate_limit.exceeded");
    assert_eq!(refused.response.header("retry-after"), None);
    let detail = "the policy \"once\" allows 1 request per 2592000 s";
    assert_eq!(refused.response.json()["detail"], detail);
    gateway.assert_no_trap();
}
