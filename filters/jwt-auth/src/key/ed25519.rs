use crate::jwk::KeyFault;
use crate::trial::{TooMuch, Trial};
use jwt_simple::algorithms::{Ed25519PublicKey, EdDSAPublicKeyLike};
use std::time::Duration;

/// An Ed25519 public key (RFC 8037 §2).
pub(crate) struct Ed25519Key(ed25519_compact::PublicKey);

impl Ed25519Key {
    /// A key from its 32 bytes; points of small order, which verify signatures over anything, are
    /// refused.
    pub(crate) fn new(x: &[u8]) -> Result<Self, KeyFault> {
        let key = Ed25519PublicKey::from_bytes(x).map_err(|_| KeyFault::Ed25519Point)?;
        Ok(Self(*key.public_key().as_ref()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    pub(super) fn verify(
        &self,
        signature: &[u8],
        text: &[u8],
        trial: &Trial<'_>,
    ) -> Result<bool, TooMuch> {
        let Ok(signature) = ed25519_compact::Signature::from_slice(signature) else {
            return Ok(false);
        };
        trial.here(COST, || self.0.verify(text, &signature).is_ok())
    }
}

/// What a verification in the module takes.
const COST: Duration = Duration::from_micros(250);
