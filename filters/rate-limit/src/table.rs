//! The table of clients, in the store that all workers share.
//!
//! Its size is fixed when it is made: the store has no deletion, so a key for each client would
//! grow for ever. It is set-associative: a client's digest chooses a bucket, and in it the client
//! has any of a few slots.

use crate::bucket::{Arrivals, Bucket, Evicted, Place, WAYS};
use crate::gcra::Arrival;
use crate::key::Digest;
use crate::layout::Layout;
use gatehouse_filter::{BucketVersion, Buckets, SetError, Store, StoreError};

/// How often a request tries to write.
pub(crate) const ATTEMPTS: u32 = Buckets::ATTEMPTS;

/// The bits of a table's name.
pub(crate) const NAME: u32 = 0xf_ffff;

/// A table of a fixed number of slots. Only rules with the same limits and costs share one: what a
/// client owes is compared with what others owe, and under other limits the same time is another
/// share.
#[derive(Debug)]
pub(crate) struct Table {
    /// Under `r<name><buckets>/<arrivals of a slot>/`: another name or size is another table.
    buckets: Buckets,
    layout: Layout,
}

/// A client's slot as it was read. Nothing is changed before it is stored again.
#[derive(Debug)]
pub(crate) struct Slot {
    bucket: Bucket,
    version: BucketVersion,
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
        Self { buckets: Buckets::new(prefix, buckets), layout }
    }

    /// Makes every bucket that is not there yet: the memory is taken now, not under attack.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read or written.
    pub(crate) fn prepare(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.buckets.prepare(store, &Bucket::unused(&self.layout))
    }

    /// The key of what is kept beside the table, under a name that is no number.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.buckets.beside(name)
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
        let (bytes, version) = self.buckets.read(store, digest)?;
        let bucket = Bucket::new(bytes, &self.layout).ok_or(Unavailable::Store)?;
        let place = bucket.place(digest, now, &self.layout);
        Ok(Slot { bucket, version, place })
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
        self.version.store(store, self.bucket.bytes())?;
        let evicted = match self.place {
            Place::Evicted(_, evicted) => Some(evicted),
            Place::Own(_) | Place::Free(_) => None,
        };
        Ok(Stored { evicted })
    }
}

#[cfg(test)]
mod tests;
