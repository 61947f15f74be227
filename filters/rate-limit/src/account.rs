//! What a request counts against: one account for each rule that applies to it, spent all together
//! or not at all.

use crate::bucket::Evicted;
use crate::key::Digest;
use crate::policy::{Count, Demand, Policy, Verdict};
use crate::quota::{Level, Quota};
use crate::refusal::{Manner, Refusal};
use crate::service::Descriptor;
use crate::table::{ATTEMPTS, Slot, Unavailable};
use gatehouse_filter::{Meter, Mode, SetError, Store};
use gatehouse_usage::Reader;
use std::rc::Rc;

/// A client's standing with one rule, for one request.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) rule: Rc<str>,
    pub(crate) policy: Rc<Policy>,
    digest: Digest,
    pub(crate) demand: Demand,
    /// What was read of it and may still be written.
    slot: Option<Slot>,
    /// `None` until its slot was read.
    pub(crate) verdict: Option<Verdict>,
    /// When the request was counted, in nanoseconds since 1970; `None` where it was not.
    pub(crate) spent: Option<u64>,
    /// What was charged so far, where it was counted.
    pub(crate) charged: u32,
    /// By what its service knows the client, where that is told what the answer has cost.
    pub(crate) descriptor: Descriptor,
    /// What reads the answer, where it can tell its cost.
    pub(crate) reader: Option<Reader>,
}

/// What the charge of a response did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Settled {
    /// What was charged beyond what was spent already; below zero where that was too much.
    pub(crate) units: i64,
    /// The client that lost its slot to it.
    pub(crate) evicted: Option<Evicted>,
}

/// The accounts could not all be counted: this one was the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Uncounted(pub(crate) usize);

/// Spends the request from every account, or from none if one that enforces refuses. Clients that
/// lose their slots to it come to `evicted`.
///
/// All accounts are read before the first is written, so a refused request changes nothing. Only
/// where another worker spends the last of an account in between, what was spent from those before
/// it is given back: other requests may be refused meanwhile, but never do more pass than may.
///
/// # Errors
/// [`Uncounted`]; then nothing was spent.
pub(crate) fn spend(
    accounts: &mut [Account],
    store: &dyn Store,
    now: u64,
    evicted: &mut Vec<Evicted>,
) -> Result<(), Uncounted> {
    for (index, account) in accounts.iter_mut().enumerate() {
        match account.look(store, now) {
            Ok(slot) => account.slot = Some(slot),
            Err(_) if account.is_shadow() => {}
            Err(_) => return Err(Uncounted(index)),
        }
    }
    let mut refused = accounts.iter().any(Account::refuses);
    for index in 0..accounts.len() {
        let Some(account) = accounts.get_mut(index) else { continue };
        let Some(slot) = account.slot.take() else { continue };
        if refused || account.is_refused() {
            account.correct(slot, store);
            continue;
        }
        match account.spend(slot, store, now) {
            Ok(more) => evicted.extend(more),
            Err(_) if account.is_shadow() => account.verdict = None,
            Err(_) => {
                give_back(accounts, store, now);
                return Err(Uncounted(index));
            }
        }
        refused = account.refuses();
    }
    if refused {
        give_back(accounts, store, now);
    }
    Ok(())
}

fn give_back(accounts: &mut [Account], store: &dyn Store, now: u64) {
    for account in accounts {
        let Some(spent) = account.spent.take() else { continue };
        let cost = account.demand.cost();
        // Who cannot be given back waits a little longer than necessary.
        let _ = account.change(store, now, |level| level.give_back(cost, spent));
    }
}

impl Account {
    pub(crate) fn new(rule: Rc<str>, policy: Rc<Policy>, digest: Digest, demand: Demand) -> Self {
        let charged = demand.cost();
        Self {
            rule,
            policy,
            digest,
            demand,
            slot: None,
            verdict: None,
            spent: None,
            charged,
            descriptor: Vec::new(),
            reader: None,
        }
    }

    /// Who the client is.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether the rule only looks on.
    pub(crate) fn is_shadow(&self) -> bool {
        self.policy.mode == Mode::Shadow
    }

    /// Whether a limit of the rule is used up.
    pub(crate) fn is_refused(&self) -> bool {
        self.verdict.as_ref().is_some_and(Verdict::is_refused)
    }

    /// Whether the request ends here.
    fn refuses(&self) -> bool {
        self.is_refused() && !self.is_shadow()
    }

    /// Seconds until the request may pass.
    pub(crate) fn wait(&self) -> u64 {
        self.verdict.as_ref().map_or(0, |verdict| verdict.wait(&self.demand))
    }

