//! What a rule allows: a key to tell clients apart by, the limits that each of them has, and what a
//! request costs.

use crate::bucket::MAX_LIMITS;
use crate::cost::Cost;
use crate::counting::Remote;
use crate::gcra::Arrival;
use crate::in_flight::InFlight;
use crate::key::Key;
use crate::quota::{Level, Quota, Terms};
use crate::refusal::{Exceeded, Manner, Refusal};
use crate::table::Table;
use gatehouse_filter::{Codes as _, Counter, Meter, Mode, Request};
use std::rc::Rc;

/// The limits of a rule. They are checked together and spent together.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) key: Key,
    /// None where it limits nothing.
    pub(crate) quotas: Vec<Quota>,
    pub(crate) cost: Cost,
    /// In shadow mode it counts and refuses nobody.
    pub(crate) mode: Mode,
    /// The number of its rule among the counted ones.
    pub(crate) rule: usize,
    /// The service that it counts with; without, it counts in this process.
    pub(crate) remote: Option<Remote>,
    /// Where its clients are.
    pub(crate) table: Rc<Table>,
    /// How many requests a client may have under way, where that is limited.
    pub(crate) in_flight: Option<Rc<InFlight>>,
}

gatehouse_filter::codes! {
    /// What is counted for each rule.
    pub enum Count {
        /// The request was within the limits.
        Allowed = "allowed",
        /// A limit was used up.
        Exceeded = "exceeded",
        /// As many requests were under way as may be.
        InFlightExceeded = "in_flight_exceeded",
        /// The store failed.
        Uncounted = "uncounted",
        /// The answer did not tell what the request has cost.
        CostUntold = "cost_untold",
        /// A client lost its slot before it had paid everything back: a sign that `keys` is too
        /// small.
        EvictedLive = "evicted_live",
    }
}

/// What one request asks of a policy.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// By quota; the rest are never seen.
    terms: [Terms; MAX_LIMITS],
    /// What is spent now.
    cost: u32,
    /// What must be left for the request to pass.
    least: u32,
}

/// How one request comes out of a policy.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// By quota.
    pub(crate) levels: Vec<Level>,
    /// The quota that refuses; where several do, the one to wait for longest.
    refused_by: Option<usize>,
}

impl Policy {
    /// What the request asks for.
    pub(crate) fn demand(&self, request: &Request<'_>) -> Demand {
        let cost = self.cost.before(request);
        // Who has nothing left must wait, even if the cost is told afterwards and may be nothing.
        let least = if self.cost.reserved().is_some() { cost.max(1) } else { cost };
        let mut terms = [Terms::default(); MAX_LIMITS];
        terms.iter_mut().zip(&self.quotas).for_each(|(terms, quota)| *terms = quota.terms(request));
        Demand { terms, cost, least }
    }

    /// Whether the request passes, for what is stored; nothing is spent.
    pub(crate) fn look(
        &self,
        demand: &Demand,
        stored: impl Iterator<Item = Arrival>,
        now: u64,
    ) -> Verdict {
        let levels = self.levels(demand, stored, now);
        let wait = |level: &Level| level.retry_after(demand.least).unwrap_or(u64::MAX);
        let refusing = levels.iter().enumerate().filter(|(_, level)| !level.allows(demand.least));
        let refused_by = refusing.max_by_key(|(_, level)| wait(level)).map(|(index, _)| index);
        Verdict { levels, refused_by }
    }

    /// The levels for what is stored.
    pub(crate) fn levels(
        &self,
        demand: &Demand,
        mut stored: impl Iterator<Item = Arrival>,
        now: u64,
    ) -> Vec<Level> {
        let quotas = self.quotas.iter().zip(&demand.terms);
        quotas.map(|(quota, terms)| quota.level(*terms, &mut stored, now)).collect()
    }

    /// Whether whoever falls under it is not limited.
    pub(crate) fn limits_nothing(&self) -> bool {
        self.quotas.is_empty() && self.in_flight.is_none()
    }

    /// Whether it counts with leases.
    pub(crate) fn leases(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.lease.is_some())
    }

    /// Counts one request.
    pub(crate) fn count(&self, count: Count, meter: &dyn Meter) {
        meter.add(Counter::OfRule { rule: self.rule, event: count.index() }, 1);
    }

    /// What to tell of a request that was refused; `None` where it was not.
    pub(crate) fn refusal(
        &self,
        manner: Manner,
        demand: &Demand,
        verdict: &Verdict,
    ) -> Option<Refusal<'_>> {
        let index = verdict.refused_by?;
        let (quota, level) = (self.quotas.get(index)?, verdict.levels.get(index)?);
        Some(Refusal::Exceeded(Exceeded {
            manner,
            name: &quota.name,
            requests: level.requests(),
            window: level.window(),
            cost: demand.least,
            wait: level.retry_after(demand.least),
        }))
    }
}

impl Demand {
    /// What is spent when the request passes.
    pub(crate) fn cost(&self) -> u32 {
        self.cost
    }
}

impl Verdict {
    /// Whether a quota refuses.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused_by.is_some()
    }

    /// The seconds to wait, rounded up; the largest number where no wait helps.
    pub(crate) fn wait(&self, demand: &Demand) -> u64 {
        let level = self.refused_by.and_then(|index| self.levels.get(index));
        level.map_or(0, |level| level.retry_after(demand.least).unwrap_or(u64::MAX))
    }

    /// Whether what is stored must be stored anew, even if nothing is spent.
    pub(crate) fn corrected(&self) -> bool {
        self.levels.iter().any(Level::corrected)
    }

    /// Adds to what is used of every quota.
    pub(crate) fn charge(&mut self, cost: u32) {
        self.levels.iter_mut().for_each(|level| level.charge(cost));
    }

    /// What to store.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = Arrival> {
        self.levels.iter().flat_map(Level::arrivals)
    }
}

#[cfg(test)]
mod tests;
