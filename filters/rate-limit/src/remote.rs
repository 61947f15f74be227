//! Requests under a rule that counts with a service.

use crate::account::Account;
use crate::counting::{OnError, Remote};
use crate::descriptor::descriptor;
use crate::fields::Fields;
use crate::global::{Outcome, Progress, Query};
use crate::part::Facts;
use crate::policy::{Count, Policy};
use crate::refusal::{Exceeded, Refusal};
use crate::service::{Descriptor, Ruling, seconds};
use crate::{Code, Exchange, RateLimit};
use gatehouse_filter::{Decision, Mode, Request};
use std::rc::Rc;
use std::time::Duration;

impl RateLimit {
    /// Counts with the rule's service. The request waits where it has to, and then this is asked
    /// again.
    pub(crate) fn count_remotely(
        &self,
        account: Account,
        request: &mut Request<'_>,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        let policy = Rc::clone(&account.policy);
        let Some(remote) = &policy.remote else { return self.uncounted(account.rule) };
        let cost = account.demand.cost();
        // What costs nothing is not asked about: the protocol knows no such question.
        if cost == 0 {
            return Decision::pass(Code::Allowed, Some(account.rule));
        }
        let now = request.host().now();
        let waited = exchange.waiting.take();
        let outcome = waited.as_ref().and_then(|(pending, _)| pending.outcome());
        let deadline =
            waited.map_or(now.after(remote.timeout.saturating_mul(2)).0, |(_, deadline)| deadline);
        let progress = match (outcome, &remote.lease) {
            (Some(outcome), None) => Ok(Progress::Ended(outcome)),
            (Some(Outcome::Failed), Some(_)) => Ok(Progress::Ended(Outcome::Failed)),
            // The lease has what was granted, and others take from it too: not for ever.
            (Some(_), Some(_)) if is_over(deadline, now.0, remote.timeout) => {
                Ok(Progress::Ended(Outcome::Failed))
            }
            _ => {
                let query = Query {
                    policy: &policy,
                    remote,
                    client: account.digest(),
                    cost,
                    table: &self.leases,
                    callouts: request.callouts(),
                    now,
                };
                self.calls.lease(&query, || self.descriptor(&account, request))
            }
        };
        let Ok(progress) = progress else {
            policy.count(Count::Uncounted, request.host());
            return self.uncounted(account.rule);
        };
        match progress {
            Progress::Waits(pending) => {
                let step = pending.wait();
                exchange.waiting = Some((pending, deadline));
                Decision { step, ..Decision::pass(Code::Allowed, None) }
            }
            Progress::Leased => {
                self.charge(&account, request);
                let rule = Rc::clone(&account.rule);
                self.remember_remote(account, request, exchange);
                Decision::pass(Code::Allowed, Some(rule))
            }
            Progress::Refused(left) => {
                let reset = Some(Duration::from_nanos(left)).filter(|left| !left.is_zero());
                self.refuse_remotely(account, reset, None, request)
            }
            Progress::Ended(Outcome::Ruled(ruling)) if ruling.passed => {
                self.pass_remotely(account, &ruling, request, exchange)
            }
            Progress::Ended(Outcome::Ruled(ruling)) => {
                let reset = ruling.told.and_then(|told| told.reset);
                self.refuse_remotely(account, reset, Some(&ruling), request)
            }
            Progress::Ended(Outcome::Failed) => self.fail(account, remote, request, exchange),
        }
    }

    fn pass_remotely(
        &self,
        account: Account,
        ruling: &Ruling,
        request: &mut Request<'_>,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        self.charge(&account, request);
        if self.tells(&account) {
            exchange.fields = Some(self.ruled(&account, ruling));
            let added = ruling.request.iter();
            added.for_each(|(name, value)| request.headers.append(name, value.clone()));
        }
        let rule = Rc::clone(&account.rule);
        self.remember_remote(account, request, exchange);
        Decision::pass(Code::Allowed, Some(rule))
    }

    /// Keeps what is needed to tell the service of what the answer has cost, where that tells.
    fn remember_remote(
        &self,
        mut account: Account,
        request: &Request<'_>,
        exchange: &mut Exchange,
    ) {
        if account.policy.cost.reserved().is_some() {
            account.descriptor = self.descriptor(&account, request);
            account.spent = Some(request.host().now().0);
            exchange.accounts = vec![account];
        }
    }

