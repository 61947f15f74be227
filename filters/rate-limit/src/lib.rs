//! `rate-limit`: how many requests a client may send.
//!
//! A request falls under the first rule that applies, or under all of them. A rule's key tells
//! which client the request is from, the client's slot in a table that all workers share tells what
//! it has used up, and the limits are spent together: all of them or none.

#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it")
)]

mod account;
mod amount;
mod bucket;
mod calendar;
mod config;
mod cost;
mod counting;
mod descriptor;
mod evictions;
mod fields;
mod gcra;
mod global;
mod hybrid;
mod in_flight;
mod key;
mod layout;
mod local;
mod part;
mod policy;
mod quota;
mod refusal;
mod remote;
mod service;
mod settling;
mod sliding_window;
mod table;
mod under_way;
mod usage;

use account::Account;
use evictions::Evictions;
use fields::{Fields, Form};
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::{AmbiguousTarget, Found, Rule, Rules};
use gatehouse_filter::{
    CallId, Callouts, Charges, CountedRule, Decision, Event as _, Filter, GrpcAnswer, Host, Mode,
    Need, Never, OnGrpcAnswer, OnResponseBody as _, Request, Secret, Step, Wording,
};
use global::{Calls, Pending};
use in_flight::Entered;
use part::Facts;
use policy::{Count, Policy};
use refusal::{Manner, Refusal};
use std::cell::OnceCell;
use std::rc::Rc;
use table::{Table, Unavailable};

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The request is within its limits.
        Allowed = "allowed",
        /// A limit of the client is used up.
        Exceeded = "exceeded",
        /// As many requests of the client are under way as may be.
        InFlightExceeded = "in_flight_exceeded",
        /// A limit of a rule in shadow mode is used up; the request goes on.
        ShadowExceeded = "shadow_exceeded",
        /// No rule applies to the request.
        Unlimited = "unlimited",
        /// A rule looks at the path or the host, and an upstream may read another one there.
        TargetAmbiguous = "target_ambiguous",
        /// The request could not be counted, and goes on.
        Degraded = "degraded",
        /// The request could not be counted, and is refused.
        StoreUnavailable = "store_unavailable",
        /// The rate limit service did not rule on the request, and it is refused.
        ServiceUnavailable = "service_unavailable",
    }
}

/// The filter.
#[derive(Debug)]
pub struct RateLimit {
    mode: Mode,
    on_error: OnError,
    apply: Apply,
    manner: Manner,
    forms: Vec<Form>,
    /// Whether what requests are charged is left in filter state.
    tells_costs: bool,
    /// Of the rules; those with the same limits and costs share one.
    tables: Vec<Rc<Table>>,
    /// What is leased from services; made only where a rule leases.
    leases: Table,
    calls: Calls,
    rules: Rules<Rc<Policy>>,
    secret: OnceCell<Secret>,
    evictions: Evictions,
}

/// What happens to a request that cannot be counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OnError {
    Deny,
    Allow,
}

/// Why it is not known what a request counts against.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Unruled {
    /// Its path or its host may be another one for the upstream than for the rules.
    Ambiguous,
    /// The store failed at this rule.
    Uncounted(Rc<str>),
}

/// Which of the rules that match count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Apply {
    First,
    All,
}

/// What is remembered of a request until its response.
#[derive(Debug, Default)]
pub struct Exchange {
    /// What the response is to tell, where that is known already.
    fields: Option<Fields>,
    /// The accounts, where one of them is charged when the response comes, or its body.
    accounts: Vec<Account>,
    /// What the request waits for, and until when at most, in nanoseconds since 1970.
    waiting: Option<(Rc<Pending>, u64)>,
    /// Where it is under way; `None` until that was asked.
    entered: Option<Vec<Entered>>,
}

gatehouse_filter::events! {
    /// What is counted beside the decisions.
    pub enum Event {
        /// A client lost its slot before it had paid everything back: a sign that `keys` is too
        /// small.
        EvictedLive = "evicted_live",
        /// A rate limit service ruled.
        ServiceAnswered = "service_answered",
        /// It did not, in time or at all.
        ServiceFailed = "service_failed",
    }
}

