//! Requests under rules that count in this process.

use crate::account::{self, Account, Uncounted};
use crate::policy::Count;
use crate::refusal::Refusal;
use crate::{Code, Exchange, RateLimit};
use gatehouse_filter::{Callouts, Decision, Host};
use std::rc::Rc;

impl RateLimit {
    /// Counts in this process.
    pub(crate) fn count_here(
        &self,
        mut accounts: Vec<Account>,
        first: Rc<str>,
        callouts: &dyn Callouts,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        let host: &dyn Host = callouts;
        let mut evicted = Vec::new();
        let spent = account::spend(&mut accounts, host, host.now().0, &mut evicted);
        self.evictions.count(&evicted, &self.rules, host);
        self.evictions.tell(&evicted, &self.rules, callouts);
        if let Err(Uncounted(index)) = spent {
            let account = accounts.get(index);
            account.into_iter().for_each(|account| account.policy.count(Count::Uncounted, host));
            return self.uncounted(account.map_or(first, |account| Rc::clone(&account.rule)));
        }
        accounts.iter().for_each(|account| account.count(host));
        self.tell_costs(accounts.iter().filter_map(Account::charge), callouts);
        let refusing = accounts.iter().filter(|account| account.is_refused());
        // One that enforces comes before one that looks on; of several, the one to wait for
        // longest.
        let refusing = refusing.max_by_key(|account| (!account.is_shadow(), account.wait()));
        let Some(refusing) = refusing else {
            self.remember(accounts, exchange);
            return Decision::pass(Code::Allowed, Some(first));
        };
        let rule = Some(Rc::clone(&refusing.rule));
        if refusing.is_shadow() {
            self.remember(accounts, exchange);
            return Decision::pass(Code::ShadowExceeded, rule);
        }
        let refusal = refusing.refusal(self.manner).unwrap_or(Refusal::StoreUnavailable);
        let reply = self.fields(&accounts).on_reply(refusal.reply());
        Decision::refuse(self.mode, refusal.code(), rule, reply)
    }

    /// Keeps what the response needs of a request that goes on.
    fn remember(&self, accounts: Vec<Account>, exchange: &mut Exchange) {
        if accounts
            .iter()
            .any(|account| account.spent.is_some() && account.policy.cost.reserved().is_some())
        {
            exchange.accounts = accounts;
        } else {
            exchange.fields = Some(self.fields(&accounts));
        }
    }
}
