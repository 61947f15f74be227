//! What becomes of a body that was not transformed.

use crate::fault::{Direction, Fault};
use crate::side::Side;
use crate::{Code, State};
use gatehouse_filter::{Decision, Mode, ResponseDecision};
use std::rc::Rc;

/// A request whose body was not transformed: it goes on as it is, or it is refused.
pub(crate) fn refuse(fault: Fault, side: &Side, state: &mut State) -> Decision<Code> {
    const OF: Direction = Direction::Request;
    if side.passes(fault) {
        state.is_noted = true;
        let rule = state.matched.as_ref().map(|matched| Rc::clone(&matched.rule));
        return Decision::pass(Code::Passed, rule);
    }
    Decision::refuse(Mode::Enforce, fault.code(OF), state.ended(), fault.reply(OF))
}

/// The same of a response.
pub(crate) fn refuse_response(
    fault: Fault,
    side: &Side,
    state: &mut State,
) -> ResponseDecision<Code> {
    const OF: Direction = Direction::Response;
    if side.passes(fault) {
        return state.done(Code::ResponsePassed);
    }
    ResponseDecision::refuse(fault.code(OF), state.ended(), fault.reply(OF))
}

impl State {
    /// The rule of a refusal, which goes to the client as a response: it is not the upstream's, and
    /// stays as it is.
    fn ended(&mut self) -> Option<Rc<str>> {
        self.matched.take().map(|matched| matched.rule)
    }
}
