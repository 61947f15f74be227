use crate::config::{ConfigError, Node};
use crate::{
    Answer, Body, CallId, Callouts, Decision, DecisionCode, GrpcAnswer, Host, Mode, Request, Response,
};
use std::rc::Rc;
use std::time::Duration;

/// One gateway function: configured once, asked once a request.
///
/// An implementation is pure: it decides on what it is given. It can be run natively, in the Envoy shell,
/// or beside others in one VM.
pub trait Filter: Sized + 'static {
    /// The filter's name as folders, modules and metrics spell it: `jwt-auth`.
    const NAME: &'static str;

    /// What it can decide.
    type Code: DecisionCode;

    /// What it remembers of a request until the response. `Default` is the state of a response that comes
    /// without a request: Envoy runs local replies of earlier filters through later ones.
    type State: Default + 'static;

    /// Reads the configuration. Every fault is reported on the node where it is; the result is `None`
    /// where something needed could not be read.
    fn configure(node: Node<'_>) -> Option<Self>;

    /// Enforce or shadow.
    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    /// Compiles what only the host can compile, once for each VM that the configuration reaches, before
    /// everything else. It must come to the same result on all of them.
    ///
    /// # Errors
    /// The faults of what does not compile: the configuration is refused.
    fn compile(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        Ok(())
    }

    /// Runs once for each VM that the configuration reaches, before any request does. It runs more than
    /// once a process, so it must be idempotent.
    fn prepare(&self, _host: &dyn Host) {}

    /// Decides on a request head. Edits are recorded on `request.headers`.
    fn on_request(&self, request: &mut Request<'_>, stream: &mut Self::State) -> Decision<Self::Code>;

    /// Sees the response head, and may edit it.
    fn on_response(&self, _response: &mut Response<'_>, _stream: &mut Self::State) {}

    /// Decides on a request's body that [`Step::ReadBody`](crate::Step::ReadBody) asked for. The head can be
    /// read and edited where it was held, and has no fields where it was not.
    fn on_request_body(
        &self,
        _request: &mut Request<'_>,
        _body: &mut Body,
        _stream: &mut Self::State,
    ) -> Option<Decision<Self::Code>> {
        None
    }

    /// Sees the response head, for a filter that may refuse responses or wants their bodies: what the shell
    /// calls. `None` where there is nothing to decide.
    fn on_response_head(
        &self,
        response: &mut Response<'_>,
        stream: &mut Self::State,
    ) -> Option<Decision<Self::Code>> {
        self.on_response(response, stream);
        None
    }

    /// Decides on a response's body that [`Step::ReadBody`](crate::Step::ReadBody) asked for. A refusal
    /// answers the client where the head was held, and breaks the response off where it was not.
    fn on_response_body(
        &self,
        _response: &mut Response<'_>,
        _body: &mut Body,
        _stream: &mut Self::State,
    ) -> Option<Decision<Self::Code>> {
        None
    }

    /// What it counts beside its decisions, by name; [`Meter::count`](crate::Meter::count) takes the index.
    fn events() -> Vec<&'static str> {
        Vec::new()
    }

    /// What it counts for each of its rules. [`Meter::count`](crate::Meter::count) takes their indexes after
    /// those of [`events`](Self::events).
    fn rule_counters(&self) -> Vec<RuleCounter> {
        Vec::new()
    }

    /// The most bytes of an answer's body or message that are read into the VM; what is beyond shows as
    /// [`Answer::truncated`].
    const MAX_ANSWER_BYTES: usize = 0;

    /// How often [`on_tick`](Self::on_tick) runs, on every worker and on the main thread; `None` for never.
    fn tick_period(&self) -> Option<Duration> {
        None
    }

    /// Background work, off the request path. The first tick is one period after the configuration came.
    fn on_tick(&self, _outside: &dyn Callouts) {}

    /// The answer to a call made through [`Callouts::call`].
    fn on_answer(&self, _call: CallId, _answer: &Answer, _outside: &dyn Callouts) {}

    /// The answer to a call made through [`Callouts::grpc`].
    fn on_grpc_answer(&self, _call: CallId, _answer: &GrpcAnswer, _outside: &dyn Callouts) {}
}

/// A counter of what happens under one rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleCounter {
    /// The rule's name.
    pub rule: Rc<str>,
    /// What is counted.
    pub event: &'static str,
    /// Whether the rule's refusals are carried out.
    pub mode: Mode,
}
