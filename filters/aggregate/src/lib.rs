//! `aggregate`: one answer made of several services.
//!
//! The first rule that a request matches says which services are called, in which order, and what
//! is made of their answers. The request itself goes nowhere. A request that no rule matches goes
//! on as it is.

mod answer;
mod call;
mod composition;
mod config;
mod each;
mod fact;
mod failure;
mod freshness;
mod items;
mod join;
mod merge;
mod meters;
mod noted;
mod origin;
mod part;
mod refusal;
mod reply;
mod run;
mod target;
mod when;

use call::Body;
use composition::Composition;
use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::fetched::without_mark;
use gatehouse_filter::rules::{AmbiguousTarget, Rules};
use gatehouse_filter::{
    self as filter, Answered, Ask, Broken, Callouts, Calls, Collect, CountedRule, Decision, Filter,
    Host, Mode, Need, Never, NoCodes, OnAnswers, OnRequestBody, Request, Step, Wording,
};
use gatehouse_json::Document;
use origin::Origin;
use refusal::Refusal;
use reply::{Made, Unmade};
use run::{Next, Run};
use std::cell::RefCell;
use std::rc::Rc;

gatehouse_filter::codes! {
    /// What this filter can decide.
    pub enum Code {
        /// The answer is whole.
        Aggregated = "aggregated",
        /// Parts are missing that are optional.
        Partial = "partial",
        /// The client has this answer already.
        NotModified = "not_modified",
        /// No rule matches.
        Unmatched = "unmatched",
        /// The path, the host or a parameter can be read as another one than the rules read.
        TargetAmbiguous = "target_ambiguous",
        /// The request comes from a call of this filter, through too many of them.
        LoopDetected = "loop_detected",
        /// The request's body is not JSON.
        BodyInvalid = "body_invalid",
        /// The request's body is longer than `max_body`.
        BodyTooLarge = "body_too_large",
        /// The request lacks a value that a call needs.
        ValueMissing = "value_missing",
        /// A value would lead a call elsewhere, or cannot stand in a field.
        ValueRefused = "value_refused",
        /// A value of an answer would lead a call elsewhere, or cannot stand in a field.
        InputRefused = "input_refused",
        /// A service says that the request is wrong, and the rule passes that on.
        ClientError = "client_error",
        /// A required call has failed.
        CallFailed = "call_failed",
        /// A required call has no answer in time.
        CallTimedOut = "call_timed_out",
        /// A required call could not be made.
        CallNotMade = "call_not_made",
        /// The answer to a required call cannot be used.
        AnswerUnusable = "answer_unusable",
        /// A required call needs of another one what is not there.
        InputMissing = "input_missing",
        /// More calls, or more items of a list, than there may be.
        TooManyCalls = "too_many_calls",
        /// All answers together are longer than `max_size`.
        AnswersTooLarge = "answers_too_large",
        /// Two answers have something in one place, and the rule says `error`.
        Conflict = "conflict",
        /// The answers cannot be brought into the form of the whole.
        Misfit = "misfit",
        /// A field of the answer would have a control character.
        FieldInvalid = "field_invalid",
    }
}

/// The filter, configured.
pub struct Aggregate {
    rules: Rules<Rc<Composition>>,
}

/// What is remembered of a request: its calls, while they are under way.
#[derive(Default)]
pub struct State(Option<Box<Run>>);

impl Filter for Aggregate {
    const NAME: &'static str = "aggregate";

    type Code = Code;
    type Event = NoCodes;
    type RuleEvent = NoCodes;
    type State = State;
    type RequestBody = Self;
    type RequestTrailers = Never;
    type Response = Never;
    type ResponseBody = Never;
    type Answers = Self;
    type Fetching = Never;
    type GrpcAnswers = Never;
    type Logging = Never;
    type Waking = Never;
    type Ending = Never;

    fn configure(node: Node<'_>) -> Option<Self> {
        config::read(&node).map(|rules| Self { rules })
    }

    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    fn start(&self, host: &dyn Host) -> Result<(), Vec<ConfigError>> {
        self.rules.iter().for_each(|rule| rule.action.define(host));
        Ok(())
    }

    fn counted_rules(&self) -> Vec<CountedRule> {
        Vec::new()
    }

    fn asks_for_route(&self) -> bool {
        self.rules.ask_for_route()
    }

