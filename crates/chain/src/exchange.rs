//! One request and its response, on their way through a chain: the request's half.

use crate::bodies::{Arriving, End};
use crate::chain::{Callback, Chain};
use crate::fault::Fault;
use crate::link::{Stage, Told};
use crate::open_calls::OpenCalls;
use crate::progress::{Asked, Awaited, Hold, Progress};
use crate::response_side::ResponseSide;
use crate::{BodyFlow, Direction, HeadFlow, LocalReply};
use gatehouse_filter::{
    Attribute, Caller, Clock as _, Collect, Decision, Ended, Facts, Headers, Identity, Mark,
    Refused, Reply, Request, Spoken, Step, Wording,
};
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

/// One request and its response.
pub struct Exchange {
    pub(crate) id: u32,
    pub(crate) chain: Rc<Chain>,
    /// What the filters remember that have been asked so far, in their order.
    pub(crate) stages: Vec<Box<dyn Stage>>,
    pub(crate) progress: Progress,
    /// The head with the edits made so far, until they are carried out and it goes on.
    pub(crate) head: Headers,
    pub(crate) facts: Facts,
    pub(crate) has_head_gone: bool,
    pub(crate) body_follows: bool,
    pub(crate) body: Arriving,
    /// The filters that are given the body when it has come, and did not hold the head for it.
    pub(crate) takers: VecDeque<(usize, Collect)>,
    /// The filter that holds the head until it has the body, after them.
    pub(crate) reading: Option<(usize, Collect)>,
    /// How the host was told to hold, once it was.
    pub(crate) hold: Option<Hold>,
    pub(crate) open_calls: OpenCalls,
    /// How often since the last answer filters have called and were asked again at once, because
    /// the host refused calls: they could go on for ever.
    pub(crate) refused_rounds: usize,
    pub(crate) response: ResponseSide,
}

impl Exchange {
    /// A request that has come to the configuration of this chain.
    pub fn new(id: u32, chain: Rc<Chain>) -> Self {
        Self {
            id,
            stages: Vec::new(),
            progress: Progress::Fresh,
            head: Headers::default(),
            facts: if chain.is_of_one() { Facts::for_one() } else { Facts::default() },
            has_head_gone: false,
            body_follows: false,
            body: Arriving::default(),
            takers: VecDeque::new(),
            reading: None,
            hold: None,
            open_calls: OpenCalls::default(),
            refused_rounds: 0,
            response: ResponseSide::default(),
            chain,
        }
    }

    /// The request's head has come.
    pub(crate) fn request_head(
        &mut self,
        callback: &Callback<'_>,
        end_of_stream: bool,
    ) -> HeadFlow {
        if !matches!(self.progress, Progress::Fresh) {
            return HeadFlow::HoldAll;
        }
        self.head = callback.proxy.head(Direction::Request);
        self.body_follows = !end_of_stream;
        self.body.end = end_of_stream.then_some(End::Body);
        self.run(0, callback);
        match (&self.progress, self.hold) {
            (Progress::Passed, _) => HeadFlow::Continue,
            (Progress::Reading, _) | (Progress::Held { .. }, Some(Hold::Head)) => {
                self.hold = Some(Hold::Head);
                HeadFlow::HoldHead
            }
            (Progress::Held { .. } | Progress::Fresh | Progress::Over, _) => HeadFlow::HoldAll,
        }
    }

    /// A part of the request's body has come: `size` is all that was held, with it.
    pub(crate) fn request_body(
        &mut self,
        callback: &Callback<'_>,
        size: usize,
        end_of_stream: bool,
    ) -> BodyFlow {
        // It came here, so the host holds what this module holds, and nothing else.
        self.hold = Some(Hold::Head);
        self.body.came(size, end_of_stream);
        self.body_came(callback);
        match &self.progress {
            Progress::Passed if self.takers.is_empty() => BodyFlow::Continue,
            Progress::Passed | Progress::Held { .. } | Progress::Reading => BodyFlow::Hold,
            Progress::Fresh | Progress::Over => BodyFlow::Drop,
        }
    }

    /// What the request may wait for has come: its filter is asked again.
    pub(crate) fn ask_again(&mut self, callback: &Callback<'_>) {
        let Progress::Held { at, asked, until: Awaited::Turn } = self.progress else { return };
        let goes_on = match asked {
            Asked::Head => self.ask(at, callback),
            Asked::Body { collect, is_taker } => self.give(at, collect, is_taker, callback),
        };
        if goes_on {
            self.go_on(at, asked, callback);
        }
        self.resume(callback);
    }

