//! One request on its way through the calls of its rule.

use crate::answer::Unusable;
use crate::call::{Body, Call, Fate, Inputs};
use crate::composition::Composition;
use crate::each::How;
use crate::fact::Known;
use crate::failure::{Failure, OUTCOMES};
use crate::items::{nothing, together};
use crate::origin::{Last, Origin};
use crate::part::{Answered, Failed, Good, Part, UnderWay};
use crate::target::Unmade;
use gatehouse_filter::rules::Captures;
use gatehouse_filter::template::Sources;
use gatehouse_filter::{Answer, Callout, Host, Request, Timestamp};
use gatehouse_json::{Document, Path};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A request, the calls made for it and their answers.
pub(crate) struct Run {
    pub(crate) composition: Rc<Composition>,
    pub(crate) captures: Captures,
    pub(crate) body: Option<Body>,
    /// By call.
    pub(crate) parts: Vec<Part>,
    /// By the number of the call.
    made: Vec<Made>,
    /// The calls that were made, and those that are going to be.
    planned: usize,
    deadline: Timestamp,
    /// The bytes of all answers so far, decompressed.
    bytes: usize,
    /// The bytes that their documents take, with what operations have put in.
    pub(crate) grown: usize,
}

/// A call that was made.
struct Made {
    call: usize,
    item: usize,
    at: Timestamp,
}

/// How it goes on.
pub(crate) enum Next {
    /// With these calls, beside those under way. None are left to be made where it is empty.
    Calls(Vec<Callout>),
    /// Not at all: this call is required and has failed.
    Failed(usize),
    /// Every call is done.
    Done,
}

impl Run {
    pub(crate) fn new(composition: Rc<Composition>, captures: Captures, now: Timestamp) -> Self {
        let parts = composition.calls.iter().map(|_| Part::Waiting).collect();
        let deadline = now.after(composition.timeout);
        Self {
            composition,
            captures,
            body: None,
            parts,
            made: Vec::new(),
            planned: 0,
            deadline,
            bytes: 0,
            grown: 0,
        }
    }

    /// Whether all answers together are longer than they may be.
    pub(crate) fn is_too_large(&self) -> bool {
        self.bytes > self.composition.max_size || self.grown > self.composition.most()
    }

    /// Makes the calls whose needs are met.
    pub(crate) fn next(&mut self, request: &Request<'_>) -> Next {
        let now = request.host().now();
        let composition = Rc::clone(&self.composition);
        let mut callouts = Vec::new();
        loop {
            let mut is_changed = false;
            for (number, call) in composition.calls.iter().enumerate() {
                let is_ready = matches!(self.parts.get(number), Some(Part::Waiting))
                    && call.needs.iter().all(|need| self.part(*need).is_some_and(Part::is_done));
                if is_ready {
                    let part = self.begin(call, request);
                    self.set(number, part, request.host());
                    is_changed = true;
                }
                self.make(number, call, request, now, &mut callouts);
                if let Some(part) = self.part(number)
                    && call.is_required()
                    && part.failure().is_some()
                {
                    return Next::Failed(number);
                }
            }
            if !is_changed {
                break;
            }
        }
        if self.parts.iter().all(Part::is_done) { Next::Done } else { Next::Calls(callouts) }
    }

    /// Takes the answer to a call, by its number.
    pub(crate) fn take(&mut self, number: usize, answer: Answer, request: &Request<'_>) {
        let Some(Made { call: at, item, at: since }) = self.made.get(number) else { return };
        let (at, item, since) = (*at, *item, *since);
        let composition = Rc::clone(&self.composition);
        let Some(call) = composition.calls.get(at) else { return };
        let came = answer.body.len();
        let now = request.host().now();
        let good = call.read(answer, self.facts(request), &composition);
        // What is small as it comes may be large without its coding.
        let (size, grown) = good.as_ref().map_or((0, 0), |good| (good.size, good.document.size()));
        self.bytes = self.bytes.saturating_add(came.max(size));
        self.grown = self.grown.saturating_add(grown);
        let outcome = good.as_ref().err().map(|unusable| unusable.failure);
        self.measure(at, outcome, now.0.saturating_sub(since.0), request.host());
        self.came(at, item, good);
    }

