//! `sub` and `jti` that are numbers.

use super::*;
use gatehouse_filter::{Answer, Headers};
use gatehouse_filter_test::{answer as give, prepare, tick};

/// A filter whose provider takes numbers, with these members besides.
fn filter_with(changes: Value) -> JwtAuth {
    let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
        "numeric_ids": true, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]});
    gatehouse_filter_test::change(&mut provider, &changes);
    filter(json!({"providers": [provider]}))
}

/// A token with these members, as they are written here.
fn token_of(members: &str) -> String {
    let payload = format!(r#"{{"iss":"{ISSUER}","exp":{},{members}}}"#, NOW + 600);
    signed(r#"{"alg":"EdDSA","kid":"main"}"#, &payload)
}

#[test]
fn a_whole_number_is_the_text_that_it_is_written_as_and_no_other_number_is_any() {
    let filter = filter_with(json!({}));
    for (number, want) in [
        ("1001", Some("1001")),
        ("0", Some("0")),
        ("-7", Some("-7")),
        // Beyond 2^53 and 2^64, where a float is another.
        ("9007199254740993", Some("9007199254740993")),
        ("18446744073709551616", Some("18446744073709551616")),
        ("123456789012345678901234567890", Some("123456789012345678901234567890")),
        ("\"alice\"", Some("alice")),
        ("\"1001\"", Some("1001")),
        ("-0", None),
        ("1.0", None),
        ("1e3", None),
        ("1E3", None),
        ("1.5", None),
        ("true", None),
        ("[1]", None),
        ("{}", None),
    ] {
        let outcome = ask_with(&filter, &token_of(&format!("\"sub\":{number}")));
        let identity = outcome.identity();
        let subject = identity.as_ref().and_then(|identity| identity.subject.as_deref());
        assert_eq!(subject, want, "{number}");
        let user: Vec<&str> = want.into_iter().collect();
        assert_eq!(outcome.values("x-user"), user, "{number}");
        let code = if want.is_some() { "allowed" } else { "claim_invalid" };
        assert_eq!(outcome.decision.code.name(), code, "{number}");
        let outcome = ask_with(&filter, &token_of(&format!("\"jti\":{number}")));
        assert_eq!(outcome.decision.code.name(), code, "jti {number}");
    }
    // `null` is no number and no text.
    assert_eq!(code_for(&filter, &token_of("\"sub\":null")), "claim_invalid");
}

#[test]
fn without_the_option_a_number_is_refused_and_other_providers_do_not_matter() {
    let provider = |name: &str, issuer: &str, takes: bool| {
        json!({
            "name": name, "issuer": issuer, "jwks": key_set(), "numeric_ids": takes,
        })
    };
    let other = "https://other.example";
    let filter = filter(json!({
        "providers": [provider("main", ISSUER, false), provider("other", other, true)],
    }));
    for (issuer, changes, want) in [
        (ISSUER, json!({"sub": 1001}), "claim_invalid"),
        (ISSUER, json!({"jti": 1001}), "claim_invalid"),
        (other, json!({"sub": 1001, "jti": 7}), "allowed"),
        ("https://unknown.example", json!({"sub": 1001}), "issuer_unknown"),
    ] {
        let mut claims = claims_with(json!({"iss": issuer}));
        gatehouse_filter_test::change(&mut claims, &changes);
        assert_eq!(code_for(&filter, &token(&claims)), want, "{issuer} {changes}");
    }
}

#[test]
fn a_number_is_known_wherever_a_text_is() {
    let number = token_of("\"sub\":1001");
    for (changes, want) in [
        (json!({"subjects": ["1001"]}), "allowed"),
        (json!({"subjects": ["10*"]}), "allowed"),
        (json!({"subjects": ["1002"]}), "subject_mismatch"),
    ] {
        assert_eq!(code_for(&filter_with(changes.clone()), &number), want, "{changes}");
    }
    let consumer = filter_with(json!({"identity": {"consumer": "sub"}}));
    let identity = ask_with(&consumer, &number).identity().unwrap();
    assert_eq!(identity.consumer.as_deref(), Some("1001"));
    // Nowhere else is a number a text.
    let consumer = filter_with(json!({"identity": {"consumer": "client"}}));
    let identity = ask_with(&consumer, &token_of("\"client\":7")).identity().unwrap();
    assert_eq!(identity.consumer, None);
}

#[test]
fn a_number_is_found_on_the_list_of_what_was_revoked_digit_by_digit() {
    for (entry, members, want) in [
        (json!({"iss": ISSUER, "jti": "7"}), "\"jti\":7", "token_revoked"),
        (json!({"iss": ISSUER, "jti": "7"}), "\"jti\":70", "allowed"),
        (
            json!({"iss": ISSUER, "jti": "123456789012345678901234567890"}),
            "\"jti\":123456789012345678901234567890",
            "token_revoked",
        ),
        (
            json!({"iss": ISSUER, "jti": "123456789012345678901234567890"}),
            "\"jti\":123456789012345678901234567891",
            "allowed",
        ),
        (json!({"iss": ISSUER, "sub": "1001", "before": NOW + 1}), "\"sub\":1001", "token_revoked"),
        (json!({"iss": ISSUER, "sub": "1001", "before": NOW + 1}), "\"sub\":1002", "allowed"),
    ] {
        let provider =
            json!({"name": "main", "issuer": ISSUER, "jwks": key_set(), "numeric_ids": true});
        let filter = filter(json!({"providers": [provider],
            "revocations": {"cluster": "auth", "path": "/revoked"}}));
        let host = FakeHost::at(NOW);
        prepare(&filter, &host);
        tick(&filter, &host);
        let (call, _) = host.take_calls().swap_remove(0);
        let list = Answer {
            headers: Headers::from_list(&[(":status", "200")]),
            body: json!({"revoked": [entry]}).to_string().into_bytes(),
            ..Answer::default()
        };
        give(&filter, call, &list, &host);
        let authorization = format!("Bearer {}", token_of(members));
        for round in 0..2 {
            let outcome = ask(&filter, &host, &[("authorization", &authorization)]);
            assert_eq!(outcome.decision.code.name(), want, "{entry} {members} {round}");
        }
    }
}
