//! The generic cell rate algorithm, in exact integer arithmetic.
//!
//! A limit of `requests` per `window` leaves `window / requests` between two requests of a steady
//! client: the interval. One time is stored for each client, the *theoretical arrival time*: when a
//! steady client that had sent the same number of requests would send its next. A client may run
//! ahead of it by a burst.
//!
//! An interval is seldom a whole number of nanoseconds. Inside [`Limit`] time is therefore counted
//! in grains of `1 / requests` nanosecond, of which an interval has exactly `window`: nothing is
//! ever rounded, and no window passes a request more than it should.

/// So many requests a window, with a burst of so many at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Limit {
    /// Of a limit that depends on the client, 0 lets nothing pass.
    pub(crate) requests: u32,
    /// In nanoseconds.
    pub(crate) window: u64,
    /// How many pass at once when the client has been idle.
    pub(crate) burst: u32,
}

/// A theoretical arrival time: until then a client has something to pay back.
///
/// Its order is that of time, across limits. The default, long past, is that of a client never
/// seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Arrival {
    /// Nanoseconds since 1970, rounded down.
    pub(crate) nanoseconds: u64,
    /// The rest, in parts of `1 / requests` nanosecond.
    pub(crate) part: u32,
}

/// How far a client has used up a limit at a moment.
///
/// Counted from now, so that the numbers of usual limits fit into 64 bits: dividing longer ones is
/// slow in wasm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    limit: Limit,
    /// In nanoseconds since 1970.
    now: u64,
    /// In grains from now: at 0 nothing is used, at `full` everything; beyond, the client owes.
    used: u128,
    full: u128,
    /// Nobody owes more.
    end: u128,
    corrected: bool,
}

impl Limit {
    /// How long an empty limit takes to fill, in nanoseconds, rounded up.
    pub(crate) fn fill_time(&self) -> u128 {
        self.grains_of_burst().div_ceil(self.scale())
    }

    /// The level at `now` (nanoseconds since 1970) for what was stored before. An arrival is never
    /// more than `ahead` nanoseconds from now.
    ///
    /// A stored arrival that is comes from before the clock was set back. It counts as everything
    /// used, and no more: the client goes on at the steady rate.
    pub(crate) fn level(&self, stored: Arrival, now: u64, ahead: u64) -> Level {
        let scale = self.scale();
        let full = self.grains_of_burst();
        let end = u128::from(ahead).saturating_mul(scale).max(full);
        // A limit that depends on the client may have stored the part for another number of
        // requests.
        let part = u128::from(stored.part).min(scale);
        let used = match stored.nanoseconds.checked_sub(now) {
            Some(nanoseconds) => u128::from(nanoseconds).saturating_mul(scale).saturating_add(part),
            None => 0,
        };
        let corrected = used > end;
        Level { limit: *self, now, used: if corrected { full } else { used }, full, end, corrected }
    }

    /// Grains in a nanosecond.
    fn scale(&self) -> u128 {
        u128::from(self.requests.max(1))
    }

    fn grains_of_burst(&self) -> u128 {
        u128::from(self.burst).saturating_mul(u128::from(self.window))
    }

    fn seconds_ceil(&self, grains: u128) -> u64 {
        let second = self.scale().saturating_mul(1_000_000_000);
        let whole = quotient(grains, second);
        let rest = whole.saturating_mul(second) < grains;
        u64::try_from(whole).unwrap_or(u64::MAX).saturating_add(rest.into())
    }
}

impl Level {
    /// Whether a request of this cost may pass.
    pub(crate) fn allows(&self, cost: u32) -> bool {
        self.after(cost) <= self.full
    }

    /// Adds to what was used, or takes from it.
    pub(crate) fn charge(&mut self, cost: i64) {
        let grains = u128::from(cost.unsigned_abs()).saturating_mul(self.interval());
        self.used = if cost < 0 {
            self.used.saturating_sub(grains)
        } else {
            self.used.saturating_add(grains).min(self.end)
        };
    }

    /// Whether the stored arrival was too far in the future. It must be stored anew even if the
    /// request is refused, or the client would stay refused until the clock has caught up.
    pub(crate) fn corrected(&self) -> bool {
        self.corrected
    }

    /// What to store.
    pub(crate) fn arrival(&self) -> Arrival {
        let scale = self.limit.scale();
        let whole = quotient(self.used, scale);
        let part = self.used.saturating_sub(whole.saturating_mul(scale));
        Arrival {
            nanoseconds: self.now.saturating_add(u64::try_from(whole).unwrap_or(u64::MAX)),
            part: u32::try_from(part).unwrap_or_default(),
        }
    }

    /// How many requests a window has.
    pub(crate) fn requests(&self) -> u32 {
        self.limit.requests
    }

    /// The window in seconds.
    pub(crate) fn window(&self) -> u64 {
        self.limit.window / 1_000_000_000
    }

    /// How many requests may pass now.
    pub(crate) fn remaining(&self) -> u64 {
        let left = self.full.saturating_sub(self.used);
        u64::try_from(quotient(left, self.interval())).unwrap_or(u64::MAX)
    }

    /// Seconds until everything is available again, rounded up.
    pub(crate) fn reset(&self) -> u64 {
        self.limit.seconds_ceil(self.used)
    }

    /// Seconds until a request of this cost may pass, rounded up: 0 where one may now, `None` where
    /// none ever may.
    pub(crate) fn retry_after(&self, cost: u32) -> Option<u64> {
        let wait = || self.limit.seconds_ceil(self.after(cost).saturating_sub(self.full));
        (cost <= self.limit.burst).then(wait)
    }

    /// What is used after a request of this cost.
    fn after(&self, cost: u32) -> u128 {
        self.used.saturating_add(u128::from(cost).saturating_mul(self.interval()))
    }

    fn interval(&self) -> u128 {
        u128::from(self.limit.window)
    }
}

/// Rounded down; 0 where there is nothing to divide by. Division of 128 bits is a long loop in
/// wasm.
fn quotient(number: u128, by: u128) -> u128 {
    match (u64::try_from(number), u64::try_from(by)) {
        (Ok(number), Ok(by)) => number.checked_div(by).unwrap_or_default().into(),
        _ => number.checked_div(by).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
