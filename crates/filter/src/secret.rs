//! A secret of the process, for digests of what clients choose.

use crate::{Host, StoreError};
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use std::fmt;
use std::hash::Hasher as _;

/// The key of a hash, made at random once a process, so that nobody outside can aim at a slot of a
/// table.
pub struct Secret([u8; 16]);

impl Secret {
    /// The secret that all workers share under this key of the store; the first one to ask makes
    /// it.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read or made.
    pub fn agreed(host: &dyn Host, key: &[u8]) -> Result<Self, StoreError> {
        let read = || {
            let stored = host.get(key)?;
            let secret =
                stored.map(|(bytes, _)| <[u8; 16]>::try_from(bytes).map_err(|_| StoreError));
            secret.transpose()
        };
        if let Some(secret) = read()? {
            return Ok(Self(secret));
        }
        let mut random = [0; 16];
        host.fill(&mut random).map_err(|_| StoreError)?;
        host.create(key, &random)?;
        // Another worker may have been first: what is stored counts.
        read()?.map(Self).ok_or(StoreError)
    }

    /// A hash of 128 bits with this key: without it nobody can tell what collides.
    pub fn hasher(&self) -> SipHasher24 {
        SipHasher24::new_with_key(&self.0)
    }

    /// The hash of these parts: no two different lists of parts are the same bytes.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.write(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.write(part);
        }
        hasher.finish128().as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