    /// Keeps what became of one call of a part, and ends the part where that was all, or where
    /// nothing can come of it any more.
    fn came(&mut self, number: usize, item: usize, good: Result<Good, Unusable>) {
        let composition = Rc::clone(&self.composition);
        let Some(call) = composition.calls.get(number) else { return };
        let Some(Part::UnderWay(under_way)) = self.parts.get_mut(number) else { return };
        let is_one_of_many = call.at_once().is_some();
        let part = match good {
            Err(unusable) if !is_one_of_many || call.is_required() => {
                let Unusable { failure, status, told } = unusable;
                let told = told.filter(|_| call.passes_client_errors());
                Part::Failed(Failed { failure, status, default: call.default(&composition), told })
            }
            Ok(good) if !is_one_of_many => Part::Answered(Answered {
                status: Some(good.status),
                document: RefCell::new(good.document),
                freshness: good.freshness,
                items: call.each.is_some().then(|| std::mem::take(&mut under_way.items)),
                failure: None,
            }),
            good => {
                if let Some(slot) = under_way.answers.get_mut(item) {
                    *slot = Some(good.map_err(|unusable| unusable.failure));
                }
                if under_way.answers.iter().any(Option::is_none) {
                    return;
                }
                together(call, under_way, &composition)
            }
        };
        self.replace(number, part);
    }

    /// What becomes of a call whose needs are met.
    fn begin(&mut self, call: &Call, request: &Request<'_>) -> Part {
        let last = Last::default();
        let known = self.known(call, &[], &last);
        let sources = Sources { own: Some(&known), ..self.facts(request) };
        if !call.when.iter().all(|condition| condition.holds(&sources, &self.parts)) {
            return Part::Skipped;
        }
        let items = match &call.each {
            None => Vec::new(),
            Some(each) => match each.items(&self.parts) {
                // Nothing to ask for, and at the top nothing to add.
                Ok(items) if items.is_empty() => {
                    let is_top = call.into.as_ref().is_some_and(Path::is_root);
                    return if is_top { Part::Skipped } else { nothing(&self.composition) };
                }
                Ok(items) => items,
                Err(_) if self.is_skipped(each.call) => return Part::Skipped,
                Err(failure) => return self.failed(call, failure),
            },
        };
        let calls = call.calls_for(items.len());
        let planned = self.planned.saturating_add(calls);
        // Calls that are not made leave room for others.
        if planned > self.composition.max_calls {
            return self.failed(call, Failure::TooManyCalls);
        }
        self.planned = planned;
        let answers = (0..calls).map(|_| None).collect();
        Part::UnderWay(UnderWay { items, made: 0, answers })
    }

    /// Makes those calls of one that may be made now.
    fn make(
        &mut self,
        number: usize,
        call: &Call,
        request: &Request<'_>,
        now: Timestamp,
        callouts: &mut Vec<Callout>,
    ) {
        loop {
            let Some(Part::UnderWay(under_way)) = self.part(number) else { return };
            let total = under_way.answers.len();
            let done = under_way.answers.iter().filter(|answer| answer.is_some()).count();
            let open = under_way.made.saturating_sub(done);
            let item = under_way.made;
            let may = call.at_once().is_none_or(|at_once| open < at_once);
            if item >= total || !may {
                return;
            }
            let made = self.callout(call, under_way, item, request, now);
            let Some(Part::UnderWay(under_way)) = self.parts.get_mut(number) else { return };
            under_way.made = under_way.made.saturating_add(1);
            match made {
                Ok(Some(callout)) => {
                    callouts.push(callout);
                    self.made.push(Made { call: number, item, at: now });
                }
                Ok(None) => self.replace(number, Part::Skipped),
                Err(failure) => {
                    self.measure(number, Some(failure), 0, request.host());
                    let unusable = Unusable { failure, status: None, told: None };
                    self.came(number, item, Err(unusable));
                }
            }
        }
    }

