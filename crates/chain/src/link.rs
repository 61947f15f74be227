//! One filter of a chain, and one request in it, with the filter's types taken off.

use crate::Proxy;
use crate::metrics::{Metrics, metric_name};
use crate::note::note;
use crate::reasons::Reasons;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    Answered, AnswersPhase, Body, Broken, CallId, Caller, Callouts, Codes, Copied, Counter,
    Decision, EndPhase, Ended, FetchingPhase, Filter, GrpcAnswer, GrpcAnswersPhase, Headers, Host,
    Log, LogPhase, Mode, Need, Phases, Polled, Request, RequestBodyPhase, RequestTrailersPhase,
    Response, ResponseBodyPhase, ResponseDecision, ResponsePhase, Timestamp, WakePhase, Wording,
};
use std::cell::OnceCell;
use std::rc::Rc;

/// A configured filter. Decisions carry the index of their code.
pub trait Link {
    /// The filter's name.
    fn name(&self) -> &'static str;
    /// The phases that it takes part in.
    fn phases(&self) -> Phases;
    /// See [`Filter::asks_for_route`].
    fn asks_for_route(&self) -> bool;
    /// See [`Filter::needs`].
    fn needs(&self) -> Vec<Need>;
    /// A request comes to it.
    fn begin(&self) -> Box<dyn Stage>;
    /// See [`Filter::start`].
    ///
    /// # Errors
    /// The faults that only the host can find.
    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>>;
    /// See [`Fetches::fetched`](gatehouse_filter::Fetches::fetched).
    fn fetched(&self) -> Vec<&dyn Polled>;
    /// See [`OnGrpcAnswer::MAX_ANSWER_BYTES`](gatehouse_filter::OnGrpcAnswer::MAX_ANSWER_BYTES).
    fn max_grpc_answer_bytes(&self) -> usize;
    /// See [`OnGrpcAnswer::on_grpc_answer`](gatehouse_filter::OnGrpcAnswer::on_grpc_answer).
    fn on_grpc_answer(&self, call: CallId, answer: &GrpcAnswer, callouts: &dyn Callouts);
    /// See
    /// [`OnRequestBody::may_hold_for_body`](gatehouse_filter::OnRequestBody::may_hold_for_body).
    fn may_hold_for_body(&self, request: &Request<'_>) -> bool;
    /// The field by which it holds heads for bodies of either direction, where it does: see
    /// [`OnRequestBody::holds_heads`](gatehouse_filter::OnRequestBody::holds_heads).
    fn holds_heads(&self) -> Option<&'static str>;
    /// See [`OnResponseBody`](gatehouse_filter::OnResponseBody).
    fn asks_for_response_bodies(&self) -> bool;
    /// See [`OnWake::waits_for_others`](gatehouse_filter::OnWake::waits_for_others).
    fn waits_for_others(&self) -> bool;
    /// Defines the filter's counters; before that nothing is counted.
    fn define_metrics(&self, proxy: &dyn Proxy);
    /// The host's number of a counter.
    fn metric(&self, counter: Counter) -> Option<u32>;
    /// Counts a decision. Its full code: `jwt_auth.token_missing`.
    fn count(&self, code: usize, proxy: &dyn Proxy) -> &str;
    /// See [`Filter::wording`].
    fn wording(&self, code: usize, rule: Option<&str>) -> Option<&Wording>;
    /// Leaves a decision in filter state, for the access log.
    fn note(&self, code: &str, told: &Told, proxy: &dyn Proxy);
    /// Tells in the log why a decision was made, where the filter says so.
    fn tell_why(&self, code: &str, told: &Told, now: Timestamp, proxy: &dyn Proxy);
}

/// What is told of a decision, beside its code.
#[derive(Default, Debug)]
pub struct Told {
    /// [`Decision::rule`].
    pub rule: Option<Rc<str>>,
    /// [`Decision::caller`].
    pub caller: Option<Rc<Caller>>,
    /// [`Decision::why`].
    pub why: Option<String>,
}

/// A request in one filter: the filter with what it remembers. The methods are those of [`Filter`]
/// and of its phases.
#[allow(missing_docs, reason = "they are described where filters are")]
pub trait Stage {
    fn on_request(&mut self, request: &mut Request<'_>) -> Decision<usize>;
    /// # Errors
    /// [`Broken`]
    fn on_request_body(
        &mut self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
    ) -> Result<Decision<usize>, Broken>;
    /// # Errors
    /// [`Broken`]
    fn on_answers(
        &mut self,
        answers: Vec<Answered>,
        request: &mut Request<'_>,
    ) -> Result<Decision<usize>, Broken>;
    fn clear_trailers(&self, trailers: &mut Headers);
    fn on_response(&mut self, response: &mut Response<'_>) -> ResponseDecision<usize>;
    /// # Errors
    /// [`Broken`]
    fn on_response_body(
        &mut self,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
    ) -> Result<ResponseDecision<usize>, Broken>;
    fn on_copied_body(&mut self, copied: Copied, callouts: &dyn Callouts);
    fn on_body_part(&mut self, part: &[u8], callouts: &dyn Callouts);
    fn on_body_end(&mut self, callouts: &dyn Callouts);
    fn on_log(&mut self, log: &Log<'_>);
    fn on_end(&mut self, end: &Ended<'_>);
}

/// Configures a filter as a link of a chain: what a module does with its own configuration.
pub fn link<F: Filter>(node: Node<'_>) -> Option<Box<dyn Link>> {
    let filter = Rc::new(F::configure(node)?);
    let name = metric_name::<F>();
    Some(Box::new(Linked {
        metrics: OnceCell::new(),
        reasons: Reasons::default(),
        note_name: format!("gatehouse.{name}"),
        codes: F::Code::ALL.iter().map(|code| format!("{name}.{}", code.name())).collect(),
        filter,
    }))
}

struct Linked<F: Filter> {
    filter: Rc<F>,
    metrics: OnceCell<Metrics>,
    reasons: Reasons,
    /// Where the note goes: `gatehouse.jwt_auth`.
    note_name: String,
    /// The full codes, by index.
    codes: Vec<String>,
}

impl<F: Filter> Link for Linked<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn phases(&self) -> Phases {
        Phases::of::<F>()
    }

    fn asks_for_route(&self) -> bool {
        self.filter.asks_for_route()
    }

    fn needs(&self) -> Vec<Need> {
        self.filter.needs()
    }

    fn begin(&self) -> Box<dyn Stage> {
        Box::new(Begun { filter: Rc::clone(&self.filter), state: F::State::default() })
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        self.filter.start(host)
    }

    fn fetched(&self) -> Vec<&dyn Polled> {
        F::Fetching::fetched(&self.filter)
    }

    fn max_grpc_answer_bytes(&self) -> usize {
        F::GrpcAnswers::MAX_ANSWER_BYTES
    }

    fn on_grpc_answer(&self, call: CallId, answer: &GrpcAnswer, callouts: &dyn Callouts) {
        F::GrpcAnswers::on_grpc_answer(&self.filter, call, answer, callouts);
    }

    fn may_hold_for_body(&self, request: &Request<'_>) -> bool {
        F::RequestBody::may_hold_for_body(&self.filter, request)
    }

    fn holds_heads(&self) -> Option<&'static str> {
        let of_requests = F::RequestBody::holds_heads(&self.filter);
        of_requests.or_else(|| F::ResponseBody::holds_response_heads(&self.filter))
    }

    fn asks_for_response_bodies(&self) -> bool {
        F::ResponseBody::asks_for_response_bodies(&self.filter)
    }

    fn waits_for_others(&self) -> bool {
        F::Waking::waits_for_others(&self.filter)
    }

    fn define_metrics(&self, proxy: &dyn Proxy) {
        self.metrics.get_or_init(|| Metrics::define(&*self.filter, proxy));
    }

    fn metric(&self, counter: Counter) -> Option<u32> {
        self.metrics.get().and_then(|metrics| metrics.number(counter))
    }

    fn count(&self, code: usize, proxy: &dyn Proxy) -> &str {
        if let Some(metrics) = self.metrics.get() {
            metrics.decided(code, proxy);
        }
        self.codes.get(code).map_or("", String::as_str)
    }

    fn wording(&self, code: usize, rule: Option<&str>) -> Option<&Wording> {
        self.filter.wording(*F::Code::ALL.get(code)?, rule)
    }

    fn note(&self, code: &str, told: &Told, proxy: &dyn Proxy) {
        if !F::TELLS {
            return;
        }
        let Told { rule, caller, why } = told;
        let note =
            note(code, rule.as_deref(), caller.as_deref(), why.as_deref(), self.filter.mode());
        // The access log lacks it then; nothing is decided by it.
        let _ = proxy.set_state(&self.note_name, &note);
    }

    fn tell_why(&self, code: &str, told: &Told, now: Timestamp, proxy: &dyn Proxy) {
        let Some(why) = &told.why else { return };
        let line = || {
            let rule = told.rule.as_ref().map(|rule| format!(", rule `{rule}`"));
            let mode = if self.filter.mode() == Mode::Shadow { " (shadow)" } else { "" };
            format!("{code}{}{mode}: {why}", rule.unwrap_or_default())
        };
        self.reasons.tell(F::NAME, now, proxy, line);
    }
}

struct Begun<F: Filter> {
    filter: Rc<F>,
    state: F::State,
}

impl<F: Filter> Stage for Begun<F> {
    fn on_request(&mut self, request: &mut Request<'_>) -> Decision<usize> {
        untyped(self.filter.on_request(request, &mut self.state))
    }

    fn on_request_body(
        &mut self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
    ) -> Result<Decision<usize>, Broken> {
        F::RequestBody::on_request_body(&self.filter, head, body, callouts, &mut self.state)
            .map(untyped)
    }

    fn on_answers(
        &mut self,
        answers: Vec<Answered>,
        request: &mut Request<'_>,
    ) -> Result<Decision<usize>, Broken> {
        F::Answers::on_answers(&self.filter, answers, request, &mut self.state).map(untyped)
    }

    fn clear_trailers(&self, trailers: &mut Headers) {
        F::RequestTrailers::clear_trailers(&self.filter, trailers, &self.state);
    }

    fn on_response(&mut self, response: &mut Response<'_>) -> ResponseDecision<usize> {
        untyped_response(F::Response::on_response(&self.filter, response, &mut self.state))
    }

    fn on_response_body(
        &mut self,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
    ) -> Result<ResponseDecision<usize>, Broken> {
        F::ResponseBody::on_response_body(&self.filter, head, body, callouts, &mut self.state)
            .map(untyped_response)
    }

    fn on_copied_body(&mut self, copied: Copied, callouts: &dyn Callouts) {
        F::ResponseBody::on_copied_body(&self.filter, copied, callouts, &mut self.state);
    }

    fn on_body_part(&mut self, part: &[u8], callouts: &dyn Callouts) {
        F::ResponseBody::on_body_part(&self.filter, part, callouts, &mut self.state);
    }

    fn on_body_end(&mut self, callouts: &dyn Callouts) {
        F::ResponseBody::on_body_end(&self.filter, callouts, &mut self.state);
    }

    fn on_log(&mut self, log: &Log<'_>) {
        F::Logging::on_log(&self.filter, log, &mut self.state);
    }

    fn on_end(&mut self, end: &Ended<'_>) {
        F::Ending::on_end(&self.filter, end, &mut self.state);
    }
}

fn untyped<C: Codes>(decision: Decision<C>) -> Decision<usize> {
    let Decision { code, rule, caller, step, why } = decision;
    Decision { code: code.index(), rule, caller, step, why }
}

fn untyped_response<C: Codes>(decision: ResponseDecision<C>) -> ResponseDecision<usize> {
    let ResponseDecision { code, rule, step } = decision;
    ResponseDecision { code: code.map(Codes::index), rule, step }
}
