//! The index of the store: which objects there are, and when each was last used.

use crate::key::Digest;

/// Slots in a bucket.
pub(crate) const WAYS: usize = 8;

/// What the index knows of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) digest: Digest,
    /// The object's version; 0 for a slot without one.
    pub(crate) version: u64,
    /// All that it takes in the store, in bytes.
    pub(crate) size: u32,
    /// When it was last used, in [`Tenths`].
    pub(crate) used: Tenths,
}

/// Tenths of a second, of which 13 years are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tenths(pub(crate) u32);

impl Tenths {
    /// Of nanoseconds since 1970.
    pub(crate) fn of(nanoseconds: u64) -> Self {
        // The lower bits are enough: times are compared by their distance.
        Self(u32::try_from(nanoseconds / 100_000_000 % (1 << 32)).unwrap_or_default())
    }

    /// How long ago it was; 0 for what is still to come: the clock may have been put back.
    pub(crate) fn age(self, now: Self) -> u32 {
        let age = now.0.wrapping_sub(self.0);
        if age > u32::MAX / 2 { 0 } else { age }
    }
}

/// The slots as they are stored, one after the other: an entry is read when it is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Bucket(Vec<u8>);

const ENTRY: usize = 16 + 8 + 4 + 4;

impl Bucket {
    /// Without any object.
    pub(crate) fn empty() -> Self {
        Self(vec![0; ENTRY.saturating_mul(WAYS)])
    }

    /// Takes the stored form; anything else has no objects.
    pub(crate) fn read(bytes: Vec<u8>) -> Self {
        match bytes.len() == ENTRY.saturating_mul(WAYS) {
            true => Self(bytes),
            false => Self::empty(),
        }
    }

    /// The stored form.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn entries(&self) -> impl Iterator<Item = &[u8; ENTRY]> {
        self.0.as_chunks::<ENTRY>().0.iter()
    }

    /// The object with this digest, and its slot.
    pub(crate) fn find(&self, digest: &Digest) -> Option<(usize, Entry)> {
        let found = self.entries().enumerate().find(|(_, entry)| entry.starts_with(digest));
        let (slot, entry) = found?;
        Some((slot, Entry::read(entry))).filter(|(_, entry)| entry.version != 0)
    }

    /// All objects, with their slots.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (usize, Entry)> {
        let entries = self.entries().map(Entry::read).enumerate();
        entries.filter(|(_, entry)| entry.version != 0)
    }

    /// The slot for an object: a free one, so that the one before it is there until it is; its own;
    /// or that of the object that was not used for the longest time.
    pub(crate) fn place(&self, digest: &Digest, now: Tenths) -> usize {
        let free = self.entries().position(|entry| Entry::read(entry).version == 0);
        let own = || self.find(digest).map(|(slot, _)| slot);
        let oldest = || self.objects().max_by_key(|(_, entry)| entry.used.age(now));
        free.or_else(own).or_else(|| oldest().map(|(slot, _)| slot)).unwrap_or(0)
    }

    /// What is in a slot.
    pub(crate) fn at(&self, slot: usize) -> Entry {
        self.entries().nth(slot).map(Entry::read).unwrap_or_default()
    }

    /// Puts something into a slot.
    pub(crate) fn set(&mut self, slot: usize, entry: Entry) {
        let (entries, _) = self.0.as_chunks_mut::<ENTRY>();
        if let Some(place) = entries.get_mut(slot) {
            *place = entry.to_bytes();
        }
    }
}

impl Entry {
    fn to_bytes(self) -> [u8; ENTRY] {
        let Self { digest, version, size, used } = self;
        let (version, size, used) =
            (version.to_le_bytes(), size.to_le_bytes(), used.0.to_le_bytes());
        let parts = [&digest[..], &version, &size, &used];
        let mut bytes = [0; ENTRY];
        for (place, byte) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    fn read(bytes: &[u8; ENTRY]) -> Self {
        let read = || {
            let (digest, rest) = bytes.split_first_chunk::<16>()?;
            let (version, rest) = rest.split_first_chunk::<8>()?;
            let (size, rest) = rest.split_first_chunk::<4>()?;
            let used = rest.first_chunk::<4>()?;
            Some(Self {
                digest: *digest,
                version: u64::from_le_bytes(*version),
                size: u32::from_le_bytes(*size),
                used: Tenths(u32::from_le_bytes(*used)),
            })
        };
        read().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
