//! What becomes of a body that was not transformed.

use crate::fault::{Direction, Fault};
use crate::side::Side;
use crate::{BodyTransform, Code, State};
use gatehouse_filter::{Decision, Mode, ResponseDecision, Step};
use std::rc::Rc;

impl BodyTransform {
    /// The decision where a body was not transformed: it goes on as it is, or it is refused.
    pub(crate) fn refuse(
        &self,
        fault: Fault,
        side: &Side,
        direction: Direction,
        state: &mut State,
    ) -> Decision<Code> {
        let rule = state.matched.as_ref().map(|matched| Rc::clone(&matched.rule));
        if side.passes(fault) {
            let passed = match direction {
                Direction::Request => {
                    state.is_noted = true;
                    Code::Passed
                }
                Direction::Response => Code::ResponsePassed,
            };
            return Decision::pass(passed, rule);
        }
        // The refusal goes to the client as a response: it is not the upstream's, and stays as it
        // is.
        state.matched = None;
        Decision::refuse(Mode::Enforce, fault.code(direction), rule, fault.reply(direction))
    }

    /// The same of a response.
    pub(crate) fn refuse_response(
        &self,
        fault: Fault,
        side: &Side,
        state: &mut State,
    ) -> ResponseDecision<Code> {
        let Decision { code, rule, step, .. } =
            self.refuse(fault, side, Direction::Response, state);
        match step {
            Step::Reply(reply) => ResponseDecision::refuse(code, rule, reply),
            _ => state.done(code),
        }
    }
}
