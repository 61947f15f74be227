//! What is remembered of a request.

use crate::side::Labelled;
use crate::{Code, Transform};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::{Headers, Request, ResponseDecision};
use std::rc::Rc;

/// What is remembered of a request: the rule, and the facts that its templates name.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) matched: Option<Matched>,
    /// How the request's body is to be read, while it is being collected.
    pub(crate) request_body: Option<Labelled>,
    /// What takes the place of the request's body, while that is being collected.
    pub(crate) request_made: Option<Vec<u8>>,
    /// The same of the response's body: an upstream may answer before it has the whole request.
    pub(crate) response_body: Option<Labelled>,
    /// What takes the place of the response's body, while that is being collected.
    pub(crate) response_made: Option<Vec<u8>>,
    /// The response's head, where a template names it and it will be gone when the body has come.
    pub(crate) response: Option<Headers>,
    /// Whether something was done to the request, and is in filter state.
    pub(crate) is_noted: bool,
}

#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) rule: Rc<str>,
    pub(crate) transform: Rc<Transform>,
    pub(crate) request: Option<(Headers, Captures)>,
    pub(crate) asked: Asked,
}

/// What a request asks for, as far as its answer is read in another way for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    /// A head without content (RFC 9110 §9.3.2).
    Head,
    /// A tunnel, or another protocol in HTTP/2 (RFC 9110 §9.3.6, RFC 8441).
    Connect,
    Other,
}

impl Asked {
    pub(crate) fn by(request: &Request<'_>) -> Self {
        match request.method() {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

impl State {
    /// A response that goes on. What was done to it is noted where nothing was done to the request.
    pub(crate) fn done(&self, code: Code) -> ResponseDecision<Code> {
        let is_noted = self.is_noted || code == Code::ResponseUntouched;
        let rule = self.matched.as_ref().filter(|_| !is_noted);
        ResponseDecision::pass(code, rule.map(|matched| Rc::clone(&matched.rule)))
    }
}
