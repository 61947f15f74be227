//! Public keys in PEM (RFC 7468), as JSON Web Keys: what a key must be is said there, once.

use ct_codecs::{Base64, Base64UrlSafeNoPadding, Decoder, Encoder};
use p256::pkcs8::der::asn1::UintRef;
use p256::pkcs8::der::{Decode, Reader, SliceReader};
use p256::pkcs8::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use serde_json::{Value, json};

/// The keys of a text with one or more of them.
///
/// # Errors
/// What is wrong with it. Nothing of the text is in the message.
pub(crate) fn keys(text: &str) -> Result<Vec<Value>, String> {
    let blocks = blocks(text)?;
    let keys = blocks.iter().enumerate().map(|(index, (label, bytes))| {
        key(label, bytes).map_err(|reason| format!("keys[{index}] {reason}"))
    });
    keys.collect()
}

/// The label and the bytes of each block. What is between blocks is not read (RFC 7468 §2).
fn blocks(text: &str) -> Result<Vec<(&str, Vec<u8>)>, String> {
    const FORM: &str =
        "must be PEM: -----BEGIN PUBLIC KEY-----, lines of base64, -----END PUBLIC KEY-----";
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in text.lines().map(str::trim) {
        let label = |start: &str| line.strip_prefix(start)?.strip_suffix("-----");
        match (&mut open, label("-----BEGIN "), label("-----END ")) {
            (None, Some(label), _) => open = Some((label, String::new())),
            (Some((label, base64)), None, Some(end)) if *label == end => {
                let bytes = Base64::decode_to_vec(&*base64, None).map_err(|_| FORM)?;
                blocks.push((*label, bytes));
                open = None;
            }
            (Some((_, base64)), None, None) => base64.push_str(line),
            (None, None, None) => {}
            _ => return Err(FORM.to_owned()),
        }
    }
    if blocks.is_empty() || open.is_some() { Err(FORM.to_owned()) } else { Ok(blocks) }
}

fn key(label: &str, bytes: &[u8]) -> Result<Value, &'static str> {
    match label {
        "PUBLIC KEY" => {
            let info = SubjectPublicKeyInfoRef::from_der(bytes)
                .map_err(|_| "is no public key (RFC 5280 4.1)")?;
            let key =
                info.subject_public_key.as_bytes().ok_or("is no public key (RFC 5280 4.1)")?;
            match info.algorithm.oid {
                RSA => rsa(key),
                EC => ec(info.algorithm.parameters_oid().ok(), key),
                ED25519 => Ok(json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(key)})),
                _ => {
                    Err("has a key of another kind than RSA, EC (P-256, P-384, P-521) and Ed25519")
                }
            }
        }
        "RSA PUBLIC KEY" => rsa(bytes),
        "CERTIFICATE" => {
            Err("is a certificate: take its key out with `openssl x509 -pubkey -noout`")
        }
        label if label.ends_with("PRIVATE KEY") => Err(
            "is a private key, which the gateway must not have: take its public half with `openssl pkey -pubout`",
        ),
        _ => Err("is no PUBLIC KEY"),
    }
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Each curve, its name, and the length of a coordinate.
const CURVES: [(ObjectIdentifier, &str, usize); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), "P-256", 32),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), "P-384", 48),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), "P-521", 66),
];

/// `RSAPublicKey` (RFC 8017 A.1.1).
fn rsa(bytes: &[u8]) -> Result<Value, &'static str> {
    let read = || {
        let mut reader = SliceReader::new(bytes)?;
        let numbers = reader.sequence(|reader| {
            Ok::<_, p256::pkcs8::der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?))
        })?;
        reader.finish()?;
        Ok::<_, p256::pkcs8::der::Error>(numbers)
    };
    let (modulus, exponent) = read().map_err(|_| "is no RSA key (RFC 8017 A.1.1)")?;
    Ok(
        json!({"kty": "RSA", "n": base64url(modulus.as_bytes()), "e": base64url(exponent.as_bytes())}),
    )
}

/// An uncompressed point (RFC 5480 §2.2).
fn ec(curve: Option<ObjectIdentifier>, point: &[u8]) -> Result<Value, &'static str> {
    let (_, name, length) = CURVES
        .into_iter()
        .find(|(known, ..)| Some(*known) == curve)
        .ok_or("has a key of another curve than P-256, P-384 and P-521")?;
    let coordinates = point.strip_prefix(&[4]).and_then(|both| both.split_at_checked(length));
    let (x, y) = coordinates.ok_or("has a point that is not uncompressed")?;
    Ok(json!({"kty": "EC", "crv": name, "x": base64url(x), "y": base64url(y)}))
}

