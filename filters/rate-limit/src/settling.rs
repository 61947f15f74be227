//! What requests have cost, where their answers tell.

use crate::account::{Account, Settled};
use crate::policy::Count;
use crate::usage::Usage;
use crate::{Code, Exchange, RateLimit};
use gatehouse_filter::{
    Body, Broken, Callouts, Copied, OnResponse, OnResponseBody, Response, ResponseDecision,
    ResponseStep,
};
use std::mem;

impl OnResponse for RateLimit {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        exchange: &mut Exchange,
    ) -> ResponseDecision<Code> {
        let mut step = ResponseStep::Continue;
        if !exchange.accounts.is_empty() {
            for account in &mut exchange.accounts {
                if let Some(cost) = account.policy.cost.after(response) {
                    self.settle(account, cost, response.callouts());
                }
            }
            // What a service said of its limits was remembered when it did.
            if exchange.accounts.iter().any(|account| account.verdict.is_some()) {
                exchange.fields = Some(self.fields(&exchange.accounts));
            }
            exchange.accounts.retain(Account::awaits_body);
            for account in &mut exchange.accounts {
                account.reader = Usage::reader(response);
            }
            if exchange.accounts.iter().any(|account| account.reader.is_some()) {
                step = ResponseStep::FollowBody;
            }
        }
        if let Some(fields) = exchange.fields.take() {
            fields.put_on(&mut response.headers);
        }
        ResponseDecision { step, ..ResponseDecision::undecided() }
    }
}

impl OnResponseBody for RateLimit {
    fn asks_for_response_bodies(&self) -> bool {
        self.rules.iter().any(|rule| rule.action.cost.usage().is_some())
    }

    fn holds_response_heads(&self) -> Option<&'static str> {
        None
    }

    fn on_response_body(
        &self,
        _: Option<&mut Response<'_>>,
        _: &mut Body,
        _: &dyn Callouts,
        _: &mut Exchange,
    ) -> Result<ResponseDecision<Code>, Broken> {
        Err(Broken("follows bodies only"))
    }

    fn on_copied_body(&self, _: Copied, _: &dyn Callouts, _: &mut Exchange) {}

    fn on_body_part(&self, part: &[u8], callouts: &dyn Callouts, exchange: &mut Exchange) {
        for account in &mut exchange.accounts {
            account.read(part);
            // What an answer tells when it begins is charged then, should it never end.
            if let Some(cost) = account.told().filter(|_| !account.is_charged_more())
                && cost > account.charged
            {
                self.settle(account, cost, callouts);
            }
        }
    }

    fn on_body_end(&self, callouts: &dyn Callouts, exchange: &mut Exchange) {
        self.settle_all(exchange, callouts);
    }
}

impl RateLimit {
    /// Charges what answers have told by the time of their end, whatever end that was.
    pub(crate) fn settle_all(&self, exchange: &mut Exchange, callouts: &dyn Callouts) {
        for mut account in mem::take(&mut exchange.accounts) {
            if !account.awaits_body() {
                continue;
            }
            match account.told() {
                Some(cost) => self.settle(&mut account, cost, callouts),
                None => account.policy.count(Count::CostUntold, callouts),
            }
        }
    }

    /// Charges what the request has cost beyond what was charged before; or gives back what that
    /// was too much, where it was counted here.
    fn settle(&self, account: &mut Account, cost: u32, callouts: &dyn Callouts) {
        let settled = match account.policy.remote {
            Some(_) => self.report(account, cost, callouts),
            None => account.settle(cost, callouts, callouts.now().0).ok(),
        };
        let Some(Settled { units, evicted }) = settled else {
            account.policy.count(Count::Uncounted, callouts);
            return;
        };
        self.evictions.count(evicted.as_slice(), &self.rules, callouts);
        self.tell_costs([(&*account.rule, units)], callouts);
    }

    /// Tells the rule's service what the request has cost beyond what it has counted. It is not
    /// waited for, and nothing can be given back. `None` where the service is left alone.
    fn report(&self, account: &mut Account, cost: u32, callouts: &dyn Callouts) -> Option<Settled> {
        let more = cost.saturating_sub(account.charged);
        if more == 0 || account.spent.is_none() {
            return Some(Settled::default());
        }
        let client = (account.digest(), account.descriptor.as_slice());
        if !self.calls.report(&account.policy, client, more, callouts) {
            return None;
        }
        account.charged = cost;
        Some(Settled { units: more.into(), evicted: None })
    }
}
