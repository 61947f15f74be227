//! Which keys are tried on a token, and what that may cost.

use crate::algorithm::Algorithm;
use crate::key::Key;
use gatehouse_filter::{NoVerifier, Signatures, Timestamp};
use std::cell::Cell;
use std::time::Duration;

/// Which keys may be tried on a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Choice {
    /// What a key that does not say its `alg` may verify, of what the host does not verify.
    pub(crate) without_alg: Vec<Algorithm>,
    /// Whether a token that does not say its `kid` may be of any of several keys with names.
    pub(crate) tries_named: bool,
}

impl Choice {
    /// Whether the key may verify with this algorithm.
    pub(crate) fn allows(&self, key: &Key, algorithm: Algorithm) -> bool {
        key.algorithms.contains(&algorithm)
            && (key.has_own_algorithm
                || algorithm.is_for_hosts()
                || self.without_alg.contains(&algorithm))
    }
}

/// What verifying may take, by what each verification takes on a machine of today.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bounds {
    /// For one request, in which one verification is always made.
    pub(crate) per_request: Duration,
    /// For all requests of a worker, in each second.
    pub(crate) per_second: Duration,
}

/// What verifying has taken a worker in this second. What a good signature took is
/// given back: an issuer made it, no stranger.
#[derive(Default)]
pub(crate) struct Spent {
    second: Cell<u64>,
    time: Cell<Duration>,
}

impl Spent {
    fn may_take(&self, cost: Duration, bounds: &Bounds, now: Timestamp) -> bool {
        // Also where the clock is set back.
        if self.second.replace(now.seconds()) != now.seconds() {
            self.time.set(Duration::ZERO);
        }
        let time = self.time.get().saturating_add(cost);
        let may = time <= bounds.per_second;
        if may {
            self.time.set(time);
        }
        may
    }

    fn give_back(&self, cost: Duration) {
        self.time.set(self.time.get().saturating_sub(cost));
    }
}

/// Why a key was not tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TooMuch {
    /// The request has had its share.
    OfRequest,
    /// The second has.
    OfSecond,
}

/// The trial of one token: the host does what it can, and the module the rest, within bounds.
pub(crate) struct Trial<'a> {
    host: Option<&'a dyn Signatures>,
    bounds: Option<(Bounds, &'a Spent, Timestamp)>,
    /// What the verifications have taken.
    taken: Cell<Duration>,
}

impl<'a> Trial<'a> {
    /// One that may take what it takes.
    pub(crate) fn unbounded(host: Option<&'a dyn Signatures>) -> Self {
        Self { host, bounds: None, taken: Cell::default() }
    }

    /// One within bounds.
    pub(crate) fn within(
        bounds: Bounds,
        spent: &'a Spent,
        now: Timestamp,
        host: &'a dyn Signatures,
    ) -> Self {
        Self { host: Some(host), bounds: Some((bounds, spent, now)), taken: Cell::default() }
    }

    /// When it is; `None` where that does not matter.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.bounds.as_ref().map(|(_, _, now)| *now)
    }

    /// What the verifications have taken.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> Duration {
        self.taken.get()
    }

    /// What the host says, where there is one that verifies and it may take so long.
    ///
    /// # Errors
    /// [`TooMuch`], and then nothing was verified.
    pub(crate) fn by_host(
        &self,
        cost: Duration,
        verify: impl FnOnce(&dyn Signatures) -> Result<bool, NoVerifier>,
    ) -> Result<Option<bool>, TooMuch> {
        let Some(host) = self.host else { return Ok(None) };
        self.take(cost)?;
        let verified = verify(host).ok();
        // One that does not verify takes no time either.
        if verified.is_none() {
            self.give_back(cost);
        }
        Ok(self.told(verified))
    }

    /// What the module finds, where it may take so long.
    ///
    /// # Errors
    /// [`TooMuch`], and then nothing was verified.
    pub(crate) fn here(
        &self,
        cost: Duration,
        verify: impl FnOnce() -> bool,
    ) -> Result<bool, TooMuch> {
        self.take(cost)?;
        Ok(self.told(Some(verify())) == Some(true))
    }

    fn take(&self, cost: Duration) -> Result<(), TooMuch> {
        let Some((bounds, spent, now)) = &self.bounds else { return Ok(()) };
        let taken = self.taken.get().saturating_add(cost);
        if !self.taken.get().is_zero() && taken > bounds.per_request {
            return Err(TooMuch::OfRequest);
        }
        if !spent.may_take(cost, bounds, *now) {
            return Err(TooMuch::OfSecond);
        }
        self.taken.set(taken);
        Ok(())
    }

    fn told(&self, verified: Option<bool>) -> Option<bool> {
        if verified == Some(true) {
            self.give_back(self.taken.get());
        }
        verified
    }

    fn give_back(&self, cost: Duration) {
        if let Some((_, spent, _)) = &self.bounds {
            spent.give_back(cost);
        }
        self.taken.set(self.taken.get().saturating_sub(cost));
    }
}
