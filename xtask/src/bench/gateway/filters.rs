//! Our filters for the job: what each is configured with and may do.

use std::path::Path;

use gatehouse_demo::{AUDIENCE, ISSUER};
use serde_json::{Value, json};

use super::super::identity::token::Signed;
use super::super::set_up::wasm_filter;
use super::super::{header_transform, identity, rate_limit};
use super::native::PLENTY;
use super::requests::LIMITED;

/// What the module with all functions may do beyond what the three may.
const MORE: [&str; 1] = [header_transform::ON_RESPONSE];

/// Checks the token, remembers it, and writes the subject to `x-user`.
pub(super) fn jwt_auth(modules: &Path, key: &Signed) -> Value {
    let module = modules.join("jwt-auth.wasm");
    wasm_filter("jwt-auth", &module, Some(check(key)), &identity::CAPABILITIES)
}

/// A limit for each value of the header `client`.
pub(super) fn rate_limit(modules: &Path, client: &str, tells: bool) -> Value {
    let more: &[&str] = if tells { &[header_transform::ON_RESPONSE] } else { &[] };
    let capabilities = [&rate_limit::CAPABILITIES, more].concat();
    let configuration = limits(client, if tells { "draft" } else { "none" });
    wasm_filter("rate-limit", &modules.join("rate-limit.wasm"), Some(configuration), &capabilities)
}

/// One field of the request made of two, and one of the response.
pub(super) fn header_transform(modules: &Path) -> Value {
    let capabilities =
        [&header_transform::REQUEST_ONLY[..], &[header_transform::ON_RESPONSE]].concat();
    let module = modules.join("header-transform.wasm");
    wasm_filter("header-transform", &module, Some(edits()), &capabilities)
}

/// A rule for requests that do not come; as the empty module, it is not asked about responses.
pub(super) fn no_match(modules: &Path) -> Value {
    let configuration = json!({"rules": [{
        "name": "bench",
        "match": {"path": {"prefix": "/nowhere"}},
        "request": [{"set": {"name": "x-bench", "value": "${header.x-request-id} ${header.user-agent}"}}],
    }]});
    let module = modules.join("header-transform.wasm");
    wasm_filter("header-transform", &module, Some(configuration), &header_transform::REQUEST_ONLY)
}

/// All three in one module. `tells` is whether it writes identity and decisions to filter state.
pub(super) fn gateway(modules: &Path, key: &Signed, tells: bool) -> Value {
    let configuration = json!({"filter_state": {"identity": tells, "decisions": tells}, "filters": [
        {"jwt-auth": check(key)},
        {"rate-limit": limits("x-user", "draft")},
        {"header-transform": edits()},
    ]});
    let mut capabilities = [
        &identity::CAPABILITIES[..],
        &rate_limit::CAPABILITIES,
        &header_transform::REQUEST_ONLY,
        &MORE,
    ]
    .concat();
    capabilities.sort_unstable();
    capabilities.dedup();
    wasm_filter("gateway", &modules.join("gateway.wasm"), Some(configuration), &capabilities)
}

fn check(key: &Signed) -> Value {
    json!({"providers": [{
        "name": "bench",
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "jwks": {"keys": [key.jwk]},
        "claims_to_headers": [{"claim": "sub", "header": "x-user"}],
    }]})
}

fn limits(client: &str, response_fields: &str) -> Value {
    let rule = |name, path: Value, requests: u32, window| {
        json!({
            "name": name,
            "match": {"path": path},
            "key": [{"header": client}],
            "limits": [{"requests": requests, "window": window}],
        })
    };
    json!({
        "keys": 65536,
        "response_fields": response_fields,
        "rules": [
            rule("small", json!({"exact": LIMITED}), 1, "3600s"),
            rule("bench", json!({"prefix": "/"}), PLENTY, "1s"),
        ],
    })
}

fn edits() -> Value {
    json!({"rules": [{
        "name": "bench",
        "match": {"path": {"prefix": "/"}},
        "request": [{"set": {"name": "x-bench", "value": "${header.x-request-id} ${header.user-agent}"}}],
        "response": [{"set": {"name": "x-content-type-options", "value": "nosniff"}}],
    }]})
}
