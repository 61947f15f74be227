//! What of an answer counts.

use super::*;
use gatehouse_filter_test::tick;

/// What becomes of a request of whose token the service of this provider says this.
fn code_of(provider: Value, said: &str) -> &'static str {
    let host = FakeHost::at(NOW);
    let worker = worker_of(&host, json!([provider]), json!({}));
    told(&worker, &host, OPAQUE, &json_answer(said)).ask(&worker, &host)
}

#[test]
fn active_is_true_and_nothing_else() {
    for (active, want) in [
        ("true", "allowed"),
        ("false", "token_inactive"),
        ("\"true\"", "introspection_unavailable"),
        ("1", "introspection_unavailable"),
        ("1.0", "introspection_unavailable"),
        ("null", "introspection_unavailable"),
        ("[true]", "introspection_unavailable"),
        ("{}", "introspection_unavailable"),
        ("True", "introspection_unavailable"),
        // Of two, nobody can say which counts.
        ("true, \"active\": true", "introspection_unavailable"),
        ("true, \"active\": false", "introspection_unavailable"),
        ("false, \"active\": true", "introspection_unavailable"),
        ("false, \"\\u0061ctive\": true", "introspection_unavailable"),
        ("false, \"Active\": true", "token_inactive"),
        ("false, \"sub\": \"alice\", \"exp\": \"x\"", "token_inactive"),
    ] {
        let said = format!("{{\"aud\": \"gateway\", \"active\": {active}}}");
        assert_eq!(code_of(provider(json!({})), &said), want, "{active}");
    }
    for (said, want) in [
        (r#"{"aud": "gateway"}"#, "introspection_unavailable"),
        ("{}", "introspection_unavailable"),
        (r#"{"active": true, "aud": "gateway"} {"active": false}"#, "introspection_unavailable"),
        (r#"{"active": true, "aud": ["gateway"], "x": {"active": false}}"#, "allowed"),
        (r#" { "active" : true , "aud" : "gateway" } "#, "allowed"),
        ("\u{feff}{\"active\": true, \"aud\": \"gateway\"}", "allowed"),
    ] {
        assert_eq!(code_of(provider(json!({})), said), want, "{said}");
    }
}

#[test]
fn what_an_active_token_says_is_judged_as_a_jwt_is() {
    for (changes, want) in [
        (json!({}), "allowed"),
        (json!({"aud": ["else", "gateway"]}), "allowed"),
        (json!({"aud": "else"}), "audience_mismatch"),
        (json!({"aud": null}), "audience_mismatch"),
        (json!({"aud": 7}), "claim_invalid"),
        (json!({"iss": ISSUER}), "allowed"),
        (json!({"iss": "https://else.example"}), "issuer_unknown"),
        (json!({"iss": format!("{ISSUER}/")}), "issuer_unknown"),
        (json!({"iss": 7}), "claim_invalid"),
        (json!({"exp": NOW - 59}), "allowed"),
        (json!({"exp": NOW - 60}), "token_expired"),
        (json!({"exp": 0}), "token_expired"),
        (json!({"exp": (NOW + 60).to_string()}), "claim_invalid"),
        (json!({"exp": -1}), "claim_invalid"),
        (json!({"exp": null}), "allowed"),
        (json!({"nbf": NOW + 60}), "allowed"),
        (json!({"nbf": NOW + 61}), "token_not_yet_valid"),
        (json!({"nbf": "now"}), "claim_invalid"),
        // Bound to what nobody checks here.
        (json!({"cnf": {"x5t#S256": "A".repeat(43)}}), "binding_unchecked"),
        (json!({"sub": 7}), "claim_invalid"),
        (json!({"sub": "a\nb"}), "claim_invalid"),
    ] {
        let said = active_with(changes).to_string();
        assert_eq!(code_of(provider(json!({})), &said), want, "{said}");
    }
    for (rules, changes, want) in [
        (json!({"numeric_ids": true}), json!({"sub": 7, "jti": 8}), "allowed"),
        (json!({"numeric_ids": true}), json!({"sub": 7.5}), "claim_invalid"),
        (json!({"require_expiration": true}), json!({}), "allowed"),
        (json!({"require_expiration": true}), json!({"exp": null}), "claim_invalid"),
        (json!({"jwks": key_set()}), json!({"exp": null}), "claim_invalid"),
        (json!({"max_lifetime": "1m"}), json!({}), "lifetime_too_long"),
        (json!({"max_age": "1m"}), json!({}), "claim_invalid"),
        (json!({"max_age": "1m"}), json!({"iat": NOW - 10}), "allowed"),
        (json!({"max_age": "1m"}), json!({"iat": NOW - 1000}), "token_too_old"),
        (json!({"subjects": ["service:*"]}), json!({}), "subject_mismatch"),
        (json!({"subjects": ["service:*"]}), json!({"sub": "service:a"}), "allowed"),
        (json!({"subjects": ["alice"]}), json!({"sub": null}), "subject_mismatch"),
        (
            json!({"required_claims": [{"claim": "token_type", "equals": "Bearer"}]}),
            json!({}),
            "allowed",
        ),
        (
            json!({"required_claims": [{"claim": "token_type", "equals": "Bearer"}]}),
            json!({"token_type": "refresh_token"}),
            "claim_mismatch",
        ),
        (json!({"leeway": "0s"}), json!({"exp": NOW}), "token_expired"),
    ] {
        let said = active_with(changes).to_string();
        assert_eq!(code_of(provider(rules.clone()), &said), want, "{rules} {said}");
    }
}

#[test]
fn the_identity_is_the_one_that_a_jwt_with_the_same_claims_gives() {
    let places = json!({"roles": "realm.roles", "consumer": "client_id", "tier": "plan"});
    let said = active_with(json!({
        "iss": ISSUER, "realm": {"roles": ["a", "b"]}, "groups": "staff", "plan": "gold",
    }));
    let rules = json!({"identity": places, "jwks": key_set()});
    let host = FakeHost::at(NOW);
    let worker = worker_of(&host, json!([provider(rules)]), json!({}));
    let mut opaque = told(&worker, &host, OPAQUE, &json_answer(&said));
    assert_eq!(opaque.ask(&worker, &host), "allowed");
    let mut signed = Asked::with(&token(&said));
    assert_eq!(signed.ask(&worker, &host), "allowed");
    assert!(host.take_calls().is_empty(), "its own keys tell");
    assert_eq!(opaque.identity, signed.identity);
    assert_eq!(opaque.user, signed.user);
    let identity = opaque.identity.unwrap();
    assert_eq!(identity.consumer.as_deref(), Some("app"));
    assert_eq!(
        (identity.roles, identity.tier.as_deref()),
        (vec!["a".into(), "b".into()], Some("gold"))
    );
}

#[test]
fn an_answer_of_an_any_issuer_s_service_is_nobody_else_s_word() {
    let any = json!({"name": "any", "any_issuer": true, "introspection": service()});
    let named = json!({
        "name": "named", "issuer": "https://named.example", "jwks": key_set(),
        "sources": [{"header": "x-named"}],
    });
    for (changes, want, issuer) in [
        (json!({}), "allowed", None),
        (json!({"iss": "https://tenant.example"}), "allowed", Some("https://tenant.example")),
        (json!({"iss": "https://named.example"}), "issuer_unknown", None),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker_of(&host, json!([any, named]), json!({"default": ["any"]}));
        let mut asked = told(&worker, &host, OPAQUE, &json_answer(active_with(changes)));
        assert_eq!(asked.ask(&worker, &host), want);
        assert_eq!(asked.identity.and_then(|identity| identity.issuer).as_deref(), issuer);
    }
}

#[test]
fn a_remembered_answer_is_checked_against_the_clock_each_time() {
    let host = FakeHost::at(NOW);
    let provider = provider(json!({"leeway": "0s"}));
    let worker = worker_of(&host, json!([provider]), json!({}));
    let said = json_answer(active_with(json!({"exp": NOW as f64 + 0.5})));
    assert_eq!(told(&worker, &host, OPAQUE, &said).ask(&worker, &host), "allowed");
    host.clock.advance(Duration::from_millis(500));
    assert_eq!(code(&worker, &host, OPAQUE), "token_expired");
}

#[test]
fn what_was_revoked_is_refused_whatever_its_issuer_says() {
    let host = FakeHost::at(NOW);
    let revocations = json!({"cluster": "lists", "path": "/r"});
    let worker =
        worker_of(&host, json!([provider(json!({}))]), json!({"revocations": revocations}));
    let said = json_answer(active_with(json!({"jti": "stolen"})));
    let mut asked = Asked { until: Until::Fetched, ..told(&worker, &host, OPAQUE, &said) };
    assert_eq!(asked.ask(&worker, &host), "wait", "for the list");
    let list = |entries: Value| json_answer(json!({"revoked": entries}));
    tick(&worker, &host);
    give(&worker, call(&host).0, &list(json!([])), &host);
    assert_eq!(asked.ask(&worker, &host), "allowed");
    host.clock.advance(seconds(10));
    tick(&worker, &host);
    give(&worker, call(&host).0, &list(json!([{"iss": ISSUER, "jti": "stolen"}])), &host);
    assert_eq!(code(&worker, &host, OPAQUE), "token_revoked", "from memory, too");
    assert!(host.take_calls().is_empty());
}

#[test]
fn operators_are_told_why_and_nothing_of_the_token() {
    for (said, want) in [
        (json!({"active": false}), "its issuer says so; provider `main`"),
        (
            active_with(json!({"aud": "x"})),
            "aud is `\"x\"`, wanted one of `gateway`; provider `main`",
        ),
        (active_with(json!({"exp": "x"})), "The claim exp must be a number of seconds since 1970"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        let mut asked = told(&worker, &host, OPAQUE, &json_answer(said));
        asked.ask(&worker, &host);
        assert_eq!(asked.why.as_deref(), Some(want));
    }
}

#[test]
fn all_that_an_issuer_answers_is_handed_on() {
    let said = active().to_string();
    let forwards = json!([{"claim": "", "header": "x-payload"}]);
    let host = FakeHost::at(NOW);
    let worker =
        worker_of(&host, json!([provider(json!({"claims_to_headers": forwards}))]), json!({}));
    let head = [("authorization", format!("Bearer {OPAQUE}"))];
    assert!(matches!(ask(&worker, &host, &head).decision.step, Step::Wait(_)));
    give(&worker, call(&host).0, &json_answer(&said), &host);
    let outcome = ask(&worker, &host, &head);
    // With whose word it is, which the answer does not say.
    let members = said.strip_prefix('{').unwrap();
    let want = format!("{{\"iss\":\"{ISSUER}\",{members}");
    assert_eq!(outcome.values("x-payload"), [base64(want.as_bytes())]);
}
