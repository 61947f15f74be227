//! `mode: shadow`: nothing is served, and what would have been is counted and compared.

use gatehouse_sandbox::Gateway;
use serde_json::json;

use super::origin::{Origin, cached, fresh};
use super::{SHARED, Shared, start, with_rules};
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
    requests_go_as_they_come(&gateway, &origin);
    trap::assert_none(&gateway);
}

/// A rule of its own, beside others that are enforced.
#[test]
fn a_rule_can_be_in_shadow_mode_by_itself() {
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("tried1", vec![fresh()]);
    origin.script("tried2", vec![fresh()]);
    for _ in 0..3 {
        assert_eq!(gateway.get("/tried/tried1/x", &[]).status, 200);
        assert_eq!(gateway.get("/all/tried2/x", &[]).status, 200);
    }
    assert_eq!((origin.asked("tried1"), origin.asked("tried2")), (3, 1));
    trap::assert_none(gateway);
}

/// No condition is added to a request, no collapsing, no answer of the cache's own.
fn requests_go_as_they_come(gateway: &Gateway, origin: &Origin) {
    origin.script("t", vec![cached("max-age=0").tag("a").body("0123456789")]);
    for (case, fields) in [
        ("a first one", &[][..]),
        ("one that would be a validation", &[]),
        ("one that would be refused", &[("cache-control", "only-if-cached")]),
        ("a range", &[("range", "bytes=0-1")]),
        ("a condition", &[("if-none-match", "\"a\"")]),
    ] {
        assert_eq!(gateway.get("/all/t/a", fields).status, 200, "{case}");
        let seen = origin.seen("t");
        let request = &seen.last().expect("it was asked").request;
        for name in ["if-none-match", "if-modified-since", "range", "cache-control"] {
            let sent = fields.iter().find(|(this, _)| *this == name).map(|(_, value)| *value);
            assert_eq!(request.header(name), sent, "{case}: {name}");
        }
    }
    assert_eq!(origin.asked("t"), 5);
}
