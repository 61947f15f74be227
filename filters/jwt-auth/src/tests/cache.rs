//! Tokens that are verified once.

use super::*;
use gatehouse_filter::{Answer, Headers};
use gatehouse_filter_test::{answer as give, prepare, tick};
use std::time::Duration;

/// The token with another signature.
fn forged(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", base64(&[0; 64]))
}

#[test]
fn a_token_is_verified_once_and_recalled_with_all_that_it_said() {
    let filter = filter(json!({}));
    let token = token(&claims());
    for round in 0..3 {
        let outcome = ask_with(&filter, &token);
        assert_eq!(outcome.decision.code.name(), "allowed", "{round}");
        assert_eq!(outcome.values("x-user"), ["alice"], "{round}");
        let identity = outcome.identity().unwrap();
        assert_eq!(identity.subject.as_deref(), Some("alice"));
        assert_eq!(identity.claim("aud"), Some(&json!("gateway")));
        assert_eq!(filter.cache.len(), 1);
    }
    let first = ask_with(&filter, &token).decision.caller.unwrap();
    let second = ask_with(&filter, &token).decision.caller.unwrap();
    assert!(std::rc::Rc::ptr_eq(&first, &second), "nothing is parsed again, nor written");
}

#[test]
fn only_the_very_same_token_is_recalled() {
    let filter = filter(json!({}));
    let good = token(&claims());
    assert_eq!(code_for(&filter, &good), "allowed");
    assert_eq!(code_for(&filter, &forged(&good)), "signature_invalid");
    for (index, _) in good.char_indices() {
        let mut bytes = good.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        if bytes != good.as_bytes() {
            assert_ne!(code_for(&filter, &String::from_utf8(bytes).unwrap()), "allowed", "{index}");
        }
    }
    assert_eq!(filter.cache.len(), 1, "what is refused is not kept");
}

#[test]
fn a_recalled_token_expires_and_is_not_good_before_its_time() {
    let filter = filter(json!({}));
    let host = FakeHost::at(NOW);
    let token = token(&claims_with(json!({"nbf": NOW - 100, "exp": NOW + 10})));
    let authorization = format!("Bearer {token}");
    let code = || ask(&filter, &host, &[("authorization", &authorization)]).decision.code.name();
    assert_eq!(code(), "allowed");
    host.clock.advance(Duration::from_secs(69));
    assert_eq!(code(), "allowed", "within the leeway");
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(code(), "token_expired");
    host.clock.step_back(Duration::from_secs(300));
    assert_eq!(code(), "token_not_yet_valid");
    host.clock.set_seconds(NOW);
    assert_eq!(code(), "allowed");
}

#[test]
fn a_rule_for_other_providers_is_not_passed_by_a_recalled_token() {
    let other = json!({"name": "other", "issuer": "https://other.example", "jwks": key_set()});
    let main = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
    let filter = filter(json!({
        "providers": [main, other],
        "rules": [{"match": {"path": {"prefix": "/other"}}, "require": ["other"]}],
    }));
    let authorization = format!("Bearer {}", token(&claims()));
    let code = |path: &str| {
        let fields = [(":path", path), ("authorization", authorization.as_str())];
        ask(&filter, &FakeHost::at(NOW), &fields).decision.code.name()
    };
    assert_eq!(code("/"), "allowed");
    assert_eq!(code("/other"), "issuer_unknown");
    assert_eq!(code("/"), "allowed");
}

#[test]
fn a_withdrawn_key_takes_the_recalled_tokens_with_it() {
    let host = FakeHost::at(NOW);
    let jwks = json!({"cluster": "auth", "path": "/", "max_age": "10m"});
    let filter = filter(json!({"providers": [{"name": "main", "issuer": ISSUER, "jwks": jwks}]}));
    prepare(&filter, &host);
    let fetch = |set: Value| {
        tick(&filter, &host);
        let calls = host.take_calls();
        let headers = Headers::from_list(&[(":status", "200")]);
        let answer = Answer { headers, body: set.to_string().into_bytes(), ..Answer::default() };
        give(&filter, calls[0].0, &answer, &host);
    };
    let authorization = format!("Bearer {}", token(&claims_with(json!({"exp": NOW + 9000}))));
    let ask = || ask(&filter, &host, &[("authorization", &authorization)]).decision;
    fetch(key_set());
    let first = ask().caller.unwrap();
    host.clock.advance(Duration::from_secs(300));
    fetch(key_set());
    assert!(std::rc::Rc::ptr_eq(&first, &ask().caller.unwrap()), "the same set, fetched again");
    host.clock.advance(Duration::from_secs(300));
    let mut renamed = key_set();
    renamed["keys"][0]["kid"] = json!("new");
    fetch(renamed);
    assert_eq!(ask().code.name(), "key_unknown");
    host.clock.advance(Duration::from_secs(300));
    fetch(key_set());
    assert_eq!(ask().code.name(), "allowed");
    host.clock.advance(Duration::from_secs(600));
    assert_ne!(ask().step, Step::Continue, "the keys are too old");
}

#[test]
fn the_cache_is_bounded_and_keeps_what_is_used() {
    let filter = filter(json!({"cache": {"tokens": 4}}));
    let token_of = |subject: &str| token(&claims_with(json!({"sub": subject})));
    let often = token_of("often");
    let identity = || ask_with(&filter, &often).decision.caller.unwrap();
    let first = identity();
    for stranger in 0..50 {
        assert_eq!(code_for(&filter, &token_of(&stranger.to_string())), "allowed");
        assert!(filter.cache.len() <= 4);
        assert!(std::rc::Rc::ptr_eq(&first, &identity()), "{stranger}");
    }
    let long = token_of(&"x".repeat(4096));
    assert_eq!(code_for(&filter, &long), "allowed");
    assert!(filter.cache.find(long.as_bytes()).is_none(), "a long token is not kept");

    let off = super::filter(json!({"cache": {"tokens": 0}}));
    for _ in 0..2 {
        assert_eq!(code_for(&off, &often), "allowed");
    }
    assert_eq!(off.cache.len(), 0);
}
