//! `jwt-auth` with keys that it fetches, on `envoy/jwt-auth-remote.yaml`.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::json;

use crate::harness::hostile::{self, Honest};
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key, bearer, claims};
use crate::harness::{received, start, trap, until};

#[test]
fn hostile_bytes_do_not_trap_it() {
    let gateway = start(Gateway::builder(CONFIG));
    let authorization = bearer(&token::good("alice"));
    let honest =
        Honest { path: "/orders", headers: &[("authorization", &authorization)], refused: &[] };
    hostile::survive(&gateway, &honest);
}

#[test]
fn the_keys_of_the_demo_service_are_fetched_and_the_first_request_waits_for_them() {
    let gateway = start(Gateway::builder(CONFIG));
    let response = ask(&gateway, &token::good("alice"));
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(received(&response, "x-user"), ["alice"]);
    assert_eq!(ask(&gateway, &token::flipped(&token::good("alice"))).status, 401);
    trap::assert_none(&gateway);
}

#[test]
fn a_bad_provider_gives_503_and_a_good_one_after_it_is_found() {
    for (case, bad) in [
        ("garbage", Behaviour::Answer("<html>".to_owned())),
        ("10 MB", Behaviour::Answer(" ".repeat(10_000_000))),
        ("silent", Behaviour::Silent),
        ("hangs up", Behaviour::HangUp),
    ] {
        let provider = IdentityProvider::start(bad);
        let gateway = start(builder(&provider));
        let response = ask(&gateway, &KEYS[0].sign(&claims("alice")));
        assert_eq!(response.status, 503, "{case}: {}", response.text());
        assert!(
            response.text().contains("jwt_auth.keys_unavailable"),
            "{case}: {}",
            response.text()
        );
        provider.behave(Behaviour::Answer(key_set(&[&KEYS[0]])));
        until(case, || ask(&gateway, &KEYS[0].sign(&claims("alice"))).status == 200);
        // And what was good stays, whatever comes next.
        provider.behave(Behaviour::Answer("garbage".to_owned()));
        thread::sleep(Duration::from_millis(2500));
        assert_eq!(ask(&gateway, &KEYS[0].sign(&claims("alice"))).status, 200, "{case}");
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_key_that_is_new_is_looked_for_and_a_storm_of_others_costs_one_fetch_a_second() {
    let provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&KEYS[0]])));
    let gateway = start(builder(&provider));
    assert_eq!(ask(&gateway, &KEYS[0].sign(&claims("alice"))).status, 200);
    provider.behave(Behaviour::Answer(key_set(&[&KEYS[0], &KEYS[1]])));
    thread::sleep(Duration::from_millis(1100));
    assert_eq!(ask(&gateway, &KEYS[1].sign(&claims("alice"))).status, 200, "at the first try");
    assert_eq!(ask(&gateway, &KEYS[0].sign(&claims("alice"))).status, 200);

    let (before, began) = (provider.requests(), Instant::now());
    let storm =
        token::unsigned(&json!({"alg": KEYS[0].algorithm, "kid": "storm"}), &claims("alice"));
    while began.elapsed() < Duration::from_secs(4) {
        assert_eq!(ask(&gateway, &storm).status, 401);
    }
    let fetches = provider.requests() - before;
    assert!((2..=5).contains(&fetches), "{fetches} fetches in 4 s");
    assert_eq!(ask(&gateway, &KEYS[1].sign(&claims("alice"))).status, 200);
    trap::assert_none(&gateway);
}

const CONFIG: &str = "envoy/jwt-auth-remote.yaml";

/// Public keys that an Envoy verifies with.
static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let mut keys = token::a_key_for_every_algorithm();
    keys.retain(|key| !key.algorithm.starts_with("HS"));
    keys
});

fn ask(gateway: &Gateway, token: &str) -> Response {
    gateway.request(Request::get("/orders").header("authorization", bearer(token)))
}

/// The shipped config with this provider's keys.
fn builder(provider: &IdentityProvider) -> Builder {
    let jwks = json!({
        "cluster": "auth", "path": "/jwks.json", "refresh": "1s", "timeout": "500ms",
        "retry": "1s",
    });
    let value =
        json!({"providers": [{"name": "demo", "issuer": gatehouse_demo::ISSUER, "jwks": jwks}]});
    provider.gateway(value)
}
