//! A table of a fixed number of buckets, in the store that all workers share.

use crate::{SetError, Store, StoreError, Version, decimal};

/// Buckets, each one value of the store. Their number is fixed when they are made: the store has no
/// deletion, so a key for each client or token would grow for ever.
///
/// What is in a bucket is for its owner to say; it writes what it read and changed, if nobody else
/// has written it since, and else begins again, [`ATTEMPTS`](Self::ATTEMPTS) times at most.
#[derive(Debug)]
pub struct Buckets {
    /// Another prefix is another table. At most 22 bytes with the bucket's number are what the
    /// host's strings hold without an allocation.
    prefix: String,
    count: u64,
}

/// Which value of a bucket was read.
#[derive(Debug)]
pub struct BucketVersion {
    key: String,
    version: Version,
}

impl Buckets {
    /// How often whoever changes a bucket tries. Each failure means that another worker has
    /// succeeded in between; so many in a row do not happen with as many workers as a machine has
    /// cores.
    pub const ATTEMPTS: u32 = 64;

    /// So many buckets, one at least, whose keys begin so.
    pub fn new(prefix: String, count: u64) -> Self {
        Self { prefix, count: count.max(1) }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Makes every bucket that is not there yet: the memory is taken now, not under attack. A mark,
    /// set last, tells the workers after the first that nothing is left to do.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read or written.
    pub fn prepare(&self, store: &dyn Store, unused: &[u8]) -> Result<(), StoreError> {
        let mark = self.beside("made");
        if store.get(mark.as_bytes())?.is_some() {
            return Ok(());
        }
        for index in 0..self.count {
            store.create(self.key(index).as_bytes(), unused)?;
        }
        store.create(mark.as_bytes(), b"1")
    }

    /// The key of what is kept beside the buckets, under a name that is no number.
    pub fn beside(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The bucket of a digest, by its first eight bytes, which must be keyed: whoever could aim at
    /// a bucket could fill it.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read, or was not prepared.
    pub fn read(
        &self,
        store: &dyn Store,
        digest: &[u8; 16],
    ) -> Result<(Vec<u8>, BucketVersion), StoreError> {
        let key = self.key_of(digest);
        let (bytes, version) = store.get(key.as_bytes())?.ok_or(StoreError)?;
        Ok((bytes, BucketVersion { key, version }))
    }

    /// The key of that bucket.
    pub fn key_of(&self, digest: &[u8; 16]) -> String {
        let bits = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.key(bits.checked_rem(self.count).unwrap_or_default())
    }

    fn key(&self, index: u64) -> String {
        let mut key = String::with_capacity(self.prefix.len().saturating_add(decimal::MOST_DIGITS));
        key.push_str(&self.prefix);
        decimal::push(&mut key, index);
        key
    }
}

impl BucketVersion {
    /// Writes the bucket, if nobody else has since.
    ///
    /// # Errors
    /// [`SetError`]; a conflict is that somebody else wrote it.
    pub fn store(&self, store: &dyn Store, bytes: &[u8]) -> Result<(), SetError> {
        store.set(self.key.as_bytes(), bytes, Some(self.version))
    }
}
