//! Names by which consumers are found.

use std::cmp::Ordering;

/// What consumers are called by somebody else, each with what it stands for; sorted.
#[derive(Debug)]
pub(crate) struct Names<K, V>(Vec<(K, V)>);

impl<K, V> Default for Names<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Names<K, V> {
    pub(crate) fn new(mut names: Vec<(K, V)>) -> Self {
        names.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(names)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What stands behind the name; `order` says where a name is beside it.
    pub(crate) fn find(&self, order: impl Fn(&K) -> Ordering) -> Option<&V> {
        let found = self.0.binary_search_by(|(name, _)| order(name)).ok()?;
        self.0.get(found).map(|(_, value)| value)
    }
}
