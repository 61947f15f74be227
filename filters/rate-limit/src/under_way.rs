//! Requests under rules that bound how many are under way.

use crate::account::Account;
use crate::in_flight::{Entry, InFlight};
use crate::policy::Count;
use crate::refusal::{Busy, Refusal};
use crate::{Code, Exchange, RateLimit};
use gatehouse_filter::{Decision, Ended, Fetches, OnEnd, Polled, Request};
use std::rc::Rc;

impl RateLimit {
    /// Lets the request in under each rule that bounds how many are under way, once. The first of
    /// those that only look on, and would not have.
    ///
    /// # Errors
    /// What is decided where one does not: what it has entered already ends with it.
    pub(crate) fn enter(
        &self,
        accounts: &[Account],
        request: &Request<'_>,
        exchange: &mut Exchange,
    ) -> Result<Option<Rc<str>>, Box<Decision<Code>>> {
        if exchange.entered.is_some() {
            return Ok(None);
        }
        let mut looked_on = None;
        for account in accounts {
            let policy = &account.policy;
            let Some(in_flight) = &policy.in_flight else { continue };
            let entered = exchange.entered.get_or_insert_default();
            let (host, most) = (request.host(), in_flight.most.of(request));
            let entry = in_flight.enter(account.digest(), most, host);
            let Ok(entry) = entry else {
                policy.count(Count::Uncounted, host);
                if account.is_shadow() {
                    continue;
                }
                return Err(Box::new(self.uncounted(Rc::clone(&account.rule))));
            };
            if let Entry::Entered(one, evicted) = entry {
                self.evictions.count(evicted.as_slice(), &self.rules, host);
                entered.push(one);
                continue;
            }
            policy.count(Count::InFlightExceeded, host);
            if account.is_shadow() {
                looked_on.get_or_insert_with(|| Rc::clone(&account.rule));
                continue;
            }
            let busy = Busy { manner: self.manner, rule: &account.rule, most };
            let refusal = Refusal::Busy(busy);
            let rule = Some(Rc::clone(&account.rule));
            let reply = refusal.reply();
            return Err(Box::new(Decision::refuse(self.mode, refusal.code(), rule, reply)));
        }
        Ok(looked_on)
    }

    /// What bounds how many requests are under way.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &InFlight> {
        self.rules.iter().filter_map(|rule| rule.action.in_flight.as_deref())
    }
}

impl OnEnd for RateLimit {
    fn on_end(&self, ended: &Ended<'_>, exchange: &mut Exchange) {
        for entered in exchange.entered.take().into_iter().flatten() {
            entered.leave(ended.host());
        }
        // An answer that broke off, or never came.
        self.settle_all(exchange, ended.host());
    }
}

/// Nothing is fetched; the timer says again what is under way.
impl Fetches for RateLimit {
    fn fetched(&self) -> Vec<&dyn Polled> {
        self.in_flight().map(|in_flight| in_flight as &dyn Polled).collect()
    }
}
