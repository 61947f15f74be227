use super::roca;
use crate::jwk::KeyFault;
use crate::trial::{TooMuch, Trial};
use gatehouse_filter::Hash;
use jwt_simple::algorithms::{RS256PublicKey, RSAPublicKeyLike};
use std::time::Duration;
use superboring::hash::MessageDigest;
use superboring::pkey::{PKey, Public};
use superboring::rsa::Padding;
use superboring::sign::Verifier;

/// An RSA public key of 2048 to 4096 bits with the exponent 65537.
pub(crate) struct RsaKey {
    key: PKey<Public>,
    spki: Vec<u8>,
    signature_length: usize,
}

impl RsaKey {
    /// A key from the big-endian bytes of its modulus and exponent (RFC 7518 §6.3.1).
    pub(crate) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyFault> {
        let modulus = without_leading_zeros(modulus);
        let bits = bits(modulus);
        // RFC 7518 §3.3: 2048 bits at least. Above 4096 a verification takes too long to offer to
        // strangers.
        if !(2048..=4096).contains(&bits) {
            return Err(KeyFault::RsaSize(bits));
        }
        // An exponent of 1 verifies anything, small ones have made forgery easy, large ones are
        // slow.
        if without_leading_zeros(exponent) != [1, 0, 1] {
            return Err(KeyFault::RsaExponent);
        }
        if roca::is_weak(modulus) {
            return Err(KeyFault::RsaRoca);
        }
        let key =
            RS256PublicKey::from_components(modulus, exponent).map_err(|_| KeyFault::RsaModulus)?;
        Ok(Self {
            spki: key.to_der().map_err(|_| KeyFault::RsaModulus)?,
            key: PKey::from_rsa(key.public_key().as_ref().clone())
                .map_err(|_| KeyFault::RsaModulus)?,
            signature_length: modulus.len(),
        })
    }

    /// A DER SubjectPublicKeyInfo.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn verify_pkcs1(
        &self,
        hash: Hash,
        signature: &[u8],
        text: &[u8],
        trial: &Trial<'_>,
    ) -> Result<bool, TooMuch> {
        // RFC 8017 §8.2.2: a signature is as long as the modulus, leading zeros included.
        if signature.len() != self.signature_length {
            return Ok(false);
        }
        let by_host = trial
            .by_host(self.cost(BY_HOST), |host| host.verify(hash, &self.spki, signature, text));
        match by_host? {
            Some(verified) => Ok(verified),
            None => trial
                .here(self.cost(HERE), || self.verify_here(Padding::PKCS1, hash, signature, text)),
        }
    }

    pub(super) fn verify_pss(
        &self,
        hash: Hash,
        signature: &[u8],
        text: &[u8],
        trial: &Trial<'_>,
    ) -> Result<bool, TooMuch> {
        if signature.len() != self.signature_length {
            return Ok(false);
        }
        trial.here(self.cost(HERE), || self.verify_here(Padding::PKCS1_PSS, hash, signature, text))
    }

    /// What a verification takes that takes so long with 256 bytes: with the square of the length.
    fn cost(&self, of_256_bytes: Duration) -> Duration {
        let length = u32::try_from(self.signature_length).unwrap_or(u32::MAX);
        let square = length.saturating_mul(length);
        of_256_bytes.saturating_mul(square).checked_div(256 * 256).unwrap_or(of_256_bytes)
    }

    fn verify_here(&self, padding: Padding, hash: Hash, signature: &[u8], text: &[u8]) -> bool {
        let digest = match hash {
            Hash::Sha256 => MessageDigest::sha256(),
            Hash::Sha384 => MessageDigest::sha384(),
            Hash::Sha512 => MessageDigest::sha512(),
        };
        // The salt of PSS is as long as the hash (RFC 7518 §3.5): the verifier's default.
        let verify = || {
            let mut verifier = Verifier::new(digest, &self.key)?;
            verifier.set_rsa_padding(padding)?;
            verifier.verify_oneshot(signature, text)
        };
        verify().unwrap_or(false)
    }
}

/// What a verification with 2048 bits takes, by the host and in the module.
const BY_HOST: Duration = Duration::from_micros(25);
const HERE: Duration = Duration::from_micros(1300);

fn without_leading_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len().saturating_mul(8).saturating_sub(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modulus_of_the_faulty_generator_makes_no_key() {
        let weak = roca::tests::weak_modulus();
        assert_eq!(RsaKey::new(&weak, &[1, 0, 1]).err(), Some(KeyFault::RsaRoca));
        let mut other = weak;
        other[100] ^= 1;
        assert_eq!(RsaKey::new(&other, &[1, 0, 1]).err(), None);
    }
}
