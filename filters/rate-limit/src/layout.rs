//! How the slots of a table are laid out, and how near a slot's client is to its limits.

use crate::bucket::Arrivals;
use std::cmp::Ordering;

/// What a slot has for each limit of its rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Layout(Vec<Gauge>);

/// What is stored of one limit, and what it is measured by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gauge {
    /// One arrival, until which something is used; all of it where that is so many nanoseconds
    /// from now.
    Time { full: u64 },
    /// So many arrivals, each with what comes back then as its part; together at most so much.
    Count { arrivals: usize, full: u32 },
}

/// How much of a limit is used: more than all of it where a client owes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    used: u64,
    full: u64,
}

impl Layout {
    pub(crate) fn new(gauges: Vec<Gauge>) -> Self {
        Self(gauges)
    }

    /// How many arrivals a slot has.
    pub(crate) fn arrivals(&self) -> usize {
        self.0.iter().map(Gauge::arrivals).fold(0, usize::saturating_add)
    }

    /// Which limit of a slot is used most, and how much of it.
    pub(crate) fn most_used(&self, mut stored: Arrivals<'_>, now: u64) -> (usize, Share) {
        let shares = self.0.iter().map(|gauge| gauge.share(&mut stored, now)).enumerate();
        let most = shares.max_by_key(|(_, share)| *share);
        most.unwrap_or((0, Share { used: 0, full: 1 }))
    }
}

impl Gauge {
    fn arrivals(&self) -> usize {
        match self {
            Self::Time { .. } => 1,
            Self::Count { arrivals, .. } => *arrivals,
        }
    }

    fn share(&self, stored: &mut Arrivals<'_>, now: u64) -> Share {
        let stored = stored.take(self.arrivals());
        let (used, full) = match self {
            Self::Time { full } => {
                let left = stored.map(|arrival| arrival.nanoseconds.saturating_sub(now));
                (left.fold(0, u64::saturating_add), *full)
            }
            Self::Count { full, .. } => {
                let live = stored.filter(|arrival| arrival.nanoseconds > now);
                (
                    live.map(|arrival| arrival.part.into()).fold(0, u64::saturating_add),
                    (*full).into(),
                )
            }
        };
        Share { used, full: full.max(1) }
    }
}

impl Share {
    /// In percent, rounded down.
    pub(crate) fn percent(&self) -> u64 {
        self.used.saturating_mul(100).checked_div(self.full).unwrap_or(u64::MAX)
    }
}

impl Ord for Share {
    /// By cross-multiplication: nothing is rounded, and nothing is divided.
    fn cmp(&self, other: &Self) -> Ordering {
        let product = |one: u64, two: u64| u128::from(one).saturating_mul(two.into());
        product(self.used, other.full).cmp(&product(other.used, self.full))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

#[cfg(test)]
mod tests;