impl Filter for RateLimit {
    const NAME: &'static str = "rate-limit";
    type Code = Code;
    type Event = Event;
    type RuleEvent = Count;
    type State = Exchange;
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Self;
    type ResponseBody = Self;
    type Answers = Never;
    type Fetching = Self;
    type GrpcAnswers = Self;
    type Logging = Never;
    type Waking = Never;
    type Ending = Self;

    fn configure(node: Node<'_>) -> Option<Self> {
        config::read(node)
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        // A failure shows again at the first request, which has `on_error` for it.
        for table in &self.tables {
            let _ = table.prepare(host);
        }
        for in_flight in self.in_flight() {
            let _ = in_flight.make(host);
        }
        let leases = |rule: &Rule<Rc<Policy>>| rule.action.leases();
        if self.rules.iter().any(leases) {
            let _ = self.leases.prepare(host);
        }
        let _ = self.secret(host);
        Ok(())
    }

    fn asks_for_route(&self) -> bool {
        self.rules.ask_for_route() || self.rules.iter().any(|rule| rule.action.key.asks_for_route())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        let of_rule = |rule: &Rule<Rc<Policy>>| {
            let mode = if self.mode == Mode::Shadow { Mode::Shadow } else { rule.action.mode };
            CountedRule { name: Rc::clone(&rule.name), mode }
        };
        self.rules.iter().map(of_rule).collect()
    }

    fn wording(&self, code: Code, rule: Option<&str>) -> Option<&Wording> {
        self.rules.wording(rule).filter(|_| matches!(code, Code::Exceeded | Code::InFlightExceeded))
    }

    fn needs(&self) -> Vec<Need> {
        let is_remote = self.rules.iter().any(|rule| rule.action.remote.is_some());
        let mut needs = vec![Need::Clock, Need::Store];
        // A service may have fields of its own for the client.
        let edits = is_remote || !self.forms.is_empty() || self.asks_for_response_bodies();
        needs.extend(edits.then_some(Need::Edits));
        needs.extend(is_remote.then_some(Need::GrpcCalls));
        needs
    }

    fn on_request(&self, request: &mut Request<'_>, exchange: &mut Exchange) -> Decision<Code> {
        if let Some((pending, _)) = &exchange.waiting
            && pending.outcome().is_none()
        {
            return Decision { step: pending.wait(), ..Decision::pass(Code::Allowed, None) };
        }
        let (accounts, exempting) = match self.accounts(request) {
            Ok(found) => found,
            Err(Unruled::Ambiguous) => return self.ambiguous(),
            Err(Unruled::Uncounted(rule)) => return self.uncounted(rule),
        };
        let Some(first) = accounts.first().map(|account| Rc::clone(&account.rule)) else {
            return Decision::pass(Code::Unlimited, exempting);
        };
        let looked_on = match self.enter(&accounts, request, exchange) {
            Ok(looked_on) => looked_on,
            Err(refused) => return *refused,
        };
        let decision = self.count(accounts, first, request, exchange);
        if exchange.accounts.iter().any(Account::awaits_body) {
            usage::ask_for_what_can_be_read(&mut request.headers);
        }
        match looked_on {
            Some(rule) if decision.code == Code::Allowed && decision.step == Step::Continue => {
                Decision::pass(Code::ShadowExceeded, Some(rule))
            }
            _ => decision,
        }
    }
}

impl RateLimit {
    /// Counts the request where its rules do.
    fn count(
        &self,
        mut accounts: Vec<Account>,
        first: Rc<str>,
        request: &mut Request<'_>,
        exchange: &mut Exchange,
    ) -> Decision<Code> {
        if accounts.iter().any(|account| account.policy.remote.is_some()) {
            // Such rules count alone.
            return match accounts.pop() {
                Some(account) => self.count_remotely(account, request, exchange),
                None => Decision::pass(Code::Unlimited, None),
            };
        }
        accounts.retain(|account| {
            let has_limits = !account.policy.quotas.is_empty();
            if !has_limits {
                account.policy.count(Count::Allowed, request.host());
            }
            has_limits
        });
        if accounts.is_empty() {
            return Decision::pass(Code::Allowed, Some(first));
        }
        self.count_here(accounts, first, request.callouts(), exchange)
    }
}

