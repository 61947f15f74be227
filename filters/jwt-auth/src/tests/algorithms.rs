//! Every algorithm, with keys and tokens that jwt-simple makes, verified here and by a host.

use super::*;
use crate::{KeySet, Refusal, verify_compact};
use gatehouse_filter::{Hash, NoVerifier, Signatures};
use jwt_simple::prelude::{
    Claims, Duration, ECDSAP256KeyPairLike, ECDSAP384KeyPairLike, ES256KeyPair, ES384KeyPair,
    Ed25519KeyPair, EdDSAKeyPairLike, HS256Key, HS384Key, HS512Key, JWTClaims, MACLike,
    NoCustomClaims, PS256KeyPair, PS384KeyPair, PS512KeyPair, RS256KeyPair, RS256PublicKey,
    RS384KeyPair, RS512KeyPair, RSAKeyPairLike, RSAPublicKeyLike,
};
use p256::ecdsa::signature::Verifier;
use p256::pkcs8::DecodePublicKey;
use std::cell::{Cell, RefCell};
use superboring::hash::MessageDigest;
use superboring::pkey::PKey;
use superboring::rsa::Padding;

/// A host that verifies as Envoy does: keys from a DER SubjectPublicKeyInfo, ECDSA signatures in
/// DER. It counts, so that a test can tell who verified.
#[derive(Default)]
struct Host {
    verified: Cell<usize>,
    keys: RefCell<Vec<Vec<u8>>>,
}

impl Signatures for Host {
    fn verify(
        &self,
        hash: Hash,
        spki: &[u8],
        signature: &[u8],
        text: &[u8],
    ) -> Result<bool, NoVerifier> {
        self.verified.set(self.verified.get() + 1);
        self.keys.borrow_mut().push(spki.to_vec());
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(spki) {
            let signature = p256::ecdsa::DerSignature::try_from(signature).unwrap();
            assert_eq!(hash, Hash::Sha256);
            return Ok(key.verify(text, &signature).is_ok());
        }
        if let Ok(key) = p384::ecdsa::VerifyingKey::from_public_key_der(spki) {
            let signature = p384::ecdsa::DerSignature::try_from(signature).unwrap();
            assert_eq!(hash, Hash::Sha384);
            return Ok(key.verify(text, &signature).is_ok());
        }
        let key = RS256PublicKey::from_der(spki).unwrap();
        let key = PKey::from_rsa(key.public_key().as_ref().clone()).unwrap();
        let digest = match hash {
            Hash::Sha256 => MessageDigest::sha256(),
            Hash::Sha384 => MessageDigest::sha384(),
            Hash::Sha512 => MessageDigest::sha512(),
        };
        let mut verifier = superboring::sign::Verifier::new(digest, &key).unwrap();
        verifier.set_rsa_padding(Padding::PKCS1).unwrap();
        Ok(verifier.verify_oneshot(signature, text).unwrap())
    }
}

/// Key set, token, and whether a host can verify it.
struct Case {
    name: &'static str,
    jwk: Value,
    token: String,
    by_host: bool,
}

fn cases() -> Vec<Case> {
    let claims = || -> JWTClaims<NoCustomClaims> {
        Claims::create(Duration::from_mins(10)).with_subject("alice")
    };
    let case = |name, jwk: String, token: Result<String, jwt_simple::Error>, by_host| Case {
        name,
        jwk: serde_json::from_str(&jwk).unwrap(),
        token: token.unwrap(),
        by_host,
    };
    let rsa = RS256KeyPair::generate(2048).unwrap().to_der().unwrap();
    let mut cases = Vec::new();
    macro_rules! rsa {
        ($($name:literal $pair:ident $by_host:literal),+) => {$(
            let pair = $pair::from_der(&rsa).unwrap();
            cases.push(case($name, pair.public_key().to_jwk(), pair.sign(claims()), $by_host));
        )+};
    }
    rsa!("RS256" RS256KeyPair true, "RS384" RS384KeyPair true, "RS512" RS512KeyPair true);
    rsa!("PS256" PS256KeyPair false, "PS384" PS384KeyPair false, "PS512" PS512KeyPair false);
    let pair = ES256KeyPair::generate();
    cases.push(case("ES256", pair.public_key().to_jwk(), pair.sign(claims()), true));
    let pair = ES384KeyPair::generate();
    cases.push(case("ES384", pair.public_key().to_jwk(), pair.sign(claims()), true));
    let pair = Ed25519KeyPair::generate();
    cases.push(case("EdDSA", pair.public_key().to_jwk(), pair.sign(claims()), false));
    let secret = |alg: &str| json!({"kty": "oct", "alg": alg, "k": base64(&[3; 64])}).to_string();
    let authenticated = HS256Key::from_bytes(&[3; 64]).authenticate(claims());
    cases.push(case("HS256", secret("HS256"), authenticated, false));
    let authenticated = HS384Key::from_bytes(&[3; 64]).authenticate(claims());
    cases.push(case("HS384", secret("HS384"), authenticated, false));
    let authenticated = HS512Key::from_bytes(&[3; 64]).authenticate(claims());
    cases.push(case("HS512", secret("HS512"), authenticated, false));
    cases
}

