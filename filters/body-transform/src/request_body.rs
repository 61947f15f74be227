//! Bodies of requests.

use crate::refusal::refuse;
use crate::side::Outcome;
use crate::{BodyTransform, Code, State};
use gatehouse_filter::template::Sources;
use gatehouse_filter::{
    Body, Broken, Callouts, Decision, Headers, OnRequestBody, OnRequestTrailers, Request,
};
use std::rc::Rc;

impl OnRequestBody for BodyTransform {
    fn may_hold_for_body(&self, request: &Request<'_>) -> bool {
        self.hold_heads
            && self.rules.find(request).is_some_and(|(rule, _)| rule.action.reads_requests())
    }

    fn holds_heads(&self) -> Option<&'static str> {
        self.hold_heads.then_some("hold_heads")
    }

    fn on_request_body(
        &self,
        head: Option<&mut Request<'_>>,
        body: &mut Body,
        callouts: &dyn Callouts,
        state: &mut State,
    ) -> Result<Decision<Code>, Broken> {
        if let Some(made) = state.request_made.take() {
            let matched = state.matched.as_ref().ok_or(NO_RULE)?;
            let rule = Rc::clone(&matched.rule);
            return Ok(Self::put_request(made, body, state, rule));
        }
        let (labelled, matched) =
            state.request_body.take().zip(state.matched.as_ref()).ok_or(NO_RULE)?;
        let transform = Rc::clone(&matched.transform);
        let side =
            transform.request.as_ref().ok_or(Broken("has a rule that is not for requests"))?;
        let rule = Rc::clone(&matched.rule);
        let before = matched
            .request
            .as_ref()
            .map(|(head, captures)| (Request::new(head.clone(), callouts), captures));
        let facts = Sources {
            request: before.as_ref().map(|(request, _)| request),
            captures: before.as_ref().map(|(_, captures)| *captures),
            ..Sources::default()
        };
        let head = head.map(|request| &mut request.headers);
        match side.apply(body, labelled, facts, head) {
            Ok(Outcome::Untouched) => Ok(Decision::pass(Code::Untouched, Some(rule))),
            Ok(Outcome::Transformed) => {
                state.is_noted = true;
                Ok(Decision::pass(Code::Transformed, Some(rule)))
            }
            Err(fault) => Ok(refuse(fault, side, state)),
        }
    }
}

impl OnRequestTrailers for BodyTransform {
    fn clear_trailers(&self, trailers: &mut Headers, state: &State) {
        let side = state.matched.as_ref().and_then(|matched| matched.transform.request.as_ref());
        if let Some(side) = side {
            trailers.remove_in_every_spelling(side.shaping.fields());
        }
    }
}

pub(crate) const NO_RULE: Broken = Broken("has no rule for this body");
