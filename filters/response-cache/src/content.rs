//! Content of requests that is a part of their key: `QUERY` (RFC 10008), and `POST` where a rule
//! stores its answers.

use crate::ask::Ask;
use crate::codes::Code;
use crate::rule::Rule;
use crate::{ResponseCache, Stage, State};
use gatehouse_filter::{Body, Broken, Callouts, Collect, Decision, OnRequestBody, Request, Step};
use std::rc::Rc;

/// The longest content of a request that is a part of a key.
const MOST_CONTENT: usize = 64 << 10;

impl OnRequestBody for ResponseCache {
    fn may_hold_for_body(&self, request: &Request<'_>) -> bool {
        let is_method = matches!(request.method(), b"QUERY" | b"POST");
        let reads = |rule: &Rule| rule.methods.has(request.method());
        is_method && self.config.rules.find(request).is_some_and(|(rule, _)| reads(&rule.action))
    }

    fn holds_heads(&self) -> Option<&'static str> {
        let reads = |rule: &Rule| rule.methods.query || rule.methods.post;
        self.config.rules.iter().any(|rule| reads(&rule.action)).then_some("rules[].methods")
    }

    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        _callouts: &dyn Callouts,
        state: &mut State,
    ) -> Result<Decision<Code>, Broken> {
        let request = head.ok_or(Broken("has no head with a body that it held it for"))?;
        let Stage::Waiting(mut ask, mark) = std::mem::take(&mut state.0) else {
            return Err(Broken("has no request for this body"));
        };
        if ask.deadline.is_some() {
            return Ok(self.go_on(ask, mark, request, state));
        }
        let Ok(secret) = self.secret(request.host()) else {
            return Ok(self.without_store(state));
        };
        match body.bytes() {
            Some(bytes) => {
                ask.add_content(secret, &bytes);
                Ok(self.go_on(ask, mark, request, state))
            }
            None => Ok(self.bypass(&ask.rule, Code::BypassContent, "content-too-large", state)),
        }
    }
}

impl ResponseCache {
    /// Waits for the content, where it is not too long to be a part of a key.
    pub(crate) fn read_content(
        &self,
        ask: Ask,
        request: &mut Request<'_>,
        state: &mut State,
    ) -> Decision<Code> {
        let rule = Rc::clone(&ask.rule.name);
        if request.headers.content_length().is_some_and(|length| length > MOST_CONTENT as u64) {
            let rule = Rc::clone(&ask.rule);
            return self.bypass(&rule, Code::BypassContent, "content-too-large", state);
        }
        state.0 = Stage::Waiting(Box::new(ask), None);
        let collect = Collect { max_bytes: MOST_CONTENT, hold_head: true, may_replace: false };
        Decision { step: Step::ReadBody(collect), ..Decision::pass(Code::Miss, Some(rule)) }
    }
}
