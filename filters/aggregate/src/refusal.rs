//! What a client is told that gets no document.

use crate::Code;
use crate::failure::Failure;
use crate::merge::Unmerged;
use crate::part::{Failed, Part, Told};
use crate::reply::CACHE_CONTROL;
use crate::run::Run;
use gatehouse_filter::rules::AmbiguousTarget;
use gatehouse_filter::{Decision, Document, HeaderValue, Problem, Reply, Step};
use gatehouse_json::Invalid;
use std::borrow::Cow;
use std::rc::Rc;

/// Why there is no document, beside what went wrong with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    TargetAmbiguous,
    LoopDetected,
    BodyInvalid(Invalid),
    BodyTooLarge,
    AnswersTooLarge,
    Unmerged(Unmerged),
    FieldInvalid,
    /// The same with a value of the request.
    ValueRefused,
}

impl Refusal {
    /// The table: code, status, and what is wrong.
    fn row(self) -> (Code, u16, Cow<'static, str>) {
        match self {
            Self::TargetAmbiguous => (Code::TargetAmbiguous, 400, AmbiguousTarget::DETAIL.into()),
            // RFC 5842 §7.2.
            Self::LoopDetected => {
                (Code::LoopDetected, 508, "The gateway calls itself without end".into())
            }
            Self::BodyInvalid(invalid) => {
                (Code::BodyInvalid, 400, format!("The body cannot be read: {invalid}").into())
            }
            Self::BodyTooLarge => (Code::BodyTooLarge, 413, "The body is too long".into()),
            Self::AnswersTooLarge | Self::Unmerged(Unmerged::Overgrown) => {
                (Code::AnswersTooLarge, 502, "The answer would be too long".into())
            }
            Self::Unmerged(Unmerged::Conflict) => {
                (Code::Conflict, 502, "The parts of the answer contradict each other".into())
            }
            Self::Unmerged(Unmerged::Misfit) => {
                (Code::Misfit, 502, "The parts of the answer do not fit together".into())
            }
            Self::FieldInvalid => {
                (Code::FieldInvalid, 502, "The answer has a value that no field can have".into())
            }
            Self::ValueRefused => {
                (Code::ValueRefused, 400, "The request has a value that no field can have".into())
            }
        }
    }
}

pub(crate) fn refuse(refusal: Refusal, rule: Option<&Rc<str>>) -> Decision<Code> {
    let (code, status, detail) = refusal.row();
    reply(code, Problem::new(status, detail), rule)
}

/// What a client gets where a required call has failed.
pub(crate) fn failed(run: &mut Run, call: usize) -> Decision<Code> {
    let failure = run.parts.get(call).and_then(Part::failure).unwrap_or(Failure::InputMissing);
    let told = match run.parts.get_mut(call) {
        Some(Part::Failed(Failed { told, .. })) => told.take(),
        _ => None,
    };
    let rule = Rc::clone(&run.composition.rule);
    let why = why(run, call, failure);
    let decision = match told {
        Some(Told { status, mut headers, body }) => {
            // RFC 9110 §15.1: without it caches may keep a 404 or a 410, whoever it was for.
            headers.push((CACHE_CONTROL, HeaderValue::from_static("no-store")));
            if body.is_empty() {
                let mut problem = Problem::new(status, "A service refuses the request")
                    .with_member("part", name(run, call));
                problem.headers = headers;
                reply(Code::ClientError, problem, Some(&rule))
            } else {
                let document = Document { status, headers, body: body.into() };
                reply(Code::ClientError, document, Some(&rule))
            }
        }
        None => reply(failure.code(), failure.problem(name(run, call)), Some(&rule)),
    };
    decision.because(Some(why))
}

/// What a client gets where the answers to a call cannot be joined.
pub(crate) fn unjoined(run: &Run, call: usize, failure: Failure) -> Decision<Code> {
    let rule = &run.composition.rule;
    reply(failure.code(), failure.problem(name(run, call)), Some(rule))
        .because(Some(why(run, call, failure)))
}

/// What operators are told of a partial answer: every part that is missing, and why.
pub(crate) fn lacks(run: &Run) -> Option<String> {
    let missing: Vec<_> = run.failures().map(|(call, failure)| why(run, call, failure)).collect();
    (!missing.is_empty()).then(|| missing.join("; "))
}

fn why(run: &Run, call: usize, failure: Failure) -> String {
    format!("{}: {}", name(run, call), failure.why())
}

fn name(run: &Run, call: usize) -> &str {
    run.composition.calls.get(call).map(|call| &*call.name).unwrap_or_default()
}

fn reply(code: Code, reply: impl Into<Reply>, rule: Option<&Rc<str>>) -> Decision<Code> {
    let rule = rule.map(Rc::clone);
    Decision { step: Step::Reply(reply.into()), ..Decision::pass(code, rule) }
}
