//! What the upstream gets, whatever the client sends.

use super::*;

#[test]
fn the_consumer_header_comes_from_here_or_from_nobody() {
    let filter = filter(json!({
        "consumer_header": "X-Consumer",
        "rules": [
            {"match": {"headers": [{"name": "x-consumer", "present": true}]}, "require": "none"},
            {"match": {"path": {"prefix": "/open"}}, "require": "none"},
            {"match": {"path": {"prefix": "/maybe"}}, "require": "optional"},
        ],
    }));
    for (path, key, want) in [
        ("/", Some("acme-new"), &["acme"][..]),
        ("/open", None, &[]),
        ("/open", Some("acme-new"), &[]),
        ("/maybe", None, &[]),
        ("/maybe", Some("initech-1"), &["initech"]),
    ] {
        let mut fields = vec![(":path", path), ("x-consumer", "root"), ("x-consumer", "admin")];
        fields.extend([("x_consumer", "root"), ("x_consumer", "admin")]);
        fields.extend(key.map(|key| ("x-api-key", key)));
        let outcome = decide(&filter, &fields);
        assert_eq!(outcome.status(), None, "{path} {key:?}");
        assert_eq!(outcome.values("x-consumer"), want, "{path} {key:?}");
        assert_eq!(outcome.values("x_consumer"), [""; 0], "{path} {key:?}");
    }
    // A rule cannot be chosen by the field that this filter writes.
    assert_eq!(code(&filter, &[("x-consumer", "root")]), "key_missing");
}

#[test]
fn without_a_consumer_header_the_field_is_like_any_other() {
    let outcome = decide(&filter(json!({})), &[("x-api-key", "acme-new"), ("x-consumer", "mine")]);
    assert_eq!(outcome.values("x-consumer"), ["mine"]);
}

#[test]
fn no_key_reaches_the_upstream_even_where_none_is_asked_for() {
    let sources = json!([{"header": "x-api-key"}, {"query": "api_key"}, {"cookie": "key"}]);
    let open = json!({"sources": sources, "default": "none"});
    let fields = [
        ("x-api-key", "a"),
        ("x-api-key", "b"),
        (":path", "/?api_key=c&x=1"),
        ("cookie", "key=d; s=1"),
    ];
    let outcome = decide(&filter(open), &fields);
    assert_eq!(outcome.status(), None);
    assert_eq!(outcome.values("x-api-key"), [""; 0]);
    assert_eq!(outcome.values(":path"), ["/?x=1"]);
    assert_eq!(outcome.values("cookie"), ["s=1"]);

    let forward = json!({"sources": sources, "default": "none", "forward": true});
    let outcome = decide(&filter(forward), &fields);
    assert!(outcome.headers.edits().is_empty());
}

#[test]
fn a_request_that_cannot_be_written_without_its_key_is_refused() {
    let filter = filter(json!({"sources": [{"query": "api_key"}, {"cookie": "key"}]}));
    for fields in [
        [(":path", "/?api_key=acme-new&x=\0"), ("x-a", "")],
        [(":path", "/"), ("cookie", "key=acme-new; a=\x01")],
    ] {
        let outcome = decide(&filter, &fields);
        assert_eq!(
            (outcome.decision.code.name(), outcome.status()),
            ("request_malformed", Some(400))
        );
    }
}

#[test]
fn an_untouched_request_costs_no_edits() {
    let filter = filter(json!({"default": "optional", "consumer_header": "x-consumer"}));
    assert!(decide(&filter, &[("cookie", "a=1")]).headers.edits().is_empty());
}

#[test]
fn a_path_or_host_in_disguise_finds_no_rule_that_asks_for_less() {
    let filter = filter(json!({"rules": [
        {"match": {"path": {"prefix": "/public"}}, "require": "none"},
        {"match": {"hosts": ["*.example"]}, "require": "optional"},
    ]}));
    for (path, host, want) in [
        ("/public/a", "a.example", "not_required"),
        ("/public/..;/orders", "a.example", "target_ambiguous"),
        ("/public/%252e%252e/orders", "a.example", "target_ambiguous"),
        ("/orders", "a.example", "anonymous"),
        ("/orders", "a.example,b.example", "target_ambiguous"),
    ] {
        let outcome = decide(&filter, &[(":path", path), (":authority", host), ("x-api-key", "")]);
        let key_left = outcome.values("x-api-key");
        assert!(key_left.is_empty(), "{path}: {key_left:?}");
        if want == "anonymous" {
            assert_eq!(code(&filter, &[(":path", path), (":authority", host)]), want);
        } else {
            assert_eq!(outcome.decision.code.name(), want, "{path} at {host}");
        }
        assert_eq!(outcome.status() == Some(400), want == "target_ambiguous", "{path} at {host}");
    }
}

#[test]
fn a_field_that_an_upstream_may_take_for_the_key_s_does_not_reach_it() {
    for (forward, path) in [(false, "/"), (true, "/"), (false, "/open"), (true, "/open")] {
        let filter = filter(json!({"forward": forward, "rules": [
            {"match": {"path": {"prefix": "/open"}}, "require": "none"},
        ]}));
        let mut fields = vec![(":path", path), ("x-api-key", "acme-new")];
        fields.extend(["x_api_key", "x.api-key", "x--api-key"].map(|name| (name, "initech-1")));
        let outcome = decide(&filter, &fields);
        assert_eq!(outcome.status(), None);
        for name in ["x_api_key", "x.api-key", "x--api-key"] {
            assert_eq!(outcome.values(name), [""; 0], "{name} {forward} {path}");
        }
        assert_eq!(outcome.values("x-api-key").len(), usize::from(forward));
    }
}

#[test]
fn the_consumer_is_not_written_where_an_upstream_may_look_for_the_key() {
    for name in ["x-api-key", "x_api_key", "x.api.key"] {
        let configuration =
            json!({"consumers": consumers(), "hmac_secret": SECRET, "consumer_header": name});
        let faults = configured::<ApiKeyAuth>(&configuration.to_string()).err().unwrap();
        assert!(faults[0].starts_with("consumer_header: must not be a field"), "{faults:?}");
    }
}
