//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`, while the identity provider fails in every way that
//! it can: the keys that there are stay in use, and no request notices.

use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::load::{Expected, Load};
use crate::harness::token::{self, Key, bearer, claims};
use crate::harness::{configuration, trap, until};

/// How long the provider is away. Its keys are fetched every second, so a few seconds are many
/// fetches.
const AWAY: Duration = Duration::from_secs(5);

#[test]
fn no_request_notices_that_the_provider_is_stopped_slow_or_talks_nonsense() {
    let (key, stranger) = (token::es256("a"), token::es256("a"));
    let mut provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    let gateway = start(builder(&provider, json!({})).concurrency(2));
    let load = Load::start(gateway.address(), 4, tokens(&key, &stranger));
    let failed = || counted(&gateway, "keys_fetch_failed");
    let refused = || counted(&gateway, "keys_refused");
    let fetched = || counted(&gateway, "keys_fetched");

    provider.stop();
    let (before, began) = (failed(), Instant::now());
    until("fetches are refused", || failed() >= before + 3);
    thread::sleep(AWAY.saturating_sub(began.elapsed()));
    load.assert_no_wrong_answer("stopped");
    eprintln!(
        "stopped for {:?}: {} failed fetches, {} answers",
        began.elapsed(),
        failed(),
        load.answers()
    );

    let before = fetched();
    provider.restart();
    until("fetches succeed again", || fetched() > before);
    load.go_round();
    load.assert_no_wrong_answer("restarted");

    let nonsense = "x".repeat(10_000_000);
    let other_keys = json!({"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]}).to_string();
    for (case, behaviour, count) in [
        (
            "slow",
            Behaviour::AnswerLate(key_set(&[&key]), Duration::from_secs(2)),
            &failed as &dyn Fn() -> u64,
        ),
        ("silent", Behaviour::Silent, &failed),
        ("it hangs up", Behaviour::HangUp, &failed),
        ("it breaks off", Behaviour::BreakOff(key_set(&[&key])), &failed),
        ("500", Behaviour::Refuse(500, key_set(&[&stranger])), &failed),
        ("302", Behaviour::Refuse(302, String::new()), &failed),
        ("garbage", Behaviour::Answer("<html>".to_owned()), &refused),
        ("nothing", Behaviour::Answer(String::new()), &refused),
        ("no keys", Behaviour::Answer(json!({"keys": []}).to_string()), &refused),
        ("a secret", Behaviour::Answer(other_keys), &refused),
        ("10 MB", Behaviour::Answer(nonsense), &refused),
        (
            "10 MB of JSON",
            Behaviour::Answer(key_set(&[&stranger]) + &" ".repeat(10_000_000)),
            &refused,
        ),
    ] {
        let before = count();
        provider.behave(behaviour);
        until(case, || count() >= before + 2);
        load.go_round();
        load.assert_no_wrong_answer(case);
    }

    // And it is taken at its word again.
    let next = token::es256("b");
    provider.publish(&[&key, &next]);
    until("the new key is known", || status(&gateway, &next) == 200);
    load.send(tokens(&next, &stranger));
    load.go_round();
    load.assert_no_wrong_answer("well again");
    drop(load);
    trap::assert_none(&gateway);
}

#[test]
fn keys_that_nobody_confirms_are_used_no_longer_than_max_age() {
    let key = token::es256("a");
    let mut provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    let gateway = start(builder(&provider, json!({"max_age": "3s"})));
    until("the keys have come", || status(&gateway, &key) == 200);
    provider.stop();
    until("they are dropped", || status(&gateway, &key) == 503);
    let refused =
        gateway.get("/orders", &[("authorization", &bearer(&key.sign(&claims("alice"))))]);
    assert!(refused.text().contains("jwt_auth.keys_unavailable"), "{}", refused.text());
    // Counted at the tick after that, by each thread of Envoy that has the filter.
    until("that is counted", || counted(&gateway, "keys_dropped") > 0);
    assert_eq!(
        gateway.get("/orders", &[]).status,
        401,
        "without a token there is nothing to wait for"
    );
    provider.restart();
    until("they are back", || status(&gateway, &key) == 200);
    trap::assert_none(&gateway);
}

#[test]
fn a_gateway_that_starts_while_the_provider_is_stopped_finds_it_later() {
    let key = token::es256("a");
    let mut provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    provider.stop();
    let gateway = start(builder(&provider, json!({})));
    assert_eq!(status(&gateway, &key), 503);
    provider.restart();
    until("the keys have come", || status(&gateway, &key) == 200);
    trap::assert_none(&gateway);
}

#[test]
fn what_cannot_be_fetched_is_told_in_the_log() {
    let garbage = IdentityProvider::start(Behaviour::Answer("<html>".to_owned()));
    let key = token::es256("a");
    let provider = |name: &str, issuer: &str, jwks: Value| {
        json!({
            "name": name, "issuer": issuer, "jwks": jwks,
        })
    };
    let value = json!({
        "providers": [
            provider("inline", gatehouse_demo::ISSUER, json!({"keys": [key.jwk]})),
            provider("misspelt", "https://a.example", json!({"cluster": "auht", "path": "/jwks.json"})),
            provider("garbage", "https://b.example", json!({"cluster": "auth", "path": "/jwks.json"})),
        ],
        "revocations": {"cluster": "auth", "path": "/revoked.json", "on_error": "allow"},
    });
    let gateway = start(
        Gateway::builder("envoy/jwt-auth-remote.yaml")
            .upstream("auth:8000", garbage.address())
            .edit(move |tree| configuration::set(tree, "jwt-auth", value)),
    );
    let polled = json!({"consumers_from": {"cluster": "kyes", "path": "/consumers.json"}});
    let keys = start(
        Gateway::builder("envoy/api-key-auth.yaml")
            .edit(move |tree| configuration::set(tree, "api-key-auth", polled)),
    );
    for (gateway, line) in [
        (
            &gateway,
            "jwt-auth: keys from the cluster `auht`, /jwks.json: cluster `auht`: Envoy has no such cluster",
        ),
        (
            &gateway,
            "jwt-auth: keys from the cluster `auth`, /jwks.json: the key set is not a JSON object",
        ),
        (
            &gateway,
            "jwt-auth: revocations from the cluster `auth`, /revoked.json: is no list of revocations",
        ),
        (
            &keys,
            "api-key-auth: consumers from the cluster `kyes`, /consumers.json: cluster `kyes`: Envoy has no such cluster",
        ),
    ] {
        until(line, || {
            gateway.stderr().lines().any(|said| said.contains("warning") && said.contains(line))
        });
    }
    // The others notice nothing of it.
    assert_eq!(status(&gateway, &key), 200);
    trap::assert_none(&gateway);
    trap::assert_none(&keys);
}

#[test]
fn a_capability_that_is_missing_is_told_in_the_log() {
    for (capability, line) in [
        (
            "proxy_http_call",
            "the call was not made: the cluster has no host, or `proxy_http_call` is not allowed",
        ),
        (
            "proxy_on_http_call_response",
            "is `proxy_on_http_call_response` among the allowed capabilities?",
        ),
        ("proxy_get_shared_data", "is `proxy_get_shared_data` among the allowed capabilities?"),
        ("proxy_set_shared_data", "is `proxy_set_shared_data` among the allowed capabilities?"),
    ] {
        let keys = start(Gateway::builder("envoy/jwt-auth-remote.yaml").edit(move |tree| {
            configuration::forbid(tree, &[capability]);
        }));
        let provider = IdentityProvider::start(Behaviour::Answer("{}".to_owned()));
        let port = provider.address().port();
        let polled = json!({
            "consumers_from": {"cluster": "keys", "path": "/consumers.json", "timeout": "100ms"},
        });
        let consumers = start(Gateway::builder("envoy/api-key-auth.yaml").edit(move |tree| {
            configuration::set(tree, "api-key-auth", polled);
            configuration::add_cluster(tree, "keys", port);
            configuration::forbid(tree, &[capability]);
        }));
        for gateway in [&keys, &consumers] {
            until(capability, || {
                gateway.stderr().lines().any(|said| said.contains("warning") && said.contains(line))
            });
            trap::assert_none(gateway);
        }
    }
}

/// Good tokens, more than the cache of the gateway has room for, and a forged one.
fn tokens(key: &Key, stranger: &Key) -> Vec<Expected> {
    let good = |number: usize| {
        let subject = format!("user-{number}");
        Expected { token: key.sign(&claims(&subject)), subject: Some(subject) }
    };
    let forged = Expected { token: stranger.sign(&claims("root")), subject: None };
    (0..24).map(good).chain([forged]).collect()
}

fn status(gateway: &Gateway, key: &Key) -> u16 {
    gateway.get("/orders", &[("authorization", &bearer(&key.sign(&claims("alice"))))]).status
}

/// How often the filter counted this event, all workers together.
#[track_caller]
fn counted(gateway: &Gateway, event: &str) -> u64 {
    let stats = gateway.stats();
    let named =
        |(name, _): &(&String, &u64)| name.contains(&format!("filter=jwt_auth;.event={event};"));
    stats.iter().find(named).map_or(0, |(_, count)| *count)
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

/// The shipped config with this provider's keys, asked for every second, and a cache that is too
/// small.
fn builder(provider: &IdentityProvider, more: Value) -> Builder {
    let jwks = token::with(
        json!({"cluster": "auth", "path": "/jwks.json", "refresh": "1s", "timeout": "500ms", "retry": "1s"}),
        more,
    );
    let value = json!({"cache": {"tokens": 16}, "providers": [{"name": "demo", "issuer": gatehouse_demo::ISSUER,
        "jwks": jwks, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]}]});
    Gateway::builder("envoy/jwt-auth-remote.yaml")
        .upstream("auth:8000", provider.address())
        .edit(move |tree| configuration::set(tree, "jwt-auth", value))
}
