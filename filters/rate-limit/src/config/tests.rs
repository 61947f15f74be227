use crate::RateLimit;
use gatehouse_filter_test::configured;

fn faults(json: &str) -> Vec<String> {
    configured::<RateLimit>(json).err().unwrap_or_default()
}

fn rule(json: &str) -> String {
    format!(r#"{{"rules": [{json}]}}"#)
}

#[test]
fn good_configurations_are_read() {
    for json in [
        r#"{"limits": [{"requests": 1, "window": "1s"}]}"#,
        r#"{"name": "a", "match": {"path": {"prefix": "/a"}}, "key": ["client_address", "subject", {"header": "X-Tenant"}, {"claim": "a.b"}], "limits": [{"requests": 1000000000, "window": "30d", "burst": 1000000000}]}"#,
        r#"{"limits": [{"requests": 1, "window": "1s"}, {"name": "per minute!", "requests": 10, "window": "1m"}, {"requests": 1, "window": "1h"}, {"requests": 1, "window": "1d"}]}"#,
    ] {
        assert_eq!(faults(&rule(json)), [""; 0], "{json}");
    }
    let whole = r#"{"mode": "shadow", "on_error": "allow", "keys": 8, "response_fields": "none", "rules": [{"limits": [{"requests": 1, "window": "1s"}]}]}"#;
    assert_eq!(faults(whole), [""; 0]);
}

#[test]
fn bad_configurations_are_refused_with_the_path_and_the_remedy() {
    let ok = r#""limits": [{"requests": 1, "window": "1s"}]"#;
    let top = |member: &str| format!(r#"{{{member}, "rules": [{{{ok}}}]}}"#);
    let limits = |limits: &str| rule(&format!(r#"{{"limits": {limits}}}"#));
    let key = |key: &str| rule(&format!(r#"{{"key": {key}, {ok}}}"#));
    for (json, want) in [
        ("[]".to_owned(), "must be a mapping of fields"),
        ("{}".to_owned(), "rules: is required"),
        (r#"{"rules": []}"#.to_owned(), "rules: must not be empty"),
        (r#"{"rules": {}}"#.to_owned(), "rules: must be a list"),
        (top(r#""mode": "dry""#), "mode: must be one of enforce, shadow"),
        (top(r#""on_error": "open""#), "on_error: must be one of deny, allow"),
        (top(r#""keys": 7"#), "keys: must be from 8 to 1048576"),
        (top(r#""keys": 1048577"#), "keys: must be from 8 to 1048576"),
        (top(r#""response_fields": "x""#), "response_fields: must be one of draft, none"),
        (
            top(r#""response_field": "none""#),
            "response_field: unknown field, did you mean `response_fields`?",
        ),
        (rule("{}"), "rules[0].limits: is required"),
        (
            rule(&format!(r#"{{"keys": ["subject"], {ok}}}"#)),
            "rules[0].keys: unknown field, did you mean `key`?",
        ),
        (limits("[]"), "rules[0].limits: must not be empty"),
        (limits(r#"[{"window": "1s"}]"#), "rules[0].limits[0].requests: is required"),
        (
            limits(r#"[{"requests": 0, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1.5, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": -1, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1000000001, "window": "1s"}]"#),
            "rules[0].limits[0].requests: must be from 1 to 1000000000",
        ),
        (limits(r#"[{"requests": 1}]"#), "rules[0].limits[0].window: is required"),
        (
            limits(r#"[{"requests": 1, "window": 60}]"#),
            "rules[0].limits[0].window: must be a duration with a unit (ms, s, m, h, d), such as 30s",
        ),
        (
            limits(r#"[{"requests": 1, "window": "0s"}]"#),
            "rules[0].limits[0].window: must be whole seconds, from 1s to 30d",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1500ms"}]"#),
            "rules[0].limits[0].window: must be whole seconds, from 1s to 30d",
        ),
        (
            limits(r#"[{"requests": 1, "window": "31d"}]"#),
            "rules[0].limits[0].window: must be whole seconds, from 1s to 30d",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "burst": 0}]"#),
            "rules[0].limits[0].burst: must be from 1 to 1000000000",
        ),
        (
            limits(r#"[{"requests": 1, "window": "30d", "burst": 122}]"#),
            "rules[0].limits[0].burst: must be less: at this rate it takes more than 3650 days to fill",
        ),
        (
            limits(r#"[{"requests": 1, "windw": "1s", "window": "1s"}]"#),
            "rules[0].limits[0].windw: unknown field, did you mean `window`?",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "name": "a\"b"}]"#),
            "rules[0].limits[0].name: must be printable ASCII without \" and \\",
        ),
        (
            limits(r#"[{"requests": 1, "window": "1s", "name": "ä"}]"#),
            "rules[0].limits[0].name: must be printable ASCII without \" and \\",
        ),
        (
            limits(
                r#"[{"requests": 1, "window": "1s", "name": "a"}, {"requests": 1, "window": "2s", "name": "a"}]"#,
            ),
            "rules[0].limits[1].name: must be unique: an earlier limit of the rule has this name",
        ),
        (
            limits(&format!("[{}]", [r#"{"requests": 1, "window": "1s"}"#; 5].join(","))),
            "rules[0].limits: must have at most 4 limits",
        ),
        (key("[]"), "rules[0].key: must not be empty"),
        (
            key(r#"["address"]"#),
            "rules[0].key[0]: must be client_address, subject, {header: name} or {claim: path}",
        ),
        (key("[1]"), "rules[0].key[0]: must be a mapping of fields"),
        (key("[{}]"), "rules[0].key[0]: must have one of header, claim"),
        (key(r#"[{"header": "a", "claim": "b"}]"#), "rules[0].key[0]: must have one of header, claim"),
        (
            key(r#"[{"header": ":path"}]"#),
            "rules[0].key[0].header: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
        ),
        (key(r#"[{"claim": ""}]"#), "rules[0].key[0].claim: must not be empty"),
        (key(r#"[{"headr": "a"}]"#), "rules[0].key[0].headr: unknown field, did you mean `header`?"),
    ] {
        assert_eq!(faults(&json).first().map(String::as_str), Some(want), "{json}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let json = r#"{"keys": 1, "rules": [{"limits": [{"requests": 0}]}, {"limits": []}], "rule": 1}"#;
    assert_eq!(faults(json).len(), 5, "{:?}", faults(json));
    assert_eq!(crate::check(json.as_bytes()).len(), 5);
    assert!(crate::check(rule(r#"{"limits": [{"requests": 1, "window": "1s"}]}"#).as_bytes()).is_empty());
}
