//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`, with a list of what was revoked.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::token::{self, Key, bearer, claims, with};
use crate::harness::{trap, until};

#[test]
fn a_token_is_refused_once_it_is_on_the_list_on_every_worker_and_from_the_cache() {
    let key = token::es256("a");
    let publisher = IdentityProvider::start(list("1", &[]));
    let gateway = start(builder(&publisher, &key, json!({})).concurrency(4));
    let now = token::now();
    let token =
        |changes: Value| key.sign(&with(claims("alice"), with(json!({"iat": now - 5}), changes)));
    let (stolen, other) = (token(json!({"jti": "stolen"})), token(json!({"jti": "other"})));
    let bobs = key.sign(&with(claims("bob"), json!({"iat": now - 5})));
    // Often enough for every worker to remember them.
    let statuses =
        |token: &str| -> Vec<u16> { (0..16).map(|_| ask(&gateway, token).status).collect() };
    let all = |token: &str, status| statuses(token).iter().all(|seen| *seen == status);
    for token in [&stolen, &other, &bobs] {
        assert!(all(token, 200));
    }
    for (case, tag, entry, [of_stolen, of_other, of_bob]) in [
        (
            "one token",
            "2",
            json!({"iss": ISSUER, "jti": "stolen", "reason": "lost phone"}),
            [401, 200, 200],
        ),
        (
            "nothing any more",
            "3",
            json!({"iss": "https://else.example", "before": now}),
            [200, 200, 200],
        ),
        ("a subject", "4", json!({"iss": ISSUER, "sub": "alice", "before": now}), [401, 401, 200]),
        (
            "a subject, too long ago",
            "5",
            json!({"iss": ISSUER, "sub": "alice", "before": now - 5}),
            [200, 200, 200],
        ),
        ("an issuer", "6", json!({"iss": ISSUER, "before": now}), [401, 401, 401]),
    ] {
        publisher.behave(list(tag, &[entry]));
        until(case, || all(&stolen, of_stolen) && all(&other, of_other) && all(&bobs, of_bob));
    }
    let refused = ask(&gateway, &stolen);
    assert!(refused.text().contains("jwt_auth.token_revoked"), "{}", refused.text());
    let challenge = refused.header_text("www-authenticate").unwrap_or_default();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    // A token that was issued since is good.
    assert!(all(&token(json!({"iat": now})), 200));
    trap::assert_none(&gateway);
}

#[test]
fn one_worker_asks_for_the_list_and_only_for_another_one() {
    let key = token::es256("a");
    let publisher = IdentityProvider::start(list("1", &[]));
    let gateway = start(builder(&publisher, &key, json!({"path": "/revoked?v=1"})).concurrency(4));
    assert_eq!(ask(&gateway, &key.sign(&claims("alice"))).status, 200);
    until("the list was asked for five times", || publisher.requests() >= 5);
    let heads = publisher.take_heads();
    assert!(heads.iter().all(|head| head.starts_with("get /revoked?v=1 http/1.1")), "{heads:?}");
    let with_tag = heads.iter().filter(|head| head.contains("if-none-match: \"1\"")).count();
    assert_eq!(with_tag, heads.len() - 1, "all but the first: {heads:?}");
    let fetched = gateway
        .stats()
        .iter()
        .find_map(|(name, count)| name.contains("revocations_fetched").then_some(*count));
    assert!(fetched.is_some_and(|fetched| fetched >= 4), "a 304 is a fetch too: {fetched:?}");
    trap::assert_none(&gateway);
}

#[test]
fn the_last_good_list_stays_whatever_comes_next() {
    let key = token::es256("a");
    let good = list("1", &[json!({"iss": ISSUER, "jti": "stolen"})]);
    let (stolen, other) =
        (key.sign(&with(claims("alice"), json!({"jti": "stolen"}))), key.sign(&claims("alice")));
    let many = vec![json!({"iss": ISSUER, "jti": "x"}); 4];
    let mut publisher = IdentityProvider::start(good);
    let gateway = start(builder(&publisher, &key, json!({"max_entries": 3})));
    until("the list", || ask(&gateway, &stolen).status == 401);
    for (case, bad) in [
        ("garbage", Behaviour::Answer("<html>".to_owned())),
        ("an entry that means nothing", list("2", &[json!({"iss": ISSUER})])),
        ("too many", list("3", &many)),
        ("10 MB", Behaviour::Answer(" ".repeat(10_000_000))),
        ("an error", Behaviour::Refuse(500, json!({"revoked": []}).to_string())),
        ("silent", Behaviour::Silent),
        ("hangs up", Behaviour::HangUp),
    ] {
        let before = publisher.requests();
        publisher.behave(bad);
        until(case, || publisher.requests() >= before + 2);
        assert_eq!(ask(&gateway, &stolen).status, 401, "{case}");
        assert_eq!(ask(&gateway, &other).status, 200, "{case}");
    }
    publisher.stop();
    thread::sleep(Duration::from_secs(2));
    assert_eq!(ask(&gateway, &stolen).status, 401, "down");
    assert_eq!(ask(&gateway, &other).status, 200, "down");
    publisher.restart();
    publisher.behave(list("4", &[]));
    until("it is back", || ask(&gateway, &stolen).status == 200);
    trap::assert_none(&gateway);
}

#[test]
fn before_the_first_list_on_error_decides() {
    let key = token::es256("a");
    for (on_error, status) in [("deny", 503), ("allow", 200)] {
        let mut publisher = IdentityProvider::start(Behaviour::HangUp);
        publisher.stop();
        let gateway = start(builder(&publisher, &key, json!({"on_error": on_error})));
        let token = key.sign(&with(claims("alice"), json!({"jti": "stolen"})));
        let response = ask(&gateway, &token);
        assert_eq!(response.status, status, "{on_error}: {}", response.text());
        if status == 503 {
            assert!(
                response.text().contains("jwt_auth.revocations_unavailable"),
                "{}",
                response.text()
            );
        }
        publisher.behave(list("1", &[json!({"iss": ISSUER, "jti": "stolen"})]));
        publisher.restart();
        until(on_error, || ask(&gateway, &token).status == 401);
        assert_eq!(ask(&gateway, &key.sign(&claims("alice"))).status, 200, "{on_error}");
        trap::assert_none(&gateway);
    }
}

const ISSUER: &str = gatehouse_demo::ISSUER;

fn list(tag: &'static str, entries: &[Value]) -> Behaviour {
    Behaviour::Tagged(tag, json!({"revoked": entries}).to_string())
}

/// The shipped config with this key, and with this list asked for every second.
fn builder(publisher: &IdentityProvider, key: &Key, changes: Value) -> Builder {
    let list = json!({
        "cluster": "auth", "path": "/revoked", "refresh": "1s", "timeout": "500ms",
        "retry": "1s",
    });
    let value = json!({
        "providers": [{"name": "demo", "issuer": ISSUER, "jwks": {"keys": [key.jwk]}}],
        "revocations": with(list, changes),
    });
    publisher.gateway(value)
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

fn ask(gateway: &Gateway, token: &str) -> Response {
    gateway.request(Request::get("/orders").header("authorization", bearer(token)))
}
