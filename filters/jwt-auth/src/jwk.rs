//! One JSON Web Key (RFC 7517 §4) and what can be wrong with it.

use crate::algorithm::{Algorithm, Curve};
use crate::base64url;
use crate::certificate::{Certificate, Term};
use crate::key::{EcdsaKey, Ed25519Key, HmacKey, Key, Material, RsaKey, shortest_secret};
use crate::spki::SpkiFault;
use ct_codecs::{Base64, Decoder as _};
use gatehouse_filter::Hash;
use serde_json::{Map, Value};
use std::fmt;

/// Why a key of a set is not used.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the messages below are the documentation")]
pub enum KeyFault {
    NotAnObject,
    Use(String),
    Operations,
    Type(String),
    Curve(String),
    Algorithm(String),
    Missing(&'static str),
    NotText(&'static str),
    NotBase64url(&'static str),
    AlgorithmOfOtherType(String),
    RsaSize(usize),
    RsaExponent,
    RsaModulus,
    RsaRoca,
    EcdsaPoint,
    Ed25519Point,
    HmacLength { have: usize, need: usize },
    KidRepeated(String),
    Pem(&'static str),
    CertificateForm,
    Certificate(&'static str),
    CertificateKind(&'static str),
    CertificateMismatch,
}

impl KeyFault {
    /// Whether the key is a sound one for other uses, which a set may well hold (RFC 7517 §5),
    /// rather than a broken one.
    pub fn is_foreign(&self) -> bool {
        matches!(
            self,
            Self::Use(_)
                | Self::Operations
                | Self::Type(_)
                | Self::Curve(_)
                | Self::Algorithm(_)
                | Self::CertificateKind(_)
        )
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("is not a mapping"),
            Self::Use(key_use) => write!(f, "is for the use `{key_use}`, not `sig`"),
            Self::Operations => f.write_str("has no `verify` in its `key_ops`"),
            Self::Type(kty) => write!(f, "has the unknown `kty` `{kty}`"),
            Self::Curve(crv) => write!(f, "has the unsupported `crv` `{crv}`"),
            Self::Algorithm(alg) => write!(f, "is for the unsupported `alg` `{alg}`"),
            Self::Missing(member) => write!(f, "has no `{member}`"),
            Self::NotText(member) => write!(f, "`{member}` must be text"),
            Self::NotBase64url(member) => write!(f, "`{member}` is not base64url without padding"),
            Self::AlgorithmOfOtherType(alg) => write!(f, "cannot be used with its `alg` `{alg}`"),
            Self::RsaSize(bits) => {
                write!(f, "has a modulus of {bits} bits; 2048 to 4096 are accepted")
            }
            Self::RsaExponent => f.write_str("has another exponent than 65537 (`AQAB`)"),
            Self::RsaModulus => f.write_str("has a modulus that is none"),
            Self::RsaRoca => {
                f.write_str("was made by a faulty generator (CVE-2017-15361): replace it")
            }
            Self::EcdsaPoint => f.write_str("has an `x` and `y` that are no point of its curve"),
            Self::Ed25519Point => f.write_str("has an `x` that is no Ed25519 public key"),
            Self::HmacLength { have, need } => {
                write!(f, "has a secret of {have} bytes; its algorithm needs {need} (RFC 7518 3.2)")
            }
            Self::KidRepeated(kid) => write!(f, "shares the `kid` `{kid}` with another key"),
            Self::Pem(reason) => f.write_str(reason),
            Self::CertificateForm => {
                f.write_str("has an `x5c` that is no list of texts in base64 (RFC 7517 4.7)")
            }
            Self::Certificate(reason) | Self::CertificateKind(reason) => {
                write!(f, "has an `x5c` that {reason}")
            }
            Self::CertificateMismatch => {
                f.write_str("has an `x5c` of another key than its other members say")
            }
        }
    }
}

impl Key {
    /// Reads a key. Members with private parts are not looked at. A certificate that it has must be
    /// its own (RFC 7517 §4.7); where nothing else says which key it is, the certificate does, and
    /// then its dates are those of the key.
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        if let Some(key_use) = text(jwk, "use")?
            && key_use != "sig"
        {
            return Err(KeyFault::Use(key_use.to_owned()));
        }
        let verifies = |operations: &Value| {
            let operations = operations.as_array().map(Vec::as_slice).unwrap_or_default();
            operations.iter().any(|operation| operation == "verify")
        };
        if !jwk.get("key_ops").is_none_or(verifies) {
            return Err(KeyFault::Operations);
        }
        let named = text(jwk, "alg")?;
        let algorithm = match named {
            None => None,
            // After the curve, P-521, instead of the hash. In a key it does no harm: the curve is
            // what counts.
            Some("ES521") => Some(Algorithm::Ecdsa(Curve::P521)),
            Some(name) => Some(
                Algorithm::from_name(name).ok_or_else(|| KeyFault::Algorithm(name.to_owned()))?,
            ),
        };
        let (material, mut algorithms, term) = certified(jwk, algorithm)?;
        if let Some(own) = algorithm {
            algorithms.retain(|possible| *possible == own);
        }
        if algorithms.is_empty() {
            return Err(KeyFault::AlgorithmOfOtherType(named.unwrap_or_default().to_owned()));
        }
        let kid = text(jwk, "kid")?.map(str::to_owned);
        Ok(Self { kid, algorithms, has_own_algorithm: algorithm.is_some(), material, term })
    }
}

/// The material and its algorithms, by the members of a key and by its certificate, and when it is
/// good.
fn certified(
    jwk: &Map<String, Value>,
    algorithm: Option<Algorithm>,
) -> Result<(Material, Vec<Algorithm>, Term), KeyFault> {
    let Some(der) = x5c(jwk)? else {
        let (material, algorithms) = material(jwk, algorithm)?;
        return Ok((material, algorithms, Term::default()));
    };
    let certificate = Certificate::read(&der).map_err(|fault| match fault {
        SpkiFault::Invalid(reason) => KeyFault::Certificate(reason),
        SpkiFault::Foreign(reason) => KeyFault::CertificateKind(reason),
    })?;
    let is_said = |name| text(jwk, name).map(|value| value.is_some());
    let mut is_alone = true;
    for name in ["n", "e", "x", "y", "k"] {
        is_alone &= !is_said(name)?;
    }
    // `kty`, which every key has (RFC 7517 §4.1), and `crv` are said in both.
    for name in ["kty", "crv"] {
        match text(jwk, name)? {
            None if name == "kty" => return Err(KeyFault::Missing(name)),
            None => {}
            own if text(&certificate.key, name)? == own => {}
            Some(_) => return Err(KeyFault::CertificateMismatch),
        }
    }
    let (of_certificate, algorithms) = material(&certificate.key, algorithm)?;
    if is_alone {
        return Ok((of_certificate, algorithms, Term::of(certificate.dates)));
    }
    match material(jwk, algorithm)? {
        (material, algorithms) if material.is_same(&of_certificate) => {
            Ok((material, algorithms, Term::default()))
        }
        _ => Err(KeyFault::CertificateMismatch),
    }
}

/// The certificate of a key: the first of its chain (RFC 7517 §4.7), of which the others only say
/// who vouches for it.
fn x5c(jwk: &Map<String, Value>) -> Result<Option<Vec<u8>>, KeyFault> {
    let chain = match jwk.get("x5c") {
        None | Some(Value::Null) => return Ok(None),
        Some(chain) => chain.as_array().ok_or(KeyFault::CertificateForm)?,
    };
    let first = chain.first().and_then(Value::as_str).ok_or(KeyFault::CertificateForm)?;
    // Some wrap it as PEM is.
    let der = Base64::decode_to_vec(first, Some(b"\r\n \t"));
    der.map(Some).map_err(|_| KeyFault::CertificateForm)
}

/// The material, and every algorithm that it can be used with.
fn material(
    jwk: &Map<String, Value>,
    algorithm: Option<Algorithm>,
) -> Result<(Material, Vec<Algorithm>), KeyFault> {
    const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
    let required = |member| text(jwk, member)?.ok_or(KeyFault::Missing(member));
    let bytes = |member| {
        base64url::decode(required(member)?.as_bytes()).ok_or(KeyFault::NotBase64url(member))
    };
    match required("kty")? {
        "RSA" => {
            let pkcs1 = HASHES.into_iter().map(Algorithm::RsaPkcs1);
            let pss = HASHES.into_iter().map(Algorithm::RsaPss);
            let key = RsaKey::new(&bytes("n")?, &bytes("e")?)?;
            Ok((Material::Rsa(Box::new(key)), pkcs1.chain(pss).collect()))
        }
        "EC" => {
            let curve = match required("crv")? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                other => return Err(KeyFault::Curve(other.to_owned())),
            };
            let key = EcdsaKey::new(curve, &bytes("x")?, &bytes("y")?)?;
            Ok((Material::Ecdsa(Box::new(key)), vec![Algorithm::Ecdsa(curve)]))
        }
        "OKP" => match required("crv")? {
            "Ed25519" => {
                let key = Ed25519Key::new(&bytes("x")?)?;
                Ok((Material::Ed25519(key), vec![Algorithm::Ed25519]))
            }
            other => Err(KeyFault::Curve(other.to_owned())),
        },
        "oct" => {
            let secret = bytes("k")?;
            let need = match algorithm {
                Some(Algorithm::Hmac(hash)) => shortest_secret(hash),
                _ => shortest_secret(Hash::Sha256),
            };
            if secret.len() < need {
                let have = secret.len();
                return Err(KeyFault::HmacLength { have, need });
            }
            let long_enough =
                HASHES.into_iter().filter(|hash| secret.len() >= shortest_secret(*hash));
            let algorithms = long_enough.map(Algorithm::Hmac).collect();
            Ok((Material::Hmac(Box::new(HmacKey::new(&secret))), algorithms))
        }
        other => Err(KeyFault::Type(other.to_owned())),
    }
}

fn text<'m>(
    jwk: &'m Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'m str>, KeyFault> {
    match jwk.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyFault::NotText(member)),
    }
}