    /// What to tell of a request that the rule refuses; `None` where it does not.
    pub(crate) fn refusal(&self, manner: Manner) -> Option<Refusal<'_>> {
        self.policy.refusal(manner, &self.demand, self.verdict.as_ref()?)
    }

    /// The limits and how far they are used up.
    pub(crate) fn limits(&self) -> impl Iterator<Item = (&Quota, &Level)> + Clone {
        let levels =
            self.verdict.as_ref().map(|verdict| verdict.levels.as_slice()).unwrap_or_default();
        self.policy.quotas.iter().zip(levels)
    }

    /// Counts what became of the request with this rule: nothing, where it passed here and was
    /// refused elsewhere.
    pub(crate) fn count(&self, meter: &dyn Meter) {
        let count = match &self.verdict {
            None => Count::Uncounted,
            Some(verdict) if verdict.is_refused() => Count::Exceeded,
            Some(_) if self.spent.is_some() => Count::Allowed,
            Some(_) => return,
        };
        self.policy.count(count, meter);
    }

    /// What was charged for the request, with the name of the rule: nothing where it was not
    /// counted.
    pub(crate) fn charge(&self) -> Option<(&str, i64)> {
        self.spent.map(|_| (&*self.rule, self.demand.cost().into()))
    }

    /// Whether the body of the answer tells what the request has cost.
    pub(crate) fn awaits_body(&self) -> bool {
        self.spent.is_some() && self.policy.cost.usage().is_some()
    }

    /// Reads on in the answer.
    pub(crate) fn read(&mut self, part: &[u8]) {
        if let (Some(usage), Some(reader)) = (self.policy.cost.usage(), &mut self.reader) {
            usage.read(part, reader);
        }
    }

    /// What the answer has told so far that the request has cost.
    pub(crate) fn told(&self) -> Option<u32> {
        self.policy.cost.usage()?.cost(self.reader.as_ref()?)
    }

    /// Whether more was charged than when the request came.
    pub(crate) fn is_charged_more(&self) -> bool {
        self.charged > self.demand.cost()
    }

    /// Charges what the answer tells that the request has cost, beyond what was charged already.
    ///
    /// # Errors
    /// [`Unavailable`]; then nothing was charged.
    pub(crate) fn settle(
        &mut self,
        cost: u32,
        store: &dyn Store,
        now: u64,
    ) -> Result<Settled, Unavailable> {
        let Some(spent) = self.spent else { return Ok(Settled::default()) };
        let before = self.charged;
        let (more, less) = (cost.saturating_sub(before), before.saturating_sub(cost));
        if (more, less) == (0, 0) {
            return Ok(Settled::default());
        }
        let evicted = self.change(store, now, |level| {
            level.charge(more);
            level.give_back(less, spent);
        })?;
        self.charged = cost;
        Ok(Settled { units: i64::from(cost).saturating_sub(before.into()), evicted })
    }

    /// Changes what is used, whatever the limit says. Gives the client that lost its slot to that.
    ///
    /// # Errors
    /// [`Unavailable`]; then nothing was stored.
    fn change(
        &mut self,
        store: &dyn Store,
        now: u64,
        change: impl Fn(&mut Level),
    ) -> Result<Option<Evicted>, Unavailable> {
        let (policy, demand) = (&self.policy, &self.demand);
        let (levels, stored) = policy.table.update(store, &self.digest, now, |stored| {
            let mut levels = policy.levels(demand, stored, now);
            levels.iter_mut().for_each(&change);
            let arrivals: Vec<_> = levels.iter().flat_map(Level::arrivals).collect();
            (levels, Some(arrivals))
        })?;
        if let Some(verdict) = &mut self.verdict {
            verdict.levels = levels;
        }
        Ok(stored.evicted)
    }

    fn look(&mut self, store: &dyn Store, now: u64) -> Result<Slot, Unavailable> {
        let slot = self.policy.table.read(store, &self.digest, now)?;
        self.verdict = Some(self.policy.look(&self.demand, slot.arrivals(), now));
        Ok(slot)
    }

    /// Spends, if what was read is still true; else looks again. Gives the client that lost its
    /// slot to that.
    fn spend(
        &mut self,
        mut slot: Slot,
        store: &dyn Store,
        now: u64,
    ) -> Result<Option<Evicted>, Unavailable> {
        for _ in 0..ATTEMPTS {
            let Some(verdict) = self.verdict.as_mut().filter(|verdict| !verdict.is_refused())
            else {
                return Ok(None);
            };
            let cost = self.demand.cost();
            verdict.charge(cost);
            if cost == 0 && !verdict.corrected() {
                self.spent = Some(now);
                return Ok(None);
            }
            match slot.store(store, &self.digest, verdict.arrivals()) {
                Ok(stored) => {
                    self.spent = Some(now);
                    return Ok(stored.evicted);
                }
                Err(SetError::Conflict) => slot = self.look(store, now)?,
                Err(SetError::Failed) => return Err(Unavailable::Store),
            }
        }
        Err(Unavailable::Contended)
    }

    /// Stores what a clock that was set back made of the levels, so that the client need not wait
    /// until the clock has caught up. Where that fails, the next request tries again.
    fn correct(&self, slot: Slot, store: &dyn Store) {
        if let Some(verdict) = self.verdict.as_ref().filter(|verdict| verdict.corrected()) {
            let _ = slot.store(store, &self.digest, verdict.arrivals());
        }
    }
}
