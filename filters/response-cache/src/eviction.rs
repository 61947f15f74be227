//! What goes, so that the budget holds.

use crate::index::{Entry, Tenths};
use crate::objects::{MARKED_EVERY, Objects};
use crate::total::{Change, Total};
use gatehouse_filter::{Store, StoreError};

/// Buckets that are looked at to find what to evict; more, where there are not so many objects in
/// them: of few, the oldest may be in use.
const SAMPLE: u32 = 6;
const LEAST_SAMPLE: usize = 16;
const MOST_LOOKED_AT: u32 = 256;
/// Rounds of evictions for one object, each of a sample: an object of the largest size may take
/// the place of thousands of small ones.
const ROUNDS: usize = 512;

impl Objects {
    /// Evicts what was not used for the longest time, of samples, until the budget holds. Not the
    /// object of this version, which was just stored.
    pub(crate) fn make_room(
        &self,
        store: &dyn Store,
        mut total: Total,
        spared: u64,
        now: Tenths,
    ) -> Result<(Total, u64), StoreError> {
        let mut evicted = 0_u64;
        let mut gone = Change::default();
        for _ in 0..ROUNDS {
            if total.bytes <= self.budget {
                break;
            }
            let mut sample = Vec::new();
            // Digests have no order, so that neighbours are as good a sample as any.
            let first = self.random(self.buckets);
            for number in 0..MOST_LOOKED_AT.min(self.buckets) {
                if number >= SAMPLE && sample.len() >= LEAST_SAMPLE {
                    break;
                }
                let bucket = first.wrapping_add(number).checked_rem(self.buckets).unwrap_or(0);
                let (index, _) = self.read(store, bucket)?;
                sample.extend(index.objects().map(|(slot, entry)| (bucket, slot, entry)));
            }
            sample.sort_by_key(|(.., entry)| std::cmp::Reverse(entry.used.age(now)));
            sample.retain(|(.., entry)| entry.version != spared);
            // The oldest of a sample only: others may be young for the store.
            let oldest = sample.len().div_ceil(6);
            let old_enough = (self.evicted_at.get() / 4).saturating_mul(3);
            let mut oldest = sample
                .into_iter()
                .take(oldest)
                .filter(|(.., entry)| aged(entry, now) >= old_enough);
            let before = evicted;
            while total.bytes > self.budget
                && let Some((bucket, slot, entry)) = oldest.next()
            {
                if self.take_out(store, bucket, slot, entry.version)?.is_none() {
                    continue;
                }
                let usual = self.evicted_at.get();
                let usual = usual.saturating_sub(usual / 8).saturating_add(aged(&entry, now) / 8);
                self.evicted_at.set(usual);
                let size = u64::from(entry.size);
                total.bytes = total.bytes.saturating_sub(size);
                evicted = evicted.saturating_add(1);
                gone = gone.and(Change { removed: size, objects: -1, ..Change::default() });
            }
            if evicted == before {
                // Nothing in the store may be as old as it used to be.
                self.evicted_at.set((self.evicted_at.get() / 8).saturating_mul(7));
            }
        }
        if evicted > 0 {
            total = self.count(store, gone)?;
            // Who is in use must not look as old as what goes.
            let age = self.evicted_at.get() / AGED / 8;
            self.marked_every.set(age.clamp(1, MARKED_EVERY));
        }
        Ok((total, evicted))
    }

    /// A number below another, which nobody need guess (xorshift, G. Marsaglia 2003).
    fn random(&self, below: u32) -> u32 {
        let mut number = self.numbers.get() | 1;
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        self.numbers.set(number);
        u32::try_from(number.checked_rem(below.into()).unwrap_or(0)).unwrap_or_default()
    }
}

/// How long ago an object was last used, in parts of a tenth of a second.
fn aged(entry: &Entry, now: Tenths) -> u32 {
    entry.used.age(now).saturating_mul(AGED)
}

/// So many parts has a tenth of a second, where ages are averaged.
const AGED: u32 = 64;
