//! `cargo xtask bench identity`: `jwt-auth` beside Envoy's own `jwt_authn`, with RSA and with ECDSA, without and
//! with a cache of verified tokens.
//!
//! Both check the same: one issuer, its audience, the times and the signature, and write one claim to a header.

use anyhow::Result;
use gatehouse_demo::{AUDIENCE, ISSUER};
use gatehouse_filter::Hash;
use jwt_simple::prelude::{
    Base64UrlSafeNoPadding, Claims, Duration, ECDSAP256KeyPairLike as _, ES256KeyPair, JWTClaims,
    RSAKeyPairLike as _,
};
use jwt_simple::reexports::ct_codecs::Decoder as _;
use serde_json::{Map, Value, json};

use super::Sources;
use super::probe::{self, Data, call};
use super::set_up::{
    Bench, PATH, PROOF_PATH, REQUEST_ID, SetUp, Target, USER_AGENT, http_filter, request_with, wasm_filter,
};

/// The bench's name.
pub(super) const NAME: &str = "identity";

const FILTER: &str = "jwt-auth";

/// What the filter may call and be called for, as in `envoy/jwt-auth.yaml`.
const CAPABILITIES: [&str; 20] = [
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
    "proxy_on_delete",
    "random_get",
    "clock_time_get",
];

/// What an uncached verification may add, as a share of what the native filter adds, and what a cached one may.
const UNCACHED: f64 = 0.9;
const CACHED: f64 = 1.2;

/// For each algorithm a gateway without a filter, the two filters, and both with their caches.
///
/// # Errors
/// A token cannot be signed.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let [rs256, es256] = [Signed::rs256()?, Signed::es256()?];
    let ours = |name, key: &Signed, over, tokens| {
        let module = sources.modules.join("jwt-auth.wasm");
        let filter = wasm_filter(FILTER, &module, Some(jwt_auth(key, tokens)), &CAPABILITIES);
        SetUp { filter: Some(FILTER.to_owned()), ..key.set_up(name, Some(over), vec![filter]) }
    };
    let native =
        |name, key: &Signed, over, does: Native| key.set_up(name, Some(over), vec![jwt_authn(key, does)]);
    let [plain, payload] = [false, true].map(|payload| Native { payload, cache: false });
    let [plain_cached, payload_cached] = [plain, payload].map(|does| Native { cache: true, ..does });
    // What the host's part of ours costs: the same calls on fixed bytes, without guest code.
    let calls = |name: &'static str, over, signature: &[u8]| -> Result<SetUp> {
        let identity = rs256.identity()?;
        let data = Data { identity: &identity, signature };
        let verify = if signature.is_empty() { "" } else { call::VERIFY };
        let calls = [call::HEAD, call::TIME, verify, call::COUNT, call::STATE, call::IDENTITY, call::WRITE];
        let module = probe::write(&sources.scratch, name, &calls, data)?;
        let set_up = rs256.set_up(name, Some(over), vec![wasm_filter(name, &module, None, &[])]);
        Ok(SetUp { refuses: None, writes: Some(format!("{REQUEST_ID} {USER_AGENT}")), ..set_up })
    };
    let bare = |name, key: &Signed| SetUp { refuses: None, writes: None, ..key.set_up(name, None, vec![]) };
    let target = |subject, reference, ratio| Target { subject, reference, ratio };
    Ok(Bench {
        name: NAME,
        set_ups: vec![
            bare("bare-rs256", &rs256),
            native("plain-rs256", &rs256, "bare-rs256", plain),
            native("native-rs256", &rs256, "bare-rs256", payload),
            ours("jwt-auth-rs256", &rs256, "bare-rs256", Some(0)),
            calls("calls-rs256", "bare-rs256", &rs256.verify_arguments()?)?,
            native("plain-rs256-cached", &rs256, "bare-rs256", plain_cached),
            native("native-rs256-cached", &rs256, "bare-rs256", payload_cached),
            ours("jwt-auth-rs256-cached", &rs256, "bare-rs256", None),
            calls("calls-cached", "bare-rs256", &[])?,
            bare("bare-es256", &es256),
            native("plain-es256", &es256, "bare-es256", plain),
            native("native-es256", &es256, "bare-es256", payload),
            ours("jwt-auth-es256", &es256, "bare-es256", Some(0)),
            native("plain-es256-cached", &es256, "bare-es256", plain_cached),
            native("native-es256-cached", &es256, "bare-es256", payload_cached),
            ours("jwt-auth-es256-cached", &es256, "bare-es256", None),
        ],
        targets: vec![
            target("jwt-auth-rs256", "native-rs256", UNCACHED),
            target("jwt-auth-es256", "native-es256", UNCACHED),
            target("jwt-auth-rs256-cached", "native-rs256-cached", CACHED),
            target("jwt-auth-es256-cached", "native-es256-cached", CACHED),
        ],
    })
}

