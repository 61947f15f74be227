use crate::config::Node;
use crate::{Caller, Collect, Reply};
use std::rc::Rc;

/// What a filter decided about a request, and how the decision is known to everybody else.
///
/// The shell counts `code`, writes code, rule and caller to filter state, applies the edits recorded on
/// the request's head and then takes the `step`.
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
}

impl<C> Decision<C> {
    /// The request goes on.
    pub fn pass(code: C, rule: Option<Rc<str>>) -> Self {
        Self { code, rule, caller: None, step: Step::Continue }
    }

    /// The request is answered here, or, in [`Mode::Shadow`], would have been: the code is counted and
    /// logged either way.
    pub fn refuse(mode: Mode, code: C, rule: Option<Rc<str>>, reply: Reply) -> Self {
        let step = match mode {
            Mode::Enforce => Step::Reply(reply),
            Mode::Shadow => Step::Continue,
        };
        Self { code, rule, caller: None, step }
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
    /// Not yet: the request is held, and the filter is asked again after each of its timer's ticks and each
    /// answer that it gets, until it decides. Nothing is counted or edited before that. A filter that waits
    /// keeps its own deadline, in its `Stream`.
    Wait,
    /// Not before the body has come: the filter decides in
    /// [`Filter::on_request_body`](crate::Filter::on_request_body) or
    /// [`Filter::on_response_body`](crate::Filter::on_response_body). Edits recorded on the head so far are
    /// made at once; nothing is counted before the final decision. Only where a body follows, and not after
    /// [`Wait`](Self::Wait).
    ReadBody(Collect),
}

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