#[test]
fn every_algorithm_is_verified_here_and_by_a_host() {
    let cases = cases();
    for Case { name, jwk, token, by_host } in &cases {
        let keys =
            |jwk: &Value| KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        let mut any_algorithm = jwk.clone();
        any_algorithm.as_object_mut().unwrap().remove("alg");
        for keys in [keys(jwk), keys(&any_algorithm)] {
            let host = Host::default();
            for verifier in [None, Some(&host as &dyn Signatures)] {
                let payload = verify_compact(token.as_bytes(), &keys, verifier).unwrap();
                let payload: Value = serde_json::from_slice(&payload).unwrap();
                assert_eq!(payload["sub"], "alice", "{name}");

                let end = token.len() - 10;
                let other = if &token[end..=end] == "A" { "B" } else { "A" };
                let forged = format!("{}{other}{}", &token[..end], &token[end + 1..]);
                let verified = verify_compact(forged.as_bytes(), &keys, verifier);
                assert_eq!(verified, Err(Refusal::SignatureInvalid), "{name}");
            }
            assert_eq!(host.verified.get() > 0, *by_host, "{name}");
        }
        // A key is good for its own algorithm only, whatever else its material could do.
        for other in cases.iter().filter(|other| other.name != *name) {
            let refused = verify_compact(other.token.as_bytes(), &keys(jwk), None);
            assert_eq!(refused, Err(Refusal::AlgorithmNotAllowed), "{} on {name}", other.name);
        }
    }
}

#[test]
fn a_key_without_an_algorithm_verifies_those_of_its_kind_only() {
    let cases = cases();
    let kind = |name: &str| match name.as_bytes() {
        [b'R' | b'P', b'S', ..] => "RSA".to_owned(),
        [b'H', ..] => "HMAC".to_owned(),
        _ => name.to_owned(),
    };
    for Case { name, jwk, .. } in &cases {
        let mut jwk = jwk.clone();
        jwk.as_object_mut().unwrap().remove("alg");
        let keys = KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        for other in &cases {
            let verified = verify_compact(other.token.as_bytes(), &keys, None).map(drop);
            let want = if kind(other.name) == kind(name) {
                Ok(())
            } else {
                Err(Refusal::AlgorithmNotAllowed)
            };
            assert_eq!(verified, want, "{} on {name}", other.name);
        }
    }
}

/// A host without a verifier, that counts how often it was asked.
#[derive(Default)]
struct NoHost(Cell<usize>);

impl Signatures for NoHost {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        self.0.set(self.0.get() + 1);
        Err(NoVerifier)
    }
}

#[test]
fn a_host_that_cannot_verify_is_asked_once() {
    let pair = ES256KeyPair::generate();
    let claims: JWTClaims<NoCustomClaims> = Claims::create(Duration::from_mins(10));
    let token = pair.sign(claims).unwrap();
    let jwk: Value = serde_json::from_str(&pair.public_key().to_jwk()).unwrap();
    let keys = KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    let (host, is_absent) = (NoHost::default(), Cell::new(false));
    let verifier = crate::verify::HostVerifier { host: &host, is_absent: &is_absent };
    for _ in 0..3 {
        assert!(verify_compact(token.as_bytes(), &keys, Some(&verifier)).is_ok());
    }
    assert_eq!(host.0.get(), 1);
}

#[test]
fn the_host_is_given_the_key_as_a_subject_public_key_info() {
    let pair = RS256KeyPair::generate(2048).unwrap();
    let claims: JWTClaims<NoCustomClaims> = Claims::create(Duration::from_mins(10));
    let token = pair.sign(claims).unwrap();
    let jwk: Value = serde_json::from_str(&pair.public_key().to_jwk()).unwrap();
    let keys = KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    let host = Host::default();
    verify_compact(token.as_bytes(), &keys, Some(&host)).unwrap();
    let spki = host.keys.borrow()[0].clone();
    // RFC 3279 §2.3.1: rsaEncryption, then a null; the modulus follows in a bit string.
    assert_eq!(spki[..2], [0x30, 0x82]);
    assert_eq!(spki[4..19], [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]);
}
