//! Windows that the calendar makes: so many requests per day, counted from midnight to midnight.

use crate::gcra::Arrival;
use gatehouse_filter::Date;

/// How long a window is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Period {
    Second,
    Minute,
    Hour,
    Day,
    Month,
}

/// Windows that follow each other without a gap, at a fixed distance from UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Calendar {
    pub(crate) period: Period,
    /// Seconds that local time is ahead of UTC.
    pub(crate) offset: i32,
}

/// So many requests in the window of a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    requests: u32,
    /// May be more than `requests`, where a cost is told afterwards.
    used: u32,
    /// All in nanoseconds since 1970.
    now: u64,
    start: u64,
    end: u64,
    corrected: bool,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

impl Calendar {
    /// The level at `now` (nanoseconds since 1970) for what was stored before: of an [`Arrival`],
    /// the nanoseconds are the end of the window, and the part is what was used in it.
    ///
    /// What was used in a window that has not begun comes from before the clock was set back. It
    /// counts as used in this one: nobody gets a window twice, and nobody waits for more than the
    /// end of this one.
    pub(crate) fn level(&self, requests: u32, stored: Arrival, now: u64) -> Level {
        let (start, end) = self.window(now);
        let used = if stored.nanoseconds < end { 0 } else { stored.part };
        Level { requests, used, now, start, end, corrected: stored.nanoseconds > end }
    }

    /// Begin and end of the window that a moment is in.
    fn window(&self, now: u64) -> (u64, u64) {
        let utc = i64::try_from(now / 1_000_000_000).unwrap_or(i64::MAX / SECOND);
        let local = utc.saturating_add(self.offset.into());
        let of_length = |length: i64| {
            let start = local.saturating_sub(local.rem_euclid(length));
            (start, start.saturating_add(length))
        };
        let (start, end) = match self.period {
            Period::Second => of_length(1),
            Period::Minute => of_length(60),
            Period::Hour => of_length(3_600),
            Period::Day => of_length(DAY),
            Period::Month => {
                let today = Date::from_days_since_1970(local.div_euclid(DAY));
                let seconds = |date: Date| date.days_since_1970().saturating_mul(DAY);
                (seconds(today.first_of_month()), seconds(today.first_of_next_month()))
            }
        };
        let nanoseconds = |local: i64| {
            let utc = local.saturating_sub(self.offset.into()).saturating_mul(SECOND);
            u64::try_from(utc).unwrap_or_default()
        };
        (nanoseconds(start), nanoseconds(end))
    }
}

impl Level {
    /// Whether a request of this cost may pass.
    pub(crate) fn allows(&self, cost: u32) -> bool {
        self.used.saturating_add(cost) <= self.requests
    }

    /// Adds to what was used, or takes from it.
    pub(crate) fn charge(&mut self, cost: i64) {
        let used = i64::from(self.used).saturating_add(cost).max(0);
        self.used = u32::try_from(used).unwrap_or(u32::MAX);
    }

    /// Takes from what was used at a moment, unless that was in an earlier window.
    pub(crate) fn give_back(&mut self, cost: u32, spent: u64) {
        if spent >= self.start {
            self.charge(i64::from(cost).saturating_neg());
        }
    }

    /// Whether what was stored is of a window that has not begun.
    pub(crate) fn corrected(&self) -> bool {
        self.corrected
    }

    /// What to store.
    pub(crate) fn arrival(&self) -> Arrival {
        Arrival { nanoseconds: self.end, part: self.used }
    }

    /// How many requests a window has.
    pub(crate) fn requests(&self) -> u32 {
        self.requests
    }

    /// The window's length in seconds.
    pub(crate) fn window(&self) -> u64 {
        self.end.saturating_sub(self.start) / 1_000_000_000
    }

    /// How many requests may pass in what is left of the window.
    pub(crate) fn remaining(&self) -> u64 {
        self.requests.saturating_sub(self.used).into()
    }

    /// Seconds until the window ends, rounded up.
    pub(crate) fn reset(&self) -> u64 {
        self.end.saturating_sub(self.now).div_ceil(1_000_000_000)
    }

    /// Seconds until a request of this cost may pass, rounded up; `None` where none ever may.
    pub(crate) fn retry_after(&self, cost: u32) -> Option<u64> {
        if self.allows(cost) {
            return Some(0);
        }
        (cost <= self.requests).then(|| self.reset())
    }
}

#[cfg(test)]
mod tests;