    /// The request is no more.
    pub(crate) fn end(&mut self, callback: &Callback<'_>) {
        let chain = Rc::clone(&self.chain);
        if !chain.phases().ending {
            return;
        }
        let caller = self.facts.caller.as_deref();
        for (at, (stage, link)) in self.stages.iter_mut().zip(chain.links_from(0)).enumerate() {
            if link.phases().ending
                && let Some(host) = chain.host(at, callback)
            {
                let head = callback.proxy.head(Direction::Request);
                stage.on_end(&Ended::new(caller, head, &host));
            }
        }
    }

    /// A response is on its way. One to a request whose head has not gone is not the upstream's:
    /// whatever the request waited for, it does no more. An upstream may answer before it has the
    /// whole request.
    pub(crate) fn is_answered(&mut self) {
        if !self.has_head_gone {
            self.progress = Progress::Over;
        }
    }

    /// Asks the filters from this position on.
    pub(crate) fn run(&mut self, from: usize, callback: &Callback<'_>) {
        let mut at = from;
        while self.chain.link(at).is_some() {
            if !self.ask(at, callback) {
                return;
            }
            at = at.saturating_add(1);
        }
        self.pass(callback);
    }

    /// After the filter at this position has let the request go on.
    pub(crate) fn go_on(&mut self, at: usize, asked: Asked, callback: &Callback<'_>) {
        match asked {
            Asked::Head | Asked::Body { is_taker: false, .. } => {
                self.run(at.saturating_add(1), callback)
            }
            Asked::Body { is_taker: true, .. } => {
                self.progress =
                    if self.reading.is_some() { Progress::Reading } else { Progress::Passed };
                self.body_came(callback);
            }
        }
    }

    /// Asks one filter about the head. Whether the request goes on to the next.
    fn ask(&mut self, at: usize, callback: &Callback<'_>) -> bool {
        let chain = Rc::clone(&self.chain);
        let (Some(link), Some(host)) = (chain.link(at), chain.host(at, callback)) else {
            return false;
        };
        if link.asks_for_route() && !self.settle(at, callback) {
            return false;
        }
        if self.stages.len() == at {
            self.stages.push(link.begin());
        }
        let Some(stage) = self.stages.get_mut(at) else { return false };
        let mark = self.head.mark();
        let (head, facts) = (mem::take(&mut self.head), mem::take(&mut self.facts));
        let mut request = Request::with_facts(head, facts, &host).with_body(self.body_follows);
        let decision = stage.on_request(&mut request);
        (self.head, self.facts) = request.into_parts();
        self.take(at, Asked::Head, decision, mark, callback)
    }

    /// Does what a filter decided. Whether the request goes on to the next filter.
    pub(crate) fn take(
        &mut self,
        at: usize,
        asked: Asked,
        decision: Decision<usize>,
        mark: Mark,
        callback: &Callback<'_>,
    ) -> bool {
        if self.head.is_unread() {
            return self.fail(Fault::HeadUnread, at, callback);
        }
        let Decision { code, rule, caller, step, why } = decision;
        let told = Told { rule, caller, why };
        match step {
            Step::Continue => self.tell(at, code, told, None, callback),
            Step::Reply(reply) => self.tell(at, code, told, Some(reply), callback),
            Step::Wait(until) => {
                self.head.undo_to(mark);
                self.wait(at, asked, until, callback)
            }
            Step::Call(calls) => self.call(at, asked, &calls, callback),
            Step::ReadBody(collect) => match asked {
                Asked::Head => self.read(at, collect, callback),
                Asked::Body { .. } => {
                    self.fail(Fault::OutOfPlace("asks for the body when it has it"), at, callback)
                }
            },
        }
    }

    /// Makes a final decision known, and answers where it is a reply. Whether the request goes on.
    fn tell(
        &mut self,
        at: usize,
        code: usize,
        told: Told,
        reply: Option<Reply>,
        callback: &Callback<'_>,
    ) -> bool {
        let chain = Rc::clone(&self.chain);
        let Some(link) = chain.link(at) else { return false };
        let proxy = callback.proxy;
        let wording = reply.as_ref().and_then(|_| link.wording(code, told.rule.as_deref()));
        let code = link.count(code, proxy);
        if chain.tells.decisions {
            link.note(code, &told, proxy);
        }
        if told.why.is_some()
            && let Some(host) = chain.host(at, callback)
        {
            link.tell_why(code, &told, host.now(), proxy);
        }
        if let Some(caller) = told.caller {
            // Without it the filters of other modules would take the request for nobody's, or
            // somebody else's.
            if chain.tells.identity && proxy.set_state(Identity::STATE, caller.json()).is_err() {
                return self.fail(Fault::StateRefused, at, callback);
            }
            self.facts.caller = Some(caller);
        }
        let Some(mut reply) = reply else { return true };
        if let Some(wording) = wording {
            self.word(&mut reply, wording, code, told.rule.as_deref(), callback);
        }
        proxy.debug(&|| format!("refused: {code}"));
        self.reply(&reply, code, callback)
    }

