//! What operators are told of a refusal, and clients are not.

use super::*;
use gatehouse_filter::Filter as _;
use gatehouse_filter::Mode;

/// A filter with several things to want, of one provider and another.
fn strict(more: Value) -> JwtAuth {
    let mut other = json!({"name": "other", "issuer": "https://other.example", "jwks": key_set()});
    other["jwks"]["keys"][0]["kid"] = json!("theirs");
    let mut configuration = json!({
        "providers": [
            {"name": "main", "issuer": ISSUER, "audiences": ["gateway", "portal"], "jwks": key_set(),
             "subjects": ["alice", "bob"], "required_claims": [{"claim": "plan.tier",
             "equals": "gold"}],
             "max_age": "1h", "max_lifetime": "2h"},
            other,
        ],
        "rules": [{"name": "mine", "match": {"path": {"prefix": "/"}}, "require": ["main"]}],
    });
    gatehouse_filter_test::change(&mut configuration, &more);
    configured(&configuration.to_string()).unwrap()
}

fn good() -> Value {
    claims_with(json!({"plan": {"tier": "gold"}}))
}

fn good_with(changes: Value) -> Value {
    let mut claims = good();
    gatehouse_filter_test::change(&mut claims, &changes);
    claims
}

#[test]
fn operators_are_told_what_was_seen_and_what_was_wanted_and_clients_are_not() {
    let long = "x".repeat(500);
    let of = |changes: Value| token(&good_with(changes));
    let headed = |header: &str| signed(header, &good().to_string());
    for (token, code, want) in [
        (
            of(json!({"exp": NOW - 100})),
            "token_expired",
            format!("exp {} was 100 s ago, leeway 60 s; provider `main`", NOW - 100),
        ),
        (
            of(json!({"nbf": NOW + 100})),
            "token_not_yet_valid",
            format!("nbf {} is in 100 s, leeway 60 s; provider `main`", NOW + 100),
        ),
        (
            of(json!({"iat": NOW + 100})),
            "token_not_yet_valid",
            format!("iat {} is in 100 s, leeway 60 s; provider `main`", NOW + 100),
        ),
        (
            of(json!({"iat": NOW - 4000})),
            "token_too_old",
            format!(
                "iat {} was 4000 s ago, max_age 3600 s, leeway 60 s; provider `main`",
                NOW - 4000
            ),
        ),
        (
            of(json!({"exp": NOW + 9000})),
            "lifetime_too_long",
            format!(
                "exp {} is in 9000 s, max_lifetime 7200 s, leeway 60 s; provider `main`",
                NOW + 9000
            ),
        ),
        (
            headed(r#"{"alg":"EdDSA","kid":"gone\u001b[2J"}"#),
            "key_unknown",
            "kid `gone [2J`, and the keys are main; provider `main`".to_owned(),
        ),
        (
            headed(r#"{"alg":"RS256","kid":"main"}"#),
            "algorithm_not_allowed",
            "alg RS256, kid `main`; provider `main`".to_owned(),
        ),
        (
            headed(r#"{"alg":"none"}"#),
            "algorithm_not_allowed",
            "alg `none` is not known".to_owned(),
        ),
        (
            of(json!({"aud": ["shop", long]})),
            "audience_mismatch",
            format!(
                "aud is `[\"shop\",\"{}…`, wanted one of `gateway`, `portal`; provider `main`",
                &long[..55]
            ),
        ),
        (
            of(json!({"aud": null})),
            "audience_mismatch",
            "aud is missing, wanted one of `gateway`, `portal`; provider `main`".to_owned(),
        ),
        (
            of(json!({"iss": "https://else.example\n"})),
            "issuer_unknown",
            "iss `https://else.example `; tokens of `main` will do".to_owned(),
        ),
        (of(json!({"iss": null})), "issuer_unknown", "no iss; tokens of `main` will do".to_owned()),
        (
            of(json!({"iss": "https://other.example"})),
            "issuer_unknown",
            "iss `https://other.example` is of the provider `other`, whose tokens are not taken \
             by this rule, or not from this place; tokens of `main` will do"
                .to_owned(),
        ),
        (
            of(json!({"sub": "mallory"})),
            "subject_mismatch",
            "sub is `mallory`; provider `main`".to_owned(),
        ),
        (
            of(json!({"plan": {"tier": "free"}})),
            "claim_mismatch",
            "`plan.tier` is `\"free\"`; provider `main`".to_owned(),
        ),
        (
            of(json!({"plan": null})),
            "claim_mismatch",
            "`plan.tier` is missing; provider `main`".to_owned(),
        ),
        (of(json!({"sub": 7})), "claim_invalid", "The claim sub must be text".to_owned()),
        (
            of(json!({"exp": null})),
            "claim_invalid",
            "The claim exp is required; provider `main`".to_owned(),
        ),
        ("opaque-token".to_owned(), "token_malformed", "12 bytes with 0 dots".to_owned()),
        ("a".repeat(20_000), "token_too_large", "20000 bytes, and 16384 are the most".to_owned()),
    ] {
        // In a dry run as well: it is there to be read.
        for mode in [Mode::Enforce, Mode::Shadow] {
            let filter = strict(json!({"mode": mode.name()}));
            assert_eq!(filter.mode(), mode);
            let outcome = ask_with(&filter, &token);
            assert_eq!(outcome.decision.code.name(), code, "{want}");
            assert_eq!(outcome.decision.why.as_deref(), Some(&*want), "{code}");
            if let Some(problem) = outcome.problem() {
                let told = format!("{problem:?}");
                assert!(!told.contains("main") && !told.contains(&NOW.to_string()[..6]), "{told}");
            }
        }
    }
}

#[test]
fn neither_tokens_nor_signatures_are_told() {
    let good = token(&good());
    let (text, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{text}.{}", base64(&[1; 64]));
    for sent in [forged, format!("{text}."), format!("{good}.{signature}"), good.replace('.', "~")]
    {
        let outcome = ask_with(&strict(json!({})), &sent);
        let why = outcome.decision.why.unwrap();
        for part in sent.split(['.', '~']).filter(|part| part.len() > 8) {
            assert!(!why.contains(&part[..8]), "{why}");
        }
    }
}

#[test]
fn a_token_that_was_good_is_told_like_any_other_when_it_has_expired() {
    let filter = strict(json!({}));
    let host = FakeHost::at(NOW);
    let authorization = format!("Bearer {}", token(&good()));
    let ask = || ask(&filter, &host, &[("authorization", &authorization)]).decision;
    assert_eq!((ask().code, ask().why), (Code::Allowed, None));
    host.clock.set_seconds(NOW + 700);
    let why = format!("exp {} was 100 s ago, leeway 60 s; provider `main`", NOW + 600);
    assert_eq!((ask().code, ask().why), (Code::TokenExpired, Some(why)));
}

#[test]
fn a_token_that_is_ignored_is_told_with_its_fault() {
    let filter = strict(json!({"rules": null, "default": {"lenient": ["main"]}}));
    let outcome = ask_with(&filter, &token(&good_with(json!({"sub": "eve"}))));
    assert_eq!(outcome.decision.code, Code::TokenIgnored);
    let want = "subject_mismatch: sub is `eve`; provider `main`";
    assert_eq!(outcome.decision.why.as_deref(), Some(want));
    let outcome = ask_with(&strict(json!({})), "");
    assert_eq!((outcome.decision.code, outcome.decision.why), (Code::TokenMissing, None));
}