    /// The call to make; none where what it needs comes from a call that was not made.
    fn callout(
        &self,
        call: &Call,
        under_way: &UnderWay,
        item: usize,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<Option<Callout>, Failure> {
        let left = self.deadline.0.saturating_sub(now.0);
        if left == 0 {
            return Err(Failure::TimedOut);
        }
        let items = match call.at_once() {
            Some(_) => under_way.items.get(item..=item).unwrap_or_default(),
            None => under_way.items.as_slice(),
        };
        let last = Last::default();
        let known = self.known(call, items, &last);
        let inputs = Inputs {
            request,
            sources: Sources { own: Some(&known), ..self.facts(request) },
            known,
            body: self.body.as_ref(),
            rule_passed: &self.composition.passed,
            rule_headers: &self.composition.headers,
        };
        match call.callout(&inputs, Duration::from_nanos(left)) {
            Ok(callout) => Ok(Some(callout)),
            Err(Unmade::Missing(Origin::Answer(need))) if self.is_skipped(need) => Ok(None),
            Err(unmade) => Err(unmade.into()),
        }
    }

    fn known<'a>(&'a self, call: &'a Call, items: &'a [Vec<u8>], last: &'a Last) -> Known<'a> {
        let body = self.body.as_ref().and_then(|body| body.document.as_ref());
        Known { facts: &call.facts, parts: &self.parts, body, items, last }
    }

    fn is_skipped(&self, number: usize) -> bool {
        matches!(self.part(number), Some(Part::Skipped))
    }

    /// What the templates of every filter can name.
    pub(crate) fn facts<'a>(&'a self, request: &'a Request<'a>) -> Sources<'a> {
        Sources { request: Some(request), captures: Some(&self.captures), ..Sources::default() }
    }

    fn part(&self, number: usize) -> Option<&Part> {
        self.parts.get(number)
    }

    fn failed(&self, call: &Call, failure: Failure) -> Part {
        let default = call.default(&self.composition);
        Part::Failed(Failed { failure, status: None, default, told: None })
    }

    /// A part that has come to its end, or is under way, before any call: what failed is counted.
    fn set(&mut self, number: usize, part: Part, host: &dyn Host) {
        if let Part::Failed(failed) = &part {
            self.measure(number, Some(failed.failure), 0, host);
        }
        self.replace(number, part);
    }

    fn replace(&mut self, number: usize, part: Part) {
        if let Some(place) = self.parts.get_mut(number) {
            *place = part;
        }
    }

    fn measure(&self, call: usize, failure: Option<Failure>, nanoseconds: u64, host: &dyn Host) {
        let meters = self.composition.meters.get().and_then(|meters| meters.get(call));
        let Some(meters) = meters else { return };
        let outcome = failure.map_or(OUTCOMES.len().saturating_sub(1), Failure::outcome);
        if let Some(counter) = meters.outcomes.get(outcome) {
            host.add(*counter, 1);
        }
        if nanoseconds > 0 {
            host.record(meters.milliseconds, nanoseconds.div_ceil(1_000_000));
        }
    }
}

impl Composition {
    /// The most bytes that a document may grow to on the way.
    pub(crate) fn most(&self) -> usize {
        self.max_size.saturating_mul(4)
    }
}

impl Call {
    fn passes_client_errors(&self) -> bool {
        matches!(self.fate, Fate::Required { passes_client_errors: true })
    }

    /// What stands in for its answer.
    pub(crate) fn default(&self, composition: &Composition) -> Option<RefCell<Document>> {
        match &self.fate {
            Fate::Optional(Some(json)) => {
                Document::read(json.clone(), composition.most()).ok().map(RefCell::new)
            }
            _ => None,
        }
    }

    /// How many calls of it may be under way, where it is made for each item.
    fn at_once(&self) -> Option<usize> {
        match self.each.as_ref()?.how {
            How::One { at_once } => Some(at_once),
            How::All => None,
        }
    }

    fn calls_for(&self, items: usize) -> usize {
        if self.at_once().is_some() { items } else { 1 }
    }
}
