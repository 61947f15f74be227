//! Responses and their bodies.

use crate::refusal::refuse_response;
use crate::request_body::NO_RULE;
use crate::side::{Announced, Outcome};
use crate::{BodyTransform, Code, State};
use gatehouse_filter::template::Sources;
use gatehouse_filter::{
    Body, Broken, Callouts, Copied, OnRequestBody, OnResponse, OnResponseBody, Request, Response,
    ResponseDecision, ResponseStep,
};
use std::rc::Rc;

impl OnResponse for BodyTransform {
    fn on_response(
        &self,
        response: &mut Response<'_>,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        if let Some(decision) = self.make_response(response, state) {
            return decision;
        }
        let Some(matched) = &state.matched else { return ResponseDecision::undecided() };
        let transform = Rc::clone(&matched.transform);
        let Some(side) = &transform.response else { return ResponseDecision::undecided() };
        let status = response.status();
        if !side.has_status(status) {
            return state.done(Code::ResponseUntouched);
        }
        state.response = side.shaping.needs().response.then(|| response.headers.clone());
        side.shaping.fields().iter().for_each(|field| response.headers.remove(field));
        if !response.body_follows() {
            side.unlabel(status, &mut response.headers);
            return state.done(Code::ResponseUntouched);
        }
        // After a 101 comes another protocol, and no document.
        let announced = match status {
            Some(101) => side.other_type(),
            _ => side.announced(&response.headers),
        };
        match announced {
            Ok(Announced::OtherType) => state.done(Code::ResponseUntouched),
            Ok(Announced::Body(labelled)) => {
                if !self.hold_heads {
                    side.relabel(&mut response.headers, labelled.coding);
                }
                state.response_body = Some(labelled);
                let step = ResponseStep::ReadBody(self.wish(side));
                ResponseDecision { step, ..state.done(Code::ResponseTransformed) }
            }
            Err(fault) => refuse_response(fault, side, state),
        }
    }
}

impl OnResponseBody for BodyTransform {
    fn holds_response_heads(&self) -> Option<&'static str> {
        self.holds_heads()
    }

    fn on_response_body(
        &self,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        host: &dyn Callouts,
        state: &mut State,
    ) -> Result<ResponseDecision<Code>, Broken> {
        if let Some(made) = state.response_made.take() {
            return Ok(Self::put_response(made, head, body, state));
        }
        let (labelled, matched) =
            state.response_body.take().zip(state.matched.as_ref()).ok_or(NO_RULE)?;
        let transform = Rc::clone(&matched.transform);
        let side =
            transform.response.as_ref().ok_or(Broken("has a rule that is not for responses"))?;
        let of_request = matched
            .request
            .as_ref()
            .map(|(head, captures)| (Request::new(head.clone(), host), captures));
        let of_response = state.response.take().map(|head| Response::new(head, host));
        let facts = Sources {
            request: of_request.as_ref().map(|(request, _)| request),
            captures: of_request.as_ref().map(|(_, captures)| *captures),
            response: of_response.as_ref(),
            ..Sources::default()
        };
        let head = head.map(|response| &mut response.headers);
        match side.apply(body, labelled, facts, head) {
            Ok(Outcome::Untouched) => Ok(state.done(Code::ResponseUntouched)),
            Ok(Outcome::Transformed) => Ok(state.done(Code::ResponseTransformed)),
            Err(fault) => Ok(refuse_response(fault, side, state)),
        }
    }

    fn on_copied_body(&self, _copied: Copied, _callouts: &dyn Callouts, _state: &mut State) {}
}
