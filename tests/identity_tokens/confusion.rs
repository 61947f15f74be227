//! One kind of key taken for another (RFC 8725 section 2.1), and keys that a token brings along
//! (section 3.10).

use super::Case;
use super::signer::{
    ATTACKER_KEY, INTERNAL, OUR_KEY, OURS, PINNED, RSA, SECRET, authenticated, claims, header,
    joined, p256_jwk, p256_key, rsa_jwk, signature, signed, signed_by, signing_input, with_members,
};
use crate::harness::token::{base64url, with};
use jwt_simple::prelude::{HS256Key, MACLike as _};
use p256::pkcs8::EncodePublicKey as _;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = secrets();
    cases.extend(relabelled());
    cases.extend(brought_along());
    cases
}

/// Public keys used as secrets: nobody who knows the key set needs another one.
fn secrets() -> Vec<Case> {
    let mut cases = Vec::new();
    let rsa = RSA.to_public_key();
    let breaks = rsa::pkcs1::LineEnding::LF;
    let spki = rsa::pkcs8::EncodePublicKey::to_public_key_pem(&rsa, breaks).expect("a key");
    let pkcs1 = rsa.to_pkcs1_pem(breaks).expect("a key");
    let of_rsa: [(&str, Vec<u8>); 11] = [
        ("a PEM", spki.clone().into_bytes()),
        ("a PEM without its last line break", spki.trim_end().into()),
        ("a PEM with line breaks of two", spki.replace('\n', "\r\n").into()),
        ("a PEM of PKCS#1", pkcs1.into_bytes()),
        ("DER", rsa::pkcs8::EncodePublicKey::to_public_key_der(&rsa).expect("a key").into_vec()),
        ("DER of PKCS#1", rsa.to_pkcs1_der().expect("a key").into_vec()),
        ("the modulus", RSA.n().to_bytes_be()),
        ("the modulus in base64url", base64url(RSA.n().to_bytes_be()).into_bytes()),
        ("a JWK", rsa_jwk(json!({"kid": "rsa"})).to_string().into_bytes()),
        ("nothing", vec![]),
        ("the name of the key", b"rsa".to_vec()),
    ];
    for (what, secret) in of_rsa {
        for (kid, of) in [("rsa", "an RSA key"), (PINNED, "an RSA key for RS256")] {
            let header = json!({"alg": "HS256", "kid": kid}).to_string();
            cases.push(Case::new(
                format!("HS256 with the public half of {of} as its secret: {what}"),
                authenticated(&secret, &header),
                "algorithm_not_allowed",
            ));
        }
    }
    let p256 = *p256_key(OUR_KEY).verifying_key();
    let point = p256.to_sec1_bytes();
    let of_p256: [(&str, Vec<u8>); 5] = [
        ("a PEM", p256.to_public_key_pem(p256::pkcs8::LineEnding::LF).expect("a key").into_bytes()),
        ("DER", p256.to_public_key_der().expect("a key").into_vec()),
        ("the point", point.to_vec()),
        ("a JWK", p256_jwk(OUR_KEY, json!({"kid": "p256"})).to_string().into_bytes()),
        ("nothing", vec![]),
    ];
    for (what, secret) in of_p256 {
        cases.push(Case::new(
            format!("HS256 with the public half of a P-256 key as its secret: {what}"),
            authenticated(&secret, r#"{"alg":"HS256","kid":"p256"}"#),
            "algorithm_not_allowed",
        ));
    }
    for (what, header) in
        [("of its key", r#"{"alg":"HS256","kid":"secret"}"#), ("no", r#"{"alg":"HS256"}"#)]
    {
        cases.push(Case::new(
            format!("our issuer, another issuer's secret, {what} kid"),
            authenticated(&SECRET, header),
            "algorithm_not_allowed",
        ));
    }
    let text = signing_input(header("HS256"), with(claims(), json!({"iss": INTERNAL})).to_string());
    cases.push(Case::new(
        "the issuer of a secret, HS384 under HS256",
        joined(&text, signature("HS384", &text)),
        "signature_invalid",
    ));
    for (what, secret) in [("zeros", &[0; 64][..]), ("a word", b"secret")] {
        let tag = HS256Key::from_bytes(secret).authentication_tag(text.as_bytes());
        let name = format!("the issuer of a secret, and {what} for the secret");
        cases.push(Case::new(name, joined(&text, tag), "signature_invalid"));
    }
    cases.push(Case::new(
        "the issuer of a secret, an RSA key",
        signed(
            "RS256",
            r#"{"alg":"RS256","kid":"secret"}"#,
            with(claims(), json!({"iss": INTERNAL})).to_string(),
        ),
        "algorithm_not_allowed",
    ));
    cases
}

/// A good signature of one algorithm under the name of another.
fn relabelled() -> Vec<Case> {
    let not_allowed = "algorithm_not_allowed";
    let invalid = "signature_invalid";
    [
        ("PS256", "RS256", "rsa", invalid),
        ("RS256", "PS256", "rsa", invalid),
        ("RS256", "RS384", "rsa", invalid),
        ("RS512", "RS256", "rsa", invalid),
        ("PS384", "PS256", "rsa", invalid),
        ("RS256", "ES256", "rsa", not_allowed),
        ("RS256", "EdDSA", "rsa", not_allowed),
        ("ES256", "RS256", "p256", not_allowed),
        ("ES256", "ES384", "p256", not_allowed),
        ("ES256", "ES512", "p256", not_allowed),
        ("ES384", "ES256", "p384", not_allowed),
        ("ES384", "ES256", "p256", invalid),
        ("ES256", "ES384", "p384", invalid),
        ("ES512", "ES256", "p521", not_allowed),
        ("ES512", "ES384", "p384", invalid),
        ("ES256", "EdDSA", "p256", not_allowed),
        ("ES256", "EdDSA", "ed25519", invalid),
        ("EdDSA", "ES256", "ed25519", not_allowed),
        ("EdDSA", "ES256", "p256", invalid),
        ("EdDSA", "RS256", "ed25519", not_allowed),
        ("PS256", "PS256", PINNED, not_allowed),
        ("PS256", "RS256", PINNED, invalid),
    ]
    .into_iter()
    .map(|(algorithm, claimed, kid, want)| {
        let header = json!({"alg": claimed, "kid": kid}).to_string();
        let name = format!("signed with {algorithm}, says {claimed} and the key {kid}");
        Case::new(name, signed(algorithm, header, claims().to_string()), want)
    })
    .collect()
}

/// Keys and places of keys: not looked at, so no reason to believe, and none to refuse what our key
/// signed.
fn brought_along() -> Vec<Case> {
    let jwk = p256_jwk(ATTACKER_KEY, json!({"kid": "p256"}));
    let url = "https://attacker.example/keys";
    let members: [(&str, Value); 8] = [
        ("jwk", json!({"jwk": jwk})),
        ("jwk as text", json!({"jwk": jwk.to_string()})),
        (
            "jwk with a private half",
            json!({"jwk": with(jwk.clone(), json!({"d": base64url([ATTACKER_KEY; 32])}))}),
        ),
        ("jku", json!({"jku": url})),
        ("jku like our issuer", json!({"jku": format!("{OURS}@attacker.example/")})),
        ("x5u", json!({"x5u": url})),
        ("x5c", json!({"x5c": ["MIIB"], "x5t": "AAAA", "x5t#S256": "AAAA"})),
        ("keys", json!({"keys": [jwk]})),
    ];
    let mut cases = Vec::new();
    for (name, member) in members {
        let header = with(json!({"alg": "ES256", "kid": "p256"}), member.clone()).to_string();
        let forged = signed_by(ATTACKER_KEY, OURS, header);
        cases.push(Case::new(
            format!("{name} in the header, and that key's signature"),
            forged,
            "signature_invalid",
        ));
        let good = with_members(member);
        cases.push(Case::new(format!("{name} in the header, and our signature"), good, "allowed"));
    }
    let unnamed = json!({"alg": "ES256", "jwk": jwk}).to_string();
    cases.push(Case::new(
        "jwk, and no kid",
        signed_by(ATTACKER_KEY, OURS, unnamed),
        "signature_invalid",
    ));
    let renamed = json!({"alg": "ES256", "kid": "mine", "jwk": jwk}).to_string();
    cases.push(Case::new(
        "jwk, and its own kid",
        signed_by(ATTACKER_KEY, OURS, renamed),
        "key_unknown",
    ));
    // A secret in the token: RFC 7517 section 9.2 again.
    let secret =
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": base64url([1; 32])}}).to_string();
    cases.push(Case::new(
        "jwk a secret, and HS256",
        authenticated(&[1; 32], &secret),
        "algorithm_not_allowed",
    ));
    cases
}
