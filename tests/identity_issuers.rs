//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`: two issuers whose keys are fetched from two places,
//! and what made-up key names cost a provider.

use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key, bearer, claims, with};
use crate::harness::{configuration, received, trap, until};

#[test]
fn a_key_of_one_issuer_signs_nothing_for_the_other() {
    // Both call their key the same, and both have an alice.
    let (ours, theirs) = (token::es256("a"), token::es256("a"));
    let first = IdentityProvider::start(Behaviour::Answer(key_set(&[&ours])));
    let mut second = IdentityProvider::start(Behaviour::Answer(key_set(&[&theirs])));
    let gateway = start(two_issuers(&first, &second));
    let token = |key: &Key, issuer: &str| key.sign(&with(claims("alice"), json!({"iss": issuer})));
    for (case, path, token, status, code) in [
        ("ours", "/", token(&ours, OURS), 200, ""),
        ("theirs", "/", token(&theirs, THEIRS), 200, ""),
        ("theirs, signed by us", "/", token(&ours, THEIRS), 401, "jwt_auth.signature_invalid"),
        ("ours, signed by them", "/", token(&theirs, OURS), 401, "jwt_auth.signature_invalid"),
        ("nobody's", "/", token(&ours, "https://else.example"), 401, "jwt_auth.issuer_unknown"),
        ("ours, where only ours will do", "/ours", token(&ours, OURS), 200, ""),
        (
            "theirs, where only ours will do",
            "/ours",
            token(&theirs, THEIRS),
            401,
            "jwt_auth.issuer_unknown",
        ),
    ] {
        let response = ask(&gateway, path, &token);
        assert_eq!(response.status, status, "{case}: {}", response.text());
        assert!(response.text().contains(code), "{case}: {}", response.text());
        if status == 200 {
            assert_eq!(received(&response, "x-user"), ["alice"], "{case}");
        }
    }

    // When one of them has new keys, or is gone, the other does not notice.
    let new = token::es256("b");
    first.publish(&[&new]);
    second.stop();
    until("the new key of the first", || ask(&gateway, "/", &token(&new, OURS)).status == 200);
    assert_eq!(
        ask(&gateway, "/", &token(&theirs, THEIRS)).status,
        200,
        "the keys of the second stay"
    );
    // Nobody can say that the second has no such key, before it can be asked.
    let from_second = || ask(&gateway, "/", &token(&new, THEIRS)).status;
    assert_eq!(from_second(), 503, "the first's key, while the second is down");
    second.restart();
    until("the first's key is not the second's", || from_second() == 401);
    trap::assert_none(&gateway);
}

#[test]
fn a_provider_of_any_issuer_vouches_for_all_but_the_others() {
    let (key, others) = (token::es256("a"), token::es256("b"));
    let value = json!({"providers": [
        {"name": "named", "issuer": gatehouse_demo::ISSUER, "jwks": {"keys": [key.jwk]}},
        {"name": "tenants", "any_issuer": true, "jwks": {"keys": [others.jwk]},
         "claims_to_headers": [{"claim": "iss", "header": "x-issuer"}]},
    ]});
    let gateway = start(
        Gateway::builder("envoy/jwt-auth.yaml")
            .edit(move |tree| configuration::set(tree, "jwt-auth", value)),
    );
    let of =
        |key: &Key, issuer: Value| key.sign(&token::with(claims("alice"), json!({"iss": issuer})));
    for (case, token, status, issuer) in [
        ("the named one's", of(&key, json!(gatehouse_demo::ISSUER)), 200, None),
        ("a tenant's", of(&others, json!("https://t1.example")), 200, Some("https://t1.example")),
        (
            "another tenant's",
            of(&others, json!("https://t2.example")),
            200,
            Some("https://t2.example"),
        ),
        ("nobody's", of(&others, Value::Null), 200, None),
        (
            "a tenant who says that it is the named one",
            of(&others, json!(gatehouse_demo::ISSUER)),
            401,
            None,
        ),
        (
            "the named one who says that it is a tenant",
            of(&key, json!("https://t1.example")),
            401,
            None,
        ),
    ] {
        let response = ask(&gateway, "/orders", &token);
        assert_eq!(response.status, status, "{case}: {}", response.text());
        if status == 200 {
            let want: Vec<&str> = issuer.into_iter().collect();
            assert_eq!(received(&response, "x-issuer"), want, "{case}");
        }
    }
    trap::assert_none(&gateway);
}

