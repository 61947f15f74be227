//! `header-transform`: changes the heads of requests and responses.
//!
//! The first rule that a request matches has lists of operations, one for the request and one for
//! its response. They run in the order written, each on what the ones before it left. `refusal`
//! says what a client is told whose request cannot be changed so.

mod config;
mod head;
mod operation;
mod refusal;
mod request;
mod response;
mod status;
mod target;
mod transform;

use config::Config;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    CountedRule, Decision, Filter, Headers, Host, Mode, Need, Never, NoCodes, OnRequestTrailers,
    OnResponse, Request, Response, ResponseDecision,
};
use request::RequestOperation;
use response::ResponseOperation;
use std::rc::Rc;

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

/// What is remembered of a request until its response comes: the operations, with what they need of
/// the request filled in.
#[derive(Debug, Default)]
pub struct State {
    /// What the rule does to the request: its trailers are still to come.
    request: Option<Rc<[RequestOperation]>>,
    response: Option<Rc<[ResponseOperation]>>,
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

    fn needs(&self) -> Vec<Need> {
        vec![Need::Edits]
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let Some((rule, captures)) = self.config.rules.find(request) else {
            return Decision::pass(Code::Unmatched, None);
        };
        let edited = rule.action.edit(request, &captures);
        state.request = Some(rule.action.for_trailers());
        // The answer to a refused request goes through the response operations too.
        state.response = rule.action.for_response(request, &captures);
        let name = Some(Rc::clone(&rule.name));
        match edited {
            Ok(()) => Decision::pass(Code::Applied, name),
            Err(refusal) => Decision::refuse(Mode::Enforce, refusal.code(), name, refusal.reply()),
        }
    }
}

impl OnRequestTrailers for HeaderTransform {
    fn clear_trailers(&self, trailers: &mut Headers, state: &State) {
        state.request.iter().flat_map(|operations| operations.iter()).for_each(|operation| {
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
        for operation in state.response.iter().flat_map(|operations| operations.iter()) {
            operation.edit(response);
        }
        ResponseDecision::undecided()
    }
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(HeaderTransform);

#[cfg(test)]
mod tests;
