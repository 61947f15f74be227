//! `mode: shadow`: nothing is served, and what would have been is counted and compared.

use gatehouse_sandbox::Gateway;
use serde_json::json;

use super::origin::{Origin, cached, fresh};
use super::{start, with_rules};
use crate::harness::{configuration, trap};

/// The counters of events that have this label, added up.
fn counted(gateway: &Gateway, event: &str) -> u64 {
    let metrics = gateway.admin("/stats/prometheus");
    let is_meant = |line: &&str| {
        line.contains("filter=\"response_cache\"") && line.contains(&format!("event=\"{event}\""))
    };
    let number = |line: &str| line.rsplit(' ').next().and_then(|text| text.parse::<u64>().ok());
    metrics.lines().filter(is_meant).filter_map(number).sum()
}

#[test]
fn in_shadow_mode_the_origin_answers_everything() {
    let origin = Origin::start();
    // The first two are the same but for what is of the moment, the third is another.
    origin.script("s", vec![fresh().body("same"), fresh().body("same"), fresh().body("another")]);
    let gateway = start(with_rules(origin.address(), json!([{"name": "all"}])).edit(|tree| {
        configuration::shipped(tree, "response-cache")["mode"] = json!("shadow");
    }));
    for (number, body) in [(1, "same"), (2, "same"), (3, "another")] {
        let response = gateway.get("/all/s/a", &[]);
        let got = (response.header_text("x-origin"), response.text());
        assert_eq!(got, (Some(number.to_string()), body.to_owned()));
        assert_eq!(response.header("age"), None, "{number}: nothing tells of it");
        let told = response.header_text("cache-status").unwrap_or_default();
        assert!(!told.contains("; hit"), "{number}: {told}");
        assert_eq!(told.contains("detail=would-hit"), number > 1, "{number}: {told}");
    }
    assert_eq!(origin.asked("s"), 3);
    assert_eq!(counted(&gateway, "shadow_differs"), 1, "the third would have been wrong");
    let log = gateway.access_log_after(3);
    assert!(
        log.iter().all(|line| line["response_cache"]
            .as_str()
            .is_some_and(|text| text.contains("mode=shadow"))),
        "{log:?}"
    );
    trap::assert_none(&gateway);
}

/// A rule of its own, beside others that are enforced.
#[test]
fn a_rule_can_be_in_shadow_mode_by_itself() {
    let origin = Origin::start();
    origin.script("a", vec![fresh()]);
    origin.script("b", vec![fresh()]);
    let rules = json!([
        {"name": "tried", "match": {"path": {"prefix": "/tried"}}, "mode": "shadow"},
        {"name": "rest"},
    ]);
    let gateway = start(with_rules(origin.address(), rules));
    for _ in 0..3 {
        assert_eq!(gateway.get("/tried/a/x", &[]).status, 200);
        assert_eq!(gateway.get("/rest/b/x", &[]).status, 200);
    }
    assert_eq!((origin.asked("a"), origin.asked("b")), (3, 1));
    trap::assert_none(&gateway);
}

/// No condition is added to a request, no collapsing, no answer of the cache's own.
#[test]
fn in_shadow_mode_requests_go_as_they_come() {
    let origin = Origin::start();
    origin.script("s", vec![cached("max-age=0").tag("a").body("0123456789")]);
    let gateway = start(with_rules(origin.address(), json!([{"name": "all"}])).edit(|tree| {
        configuration::shipped(tree, "response-cache")["mode"] = json!("shadow");
    }));
    for (case, fields) in [
        ("a first one", &[][..]),
        ("one that would be a validation", &[]),
        ("one that would be refused", &[("cache-control", "only-if-cached")]),
        ("a range", &[("range", "bytes=0-1")]),
        ("a condition", &[("if-none-match", "\"a\"")]),
    ] {
        assert_eq!(gateway.get("/all/s/a", fields).status, 200, "{case}");
        let seen = origin.seen("s");
        let request = &seen.last().expect("it was asked").request;
        for name in ["if-none-match", "if-modified-since", "range", "cache-control"] {
            let sent = fields.iter().find(|(this, _)| *this == name).map(|(_, value)| *value);
            assert_eq!(request.header(name), sent, "{case}: {name}");
        }
    }
    assert_eq!(origin.asked("s"), 5);
    trap::assert_none(&gateway);
}
