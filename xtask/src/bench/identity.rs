//! `cargo xtask bench identity`: `jwt-auth` beside Envoy's own `jwt_authn`, with RSA and with
//! ECDSA, without and with a cache of verified tokens.
//!
//! Both check the same: one issuer, its audience, the times and the signature, and write one claim
//! to a header.

pub(super) mod token;

use anyhow::Result;
use gatehouse_demo::{AUDIENCE, ISSUER};
use serde_json::{Value, json};

use super::Sources;
use super::probe::{self, Data, call};
use super::set_up::{Bench, REQUEST_ID, SetUp, Target, USER_AGENT, http_filter, wasm_filter};
use token::{Says, Signed};

/// The bench's name.
pub(super) const NAME: &str = "identity";

pub(super) const FILTER: &str = "jwt-auth";

/// What the filter may call and be called for, as in `envoy/jwt-auth.yaml`.
pub(super) const CAPABILITIES: [&str; 21] = [
    "proxy_log",
    "proxy_get_log_level",
    "proxy_get_buffer_bytes",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_get_property",
    "proxy_set_property",
    "proxy_get_header_map_pairs",
    "proxy_send_local_response",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_get_current_time_nanoseconds",
    "proxy_call_foreign_function",
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_delete",
    "random_get",
    "clock_time_get",
];

/// What an uncached verification may add, as a share of what the native filter adds, and what a
/// cached one may.
const UNCACHED: f64 = 0.9;
const CACHED: f64 = 1.2;

/// For each algorithm and each token a gateway without a filter, the two filters, and both with
/// their caches.
///
/// # Errors
/// A token cannot be signed.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let mut set_ups = Vec::new();
    let mut targets = Vec::new();
    for (names, key) in [
        (&RS256, Signed::rs256(Says::Much)?),
        (&ES256, Signed::es256(Says::Much)?),
        (&RS256_SHORT, Signed::rs256(Says::Little)?),
        (&ES256_SHORT, Signed::es256(Says::Little)?),
    ] {
        let native = |name, cache| {
            key.set_up(
                name,
                Some(names.bare),
                vec![jwt_authn(&key, Native { payload: true, cache })],
            )
        };
        let ours = |name, tokens| {
            let module = sources.modules.join("jwt-auth.wasm");
            let filter = wasm_filter(FILTER, &module, Some(jwt_auth(&key, tokens)), &CAPABILITIES);
            SetUp {
                filter: Some(FILTER.to_owned()),
                ..key.set_up(name, Some(names.bare), vec![filter])
            }
        };
        set_ups.push(SetUp { refuses: None, writes: None, ..key.set_up(names.bare, None, vec![]) });
        set_ups.push(native(names.native, false));
        set_ups.push(ours(names.ours, Some(0)));
        set_ups.push(native(names.native_cached, true));
        set_ups.push(ours(names.ours_cached, None));
        targets.push(Target { subject: names.ours, reference: names.native, ratio: UNCACHED });
        targets.push(Target {
            subject: names.ours_cached,
            reference: names.native_cached,
            ratio: CACHED,
        });
    }
    set_ups.extend(parts(sources)?);
    Ok(Bench { name: NAME, set_ups, targets })
}

/// The set-ups of one token.
struct Names {
    bare: &'static str,
    native: &'static str,
    ours: &'static str,
    native_cached: &'static str,
    ours_cached: &'static str,
}

macro_rules! names {
    ($token:literal) => {
        Names {
            bare: concat!("bare-", $token),
            native: concat!("native-", $token),
            ours: concat!("jwt-auth-", $token),
            native_cached: concat!("native-", $token, "-cached"),
            ours_cached: concat!("jwt-auth-", $token, "-cached"),
        }
    };
}

const RS256: Names = names!("rs256");
const ES256: Names = names!("es256");
const RS256_SHORT: Names = names!("rs256-short");
const ES256_SHORT: Names = names!("es256-short");

/// What each filter's cost is made of, with the longer RSA token: the native one without telling
/// the filters after it who it is, and the host's part of ours, which are the same calls on fixed
/// bytes, without guest code.
fn parts(sources: &Sources) -> Result<Vec<SetUp>> {
    let key = Signed::rs256(Says::Much)?;
    let plain = |name, cache| {
        key.set_up(name, Some(RS256.bare), vec![jwt_authn(&key, Native { payload: false, cache })])
    };
    let calls = |name: &'static str, signature: &[u8]| -> Result<SetUp> {
        let identity = key.identity()?;
        let data = Data { identity: &identity, signature };
        let verify = if signature.is_empty() { "" } else { call::VERIFY };
        let calls =
            [call::HEAD, call::TIME, verify, call::COUNT, call::STATE, call::IDENTITY, call::WRITE];
        let module = probe::write(&sources.scratch, name, &calls, data)?;
        let set_up =
            key.set_up(name, Some(RS256.bare), vec![wasm_filter(name, &module, None, &[])]);
        Ok(SetUp { refuses: None, writes: Some(format!("{REQUEST_ID} {USER_AGENT}")), ..set_up })
    };
    Ok(vec![
        plain("plain-rs256", false),
        calls("calls-rs256", &key.verify_arguments()?)?,
        plain("plain-rs256-cached", true),
        calls("calls-rs256-cached", &[])?,
    ])
}

/// `tokens`: how many are remembered; `None` for as many as unless configured.
fn jwt_auth(key: &Signed, tokens: Option<u32>) -> Value {
    let mut configuration = json!({"providers": [{
        "name": "bench",
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "jwks": {"keys": [key.jwk]},
        "claims_to_headers": [{"claim": "sub", "header": "x-bench"}],
    }]});
    if let (Some(tokens), Some(fields)) = (tokens, configuration.as_object_mut()) {
        fields.insert("cache".to_owned(), json!({"tokens": tokens}));
    }
    configuration
}

/// How much Envoy's own filter does.
#[derive(Clone, Copy)]
struct Native {
    /// Whether the filters after it learn who it is, as they always do from ours.
    payload: bool,
    cache: bool,
}

fn jwt_authn(key: &Signed, native: Native) -> Value {
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": json!({"keys": [key.jwk]}).to_string()},
        "forward": true,
        "claim_to_headers": [{"claim_name": "sub", "header_name": "x-bench"}],
    });
    if let Some(fields) = provider.as_object_mut() {
        if native.payload {
            fields.insert("payload_in_metadata".to_owned(), json!("payload"));
        }
        if native.cache {
            fields.insert("jwt_cache_config".to_owned(), json!({"jwt_cache_size": 1024}));
        }
    }
    http_filter(
        "envoy.filters.http.jwt_authn",
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        json!({
            "providers": {"bench": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
        }),
    )
}
