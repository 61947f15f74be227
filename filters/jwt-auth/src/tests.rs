//! The filter and its parts from callouts. Keys and tokens are made here, from claims that can be
//! read.

mod algorithms;
mod attacks;
mod bindings;
mod cache;
mod certificates;
mod configuration;
mod consumers;
mod demands;
mod fetched;
mod forwarding;
mod identity;
mod introspection;
mod key_sets;
mod kinds;
mod numeric_ids;
mod payload;
mod proofs;
mod references;
mod requests;
mod requirements;
mod rfc_examples;
mod several;
mod sources;
mod times;
mod why;
mod work;
mod wycheproof;

use crate::{Code, JwtAuth};
use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use gatehouse_filter::{Codes, Reply, Step};
use gatehouse_filter_test::{FakeHost, Outcome, ask, configured};
use serde_json::{Value, json};

/// The time of most tests, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

const ISSUER: &str = "https://issuer.example";

/// The key that signs most tokens: Ed25519, the fastest.
fn signing_key() -> ed25519_compact::KeyPair {
    ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([7; 32]))
}

/// Its public half in a key set, named `main`.
fn key_set() -> Value {
    let x = base64(&signing_key().pk[..]);
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "main", "x": x}]})
}

/// Claims that the filter of [`filter`] accepts at [`NOW`].
fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "alice", "aud": "gateway", "exp": NOW + 600, "iat": NOW - 1})
}

/// The claims above with some of them replaced; `null` removes one.
fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// A token of these claims, signed by [`signing_key`].
fn token(claims: &Value) -> String {
    signed(r#"{"alg":"EdDSA","kid":"main"}"#, &claims.to_string())
}

/// A token of this very header and payload, signed by [`signing_key`].
fn signed(header: &str, payload: &str) -> String {
    let text = format!("{}.{}", base64(header.as_bytes()), base64(payload.as_bytes()));
    let signature = signing_key().sk.sign(&text, None);
    format!("{text}.{}", base64(&signature[..]))
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap()
}

/// A filter with one provider that accepts [`token`], and these members besides.
fn filter(more: Value) -> JwtAuth {
    let mut configuration = json!({
        "providers": [{
            "name": "main",
            "issuer": ISSUER,
            "audiences": ["gateway"],
            "jwks": key_set(),
            "claims_to_headers": [{"claim": "sub", "header": "x-user"}],
        }],
    });
    gatehouse_filter_test::change(&mut configuration, &more);
    configured(&configuration.to_string()).unwrap()
}

/// What the filter decides about a request with this bearer token at [`NOW`].
fn ask_with(filter: &JwtAuth, token: &str) -> Outcome<JwtAuth> {
    let authorization = format!("Bearer {token}");
    ask(filter, &FakeHost::at(NOW), &[("authorization", &authorization)])
}

/// The code of that decision.
fn code_for(filter: &JwtAuth, token: &str) -> &'static str {
    ask_with(filter, token).decision.code.name()
}

/// The challenge of a refusal.
fn challenge(outcome: &Outcome<JwtAuth>) -> String {
    let Step::Reply(Reply::Problem(reply)) = &outcome.decision.step else {
        panic!("the request went on: {:?}", outcome.decision.code);
    };
    let mut fields = reply.headers.iter().filter(|(name, _)| name.as_str() == "www-authenticate");
    let (_, value) = fields.next().unwrap();
    String::from_utf8(value.as_bytes().to_vec()).unwrap()
}
