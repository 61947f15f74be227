//! `cargo xtask bench forged`: the worst that a stranger's token can cost `jwt-auth`, for every
//! algorithm: a token that names no key, against eight keys that may all have signed it, with the
//! bounds as wide as they go, and for what costs most as they are unless configured.
//!
//! Tokens that are no good count as none here (`lenient`), so that the load sees its 200.

use anyhow::Result;
use gatehouse_demo::{AUDIENCE, ISSUER};
use jwt_simple::prelude::Base64UrlSafeNoPadding;
use jwt_simple::reexports::ct_codecs::Encoder as _;
use serde_json::{Value, json};

use super::Sources;
use super::identity::token::with_token;
use super::identity::{CAPABILITIES, FILTER};
use super::set_up::{Bench, PATH, SetUp, wasm_filter};

/// The bench's name.
pub(super) const NAME: &str = "forged";

/// A key that verifies, and what may pass for its signature.
struct Kind {
    name: &'static str,
    algorithm: &'static str,
    key: Value,
    signature: Vec<u8>,
    /// Whether the host verifies.
    is_by_host: bool,
    /// The field `verification`.
    bounds: Value,
}

/// A gateway without a filter, and one for each kind.
///
/// # Errors
/// A token cannot be written.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let module = sources.modules.join("jwt-auth.wasm");
    let mut set_ups = vec![SetUp::new("bare", vec![])];
    for kind in kinds()? {
        let capabilities = CAPABILITIES
            .iter()
            .filter(|name| kind.is_by_host || **name != "proxy_call_foreign_function");
        let capabilities: Vec<&str> = capabilities.copied().collect();
        let filter = wasm_filter(FILTER, &module, Some(kind.configuration()), &capabilities);
        let request = with_token(PATH, &kind.token()?);
        let set_up = SetUp::new(kind.name, vec![filter]);
        set_ups.push(SetUp {
            filter: Some(FILTER.to_owned()),
            proof: request.clone(),
            request,
            over: Some("bare"),
            ..set_up
        });
    }
    Ok(Bench { name: NAME, set_ups, targets: vec![] })
}

fn kinds() -> Result<Vec<Kind>> {
    let widest = || json!({"per_request": "100ms", "per_second": "1s"});
    let usual = || json!({});
    // Any odd number will do.
    let rsa = |bytes| -> Result<Value> {
        Ok(json!({"kty": "RSA", "e": "AQAB", "n": encoded(&vec![0xff; bytes])?}))
    };
    // RFC 7515 A.3 and A.4, RFC 8037 A.2, and the generator of P-384 (SEC 2).
    let p256 = json!({"kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let p384 = json!({"kty": "EC", "crv": "P-384",
        "x": "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
        "y": "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"});
    let p521 = json!({"kty": "EC", "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"});
    let ed25519 =
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let secret = json!({"kty": "oct", "k": encoded(&[1; 64])?});
    let kind = |name, algorithm, key: &Value, length: usize, is_by_host, bounds| Kind {
        name,
        algorithm,
        key: key.clone(),
        signature: vec![1; length],
        is_by_host,
        bounds,
    };
    let (rsa_2048, rsa_4096) = (rsa(256)?, rsa(512)?);
    Ok(vec![
        kind("RS256-2048", "RS256", &rsa_2048, 256, true, widest()),
        kind("RS256-4096", "RS256", &rsa_4096, 512, true, widest()),
        kind("ES256", "ES256", &p256, 64, true, widest()),
        kind("ES384", "ES384", &p384, 96, true, widest()),
        kind("ES512", "ES512", &p521, 132, true, widest()),
        kind("HS512", "HS512", &secret, 64, true, widest()),
        kind("EdDSA", "EdDSA", &ed25519, 64, true, widest()),
        kind("PS256-2048", "PS256", &rsa_2048, 256, true, widest()),
        kind("PS256-4096", "PS256", &rsa_4096, 512, true, widest()),
        kind("RS256-2048-no-host", "RS256", &rsa_2048, 256, false, widest()),
        kind("ES256-no-host", "ES256", &p256, 64, false, widest()),
        kind("ES384-no-host", "ES384", &p384, 96, false, widest()),
        kind("ES512-no-host", "ES512", &p521, 132, false, widest()),
        kind("PS256-2048-bounded", "PS256", &rsa_2048, 256, true, usual()),
        kind("PS256-4096-bounded", "PS256", &rsa_4096, 512, true, usual()),
        kind("EdDSA-bounded", "EdDSA", &ed25519, 64, true, usual()),
    ])
}

impl Kind {
    /// Eight keys, all of which a token that names none may mean. They are one key: what it costs
    /// to try them is the same.
    fn configuration(&self) -> Value {
        let keys = (0..8_u8).map(|number| {
            let mut key = self.key.clone();
            if let Some(members) = key.as_object_mut() {
                members.insert("kid".to_owned(), json!(format!("key-{number}")));
            }
            key
        });
        json!({
            "default": "lenient",
            "verification": self.bounds,
            "providers": [{
                "name": "bench",
                "issuer": ISSUER,
                "audiences": [AUDIENCE],
                "algorithms": [self.algorithm],
                "try_named_keys": true,
                "jwks": {"keys": keys.collect::<Vec<_>>()},
            }],
        })
    }

    fn token(&self) -> Result<String> {
        let header = encoded(json!({"alg": self.algorithm}).to_string().as_bytes())?;
        let claims =
            json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "mallory", "exp": 4_000_000_000_u64});
        let claims = encoded(claims.to_string().as_bytes())?;
        Ok(format!("{header}.{claims}.{}", encoded(&self.signature)?))
    }
}

fn encoded(bytes: &[u8]) -> Result<String> {
    Ok(Base64UrlSafeNoPadding::encode_to_string(bytes)?)
}
