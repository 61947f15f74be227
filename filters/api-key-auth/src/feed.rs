//! A list of consumers that is polled through an Envoy cluster, off the request path.

use crate::consumer::Consumers;
use gatehouse_filter::config::{self, Node};
use gatehouse_filter::{Answer, CallId, Callout, Meter, Outside, Timestamp};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// How often the clock is looked at: what a first request may wait longer than the answer takes.
pub(crate) const TICK: Duration = Duration::from_millis(500);

/// The most bytes of a list: some twenty thousand consumers.
pub(crate) const MOST: usize = 4 * 1024 * 1024;

/// Where the list comes from.
#[derive(Debug)]
pub(crate) struct Source {
    /// An Envoy cluster.
    pub(crate) cluster: String,
    pub(crate) authority: String,
    pub(crate) path: String,
    /// How often it is asked for.
    pub(crate) every: Duration,
    /// How long an answer may take, and a request may wait for the first one.
    pub(crate) timeout: Duration,
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A list came, and is used.
    Fetched,
    /// No answer, or one of another status than 200: the list in use stays.
    FetchFailed,
    /// An answer that is no list, or too large: the list in use stays.
    Refused,
}

impl Event {
    /// Every name, in the order of the variants.
    pub(crate) const NAMES: [&str; 3] = ["consumers_fetched", "consumers_fetch_failed", "consumers_refused"];

    fn count(self, meter: &dyn Outside) {
        Meter::count(meter, crate::FIRST_FEED_EVENT.saturating_add(self as usize));
    }
}

/// The list as one worker knows it.
#[derive(Debug)]
pub(crate) struct Feed {
    source: Source,
    /// Whether keyed digests can be used.
    has_secret: bool,
    /// The last good one.
    list: RefCell<Option<Rc<Consumers>>>,
    under_way: Cell<Option<CallId>>,
    next: Cell<Timestamp>,
}

impl Feed {
    pub(crate) fn new(source: Source, has_secret: bool) -> Self {
        Self {
            source,
            has_secret,
            list: RefCell::default(),
            under_way: Cell::default(),
            next: Cell::default(),
        }
    }

    /// The last good list; `None` before there was one.
    pub(crate) fn list(&self) -> Option<Rc<Consumers>> {
        self.list.borrow().clone()
    }

    /// Until when a request that began to wait now waits.
    pub(crate) fn deadline(&self, now: Timestamp) -> Timestamp {
        later(now, self.source.timeout)
    }

    /// Whether the deadline has passed. A clock that was set back by more than the wait passes it too.
    pub(crate) fn is_over(&self, deadline: Timestamp, now: Timestamp) -> bool {
        now >= deadline || deadline > self.deadline(now)
    }

    /// Asks for the list when it is time.
    pub(crate) fn poll(&self, outside: &dyn Outside) {
        let (now, next) = (outside.now(), self.next.get());
        // A clock that was set back must not stop the polling.
        let is_due = now >= next || next > later(now, self.source.every);
        if self.under_way.get().is_some() || !is_due {
            return;
        }
        self.next.set(later(now, self.source.every));
        let callout = Callout {
            cluster: self.source.cluster.clone(),
            method: "GET",
            authority: self.source.authority.clone(),
            path: self.source.path.clone(),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: Vec::new(),
            timeout: self.source.timeout,
        };
        match outside.call(&callout) {
            Ok(id) => self.under_way.set(Some(id)),
            Err(_) => self.failed(Event::FetchFailed, outside),
        }
    }

    /// Takes the answer, where it is the one to its question.
    pub(crate) fn answered(&self, call: CallId, answer: &Answer, outside: &dyn Outside) {
        if self.under_way.get() != Some(call) {
            return;
        }
        self.under_way.set(None);
        if answer.status() != Some(200) {
            return self.failed(Event::FetchFailed, outside);
        }
        match self.read(answer) {
            Some(list) => {
                self.list.replace(Some(Rc::new(list)));
                Event::Fetched.count(outside);
            }
            None => self.failed(Event::Refused, outside),
        }
    }

    /// All of the list or nothing: a consumer that is left out would be refused without anybody knowing why.
    fn read(&self, answer: &Answer) -> Option<Consumers> {
        let consumers = |node: Node<'_>| {
            let mut fields = node.fields()?;
            let consumers = fields.required("consumers", |node| Consumers::read(node, self.has_secret));
            fields.finish();
            consumers
        };
        if answer.truncated {
            return None;
        }
        config::read(&answer.body, consumers).ok()
    }

    fn failed(&self, event: Event, outside: &dyn Outside) {
        event.count(outside);
        self.next.set(later(outside.now(), self.source.every.min(RETRY)));
    }
}

/// How soon after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(5);

fn later(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp(time.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
}
