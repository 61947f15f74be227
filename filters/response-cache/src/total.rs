//! What all objects take, together: one value that all workers write.

use crate::index::Bucket;
use crate::objects::{ATTEMPTS, Objects};
use gatehouse_filter::{SetError, Store, StoreError, Timestamp};

/// What the objects take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Total {
    pub(crate) bytes: u64,
    pub(crate) objects: u64,
}

/// A VM counts in the total what it has added when it is more than this part of the budget, or so
/// many objects: the budget is exceeded by so little for each worker at most.
pub(crate) const UNCOUNTED: u64 = 256;
const MOST_UNCOUNTED: u32 = 32;
impl Objects {
    /// What all objects take.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn total(&self, store: &dyn Store) -> Result<Total, StoreError> {
        let stored = store.get(self.total_key().as_bytes())?;
        Ok(stored.map(|(bytes, _)| Total::read(&bytes).shown()).unwrap_or_default())
    }

    /// Adds to the total, when there is enough to add, or the last time is a second ago: the total
    /// is written by all workers.
    pub(crate) fn add(
        &self,
        store: &dyn Store,
        change: Change,
        now: Timestamp,
    ) -> Result<Option<Total>, StoreError> {
        let uncounted = self.uncounted.get().and(change);
        self.uncounted.set(uncounted);
        let is_enough = uncounted.added.max(uncounted.removed) > self.budget / UNCOUNTED
            || uncounted.times >= MOST_UNCOUNTED;
        if is_enough {
            return self.count(store, Change::default()).map(Some);
        }
        self.count_the_rest(store, now)
    }

    /// Counts what this VM has not counted yet, at most once a second. What all objects take then.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn count_the_rest(
        &self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Option<Total>, StoreError> {
        if self.uncounted.get().times == 0 || self.counted.get() == now.seconds() {
            return Ok(None);
        }
        self.counted.set(now.seconds());
        self.count(store, Change::default()).map(Some)
    }

    pub(crate) fn count(&self, store: &dyn Store, change: Change) -> Result<Total, StoreError> {
        let change = self.uncounted.take().and(change);
        let key = self.total_key();
        loop {
            let (bytes, version) = store.get(key.as_bytes())?.ok_or(StoreError)?;
            let total = Total::read(&bytes).changed(change);
            match store.set(key.as_bytes(), &total.to_bytes(), Some(version)) {
                Ok(()) => return Ok(total.shown()),
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return Err(StoreError),
            }
        }
    }

    /// Counts what is there. Where others store meanwhile, each time, their count stands.
    pub(crate) fn recount<H: Store + ?Sized>(&self, host: &H) -> Result<(), StoreError> {
        let key = self.total_key();
        host.create(key.as_bytes(), &Total::default().to_bytes())?;
        for _ in 0..ATTEMPTS {
            let (_, version) = host.get(key.as_bytes())?.ok_or(StoreError)?;
            let mut total = Total::default();
            for bucket in 0..self.buckets {
                let stored = host.get(&self.bucket_key(bucket))?;
                let Some((bytes, _)) = stored else { continue };
                for (_, entry) in Bucket::read(bytes).objects() {
                    total.bytes = total.bytes.wrapping_add(entry.size.into());
                    total.objects = total.objects.wrapping_add(1);
                }
            }
            match host.set(key.as_bytes(), &total.to_bytes(), Some(version)) {
                Ok(()) => return Ok(()),
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return Err(StoreError),
            }
        }
        Ok(())
    }

    pub(crate) fn total_key(&self) -> String {
        format!("{}total", self.prefix)
    }
}

/// How the total changes.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Change {
    pub(crate) added: u64,
    pub(crate) removed: u64,
    pub(crate) objects: i64,
    /// How many changes that are.
    pub(crate) times: u32,
}

impl Change {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            added: self.added.saturating_add(other.added),
            removed: self.removed.saturating_add(other.removed),
            objects: self.objects.saturating_add(other.objects),
            times: self.times.saturating_add(other.times),
        }
    }
}

impl Total {
    /// What another VM has just stored may be removed before that is counted: the count goes below
    /// zero then, and comes back.
    fn changed(self, Change { added, removed, objects, .. }: Change) -> Self {
        Self {
            bytes: self.bytes.wrapping_add(added).wrapping_sub(removed),
            objects: self.objects.wrapping_add_signed(objects),
        }
    }

    fn shown(self) -> Self {
        let shown = |number: u64| if number > u64::MAX / 2 { 0 } else { number };
        Self { bytes: shown(self.bytes), objects: shown(self.objects) }
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.bytes, self.objects].map(u64::to_le_bytes).concat()
    }

    fn read(bytes: &[u8]) -> Self {
        match bytes.as_chunks::<8>() {
            (&[bytes, objects], []) => {
                Self { bytes: u64::from_le_bytes(bytes), objects: u64::from_le_bytes(objects) }
            }
            _ => Self::default(),
        }
    }
}