    /// The service has counted the request, or did so when it granted the lease.
    fn charge(&self, account: &Account, request: &Request<'_>) {
        account.policy.count(Count::Allowed, request.host());
        self.tell_costs([(&*account.rule, account.demand.cost().into())], request.callouts());
    }

    fn refuse_remotely(
        &self,
        account: Account,
        reset: Option<Duration>,
        ruling: Option<&Ruling>,
        request: &Request<'_>,
    ) -> Decision<Code> {
        account.policy.count(Count::Exceeded, request.host());
        if account.is_shadow() {
            return Decision::pass(Code::ShadowExceeded, Some(account.rule));
        }
        let policy = &account.policy;
        let Some(quota) = policy.quotas.first() else { return self.uncounted(account.rule) };
        let terms = quota.terms(request);
        let level = quota.level(terms, &mut std::iter::empty(), request.host().now().0);
        let refusal = Refusal::Exceeded(Exceeded {
            manner: self.manner,
            name: &quota.name,
            requests: level.requests(),
            window: level.window(),
            cost: account.demand.cost(),
            // Where nobody says when the window ends, it does so within its own length.
            wait: Some(reset.map_or(level.window(), seconds)),
        });
        let reply = refusal.reply();
        let reply = match ruling.filter(|_| self.tells(&account)) {
            Some(ruling) => self.ruled(&account, ruling).on_reply(reply),
            None => reply,
        };
        // The service may say it, too.
        let reply = if self.manner.tells_wait { reply } else { reply.without_retry_after() };
        Decision::refuse(self.mode, refusal.code(), Some(Rc::clone(&account.rule)), reply)
    }

    /// What the rule says for when the service does not rule.
    fn fail(
        &self,
        account: Account,
        remote: &Remote,
        request: &Request<'_>,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        if !matches!(remote.on_error, OnError::LocalShare(_)) {
            account.policy.count(Count::Uncounted, request.host());
        }
        match &remote.on_error {
            OnError::Deny if !account.is_shadow() => {
                let refusal = Refusal::ServiceUnavailable;
                Decision::refuse(self.mode, refusal.code(), Some(account.rule), refusal.reply())
            }
            OnError::Deny | OnError::Allow => Decision::pass(Code::Degraded, Some(account.rule)),
            OnError::LocalShare(share) => self.count_share(&account, share, request, exchange),
        }
    }

    /// Counts against the share of the limits that this gateway has while there is no service.
    fn count_share(
        &self,
        account: &Account,
        share: &Rc<Policy>,
        request: &Request<'_>,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        let rule = Rc::clone(&account.rule);
        let found = self.rules.all_matching(request).find(|found| found.rule.name == rule);
        let digest = found.and_then(|found| {
            let secret = self.secret(request.host()).ok()?;
            share.key.digest(secret, &Facts { request, captures: &found.captures })
        });
        let Some(digest) = digest else { return self.uncounted(rule) };
        let counted =
            Account::new(Rc::clone(&rule), Rc::clone(share), digest, share.demand(request));
        let decision = self.count_here(vec![counted], rule, request.callouts(), exchange);
        match decision.code {
            Code::Allowed => Decision { code: Code::Degraded, ..decision },
            _ => decision,
        }
    }

    fn descriptor(&self, account: &Account, request: &Request<'_>) -> Descriptor {
        let found = self.rules.all_matching(request).find(|found| found.rule.name == account.rule);
        found.map_or_else(Vec::new, |found| {
            let facts = Facts { request, captures: &found.captures };
            descriptor(
                &account.rule,
                account.policy.key.parts(),
                account.policy.key.absent(),
                &facts,
            )
        })
    }

    /// Whether anybody is told: a dry run changes nothing.
    fn tells(&self, account: &Account) -> bool {
        self.mode == Mode::Enforce && !account.is_shadow()
    }

    /// What the client is told of what the service told.
    fn ruled(&self, account: &Account, ruling: &Ruling) -> Fields {
        let name = account.policy.quotas.first().map_or("", |quota| &quota.name);
        Fields::ruled(&self.forms, name, ruling)
    }
}

/// A deadline that is further off than any is of a clock that was set back since.
fn is_over(deadline: u64, now: u64, timeout: Duration) -> bool {
    let longest = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX).saturating_mul(2);
    now >= deadline || deadline > now.saturating_add(longest)
}
