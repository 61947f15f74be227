//! The table of clients, in the store that all workers share.
//!
//! Its size is fixed when it is made: the store has no deletion, so a key for each client would
//! grow for ever. It is set-associative: a client's digest chooses a bucket, and in it the client
//! has any of a few slots.

use crate::bucket::{Arrivals, Bucket, Evicted, Place, WAYS};
use crate::decimal;
use crate::gcra::Arrival;
use crate::key::Digest;
use crate::layout::Layout;
use gatehouse_filter::{SetError, Store, StoreError, Version};

/// How often a request tries to write. Each failure means that another worker has succeeded in
/// between; so many in a row do not happen with as many workers as a machine has cores.
pub(crate) const ATTEMPTS: u32 = 64;

/// The bits of a table's name.
pub(crate) const NAME: u32 = 0xf_ffff;

/// A table of a fixed number of slots. Only rules with the same limits and costs share one: what a
/// client owes is compared with what others owe, and under other limits the same time is another
/// share.
#[derive(Debug)]
pub(crate) struct Table {
    buckets: u64,
    layout: Layout,
    /// `r<name><buckets>/<arrivals of a slot>/`: another name or size is another table. At most 22
    /// bytes with the bucket's number, which is what the host's strings hold without an allocation.
    prefix: String,
}

/// A client's slot as it was read. Nothing is changed before it is stored again.
#[derive(Debug)]
pub(crate) struct Slot {
    key: String,
    bucket: Bucket,
    version: Version,
    place: Place,
}

/// What storing a slot did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Stored {
    /// Another client, which had something to pay back, and lost its slot.
    pub(crate) evicted: Option<Evicted>,
}

/// Why a slot could not be changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unavailable {
    /// The store failed, or the table is not in it.
    Store,
    /// Other workers were faster, each time.
    Contended,
}

impl From<StoreError> for Unavailable {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl Table {
    /// A table of at least `keys` slots of this layout. Of its name, 20 bits count.
    pub(crate) fn new(name: u32, keys: u32, layout: Layout) -> Self {
        let ways = u64::try_from(WAYS).unwrap_or(1);
        let buckets = u64::from(keys).div_ceil(ways).max(1);
        let name = name & NAME;
        let prefix = format!("r{name:05x}{buckets}/{}/", layout.arrivals());
        Self { buckets, layout, prefix }
    }

    /// Makes every bucket that is not there yet: the memory is taken now, not under attack. A mark,
    /// set last, tells the workers after the first that nothing is left to do.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read or written.
    pub(crate) fn prepare(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mark = format!("{}made", self.prefix);
        if store.get(mark.as_bytes())?.is_some() {
            return Ok(());
        }
        let unused = Bucket::unused(&self.layout);
        for index in 0..self.buckets {
            store.create(self.bucket_key(index).as_bytes(), &unused)?;
        }
        store.create(mark.as_bytes(), b"1")
    }

    /// Reads a client's slot.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    pub(crate) fn read(
        &self,
        store: &dyn Store,
        digest: &Digest,
        now: u64,
    ) -> Result<Slot, Unavailable> {
        let key = self.bucket_key(self.bucket_of(digest));
        let (bytes, version) = store.get(key.as_bytes())?.ok_or(Unavailable::Store)?;
        let bucket = Bucket::new(bytes, &self.layout).ok_or(Unavailable::Store)?;
        let place = bucket.place(digest, now, &self.layout);
        Ok(Slot { key, bucket, version, place })
    }

    /// Changes what a client's slot remembers: reads it, applies `change` and stores it if nobody
    /// else has written the bucket since; else all of it again. Where `change` gives nothing to
    /// store, nothing is.
    ///
    /// # Errors
    /// [`Unavailable`]; then nothing was stored.
    pub(crate) fn update<T, A: IntoIterator<Item = Arrival>>(
        &self,
        store: &dyn Store,
        digest: &Digest,
        now: u64,
        mut change: impl FnMut(Arrivals<'_>) -> (T, Option<A>),
    ) -> Result<(T, Stored), Unavailable> {
        for _ in 0..ATTEMPTS {
            let slot = self.read(store, digest, now)?;
            let (value, arrivals) = change(slot.arrivals());
            let Some(arrivals) = arrivals else { return Ok((value, Stored::default())) };
            match slot.store(store, digest, arrivals) {
                Ok(stored) => return Ok((value, stored)),
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return Err(Unavailable::Store),
            }
        }
        Err(Unavailable::Contended)
    }

    fn bucket_of(&self, digest: &Digest) -> u64 {
        let bits = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        bits.checked_rem(self.buckets).unwrap_or_default()
    }

    fn bucket_key(&self, index: u64) -> String {
        let mut key = String::with_capacity(self.prefix.len().saturating_add(decimal::MOST_DIGITS));
        key.push_str(&self.prefix);
        decimal::push(&mut key, index);
        key
    }
}

impl Slot {
    /// What the slot remembers of the client.
    pub(crate) fn arrivals(&self) -> Arrivals<'_> {
        self.bucket.arrivals(self.place)
    }

    /// Makes the slot the client's and remembers.
    ///
    /// # Errors
    /// [`SetError`]; a conflict is that somebody else wrote the bucket since it was read.
    pub(crate) fn store(
        mut self,
        store: &dyn Store,
        digest: &Digest,
        arrivals: impl IntoIterator<Item = Arrival>,
    ) -> Result<Stored, SetError> {
        self.bucket.write(self.place, digest, arrivals);
        store.set(self.key.as_bytes(), self.bucket.bytes(), Some(self.version))?;
        let evicted = match self.place {
            Place::Evicted(_, evicted) => Some(evicted),
            Place::Own(_) | Place::Free(_) => None,
        };
        Ok(Stored { evicted })
    }
}

#[cfg(test)]
mod tests;
