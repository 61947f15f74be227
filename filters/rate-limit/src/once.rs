//! Keys that are set once and never overwritten, however many workers start at the same time.

use gatehouse_filter::{SetError, Store, StoreError, Version};

/// A version that no stored value has: the host counts writes up from 1.
const NEVER: Version = Version(u32::MAX);

/// Sets a key, unless it is there.
///
/// Envoy takes any version for a key that does not exist and refuses a wrong one for a key that does, both
/// under one lock: a version that is never right makes a create that cannot overwrite. A host that refuses
/// a version for a key that does not exist gets an unconditional write; there, two workers that start at
/// the same moment could overwrite each other.
///
/// # Errors
/// [`StoreError`] where the store cannot be read or written.
pub(crate) fn create(store: &dyn Store, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if store.get(key)?.is_some() {
        return Ok(());
    }
    match store.set(key, value, Some(NEVER)) {
        Ok(()) => Ok(()),
        Err(SetError::Conflict) if store.get(key)?.is_some() => Ok(()),
        Err(SetError::Conflict) => store.set(key, value, None).map_err(|_| StoreError),
        Err(SetError::Failed) => Err(StoreError),
    }
}
