//! The keys of the list, and tokens of any bytes, signed with them. Nothing here checks what it
//! signs.

use std::sync::LazyLock;

use jwt_simple::prelude::{HS256Key, HS384Key, HS512Key, MACLike as _};
use p256::ecdsa::signature::Signer as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256, Sha384, Sha512};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use serde_json::{Value, json};

use crate::harness::token::{base64url, with};

/// Has a key for every public algorithm, named after its kind, and [`PINNED`].
pub(super) const OURS: &str = gatehouse_demo::ISSUER;
/// Has one key, which has the name of one of ours.
pub(super) const PARTNER: &str = "https://partner.example";
/// Has one key without a name.
pub(super) const BARE: &str = "https://bare.example";
/// Has a secret.
pub(super) const INTERNAL: &str = "https://internal.example";

pub(super) const AUDIENCE: &str = gatehouse_demo::AUDIENCE;

/// The name of our RSA key once more, for RS256 alone.
pub(super) const PINNED: &str = "rsa-pinned";

/// The shared secret of [`INTERNAL`], long enough for every hash.
pub(super) const SECRET: [u8; 64] = [0x5a; 64];

pub(super) static RSA: LazyLock<RsaPrivateKey> = LazyLock::new(|| {
    let pem = gatehouse_demo::signing_key().to_pem().expect("the demo key can be written");
    RsaPrivateKey::from_pkcs8_pem(&pem).expect("it is a PEM")
});

/// A key on P-256 that is made of this byte, one of those below.
pub(super) fn p256_key(byte: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[byte; 32]).expect("below the order")
}

pub(super) const OUR_KEY: u8 = 7;
pub(super) const PARTNER_KEY: u8 = 8;
pub(super) const BARE_KEY: u8 = 9;
/// In our set, but to encrypt with.
pub(super) const ENCRYPTION_KEY: u8 = 10;
/// In our set, but to wrap keys with.
pub(super) const WRAPPING_KEY: u8 = 11;
pub(super) const ATTACKER_KEY: u8 = 66;

fn p384_key() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).expect("below the order")
}

fn p521_key() -> p521::ecdsa::SigningKey {
    p521::ecdsa::SigningKey::from_slice(&[[0, 7].as_slice(), &[7; 64]].concat())
        .expect("below the order")
}

fn ed25519_key() -> ed25519_compact::KeyPair {
    ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([7; 32]))
}

/// The providers' names, issuers and key sets.
pub(super) fn providers() -> [(&'static str, &'static str, Value); 4] {
    let ours = json!([
        rsa_jwk(json!({"kid": "rsa"})),
        rsa_jwk(json!({"kid": PINNED, "alg": "RS256"})),
        p256_jwk(OUR_KEY, json!({"kid": "p256"})),
        ec_jwk("P-384", 48, p384_key().verifying_key().to_sec1_bytes().as_ref(), json!({"kid": "p384"})),
        ec_jwk("P-521", 66, p521_key().verifying_key().to_sec1_bytes().as_ref(), json!({"kid": "p521"})),
        p256_jwk(ENCRYPTION_KEY, json!({"kid": "encryption", "use": "enc"})),
        p256_jwk(WRAPPING_KEY, json!({"kid": "wrapping", "key_ops": ["wrapKey", "deriveKey"]})),
        {"kty": "of nobody", "kid": "future"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "ed25519", "x": base64url(&ed25519_key().pk[..])},
    ]);
    let secret = json!({"kty": "oct", "kid": "secret", "k": base64url(SECRET)});
    [
        ("ours", OURS, ours),
        ("partner", PARTNER, json!([p256_jwk(PARTNER_KEY, json!({"kid": "p256"}))])),
        ("bare", BARE, json!([p256_jwk(BARE_KEY, json!({}))])),
        ("internal", INTERNAL, json!([secret])),
    ]
}

pub(super) fn rsa_jwk(more: Value) -> Value {
    let (n, e) = (RSA.n().to_bytes_be(), RSA.e().to_bytes_be());
    with(json!({"kty": "RSA", "n": base64url(n), "e": base64url(e)}), more)
}

pub(super) fn p256_jwk(key: u8, more: Value) -> Value {
    ec_jwk("P-256", 32, p256_key(key).verifying_key().to_sec1_bytes().as_ref(), more)
}

/// Of an uncompressed point: 4, x, y.
fn ec_jwk(curve: &str, length: usize, point: &[u8], more: Value) -> Value {
    let (x, y) = (&point[1..=length], &point[length + 1..]);
    with(json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)}), more)
}

/// The header of a token of ours, or of [`INTERNAL`], with this algorithm.
pub(super) fn header(algorithm: &str) -> String {
    let kid = match algorithm {
        "ES256" => "p256",
        "ES384" => "p384",
        "ES512" => "p521",
        "EdDSA" | "Ed25519" => "ed25519",
        "HS256" | "HS384" | "HS512" => "secret",
        _ => "rsa",
    };
    format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#)
}

