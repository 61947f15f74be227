//! What a request costs in each filter that is configured plainly: what is asked of the host, and
//! allocations, which a counting allocator sees. An option that is not used adds to none of them.
//! response-cache has a table of its own, in `filters/response-cache/tests/costs.rs`.
#![cfg(test)]

use gatehouse_aggregate::Aggregate;
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_audit::Audit;
use gatehouse_authorization::Authorization;
use gatehouse_body_transform::BodyTransform;
use gatehouse_filter::{Codes as _, Filter, Headers, Request};
use gatehouse_filter_test::allocations::{self, Counting};
use gatehouse_filter_test::{FakeHost, configured};
use gatehouse_header_transform::HeaderTransform;
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;
use gatehouse_telemetry::Telemetry;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: u64 = 1_800_000_000;

/// Of Alice, signed with the key of `JWT`; good until 2096.
const TOKEN: &str = "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ.\
    eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZSIsInN1YiI6ImFsaWNlIiwiZXhwIjo0MDAwMDAwMDAwfQ.\
    gkqqeQJYU0bYTWoAr_iaUIc3w4-dRe1a9puXrdGVM-M";

const JWT: &str = r#"{"providers": [{"name": "a", "issuer": "https://a.example", "jwks": {"keys":
    [{"kty": "oct", "kid": "a", "alg": "HS256",
      "k": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}]}}]}"#;

const KEY: &str = "a-key-of-32-random-bytes-or-more";

const API_KEY: &str = r#"{"consumers": [{"name": "a", "keys": [{"digest":
    "sha256:0901f2f52b3f16045ce3e13cc267e8d38d855f7ac18e3b83db5efdc126303d3d"}]}]}"#;

const HEAD: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "shop.example"),
    (":path", "/orders?page=1"),
    ("user-agent", "curl/8"),
    ("accept", "*/*"),
    ("x-request-id", "6a2c"),
    ("x-forwarded-proto", "https"),
];

/// What a request takes.
#[derive(Debug)]
struct Cost {
    code: &'static str,
    /// Attributes that the host is asked for.
    facts: u32,
    /// Calls of the shared store.
    store: u32,
    /// Those of the fakes are among them: each value that the store gives, the text of each fact.
    allocations: usize,
}

/// The cost of the second request with this head: what is made once is made by the first.
fn cost<F: Filter>(block: &str, more: &[(&str, &str)]) -> Cost {
    let filter: F = configured(block).expect("a configuration");
    let host = FakeHost::at(NOW);
    filter.start(&host).expect("it starts");
    let ask = || {
        let mut request = Request::new(Headers::from_list(&[HEAD, more].concat()), &host);
        let mut state = F::State::default();
        let (facts, store) = (host.facts_asked(), host.store.calls());
        let (allocations, decision) =
            allocations::of(|| filter.on_request(&mut request, &mut state));
        Cost {
            code: decision.code.name(),
            facts: host.facts_asked().saturating_sub(facts),
            store: host.store.calls().saturating_sub(store),
            allocations,
        }
    };
    let _ = ask();
    ask()
}

#[test]
fn a_plain_filter_costs_what_it_did() {
    let key = &[("x-api-key", KEY)][..];
    let token = &[("authorization", TOKEN)][..];
    let path = r#""match": {"path": {"prefix": "/orders"}}"#;
    let rule = |members: &str| format!(r#"{{"rules": [{{{path}, {members}}}]}}"#);
    let calls = r#""calls": [{"name": "a", "cluster": "a", "path": "/a"}]"#;
    let elsewhere =
        format!(r#"{{"rules": [{{"match": {{"path": {{"exact": "/a"}}}}, {calls}}}]}}"#);
    let limit = rule(r#""limits": [{"requests": 9, "window": "1s"}]"#);
    let field = rule(r#""request": [{"set": {"name": "x-a", "value": "b"}}]"#);
    let (allow, deny) = (rule(r#""action": "allow""#), rule(r#""action": "deny""#));
    // Of each: its decision, and the most facts, calls of the store and allocations.
    let mut dearer = Vec::new();
    for (what, cost, code, facts, store, allocations) in [
        ("a key", cost::<ApiKeyAuth>(API_KEY, key), "allowed", 0, 0, 1),
        ("no key", cost::<ApiKeyAuth>(API_KEY, &[]), "key_missing", 0, 0, 4),
        ("a token that is known", cost::<JwtAuth>(JWT, token), "allowed", 0, 0, 1),
        ("no token", cost::<JwtAuth>(JWT, &[]), "token_missing", 0, 0, 4),
        ("a rule that allows", cost::<Authorization>(&allow, &[]), "allowed", 0, 0, 0),
        ("a rule that denies", cost::<Authorization>(&deny, &[]), "denied", 1, 0, 3),
        ("a limit", cost::<RateLimit>(&limit, &[]), "allowed", 1, 2, 11),
        ("a field", cost::<HeaderTransform>(&field, &[]), "applied", 0, 0, 2),
        ("no body", cost::<BodyTransform>(&rule(r#""request": {}"#), &[]), "untouched", 0, 0, 0),
        ("not put together", cost::<Aggregate>(&elsewhere, &[]), "unmatched", 0, 0, 0),
        ("counted", cost::<Telemetry>(r#"{"requests": {}}"#, &[]), "seen", 0, 0, 0),
        ("told", cost::<Audit>(r#"{"record": true}"#, &[]), "seen", 0, 0, 4),
    ] {
        let is_within =
            cost.facts <= facts && cost.store <= store && cost.allocations <= allocations;
        if cost.code != code || !is_within {
            dearer.push(format!("{what}: {cost:?}"));
        }
    }
    assert!(dearer.is_empty(), "{dearer:#?}");
}
