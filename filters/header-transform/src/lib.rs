//! `header-transform`: changes the heads of requests and responses.
//!
//! The first rule that a request matches has lists of operations, one for the request and one for
//! its response. They run in the order written, each on what the ones before it left. `refusal`
//! says what a client is told whose request cannot be changed so.

mod config;
mod cookie;
mod head;
mod location;
mod operation;
mod refusal;
mod request;
mod response;
mod status;
mod target;
mod transform;

use config::Config;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{
    CountedRule, Decision, Filter, Headers, Host, Mode, Need, Never, NoCodes, OnRequestTrailers,
    OnResponse, Request, Response, ResponseDecision, Wording,
};
use refusal::Refusal;
use request::RequestOperation;
use response::ResponseOperation;
use std::rc::Rc;
use transform::Transform;

gatehouse_filter::codes! {
    /// What this filter can decide.
    pub enum Code {
        /// The operations of a rule were carried out.
        Applied = "applied",
        /// No rule matches: the head is left alone.
        Unmatched = "unmatched",
        /// A value taken from the request cannot be the value of a header field.
        ValueInvalid = "value_invalid",
        /// The path of the request cannot be rewritten: upstreams would disagree about what came
        /// out.
        PathInvalid = "path_invalid",
    }
}

/// The filter, configured.
#[derive(Debug)]
pub struct HeaderTransform {
    config: Config,
}

/// What is remembered of a request until its response comes: the rules that applied.
#[derive(Debug, Default)]
pub struct State {
    /// Most requests have one rule at most.
    first: Option<Applied>,
    others: Vec<Applied>,
}

/// The operations of a rule.
#[derive(Debug)]
struct Applied {
    /// What it does to the request: its trailers are still to come.
    request: Rc<[RequestOperation]>,
    /// With what they need of the request filled in.
    response: Option<Rc<[ResponseOperation]>>,
}

impl State {
    fn rules(&self) -> impl Iterator<Item = &Applied> {
        self.first.iter().chain(&self.others)
    }

    fn add(&mut self, applied: Applied) {
        match self.first {
            None => self.first = Some(applied),
            Some(_) => self.others.push(applied),
        }
    }
}

impl HeaderTransform {
    /// Applies every rule that the request matches as it came.
    fn apply_all(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let rules: Vec<_> = self.config.rules.matching(request).collect();
        let mut names = String::new();
        for (rule, captures) in rules {
            if !names.is_empty() {
                names.push('+');
            }
            names.push_str(&rule.name);
            if let Err(refusal) = apply(&rule.action, captures, request, state) {
                return refused(&refusal, names.into());
            }
        }
        match names.is_empty() {
            true => Decision::pass(Code::Unmatched, None),
            false => Decision::pass(Code::Applied, Some(names.into())),
        }
    }
}

/// Carries out the operations of a rule on a request, and remembers those on its response: the
/// answer to a refused request goes through them too.
fn apply(
    transform: &Transform,
    captures: Captures,
    request: &mut Request<'_>,
    state: &mut State,
) -> Result<(), Refusal> {
    let found = transform.find(request, captures);
    let edited = transform.edit(request, &found);
    let response = transform.for_response(request, &found);
    state.add(Applied { request: transform.for_trailers(), response });
    edited
}

fn refused(refusal: &Refusal, name: Rc<str>) -> Decision<Code> {
    Decision::refuse(Mode::Enforce, refusal.code(), Some(name), refusal.reply())
}

impl Filter for HeaderTransform {
    const NAME: &'static str = "header-transform";
    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = State;
    type RequestBody = Never;
    type RequestTrailers = Self;
    type Response = Self;
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
        Mode::Enforce
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

    fn wording(&self, code: Code, rule: Option<&str>) -> Option<&Wording> {
        let is_worded = matches!(code, Code::ValueInvalid | Code::PathInvalid);
        self.config.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        let needs_clock = self.config.rules.iter().any(|rule| rule.action.needs_clock());
        let clock = needs_clock.then_some(Need::Clock);
        [Need::Edits].into_iter().chain(clock).collect()
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        if self.config.applies_all {
            return self.apply_all(request, state);
        }
        let Some((rule, captures)) = self.config.rules.find(request) else {
            return Decision::pass(Code::Unmatched, None);
        };
        let name = Rc::clone(&rule.name);
        match apply(&rule.action, captures, request, state) {
            Ok(()) => Decision::pass(Code::Applied, Some(name)),
            Err(refusal) => refused(&refusal, name),
        }
    }
}

impl OnRequestTrailers for HeaderTransform {
    fn clear_trailers(&self, trailers: &mut Headers, state: &State) {
        state.rules().flat_map(|rule| rule.request.iter()).for_each(|operation| {
            operation.clear(trailers);
        });
    }
}

impl OnResponse for HeaderTransform {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        let rules = state.rules().filter_map(|rule| rule.response.as_ref());
        for operation in rules.flat_map(|operations| operations.iter()) {
            operation.edit(response);
        }
        ResponseDecision::undecided()
    }
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(HeaderTransform);

#[cfg(test)]
mod tests;
