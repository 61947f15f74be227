//! What is kept of an API key.

use crate::hex;
use std::fmt;

/// The longest key that is looked at, in bytes: nobody buys more hashing with a longer one.
pub const MAX_KEY: usize = 512;

/// What is stored of an API key: enough to recognise it, not enough to send it.
///
/// Keys are random, so a fast hash does: there is no dictionary to run through it. Keys that people
/// chose need the keyed form.
#[derive(Clone, Copy)]
pub struct Digest {
    /// How it was made.
    pub kind: Kind,
    bytes: [u8; 32],
}

/// How a digest is made of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// SHA-256 of the key.
    Sha256,
    /// HMAC-SHA-256 of it.
    HmacSha256,
}

impl Digest {
    /// `sha256:…`: SHA-256 of the key.
    pub fn sha256(key: &[u8]) -> Self {
        Self { kind: Kind::Sha256, bytes: hmac_sha256::Hash::hash(key) }
    }

    /// `hmac_sha256:…`: HMAC-SHA-256 of the key (RFC 2104): worthless to a thief without the
    /// secret.
    pub fn hmac_sha256(secret: &Secret, key: &[u8]) -> Self {
        Self { kind: Kind::HmacSha256, bytes: hmac_sha256::HMAC::mac(key, &secret.0) }
    }

    /// Reads what [`Display`](fmt::Display) writes; upper-case digits too.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, digits) = text.split_once(':')?;
        let kind = match kind {
            "sha256" => Kind::Sha256,
            "hmac_sha256" => Kind::HmacSha256,
            _ => return None,
        };
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = hex::byte(*high, *low)?;
        }
        Some(Self { kind, bytes })
    }

    /// Compares in constant time.
    pub fn equals(&self, other: &Self) -> bool {
        self.kind == other.kind && ct_codecs::verify(&self.bytes, &other.bytes)
    }

    /// What digests are found by: so little of one that it gives nothing away.
    pub fn prefix(&self) -> (Kind, [u8; 2]) {
        let [first, second, ..] = self.bytes;
        (self.kind, [first, second])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Sha256 => "sha256:",
            Kind::HmacSha256 => "hmac_sha256:",
        })?;
        f.write_str(&hex::text(&self.bytes))
    }
}

/// Where digests are in a message, it is one about the configuration: the kind is enough to know.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(***)", self.kind)
    }
}

/// The secret of the keyed digests.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// The shortest secret that is accepted, in bytes (RFC 2104 §3: no shorter than the hash's
    /// output).
    pub const SHORTEST: usize = 32;

    /// A secret of these bytes; `None` where they are fewer than [`SHORTEST`](Self::SHORTEST).
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= Self::SHORTEST).then(|| Self(bytes.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        // FIPS 180-4, "abc"; RFC 4231 §4.7 with its 131-byte key.
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::sha256(b"abc").to_string(), abc);
        let secret = Secret::new(&[0xaa; 131]).unwrap();
        assert_eq!(
            Digest::hmac_sha256(&secret, b"Test Using Larger Than Block-Size Key - Hash Key First")
                .to_string(),
            "hmac_sha256:60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_digest_is_read_as_it_is_written_and_nothing_else_is() {
        let digest = Digest::sha256(b"abc");
        let text = digest.to_string();
        assert!(Digest::parse(&text).unwrap().equals(&digest));
        let upper = text.to_ascii_uppercase().replace("SHA", "sha");
        assert!(Digest::parse(&upper).unwrap().equals(&digest));
        let keyed = Digest::parse(&format!("hmac_{text}")).unwrap();
        assert!(!keyed.equals(&digest), "the same bytes, made in another way");
        for bad in [
            "",
            "sha256",
            "sha256:",
            "abc",
            "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adad",
            "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "sha256: a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "sha256:ä7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ] {
            assert!(Digest::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn one_bit_makes_a_digest_another() {
        let digest = Digest::sha256(b"abc");
        for bit in 0..256_usize {
            let mut other = digest;
            other.bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!other.equals(&digest), "bit {bit}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let secret = Secret::new(b"0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Digest::sha256(b"abc")), "*** Sha256(***)");
        assert!(Secret::new(&[1; 31]).is_none());
    }
}
