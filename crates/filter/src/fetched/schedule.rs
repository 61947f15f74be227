//! When something is fetched, and what may be expected of it.

use super::Fetched;
use super::lease::Lease;
use crate::Timestamp;
use std::time::Duration;

impl<T> Fetched<T> {
    /// Whether a fetch that began then or later has ended, well or not. One that was under way
    /// already may have been answered before the key was published.
    pub fn was_fetched_since(&self, then: Timestamp, now: Timestamp) -> bool {
        let lease = self.lease.get();
        lease.started >= then && !self.is_held(lease, now)
    }

    /// Whether the last fetch came to nothing: what is not there may be.
    pub fn is_failing(&self) -> bool {
        self.lease.get().failures > 0
    }

    /// Whether an answer may come before `deadline`.
    pub fn may_change_before(&self, deadline: Timestamp, now: Timestamp) -> bool {
        let lease = self.lease.get();
        self.is_held(lease, now) || has_passed(lease.started, self.pause(lease), deadline)
    }

    /// Whether somebody fetches. A lease that ends later than any could is of another clock.
    pub(super) fn is_held(&self, lease: Lease, now: Timestamp) -> bool {
        now < lease.held_until && lease.held_until <= now.after(self.lease_length())
    }

    /// Whether it is time to fetch, and enough time since the last fetch.
    pub(super) fn is_due(&self, lease: Lease, now: Timestamp) -> bool {
        let is_due = match self.kept.fetched_at() {
            None => true,
            Some(fetched_at) => {
                let refresh = self.source.fetch.refresh.after(lease.said);
                self.is_wanted.get() || has_passed(fetched_at, refresh, now)
            }
        };
        is_due && has_passed(lease.started, self.pause(lease), now)
    }

    /// The least time from the start of the last fetch to the next. Where there is nothing to go on
    /// with it starts small, and grows to the same.
    pub(super) fn pause(&self, lease: Lease) -> Duration {
        if self.kept.fetched_at().is_some() {
            return self.source.fetch.retry;
        }
        let doublings = u32::try_from(lease.failures.min(16)).unwrap_or_default();
        FIRST_PAUSE.saturating_mul(1 << doublings).min(self.source.fetch.retry)
    }

    /// Whether a cluster that is not known may only be on its way: while Envoy starts, and while it
    /// takes on another configuration, filters run before all clusters are there.
    pub(super) fn may_become_known(&self, now: Timestamp) -> bool {
        let since = self.unknown_since.get().filter(|since| *since <= now).unwrap_or(now);
        self.unknown_since.set(Some(since));
        now < since.after(WARMING)
    }

    /// Longer than any fetch takes.
    pub(super) fn lease_length(&self) -> Duration {
        self.source.patience().saturating_add(Duration::from_secs(1))
    }
}

/// The first pause after a failure that left nothing to go on with.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// How long Envoy may take to get its clusters: as long as it waits for a control plane
/// (`initial_fetch_timeout`) unless told otherwise.
const WARMING: Duration = Duration::from_secs(15);

/// Whether `wait` has passed since `then`. A time in the future is of a clock that has been
/// corrected since: it holds nobody up.
fn has_passed(then: Timestamp, wait: Duration, now: Timestamp) -> bool {
    now < then || now >= then.after(wait)
}
