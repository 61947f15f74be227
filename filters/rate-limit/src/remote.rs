//! Requests under a rule that counts with a service.

use crate::account::Account;
use crate::counting::{OnError, Remote};
use crate::descriptor::descriptor;
use crate::fields::Fields;
use crate::global::{Outcome, Progress, Query};
use crate::part::Facts;
use crate::policy::{Count, Policy};
use crate::service::{Descriptor, Ruling, Told};
use crate::{Code, Exchange, RateLimit, unavailable};
use gatehouse_filter::{Decision, GrpcStatus, HeaderName, HeaderValue, Mode, Problem, Request};
use std::rc::Rc;
use std::time::Duration;

/// RFC 9110 §10.2.3, as a number of seconds.
const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

impl RateLimit {
    /// Counts with the rule's service. The request waits where it has to, and then this is asked
    /// again.
    pub(crate) fn count_remotely(
        &self,
        account: Account,
        request: &Request<'_>,
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
        let progress = match (outcome, remote.lease) {
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
            Progress::Leased => self.pass_remotely(account, None, request, exchange),
            Progress::Refused(left) => {
                let reset = Some(Duration::from_nanos(left)).filter(|left| !left.is_zero());
                self.refuse_remotely(account, reset, None, request)
            }
            Progress::Ended(Outcome::Ruled(Ruling { passed: true, told })) => {
                self.pass_remotely(account, told, request, exchange)
            }
            Progress::Ended(Outcome::Ruled(Ruling { passed: false, told })) => {
                self.refuse_remotely(account, told.and_then(|told| told.reset), told, request)
            }
            Progress::Ended(Outcome::Failed) => self.fail(account, remote, request, exchange),
        }
    }

    fn pass_remotely(
        &self,
        account: Account,
        told: Option<Told>,
        request: &Request<'_>,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        account.policy.count(Count::Allowed, request.host());
        exchange.fields = Some(self.told(&account, told));
        Decision::pass(Code::Allowed, Some(account.rule))
    }

    fn refuse_remotely(
        &self,
        account: Account,
        reset: Option<Duration>,
        told: Option<Told>,
        request: &Request<'_>,
    ) -> Decision<Code> {
        account.policy.count(Count::Exceeded, request.host());
        if account.is_shadow() {
            return Decision::pass(Code::ShadowExceeded, Some(account.rule));
        }
        let reply = refusal(&account.policy, self.status, reset, request);
        let reply = self.told(&account, told).on_reply(reply);
        Decision::refuse(self.mode, Code::Exceeded, Some(account.rule), reply)
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
            OnError::Deny if !account.is_shadow() => Decision::refuse(
                self.mode,
                Code::ServiceUnavailable,
                Some(account.rule),
                unavailable(),
            ),
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
        let found = self.rules.matching(request).find(|(found, _)| found.name == rule);
        let digest = found.and_then(|(_, captures)| {
            let secret = self.secret(request.host()).ok()?;
            share.key.digest(secret, &Facts { request, captures: &captures })
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
        let found = self.rules.matching(request).find(|(rule, _)| rule.name == account.rule);
        found.map_or_else(Vec::new, |(rule, captures)| {
            let facts = Facts { request, captures: &captures };
            descriptor(&rule.name, account.policy.key.parts(), account.policy.key.absent(), &facts)
        })
    }

    /// What the client is told of what the service told.
    fn told(&self, account: &Account, told: Option<Told>) -> Fields {
        if self.mode == Mode::Shadow || account.is_shadow() {
            return Fields::default();
        }
        let name = account.policy.quotas.first().map_or("", |quota| &quota.name);
        Fields::told(&self.forms, name, told.filter(|told| told.window > 0))
    }
}

/// A deadline that is further off than any is of a clock that was set back since.
fn is_over(deadline: u64, now: u64, timeout: Duration) -> bool {
    let longest = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX).saturating_mul(2);
    now >= deadline || deadline > now.saturating_add(longest)
}

fn refusal(
    policy: &Policy,
    status: u16,
    reset: Option<Duration>,
    request: &Request<'_>,
) -> Problem {
    let Some(quota) = policy.quotas.first() else { return unavailable() };
    let level = quota.level(quota.terms(request), &mut std::iter::empty(), request.host().now().0);
    let (name, requests, window) = (&quota.name, level.requests(), level.window());
    let noun = if requests == 1 { "request" } else { "requests" };
    let seconds =
        |reset: Duration| reset.as_secs().saturating_add(u64::from(reset.subsec_nanos() > 0));
    // Where nobody says when the window ends, it does so within its own length.
    let wait = reset.map_or(window, seconds);
    let detail = format!(
        "the policy \"{name}\" allows {requests} {noun} per {window} s; try again in {wait} s"
    );
    Problem { grpc: GrpcStatus::ResourceExhausted, ..Problem::new(status, detail) }
        .with_member("policy", name.as_str())
        .with_header(RETRY_AFTER, HeaderValue::from_number(wait))
}
