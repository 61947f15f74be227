//! What kinds of token are taken, and how long they may be.

use super::*;

/// A filter whose provider has these members besides.
fn filter_with(provider: Value) -> JwtAuth {
    let mut all = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
    gatehouse_filter_test::change(&mut all, &provider);
    filter(json!({"providers": [all]}))
}

/// A good token that says in its header that it is of this type, as raw JSON.
fn of_type(typ: Option<&str>) -> String {
    let typ = typ.map_or_else(String::new, |typ| format!(r#","typ":{typ}"#));
    signed(&format!(r#"{{"alg":"EdDSA","kid":"main"{typ}}}"#), &claims().to_string())
}

#[test]
fn what_says_that_it_is_no_access_token_is_none_and_types_say_what_is_one() {
    let usual = filter_with(json!({}));
    let access = filter_with(json!({"types": ["at+jwt"]}));
    let either = filter_with(json!({"types": ["application/at+JWT", "JWT"]}));
    let logout = filter_with(json!({"types": ["logout+jwt"]}));
    let (good, bad) = ("allowed", "type_not_allowed");
    for (typ, want) in [
        (None, [good, bad, bad, bad]),
        (Some(r#""JWT""#), [good, bad, good, bad]),
        (Some(r#""jwt""#), [good, bad, good, bad]),
        (Some(r#""at+jwt""#), [good, good, good, bad]),
        (Some(r#""application/at+jwt""#), [good, good, good, bad]),
        (Some(r#""APPLICATION/AT+JWT""#), [good, good, good, bad]),
        (Some(r#""\u0061t+jwt""#), [good, good, good, bad]),
        (Some(r#""logout+jwt""#), [bad, bad, bad, good]),
        (Some(r#""dpop+jwt""#), [bad; 4]),
        (Some(r#""secevent+jwt""#), [bad; 4]),
        (Some(r#""application/dpop+JWT""#), [bad; 4]),
        (Some(r#""at+jwt ""#), [good, bad, bad, bad]),
        (Some(r#""""#), [good, bad, bad, bad]),
        (Some("1"), ["token_malformed"; 4]),
        (Some(r#"["at+jwt"]"#), ["token_malformed"; 4]),
        (Some("null"), ["token_malformed"; 4]),
    ] {
        let token = of_type(typ);
        let codes = [&usual, &access, &either, &logout].map(|filter| code_for(filter, &token));
        assert_eq!(codes, want, "{typ:?}");
    }
}

#[test]
fn a_token_of_events_is_none_whatever_its_type() {
    let backchannel = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let filter = filter_with(json!({"types": ["at+jwt", "JWT"]}));
    for (events, want) in [
        (backchannel, "type_not_allowed"),
        (json!({}), "type_not_allowed"),
        // A claim of the issuer's own, which happens to have that name.
        (json!(["concert"]), "allowed"),
        (json!("concert"), "allowed"),
        (Value::Null, "allowed"),
    ] {
        let claims = claims_with(json!({"events": events}));
        let token = signed(r#"{"alg":"EdDSA","kid":"main","typ":"at+jwt"}"#, &claims.to_string());
        assert_eq!(code_for(&filter, &token), want, "{events}");
    }
}

#[test]
fn a_type_that_is_not_taken_is_told_to_operators() {
    for (filter, token, want) in [
        (
            filter_with(json!({})),
            of_type(Some(r#""dpop+jwt""#)),
            "typ `dpop+jwt`, which is no access token's; provider `main`",
        ),
        (
            filter_with(json!({"types": ["at+jwt", "jwt"]})),
            of_type(None),
            "no typ, wanted one of `at+jwt`, `jwt`; provider `main`",
        ),
    ] {
        let outcome = ask_with(&filter, &token);
        assert_eq!(outcome.decision.why.as_deref(), Some(want));
    }
}

#[test]
fn a_token_may_be_as_long_as_its_provider_says_or_the_filter_does() {
    let long = |length: usize| {
        let empty = token(&claims_with(json!({"a": ""}))).len();
        // Three bytes of a claim are four of a token; the rest comes by trying.
        let about = (length - empty) * 3 / 4;
        let of = |more: usize| token(&claims_with(json!({"a": "a".repeat(about + more)})));
        (0..4).map(of).rfind(|token| token.len() <= length).unwrap()
    };
    let other = || {
        json!({"name": "other", "issuer": "https://other.example", "jwks": key_set(),
            "max_token_size": "32KiB"})
    };
    for (more, length, want) in [
        (json!({}), 16 * 1024, "allowed"),
        (json!({}), 16 * 1024 + 8, "token_too_large"),
        (json!({"max_token_size": "1KiB"}), 1024, "allowed"),
        (json!({"max_token_size": "1KiB"}), 1032, "token_too_large"),
        (json!({"max_token_size": "64KiB"}), 60_000, "allowed"),
        // Another provider's may be longer, and this one's may not.
        (json!({"max_token_size": "1KiB", "more": [other()]}), 1024, "allowed"),
        (json!({"max_token_size": "1KiB", "more": [other()]}), 1032, "token_too_large"),
        (json!({"max_token_size": "1KiB", "more": [other()]}), 40_000, "token_too_large"),
    ] {
        let mut changes = more.clone();
        let others = changes.as_object_mut().unwrap().remove("more");
        if let Some(others) = others {
            let mut providers = vec![json!({"name": "main", "issuer": ISSUER, "jwks": key_set()})];
            providers.extend(others.as_array().unwrap().clone());
            changes["providers"] = json!(providers);
        }
        assert_eq!(code_for(&filter(changes), &long(length)), want, "{more} {length}");
    }
    let own = filter_with(json!({"max_token_size": "2KiB"}));
    assert_eq!(code_for(&own, &long(2048)), "allowed");
    let outcome = ask_with(&own, &long(2056));
    assert_eq!(outcome.decision.code.name(), "token_too_large");
    let why = outcome.decision.why.unwrap();
    assert!(why.contains("bytes, and 2048 are the most"), "{why}");
}
