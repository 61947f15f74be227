use gatehouse_filter::{SetError, StoreError, Version};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// A value and its version.
type Stored = (Vec<u8>, u32);

/// A store in memory that can be told to conflict or to fail.
///
/// Like Envoy's, it accepts any version for a key that does not exist.
#[derive(Default)]
pub struct FakeStore {
    values: RefCell<HashMap<Vec<u8>, Stored>>,
    versions: Cell<u32>,
    conflicts: Cell<u32>,
    broken: Cell<bool>,
    calls: Cell<u32>,
    /// How many calls work before every one fails.
    works_for: Cell<Option<u32>>,
    interruption: RefCell<Option<(u32, Interruption)>>,
}

type Interruption = Box<dyn FnOnce()>;

impl FakeStore {
    /// The next `count` versioned writes find that somebody else was first.
    pub fn conflict_next(&self, count: u32) {
        self.conflicts.set(count);
    }

    /// Every call fails from now on.
    pub fn break_down(&self) {
        self.broken.set(true);
    }

    /// This many calls work, and every one after them fails.
    pub fn break_down_after(&self, calls: u32) {
        self.works_for.set(Some(calls));
    }

    /// Every call works from now on.
    pub fn mend(&self) {
        self.broken.set(false);
        self.works_for.set(None);
    }

    /// Runs this after that many calls, before the next one: what another worker does in between.
    pub fn interrupt_after(&self, calls: u32, by: impl FnOnce() + 'static) {
        self.interruption.replace(Some((calls, Box::new(by))));
    }

    /// Takes back an interruption that has not come. Whether there was one.
    pub fn is_uninterrupted(&self) -> bool {
        self.interruption.take().is_some()
    }

    /// How many calls there were.
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// The keys.
    pub fn all_keys(&self) -> HashSet<Vec<u8>> {
        self.values.borrow().keys().cloned().collect()
    }

    /// The value of a key, as it is stored.
    pub fn value(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.values.borrow().get(key).map(|(value, _)| value.clone())
    }

    /// Puts a value there, as another worker would.
    ///
    /// # Panics
    /// Where the store is broken.
    #[expect(clippy::expect_used, reason = "a test that panics is a test that fails")]
    pub fn put(&self, key: &[u8], value: &[u8]) {
        self.set(key, value, None).expect("the store works");
    }

    /// How many keys there are: what a filter costs in memory that is never freed.
    pub fn keys(&self) -> usize {
        self.values.borrow().len()
    }

    /// The bytes of all values.
    pub fn bytes(&self) -> usize {
        self.values.borrow().values().map(|(value, _)| value.len()).sum()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        self.begin().map_err(|()| StoreError)?;
        let values = self.values.borrow();
        Ok(values.get(key).map(|(value, version)| (value.clone(), Version(*version))))
    }

    pub(crate) fn set(
        &self,
        key: &[u8],
        value: &[u8],
        version: Option<Version>,
    ) -> Result<(), SetError> {
        self.begin().map_err(|()| SetError::Failed)?;
        if version.is_some() && self.conflicts.get() > 0 {
            self.conflicts.set(self.conflicts.get().saturating_sub(1));
            return Err(SetError::Conflict);
        }
        let mut values = self.values.borrow_mut();
        let current = values.get(key).map(|(_, version)| Version(*version));
        if version.is_some() && current.is_some() && version != current {
            return Err(SetError::Conflict);
        }
        self.versions.set(self.versions.get().wrapping_add(1));
        values.insert(key.to_vec(), (value.to_vec(), self.versions.get()));
        Ok(())
    }

    /// A call begins.
    fn begin(&self) -> Result<(), ()> {
        let due = self.interruption.borrow().as_ref().is_some_and(|(calls, _)| *calls == 0);
        if due && let Some((_, by)) = self.interruption.take() {
            by();
        } else if let Some((calls, _)) = &mut *self.interruption.borrow_mut() {
            *calls = calls.saturating_sub(1);
        }
        self.calls.set(self.calls.get().wrapping_add(1));
        if let Some(left) = self.works_for.get() {
            let Some(left) = left.checked_sub(1) else { return Err(()) };
            self.works_for.set(Some(left));
        }
        if self.broken.get() { Err(()) } else { Ok(()) }
    }
}
