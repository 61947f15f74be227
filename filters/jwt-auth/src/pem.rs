//! Public keys and certificates in PEM (RFC 7468), as JSON Web Keys: what a key must be is said
//! there, once.

use crate::certificate::Certificate;
use crate::spki;
use ct_codecs::{Base64, Decoder, Encoder};
use serde_json::{Map, Value, json};

/// The keys of a text with one or more of them. A certificate stands for its key, without a chain.
///
/// # Errors
/// What is wrong with it. Nothing of the text is in the message.
pub(crate) fn keys(text: &str) -> Result<Vec<Value>, String> {
    let blocks = blocks(text)?;
    let at = |index: usize, reason: &str| format!("keys[{index}] {reason}");
    refuse_chains(&blocks).map_err(|(index, reason)| at(index, &reason))?;
    let keys = blocks.iter().enumerate().map(|(index, (label, bytes))| {
        key(label, bytes).map(Value::Object).map_err(|reason| at(index, reason))
    });
    keys.collect()
}

/// The one key of a text.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn one(text: &str) -> Result<Map<String, Value>, &'static str> {
    match blocks(text)?.as_slice() {
        [(label, bytes)] => key(label, bytes),
        _ => Err("is more than one key: a chain has no place here"),
    }
}

/// Whether a text is in PEM, well or badly.
pub(crate) fn is_begun(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN ")
}

/// The label and the bytes of each block. What is between blocks is not read (RFC 7468 §2).
fn blocks(text: &str) -> Result<Vec<(&str, Vec<u8>)>, &'static str> {
    const FORM: &str = "must be PEM: -----BEGIN PUBLIC KEY-----, lines of base64, -----END PUBLIC \
                        KEY-----; or the same of a CERTIFICATE";
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
            _ => return Err(FORM),
        }
    }
    if blocks.is_empty() || open.is_some() { Err(FORM) } else { Ok(blocks) }
}

fn key(label: &str, bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    match label {
        "PUBLIC KEY" => spki::key(bytes).map_err(spki::SpkiFault::reason),
        "RSA PUBLIC KEY" => spki::rsa(bytes).map_err(spki::SpkiFault::reason),
        CERTIFICATE => {
            let certificate = Certificate::read(bytes).map_err(spki::SpkiFault::reason)?;
            let kty = certificate.key.get("kty").cloned().unwrap_or_default();
            let x5c = Base64::encode_to_string(bytes).unwrap_or_default();
            let members = [("kty", kty), ("x5c", json!([x5c]))];
            Ok(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
        }
        label if label.ends_with("PRIVATE KEY") => Err(
            "is a private key, which the gateway must not have: take its public half with `openssl pkey -pubout`",
        ),
        _ => Err("is neither a PUBLIC KEY nor a CERTIFICATE"),
    }
}

/// The position of a certificate that issued another one of the text, and why it has no place there:
/// who pastes a chain wants its first to verify tokens, and all the others would too.
fn refuse_chains(blocks: &[(&str, Vec<u8>)]) -> Result<(), (usize, String)> {
    let certificates: Vec<_> = blocks
        .iter()
        .enumerate()
        .filter(|(_, (label, _))| *label == CERTIFICATE)
        .filter_map(|(index, (_, bytes))| Some((index, Certificate::read(bytes).ok()?)))
        .collect();
    for (issuer, certificate) in &certificates {
        let issued = certificates.iter().find(|(_, other)| certificate.is_issuer_of(other));
        if let Some((issued, _)) = issued {
            let reason = format!(
                "is the certificate of whoever issued keys[{issued}], and would verify tokens too: \
                 leave it out"
            );
            return Err((*issuer, reason));
        }
    }
    Ok(())
}

const CERTIFICATE: &str = "CERTIFICATE";

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
            (pem("CERTIFICATE", &good), "keys[0] is no certificate"),
            (pem("EC PRIVATE KEY", &good), "keys[0] is a private key"),
            (pem("PRIVATE KEY", &good), "keys[0] is a private key"),
            (pem("X", &good), "keys[0] is neither a PUBLIC KEY nor a CERTIFICATE"),
            (pem("PUBLIC KEY", &good) + &pem("CERTIFICATE", &good), "keys[1] is no certificate"),
        ] {
            let message = keys(&text).unwrap_err();
            assert!(message.starts_with(want), "{message}: {text}");
            assert!(!message.contains("MFkw"), "{message}");
        }
    }
}
