//! The key in a proof's header.

use super::fault;
use crate::binding::Thumbprint;
use crate::json::Member;
use crate::key::Key;
use crate::refusal::Refusal;

/// A public key as a JWK, in the one form that its thumbprint is made of (RFC 7638 §3): its required
/// members, in the order of their names, without white space.
pub(crate) struct PublicKey(String);

impl PublicKey {
    /// Reads a `jwk`. Which key it is its required members say; the others are not looked at, but
    /// for private parts, which nobody may send (RFC 9449 §4.2).
    pub(crate) fn read(jwk: Member<'_>) -> Result<Self, Refusal> {
        if PRIVATE.iter().any(|name| jwk.member(name).is_some()) {
            return Err(fault::PRIVATE);
        }
        let text = |name: &str| {
            let text = jwk.member(name)?.text()?;
            // All values are names and base64url: nothing in them needs an escape.
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            text.bytes().all(is_plain).then_some(text)
        };
        let canonical = || match text("kty")?.as_ref() {
            "EC" => {
                let (crv, x, y) = (text("crv")?, text("x")?, text("y")?);
                Some(format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#))
            }
            "OKP" => {
                let (crv, x) = (text("crv")?, text("x")?);
                Some(format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#))
            }
            "RSA" => {
                let (e, n) = (text("e")?, text("n")?);
                Some(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#))
            }
            // A secret among them, `oct`: who knows it to verify could sign.
            _ => None,
        };
        canonical().map(Self).ok_or(fault::KEY)
    }

    /// Its thumbprint.
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        hmac_sha256::Hash::hash(self.0.as_bytes())
    }

    /// The key, which is none that is too weak or too costly to verify with.
    pub(crate) fn key(&self) -> Result<Key, Refusal> {
        let members = serde_json::from_str(&self.0).map_err(|_| fault::KEY)?;
        Key::from_jwk(&members).map_err(|_| fault::KEY)
    }
}

/// What only the owner of a key may know: RFC 7518 §6.2.2, §6.3.2 and §6.4.1.
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Members;

    fn read(jwk: &str) -> Result<PublicKey, Refusal> {
        let members = Members::read(format!(r#"{{"jwk": {jwk}}}"#).into_bytes()).unwrap();
        PublicKey::read(members.get("jwk").unwrap())
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        for (jwk, want) in [
            // RFC 7638 §3.1.
            (
                r#"{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}"#,
                "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            ),
            // RFC 9449 §4.1 and §6.1.
            (
                r#"{"kty": "EC", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "crv": "P-256"}"#,
                "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
            ),
            // RFC 8037 appendix A.3.
            (
                r#"{"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "crv": "Ed25519", "kty": "OKP"}"#,
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            ),
        ] {
            let key = read(jwk).unwrap();
            let bytes = crate::base64url::decode(want.as_bytes()).unwrap();
            assert_eq!(key.thumbprint().to_vec(), bytes, "{jwk}");
            assert!(key.key().is_ok(), "{jwk}");
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused_and_private_parts_are_told() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        for (jwk, want) in [
            (
                format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{x}", "d": "{x}"}}"#),
                fault::PRIVATE,
            ),
            (
                format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{x}", "d": null}}"#),
                fault::PRIVATE,
            ),
            (format!(r#"{{"kty": "oct", "k": "{x}"}}"#), fault::PRIVATE),
            (r#"{"kty": "oct"}"#.to_owned(), fault::KEY),
            (r#"{"kty": "okp"}"#.to_owned(), fault::KEY),
            (r#"{}"#.to_owned(), fault::KEY),
            (format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": ["{x}"]}}"#), fault::KEY),
            // What would be another object once it is put together.
            (
                format!(r#"{{"kty": "OKP", "crv": "Ed25519\",\"kty\":\"OKP", "x": "{x}"}}"#),
                fault::KEY,
            ),
        ] {
            assert_eq!(read(&jwk).err(), Some(want), "{jwk}");
        }
        for jwk in [
            // No point of its curve, an unknown curve, weak.
            r#"{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}"#,
            r#"{"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"}"#,
            r#"{"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#,
        ] {
            assert_eq!(read(jwk).unwrap().key().err(), Some(fault::KEY), "{jwk}");
        }
    }
}
