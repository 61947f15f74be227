//! Which tokens are asked about, and of whom.

use super::*;

const OTHER: &str = "https://other.example";

#[test]
fn a_token_goes_to_the_issuer_that_it_names_and_to_no_other() {
    let signed = |claims: Value| token(&claims_with(claims));
    let header = |header: &str| super::signed(header, &claims().to_string());
    let asked_only = json!({"name": "asked", "issuer": ISSUER, "introspection": service()});
    let both =
        json!({"name": "both", "issuer": ISSUER, "jwks": key_set(), "introspection": service()});
    let other = json!({"name": "other", "issuer": OTHER, "jwks": key_set()});
    for (case, providers, token, want) in [
        ("opaque", json!([asked_only, other]), OPAQUE.to_owned(), "wait"),
        ("opaque, and keys too", json!([both]), OPAQUE.to_owned(), "wait"),
        ("a JWT of whoever has no keys", json!([asked_only]), signed(json!({})), "wait"),
        ("of an unknown algorithm", json!([asked_only]), header(r#"{"alg":"ES256K"}"#), "wait"),
        ("a JWT of whoever has keys", json!([both]), signed(json!({})), "allowed"),
        (
            "a forged one of whoever has keys",
            json!([both]),
            format!("{}AA", signed(json!({})).rsplit_once('.').unwrap().0.to_owned() + "."),
            "signature_invalid",
        ),
        ("a JWT of another", json!([asked_only, other]), signed(json!({"iss": OTHER})), "allowed"),
        (
            "a JWT of nobody here",
            json!([asked_only]),
            signed(json!({"iss": OTHER})),
            "issuer_unknown",
        ),
        (
            "a JWT without issuer",
            json!([asked_only]),
            signed(json!({"iss": null})),
            "issuer_unknown",
        ),
        (
            "a JWT without claims",
            json!([asked_only]),
            super::signed(r#"{"alg":"EdDSA"}"#, "x"),
            "token_malformed",
        ),
        (
            "no JWT by its header",
            json!([both]),
            super::signed(r#"{"typ":"JWT"}"#, &claims().to_string()),
            "wait",
        ),
        ("five parts", json!([both]), format!("{}.a.b", signed(json!({}))), "wait"),
        ("nobody is asked", json!([other]), OPAQUE.to_owned(), "token_malformed"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker_of(&host, providers, json!({}));
        assert_eq!(code(&worker, &host, &token), want, "{case}");
        assert_eq!(host.take_calls().len(), usize::from(want == "wait"), "{case}");
    }
}

#[test]
fn a_jwt_that_is_asked_about_is_remembered_as_others_are() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let token = token(&claims());
    let mut asked = told(&worker, &host, &token, &json_answer(active()));
    assert_eq!(asked.ask(&worker, &host), "allowed");
    assert_eq!(code(&worker, &host, &token), "allowed");
    assert!(host.take_calls().is_empty());
}

#[test]
fn a_rule_that_accepts_others_does_not_ask() {
    let host = FakeHost::at(NOW);
    let other = json!({"name": "other", "issuer": OTHER, "jwks": key_set()});
    let rules = json!({"rules": [
        {"match": {"path": {"exact": "/"}}, "require": ["other"]},
    ]});
    let worker = worker_of(&host, json!([provider(json!({})), other]), rules);
    assert_eq!(code(&worker, &host, OPAQUE), "token_malformed");
    assert!(host.take_calls().is_empty());
}

#[test]
fn two_that_are_asked_have_their_tokens_in_places_of_their_own() {
    let host = FakeHost::at(NOW);
    let mut service_of_b = service();
    service_of_b["cluster"] = json!("b");
    let b = json!({
        "name": "b", "issuer": OTHER, "introspection": service_of_b, "sources": [{"header": "x-b"}],
    });
    let worker = worker_of(&host, json!([provider(json!({})), b]), json!({}));
    assert_eq!(code(&worker, &host, OPAQUE), "wait");
    assert_eq!(call(&host).1.cluster, "auth");
    assert_eq!(Asked::at("x-b", OPAQUE).ask(&worker, &host), "wait");
    assert_eq!(call(&host).1.cluster, "b", "each knows what it was told itself");
}