    /// Gives a refusal the words that the configuration has for it.
    pub(crate) fn word(
        &self,
        reply: &mut Reply,
        wording: &Wording,
        code: &str,
        rule: Option<&str>,
        callback: &Callback<'_>,
    ) {
        let Reply::Problem(problem) = reply else { return };
        // Filters of other modules have left it there.
        let left = || {
            let state = callback.proxy.attribute(Attribute::FilterState(Identity::STATE))?;
            Identity::from_bytes(&state)
        };
        let caller = self.facts.caller.as_deref().map(Caller::identity);
        let left = if caller.is_none() && wording.tells_identity() { left() } else { None };
        wording.put_on(problem, &Refused { code, rule, identity: caller.or(left.as_ref()) });
    }

    pub(crate) fn hold(
        &mut self,
        at: usize,
        asked: Asked,
        until: Awaited,
        callback: &Callback<'_>,
    ) -> bool {
        if self.hold.is_none() {
            let keeps_head = self.may_hold_for_body(at, callback);
            self.hold = Some(if keeps_head { Hold::Head } else { Hold::All });
        }
        self.progress = Progress::Held { at, asked, until };
        false
    }

    /// Whether a filter from this position on may hold the head until the body has come.
    fn may_hold_for_body(&mut self, at: usize, callback: &Callback<'_>) -> bool {
        if !self.body_follows {
            return false;
        }
        let chain = Rc::clone(&self.chain);
        let Some(host) = chain.host(at, callback) else { return false };
        let (head, facts) = (mem::take(&mut self.head), mem::take(&mut self.facts));
        let request = Request::with_facts(head, facts, &host).with_body(true);
        let may_hold = chain.links_from(at).any(|link| link.may_hold_for_body(&request));
        (self.head, self.facts) = request.into_parts();
        may_hold
    }

    /// All filters have let the request go on: the edits are carried out.
    fn pass(&mut self, callback: &Callback<'_>) {
        let last = self.stages.len().saturating_sub(1);
        if !self.has_head_gone {
            // Whoever is asked when it has gone reads it as it went.
            let as_it_goes = (!self.takers.is_empty()).then(|| self.head.settled());
            if !self.carry_out(last, callback) {
                return;
            }
            self.head = as_it_goes.unwrap_or_default();
        }
        self.has_head_gone = true;
        self.progress = Progress::Passed;
        if self.body.end.is_some() {
            self.body_came(callback);
        }
    }

    /// Lets a request that was held go on, outside its own callbacks.
    pub(crate) fn resume(&mut self, callback: &Callback<'_>) {
        // With the head held alone, what came of the body would go on with it, past whoever waits
        // for it.
        let is_wanted = !self.takers.is_empty() && self.hold == Some(Hold::Head);
        if !matches!(self.progress, Progress::Passed) || is_wanted {
            return;
        }
        if matches!(self.body.end, Some(End::Trailers)) && !self.clear_trailers(callback) {
            return;
        }
        self.hold = None;
        if let Err(refused) = callback.proxy.resume_request() {
            callback
                .proxy
                .error(&format!("the host did not let a request go on, status {}", refused.0));
        }
    }

    /// Answers the client. Never goes on.
    fn reply(&mut self, reply: &Reply, code: &str, callback: &Callback<'_>) -> bool {
        self.progress = Progress::Over;
        self.takers.clear();
        self.reading = None;
        let local = LocalReply::new(reply, code, Spoken::by(&self.head));
        if let Err(refused) = callback.proxy.reply(&local) {
            callback
                .proxy
                .error(&format!("the host refused to answer {code}, status {}", refused.0));
        }
        false
    }

    /// The gateway is at fault. Never goes on.
    pub(crate) fn fail(&mut self, fault: Fault, at: usize, callback: &Callback<'_>) -> bool {
        self.chain.tell_fault(fault, at, callback.proxy);
        self.reply(&fault.problem().into(), fault.code(), callback)
    }
}