impl OnGrpcAnswer for RateLimit {
    const MAX_ANSWER_BYTES: usize = service::MAX_ANSWER_BYTES;

    fn on_grpc_answer(&self, call: CallId, answer: &GrpcAnswer, callouts: &dyn Callouts) {
        let ruled = self.calls.answered(call, answer, &self.leases, callouts);
        let event = if ruled { Event::ServiceAnswered } else { Event::ServiceFailed };
        event.count(callouts);
    }
}

impl RateLimit {
    /// What the request counts against, and the rule that takes it out of all that follow.
    fn accounts(&self, request: &Request<'_>) -> Result<(Vec<Account>, Option<Rc<str>>), Unruled> {
        let mut accounts = Vec::new();
        let rules = self.rules.guard_all(request).map_err(|AmbiguousTarget| Unruled::Ambiguous)?;
        for Found { rule, captures, is_certain } in rules {
            if rule.action.limits_nothing() {
                if is_certain {
                    return Ok((accounts, Some(Rc::clone(&rule.name))));
                }
                continue;
            }
            let facts = Facts { request, captures: &captures };
            let uncounted = |_| Unruled::Uncounted(Rc::clone(&rule.name));
            let secret = self.secret(request.host()).map_err(uncounted)?;
            let Some(digest) = rule.action.key.digest(secret, &facts) else { continue };
            let policy = Rc::clone(&rule.action);
            let demand = policy.demand(request);
            accounts.push(Account::new(Rc::clone(&rule.name), policy, digest, demand));
            if self.apply == Apply::First {
                break;
            }
        }
        Ok((accounts, None))
    }

    /// Leaves what a request is charged for whoever counts it.
    fn tell_costs<'r>(
        &self,
        charges: impl IntoIterator<Item = (&'r str, i64)>,
        callouts: &dyn Callouts,
    ) {
        if self.tells_costs {
            Charges::leave(charges, callouts);
        }
    }

    /// What the client is told. A dry run does not tell of limits that nobody holds it to.
    fn fields(&self, accounts: &[Account]) -> Fields {
        if self.forms.is_empty() || self.mode == Mode::Shadow {
            return Fields::default();
        }
        let enforced = accounts.iter().filter(|account| !account.is_shadow());
        Fields::new(&self.forms, enforced.flat_map(Account::limits))
    }

    /// Whoever writes a path in disguise would have a limit for each way to write it. Where all
    /// rules only look on, nobody is refused.
    fn ambiguous(&self) -> Decision<Code> {
        let looks_on = |rule: &Rule<Rc<Policy>>| {
            rule.action.mode == Mode::Shadow || rule.action.limits_nothing()
        };
        let looks_on = self.rules.iter().all(looks_on);
        let mode = if looks_on { Mode::Shadow } else { self.mode };
        let refusal = Refusal::TargetAmbiguous;
        Decision::refuse(mode, refusal.code(), None, refusal.reply())
    }

    fn uncounted(&self, rule: Rc<str>) -> Decision<Code> {
        match self.on_error {
            OnError::Allow => Decision::pass(Code::Degraded, Some(rule)),
            OnError::Deny => {
                let refusal = Refusal::StoreUnavailable;
                Decision::refuse(self.mode, refusal.code(), Some(rule), refusal.reply())
            }
        }
    }

    fn secret(&self, host: &dyn Host) -> Result<&Secret, Unavailable> {
        if self.secret.get().is_none() {
            let _ = self.secret.set(Secret::agreed(host, b"rl1/secret")?);
        }
        self.secret.get().ok_or(Unavailable::Store)
    }
}

#[cfg(test)]
mod tests;

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(RateLimit);