/// Good claims. They do not depend on the day, so neither do the tokens.
pub(super) fn claims() -> Value {
    json!({"iss": OURS, "aud": AUDIENCE, "sub": "alice", "iat": 1_700_000_000, "exp": 4_102_444_800_u64})
}

/// What a signature is over.
pub(super) fn signing_input(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}", base64url(header), base64url(payload))
}

/// The text and its signature.
pub(super) fn joined(text: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{text}.{}", base64url(signature))
}

/// A token of this very header and payload, signed with the algorithm's key.
pub(super) fn signed(
    algorithm: &str,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    let text = signing_input(header, payload);
    let signature = signature(algorithm, &text);
    joined(&text, signature)
}

/// A token with a good header and good claims of this algorithm's issuer.
pub(super) fn good(algorithm: &str) -> String {
    signed(algorithm, header(algorithm), claims_for(algorithm).to_string())
}

/// The claims with the issuer that has a key for the algorithm.
pub(super) fn claims_for(algorithm: &str) -> Value {
    let issuer = if algorithm.starts_with("HS") { INTERNAL } else { OURS };
    with(claims(), json!({"iss": issuer}))
}

/// Good claims under this header, signed with ES256.
pub(super) fn with_header(header: impl AsRef<[u8]>) -> String {
    signed("ES256", header, claims().to_string())
}

/// Good claims under a good header with these members changed, signed with ES256.
pub(super) fn with_members(changes: Value) -> String {
    with_header(with(json!({"alg": "ES256", "kid": "p256"}), changes).to_string())
}

/// This payload under a good header, signed with ES256.
pub(super) fn with_payload(payload: impl AsRef<[u8]>) -> String {
    signed("ES256", header("ES256"), payload)
}

/// Good claims with these changed, signed with ES256.
pub(super) fn with_claims(changes: Value) -> String {
    with_payload(with(claims(), changes).to_string())
}

/// Good claims in which one has this JSON for its value, whatever that is, signed with ES256.
pub(super) fn with_claim(name: &str, json: &str) -> String {
    let mut others = claims();
    others.as_object_mut().expect("claims are an object").remove(name);
    with_payload(appended(&others, &format!("\"{name}\":{json}")))
}

/// The object as text, with more at its end.
pub(super) fn appended(object: &Value, members: &str) -> String {
    let text = object.to_string();
    format!("{},{members}}}", text.strip_suffix('}').expect("an object"))
}

/// Good claims of that issuer, signed with ES256 by a key of [`p256_key`].
pub(super) fn signed_by(key: u8, issuer: &str, header: impl AsRef<[u8]>) -> String {
    let text = signing_input(header, with(claims(), json!({"iss": issuer})).to_string());
    let signature: p256::ecdsa::Signature = p256_key(key).sign(text.as_bytes());
    joined(&text, signature.to_bytes())
}

/// Good claims of ours under this header, with a code that is made with this secret and HS256.
pub(super) fn authenticated(secret: &[u8], header: &str) -> String {
    let text = signing_input(header, claims().to_string());
    let tag = HS256Key::from_bytes(secret).authentication_tag(text.as_bytes());
    joined(&text, tag)
}

/// The signature of the algorithm's key over the text.
pub(super) fn signature(algorithm: &str, text: &str) -> Vec<u8> {
    let text = text.as_bytes();
    let pkcs1 = |padding, digest: &[u8]| RSA.sign(padding, digest).expect("the key signs");
    match algorithm {
        "RS256" => pkcs1(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(text)),
        "RS384" => pkcs1(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(text)),
        "RS512" => pkcs1(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(text)),
        "PS256" => pss(Pss::new_with_salt::<Sha256>(32), &Sha256::digest(text)),
        "PS384" => pss(Pss::new_with_salt::<Sha384>(48), &Sha384::digest(text)),
        "PS512" => pss(Pss::new_with_salt::<Sha512>(64), &Sha512::digest(text)),
        "ES256" => {
            let signature: p256::ecdsa::Signature = p256_key(OUR_KEY).sign(text);
            signature.to_bytes().to_vec()
        }
        "ES384" => {
            let signature: p384::ecdsa::Signature = p384_key().sign(text);
            signature.to_bytes().to_vec()
        }
        "ES512" => {
            let signature: p521::ecdsa::Signature = p521_key().sign(text);
            signature.to_bytes().to_vec()
        }
        "EdDSA" | "Ed25519" => ed25519_key().sk.sign(text, None).to_vec(),
        "HS256" => HS256Key::from_bytes(&SECRET).authentication_tag(text),
        "HS384" => HS384Key::from_bytes(&SECRET).authentication_tag(text),
        "HS512" => HS512Key::from_bytes(&SECRET).authentication_tag(text),
        other => panic!("no key for {other}"),
    }
}

/// A signature of our RSA key with this padding.
pub(super) fn pss(padding: Pss, digest: &[u8]) -> Vec<u8> {
    RSA.sign_with_rng(&mut OsRng, padding, digest).expect("the key signs")
}
