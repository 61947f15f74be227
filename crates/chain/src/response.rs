//! The response's half of an exchange: filters in reverse order.

use crate::bodies::{CONTENT_LENGTH, End};
use crate::chain::Callback;
use crate::edits::apply;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::link::Told;
use crate::passing::Passing;
use crate::response_side::{Progress, Take};
use crate::{BodyFlow, Direction, HeadFlow, LocalReply, TrailersFlow};
use gatehouse_filter::{Collect, Log, Reply, Response, ResponseDecision, ResponseStep, Spoken};
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;

impl Exchange {
    /// The response's head has come: that of the upstream, or of somebody who answered instead.
    pub(crate) fn response_head(
        &mut self,
        callback: &Callback<'_>,
        end_of_stream: bool,
    ) -> HeadFlow {
        self.is_answered();
        let side = &mut self.response;
        if !matches!(side.progress, Progress::Fresh) {
            return HeadFlow::Continue;
        }
        side.head = callback.proxy.head(Direction::Response);
        side.body_follows = !end_of_stream;
        side.body.end = end_of_stream.then_some(End::Body);
        // Only filters that have seen the request see its response.
        self.run_response(self.stages.len(), callback);
        match self.response.progress {
            Progress::Passed | Progress::Fresh => HeadFlow::Continue,
            Progress::Reading { .. } => HeadFlow::HoldHead,
            Progress::Over => HeadFlow::HoldAll,
        }
    }

    /// A part of the response's body has come: `size` is all that was held, with it.
    pub(crate) fn response_body(
        &mut self,
        callback: &Callback<'_>,
        size: usize,
        end_of_stream: bool,
    ) -> BodyFlow {
        self.response.body.came(size, end_of_stream);
        self.response_body_came(callback);
        match self.response.progress {
            Progress::Passed if !self.response.collects() => {
                self.response.goes_on();
                BodyFlow::Continue
            }
            Progress::Passed | Progress::Reading { .. } => BodyFlow::Hold,
            Progress::Fresh => BodyFlow::Continue,
            Progress::Over => BodyFlow::Drop,
        }
    }

    /// The response's trailers have come: whatever came before is the whole body.
    pub(crate) fn response_trailers(&mut self, callback: &Callback<'_>) -> TrailersFlow {
        // What was not held has gone by.
        if !self.response.collects() {
            self.response.body.came(0, false);
        }
        self.response.body.end = Some(End::Trailers);
        self.response_body_came(callback);
        match self.response.progress {
            Progress::Passed | Progress::Fresh => TrailersFlow::Continue,
            Progress::Reading { .. } | Progress::Over => TrailersFlow::Hold,
        }
    }

