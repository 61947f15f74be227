//! Signed tokens, and the key sets that verify them. Minted here, so that a case shows what is in
//! them.

use std::time::{SystemTime, UNIX_EPOCH};

use jwt_simple::prelude::*;
use serde_json::{Map, Value, json};

/// The claims of a good token for this subject, as the demo's `auth` service issues them.
pub(crate) fn claims(subject: &str) -> Value {
    let now = now();
    json!({
        "iss": gatehouse_demo::ISSUER,
        "aud": gatehouse_demo::AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + 3600,
        "scope": "orders:read products:read",
        "roles": ["user"],
    })
}

/// `base` with these members; a `null` takes the member out.
pub(crate) fn with(mut base: Value, changes: Value) -> Value {
    let (Value::Object(members), Value::Object(changes)) = (&mut base, changes) else {
        panic!("claims are an object");
    };
    for (name, value) in changes {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    base
}

/// A token that the shipped configs accept, for `alice`, `bob` or anybody.
pub(crate) fn good(subject: &str) -> String {
    demo(&claims(subject))
}

/// The claims signed with the demo's key.
pub(crate) fn demo(claims: &Value) -> String {
    gatehouse_demo::signing_key().sign(parsed(claims)).expect("the demo key signs")
}

/// `authorization`'s value for the token.
pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs()
}

/// A token of these parts, signed with nothing: the signature is three bytes.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.AAAA", base64url(header.to_string()), base64url(claims.to_string()))
}

/// A token with this very payload, authenticated with this secret by HS256.
pub(crate) fn authenticated(secret: &[u8], payload: &str) -> String {
    let text = format!("{}.{}", base64url(r#"{"alg":"HS256"}"#), base64url(payload));
    let tag = HS256Key::from_bytes(secret).authentication_tag(text.as_bytes());
    format!("{text}.{}", base64url(tag))
}

/// The same token with one bit of its signature flipped.
pub(crate) fn flipped(token: &str) -> String {
    let at = token.rfind('.').expect("a token has dots") + 5;
    // In base64, `A` and `B`, `C` and `D` and so on differ in the lowest bit.
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = token.as_bytes().to_vec();
    let digit = ALPHABET.iter().position(|digit| *digit == bytes[at]).expect("a token is base64");
    bytes[at] = ALPHABET[digit ^ 1];
    String::from_utf8(bytes).expect("base64 is text")
}

/// A key pair or a shared secret of the test's own.
pub(crate) struct Key {
    /// The `alg` of the tokens it signs.
    pub(crate) algorithm: &'static str,
    /// What the gateway is configured with.
    pub(crate) jwk: Value,
    sign: Box<dyn Fn(&Value) -> String + Send + Sync>,
}

impl Key {
    /// The claims, signed.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        (self.sign)(claims)
    }
}

/// A new ES256 key of this name.
pub(crate) fn es256(name: &str) -> Key {
    let pair = ES256KeyPair::generate().with_key_id(name);
    let jwk = serde_json::from_str(&pair.public_key().to_jwk()).expect("a JWK is JSON");
    key("ES256", jwk, move |claims| pair.sign(parsed(claims)))
}

/// One key for each algorithm, `kid` the algorithm's name in lower case.
pub(crate) fn a_key_for_every_algorithm() -> Vec<Key> {
    // Making an RSA key takes seconds; RSA algorithms differ in how a key is used, not in the key.
    let rsa = gatehouse_demo::signing_key().to_pem().expect("the demo key can be written");
    macro_rules! pair {
        ($name:literal, $pair:expr) => {{
            let pair = $pair.with_key_id(&$name.to_lowercase());
            let jwk = serde_json::from_str(&pair.public_key().to_jwk()).expect("a JWK is JSON");
            key($name, jwk, move |claims| pair.sign(parsed(claims)))
        }};
    }
    macro_rules! secret {
        ($name:literal, $kind:ty, $bytes:literal) => {{
            // As long as the hash: RFC 7518 section 3.2 asks for no less.
            let bytes = [0x5a_u8; $bytes];
            let secret = <$kind>::from_bytes(&bytes).with_key_id(&$name.to_lowercase());
            let jwk = json!({"kty": "oct", "use": "sig", "alg": $name, "kid": $name.to_lowercase(),
                "k": base64url(bytes)});
            key($name, jwk, move |claims| secret.authenticate(parsed(claims)))
        }};
    }
    vec![
        pair!("RS256", RS256KeyPair::from_pem(&rsa).expect("a PEM")),
        pair!("RS384", RS384KeyPair::from_pem(&rsa).expect("a PEM")),
        pair!("RS512", RS512KeyPair::from_pem(&rsa).expect("a PEM")),
        pair!("PS256", PS256KeyPair::from_pem(&rsa).expect("a PEM")),
        pair!("PS384", PS384KeyPair::from_pem(&rsa).expect("a PEM")),
        pair!("PS512", PS512KeyPair::from_pem(&rsa).expect("a PEM")),
        pair!("ES256", ES256KeyPair::generate()),
        pair!("ES384", ES384KeyPair::generate()),
        pair!("EdDSA", Ed25519KeyPair::generate()),
        secret!("HS256", HS256Key, 32),
        secret!("HS384", HS384Key, 48),
        secret!("HS512", HS512Key, 64),
    ]
}

fn key<F>(algorithm: &'static str, jwk: Value, sign: F) -> Key
where
    F: Fn(&Value) -> Result<String, jwt_simple::Error> + Send + Sync + 'static,
{
    Key { algorithm, jwk, sign: Box::new(move |claims| sign(claims).expect("the key signs")) }
}

fn parsed(claims: &Value) -> JWTClaims<Map<String, Value>> {
    serde_json::from_value(claims.clone()).expect("claims that can be signed")
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).expect("it fits")
}
