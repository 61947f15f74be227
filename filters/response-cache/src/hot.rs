//! Objects that this VM has copied from the store and keeps: what is asked for often and is small.

use crate::object::Object;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;
use std::rc::Rc;

/// Copies, in two generations: when the younger one is full, the older one goes, and what is asked
/// for meanwhile becomes young again.
#[derive(Default, Debug)]
pub(crate) struct Hot {
    young: Generation,
    old: Generation,
}

#[derive(Default, Debug)]
struct Generation {
    objects: HashMap<u64, Kept, BuildHasherDefault<VersionHasher>>,
    bytes: usize,
}

/// A copy, and how far it was compared with the purges.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) object: Rc<Object>,
    /// Up to which number of purges it is known to be good.
    pub(crate) checked: Option<u64>,
}

/// The bytes of a generation: a VM keeps twice as much at most.
const MOST: usize = 8 << 20;
/// Larger objects are copied each time.
const LARGEST: usize = 512 << 10;

impl Hot {
    /// The object of this version.
    pub(crate) fn get(&mut self, version: u64) -> Option<Kept> {
        if let Some(kept) = self.young.objects.get(&version) {
            return Some(kept.clone());
        }
        let kept = self.old.objects.remove(&version)?;
        self.old.bytes = self.old.bytes.saturating_sub(kept.object.size());
        self.keep(kept.clone());
        Some(kept)
    }

    /// Keeps an object, where it is small.
    pub(crate) fn keep(&mut self, kept: Kept) {
        let size = kept.object.size();
        if size > LARGEST {
            return;
        }
        if self.young.bytes.saturating_add(size) > MOST {
            self.old = mem::take(&mut self.young);
        }
        let version = kept.object.fixed().version;
        if self.young.objects.insert(version, kept).is_none() {
            self.young.bytes = self.young.bytes.saturating_add(size);
        }
    }

    /// It was compared with the purges up to this number.
    pub(crate) fn checked(&mut self, version: u64, purges: u64) {
        if let Some(kept) = self.young.objects.get_mut(&version) {
            kept.checked = Some(purges);
        }
    }
}

/// Versions are random to begin with.
#[derive(Default)]
struct VersionHasher(u64);

impl Hasher for VersionHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests;
