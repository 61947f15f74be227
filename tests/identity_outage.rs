//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`, while the identity provider fails in every way that
//! it can: the keys that there are stay in use, and no request notices.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::load::{Expected, Load};
use crate::harness::token::{self, Key, bearer, claims};
use crate::harness::{configuration, start, trap, until};

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
fn keys_in_gzip_that_nobody_asked_for_are_read_and_a_bomb_is_not() {
    let (key, new) = (token::es256("a"), token::es256("b"));
    let provider = IdentityProvider::start(Behaviour::packed("1", &key_set(&[&key])));
    let gateway = start(builder(&provider, json!({})));
    until("the keys have come", || status(&gateway, &key) == 200);
    let heads = provider.take_heads();
    assert!(heads.iter().all(|head| head.contains("accept-encoding: identity")), "{heads:?}");
    // Its tag is that of the gzip, and good for what is in it.
    until("it is confirmed", || {
        provider.take_heads().iter().any(|head| head.contains("if-none-match: \"1\""))
    });
    let before = counted(&gateway, "keys_fetched");
    until("by a 304", || counted(&gateway, "keys_fetched") > before);
    assert_eq!(status(&gateway, &key), 200);
    let bomb = key_set(&[&key, &new]) + &" ".repeat(10_000_000);
    provider.behave(Behaviour::packed("2", &bomb));
    let before = counted(&gateway, "keys_refused");
    until("the bomb", || counted(&gateway, "keys_refused") > before);
    assert_eq!(status(&gateway, &key), 200, "the last keys stay");
    let line = "the answer is larger than 65536 bytes (`max_size`)";
    until(line, || gateway.stderr().contains(line));
    provider.behave(Behaviour::packed("3", &key_set(&[&key, &new])));
    until("new keys", || status(&gateway, &new) == 200);
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

/// A key that is new while nobody can be asked for it is not unknown: it is not to be had.
#[test]
fn a_new_key_while_the_provider_is_stopped_is_a_503_that_says_when_to_try_again() {
    let (key, new) = (token::es256("a"), token::es256("b"));
    let mut provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    let gateway = start(builder(&provider, json!({})));
    until("the keys have come", || status(&gateway, &key) == 200);
    provider.stop();
    until("fetches fail", || counted(&gateway, "keys_fetch_failed") > 0);
    let refused =
        gateway.get("/orders", &[("authorization", &bearer(&new.sign(&claims("alice"))))]);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("jwt_auth.keys_unavailable"), "{}", refused.text());
    let after = refused.header_text("retry-after").unwrap_or_default();
    assert!(after.parse::<u64>().is_ok(), "{after}");
    assert_eq!(status(&gateway, &key), 200, "the key that there is stays in use");
    provider.behave(Behaviour::Answer(key_set(&[&key, &new])));
    provider.restart();
    until("the new key has come", || status(&gateway, &new) == 200);
    trap::assert_none(&gateway);
}

#[test]
fn what_cannot_be_fetched_is_told_in_the_log() {
    let foreign = json!({"issuer": "https://f.example/", "jwks_uri": "https://f.example/keys"});
    let garbage = IdentityProvider::start(Behaviour::Site(vec![
        ("/jwks.json", Behaviour::Answer("<html>".to_owned())),
        ("/revoked.json", Behaviour::Answer("<html>".to_owned())),
        ("/.well-known/openid-configuration", Behaviour::Answer(foreign.to_string())),
    ]));
    let mut closed = IdentityProvider::start(Behaviour::HangUp);
    closed.stop();
    let (open, closed) = (speaks_no_tls(), closed.address().port());
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
            provider("refused", "https://c.example", json!({"cluster": "closed",
                "path": "/jwks.json"})),
            provider("not TLS", "https://d.example", json!({"cluster": "encrypted",
                "path": "/jwks.json"})),
            provider("missing", "https://e.example", json!({"cluster": "auth", "path": "/missing"})),
            provider("foreign", "https://f.example", json!({"cluster": "auth"})),
        ],
        "revocations": {"cluster": "auth", "path": "/revoked.json", "on_error": "allow"},
    });
    let gateway = start(
        garbage
            .gateway(value)
            .edit(move |tree| configuration::add_cluster(tree, "closed", closed))
            .edit(move |tree| configuration::add_tls_cluster(tree, "encrypted", open))
            .edit(tell_why_there_is_no_connection),
    );
    let polled = json!({"consumers_from": {"cluster": "kyes", "path": "/consumers.json"}});
    let keys = start(
        Gateway::builder("envoy/api-key-auth.yaml")
            .edit(move |tree| configuration::set(tree, "api-key-auth", polled)),
    );
    for (gateway, line) in [
        (
            &gateway,
            "jwt-auth: keys of the provider `misspelt` from the cluster `auht`, /jwks.json: \
             cluster `auht`: Envoy has no such cluster",
        ),
        (
            &gateway,
            "jwt-auth: keys of the provider `garbage` from the cluster `auth`, /jwks.json: the \
             key set is not a JSON object",
        ),
        (
            &gateway,
            "jwt-auth: keys of the provider `refused` from the cluster `closed`, /jwks.json: \
             status 503: the connection was refused (",
        ),
        (
            &gateway,
            "jwt-auth: keys of the provider `not TLS` from the cluster `encrypted`, /jwks.json: \
             status 503: TLS failed (",
        ),
        (
            &gateway,
            "jwt-auth: keys of the provider `missing` from the cluster `auth`, /missing: status 404",
        ),
        (
            &gateway,
            "another issuer's: its `issuer` is `https://f.example/`, and the provider's \
             `https://f.example`",
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
    // The counters say whose it is, too.
    let metrics = gateway.admin("/stats/prometheus");
    for (event, provider) in [
        ("keys_fetch_failed", "refused"),
        ("keys_fetch_failed", "not%20TLS"),
        ("keys_refused", "garbage"),
        ("keys_refused", "foreign"),
    ] {
        let counts = |line: &str| {
            line.starts_with("gatehouse_events_total{")
                && line.contains(&format!("event=\"{event}\""))
                && line.contains(&format!("provider=\"{provider}\""))
                && !line.ends_with(" 0")
        };
        assert!(metrics.lines().any(counts), "{event} {provider}: {metrics}");
    }
    trap::assert_none(&gateway);
    trap::assert_none(&keys);
}

/// The port of a server that answers whatever comes in plain HTTP.
fn speaks_no_tls() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound socket").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    port
}