/// A token, the key that verifies it, and a token that looks like it.
struct Signed {
    jwk: Value,
    token: String,
    forged: String,
}

const SUBJECT: &str = "alice";

impl Signed {
    fn rs256() -> Result<Self> {
        let pair = gatehouse_demo::signing_key();
        Self::new(&pair.public_key().to_jwk(), |claims| pair.sign(claims))
    }

    fn es256() -> Result<Self> {
        let pair = ES256KeyPair::generate().with_key_id("bench-1");
        Self::new(&pair.public_key().to_jwk(), |claims| pair.sign(claims))
    }

    fn new(
        jwk: &str,
        sign: impl Fn(JWTClaims<Map<String, Value>>) -> Result<String, jwt_simple::Error>,
    ) -> Result<Self> {
        // What a token of the demo's `auth` service says beside the registered claims.
        let scope = json!("users:read orders:read products:read products:write");
        let custom = [("scope", scope), ("roles", json!(["admin", "user"]))];
        let custom = custom.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let claims = Claims::with_custom_claims(custom, Duration::from_days(1))
            .with_issuer(ISSUER)
            .with_audience(AUDIENCE)
            .with_jwt_id("c93eabf1a6b84e5c8f8c");
        let token = sign(claims.clone().with_subject(SUBJECT))?;
        let other = sign(claims.with_subject("mallory"))?;
        // The claims of the one under the signature of the other.
        let end = |token: &str| token.rfind('.').unwrap_or_default();
        let (signed, _) = other.split_at(end(&other));
        let (_, signature) = token.split_at(end(&token));
        Ok(Self { jwk: serde_json::from_str(jwk)?, forged: format!("{signed}{signature}"), token })
    }

    /// The claims, as much as the identity that `jwt-auth` leaves.
    fn identity(&self) -> Result<Vec<u8>> {
        let payload = self.token.split('.').nth(1).unwrap_or_default();
        Ok(Base64UrlSafeNoPadding::decode_to_vec(payload, None)?)
    }

    /// What the host is told to verify an RSA signature.
    fn verify_arguments(&self) -> Result<Vec<u8>> {
        let (text, signature) = self.token.rsplit_once('.').unwrap_or_default();
        let signature = Base64UrlSafeNoPadding::decode_to_vec(signature, None)?;
        let key = gatehouse_demo::signing_key().public_key().to_der()?;
        Ok(gatehouse_host::signature::arguments(Hash::Sha256, &key, &signature, text.as_bytes()))
    }

    fn set_up(&self, name: &str, over: Option<&'static str>, http_filters: Vec<Value>) -> SetUp {
        SetUp {
            over,
            request: with_token(PATH, &self.token),
            proof: with_token(PROOF_PATH, &self.token),
            refuses: Some(with_token(PATH, &self.forged)),
            writes: Some(SUBJECT.to_owned()),
            ..SetUp::new(name, http_filters)
        }
    }
}

fn with_token(path: &str, token: &str) -> Vec<u8> {
    request_with(path, &format!("authorization: Bearer {token}\r\n"))
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
