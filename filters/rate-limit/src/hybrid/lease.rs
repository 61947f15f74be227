//! What the workers of a process hold for one client, and when they ask for more.

use crate::gcra::Arrival;
use crate::layout::{Gauge, Layout};
use crate::service::Told;

/// How a rule leases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Terms {
    /// The most hits to ask for at once. At least 1.
    pub(crate) most: u32,
    /// How long a lease is good at most, in nanoseconds; not longer than the window, where the
    /// service tells it.
    pub(crate) length: u64,
    /// How long a call may take, in nanoseconds.
    pub(crate) timeout: u64,
}

/// The hits held for one client. The default is that of a client never seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Lease {
    /// Hits that may pass without asking …
    credit: u32,
    /// … until then. Times are in nanoseconds since 1970.
    expires: u64,
    /// How many hits were asked for last.
    batch: u32,
    /// Nobody asks ahead before: somebody just did, or was refused.
    quiet_until: u64,
    /// Whether the service said no. It is asked again after `quiet_until`.
    refused: bool,
    /// When the service's window ends; 0 where it does not say.
    window_end: u64,
    granted_at: u64,
    /// Whether the batch is small because little is left, and not to grow.
    was_cut: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// It passes. With a number, so many hits are to be asked for, ahead of the need.
    Pass(Option<u32>),
    /// Nothing is left, and the service has said so; until the window's end, in nanoseconds.
    Refused(u64),
    /// Nothing is left here: so many hits are to be asked for, and the request waits for them.
    Ask(u32),
    /// Nothing is left here, but this worker has asked already.
    Wait,
}

impl Lease {
    /// Takes the hits of one request. `has_asked`: this worker waits for an answer, and asks for
    /// nothing else.
    pub(crate) fn take(&mut self, cost: u32, now: u64, terms: &Terms, has_asked: bool) -> Turn {
        self.drop_expired(now, terms);
        let is_quiet =
            now < self.quiet_until && self.quiet_until <= now.saturating_add(terms.longest_quiet());
        if let Some(left) = self.credit.checked_sub(cost) {
            self.credit = left;
            // Before the last is gone, so that nobody waits for the next. Not for a client that
            // sends one now and then: what it does not use would be lost to it.
            let is_time = self.batch >= WORTH_ASKING_AHEAD && left < self.batch / 2;
            return Turn::Pass(
                (is_time && !is_quiet && !has_asked).then(|| self.ask(1, now, terms)),
            );
        }
        match (is_quiet, self.refused) {
            (true, true) => Turn::Refused(self.window_end.saturating_sub(now)),
            _ if has_asked => Turn::Wait,
            // A batch is on its way, to another worker perhaps: no second one.
            (true, false) => Turn::Ask(cost),
            (false, _) => Turn::Ask(self.ask(cost, now, terms)),
        }
    }

    /// The hits were granted: they have been counted for this process.
    pub(crate) fn granted(&mut self, hits: u32, told: Option<Told>, now: u64, terms: &Terms) {
        self.drop_expired(now, terms);
        let window_end = told.map_or(0, |told| window_end(told, now));
        // What is left of a window goes with it: its hits were counted there.
        if window_end > self.window_end.saturating_add(HALF_A_SECOND) && self.window_end > 0 {
            self.credit = 0;
        }
        self.credit = self.credit.saturating_add(hits);
        self.expires = now.saturating_add(terms.length);
        if window_end > 0 {
            self.expires = self.expires.min(window_end);
        }
        self.window_end = window_end;
        self.refused = false;
        if hits >= self.batch {
            self.granted_at = now;
            self.quiet_until = 0;
        }
        // Towards the end the batches become small, so that little is left with one gateway that
        // another lacks.
        let remaining = told.and_then(|told| told.remaining);
        let most = remaining.map_or(u32::MAX, |remaining| remaining / 2).max(1);
        self.was_cut = most < self.batch;
        self.batch = self.batch.min(most);
    }

