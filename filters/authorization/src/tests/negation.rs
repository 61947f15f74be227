use super::*;

fn of(identity: Identity) -> FakeHost {
    let host = FakeHost::default();
    host.set(Attribute::SourceAddress, "10.0.0.7:1");
    host.identify(&identity);
    host
}

#[test]
fn whoever_is_under_not_is_not_meant() {
    let claims = json!({"account": {"state": "suspended"}, "teams": ["a", "b"]});
    let alice = of(Identity {
        subject: Some("alice".to_owned()),
        tier: Some("free".to_owned()),
        roles: vec!["user".to_owned()],
        claims: claims.as_object().unwrap().clone(),
        ..Identity::default()
    });
    let (nobody, unknown) = (FakeHost::default(), FakeHost::default());
    nobody.set(Attribute::SourceAddress, "192.0.2.7:1");
    unknown.set(Attribute::SourceAddress, "/run/client.sock");
    for (case, host, not, want) in [
        ("another subject", &alice, json!({"subjects": ["bob"]}), Some(true)),
        ("herself", &alice, json!({"subjects": ["alice"]}), Some(false)),
        ("one by a pattern", &alice, json!({"subjects": [{"regex": "^a"}]}), Some(false)),
        ("her tier", &alice, json!({"tiers": ["free"]}), Some(false)),
        ("a role", &alice, json!({"roles": {"any": ["admin"]}}), Some(true)),
        ("one of two parts", &alice, json!({"subjects": ["alice"], "tiers": ["gold"]}), Some(true)),
        ("both parts", &alice, json!({"subjects": ["alice"], "tiers": ["free"]}), Some(false)),
        ("one of two", &alice, json!([{"subjects": ["bob"]}, {"tiers": ["free"]}]), Some(false)),
        ("none of two", &alice, json!([{"subjects": ["bob"]}, {"tiers": ["gold"]}]), Some(true)),
        (
            "a value of a claim",
            &alice,
            json!({"claims": [{"path": "account.state", "any": ["suspended"]}]}),
            Some(false),
        ),
        (
            "another value",
            &alice,
            json!({"claims": [{"path": "account.state", "any": ["closed"]}]}),
            Some(true),
        ),
        (
            "a claim that is not there",
            &alice,
            json!({"claims": [{"path": "none", "any": ["closed"]}]}),
            Some(true),
        ),
        (
            "one of a list",
            &alice,
            json!({"claims": [{"path": "teams", "any": ["b"]}]}),
            Some(false),
        ),
        ("her network", &alice, json!({"sources": ["10.0.0.0/8"]}), Some(false)),
        ("another network", &nobody, json!({"sources": ["10.0.0.0/8"]}), Some(true)),
        ("no address", &unknown, json!({"sources": ["10.0.0.0/8"]}), None),
        // Who is not known is not somebody else.
        ("nobody", &nobody, json!({"subjects": ["alice"]}), None),
        ("nobody of a claim", &nobody, json!({"claims": [{"path": "a", "present": true}]}), None),
        (
            "nobody, from another network",
            &nobody,
            json!({"subjects": ["alice"], "sources": ["10.0.0.0/8"]}),
            Some(true),
        ),
    ] {
        let rule = |action| json!({"action": action, "principals": [{"not": not}]});
        let allows = get(&filter(json!([rule("allow")])), host, "/").decision.code == Code::Allowed;
        let rules = json!([rule("deny"), {"action": "allow"}]);
        let denies = get(&filter(rules), host, "/").decision.code != Code::Allowed;
        // What cannot be told never allows, and denies.
        assert_eq!(allows, want == Some(true), "{case}, allow");
        assert_eq!(denies, want != Some(false), "{case}, deny");
    }
}

#[test]
fn who_might_be_meant_with_an_identity_is_asked_for_one() {
    let filter = filter(json!([
        {"action": "allow", "principals": [{"not": {"tiers": ["free"]}}]},
    ]));
    let outcome = get(&filter, &FakeHost::default(), "/");
    assert_eq!(outcome.decision.code, Code::Unauthenticated);
    let free = of(Identity { tier: Some("free".to_owned()), ..Identity::default() });
    let outcome = get(&filter, &free, "/");
    assert_eq!(outcome.decision.code, Code::NoRule);
    let why = outcome.decision.why.unwrap();
    assert!(why.contains("not: tiers, and there is `free`"), "{why}");
}
