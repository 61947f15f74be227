//! `rate-limit`: how many requests a client may send.
//!
//! A request falls under the first rule that matches. The rule's key tells which client it is from, the
//! client's slot in a table that all workers share tells what it has used up, and the limits of the rule
//! are spent together: all of them or none.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "an overflow in a test fails it"))]

mod bucket;
mod config;
mod fields;
mod gcra;
mod key;
mod policy;
mod table;

use fields::Fields;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Decision, Filter, Host, Mode, Reply, Request, Response};
use key::Secret;
use policy::{Policy, Verdict};
use std::cell::OnceCell;
use std::rc::Rc;
use table::{Table, Unavailable, Updated};

/// The faults of a configuration; none where it is right.
pub fn check(configuration: &[u8]) -> Vec<ConfigError> {
    gatehouse_filter::config::read(configuration, RateLimit::configure).err().unwrap_or_default()
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The request is within its limits.
        Allowed = "allowed",
        /// A limit of the client is used up.
        Exceeded = "exceeded",
        /// No rule matches the request.
        Unlimited = "unlimited",
        /// The request could not be counted, and goes on.
        Degraded = "degraded",
        /// The request could not be counted, and is refused.
        StoreUnavailable = "store_unavailable",
    }
}

/// The filter.
#[derive(Debug)]
pub struct RateLimit {
    mode: Mode,
    on_error: OnError,
    response_fields: ResponseFields,
    table: Table,
    rules: Rules<Policy>,
    secret: OnceCell<Secret>,
}

/// What happens to a request that cannot be counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OnError {
    Deny,
    Allow,
}

/// What clients are told about their limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ResponseFields {
    /// The fields of draft-ietf-httpapi-ratelimit-headers-11.
    Draft,
    None,
}

/// What is remembered of a request until its response.
#[derive(Debug, Default)]
pub struct Exchange {
    /// What the response is to tell.
    fields: Option<Fields>,
    evicted: bool,
}

impl Exchange {
    /// Whether the request took the slot of another client that had something to pay back: a sign that
    /// `keys` is too small.
    pub fn evicted(&self) -> bool {
        self.evicted
    }
}

impl Filter for RateLimit {
    const NAME: &'static str = "rate-limit";
    type Code = Code;
    type Stream = Exchange;

    fn configure(node: Node<'_>) -> Option<Self> {
        config::read(node)
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn prepare(&self, host: &dyn Host) {
        // A failure shows again at the first request, which has `on_error` for it.
        let _ = self.table.prepare(host);
        let _ = self.secret(host);
    }

    fn on_request(&self, request: &mut Request<'_>, exchange: &mut Exchange) -> Decision<Code> {
        let Some((rule, _)) = self.rules.find(request) else {
            return Decision::pass(Code::Unlimited, None);
        };
        let name = Some(Rc::clone(&rule.name));
        let policy = &rule.action;
        let Ok(Updated { value: verdict, evicted }) = self.count(policy, request) else {
            return self.uncounted(name);
        };
        exchange.evicted = evicted;
        // A dry run does not tell clients of limits that nobody holds them to.
        let tell = self.response_fields == ResponseFields::Draft && self.mode == Mode::Enforce;
        let fields = if tell { policy.fields(&verdict) } else { None };
        match policy.refusal(&verdict) {
            None => {
                exchange.fields = fields;
                Decision::pass(Code::Allowed, name)
            }
            Some(reply) => {
                let reply = match fields {
                    Some(fields) => fields.on_reply(reply),
                    None => reply,
                };
                Decision::refuse(self.mode, Code::Exceeded, name, reply)
            }
        }
    }

    fn on_response(&self, response: &mut Response<'_>, exchange: &mut Exchange) {
        if let Some(fields) = exchange.fields.take() {
            fields.append_to(&mut response.headers);
        }
    }
}

impl RateLimit {
    /// Counts a request, if its policy allows it.
    fn count(&self, policy: &Policy, request: &Request<'_>) -> Result<Updated<Verdict>, Unavailable> {
        let host = request.host();
        let digest = policy.key.digest(self.secret(host)?, request);
        let now = host.now().0;
        self.table.update(host, &digest, now, |arrivals| policy.spend(arrivals, now))
    }

    fn uncounted(&self, rule: Option<Rc<str>>) -> Decision<Code> {
        match self.on_error {
            OnError::Allow => Decision::pass(Code::Degraded, rule),
            OnError::Deny => {
                let reply = Reply::new(503, "the request could not be counted; try again");
                Decision::refuse(self.mode, Code::StoreUnavailable, rule, reply)
            }
        }
    }

    fn secret(&self, host: &dyn Host) -> Result<&Secret, Unavailable> {
        if self.secret.get().is_none() {
            let _ = self.secret.set(Secret::agreed(host)?);
        }
        self.secret.get().ok_or(Unavailable::Store)
    }
}

#[cfg(test)]
mod tests;

#[cfg(target_family = "wasm")]
gatehouse_host::load!(RateLimit: on_request, on_response);