/// Has Envoy say of a call that found no connection why: it leaves that out unless told.
fn tell_why_there_is_no_connection(tree: &mut Value) {
    let guard = "envoy.reloadable_features.hide_transport_failure_reason_in_response_body";
    tree["layered_runtime"] =
        json!({"layers": [{"name": "tests", "static_layer": {guard: false}}]});
}

#[test]
fn without_envoy_s_reason_a_failed_connection_is_told_with_where_to_look() {
    let key = token::es256("a");
    let mut provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    provider.stop();
    let gateway = start(builder(&provider, json!({})));
    let line = "jwt-auth: keys of the provider `demo` from the cluster `auth`, /jwks.json: status \
     503: the connection was refused";
    until(line, || gateway.stderr().lines().any(|said| said.contains(line)));
    trap::assert_none(&gateway);
}

#[test]
fn a_start_without_a_fault_warns_of_nothing_and_tells_the_keys_in_use() {
    let (old, new) = (token::es256("old"), token::es256("new"));
    let provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&old])));
    for _ in 0..4 {
        provider.publish(&[&old]);
        let gateway = start(builder(&provider, json!({})).concurrency(2));
        let told = |keys: &str| {
            let line = format!(
                "jwt-auth: keys of the provider `demo` from the cluster `auth`, /jwks.json: now \
                 in use: {keys}"
            );
            gateway.stderr().lines().filter(|said| said.ends_with(&line)).count()
        };
        until("the first keys", || told("old (EC: ES256)") == 1);
        let before = counted(&gateway, "keys_fetched");
        until("fetched again", || counted(&gateway, "keys_fetched") >= before + 3);
        assert_eq!(told("old (EC: ES256)"), 1, "they are the same");
        provider.publish(&[&old, &new]);
        until("the others", || told("old (EC: ES256), new (EC: ES256)") == 1);
        let said = gateway.stderr();
        let warns = |line: &&str| line.contains("[warning]") && line.contains("jwt-auth");
        assert_eq!(said.lines().filter(warns).collect::<Vec<_>>(), Vec::<&str>::new());
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_capability_that_is_missing_is_told_in_the_log() {
    // What the host may not ask of a module, a module cannot see when it is configured.
    for (capability, line) in [(
        "proxy_on_http_call_response",
        "is `proxy_on_http_call_response` among the allowed capabilities?",
    )] {
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

/// The shipped config with this provider's keys, asked for every second, and a cache that is too
/// small.
fn builder(provider: &IdentityProvider, more: Value) -> Builder {
    let jwks = token::with(
        json!({"cluster": "auth", "path": "/jwks.json", "refresh": "1s", "timeout": "500ms", "retry": "1s"}),
        more,
    );
    let value = json!({"cache": {"tokens": 16}, "providers": [{"name": "demo", "issuer": gatehouse_demo::ISSUER,
        "jwks": jwks, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]}]});
    provider.gateway(value)
}
