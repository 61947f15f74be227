//! What a filter is: configured once, asked once a request.

use crate::config::{ConfigError, Node};
use crate::{
    AnswersPhase, Codes, Decision, EndPhase, FetchingPhase, GrpcAnswersPhase, Host, LogPhase, Mode,
    Need, Request, RequestBodyPhase, RequestTrailersPhase, ResponseBodyPhase, ResponsePhase,
    WakePhase, Wording,
};
use std::rc::Rc;

/// One gateway function: configured once, asked once a request.
///
/// An implementation is pure: it decides on what it is given. It can be run natively, in the Envoy
/// shell, or beside others in one VM. Beside the request's head, which every filter sees, it says
/// for each phase whether it takes part: `Self`, and then there is an `impl` of the phase's trait,
/// or [`Never`](crate::Never).
pub trait Filter: Sized + 'static {
    /// The filter's name as folders, modules and metrics spell it: `jwt-auth`.
    const NAME: &'static str;

    /// Whether its decisions are counted, and left in filter state: not those of a filter that only
    /// looks on.
    const TELLS: bool = true;

    /// What it can decide.
    type Code: Codes;

    /// What it counts beside its decisions; [`NoCodes`](crate::NoCodes) for nothing.
    type Event: Codes;

    /// What it counts for each of its rules; [`NoCodes`](crate::NoCodes) for nothing.
    type RuleEvent: Codes;

    /// What it remembers of a request until the request has ended.
    type State: Default + 'static;

    /// Bodies of requests: [`OnRequestBody`](crate::OnRequestBody).
    type RequestBody: RequestBodyPhase<Self>;

    /// Trailers of requests: [`OnRequestTrailers`](crate::OnRequestTrailers).
    type RequestTrailers: RequestTrailersPhase<Self>;

    /// Heads of responses: [`OnResponse`](crate::OnResponse).
    type Response: ResponsePhase<Self>;

    /// Bodies of responses: [`OnResponseBody`](crate::OnResponseBody).
    type ResponseBody: ResponseBodyPhase<Self>;

    /// Calls for requests: [`OnAnswers`](crate::OnAnswers).
    type Answers: AnswersPhase<Self>;

    /// What is fetched in the background: [`Fetches`](crate::Fetches).
    type Fetching: FetchingPhase<Self>;

    /// gRPC calls: [`OnGrpcAnswer`](crate::OnGrpcAnswer).
    type GrpcAnswers: GrpcAnswersPhase<Self>;

    /// The end of requests: [`OnLog`](crate::OnLog).
    type Logging: LogPhase<Self>;

    /// Requests that wait for other requests: [`OnWake`](crate::OnWake).
    type Waking: WakePhase<Self>;

    /// That requests are no more: [`OnEnd`](crate::OnEnd).
    type Ending: EndPhase<Self>;

    /// Reads the configuration. Every fault is reported on the node where it is; the result is
    /// `None` where something needed could not be read.
    fn configure(node: Node<'_>) -> Option<Self>;

    /// Enforce or shadow: the label of the filter's counters.
    fn mode(&self) -> Mode;

    /// Runs once for each VM that the configuration reaches, before any request does: compiles what
    /// only the host can compile, and makes shared values. It runs more than once a process, so it
    /// must be idempotent, and come to the same result on all workers.
    ///
    /// # Errors
    /// The faults of what does not compile: the configuration is refused.
    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>>;

    /// The rules that [`RuleEvent`](Self::RuleEvent) is counted for, in the order that
    /// [`Counter::OfRule`](crate::Counter::OfRule) numbers.
    fn counted_rules(&self) -> Vec<CountedRule>;

    /// Whether it asks the proxy for what depends on the matched route: its name, its policy, an
    /// expression. Then edits of filters before it in the same VM are carried out first, and the
    /// proxy matches again.
    fn asks_for_route(&self) -> bool;

    /// Own words for what it refuses with this code under this rule, where its configuration has
    /// some: whoever sends the refusal puts them in place of the filter's.
    fn wording(&self, _code: Self::Code, _rule: Option<&str>) -> Option<&Wording> {
        None
    }

    /// What it does with its host on the way of a request, so configured. A plugin that may not is
    /// refused at the start.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    /// Decides on a request head. Edits are recorded on `request.headers`.
    fn on_request(
        &self,
        request: &mut Request<'_>,
        state: &mut Self::State,
    ) -> Decision<Self::Code>;
}

/// A rule that has counters of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountedRule {
    /// The rule's name.
    pub name: Rc<str>,
    /// Whether the rule's refusals are carried out.
    pub mode: Mode,
}