#[test]
fn an_issuer_that_is_down_from_the_start_takes_nothing_from_the_other() {
    let (ours, theirs) = (token::es256("a"), token::es256("a"));
    let first = IdentityProvider::start(Behaviour::Answer(key_set(&[&ours])));
    let mut second = IdentityProvider::start(Behaviour::Answer(key_set(&[&theirs])));
    second.stop();
    let gateway = start(two_issuers(&first, &second));
    let theirs = theirs.sign(&with(claims("alice"), json!({"iss": THEIRS})));
    assert_eq!(ask(&gateway, "/", &ours.sign(&claims("alice"))).status, 200);
    assert_eq!(ask(&gateway, "/", &theirs).status, 503);
    assert_eq!(ask(&gateway, "/", &ours.sign(&claims("bob"))).status, 200);
    second.restart();
    until("the keys of the second", || ask(&gateway, "/", &theirs).status == 200);
    trap::assert_none(&gateway);
}

/// Eight clients make up key names as fast as they are answered, on four workers.
#[test]
fn a_storm_of_unknown_key_names_makes_at_most_one_fetch_a_throttle_period() {
    const RETRY: Duration = Duration::from_secs(1);
    let key = token::es256("a");
    let provider = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    let jwks = json!({
        "cluster": "auth", "path": "/jwks.json", "refresh": "1h", "timeout": "500ms",
        "retry": "1s",
    });
    let value = json!({"providers": [{"name": "demo", "issuer": OURS, "jwks": jwks}]});
    let gateway = start(
        Gateway::builder(CONFIG)
            .concurrency(4)
            .upstream("auth:8000", provider.address())
            .edit(move |tree| configuration::set(tree, "jwt-auth", value)),
    );
    assert_eq!(ask(&gateway, "/", &key.sign(&claims("alice"))).status, 200);
    assert_eq!(provider.requests(), 1, "one fetch for all workers");

    let (began, over) = (Instant::now(), Duration::from_secs(6));
    let storm = |client: usize| {
        for number in 0.. {
            if began.elapsed() > over {
                return number;
            }
            let name = format!("storm-{client}-{number}");
            let token = token::unsigned(&json!({"alg": "ES256", "kid": name}), &claims("alice"));
            let refused = ask(&gateway, "/", &token);
            assert_eq!(refused.status, 401, "{}", refused.text());
            assert!(refused.text().contains("jwt_auth.key_unknown"), "{}", refused.text());
            assert_eq!(
                ask(&gateway, "/", &key.sign(&claims("bob"))).status,
                200,
                "an honest request"
            );
        }
        0
    };
    let names: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|client| scope.spawn(move || storm(client))).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).sum()
    });
    let fetches = provider.requests() - 1;
    let periods = began.elapsed().as_secs() / RETRY.as_secs();
    eprintln!("{names} names, {fetches} fetches in {:?}", began.elapsed());
    // One at its start, one at the end of each whole period.
    assert!(fetches as u64 <= periods + 1, "{fetches} fetches in {periods} periods");
    assert!(
        fetches >= 2 && names > fetches,
        "{names} names made {fetches} fetches: this was no storm"
    );
    trap::assert_none(&gateway);
}

const CONFIG: &str = "envoy/jwt-auth-remote.yaml";
const OURS: &str = gatehouse_demo::ISSUER;
const THEIRS: &str = "https://partner.example";

fn ask(gateway: &Gateway, path: &str, token: &str) -> Response {
    gateway.request(Request::get(path).header("authorization", bearer(token)))
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

/// The shipped config with two issuers, asked for their keys every second; `/ours` is for those of
/// the first.
fn two_issuers(first: &IdentityProvider, second: &IdentityProvider) -> Builder {
    let provider = |name: &str, issuer: &str, cluster: &str| {
        let jwks = json!({"cluster": cluster, "path": "/jwks.json", "refresh": "1s", "timeout": "500ms", "retry": "1s"});
        json!({"name": name, "issuer": issuer, "jwks": jwks,
            "claims_to_headers": [{"claim": "sub", "header": "x-user"}]})
    };
    let value = json!({
        "providers": [provider("ours", OURS, "auth"), provider("theirs", THEIRS, "partner")],
        "rules": [{"match": {"path": {"prefix": "/ours"}}, "require": ["ours"]}],
    });
    let port = second.address().port();
    first.gateway(value).edit(move |tree| configuration::add_cluster(tree, "partner", port))
}
