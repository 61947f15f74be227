//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`: new keys come and old ones go while clients send
//! tokens of both.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::Gateway;
use serde_json::json;

use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::load::{Expected, Load};
use crate::harness::token::{self, Key, bearer, claims, with};
use crate::harness::{configuration, trap, until};

/// Each round publishes the next key beside the last, uses it at once, and then withdraws the last.
#[test]
fn keys_rotate_under_load_without_one_wrong_answer() {
    let names = ["a", "b", "c", "d"];
    let keys: Vec<Key> = names.iter().map(|name| token::es256(name)).collect();
    // Keys of the same names that the provider never publishes.
    let strangers: Vec<Key> = names.iter().map(|name| token::es256(name)).collect();
    let good: Vec<Vec<Expected>> = keys.iter().map(valid).collect();
    let forged = |number: usize| forgeries(&strangers[number], &keys[number]).to_vec();

    // Slow enough that requests come while keys are fetched, which is when a rotation goes wrong.
    let publish = |keys: &[&Key]| Behaviour::AnswerLate(key_set(keys), Duration::from_millis(150));
    let provider = IdentityProvider::start(publish(&[&keys[0]]));
    let gateway = gateway(&provider, 2);
    let load = Load::start(gateway.address(), 6, [good[0].clone(), forged(0)].concat());
    for now in 1..keys.len() {
        let (last, next) = (&keys[now - 1], &keys[now]);
        // At the worst moment: what is on its way is still the old set.
        let before = provider.requests();
        until("a fetch begins", || provider.requests() > before);
        provider.behave(publish(&[last, next]));
        // The new key is in use from the moment that it is published.
        load.send(
            [good[now].clone(), good[now - 1].clone(), forged(now), forged(now - 1)].concat(),
        );
        load.go_round();

        // Nobody uses the old key any more, and it goes.
        load.send([good[now].clone(), forged(now)].concat());
        provider.behave(publish(&[next]));
        let withdrawn = good[now - 1][0].token.as_str();
        until("the old key is refused", || status(&gateway, withdrawn) == 401);
        // By every worker, soon after. Each such token waits for a fetch: a few will do.
        thread::sleep(Duration::from_millis(500));
        let refused =
            good[now - 1].iter().take(2).map(|it| Expected { subject: None, ..it.clone() });
        load.send([good[now].clone(), refused.collect(), forged(now)].concat());
        load.go_round();
        load.assert_no_wrong_answer(&format!("round {now}"));
    }
    drop(load);
    trap::assert_none(&gateway);
}

/// As many as go through the cache of the gateway below several times over.
fn valid(key: &Key) -> Vec<Expected> {
    let token = |number: usize| {
        let subject = format!("user-{number}");
        Expected { token: key.sign(&claims(&subject)), subject: Some(subject) }
    };
    (0..24).map(token).collect()
}

/// Tokens that look like those of `real`, and are not its.
fn forgeries(stranger: &Key, real: &Key) -> [Expected; 3] {
    let root = claims("root");
    let good = real.sign(&root);
    let (head, rest) = good.split_once('.').expect("three parts");
    let signature = rest.split_once('.').expect("three parts").1;
    let other = token::base64url(with(root.clone(), json!({"roles": ["admin"]})).to_string());
    let swapped = format!("{head}.{other}.{signature}");
    [stranger.sign(&root), token::flipped(&good), swapped]
        .map(|token| Expected { token, subject: None })
}

fn status(gateway: &Gateway, token: &str) -> u16 {
    gateway.get("/orders", &[("authorization", &bearer(token))]).status
}

/// The shipped config with this provider's keys, asked for every second, and a cache that is too
/// small.
fn gateway(provider: &IdentityProvider, workers: u32) -> Gateway {
    let jwks = json!({
        "cluster": "auth", "path": "/jwks.json", "refresh": "1s", "timeout": "3s",
        "retry": "1s",
    });
    let value = json!({"cache": {"tokens": 16}, "providers": [{"name": "demo", "issuer": gatehouse_demo::ISSUER,
        "jwks": jwks, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]}]});
    Gateway::builder("envoy/jwt-auth-remote.yaml")
        .concurrency(workers)
        .upstream("auth:8000", provider.address())
        .edit(move |tree| configuration::set(tree, "jwt-auth", value))
        .start()
        .unwrap_or_else(|fault| panic!("{fault}"))
}
