//! A client whose tokens are bound to a key of its own (RFC 9449).

use p256::ecdsa::signature::Signer as _;
use rsa::sha2::{Digest as _, Sha256};
use serde_json::{Value, json};

use super::token::{base64url, now, with};

/// The client's key.
pub(crate) struct Client(p256::ecdsa::SigningKey);

impl Client {
    /// One of this number.
    pub(crate) fn new(number: u8) -> Self {
        Self(p256::ecdsa::SigningKey::from_slice(&[number; 32]).expect("a number of the curve"))
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> Value {
        let point = self.0.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)})
    }

    /// What a token that is bound to the key says so by (RFC 9449 section 6.1).
    pub(crate) fn confirmation(&self) -> Value {
        let (x, y) = (self.jwk()["x"].clone(), self.jwk()["y"].clone());
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":{x},"y":{y}}}"#);
        json!({"jkt": base64url(Sha256::digest(canonical))})
    }

    /// A proof of this number for a request of this method and URL, with this token.
    pub(crate) fn proof(&self, id: &str, method: &str, url: &str, token: &str) -> String {
        self.sign(&self.header(), &self.claims(id, method, url, token))
    }

    /// The header of that.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()})
    }

    /// The claims of that.
    pub(crate) fn claims(&self, id: &str, method: &str, url: &str, token: &str) -> Value {
        json!({"jti": id, "htm": method, "htu": url, "iat": now(),
            "ath": base64url(Sha256::digest(token))})
    }

    /// A proof of these very parts; a `null` among the changes takes a member out.
    pub(crate) fn changed(&self, header: Value, claims: Value, base: &Value) -> String {
        self.sign(&with(self.header(), header), &with(base.clone(), claims))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature: p256::ecdsa::Signature = self.0.sign(text.as_bytes());
        format!("{text}.{}", base64url(signature.to_bytes()))
    }
}
