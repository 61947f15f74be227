//! Tokens that nobody signed: how many keys they have tried, and that good ones pass between them.

use std::collections::BTreeMap;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, workspace};
use jwt_simple::prelude::*;
use serde_json::{Value, json};

use super::{CONFIG, claims, with};
use crate::harness::token::{self, bearer};
use crate::harness::{Shared, configuration};

/// Of each worker's second, so much may go into tokens that turn out to be no good. A key of 2048
/// bits is 1.3 ms by the filter's own account, and one request may have 3 ms: two keys.
const VERIFICATION: &str = "10ms";

/// So many are sent where nothing is tried, or only by Envoy, which takes microseconds.
const SOME: u64 = 10;

/// So many at the most are sent to find the end of that: a slow machine sends few in a second.
const MANY: u64 = 100;

#[test]
fn a_forged_ps256_token_has_few_of_eight_keys_tried_and_a_good_one_passes_right_after_it() {
    // (issuer, its keys have names, what it may verify beside what Envoy verifies)
    let providers = [
        ("https://nameless.example", false, json!(null)),
        ("https://ps.example", false, json!(["RS256", "PS256"])),
        ("https://named.example", true, json!(["RS256", "PS256"])),
    ];
    let demo = demo_key();
    let list: Vec<Value> = providers
        .iter()
        .enumerate()
        .map(|(index, (issuer, is_named, algorithms))| {
            let provider = json!({"name": format!("provider-{index}"), "issuer": issuer,
                "jwks": {"keys": eight_keys(&demo, *is_named)}});
            with(provider, json!({"algorithms": algorithms}))
        })
        .collect();
    let value = json!({"providers": list, "verification": {"per_second": VERIFICATION}});
    let gateway = Shared::start(
        Gateway::builder(CONFIG).edit(move |tree| configuration::set(tree, "jwt-auth", value)),
    );
    let [nameless, ps, named] = providers.map(|(issuer, ..)| issuer);
    // (of whom, its `alg` and `kid`, what is said of it, how many such answers fit into a second)
    for (case, issuer, alg, kid, refused, most) in [
        ("each key, by Envoy", nameless, "RS256", None, "signature_invalid", None),
        // No key without `alg` verifies PS256 unless the configuration says so: none is tried.
        ("no such algorithm", nameless, "PS256", None, "algorithm_not_allowed", None),
        ("two keys a request", ps, "PS256", None, "signature_invalid", Some(3)),
        ("no key where all have names", named, "PS256", None, "key_unknown", None),
        ("the same by Envoy", named, "RS256", None, "key_unknown", None),
        ("the key that it names", named, "PS256", Some("key-3"), "signature_invalid", Some(7)),
    ] {
        let forged = forged(issuer, alg, kid);
        let forged = Request::get("/orders").header("authorization", bearer(&forged));
        let good = good(issuer, (issuer == named).then_some("key-7"));
        let mut codes: BTreeMap<String, u64> = BTreeMap::new();
        let begin = token::now();
        for _ in 0..most.map_or(SOME, |_| MANY) {
            let exchange = gateway.ask(forged.clone());
            let code = exchange.noted("jwt_auth").split(';').next().unwrap_or_default().to_owned();
            *codes.entry(code.clone()).or_default() += 1;
            if code == "jwt_auth.verifier_busy" {
                exchange.assert_refused(case, 503, "jwt_auth.verifier_busy");
                break;
            }
            exchange.assert_refused(case, 401, &format!("jwt_auth.{refused}"));
        }
        let after = gateway.ask(Request::get("/orders").header("authorization", bearer(&good)));
        assert_eq!(after.response.status, 200, "{case}, then a good one: {}", after.log);

        let seconds = token::now() - begin + 1;
        let tried = codes.get(&format!("jwt_auth.{refused}")).copied().unwrap_or_default();
        match most {
            None => assert_eq!(tried, SOME, "{case}: {codes:?}"),
            Some(most) => {
                assert!(tried <= most * seconds, "{case}: {codes:?} in {seconds} s");
                assert!(codes.contains_key("jwt_auth.verifier_busy"), "{case}: {codes:?}");
            }
        }
    }
    gateway.assert_no_trap();
}

/// Eight RSA keys that do not say their `alg`, of which the demo's is the last.
fn eight_keys(demo: &Value, is_named: bool) -> Vec<Value> {
    let others = (0..7_u8)
        .map(|number| json!(token::base64url([&[0xff; 255][..], &[number * 2 + 1]].concat())));
    let keys = others.chain([demo.clone()]).enumerate().map(|(number, modulus)| {
        let mut key = json!({"kty": "RSA", "e": "AQAB", "n": modulus});
        if is_named {
            key["kid"] = json!(format!("key-{number}"));
        }
        key
    });
    keys.collect()
}

/// The modulus of the key that the demo signs with, as its configuration has it.
fn demo_key() -> Value {
    let mut example =
        gatehouse_sandbox::example::Example::load(&workspace::root().join(CONFIG)).expect("it is");
    configuration::shipped(example.tree_mut(), "jwt-auth")["providers"][0]["jwks"]["keys"][0]["n"]
        .take()
}

/// A token of 256 bytes of nothing for a signature.
fn forged(issuer: &str, alg: &str, kid: Option<&str>) -> String {
    let header = with(json!({"alg": alg}), json!({"kid": kid}));
    let unsigned = token::unsigned(&header, &with(claims("alice"), json!({"iss": issuer})));
    let (text, _) = unsigned.rsplit_once('.').expect("a token has dots");
    format!("{text}.{}", token::base64url([1; 256]))
}

/// A token that the demo's key signed with RS256.
fn good(issuer: &str, kid: Option<&str>) -> String {
    let pem = gatehouse_demo::signing_key().to_pem().expect("the demo key can be written");
    let pair = RS256KeyPair::from_pem(&pem).expect("a PEM");
    let pair = kid.map_or_else(|| pair.clone(), |kid| pair.clone().with_key_id(kid));
    let claims = with(claims("alice"), json!({"iss": issuer}));
    pair.sign(serde_json::from_value::<JWTClaims<Value>>(claims).expect("claims"))
        .expect("it signs")
}
