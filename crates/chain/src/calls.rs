//! Requests that wait, and the calls that are made for one.

use crate::chain::Callback;
use crate::exchange::{Asked, Awaited, Exchange, Progress};
use crate::fault::Fault;
use crate::pending::Owner;
use gatehouse_filter::{Answer, Callout, Decision, Request, Step, Until};
use std::mem;
use std::rc::Rc;

impl Exchange {
    /// One of the request's calls was answered.
    pub(crate) fn answered(&mut self, call: usize, answer: Answer, callback: &Callback<'_>) {
        let Progress::Held { at, asked, until: Awaited::Answers(answers) } = &mut self.progress
        else {
            return;
        };
        if let Some(slot) = answers.get_mut(call) {
            *slot = Some(answer);
        }
        if answers.iter().any(Option::is_none) {
            return;
        }
        let (at, asked, answers) =
            (*at, *asked, mem::take(answers).into_iter().flatten().collect());
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
        callouts: &[Callout],
        callback: &Callback<'_>,
    ) -> bool {
        if !self.chain.link(at).is_some_and(|link| link.phases().answers) {
            return self.fail(
                Fault::OutOfPlace("makes calls whose answers it does not take"),
                at,
                callback,
            );
        }
        let mut answers = Vec::with_capacity(callouts.len());
        for (number, callout) in callouts.iter().enumerate() {
            answers.push(match callback.proxy.call(callout) {
                Ok(call) => {
                    let max_bytes = callout.max_answer_bytes;
                    let owner = Owner::Request { exchange: self.id, call: number, max_bytes };
                    self.chain.pending.made(call, owner);
                    None
                }
                // It comes at once, and never again.
                Err(why) => Some(Answer::refused(why)),
            });
        }
        if answers.iter().any(Option::is_none) {
            return self.hold(at, asked, Awaited::Answers(answers), callback);
        }
        self.empty_rounds = self.empty_rounds.saturating_add(1);
        if self.empty_rounds > MAX_EMPTY_ROUNDS {
            return self.fail(Fault::OutOfPlace("calls without end"), at, callback);
        }
        self.decide_on_answers(at, asked, answers.into_iter().flatten().collect(), callback)
    }

    /// Has the filter decide on the answers to its calls. Whether the request goes on.
    pub(crate) fn decide_on_answers(
        &mut self,
        at: usize,
        asked: Asked,
        answers: Vec<Answer>,
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

/// So often a filter may call where no call can be made.
const MAX_EMPTY_ROUNDS: usize = 32;
