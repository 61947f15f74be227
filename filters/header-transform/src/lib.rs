//! `header-transform`: changes the heads of requests and responses.
//!
//! The first rule that a request matches has lists of operations, one for the request and one for
//! its response. They run in the order written, each on what the ones before it left.

mod config;
mod head;
mod request;
mod response;
mod status;
mod target;

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::rules::{Captures, Rules};
use gatehouse_filter::template::Sources;
use gatehouse_filter::{
    CountedRule, Decision, Filter, HeaderName, Host, Mode, Never, NoCodes, OnResponse, Problem,
    Request, Response, ResponseDecision,
};
use request::{Fault, RequestOperation};
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
    rules: Rules<Transform>,
}

/// What a rule does.
#[derive(Debug)]
struct Transform {
    request: Vec<RequestOperation>,
    response: Option<ResponseTransform>,
}

#[derive(Debug)]
struct ResponseTransform {
    operations: Rc<[ResponseOperation]>,
    /// Whether a template speaks of the request, which is gone when the response comes.
    needs_request: bool,
}

/// What is remembered of a request until its response comes: the operations, with what they need of
/// the request filled in.
#[derive(Debug, Default)]
pub struct State {
    response: Option<Rc<[ResponseOperation]>>,
}

impl Filter for HeaderTransform {
    const NAME: &'static str = "header-transform";
    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = State;
    type RequestBody = Never;
    type Response = Self;
    type ResponseBody = Never;
    type Answers = Never;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        config::read(&node)
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
        self.rules.ask_for_route()
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let Some((rule, captures)) = self.rules.find(request) else {
            return Decision::pass(Code::Unmatched, None);
        };
        let edited = rule.action.edit(request, &captures);
        // The answer to a refused request goes through the response operations too.
        state.response = rule.action.for_response(request, &captures);
        let name = Some(Rc::clone(&rule.name));
        match edited {
            Ok(()) => Decision::pass(Code::Applied, name),
            Err(Fault::Value(field)) => {
                Decision::refuse(Mode::Enforce, Code::ValueInvalid, name, value_invalid(&field))
            }
            Err(Fault::Path) => {
                Decision::refuse(Mode::Enforce, Code::PathInvalid, name, path_invalid())
            }
        }
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

impl Transform {
    /// Carries out the request operations, or tells which of them cannot be.
    fn edit(&self, request: &mut Request<'_>, captures: &Captures) -> Result<(), Fault> {
        self.request.iter().try_for_each(|operation| operation.edit(request, captures))
    }

    /// The response operations, with what they need of the request filled in.
    fn for_response(
        &self,
        request: &Request<'_>,
        captures: &Captures,
    ) -> Option<Rc<[ResponseOperation]>> {
        let response = self.response.as_ref()?;
        if !response.needs_request {
            return Some(Rc::clone(&response.operations));
        }
        let sources =
            Sources { request: Some(request), captures: Some(captures), ..Sources::default() };
        Some(response.operations.iter().filter_map(|operation| operation.bind(&sources)).collect())
    }
}

fn value_invalid(field: &HeaderName) -> Problem {
    let detail = format!(
        "the request has a control character where the value of the header `{}` is taken from",
        field.as_str()
    );
    Problem::new(400, detail)
}

fn path_invalid() -> Problem {
    Problem::new(
        400,
        "the path has segments that cannot be sent on: `.`, `..` or an empty first one",
    )
}

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(HeaderTransform);

#[cfg(test)]
mod tests;
