use gatehouse_filter::{SetError, StoreError, Version};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

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
}

impl FakeStore {
    /// The next `count` versioned writes find that somebody else was first.
    pub fn conflict_next(&self, count: u32) {
        self.conflicts.set(count);
    }

    /// Every call fails from now on.
    pub fn break_down(&self) {
        self.broken.set(true);
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
        if self.broken.get() {
            return Err(StoreError);
        }
        let values = self.values.borrow();
        Ok(values.get(key).map(|(value, version)| (value.clone(), Version(*version))))
    }

    pub(crate) fn set(
        &self,
        key: &[u8],
        value: &[u8],
        version: Option<Version>,
    ) -> Result<(), SetError> {
        if self.broken.get() {
            return Err(SetError::Failed);
        }
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
}
