use super::*;
use crate::RuleEvent;

#[test]
fn a_rule_in_shadow_tells_whom_it_would_deny_and_decides_nothing() {
    let filter = filter(json!([
        {"name": "banned", "action": "deny", "match": {"path": {"prefix": "/banned"}}},
        {"name": "first", "action": "deny", "mode": "shadow", "match": {"methods": ["GET"], "path": {"prefix": "/a"}}},
        {"name": "second", "action": "deny", "mode": "shadow", "principals": [{"subjects": ["mallory"]}]},
        {"name": "open", "action": "allow", "match": {"paths": [{"prefix": "/a"}, {"prefix": "/b"}]}},
    ]));
    let (bob, mallory) = (known("bob", &[]), known("mallory", &[]));
    for (case, host, path, code, rule, why, counted) in [
        ("first", &bob, "/a", Code::ShadowDenied, Some("first"), Some("allowed by `open`"), [1, 0]),
        (
            "both",
            &mallory,
            "/a",
            Code::ShadowDenied,
            Some("first"),
            Some("allowed by `open`"),
            [1, 1],
        ),
        (
            "second",
            &mallory,
            "/b",
            Code::ShadowDenied,
            Some("second"),
            Some("allowed by `open`"),
            [0, 1],
        ),
        ("neither", &bob, "/b", Code::Allowed, Some("open"), None, [0, 0]),
        ("denied before it", &mallory, "/banned", Code::Denied, Some("banned"), None, [0, 0]),
        ("refused after it", &mallory, "/c", Code::NoRule, None, None, [0, 1]),
    ] {
        let before = [0, 1].map(|rule| host.counted_of_rule(rule, RuleEvent::WouldDeny));
        let outcome = ask(&filter, host, &[(":method", "GET"), (":path", path)]);
        assert_eq!(outcome.decision.code, code, "{case}");
        assert_eq!(outcome.decision.rule.as_deref(), rule, "{case}");
        assert_eq!(
            outcome.status().is_some(),
            matches!(code, Code::Denied | Code::NoRule),
            "{case}"
        );
        if code != Code::NoRule {
            assert_eq!(outcome.decision.why.as_deref(), why, "{case}");
        }
        let after = [0, 1].map(|rule| host.counted_of_rule(rule, RuleEvent::WouldDeny));
        assert_eq!([after[0] - before[0], after[1] - before[1]], counted, "{case}");
    }
    let counted: Vec<String> =
        filter.counted_rules().iter().map(|rule| rule.name.to_string()).collect();
    assert_eq!(counted, ["first", "second"]);
}

#[test]
fn a_default_that_allows_is_told_of_as_well() {
    let rules = json!([{"name": "dry", "action": "deny", "mode": "shadow"}, {"action": "deny", "match": {"methods": ["PUT"]}}]);
    let json = json!({"rules": rules, "default": "allow"}).to_string();
    let filter = configured::<Authorization>(&json).unwrap();
    let outcome = get(&filter, &FakeHost::default(), "/");
    assert_eq!(outcome.decision.code, Code::ShadowDenied);
    assert_eq!(outcome.decision.why.as_deref(), Some("default_allowed"));
    assert_eq!(outcome.status(), None);
}

#[test]
fn a_rule_in_shadow_takes_nothing_from_those_behind_it() {
    let shadow = json!({"name": "dry", "action": "deny", "mode": "shadow"});
    assert!(
        configured::<Authorization>(&json!({"rules": [shadow, {"action": "allow"}]}).to_string())
            .is_ok()
    );
}
