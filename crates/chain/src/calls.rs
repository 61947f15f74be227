//! Requests that wait, and the calls that are made for one.

use crate::chain::Callback;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::link::Link;
use crate::pending::Owner;
use crate::progress::{Asked, Awaited, Progress};
use gatehouse_filter::{Answer, Answered, CallId, Calls, Decision, Request, Step, Until};
use std::mem;
use std::rc::Rc;

impl Exchange {
    /// Whether the request is held for the answer to this call, perhaps beside others.
    pub(crate) fn awaits(&self, call: CallId) -> bool {
        matches!(self.progress, Progress::Held { until: Awaited::Answers(_), .. })
            && self.open_calls.awaits(call)
    }

    /// One of the request's calls was answered.
    pub(crate) fn answered(&mut self, call: CallId, answer: Answer, callback: &Callback<'_>) {
        let Progress::Held { at, asked, until: Awaited::Answers(ask) } = self.progress else {
            return;
        };
        self.open_calls.answer(call, answer);
        if !self.open_calls.are_due(ask) {
            return;
        }
        self.refused_rounds = 0;
        let answers = self.open_calls.take_answered();
        if self.decide_on_answers(at, asked, answers, callback) {
            self.go_on(at, asked, callback);
        }
        self.resume(callback);
    }

    pub(crate) fn wait(
        &mut self,
        at: usize,
        asked: Asked,
        until: Until,
        callback: &Callback<'_>,
    ) -> bool {
        let is_possible = match until {
            Until::Fetched => self.chain.has_fetched(at),
            Until::Answered(call) => self.chain.pending.is_under_way(call),
            Until::Woken(_) => self.chain.link(at).is_some_and(Link::waits_for_others),
        };
        if !is_possible {
            return self.fail(Fault::OutOfPlace("waits for what never comes"), at, callback);
        }
        self.chain.pending.waits(self.id, at, until);
        self.hold(at, asked, Awaited::Turn, callback)
    }

    pub(crate) fn call(
        &mut self,
        at: usize,
        asked: Asked,
        calls: &Calls,
        callback: &Callback<'_>,
    ) -> bool {
        if !self.chain.link(at).is_some_and(|link| link.phases().answers) {
            return self.fail(
                Fault::OutOfPlace("makes calls whose answers it does not take"),
                at,
                callback,
            );
        }
        for callout in &calls.callouts {
            let call = callback.proxy.call(callout).inspect(|call| {
                let max_bytes = callout.max_answer_bytes;
                self.chain.pending.made(*call, Owner::Request { exchange: self.id, max_bytes });
            });
            // A refusal comes at once, and never again.
            self.open_calls.add(at, call.map_err(Answer::refused));
        }
        if self.open_calls.are_none() {
            return self.fail(Fault::OutOfPlace("waits for answers to no calls"), at, callback);
        }
        if !self.open_calls.are_due(calls.ask) {
            return self.hold(at, asked, Awaited::Answers(calls.ask), callback);
        }
        self.refused_rounds = self.refused_rounds.saturating_add(1);
        if self.refused_rounds > MAX_REFUSED_ROUNDS {
            return self.fail(Fault::OutOfPlace("calls without end"), at, callback);
        }
        let answers = self.open_calls.take_answered();
        self.decide_on_answers(at, asked, answers, callback)
    }

    /// Has the filter decide on the answers to its calls. Whether the request goes on.
    pub(crate) fn decide_on_answers(
        &mut self,
        at: usize,
        asked: Asked,
        answers: Vec<Answered>,
        callback: &Callback<'_>,
    ) -> bool {
        let chain = Rc::clone(&self.chain);
        let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at)) else {
            return false;
        };
        let mark = self.head.mark();
        let (head, facts) = (mem::take(&mut self.head), mem::take(&mut self.facts));
        let mut request = Request::with_facts(head, facts, &host).with_body(self.body_follows);
        let decision = stage.on_answers(answers, &mut request);
        (self.head, self.facts) = request.into_parts();
        if !matches!(decision, Ok(Decision { step: Step::Call(_), .. })) {
            self.open_calls.give_up();
        }
        match decision {
            Ok(Decision { step: Step::Wait(_), .. }) => {
                self.fail(Fault::OutOfPlace("waits although it has its answers"), at, callback)
            }
            Ok(_) if self.has_head_gone && !self.head.edits().is_empty() => {
                self.fail(Fault::EditRefused, at, callback)
            }
            Ok(decision) => self.take(at, asked, decision, mark, callback),
            Err(broken) => self.fail(Fault::Broken(broken.0), at, callback),
        }
    }
}

/// So often filters may call between two answers where the host refuses calls.
const MAX_REFUSED_ROUNDS: usize = 32;
