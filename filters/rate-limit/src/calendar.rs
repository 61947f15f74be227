//! Windows that the calendar makes: so many requests per day, counted from midnight to midnight.

use crate::gcra::Arrival;

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
                let (year, month) = month_of(local.div_euclid(DAY));
                let (next_year, next_month) = if month == 12 {
                    (year.saturating_add(1), 1)
                } else {
                    (year, month.saturating_add(1))
                };
                (
                    first_day(year, month).saturating_mul(DAY),
                    first_day(next_year, next_month).saturating_mul(DAY),
                )
            }
        };
        let nanoseconds = |local: i64| {
            let utc = local.saturating_sub(self.offset.into()).saturating_mul(SECOND);
            u64::try_from(utc).unwrap_or_default()
        };
        (nanoseconds(start), nanoseconds(end))
    }
}

/// Days from 1970-01-01 to the first of a month of the Gregorian calendar. Counted in years that
/// begin with March, so that the leap day is a year's last.
fn first_day(year: i64, month: i64) -> i64 {
    let (year, month) = if month <= 2 {
        (year.saturating_sub(1), month.saturating_add(9))
    } else {
        (year, month.saturating_sub(3))
    };
    let leap_days = year
        .div_euclid(4)
        .saturating_sub(year.div_euclid(100))
        .saturating_add(year.div_euclid(400));
    // The months from March have 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31 days: 153 in every
    // five.
    let before_month = month.saturating_mul(153).saturating_add(2) / 5;
    // From 0000-03-01 to 1970-01-01.
    const TO_1970: i64 = 719_468;
    year.saturating_mul(365)
        .saturating_add(leap_days)
        .saturating_add(before_month)
        .saturating_sub(TO_1970)
}

/// Year and month of a day, counted from 1970-01-01.
fn month_of(day: i64) -> (i64, i64) {
    // At most one month too far: an average month has 2629746 seconds, and the error is below a
    // month.
    let months = day.saturating_mul(DAY).div_euclid(2_629_746);
    let at = |months: i64| {
        (months.div_euclid(12).saturating_add(1970), months.rem_euclid(12).saturating_add(1))
    };
    let begins = |months: i64| {
        let (year, month) = at(months);
        first_day(year, month)
    };
    if begins(months) > day {
        return at(months.saturating_sub(1));
    }
    if begins(months.saturating_add(1)) <= day {
        return at(months.saturating_add(1));
    }
    at(months)
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
