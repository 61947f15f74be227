use crate::algorithm::Curve;
use crate::jwk::KeyFault;
use crate::trial::{TooMuch, Trial};
use gatehouse_filter::Hash;
use p256::ecdsa::signature::Verifier;
use p256::pkcs8::EncodePublicKey;
use std::time::Duration;

/// A public key on a NIST curve.
pub(crate) struct EcdsaKey {
    point: Point,
    spki: Vec<u8>,
}

enum Point {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

impl EcdsaKey {
    /// A key from its coordinates, each as long as the curve's field (RFC 7518 §6.2.1.2): the point
    /// must be on the curve.
    pub(crate) fn new(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyFault> {
        if x.len() != coordinate(curve) || y.len() != coordinate(curve) {
            return Err(KeyFault::EcdsaPoint);
        }
        let uncompressed = [&[4], x, y].concat();
        let point = match curve {
            Curve::P256 => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed).map(Point::P256)
            }
            Curve::P384 => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed).map(Point::P384)
            }
            Curve::P521 => {
                p521::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed).map(Point::P521)
            }
        };
        let point = point.map_err(|_| KeyFault::EcdsaPoint)?;
        let spki = match &point {
            Point::P256(key) => key.to_public_key_der(),
            Point::P384(key) => key.to_public_key_der(),
            Point::P521(key) => key.to_public_key_der(),
        };
        let spki = spki.map_err(|_| KeyFault::EcdsaPoint)?.into_vec();
        Ok(Self { point, spki })
    }

    pub(crate) fn curve(&self) -> Curve {
        match self.point {
            Point::P256(_) => Curve::P256,
            Point::P384(_) => Curve::P384,
            Point::P521(_) => Curve::P521,
        }
    }

    /// A DER SubjectPublicKeyInfo.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Verifies a signature in the form of JWS: `r‖s`, each as long as a coordinate (RFC 7518
    /// §3.4).
    pub(super) fn verify(
        &self,
        signature: &[u8],
        text: &[u8],
        trial: &Trial<'_>,
    ) -> Result<bool, TooMuch> {
        // Zero is refused here for every verifier: some accepted it (CVE-2022-21449).
        let Some((r, s)) = scalars(self.curve(), signature) else {
            return Ok(false);
        };
        let hash = match self.curve() {
            Curve::P256 => Hash::Sha256,
            Curve::P384 => Hash::Sha384,
            Curve::P521 => Hash::Sha512,
        };
        let (by_host, here) = self.costs();
        let by_host =
            trial.by_host(by_host, |host| host.verify(hash, &self.spki, &der(r, s), text));
        match by_host? {
            Some(verified) => Ok(verified),
            None => trial.here(here, || self.verify_here(signature, text)),
        }
    }

    /// What a verification takes, by the host and in the module.
    fn costs(&self) -> (Duration, Duration) {
        let (by_host, here) = match self.curve() {
            Curve::P256 => (70, 700),
            Curve::P384 => (650, 2600),
            Curve::P521 => (1200, 3200),
        };
        (Duration::from_micros(by_host), Duration::from_micros(here))
    }

    fn verify_here(&self, signature: &[u8], text: &[u8]) -> bool {
        let verified = match &self.point {
            Point::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(text, &signature)),
            Point::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(text, &signature)),
            Point::P521(key) => p521::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(text, &signature)),
        };
        verified.is_ok()
    }
}

/// The length of a coordinate, and of each half of a signature, in bytes.
fn coordinate(curve: Curve) -> usize {
    match curve {
        Curve::P256 => 32,
        Curve::P384 => 48,
        Curve::P521 => 66,
    }
}

/// The halves of a signature, without leading zeros; `None` where the length is wrong or one is
/// zero.
fn scalars(curve: Curve, signature: &[u8]) -> Option<(&[u8], &[u8])> {
    let (r, s) = signature.split_at_checked(coordinate(curve))?;
    if s.len() != coordinate(curve) {
        return None;
    }
    let significant = |number: &'_ [u8]| number.iter().position(|byte| *byte != 0);
    Some((r.get(significant(r)?..)?, s.get(significant(s)?..)?))
}

/// `SEQUENCE { INTEGER r, INTEGER s }` in DER (RFC 3279 §2.2.3), of numbers without leading zeros.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(144);
    for number in [r, s] {
        // The first bit is the sign: a number that has it set gets a zero byte before it.
        let sign = number.first().is_some_and(|first| *first >= 0x80);
        push_header(&mut content, 0x02, number.len().saturating_add(usize::from(sign)));
        if sign {
            content.push(0);
        }
        content.extend_from_slice(number);
    }
    let mut sequence = Vec::with_capacity(content.len().saturating_add(3));
    push_header(&mut sequence, 0x30, content.len());
    sequence.extend_from_slice(&content);
    sequence
}

/// Tag and length. Two numbers of at most 67 bytes need one length byte, or two from 128 on.
fn push_header(der: &mut Vec<u8>, tag: u8, length: usize) {
    der.push(tag);
    let length = u8::try_from(length).unwrap_or(u8::MAX);
    if length >= 0x80 {
        der.push(0x81);
    }
    der.push(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Signer;

    #[test]
    fn a_signature_has_two_numbers_of_the_curve_s_length_and_neither_is_zero() {
        for (curve, length) in [(Curve::P256, 32), (Curve::P384, 48), (Curve::P521, 66)] {
            let number = |first: u8, last: u8| {
                let mut number = vec![0; length];
                number[0] = first;
                number[length - 1] = last;
                number
            };
            let (zero, one, large) = (number(0, 0), number(0, 1), number(0x80, 1));
            for (r, s, want) in [
                (&one, &one, true),
                (&large, &one, true),
                (&zero, &zero, false),
                (&zero, &one, false),
                (&one, &zero, false),
            ] {
                assert_eq!(
                    scalars(curve, &[&r[..], s].concat()).is_some(),
                    want,
                    "{curve:?} {r:?} {s:?}"
                );
            }
            for wrong in [vec![], one.clone(), vec![1; length * 2 - 1], vec![1; length * 2 + 1]] {
                assert!(scalars(curve, &wrong).is_none(), "{curve:?} {}", wrong.len());
            }
        }
    }

    #[test]
    fn a_signature_becomes_the_shortest_der() {
        assert_eq!(der(&[1], &[0x7f]), [0x30, 6, 2, 1, 1, 2, 1, 0x7f]);
        assert_eq!(der(&[0x80], &[0xff, 0]), [0x30, 9, 2, 2, 0, 0x80, 2, 3, 0, 0xff, 0]);
        let long = der(&[0x01; 66], &[0x01; 66]);
        assert_eq!(long[..4], [0x30, 0x81, 136, 2]);
        assert_eq!(long.len(), 139);
    }

    #[test]
    fn another_library_reads_the_der_as_the_same_signature() {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        // Numbers with a set first bit, and once in a while with leading zeros.
        for text in 0..600_u32 {
            let signature: p256::ecdsa::Signature = key.sign(&text.to_le_bytes());
            let raw = signature.to_bytes();
            let (r, s) = scalars(Curve::P256, &raw).unwrap();
            assert_eq!(der(r, s), signature.to_der().as_bytes(), "{text}");
        }
        let key = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
        let signature: p521::ecdsa::Signature = key.sign(b"text");
        let raw = signature.to_bytes();
        let (r, s) = scalars(Curve::P521, &raw).unwrap();
        assert_eq!(der(r, s), signature.to_der().as_bytes());
    }
}
