//! Public keys in DER (RFC 5280 §4.1.2.7), as members of a JSON Web Key: what a key must be is said
//! there, once.

use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use p256::pkcs8::der::asn1::UintRef;
use p256::pkcs8::der::{self, Decode, Reader, SliceReader};
use p256::pkcs8::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use serde_json::{Map, Value, json};

/// Why a key is none that a token can be signed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SpkiFault {
    /// It is not in DER, or no key.
    Invalid(&'static str),
    /// It is one for something else.
    Foreign(&'static str),
}

impl SpkiFault {
    /// What is wrong with it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Invalid(reason) | Self::Foreign(reason) => reason,
        }
    }
}

/// The key of a SubjectPublicKeyInfo.
pub(crate) fn key(der: &[u8]) -> Result<Map<String, Value>, SpkiFault> {
    const NONE: SpkiFault = SpkiFault::Invalid("is no public key (RFC 5280 4.1)");
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| NONE)?;
    let key = info.subject_public_key.as_bytes().ok_or(NONE)?;
    match info.algorithm.oid {
        RSA => rsa(key),
        EC => ec(info.algorithm.parameters_oid().ok(), key),
        ED25519 => {
            Ok(members([("kty", json!("OKP")), ("crv", json!("Ed25519")), ("x", base64url(key))]))
        }
        _ => Err(SpkiFault::Foreign(
            "has a key of another kind than RSA, EC (P-256, P-384, P-521) and Ed25519",
        )),
    }
}

/// `RSAPublicKey` (RFC 8017 A.1.1).
pub(crate) fn rsa(bytes: &[u8]) -> Result<Map<String, Value>, SpkiFault> {
    let read = || {
        let mut reader = SliceReader::new(bytes)?;
        let numbers = reader.sequence(|reader| {
            Ok::<_, der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?))
        })?;
        reader.finish()?;
        Ok::<_, der::Error>(numbers)
    };
    let (modulus, exponent) =
        read().map_err(|_| SpkiFault::Invalid("is no RSA key (RFC 8017 A.1.1)"))?;
    Ok(members([
        ("kty", json!("RSA")),
        ("n", base64url(modulus.as_bytes())),
        ("e", base64url(exponent.as_bytes())),
    ]))
}

/// An uncompressed point (RFC 5480 §2.2).
fn ec(curve: Option<ObjectIdentifier>, point: &[u8]) -> Result<Map<String, Value>, SpkiFault> {
    let (_, name, length) = CURVES
        .into_iter()
        .find(|(known, ..)| Some(*known) == curve)
        .ok_or(SpkiFault::Foreign("has a key of another curve than P-256, P-384 and P-521"))?;
    let coordinates = point.strip_prefix(&[4]).and_then(|both| both.split_at_checked(length));
    let (x, y) = coordinates.ok_or(SpkiFault::Invalid("has a point that is not uncompressed"))?;
    Ok(members([
        ("kty", json!("EC")),
        ("crv", json!(name)),
        ("x", base64url(x)),
        ("y", base64url(y)),
    ]))
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

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn base64url(bytes: &[u8]) -> Value {
    // Fails on lengths that overflow alone.
    Value::from(Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default())
}
