use gatehouse_filter::Hash;
use jwt_simple::algorithms::{HS256Key, HS384Key, HS512Key, MACLike};

/// A shared secret. It is wiped when dropped.
pub(crate) struct HmacKey {
    sha256: HS256Key,
    sha384: HS384Key,
    sha512: HS512Key,
}

impl HmacKey {
    /// A key of these bytes; whether they are enough for a hash is for [`shortest`] to say.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self {
            sha256: HS256Key::from_bytes(secret),
            sha384: HS384Key::from_bytes(secret),
            sha512: HS512Key::from_bytes(secret),
        }
    }

    /// Compares in constant time.
    pub(super) fn verify(&self, hash: Hash, tag: &[u8], text: &[u8]) -> bool {
        let own = match hash {
            Hash::Sha256 => self.sha256.authentication_tag(text),
            Hash::Sha384 => self.sha384.authentication_tag(text),
            Hash::Sha512 => self.sha512.authentication_tag(text),
        };
        ct_codecs::verify(&own, tag)
    }
}

/// The shortest secret that a hash may be used with, in bytes: as long as its output (RFC 7518
/// §3.2).
pub(crate) fn shortest(hash: Hash) -> usize {
    match hash {
        Hash::Sha256 => 32,
        Hash::Sha384 => 48,
        Hash::Sha512 => 64,
    }
}
