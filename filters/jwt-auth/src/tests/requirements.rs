//! What a provider wants of its tokens beside a signature.

use super::*;
use std::time::Duration;

/// A filter whose provider has these members besides.
fn filter_with(changes: Value) -> JwtAuth {
    let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
    gatehouse_filter_test::change(&mut provider, &changes);
    filter(json!({"providers": [provider]}))
}

#[test]
fn a_token_is_for_one_audience_of_some_and_for_each_of_others() {
    for (aud, any, all, want) in [
        (json!("a"), json!(["a", "b"]), json!(null), "allowed"),
        (json!("a"), json!(null), json!(["a"]), "allowed"),
        (json!("a"), json!(null), json!(["a", "b"]), "audience_mismatch"),
        (json!(["b", "x", "a"]), json!(null), json!(["a", "b"]), "allowed"),
        (json!(["a", "b"]), json!(["c"]), json!(["a", "b"]), "audience_mismatch"),
        (json!(["a", "b", "c"]), json!(["c"]), json!(["a", "b"]), "allowed"),
        (json!(null), json!(null), json!(["a"]), "audience_mismatch"),
        (json!([]), json!(null), json!(["a"]), "audience_mismatch"),
    ] {
        let filter = filter_with(json!({"audiences": any, "all_audiences": all}));
        assert_eq!(
            code_for(&filter, &token(&claims_with(json!({"aud": aud})))),
            want,
            "{aud} {any} {all}"
        );
    }
}

#[test]
fn a_subject_is_one_of_some_or_begins_like_one() {
    let filter = filter_with(json!({"subjects": ["alice", "service:*"]}));
    for (sub, want) in [
        (json!("alice"), "allowed"),
        (json!("service:"), "allowed"),
        (json!("service:billing"), "allowed"),
        (json!("Alice"), "subject_mismatch"),
        (json!("alice2"), "subject_mismatch"),
        (json!("service"), "subject_mismatch"),
        (json!("service:*"), "allowed"),
        (json!(""), "subject_mismatch"),
        (json!(null), "subject_mismatch"),
    ] {
        assert_eq!(code_for(&filter, &token(&claims_with(json!({"sub": sub})))), want, "{sub}");
    }
}

#[test]
fn a_required_claim_is_there_and_what_it_must_be() {
    let claims = claims_with(json!({
        "tier": "gold", "level": 3, "half": 0.5, "big": 9_007_199_254_740_993_u64,
        "version": "1.5", "verified": true, "nothing": null,
        "roles": ["admin", "user"], "numbers": [1, 2], "empty": [],
        "realm": {"access": {"roles": ["a"]}}, "https://x.example/tier": "silver",
    }));
    let mut claims = claims;
    claims["nothing"] = Value::Null;
    let token = token(&claims);
    for (required, want) in [
        (json!({"claim": "tier"}), true),
        (json!({"claim": "absent"}), false),
        (json!({"claim": "nothing"}), false),
        (json!({"claim": "tier", "equals": "gold"}), true),
        (json!({"claim": "tier", "equals": "Gold"}), false),
        (json!({"claim": "level", "equals": 3}), true),
        (json!({"claim": "level", "equals": 3.0}), true),
        (json!({"claim": "level", "equals": "3"}), false),
        (json!({"claim": "half", "equals": 0.5}), true),
        (json!({"claim": "half", "json": "5e-1"}), true),
        (json!({"claim": "half", "json": "\"0.5\""}), false),
        (json!({"claim": "half", "any_of": [{"json": "0.5"}]}), true),
        (json!({"claim": "version", "json": "\"1.5\""}), true),
        (json!({"claim": "version", "any_of": [{"json": "1.5"}]}), false),
        (json!({"claim": "version", "any_of": [{"json": "\"1.5\""}]}), true),
        (json!({"claim": "big", "json": "9007199254740993"}), true),
        (json!({"claim": "big", "json": "9007199254740992"}), false),
        (json!({"claim": "verified", "equals": true}), true),
        (json!({"claim": "verified", "equals": "true"}), false),
        (json!({"claim": "roles", "equals": ["admin", "user"]}), true),
        (json!({"claim": "roles", "equals": "admin"}), false),
        (json!({"claim": "numbers", "equals": [1.0, 2.0]}), true),
        (json!({"claim": "roles", "any_of": ["root", "admin"]}), true),
        (json!({"claim": "roles", "any_of": ["root"]}), false),
        (json!({"claim": "empty", "any_of": ["root"]}), false),
        (json!({"claim": "tier", "any_of": ["silver", "gold"]}), true),
        (json!({"claim": "numbers", "any_of": [2.0]}), true),
        (json!({"claim": "tier", "type": "text"}), true),
        (json!({"claim": "level", "type": "text"}), false),
        (json!({"claim": "level", "type": "number"}), true),
        (json!({"claim": "verified", "type": "boolean"}), true),
        (json!({"claim": "roles", "type": "list"}), true),
        (json!({"claim": "realm", "type": "mapping"}), true),
        (json!({"claim": "realm", "type": "list"}), false),
        (json!({"claim": "realm.access.roles", "any_of": ["a"]}), true),
        (json!({"claim": "realm.access.groups", "any_of": ["a"]}), false),
        (json!({"claim": "https://x.example/tier", "equals": "silver"}), true),
    ] {
        let code = code_for(&filter_with(json!({"required_claims": [required]})), &token);
        assert_eq!(code, if want { "allowed" } else { "claim_mismatch" }, "{required}");
    }
    let both = json!({"required_claims": [{"claim": "tier"}, {"claim": "absent"}]});
    assert_eq!(code_for(&filter_with(both), &token), "claim_mismatch", "each is required");
}

