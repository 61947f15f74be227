//! The objects that all workers share, within a budget of bytes.
//!
//! The proxy's shared data has no deletion: there is a fixed number of slots, and an object that
//! goes leaves an empty value in its slot. An index says what is in which slot: buckets of a few
//! slots, chosen by the digest of the key, each one value that is changed by compare-and-swap.

use crate::hot::{Hot, Kept};
use crate::index::{Bucket, Entry, Tenths, WAYS};
use crate::key::{Digest, Key};
use crate::object::Object;
use crate::store_key::StoreKey;
use crate::total::{Change, Total};
use gatehouse_filter::{Random, SetError, Store, StoreError, Timestamp, Version};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The objects.
#[derive(Debug)]
pub(crate) struct Objects {
    /// Of the keys: `c/default/`.
    pub(crate) prefix: String,
    pub(crate) buckets: u32,
    /// All that the objects may take, in bytes.
    pub(crate) budget: u64,
    hot: RefCell<Hot>,
    /// The last version that this VM has given, and a source of numbers for samples.
    pub(crate) numbers: Cell<u64>,
    /// What this VM has added and removed, and not counted in the total yet.
    pub(crate) uncounted: Cell<Change>,
    /// The second in which it last did.
    pub(crate) counted: Cell<u64>,
    /// How often an object in use is marked so, in tenths of a second.
    pub(crate) marked_every: Cell<u32>,
    /// How old what is evicted usually is: what is much younger is not, though it be the oldest of
    /// a sample.
    pub(crate) evicted_at: Cell<u32>,
}

/// What storing an object did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Put {
    /// What all objects take, where it was counted: it is, for several together.
    pub(crate) total: Option<Total>,
    /// How many other objects had to go.
    pub(crate) evicted: u64,
}

/// Why an object was not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unstored {
    /// The store failed.
    Store,
    /// Others were faster, each time.
    Contended,
    /// It was purged while it was on its way.
    Purged,
}

impl From<StoreError> for Unstored {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

/// What an object takes beside its bytes: the entry of its slot in a table of the host's, and its
/// share of the bucket.
const OVERHEAD: u64 = 160;
/// Whoever loses so many races gives up.
pub(crate) const ATTEMPTS: usize = 16;
/// An object in use is marked as used at most so often, in tenths of a second; more often where
/// what is evicted is hardly older than that.
pub(crate) const MARKED_EVERY: u32 = 10;
impl Objects {
    /// A store of at least so many slots.
    pub(crate) fn new(prefix: &str, slots: u32, budget: u64) -> Self {
        let ways = u32::try_from(WAYS).unwrap_or(1);
        Self {
            prefix: prefix.to_owned(),
            buckets: slots.div_ceil(ways).max(1),
            budget,
            hot: RefCell::default(),
            numbers: Cell::new(0),
            uncounted: Cell::default(),
            counted: Cell::default(),
            marked_every: Cell::new(MARKED_EVERY),
            evicted_at: Cell::default(),
        }
    }

    /// The most bytes that all of them may take.
    pub(crate) fn budget(&self) -> u64 {
        self.budget
    }

    /// Makes what is shared, or counts what is there: a VM that died may have left the count wrong.
    /// What a store of another size has left under this name is emptied.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn prepare<H: Store + Random + ?Sized>(&self, host: &H) -> Result<(), StoreError> {
        let mut random = [0; 8];
        host.fill(&mut random).map_err(|_| StoreError)?;
        self.numbers.set(u64::from_le_bytes(random));
        let size = format!("{}size", self.prefix);
        let before = host.get(size.as_bytes())?.and_then(|(bytes, _)| bytes.try_into().ok());
        let before = before.map(u32::from_le_bytes);
        if let Some(before) = before.filter(|before| *before != self.buckets) {
            let other = Self { buckets: before, ..Self::new(&self.prefix, 1, 0) };
            for bucket in 0..before {
                for slot in 0..WAYS {
                    host.set(&other.object_key(bucket, slot), b"", None).map_err(|_| StoreError)?;
                }
                host.set(&other.bucket_key(bucket), b"", None).map_err(|_| StoreError)?;
            }
        }
        if before != Some(self.buckets) {
            for bucket in 0..self.buckets {
                host.create(&self.bucket_key(bucket), Bucket::empty().as_bytes())?;
            }
            // Whoever sees the size finds the buckets.
            host.set(size.as_bytes(), &self.buckets.to_le_bytes(), None).map_err(|_| StoreError)?;
        }
        self.recount(host)
    }

