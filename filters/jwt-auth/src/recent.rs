//! What a worker remembers by a key, so much at most.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// So many values at most: for a new one, what was not asked for lately goes first.
pub(crate) struct Recent<K, V> {
    most: usize,
    entries: RefCell<HashMap<K, Entry<V>>>,
    /// In the order of eviction.
    queue: RefCell<VecDeque<K>>,
}

struct Entry<V> {
    value: V,
    /// Since it was last considered for eviction.
    is_used: Cell<bool>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    /// Room for so many; for none, nothing is kept.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, entries: RefCell::default(), queue: RefCell::default() }
    }

    /// What is wanted of the value under this key. One of which nothing is wanted is not used by
    /// that.
    pub(crate) fn find<W>(&self, key: &K, wanted: impl FnOnce(&V) -> Option<W>) -> Option<W> {
        let entries = self.entries.borrow();
        let entry = entries.get(key)?;
        let wanted = wanted(&entry.value)?;
        entry.is_used.set(true);
        Some(wanted)
    }

    /// Keeps a value, in place of what is under its key.
    pub(crate) fn keep(&self, key: K, value: impl FnOnce() -> V) {
        if self.most == 0 {
            return;
        }
        let mut entries = self.entries.borrow_mut();
        let entry = Entry { value: value(), is_used: Cell::new(false) };
        if let Some(known) = entries.get_mut(&key) {
            *known = entry;
            return;
        }
        let mut queue = self.queue.borrow_mut();
        while entries.len() >= self.most {
            let Some(oldest) = queue.pop_front() else { return };
            // Whoever was asked for in the meantime stays for another round.
            if entries.get(&oldest).is_some_and(|entry| entry.is_used.replace(false)) {
                queue.push_back(oldest);
            } else {
                entries.remove(&oldest);
            }
        }
        queue.push_back(key);
        entries.insert(key, entry);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.entries.borrow().len(), self.queue.borrow().len());
        self.entries.borrow().len()
    }
}
