//! `my-filter`: requests name the tenant that they are for.
//!
//! The first rule that a request matches says whether it needs the header `x-tenant`. A request
//! that no rule matches needs it.

mod config;
mod refusal;

use config::{Config, Require};
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{CountedRule, Decision, Filter, Host, Mode, Never, NoCodes, Request};
use refusal::Refusal;
use std::rc::Rc;

/// The filter, configured.
pub struct MyFilter {
    config: Config,
}

gatehouse_filter::codes! {
    /// What the filter can decide.
    pub enum Code {
        /// The request names its tenant.
        Allowed = "allowed",
        /// The rule asks for nothing.
        NotRequired = "not_required",
        /// The path or the host can be read as another one than the rules read.
        TargetAmbiguous = "target_ambiguous",
        /// The request names no tenant.
        TenantMissing = "tenant_missing",
        /// The request names more than one tenant.
        TenantRepeated = "tenant_repeated",
    }
}

impl Filter for MyFilter {
    const NAME: &'static str = "my-filter";

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = ();
    type RequestBody = Never;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        Some(Self { config: Config::read(&node)? })
    }

    fn mode(&self) -> Mode {
        self.config.mode
    }

    fn start(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        self.config.rules.ask_for_route()
    }

    fn on_request(&self, request: &mut Request<'_>, (): &mut ()) -> Decision<Code> {
        let (rule, require) = match self.config.rules.guard(request, &Require::Tenant) {
            Ok(guarded) => guarded,
            Err(AmbiguousTarget) => return self.refuse(Refusal::TargetAmbiguous, None),
        };
        match decide(*require, request) {
            Ok(code) => Decision::pass(code, rule),
            Err(refusal) => self.refuse(refusal, rule),
        }
    }
}

impl MyFilter {
    fn refuse(&self, refusal: Refusal, rule: Option<Rc<str>>) -> Decision<Code> {
        Decision::refuse(self.config.mode, refusal.code(), rule, refusal.reply())
    }
}

/// Whether the request may pass.
fn decide(require: Require, request: &Request<'_>) -> Result<Code, Refusal> {
    match (require, request.headers.only("x-tenant")) {
        (Require::Nothing, _) => Ok(Code::NotRequired),
        (Require::Tenant, Ok(None | Some(b""))) => Err(Refusal::TenantMissing),
        (Require::Tenant, Ok(Some(_))) => Ok(Code::Allowed),
        // The upstream might read another one of them than this filter.
        (Require::Tenant, Err(_)) => Err(Refusal::TenantRepeated),
    }
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(MyFilter);

#[cfg(test)]
mod tests;
