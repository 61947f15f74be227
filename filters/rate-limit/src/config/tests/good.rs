//! Configurations that are read.

use super::{faults, rule};

#[test]
fn good_configurations_are_read() {
    for json in [
        r#"{"limits": [{"requests": 1, "window": "1s"}]}"#,
        r#"{"name": "a", "match": {"path": {"prefix": "/a"}}, "key": ["client_address", "subject",
            {"header": "X-Tenant"}, {"claim": "a.b"}], "limits": [{"requests": 1000000000,
            "window": "30d", "burst": 1000000000}]}"#,
        r#"{"key": [{"client_address": {"ipv4_prefix": 24}}, {"query": "q"}, {"cookie": "session"},
            "path", "method", "route", "consumer", "tier", "issuer"], "absent": "skip",
            "mode": "shadow", "cost": 2, "limits": [{"requests": 2, "window": "1s"}]}"#,
        r#"{"match": {"path": {"template": "/users/{id}"}}, "key": [{"capture": "id"}],
            "cost": {"header": "x-cost", "most": 10}, "limits": [{"requests": 1, "per": "month",
            "offset": "-09:30"}]}"#,
        r#"{"cost": {"response_header": "x-cost", "default": 0, "most": 10},
            "limits": [{"requests": {"tier": {"gold": 0}, "default": 0}, "window": "1s"}]}"#,
        r#"{"limits": [{"requests": {"claim": "a.b", "most": 10, "default": 1}, "window": "1m",
            "burst": {"tier": {"gold": 9}, "default": 1}}]}"#,
        r#"{"limits": [{"requests": 1, "window": "1s", "algorithm": "token_bucket", "burst": 3},
            {"requests": {"tier": {"gold": 0}, "default": 7}, "window": "30d",
            "algorithm": "sliding_window"}]}"#,
        r#"{"cost": 20, "limits": [{"requests": 20, "window": "1s",
            "algorithm": "sliding_window"}], "counting": {"mode": "local"}}"#,
        r#"{"in_flight": 10}"#,
        r#"{"key": [], "in_flight": {"tier": {"gold": 100}, "default": 0},
            "limits": [{"requests": 1, "window": "1s"}]}"#,
        r#"{"limits": [{"requests": 1, "window": "1s"}, {"name": "per minute!", "requests": 10,
            "window": "1m"}, {"requests": 1, "window": "1h"}, {"requests": 1, "window": "1d"}]}"#,
    ] {
        assert_eq!(faults(&rule(json)), [""; 0], "{json}");
    }
    let whole = r#"{"mode": "shadow", "on_error": "allow", "keys": 8, "response_fields": "none",
        "apply": "all", "status": 503, "rules": [{"limits": [{"requests": 1, "window": "1s"}]}]}"#;
    assert_eq!(faults(whole), [""; 0]);
    let told = r#"{"status": 503, "retry_after": false, "refusal": {"title": "Quota",
        "detail": "${detail}"}, "rules": [{"key": [], "limits": [{"requests": {"consumer": {"a": 1},
        "default": 1}, "window": "1s", "burst": {"header": "x-quota", "most": 9, "default": 1}}]},
        {"key": ["host"], "limits": [{"requests": 1, "window": "1s"}]}]}"#;
    assert_eq!(faults(told), [""; 0]);
    let forms = r#"{"response_fields": ["draft", "draft-03", "x-ratelimit"],
        "rules": [{"limits": [{"requests": 1, "window": "1s"}]}]}"#;
    assert_eq!(faults(forms), [""; 0]);
}
