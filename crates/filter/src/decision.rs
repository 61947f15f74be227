//! What filters decide, one type a phase: nothing can be said that cannot be done.

use crate::config::Node;
use crate::{CallId, Caller, Callout, Collect, Replay, Reply};
use std::rc::Rc;

/// What a filter decided about a request, and how the decision is known to everybody else.
///
/// The shell counts `code`, writes code, rule and caller to filter state, applies the edits
/// recorded on the request's head and then takes the `step`.
#[derive(Debug)]
#[must_use]
pub struct Decision<C> {
    /// Why, as a stable code.
    pub code: C,
    /// The name of the rule that decided; `None` for the filter's `default`.
    pub rule: Option<Rc<str>>,
    /// Who the request is from, where this filter found it out. Written for the filters after it.
    pub caller: Option<Rc<Caller>>,
    /// What happens to the request.
    pub step: Step,
    /// What operators are told beside the code, in filter state and in the log: what was seen, and
    /// what was wanted. What a stranger sent is [`printable`](crate::printable) and short in it,
    /// and no credential is. Clients are not told.
    pub why: Option<String>,
}

impl<C> Decision<C> {
    /// The request goes on.
    pub fn pass(code: C, rule: Option<Rc<str>>) -> Self {
        Self { code, rule, caller: None, step: Step::Continue, why: None }
    }

    /// The request is answered here, or, in [`Mode::Shadow`], would have been: the code is counted
    /// and logged either way.
    pub fn refuse(mode: Mode, code: C, rule: Option<Rc<str>>, reply: impl Into<Reply>) -> Self {
        let step = match mode {
            Mode::Enforce => Step::Reply(reply.into()),
            Mode::Shadow => Step::Continue,
        };
        Self { code, rule, caller: None, step, why: None }
    }

    /// The same decision, with what operators are told of it.
    pub fn because(self, why: Option<String>) -> Self {
        Self { why, ..self }
    }

    /// The same decision, which also tells who the request is from.
    pub fn with_caller(self, caller: Rc<Caller>) -> Self {
        Self { caller: Some(caller), ..self }
    }
}

/// What happens to a request next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// On to the next filter, with the edits that were recorded on its head.
    Continue,
    /// Answer now; the upstream never sees the request.
    Reply(Reply),
    /// Not yet: the request is held whole, and the filter is asked again when what it waits for has
    /// come. Nothing is counted or edited before that. A filter that waits keeps its own deadline,
    /// in its state.
    Wait(Until),
    /// Not yet: these calls are made at once, the request is held whole, and the filter decides in
    /// [`OnAnswers::on_answers`](crate::OnAnswers::on_answers). Edits recorded so far stay
    /// recorded.
    Call(Calls),
    /// Not before the body has come: the filter decides in
    /// [`OnRequestBody::on_request_body`](crate::OnRequestBody::on_request_body). A request without
    /// a body has an empty one. Edits recorded so far stay recorded; nothing is counted before the
    /// final decision.
    ReadBody(Collect),
}

/// Calls for one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calls {
    /// The calls to make. With none, in [`OnAnswers::on_answers`](crate::OnAnswers::on_answers),
    /// the request waits on for those under way; where none is, the filter is at fault.
    pub callouts: Vec<Callout>,
    /// When the filter is asked, about these calls and all that are under way already.
    pub ask: Ask,
}

/// When a filter is asked about the answers to its calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// After each answer, with that one. Calls that the host refuses at once are answered together.
    AtEach,
    /// When all are answered, with all answers.
    AtAll,
}

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// What the filter has fetched in the background: it is asked again after each tick and each
    /// answer to a fetch.
    Fetched,
    /// The answer to this call of the filter's own.
    Answered(CallId),
    /// Another request, on whatever worker, that [wakes](crate::Callouts::wake) those who wait for
    /// this topic: the filter is asked again then, and after each tick, so that it can give up.
    Woken(Topic),
}

/// What requests wait for, all that wait for the same by the same number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Topic(pub u64);

/// What a filter decided about a response.
#[derive(Debug)]
#[must_use]
pub struct ResponseDecision<C> {
    /// Why, as a stable code; `None` where there was nothing to decide, and then nothing is
    /// counted.
    pub code: Option<C>,
    /// The name of the rule that decided. A decision that names one is noted in filter state, in
    /// place of the one on the request; of the others only replies are.
    pub rule: Option<Rc<str>>,
    /// What happens to the response.
    pub step: ResponseStep,
}

impl<C> ResponseDecision<C> {
    /// There was nothing to decide: the response goes on, with the edits that were recorded on its
    /// head.
    pub fn undecided() -> Self {
        Self { code: None, rule: None, step: ResponseStep::Continue }
    }

    /// The response goes on, and that is counted.
    pub fn pass(code: C, rule: Option<Rc<str>>) -> Self {
        Self { code: Some(code), rule, step: ResponseStep::Continue }
    }

    /// The client gets this instead.
    pub fn refuse(code: C, rule: Option<Rc<str>>, reply: impl Into<Reply>) -> Self {
        Self { code: Some(code), rule, step: ResponseStep::Reply(reply.into()) }
    }
}

/// What happens to a response next. It cannot wait.
#[derive(Debug, PartialEq, Eq)]
pub enum ResponseStep {
    /// On towards the client, with the edits that were recorded on its head.
    Continue,
    /// The client gets this instead, where the head has not gone on; otherwise the response is
    /// broken off. Filters nearer to the client do not see it.
    Reply(Reply),
    /// The client gets this response instead: filters nearer to the client see it in place of the
    /// upstream's, and may change it. Filters in other modules do not. Only where the head has not
    /// gone on.
    Replace(Replay),
    /// Not before the body has come: the filter decides in
    /// [`OnResponseBody::on_response_body`](crate::OnResponseBody::on_response_body). A response
    /// without a body has an empty one.
    ReadBody(Collect),
    /// The response goes on; a copy of its body is given to
    /// [`OnResponseBody::on_copied_body`](crate::OnResponseBody::on_copied_body) when it has ended.
    CopyBody {
        /// The most bytes that are copied; a longer body is not copied at all.
        max_bytes: usize,
    },
    /// The response goes on; its body is shown to
    /// [`OnResponseBody::on_body_part`](crate::OnResponseBody::on_body_part) as it goes by. Nothing
    /// of it is kept.
    FollowBody,
}

/// The filter itself is at fault, in a way that its types do not rule out: what it lacks. The
/// request ends with a 500, the sentence goes to the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken(pub &'static str);

/// Whether a filter's refusals are carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Refusals are sent to the client.
    #[default]
    Enforce,
    /// Refusals are counted and logged, and the request goes on: a dry run.
    Shadow,
}

impl Mode {
    /// Reads the `mode` of a configuration.
    pub fn read(node: Node<'_>) -> Option<Self> {
        node.one_of(&[Self::Enforce, Self::Shadow].map(|mode| (mode.name(), mode)))
    }

    /// As the configuration and the metrics spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
        }
    }
}
