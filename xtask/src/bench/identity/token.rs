//! The tokens of the bench, and the requests that carry them.

use anyhow::Result;
use gatehouse_demo::{AUDIENCE, ISSUER};
use gatehouse_filter::Hash;
use jwt_simple::prelude::{
    Base64UrlSafeNoPadding, Claims, Duration, ECDSAP256KeyPairLike as _, ES256KeyPair, JWTClaims,
    RSAKeyPairLike as _,
};
use jwt_simple::reexports::ct_codecs::Decoder as _;
use serde_json::{Map, Value, json};

use super::super::set_up::{PATH, PROOF_PATH, SetUp, request_with};

/// How much a token says beside the registered claims.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Says {
    /// What an access token of Keycloak says as it is installed: fifteen claims, some of them lists
    /// and objects.
    Much,
    /// What a token of the demo's `auth` service says: two.
    Little,
}

impl Says {
    fn custom(self) -> Map<String, Value> {
        let claims = match self {
            Self::Much => json!({
                "auth_time": 1_790_000_000,
                "typ": "Bearer",
                "azp": "shop-frontend",
                "sid": "5c2b7a3e-8f0d-4c53-9b1e-2d6f1a7c9e40",
                "acr": "1",
                "allowed-origins": ["https://shop.example.com"],
                "realm_access": {"roles": ["default-roles-shop", "offline_access", "uma_authorization"]},
                "resource_access": {"account": {"roles": ["manage-account", "manage-account-links", "view-profile"]}},
                "scope": "openid profile email",
                "email_verified": true,
                "name": "Alice Anderson",
                "preferred_username": "alice",
                "given_name": "Alice",
                "family_name": "Anderson",
                "email": "alice@example.com",
            }),
            Self::Little => json!({
                "scope": "users:read orders:read products:read products:write",
                "roles": ["admin", "user"],
            }),
        };
        claims.as_object().cloned().unwrap_or_default()
    }
}

/// A token, the key that verifies it, and a token that looks like it.
pub(in super::super) struct Signed {
    pub(in super::super) jwk: Value,
    pub(in super::super) token: String,
    pub(in super::super) forged: String,
}

/// Who each token is about.
pub(in super::super) const SUBJECT: &str = "alice";

impl Signed {
    pub(in super::super) fn rs256(says: Says) -> Result<Self> {
        let pair = gatehouse_demo::signing_key();
        Self::new(&pair.public_key().to_jwk(), says, |claims| pair.sign(claims))
    }

    pub(super) fn es256(says: Says) -> Result<Self> {
        let pair = ES256KeyPair::generate().with_key_id("bench-1");
        Self::new(&pair.public_key().to_jwk(), says, |claims| pair.sign(claims))
    }

    fn new(
        jwk: &str,
        says: Says,
        sign: impl Fn(JWTClaims<Map<String, Value>>) -> Result<String, jwt_simple::Error>,
    ) -> Result<Self> {
        let claims = claims(says).with_jwt_id("c93eabf1a6b84e5c8f8c");
        let token = sign(claims.clone().with_subject(SUBJECT))?;
        let other = sign(claims.with_subject("mallory"))?;
        // The claims of the one under the signature of the other.
        let end = |token: &str| token.rfind('.').unwrap_or_default();
        let (signed, _) = other.split_at(end(&other));
        let (_, signature) = token.split_at(end(&token));
        Ok(Self { jwk: serde_json::from_str(jwk)?, forged: format!("{signed}{signature}"), token })
    }

    /// The claims, as much as the identity that `jwt-auth` leaves.
    pub(super) fn identity(&self) -> Result<Vec<u8>> {
        let payload = self.token.split('.').nth(1).unwrap_or_default();
        Ok(Base64UrlSafeNoPadding::decode_to_vec(payload, None)?)
    }

    /// What the host is told to verify an RSA signature.
    pub(super) fn verify_arguments(&self) -> Result<Vec<u8>> {
        let (text, signature) = self.token.rsplit_once('.').unwrap_or_default();
        let signature = Base64UrlSafeNoPadding::decode_to_vec(signature, None)?;
        let key = gatehouse_demo::signing_key().public_key().to_der()?;
        Ok(gatehouse_host::signature::arguments(Hash::Sha256, &key, &signature, text.as_bytes()))
    }

    pub(super) fn set_up(
        &self,
        name: &str,
        over: Option<&'static str>,
        http_filters: Vec<Value>,
    ) -> SetUp {
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

/// So many tokens, all of the same length and about the same subject, and no two alike.
///
/// # Errors
/// A token cannot be signed.
pub(in super::super) fn different(says: Says, count: usize) -> Result<Vec<String>> {
    let pair = gatehouse_demo::signing_key();
    let claims = claims(says).with_subject(SUBJECT);
    let signed =
        (0..count).map(|number| pair.sign(claims.clone().with_jwt_id(format!("{number:020x}"))));
    signed.collect()
}

fn claims(says: Says) -> JWTClaims<Map<String, Value>> {
    Claims::with_custom_claims(says.custom(), Duration::from_days(1))
        .with_issuer(ISSUER)
        .with_audience(AUDIENCE)
}

pub(in super::super) fn with_token(path: &str, token: &str) -> Vec<u8> {
    request_with(path, &format!("authorization: Bearer {token}\r\n"))
}