    /// The hits were refused; fewer may still pass, unless these were as few as there can be,
    /// `least`.
    pub(crate) fn refused(
        &mut self,
        hits: u32,
        least: u32,
        told: Option<Told>,
        now: u64,
        terms: &Terms,
    ) {
        let remaining = told.and_then(|told| told.remaining).unwrap_or(u32::MAX);
        self.batch = (hits / 2).min(remaining).max(1);
        self.window_end = told.map_or(0, |told| window_end(told, now));
        self.was_cut = true;
        self.refused = hits <= least || remaining < least;
        self.quiet_until = 0;
        if self.refused {
            let reset = self.window_end.saturating_sub(now);
            // Who is not told when the window ends has to look now and then.
            let quiet = if reset > 0 { reset.min(terms.length) } else { terms.length / 4 };
            self.quiet_until = now.saturating_add(quiet);
        }
    }

    /// The service has counted more than it allows, by what answers have cost: what is leased would
    /// come on top of that.
    pub(crate) fn used_up(&mut self) {
        self.credit = 0;
    }

    /// The service could not be asked.
    pub(crate) fn failed(&mut self) {
        self.quiet_until = 0;
        self.batch = (self.batch / 2).max(1);
    }

    /// How many hits to ask for: so many that they last a while, at the rate at which the last ones
    /// went.
    fn ask(&mut self, cost: u32, now: u64, terms: &Terms) -> u32 {
        let lasted = now.saturating_sub(self.granted_at);
        let batch = if lasted > terms.length {
            self.batch / 4
        } else if lasted < terms.length / 4 && !self.was_cut {
            self.batch.saturating_mul(2)
        } else if lasted > (terms.length / 4).saturating_mul(3) {
            self.batch / 2
        } else {
            self.batch
        };
        self.batch = batch.clamp(1, terms.most.max(1));
        self.quiet_until = now.saturating_add(terms.timeout);
        self.batch.max(cost)
    }

    /// A lease that ends later than any can is of a clock that was set back since.
    fn drop_expired(&mut self, now: u64, terms: &Terms) {
        if self.expires <= now || self.expires > now.saturating_add(terms.length) {
            self.credit = 0;
        }
    }

    /// How a table lays leases out: of two, the one that ends later is worth more.
    pub(crate) fn layout() -> Layout {
        Layout::new(vec![Gauge::Time { full: 1 }; 4])
    }

    /// As the table keeps it.
    pub(crate) fn arrivals(&self) -> [Arrival; 4] {
        let of = |nanoseconds, part| Arrival { nanoseconds, part };
        [
            of(self.expires, self.credit),
            of(self.quiet_until, self.batch),
            of(self.window_end, self.refused.into()),
            of(self.granted_at, self.was_cut.into()),
        ]
    }

    /// From what the table has.
    pub(crate) fn from_arrivals(mut stored: impl Iterator<Item = Arrival>) -> Self {
        let [credit, quiet, window, granted] = [(); 4].map(|()| stored.next().unwrap_or_default());
        Self {
            credit: credit.part,
            expires: credit.nanoseconds,
            batch: quiet.part,
            quiet_until: quiet.nanoseconds,
            refused: window.part != 0,
            window_end: window.nanoseconds,
            granted_at: granted.nanoseconds,
            was_cut: granted.part != 0,
        }
    }
}

impl Terms {
    /// Whoever is quiet for longer is so by a clock that was set back since.
    fn longest_quiet(&self) -> u64 {
        self.length.max(self.timeout)
    }
}

/// A batch of so many lasts a quarter of a lease, so the client sends steadily.
const WORTH_ASKING_AHEAD: u32 = 4;

const SECOND: u64 = 1_000_000_000;

/// Windows are a second at least: ends that are nearer to each other are the same, seen with
/// different delays.
const HALF_A_SECOND: u64 = SECOND / 2;

/// When the window ends; 0 where the service does not say. One that tells whole seconds counts from
/// the last full one.
fn window_end(told: Told, now: u64) -> u64 {
    let Some(reset) = told.reset else { return 0 };
    let from = if reset.subsec_nanos() == 0 { now.saturating_sub(now % SECOND) } else { now };
    from.saturating_add(u64::try_from(reset.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