    /// A version that no other object has.
    pub(crate) fn version(&self) -> u64 {
        let next = self.numbers.get().wrapping_add(1).max(1);
        self.numbers.set(next);
        next
    }

    /// The object for a key, with how far this VM has compared it with the purges.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn find(
        &self,
        store: &dyn Store,
        key: &Key,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        let bucket = self.bucket_of(&key.digest);
        let (mut index, mut version) = self.read(store, bucket)?;
        let (slot, entry, kept) = loop {
            let Some((slot, entry)) = index.find(&key.digest) else { return Ok(None) };
            let hot = self.hot.borrow_mut().get(entry.version);
            if let Some(kept) = hot.filter(|kept| kept.object.key() == key.text) {
                break (slot, entry, kept);
            }
            let stored = store.get(&self.object_key(bucket, slot))?;
            let object = stored.and_then(|(bytes, _)| Object::read(bytes));
            let is_it = |object: &Object| {
                object.fixed().version == entry.version && object.key() == key.text
            };
            if let Some(object) = object.filter(is_it) {
                let kept = Kept { object: Rc::new(object), checked: None };
                self.hot.borrow_mut().keep(kept.clone());
                break (slot, entry, kept);
            }
            // Another one has just taken its place, elsewhere; or two have written at once, and it
            // is asked for anew.
            let before = version;
            (index, version) = self.read(store, bucket)?;
            if version == before {
                return Ok(None);
            }
        };
        let used = Tenths::of(now.0);
        if entry.used.age(used) >= self.marked_every.get() {
            index.set(slot, Entry { used, ..entry });
            // Whoever was faster has marked it, or has replaced it.
            let _ = self.write(store, bucket, &index, version);
        }
        Ok(Some(kept))
    }

    /// This VM has compared an object with the purges, up to this number.
    pub(crate) fn checked(&self, version: u64, purges: u64) {
        self.hot.borrow_mut().checked(version, purges);
    }

    /// Stores an object, in place of the one that its key had, if it `is_good` still: that is asked
    /// between two looks at the index.
    ///
    /// # Errors
    /// [`Unstored`]
    pub(crate) fn put(
        &self,
        store: &dyn Store,
        digest: &Digest,
        (version, bytes): (u64, &[u8]),
        now: Timestamp,
        is_good: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<Put, Unstored> {
        let bucket = self.bucket_of(digest);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_add(OVERHEAD);
        let used = Tenths::of(now.0);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let entry = Entry { digest: *digest, version, size, used };
        for _ in 0..ATTEMPTS {
            let (mut index, seen) = self.read(store, bucket)?;
            if !is_good()? {
                return Err(Unstored::Purged);
            }
            let slot = index.place(digest, used);
            let moved = index.find(digest).filter(|(own, _)| *own != slot);
            let before = moved.map_or_else(|| index.at(slot), |(_, before)| before);
            let key = self.object_key(bucket, slot);
            store.set(&key, bytes, None).map_err(|_| Unstored::Store)?;
            index.set(slot, entry);
            if let Some((own, _)) = moved {
                index.set(own, Entry::default());
            }
            if !self.write(store, bucket, &index, seen)? {
                self.take_back(store, &key, version)?;
                continue;
            }
            if let Some((own, before)) = moved {
                self.take_back(store, &self.object_key(bucket, own), before.version)?;
            }
            let is_other = before.version != 0 && before.digest != *digest;
            let added = Change {
                added: size.into(),
                removed: before.size.into(),
                objects: i64::from(before.version == 0),
                times: 1,
            };
            let is_other = u64::from(is_other);
            let counted = self.add(store, added, now)?;
            // Whoever purges first makes it known, and then looks for what is there: one of both
            // sees the other.
            if !is_good()? {
                self.remove(store, bucket, slot, version)?;
                return Err(Unstored::Purged);
            }
            let Some(total) = counted else {
                return Ok(Put { total: None, evicted: is_other });
            };
            let (total, evicted) = self.make_room(store, total, version, used)?;
            return Ok(Put { total: Some(total), evicted: evicted.saturating_add(is_other) });
        }
        Err(Unstored::Contended)
    }

    /// Empties a slot whose object is not in the index: nobody would count what is in it.
    fn take_back(&self, store: &dyn Store, key: &[u8], version: u64) -> Result<(), StoreError> {
        let Some((bytes, seen)) = store.get(key)? else { return Ok(()) };
        let object = Object::read_unchecked(bytes);
        if object.is_none_or(|object| object.fixed().version != version) {
            return Ok(());
        }
        match store.set(key, b"", Some(seen)) {
            Ok(()) | Err(SetError::Conflict) => Ok(()),
            Err(SetError::Failed) => Err(StoreError),
        }
    }

    /// Removes the object of this version, where it is still there. What all take then.
    ///
    /// # Errors
    /// [`StoreError`]
    fn remove(
        &self,
        store: &dyn Store,
        bucket: u32,
        slot: usize,
        gone: u64,
    ) -> Result<Option<Total>, StoreError> {
        let Some(size) = self.take_out(store, bucket, slot, gone)? else { return Ok(None) };
        let change = Change { removed: size.into(), objects: -1, ..Change::default() };
        self.count(store, change).map(Some)
    }

    /// The same without counting it. What it took.
    pub(crate) fn take_out(
        &self,
        store: &dyn Store,
        bucket: u32,
        slot: usize,
        gone: u64,
    ) -> Result<Option<u32>, StoreError> {
        for _ in 0..ATTEMPTS {
            let (mut index, version) = self.read(store, bucket)?;
            let entry = index.at(slot);
            if entry.version != gone {
                return Ok(None);
            }
            index.set(slot, Entry::default());
            if self.write(store, bucket, &index, version)? {
                let key = self.object_key(bucket, slot);
                store.set(&key, b"", None).map_err(|_| StoreError)?;
                return Ok(Some(entry.size));
            }
        }
        Ok(None)
    }

    /// Removes all objects of which this is true, by a look at each. What they took.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn remove_all(
        &self,
        store: &dyn Store,
        mut is_gone: impl FnMut(&Object) -> bool,
    ) -> Result<Total, StoreError> {
        let mut gone = Total::default();
        for bucket in 0..self.buckets {
            let (index, _) = self.read(store, bucket)?;
            for (slot, entry) in index.objects() {
                let stored = store.get(&self.object_key(bucket, slot))?;
                let object = stored.and_then(|(bytes, _)| Object::read_unchecked(bytes));
                let is_it = |object: &Object| object.fixed().version == entry.version;
                let Some(object) = object.filter(is_it) else {
                    // Two have written at once, and one has lost: nobody finds it any more.
                    self.remove(store, bucket, slot, entry.version)?;
                    continue;
                };
                if is_gone(&object) && self.remove(store, bucket, slot, entry.version)?.is_some() {
                    gone.objects = gone.objects.saturating_add(1);
                    gone.bytes = gone.bytes.saturating_add(entry.size.into());
                }
            }
        }
        Ok(gone)
    }

    pub(crate) fn read(
        &self,
        store: &dyn Store,
        bucket: u32,
    ) -> Result<(Bucket, Version), StoreError> {
        let (bytes, version) = store.get(&self.bucket_key(bucket))?.ok_or(StoreError)?;
        Ok((Bucket::read(bytes), version))
    }

    /// Whether nobody else was first.
    fn write(
        &self,
        store: &dyn Store,
        bucket: u32,
        index: &Bucket,
        version: Version,
    ) -> Result<bool, StoreError> {
        match store.set(&self.bucket_key(bucket), index.as_bytes(), Some(version)) {
            Ok(()) => Ok(true),
            Err(SetError::Conflict) => Ok(false),
            Err(SetError::Failed) => Err(StoreError),
        }
    }

    fn bucket_of(&self, digest: &Digest) -> u32 {
        let number = digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        u32::try_from(number.checked_rem(self.buckets.into()).unwrap_or(0)).unwrap_or_default()
    }

    // Stores of another size have other keys.

    pub(crate) fn bucket_key(&self, bucket: u32) -> StoreKey {
        StoreKey::new(&self.prefix, b'b', &[self.buckets, bucket])
    }

    pub(crate) fn object_key(&self, bucket: u32, slot: usize) -> StoreKey {
        let slot = u32::try_from(slot).unwrap_or_default();
        StoreKey::new(&self.prefix, b'o', &[self.buckets, bucket, slot])
    }
}

#[cfg(test)]
mod tests;
