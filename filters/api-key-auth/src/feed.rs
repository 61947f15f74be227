//! A list of consumers that is polled through an Envoy cluster, off the request path.

use crate::consumer::Consumers;
use crate::waiting::{Waiting, WaitingRoom};
use gatehouse_filter::config::{self, ConfigError, Node};
use gatehouse_filter::{Answer, CallId, Callout, Meter, Outside, Remark, Timestamp};
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
    pub(crate) refresh: Duration,
    /// How old it is used no more; `None` for however old.
    pub(crate) max_age: Option<Duration>,
    /// How long an answer may take, and a request may wait for the first one.
    pub(crate) timeout: Duration,
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A list came, or word that the one in use is the latest.
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
pub(crate) struct Feed {
    source: Source,
    /// Whether keyed digests can be used.
    has_secret: bool,
    /// The last good one.
    list: RefCell<Option<InUse>>,
    under_way: Cell<Option<CallId>>,
    next: Cell<Timestamp>,
    waiting_room: WaitingRoom,
    /// What operators are told.
    remark: Remark,
    /// What that is about.
    what: String,
}

struct InUse {
    list: Rc<Consumers>,
    /// When it came, or was last confirmed.
    since: Timestamp,
    /// What the server calls it (RFC 9110 §8.8.3).
    tag: Option<String>,
}

impl Feed {
    pub(crate) fn new(source: Source, has_secret: bool) -> Self {
        Self {
            what: format!("consumers from the cluster `{}`, {}", source.cluster, source.path),
            source,
            has_secret,
            list: RefCell::default(),
            under_way: Cell::default(),
            next: Cell::default(),
            waiting_room: WaitingRoom::default(),
            remark: Remark::default(),
        }
    }

    /// The last good list; `None` before there was one, and when it is too old.
    pub(crate) fn list(&self, now: Timestamp) -> Option<Rc<Consumers>> {
        let in_use = self.list.borrow();
        let in_use = in_use.as_ref()?;
        let is_too_old = |max_age: Duration| now >= in_use.since.after(max_age);
        (!self.source.max_age.is_some_and(is_too_old)).then(|| Rc::clone(&in_use.list))
    }

    /// Whether a request may wait for a list, or go on to wait: for so long, and with not too many others.
    pub(crate) fn may_wait(&self, place: &mut Option<Waiting>, now: Timestamp) -> bool {
        self.waiting_room.may_wait(place, self.source.timeout, now)
    }

    /// Asks for the list when it is time.
    pub(crate) fn poll(&self, outside: &dyn Outside) {
        let (now, next) = (outside.now(), self.next.get());
        // A clock that was set back must not stop the polling.
        let is_due = now >= next || next > now.after(self.source.refresh);
        if self.under_way.get().is_some() || !is_due {
            return;
        }
        self.next.set(now.after(self.source.refresh));
        match outside.call(&self.callout()) {
            Ok(id) => self.under_way.set(Some(id)),
            Err(refused) => self.failed(Event::FetchFailed, &refused.to_string(), outside),
        }
    }

    fn callout(&self) -> Callout {
        let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
        let in_use = self.list.borrow();
        let tag = in_use.as_ref().and_then(|in_use| in_use.tag.clone());
        headers.extend(tag.map(|tag| ("if-none-match".to_owned(), tag)));
        Callout {
            cluster: self.source.cluster.clone(),
            method: "GET",
            authority: self.source.authority.clone(),
            path: self.source.path.clone(),
            headers,
            body: Vec::new(),
            timeout: self.source.timeout,
        }
    }

    /// Takes the answer, where it is the one to its question.
    pub(crate) fn answered(&self, call: CallId, answer: &Answer, outside: &dyn Outside) {
        if self.under_way.get() != Some(call) {
            return;
        }
        self.under_way.set(None);
        // Only whoever has a tag asks in a way that is answered so.
        if answer.status() == Some(304)
            && let Some(in_use) = self.list.borrow_mut().as_mut().filter(|in_use| in_use.tag.is_some())
        {
            in_use.since = outside.now();
            return self.succeeded(outside);
        }
        if let Some(reason) = answer.failure() {
            return self.failed(Event::FetchFailed, &reason, outside);
        }
        match self.read(answer) {
            Ok(list) => {
                let in_use = InUse { list: Rc::new(list), since: outside.now(), tag: tag(answer) };
                self.list.replace(Some(in_use));
                self.succeeded(outside);
            }
            Err(reason) => self.failed(Event::Refused, &reason, outside),
        }
    }

    /// All of the list or nothing: a consumer that is left out would be refused without anybody knowing why. A
    /// list of nobody is one: whoever withdraws the last key means it.
    fn read(&self, answer: &Answer) -> Result<Consumers, String> {
        let listed = |node: Node<'_>| match node.value().as_array() {
            Some(list) if list.is_empty() => Some(Consumers::default()),
            _ => Consumers::read(node, self.has_secret),
        };
        let consumers = |node: Node<'_>| {
            let mut fields = node.fields()?;
            let consumers = fields.required("consumers", listed);
            fields.finish();
            consumers
        };
        if answer.truncated {
            return Err(format!("the list is larger than {MOST} bytes"));
        }
        config::read(&answer.body, consumers).map_err(|faults| {
            let faults: Vec<String> = faults.iter().take(3).map(ConfigError::to_string).collect();
            format!("the list is not taken: {}", faults.join("; "))
        })
    }

    fn succeeded(&self, outside: &dyn Outside) {
        Event::Fetched.count(outside);
        self.remark.succeeded(&self.what, outside);
    }

    fn failed(&self, event: Event, reason: &str, outside: &dyn Outside) {
        event.count(outside);
        self.remark.failed(&self.what, reason, outside);
        self.next.set(outside.now().after(self.source.refresh.min(RETRY)));
    }
}

/// The tag of an answer, if it has one that can be sent back: `"…"` or `W/"…"`, without spaces and controls.
fn tag(answer: &Answer) -> Option<String> {
    let tag = answer.headers.first("etag")?;
    let is_tag = tag.ends_with(b"\"") && tag.iter().all(u8::is_ascii_graphic);
    is_tag.then(|| String::from_utf8(tag.to_vec()).ok()).flatten()
}

/// How soon after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(5);