    /// The request has ended, whatever its end.
    pub(crate) fn log(&mut self, callback: &Callback<'_>) {
        let chain = Rc::clone(&self.chain);
        for (at, link) in chain.links_from(0).enumerate() {
            if self.stages.len() == at {
                self.stages.push(link.begin());
            }
            let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at))
            else {
                return;
            };
            if link.phases().log {
                let [request, response] =
                    [Direction::Request, Direction::Response].map(|of| callback.proxy.head(of));
                stage.on_log(&Log::new(request, response, &host));
            }
        }
    }

    /// Asks the filters before this position, the nearest first.
    fn run_response(&mut self, before: usize, callback: &Callback<'_>) {
        for at in (0..before).rev() {
            if !self.ask_response(at, callback) {
                return;
            }
        }
        self.pass_response(callback);
    }

    fn ask_response(&mut self, at: usize, callback: &Callback<'_>) -> bool {
        let chain = Rc::clone(&self.chain);
        let Some(link) = chain.link(at).filter(|link| link.phases().response) else { return true };
        let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at)) else {
            return true;
        };
        let side = &mut self.response;
        let mut response =
            Response::new(mem::take(&mut side.head), &host).with_body(side.body_follows);
        let decision = stage.on_response(&mut response);
        side.head = response.into_headers();
        if side.head.is_unread() {
            return self.fail_response(Fault::HeadUnread, at, callback);
        }
        match decision.step {
            ResponseStep::ReadBody(_)
            | ResponseStep::CopyBody { .. }
            | ResponseStep::FollowBody
                if !link.phases().response_body =>
            {
                self.fail_response(Fault::BodyGone, at, callback)
            }
            ResponseStep::ReadBody(collect) => self.read_response(at, collect, callback),
            ResponseStep::CopyBody { max_bytes } => {
                self.pass_by(at, decision, Passing::copied(max_bytes), callback)
            }
            ResponseStep::FollowBody => self.pass_by(at, decision, Passing::followed(), callback),
            ResponseStep::Continue | ResponseStep::Reply(_) | ResponseStep::Replace(_) => {
                self.tell_response(at, decision, callback)
            }
        }
    }

    /// Lets a filter see the body as it goes by.
    fn pass_by(
        &mut self,
        at: usize,
        decision: ResponseDecision<usize>,
        mut passing: Passing,
        callback: &Callback<'_>,
    ) -> bool {
        let goes_on = ResponseDecision { step: ResponseStep::Continue, ..decision };
        self.tell_response(at, goes_on, callback);
        // What is held already, unless a filter asked before it is to be given it first.
        let is_next =
            !self.response.takers.iter().any(|(_, take)| matches!(take, Take::Collected(_)));
        if is_next && !self.show(at, &mut passing, callback) {
            return false;
        }
        if !is_next || self.response.body.end.is_none() {
            self.response.takers.push_back((at, Take::Passing(passing)));
        }
        true
    }

    fn read_response(&mut self, at: usize, collect: Collect, callback: &Callback<'_>) -> bool {
        let side = &mut self.response;
        if side.body.is_ready(collect) {
            return self.give_response(at, collect, callback);
        }
        if collect.hold_head {
            side.progress = Progress::Reading { at, collect };
            return false;
        }
        if collect.may_replace {
            side.head.remove(&CONTENT_LENGTH);
        }
        side.takers.push_back((at, Take::Collected(collect)));
        true
    }

    /// Gives one filter the body. Whether the response goes on.
    fn give_response(&mut self, at: usize, collect: Collect, callback: &Callback<'_>) -> bool {
        let chain = Rc::clone(&self.chain);
        let (Some(host), Some(stage)) = (chain.host(at, callback), self.stages.get_mut(at)) else {
            return true;
        };
        let side = &mut self.response;
        let mut body = match side.body.take(Direction::Response, collect, callback.proxy) {
            Ok(body) => body,
            Err(fault) => return self.fail_response(fault, at, callback),
        };
        let decision = if side.has_head_gone {
            stage.on_response_body(None, &mut body, &host)
        } else {
            let mut response =
                Response::new(mem::take(&mut side.head), &host).with_body(side.body_follows);
            let decision = stage.on_response_body(Some(&mut response), &mut body, &host);
            side.head = response.into_headers();
            decision
        };
        let decision = match decision {
            Ok(decision) => decision,
            Err(broken) => return self.fail_response(Fault::Broken(broken.0), at, callback),
        };
        match decision.step {
            ResponseStep::ReadBody(_)
            | ResponseStep::CopyBody { .. }
            | ResponseStep::FollowBody => {
                return self.fail_response(
                    Fault::OutOfPlace("asks for the body when it has it"),
                    at,
                    callback,
                );
            }
            ResponseStep::Reply(_) | ResponseStep::Replace(_) => {
                return self.tell_response(at, decision, callback);
            }
            ResponseStep::Continue => {}
        }
        let head = (!side.has_head_gone).then_some(&mut side.head);
        match side.body.put_back(Direction::Response, body, collect, head, callback.proxy) {
            Ok(()) => self.tell_response(at, decision, callback),
            Err(fault) => self.fail_response(fault, at, callback),
        }
    }

    /// Gives what has come to those who want it.
    fn response_body_came(&mut self, callback: &Callback<'_>) {
        let side = &mut self.response;
        let reading = match side.progress {
            Progress::Reading { at, collect } => Some((at, collect)),
            Progress::Passed => None,
            Progress::Fresh | Progress::Over => return,
        };
        let body = &side.body;
        let is_ready = |take: &(usize, Take)| match take.1 {
            Take::Collected(collect) => body.is_ready(collect),
            Take::Passing(_) => true,
        };
        if !side.takers.iter().all(is_ready)
            || !reading.is_none_or(|(_, collect)| body.is_ready(collect))
        {
            return;
        }
        let mut passing_on = VecDeque::new();
        while let Some((at, take)) = self.response.takers.pop_front() {
            match take {
                Take::Collected(collect) => {
                    if !self.give_response(at, collect, callback) {
                        return;
                    }
                }
                Take::Passing(mut passing) => {
                    if !self.show(at, &mut passing, callback) {
                        return;
                    }
                    if self.response.body.end.is_none() {
                        passing_on.push_back((at, Take::Passing(passing)));
                    }
                }
            }
        }
        self.response.takers = passing_on;
        if let Some((at, collect)) = reading
            && self.give_response(at, collect, callback)
        {
            self.run_response(at, callback);
        }
    }

    /// Makes a decision about a response known, and answers where it is a reply. Whether the
    /// response goes on.
    fn tell_response(
        &mut self,
        at: usize,
        decision: ResponseDecision<usize>,
        callback: &Callback<'_>,
    ) -> bool {
        let chain = Rc::clone(&self.chain);
        let (Some(link), proxy) = (chain.link(at), callback.proxy) else { return true };
        let number = decision.code;
        let code = number.map_or("", |code| link.count(code, proxy));
        let answers = matches!(decision.step, ResponseStep::Reply(_) | ResponseStep::Replace(_));
        if chain.tells.decisions && (answers || decision.rule.is_some()) {
            let told = Told { rule: decision.rule.clone(), ..Told::default() };
            link.note(code, &told, proxy);
        }
        match decision.step {
            ResponseStep::Reply(mut reply) => {
                let rule = decision.rule.as_deref();
                if let Some(wording) = number.and_then(|code| link.wording(code, rule)) {
                    self.word(&mut reply, wording, code, rule, callback);
                }
                self.reply_instead(&reply, code, callback)
            }
            ResponseStep::Replace(_) if self.response.has_head_gone => {
                let fault = Fault::OutOfPlace("replaces a response whose head has gone");
                self.fail_response(fault, at, callback)
            }
            ResponseStep::Replace(replay) => {
                self.response.replace(replay, code);
                true
            }
            ResponseStep::Continue
            | ResponseStep::ReadBody(_)
            | ResponseStep::CopyBody { .. }
            | ResponseStep::FollowBody => true,
        }
    }

    /// All filters have let the response go on: the edits are carried out.
    fn pass_response(&mut self, callback: &Callback<'_>) {
        let side = &mut self.response;
        if !side.has_head_gone {
            if side.head.is_unread() {
                self.fail_response(Fault::HeadUnread, 0, callback);
                return;
            }
            if side.replaced.is_none() && !apply(Direction::Response, &side.head, callback.proxy) {
                self.fail_response(Fault::EditRefused, 0, callback);
                return;
            }
        }
        let side = &mut self.response;
        side.has_head_gone = true;
        side.progress = Progress::Passed;
        if side.body.end.is_some() {
            self.response_body_came(callback);
        }
        self.send_replacement(callback);
    }

    /// Answers the client instead, or breaks the response off. What a gRPC client gets is never
    /// read here, so the reply is always a document.
    pub(crate) fn reply_instead(
        &mut self,
        reply: &Reply,
        code: &str,
        callback: &Callback<'_>,
    ) -> bool {
        self.response.progress = Progress::Over;
        self.response.takers.clear();
        let local = LocalReply::new(reply, code, Spoken::Http);
        if let Err(refused) = callback.proxy.reply(&local) {
            callback
                .proxy
                .error(&format!("the host refused to answer {code}, status {}", refused.0));
        }
        false
    }

    pub(crate) fn fail_response(
        &mut self,
        fault: Fault,
        at: usize,
        callback: &Callback<'_>,
    ) -> bool {
        self.chain.tell_fault(fault, at, callback.proxy);
        self.reply_instead(&fault.problem().into(), fault.code(), callback)
    }
}