    fn wording(&self, code: Code, rule: Option<&str>) -> Option<&Wording> {
        let is_worded = matches!(
            code,
            Code::BodyInvalid | Code::BodyTooLarge | Code::ValueMissing | Code::ValueRefused
        );
        self.rules.wording(rule).filter(|_| is_worded)
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Clock]
    }

    fn on_request(&self, request: &mut Request<'_>, state: &mut State) -> Decision<Code> {
        let (rule, captures) = match self.rules.guard_each(request).map(|mut rules| rules.next()) {
            Ok(Some(found)) => found,
            Ok(None) => return Decision::pass(Code::Unmatched, None),
            Err(AmbiguousTarget) => return refusal::refuse(Refusal::TargetAmbiguous, None),
        };
        let composition = Rc::clone(&rule.action);
        if call::loops(&request.headers) >= MOST_LOOPS {
            return refusal::refuse(Refusal::LoopDetected, Some(&composition.rule));
        }
        let now = request.host().now();
        let run = Run::new(Rc::clone(&composition), captures, now);
        let run = state.0.insert(Box::new(run));
        match composition.reads_body {
            Some(max_bytes) if request.body_follows() => {
                let step =
                    Step::ReadBody(Collect { max_bytes, hold_head: true, may_replace: false });
                Decision { step, ..pass(Code::Aggregated, &composition) }
            }
            Some(_) => match body(Vec::new(), composition.names_body) {
                Ok(body) => {
                    run.body = Some(body);
                    go_on(state, request)
                }
                Err(refusal) => refusal::refuse(refusal, Some(&composition.rule)),
            },
            None => go_on(state, request),
        }
    }
}

impl OnRequestBody for Aggregate {
    fn may_hold_for_body(&self, request: &Request<'_>) -> bool {
        self.rules.find(request).is_some_and(|(rule, _)| rule.action.reads_body.is_some())
    }

    fn holds_heads(&self) -> Option<&'static str> {
        let reads = self.rules.iter().any(|rule| rule.action.reads_body.is_some());
        reads.then_some("body")
    }

    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        sent: &mut filter::Body,
        _callouts: &dyn Callouts,
        state: &mut State,
    ) -> Result<Decision<Code>, Broken> {
        let request = head.ok_or(Broken("has no head with a body that it held it for"))?;
        let run = state.0.as_mut().ok_or(Broken("has no rule for this body"))?;
        let composition = Rc::clone(&run.composition);
        let read = match sent.bytes() {
            Some(bytes) => body(bytes, composition.names_body),
            None => Err(Refusal::BodyTooLarge),
        };
        match read {
            Ok(body) => {
                run.body = Some(body);
                Ok(go_on(state, request))
            }
            Err(refusal) => Ok(refusal::refuse(refusal, Some(&composition.rule))),
        }
    }
}

impl OnAnswers for Aggregate {
    fn on_answers(
        &self,
        answers: Vec<Answered>,
        request: &mut Request<'_>,
        state: &mut State,
    ) -> Result<Decision<Code>, Broken> {
        let run = state.0.as_mut().ok_or(Broken("has made no calls for this request"))?;
        for Answered { call, answer } in answers {
            run.take(call, answer, request);
            if run.is_too_large() {
                let rule = Rc::clone(&run.composition.rule);
                return Ok(refusal::refuse(Refusal::AnswersTooLarge, Some(&rule)));
            }
        }
        Ok(go_on(state, request))
    }
}

/// Makes the calls that can be made now, or answers.
fn go_on(state: &mut State, request: &Request<'_>) -> Decision<Code> {
    let Some(run) = state.0.as_mut() else { return Decision::pass(Code::Unmatched, None) };
    match run.next(request) {
        Next::Calls(callouts) => {
            let step = Step::Call(Calls { callouts, ask: Ask::AtEach });
            Decision { step, ..pass(Code::Aggregated, &run.composition) }
        }
        Next::Failed(call) => refusal::failed(run, call),
        Next::Done => match run.reply(request) {
            Ok(Made { reply, is_partial, is_not_modified }) => {
                let code = match (is_partial, is_not_modified) {
                    (true, _) => Code::Partial,
                    (false, true) => Code::NotModified,
                    (false, false) => Code::Aggregated,
                };
                let step = Step::Reply(reply.into());
                Decision { step, ..pass(code, &run.composition) }.because(refusal::lacks(run))
            }
            Err(Unmade::Part(call, failure)) => refusal::unjoined(run, call, failure),
            Err(Unmade::Whole(unmerged)) => {
                refusal::refuse(Refusal::Unmerged(unmerged), Some(&run.composition.rule))
            }
            Err(Unmade::Field(Origin::Request)) => {
                refusal::refuse(Refusal::ValueRefused, Some(&run.composition.rule))
            }
            Err(Unmade::Field(_)) => {
                refusal::refuse(Refusal::FieldInvalid, Some(&run.composition.rule))
            }
        },
    }
}

fn pass(code: Code, composition: &Composition) -> Decision<Code> {
    Decision::pass(code, Some(Rc::clone(&composition.rule)))
}

/// The body of a request, and its values where a template names them. One without a body has none.
fn body(bytes: Vec<u8>, names_values: bool) -> Result<Body, Refusal> {
    let document = match names_values && !bytes.is_empty() {
        true => {
            let json = without_mark(&bytes).to_vec();
            let document = Document::read(json, bytes.len()).map_err(Refusal::BodyInvalid)?;
            Some(RefCell::new(document))
        }
        false => None,
    };
    Ok(Body { bytes, document })
}

/// How many calls of this filter may lead to a request: a gateway may call itself, and not for
/// ever.
const MOST_LOOPS: usize = 3;

#[cfg(all(target_family = "wasm", feature = "module"))]
gatehouse_host::load!(Aggregate);

#[cfg(test)]
mod tests;
