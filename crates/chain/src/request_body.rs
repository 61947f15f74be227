//! The body of a request, for the filters that ask for it.

use crate::Direction;
use crate::bodies::CONTENT_LENGTH;
use crate::chain::Callback;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::progress::{Asked, Hold, Progress};
use gatehouse_filter::{Collect, Request, Step};
use std::mem;
use std::rc::Rc;

impl Exchange {
    /// Gives one filter the body. Whether the request goes on.
    pub(crate) fn give(
        &mut self,
        at: usize,
        collect: Collect,
        is_taker: bool,
        callback: &Callback<'_>,
    ) -> bool {
        let chain = Rc::clone(&self.chain);
        let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at)) else {
            return false;
        };
        let mut body = match self.body.take(Direction::Request, collect, callback.proxy) {
            Ok(body) => body,
            Err(fault) => return self.fail(fault, at, callback),
        };
        let mark = self.head.mark();
        let decision = if self.has_head_gone {
            stage.on_request_body(None, &mut body, &host)
        } else {
            let (head, facts) = (mem::take(&mut self.head), mem::take(&mut self.facts));
            let mut request = Request::with_facts(head, facts, &host).with_body(self.body_follows);
            let decision = stage.on_request_body(Some(&mut request), &mut body, &host);
            (self.head, self.facts) = request.into_parts();
            decision
        };
        let decision = match decision {
            Ok(decision) => decision,
            Err(broken) => return self.fail(Fault::Broken(broken.0), at, callback),
        };
        let head = (!self.has_head_gone).then_some(&mut self.head);
        let put_back = match decision.step {
            // Who waits has done nothing yet, and is given the body again as it came.
            Step::Reply(_) | Step::Wait(_) => Ok(()),
            _ => self.body.put_back(Direction::Request, body, collect, head, callback.proxy),
        };
        match put_back {
            Ok(()) => self.take(at, Asked::Body { collect, is_taker }, decision, mark, callback),
            Err(fault) => self.fail(fault, at, callback),
        }
    }

    /// Collects the body for a filter. Whether the request goes on to the next meanwhile, or
    /// because the filter has it already.
    pub(crate) fn read(&mut self, at: usize, collect: Collect, callback: &Callback<'_>) -> bool {
        if !self.chain.link(at).is_some_and(|link| link.phases().request_body) {
            return self.fail(Fault::BodyGone, at, callback);
        }
        if self.body.is_ready(collect) {
            return self.give(at, collect, false, callback);
        }
        if !collect.hold_head {
            if collect.may_replace {
                self.head.remove(&CONTENT_LENGTH);
            }
            self.takers.push_back((at, collect));
            return true;
        }
        // The head goes as soon as the host is told to go on: it cannot be held for the body that
        // comes then.
        if self.has_head_gone || self.hold == Some(Hold::All) {
            return self.fail(Fault::BodyGone, at, callback);
        }
        self.reading = Some((at, collect));
        self.progress = Progress::Reading;
        false
    }

    /// Gives the body to those who want it, when it has ended or is longer than any of them wants.
    pub(crate) fn body_came(&mut self, callback: &Callback<'_>) {
        match self.progress {
            Progress::Reading | Progress::Passed => {}
            Progress::Held { .. } | Progress::Over => return,
            Progress::Fresh => {
                self.fail(Fault::HeadUnread, 0, callback);
                return;
            }
        }
        if !self.takers.iter().chain(&self.reading).all(|(_, collect)| self.body.is_ready(*collect))
        {
            return;
        }
        while let Some((at, collect)) = self.takers.pop_front() {
            if !self.give(at, collect, true, callback) {
                return;
            }
        }
        if let Some((at, collect)) = self.reading.take()
            && self.give(at, collect, false, callback)
        {
            self.run(at.saturating_add(1), callback);
        }
    }
}
