//! The filter from callouts.

mod basic;
mod certificates;
mod configuration;
mod disabled;
mod polling;
mod requests;
mod spoofing;
mod work;

use crate::{ApiKeyAuth, Digest, Event};
use gatehouse_filter::{Codes, Reply, Step};
use gatehouse_filter_test::{FakeHost, Outcome, ask, configured};
use serde_json::{Value, json};

/// The time of most tests: 2027-01-15T08:00:00Z.
const NOW: u64 = 1_800_000_000;

const SECRET: &str = "a secret of 32 bytes, or of more";

fn sha256(key: &str) -> String {
    Digest::sha256(key.as_bytes()).to_string()
}

/// Two consumers: `acme` has two keys, `initech` one that is kept as an HMAC.
fn consumers() -> Value {
    let secret = crate::Secret::new(SECRET.as_bytes()).unwrap();
    json!([
        {
            "name": "acme",
            "keys": [{"digest": sha256("acme-old")}, {"digest": sha256("acme-new")}],
            "scopes": ["orders:read", "orders:write"],
            "roles": ["buyer"],
            "groups": ["partners", "eu"],
            "tier": "gold",
            "metadata": {"account": 17, "contact": {"mail": "it@acme.example"}},
        },
        {"name": "initech", "keys": [{"digest": Digest::hmac_sha256(&secret, b"initech-1").to_string()}]},
    ])
}

/// A filter with these consumers, and these members besides.
fn filter(more: Value) -> ApiKeyAuth {
    let mut configuration = json!({"hmac_secret": SECRET, "consumers": consumers()});
    gatehouse_filter_test::change(&mut configuration, &more);
    configured(&configuration.to_string()).unwrap()
}

/// What the filter decides about a request with these fields at [`NOW`].
fn decide<V: AsRef<[u8]>>(filter: &ApiKeyAuth, fields: &[(&str, V)]) -> Outcome<ApiKeyAuth> {
    ask(filter, &FakeHost::at(NOW), fields)
}

/// The code of that decision.
fn code<V: AsRef<[u8]>>(filter: &ApiKeyAuth, fields: &[(&str, V)]) -> &'static str {
    decide(filter, fields).decision.code.name()
}

/// What the client is told: status, body and challenge.
fn told(outcome: &Outcome<ApiKeyAuth>) -> (u16, String, Option<String>) {
    let Step::Reply(Reply::Problem(reply)) = &outcome.decision.step else {
        panic!("the request went on: {:?}", outcome.decision.code);
    };
    let body = reply.document(&format!("api_key_auth.{}", outcome.decision.code.name()));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let challenge = reply.headers.iter().find(|(name, _)| name.as_str() == "www-authenticate");
    (reply.status, text(&body), challenge.map(|(_, value)| text(value.as_bytes())))
}