#[test]
fn a_token_is_used_for_no_longer_than_its_provider_allows() {
    let filter = filter_with(json!({"max_age": "10m", "leeway": "10s"}));
    let no_iat = token(&claims_with(json!({"iat": null})));
    assert_eq!(code_for(&filter, &no_iat), "claim_invalid");
    // Whose age cannot be told.
    for (iat, want) in [(NOW + 10, "allowed"), (NOW + 11, "token_not_yet_valid")] {
        let early = token(&claims_with(json!({"iat": iat})));
        assert_eq!(code_for(&filter, &early), want, "{iat}");
    }
    let host = FakeHost::at(NOW);
    let authorization =
        format!("Bearer {}", token(&claims_with(json!({"iat": NOW, "exp": NOW + 9000}))));
    let code = || ask(&filter, &host, &[("authorization", &authorization)]).decision.code.name();
    assert_eq!(code(), "allowed");
    host.clock.advance(Duration::from_secs(609));
    assert_eq!(code(), "allowed", "remembered, and within the leeway");
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(code(), "token_too_old", "remembered, and too old");
}

#[test]
fn a_token_may_not_be_good_for_too_long_from_now_on() {
    let filter =
        filter_with(json!({"max_lifetime": "1h", "leeway": "10s", "require_expiration": false}));
    for (exp, want) in [
        (json!(NOW + 3600), "allowed"),
        (json!(NOW + 3610), "allowed"),
        (json!(NOW + 3611), "lifetime_too_long"),
        // Milliseconds.
        (json!((NOW + 3600) * 1000), "lifetime_too_long"),
        (json!(NOW - 11), "token_expired"),
        (Value::Null, "claim_invalid"),
    ] {
        assert_eq!(code_for(&filter, &token(&claims_with(json!({"exp": exp})))), want, "{exp}");
    }
}

#[test]
fn what_is_wrong_with_a_requirement_is_told_where_it_is() {
    for (changes, want) in [
        (json!({"all_audiences": []}), "all_audiences: must not be empty"),
        (
            json!({"subjects": ["a*b"]}),
            "subjects[0]: must be a subject, or the beginning of one with `*` at its end",
        ),
        (
            json!({"subjects": ["a**"]}),
            "subjects[0]: must be a subject, or the beginning of one with `*` at its end",
        ),
        (json!({"max_age": "0s"}), "max_age: must be longer than zero"),
        (json!({"max_lifetime": "0s"}), "max_lifetime: must be longer than zero"),
        (json!({"required_claims": [{"equals": "a"}]}), "required_claims[0].claim: is required"),
        (
            json!({"required_claims": [{"claim": "a", "equals": "a", "type": "text"}]}),
            "required_claims[0]: must have only one of equals, json, any_of, type, prefix, suffix, \
             regex and, in a rule, capture, header, query, host",
        ),
        (
            json!({"required_claims": [{"claim": "a", "equals": "1.5"}]}),
            "required_claims[0].equals: `1.5` may be a number or a text: Envoy makes texts of \
             1.5, 1e3 and whole numbers beyond 2^53. Instead of `equals`, write `json: '1.5'` for \
             the number or `json: '\"1.5\"'` for the text",
        ),
        (
            json!({"required_claims": [{"claim": "a", "equals": {"b": ["1e3"]}}]}),
            "required_claims[0].equals: `1e3` may be a number or a text: Envoy makes texts of \
             1.5, 1e3 and whole numbers beyond 2^53. Instead of `equals`, write `json: '1e3'` for \
             the number or `json: '\"1e3\"'` for the text",
        ),
        (
            json!({"required_claims": [{"claim": "a", "any_of": ["9007199254740993"]}]}),
            "required_claims[0].any_of[0]: `9007199254740993` may be a number or a text: Envoy \
             makes texts of 1.5, 1e3 and whole numbers beyond 2^53. Write a mapping, `json: \
             '9007199254740993'` for the number or `json: '\"9007199254740993\"'` for the text",
        ),
        (
            json!({"required_claims": [{"claim": "a", "any_of": [["a"]]}]}),
            "required_claims[0].any_of[0]: must be text, a number, a boolean, {json: text}, or what \
             a text is compared with, such as {prefix: text}",
        ),
        (
            json!({"required_claims": [{"claim": "a", "type": "string"}]}),
            "required_claims[0].type: must be one of text, number, boolean, list, mapping",
        ),
    ] {
        let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
        gatehouse_filter_test::change(&mut provider, &changes);
        let faults = configured::<JwtAuth>(&json!({"providers": [provider]}).to_string());
        assert_eq!(faults.err().unwrap(), [format!("providers[0].{want}")]);
    }
}
