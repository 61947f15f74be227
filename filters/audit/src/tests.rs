//! Responses, with what filters have left.

use super::*;
use gatehouse_filter::{Attribute, Headers, Identity};
use gatehouse_filter_test::{FakeHost, configured};
use serde_json::{Value, json};

/// Sends a request that ends in this response.
fn pass(filter: &Audit, host: &FakeHost, head: &[(&str, &str)]) {
    let asked = [(":method", "GET"), (":path", "/orders/1?token=s3cret"), ("x-request-id", "6a2c")];
    let mut request = Request::new(Headers::from_list(&asked), host);
    let mut state = None;
    let _ = filter.on_request(&mut request, &mut state);
    let mut response = Response::new(Headers::from_list(head), host);
    let decision = filter.on_response(&mut response, &mut state);
    assert_eq!(decision.code, None);
}

fn left(host: &FakeHost, notes: &[(&str, &str)]) {
    for (name, note) in notes {
        host.set(Attribute::FilterState(name), *note);
    }
}

fn alice() -> Identity {
    Identity {
        issuer: Some("https://a".to_owned()),
        subject: Some("alice".to_owned()),
        claims: json!({"secret": "s3cret"}).as_object().unwrap().clone(),
        ..Identity::default()
    }
}

#[test]
fn the_record_has_every_decision_and_who_it_was_and_no_claims() {
    let filter: Audit = configured(r#"{"record": true}"#).unwrap();
    let host = FakeHost::default();
    host.identify(&alice());
    left(
        &host,
        &[
            ("gatehouse.jwt_auth", "jwt_auth.allowed;rule=orders;subject=alice"),
            ("gatehouse.rate_limit", "rate_limit.exceeded;rule=r;mode=shadow"),
            ("gatehouse.other", "other.allowed"),
        ],
    );
    let head = [
        (":status", "200"),
        ("cache-status", "gatehouse; hit; ttl=5"),
        ("ratelimit", "\"orders\";r=29;t=2"),
    ];
    pass(&filter, &host, &head);
    let record = host.attribute_of("gatehouse.record");
    assert_eq!(
        serde_json::from_slice::<Value>(&record.unwrap()).unwrap(),
        json!({
            "method": "GET", "path": "/orders/1", "request_id": "6a2c", "status": 200,
            "identity": {"issuer": "https://a", "subject": "alice"},
            "decisions": {
                "jwt_auth": {"code": "allowed", "rule": "orders", "subject": "alice"},
                "rate_limit": {"code": "exceeded", "rule": "r", "mode": "shadow"},
            },
            "cache_status": "gatehouse; hit; ttl=5",
            "rate_limit": "\"orders\";r=29;t=2",
        })
    );
    assert_eq!(host.take_warnings(), [""; 0]);
}

#[test]
fn each_part_is_a_text_of_its_own_where_tags_are_to_hold_it() {
    let long = "x".repeat(300);
    let note = format!("jwt_auth.expired;rule=orders;subject=eve;why=exp%201%0A{long}");
    for (json, details, status, is_refused) in [
        (r#"{"attributes": true}"#, "jwt_auth.expired", "401", "true"),
        (r#"{"attributes": true}"#, "jwt_auth.expired", "302", "false"),
        (r#"{"attributes": true, "record": true}"#, "via_upstream", "401", "false"),
        (r#"{"attributes": true, "filters": ["rate-limit"]}"#, "jwt_auth.expired", "401", "false"),
    ] {
        let filter: Audit = configured(json).unwrap();
        let host = FakeHost::default();
        host.identify(&alice());
        host.set(Attribute::CodeDetails, details);
        let shadow = "rate_limit.exceeded;mode=shadow";
        left(&host, &[("gatehouse.jwt_auth", &note), ("gatehouse.rate_limit", shadow)]);
        pass(&filter, &host, &[(":status", status)]);
        let text =
            |name: &str| host.attribute_of(name).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(text("gatehouse.refused").as_deref(), Some(is_refused), "{json} {details}");
        let told = filter.config.filters.len() > 1;
        let why = format!("exp 1 {}…", "x".repeat(194));
        for (name, want) in [
            ("gatehouse.rate_limit.code", Some("exceeded")),
            ("gatehouse.rate_limit.mode", Some("shadow")),
            ("gatehouse.rate_limit.rule", None),
            ("gatehouse.jwt_auth.code", told.then_some("expired")),
            ("gatehouse.jwt_auth.rule", told.then_some("orders")),
            ("gatehouse.jwt_auth.why", told.then_some(&*why)),
            // Whom a filter took it from, and who it is, are one.
            ("gatehouse.jwt_auth.subject", None),
            ("gatehouse.identity.subject", Some("alice")),
            ("gatehouse.identity.issuer", Some("https://a")),
            ("gatehouse.identity.consumer", None),
            ("gatehouse.identity.claims", None),
        ] {
            assert_eq!(text(name).as_deref(), want, "{json} {details}: {name}");
        }
        let record = host.attribute_of("gatehouse.record").is_some();
        assert_eq!(record, json.contains("record"), "{json}");
    }
}

#[test]
fn only_the_filters_that_are_named_are_asked_for() {
    let json = r#"{"record": true, "filters": ["jwt-auth", "tenant-check"]}"#;
    let filter: Audit = configured(json).unwrap();
    let host = FakeHost::default();
    left(&host, &[("gatehouse.tenant_check", "tenant_check.known")]);
    let before = host.facts_asked();
    pass(&filter, &host, &[(":status", "200")]);
    assert_eq!(host.facts_asked() - before, 3);
    let record: Value =
        serde_json::from_slice(&host.attribute_of("gatehouse.record").unwrap()).unwrap();
    assert_eq!(record["decisions"], json!({"tenant_check": {"code": "known"}}));
}

#[test]
fn what_a_filter_refused_is_told_so_many_a_minute_and_what_others_did_is_not() {
    let filter: Audit = configured(r#"{"refusals": {"per_minute": 2}}"#).unwrap();
    let host = FakeHost::at(1_800_000_000);
    host.set(Attribute::SourceAddress, "192.0.2.1:5");
    for (details, status, note, want) in [
        ("via_upstream", "404", "", None),
        ("jwt_auth_is_not.ours", "401", "", None),
        ("response_cache.hit", "200", "", None),
        ("rate_limited_by_somebody", "429", "", None),
        (
            "jwt_auth.expired",
            "401",
            "jwt_auth.expired;rule=orders;why=exp%201",
            Some(json!({"refused": "jwt_auth.expired", "status": 401, "rule": "orders",
                "why": "exp 1"})),
        ),
        (
            "rate_limit.exceeded",
            "429",
            "",
            Some(json!({"refused": "rate_limit.exceeded", "status": 429})),
        ),
        ("rate_limit.exceeded", "429", "", None),
    ] {
        host.set(Attribute::CodeDetails, details);
        left(&host, &[("gatehouse.jwt_auth", note)]);
        pass(&filter, &host, &[(":status", status)]);
        let told = host.take_warnings();
        let want: Vec<Value> = want
            .map(|mut want| {
                gatehouse_filter_test::change(
                    &mut want,
                    &json!({"method": "GET", "path": "/orders/1", "request_id": "6a2c",
                        "client": "192.0.2.1:5"}),
                );
                want
            })
            .into_iter()
            .collect();
        let told: Vec<Value> =
            told.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told, want, "{details}");
    }
    host.clock.set_seconds(1_800_000_060);
    host.identify(&alice());
    pass(&filter, &host, &[(":status", "429")]);
    let told = host.take_warnings();
    assert_eq!(told[0], "1 refusals more were not told");
    let who = &serde_json::from_str::<Value>(&told[1]).unwrap()["identity"];
    assert_eq!(*who, json!({"issuer": "https://a", "subject": "alice"}));
}
