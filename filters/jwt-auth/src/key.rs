//! A key that verifies signatures: what it is made of decides what it can verify.

mod ecdsa;
mod ed25519;
mod hmac;
mod roca;
mod rsa;

pub(crate) use ecdsa::EcdsaKey;
pub(crate) use ed25519::Ed25519Key;
pub(crate) use hmac::{HmacKey, shortest as shortest_secret};
pub(crate) use rsa::RsaKey;

use crate::algorithm::Algorithm;
use crate::certificate::Term;
use crate::trial::{TooMuch, Trial};
use gatehouse_filter::{Timestamp, printable};

/// A key of a key set.
pub(crate) struct Key {
    /// Its name in the set.
    pub(crate) kid: Option<String>,
    /// What it may verify: what its material can, narrowed by its own `alg`. Never empty.
    pub(crate) algorithms: Vec<Algorithm>,
    /// Whether it says so itself, by its `alg`.
    pub(crate) has_own_algorithm: bool,
    pub(crate) material: Material,
    /// When it is good.
    pub(crate) term: Term,
}

pub(crate) enum Material {
    Rsa(Box<RsaKey>),
    Ecdsa(Box<EcdsaKey>),
    Ed25519(Ed25519Key),
    Hmac(Box<HmacKey>),
}

impl Material {
    /// Whether two keys are one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rsa(key), Self::Rsa(other)) => key.spki() == other.spki(),
            (Self::Ecdsa(key), Self::Ecdsa(other)) => key.spki() == other.spki(),
            (Self::Ed25519(key), Self::Ed25519(other)) => key.bytes() == other.bytes(),
            // Secrets are not compared here.
            _ => false,
        }
    }
}

impl Key {
    /// Whether the key made this signature over `text` with this algorithm.
    ///
    /// An HMAC takes some microseconds: it is not bounded.
    ///
    /// The algorithm comes from a stranger's header. A key verifies with its own algorithms only,
    /// and each kind of material only with its own kind: an RSA modulus can never become an HMAC
    /// secret.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        signature: &[u8],
        text: &[u8],
        trial: &Trial<'_>,
    ) -> Result<bool, TooMuch> {
        if !self.algorithms.contains(&algorithm) {
            return Ok(false);
        }
        match (&self.material, algorithm) {
            (Material::Rsa(key), Algorithm::RsaPkcs1(hash)) => {
                key.verify_pkcs1(hash, signature, text, trial)
            }
            (Material::Rsa(key), Algorithm::RsaPss(hash)) => {
                key.verify_pss(hash, signature, text, trial)
            }
            (Material::Ecdsa(key), Algorithm::Ecdsa(curve)) if key.curve() == curve => {
                key.verify(signature, text, trial)
            }
            (Material::Ed25519(key), Algorithm::Ed25519) => key.verify(signature, text, trial),
            (Material::Hmac(key), Algorithm::Hmac(hash)) => Ok(key.verify(hash, signature, text)),
            _ => Ok(false),
        }
    }

    /// Its name, kind and algorithms, for operators: `main (RSA: RS256)`.
    pub(crate) fn description(&self) -> String {
        let kind = match &self.material {
            Material::Rsa(_) => "RSA",
            Material::Ecdsa(_) => "EC",
            Material::Ed25519(_) => "OKP",
            Material::Hmac(_) => "oct",
        };
        let names: Vec<_> = self.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        let dates = self.term.last().map(|dates| format!(", {dates}")).unwrap_or_default();
        format!("{} ({kind}: {}{dates})", self.shown_name(), names.join(" "))
    }

    /// Its name, for operators.
    fn shown_name(&self) -> String {
        printable(self.kid.as_deref().unwrap_or("without kid"), MOST_OF_A_KID)
    }

    /// Its name, for operators, and, where it is not good at this time, when it is.
    pub(crate) fn shown_at(&self, now: Timestamp) -> String {
        match self.term.last() {
            Some(dates) if !self.term.includes(now) => format!("{} ({dates})", self.shown_name()),
            _ => self.shown_name(),
        }
    }

    /// Whether two keys are one, listed twice.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.material.is_same(&other.material)
            && self.kid == other.kid
            && self.algorithms == other.algorithms
    }

    /// Whether a token could mean either key: same name, and an algorithm in common.
    pub(crate) fn is_confusable(&self, other: &Self) -> bool {
        let in_common = |algorithm| other.algorithms.contains(algorithm);
        self.kid.is_some() && self.kid == other.kid && self.algorithms.iter().any(in_common)
    }
}

/// The most characters of a key's name that operators are told.
const MOST_OF_A_KID: usize = 64;
