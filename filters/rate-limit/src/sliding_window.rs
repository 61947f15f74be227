//! The sliding window: no stretch of time of its length, wherever it begins, passes more than the
//! limit.
//!
//! A log remembers when requests passed, and how many; they come back when the window has gone by.
//! It has a fixed number of entries. A limit of no more requests than that has an entry for each
//! request. Of a larger one, requests that pass within the same *pane*, a fixed part of the window,
//! share an entry, and come back together, a window after the last of them. There are as many panes
//! in a window as entries but one, so there is always an entry left for the pane that begins.
//!
//! So no request comes back before a window has gone by since it passed: that is the bound. And
//! none comes back more than a pane later: that is the price. Workers read the clock before they
//! store; one that was overtaken passes its request at the moment of the one that overtook it, so a
//! request passes between its arrival and the moment when it is stored.

use crate::gcra::Arrival;

/// A window that is anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlidingWindow {
    /// In nanoseconds.
    pub(crate) length: u64,
    /// How many entries its log has: one for each request of the largest limit, or
    /// [`MOST_ENTRIES`].
    pub(crate) entries: usize,
}

/// The most entries of a log.
pub(crate) const MOST_ENTRIES: usize = 16;

/// How far the clock readings of workers that count at the same moment are apart at most. What was
/// stored further ahead comes from before the clock was set back.
const AT_ONCE: u64 = 1_000_000_000;

/// How far a client has used up a limit at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    sliding: SlidingWindow,
    requests: u32,
    /// In nanoseconds since 1970.
    now: u64,
    /// When a request would pass: now, or when the last one did, where that was a moment later.
    passes: u64,
    /// What has passed and not come back, the oldest first: the time is when it comes back, the
    /// part is how many requests.
    entries: Vec<Arrival>,
    corrected: bool,
}

impl SlidingWindow {
    /// The window for a limit that lets so many pass, for the client that has most.
    pub(crate) fn new(length: u64, most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { length, entries: most.clamp(1, MOST_ENTRIES) }
    }

    /// The level at `now` (nanoseconds since 1970) for what was stored before.
    ///
    /// What comes back later than anything can comes from before the clock was set back. It counts
    /// as passed now: nobody waits for longer than a window.
    pub(crate) fn level(
        &self,
        requests: u32,
        stored: &mut impl Iterator<Item = Arrival>,
        now: u64,
    ) -> Level {
        let mut entries = Vec::with_capacity(self.entries);
        entries.extend(stored.take(self.entries));
        let latest = now.saturating_add(self.length);
        let newest = entries.iter().map(|entry| entry.nanoseconds).max().unwrap_or(0);
        let corrected = newest > latest.saturating_add(AT_ONCE);
        let passes = if corrected { now } else { newest.saturating_sub(self.length).max(now) };
        if corrected {
            let pull_in = |entry: &mut Arrival| entry.nanoseconds = entry.nanoseconds.min(latest);
            entries.iter_mut().for_each(pull_in);
        }
        entries.retain(|entry| entry.nanoseconds > passes);
        Level { sliding: *self, requests, now, passes, entries, corrected }
    }

    /// The pane of a moment.
    fn pane(&self, moment: u64) -> Option<u64> {
        let panes = u64::try_from(self.entries.saturating_sub(1)).unwrap_or(1).max(1);
        moment.checked_div(self.length.div_ceil(panes))
    }
}

impl Level {
    /// Whether a request of this cost may pass.
    pub(crate) fn allows(&self, cost: u32) -> bool {
        self.used().saturating_add(cost.into()) <= self.requests.into()
    }

    /// Adds to what was used.
    pub(crate) fn charge(&mut self, cost: u32) {
        if cost == 0 {
            return;
        }
        let SlidingWindow { length, entries } = self.sliding;
        let comes_back = self.passes.saturating_add(length);
        let newest = self.entries.last().map(|newest| newest.nanoseconds.saturating_sub(length));
        // Each request has its own entry, where there are enough.
        let shares = usize::try_from(self.requests).is_ok_and(|all| all > entries);
        let pane = |moment| self.sliding.pane(moment);
        let joins = newest == Some(self.passes)
            || self.entries.len() >= entries
            || (shares && newest.is_some_and(|newest| pane(newest) == pane(self.passes)));
        match self.entries.last_mut() {
            Some(entry) if joins => {
                entry.nanoseconds = comes_back;
                entry.part = entry.part.saturating_add(cost);
            }
            _ => self.entries.push(Arrival { nanoseconds: comes_back, part: cost }),
        }
    }

    /// Takes from what passed at a moment or since; what has come back meanwhile is not given back
    /// again.
    pub(crate) fn give_back(&mut self, cost: u32, passed: u64) {
        let comes_back = passed.saturating_add(self.sliding.length);
        let mut left = cost;
        for entry in self.entries.iter_mut().filter(|entry| entry.nanoseconds >= comes_back) {
            let taken = left.min(entry.part);
            entry.part = entry.part.saturating_sub(taken);
            left = left.saturating_sub(taken);
        }
        self.entries.retain(|entry| entry.part > 0);
    }

    /// Whether what was stored comes back later than anything can.
    pub(crate) fn corrected(&self) -> bool {
        self.corrected
    }

    /// What to store, the oldest first.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = Arrival> {
        let unused = std::iter::repeat(Arrival::default());
        self.entries.iter().copied().chain(unused).take(self.sliding.entries)
    }

    /// How many requests a window has.
    pub(crate) fn requests(&self) -> u32 {
        self.requests
    }

    /// The window in seconds.
    pub(crate) fn window(&self) -> u64 {
        self.sliding.length / 1_000_000_000
    }

    /// How many requests may pass now.
    pub(crate) fn remaining(&self) -> u64 {
        u64::from(self.requests).saturating_sub(self.used())
    }

    /// Seconds until everything is available again, rounded up.
    pub(crate) fn reset(&self) -> u64 {
        self.entries.last().map_or(0, |newest| self.seconds_until(newest))
    }

    /// Seconds until a request of this cost may pass, rounded up: 0 where one may now, `None` where
    /// none ever may.
    pub(crate) fn retry_after(&self, cost: u32) -> Option<u64> {
        if cost > self.requests {
            return None;
        }
        let wanted = self.used().saturating_add(cost.into());
        let mut over = wanted.saturating_sub(self.requests.into());
        let mut wait = 0;
        for entry in self.entries.iter() {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(entry.part.into());
            wait = self.seconds_until(entry);
        }
        Some(wait)
    }

    fn used(&self) -> u64 {
        self.entries.iter().map(|entry| u64::from(entry.part)).fold(0, u64::saturating_add)
    }

    fn seconds_until(&self, entry: &Arrival) -> u64 {
        entry.nanoseconds.saturating_sub(self.now).div_ceil(1_000_000_000)
    }
}

#[cfg(test)]
mod tests;