fn base64url(bytes: &[u8]) -> String {
    // Fails on lengths that overflow alone.
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::pkcs8::EncodePublicKey;

    fn pem(label: &str, der: &[u8]) -> String {
        let base64 = Base64::encode_to_string(der).unwrap();
        let lines: Vec<&str> =
            base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    fn p256_key() -> Vec<u8> {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        key.verifying_key().to_public_key_der().unwrap().into_vec()
    }

    #[test]
    fn each_kind_of_key_is_read() {
        use jwt_simple::prelude::*;
        let p384 = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
        let p521 = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
        let p521_key = p521::ecdsa::VerifyingKey::from(&p521);
        let rsa = RS256KeyPair::generate(2048).unwrap().public_key();
        let rsa_jwk: Value = serde_json::from_str(&rsa.to_jwk()).unwrap();
        let ed25519 = Ed25519KeyPair::generate().public_key();
        for (text, kty, crv) in [
            (pem("PUBLIC KEY", &p256_key()), "EC", json!("P-256")),
            (
                pem("PUBLIC KEY", p384.verifying_key().to_public_key_der().unwrap().as_bytes()),
                "EC",
                json!("P-384"),
            ),
            (
                pem("PUBLIC KEY", p521_key.to_public_key_der().unwrap().as_bytes()),
                "EC",
                json!("P-521"),
            ),
            (rsa.to_pem().unwrap(), "RSA", Value::Null),
            (ed25519.to_pem(), "OKP", json!("Ed25519")),
        ] {
            let keys = keys(&text).unwrap();
            let [key] = &keys[..] else { panic!("{keys:?}") };
            assert_eq!((key["kty"].as_str(), &key["crv"]), (Some(kty), &crv), "{text}");
            let set = json!({"keys": keys}).to_string();
            assert!(
                crate::KeySet::from_json(set.as_bytes()).unwrap().skipped().is_empty(),
                "{text}"
            );
            if kty == "RSA" {
                assert_eq!(key["n"], rsa_jwk["n"]);
            }
            // As Windows writes it, indented as YAML may be, and with text around it.
            let other = format!("my key\n{}\nbye", text.replace('\n', "\r\n  "));
            assert_eq!(super::keys(&other).unwrap(), keys, "{other}");
            let two = super::keys(&format!("{text}{text}")).unwrap();
            assert_eq!(two.len(), 2);
        }
    }

    #[test]
    fn what_is_no_public_key_is_told_without_repeating_it() {
        let good = p256_key();
        let mut other_curve = good.clone();
        // The last number of the curve's identifier.
        let at = good
            .windows(8)
            .position(|bytes| bytes == [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7])
            .unwrap()
            + 7;
        other_curve[at] = 6;
        let form = "must be PEM";
        for (text, want) in [
            (String::new(), form),
            ("AAAA".to_owned(), form),
            (pem("PUBLIC KEY", &good).replace("-----END PUBLIC KEY-----", ""), form),
            (pem("PUBLIC KEY", &good).replace("END PUBLIC", "END PRIVATE"), form),
            (pem("PUBLIC KEY", &good).replace('M', "*"), form),
            (pem("PUBLIC KEY", &good[..40]), "keys[0] is no public key"),
            (pem("PUBLIC KEY", b""), "keys[0] is no public key"),
            (pem("PUBLIC KEY", &other_curve), "keys[0] has a key of another curve"),
            (pem("RSA PUBLIC KEY", &good), "keys[0] is no RSA key"),
            (pem("CERTIFICATE", &good), "keys[0] is a certificate: take its key out"),
            (pem("EC PRIVATE KEY", &good), "keys[0] is a private key"),
            (pem("PRIVATE KEY", &good), "keys[0] is a private key"),
            (pem("X", &good), "keys[0] is no PUBLIC KEY"),
            (pem("PUBLIC KEY", &good) + &pem("CERTIFICATE", &good), "keys[1] is a certificate"),
        ] {
            let message = keys(&text).unwrap_err();
            assert!(message.starts_with(want), "{message}: {text}");
            assert!(!message.contains("MFkw"), "{message}");
        }
    }
}
