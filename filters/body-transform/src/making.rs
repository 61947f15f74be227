//! Bodies that take the place of others.
//!
//! What is written depends on heads alone, so it is made when the head comes, and put in place when
//! the body has come. A response without a body is replaced as a whole: a proxy can put no body
//! behind a head that has ended. A request cannot be, and stays without one.

use crate::fault::{Direction, Fault};
use crate::made::Made;
use crate::state::{Asked, Matched};
use crate::{BodyTransform, Code, State, asks_for_another_protocol};
use gatehouse_filter::rules::Captures;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{
    Body, Bytes, Collect, Decision, Mode, Replay, Request, Response, ResponseDecision,
    ResponseStep, Step,
};
use std::rc::Rc;

impl BodyTransform {
    /// What becomes of a request whose rule makes its body.
    pub(crate) fn make_request(
        &self,
        made: &Made,
        request: &mut Request<'_>,
        captures: &Captures,
        rule: Rc<str>,
        state: &mut State,
    ) -> Decision<Code> {
        if !request.body_follows()
            || asks_for_another_protocol(request)
            || !made.is_for_type(&request.headers)
        {
            return Decision::pass(Code::Untouched, Some(rule));
        }
        if request.headers.content_length().is_some_and(|length| length > made.most as u64) {
            return too_long(state, rule);
        }
        let facts =
            Sources { request: Some(request), captures: Some(captures), ..Sources::default() };
        state.request_made = Some(made.render(&facts));
        made.relabel(&mut request.headers);
        Decision {
            step: Step::ReadBody(self.collecting(made)),
            ..Decision::pass(Code::Replaced, Some(rule))
        }
    }

    /// The body of a request that has come and is replaced.
    pub(crate) fn put_request(
        made: Vec<u8>,
        body: &mut Body,
        state: &mut State,
        rule: Rc<str>,
    ) -> Decision<Code> {
        match body.bytes() {
            None => too_long(state, rule),
            // The proxy has nothing that could be replaced.
            Some(bytes) if bytes.is_empty() => Decision::pass(Code::Untouched, Some(rule)),
            Some(_) => {
                body.replace(made);
                state.is_noted = true;
                Decision::pass(Code::Replaced, Some(rule))
            }
        }
    }

    /// What becomes of a response that a body is made for; `None` where none is.
    pub(crate) fn make_response(
        &self,
        response: &mut Response<'_>,
        state: &mut State,
    ) -> Option<ResponseDecision<Code>> {
        let matched = state.matched.as_ref()?;
        let status = response.status();
        let is_tunnel = matched.asked == Asked::Connect
            && status.is_some_and(|status| (200..300).contains(&status));
        let transform = Rc::clone(&matched.transform);
        let mut bodies = transform.response_bodies.iter().filter(|_| !is_tunnel);
        let made = bodies.find(|made| made.is_for_response(status, &response.headers))?;
        let content = render(made, matched, response);
        made.relabel(&mut response.headers);
        if matched.asked == Asked::Head {
            return Some(state.done(Code::ResponseReplaced));
        }
        let step = if response.body_follows() {
            state.response_made = Some(content);
            ResponseStep::ReadBody(self.collecting(made))
        } else {
            replaced(response, content)
        };
        Some(ResponseDecision { step, ..state.done(Code::ResponseReplaced) })
    }

    /// The body of a response that has come, as far as it was waited for, and is replaced.
    pub(crate) fn put_response(
        made: Vec<u8>,
        head: Option<&mut Response<'_>>,
        body: &mut Body,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        match (body.bytes(), head) {
            (Some(bytes), _) if !bytes.is_empty() => {
                body.replace(made);
                state.done(Code::ResponseReplaced)
            }
            // The rest of a long one would follow: the client is answered without it.
            (_, Some(response)) => {
                let step = replaced(response, made);
                ResponseDecision { step, ..state.done(Code::ResponseReplaced) }
            }
            (Some(_), None) => state.done(Code::ResponseReplaced),
            (None, None) => {
                let fault = Fault::TooLong;
                let rule = state.matched.take().map(|matched| matched.rule);
                let reply = fault.reply(Direction::Response);
                ResponseDecision::refuse(fault.code(Direction::Response), rule, reply)
            }
        }
    }

    fn collecting(&self, made: &Made) -> Collect {
        Collect { max_bytes: made.most, hold_head: self.hold_heads, may_replace: true }
    }
}

fn render(made: &Made, matched: &Matched, response: &Response<'_>) -> Vec<u8> {
    let callouts = response.callouts();
    let kept = matched.request.as_ref();
    let request = kept.map(|(head, captures)| (Request::new(head.clone(), callouts), captures));
    let facts = Sources {
        request: request.as_ref().map(|(request, _)| request),
        captures: request.as_ref().map(|(_, captures)| *captures),
        response: Some(response),
        ..Sources::default()
    };
    made.render(&facts)
}

/// The response with this head, and this body in place of none.
fn replaced(response: &Response<'_>, body: Vec<u8>) -> ResponseStep {
    let status = response.status().unwrap_or(502);
    let head = response.headers.clone();
    ResponseStep::Replace(Replay { status, head, body: Bytes::from(body) })
}

fn too_long(state: &mut State, rule: Rc<str>) -> Decision<Code> {
    // The refusal goes to the client as a response, and stays as it is.
    state.matched = None;
    let (code, reply) =
        (Fault::TooLong.code(Direction::Request), Fault::TooLong.reply(Direction::Request));
    Decision::refuse(Mode::Enforce, code, Some(rule), reply)
}
