//! What a filter needs and does not have in its configuration: fetched through an Envoy cluster,
//! off the request path, and kept while it is good.
//!
//! All workers share what came. Two values in the shared store belong to a source: the body as it
//! came, and the lease, small, which each worker reads at each tick: who may fetch now, when
//! somebody last did, and how many bodies have been stored, so that the body itself is read only
//! when there is a new one. Whoever takes the lease fetches, and stores what is good. Nothing else
//! changes what is in use but its age.
//!
//! A filter that has some says so in [`Fetches`](crate::Fetches), and the shell does the rest.

mod body;
mod fetch;
mod kept;
mod kind;
mod lease;
mod polled;
mod refresh;
mod schedule;
mod sent;
mod source;
mod stored;
mod waiters;
mod whose;

pub use body::of as body_of;
pub use fetch::{Fetch, Limits};
pub use kept::without_mark;
pub use kind::{Event, Kind, Reader};
pub use polled::Polled;
pub use refresh::Refresh;
pub use sent::Sent;
pub use source::{Lead, Location, Source};
pub use waiters::{Awaits, MAX_WAITERS, Slot, Waiters};
pub use whose::Whose;

use crate::printable;
use crate::{
    Answer, CallId, CallRefused, Callout, Callouts, Counter, Gauge, Meter, OperatorLog, SetError,
    Store, Timestamp,
};
use kept::Kept;
use lease::Lease;
use refresh::Said;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use stored::Stored;

/// How long a worker may be behind another that has something new.
pub const TICK: Duration = Duration::from_millis(100);

/// A fetch that came to nothing: how that is counted, and why it did.
pub type Failure = (Event, String);

/// Something that is fetched, as one worker knows it.
pub struct Fetched<T> {
    source: Source,
    filter: &'static str,
    whose: Whose,
    counters: OnceCell<[Counter; 4]>,
    /// What it is, for the gauge: `keys`.
    plural: &'static str,
    /// Shows when something came last, or was confirmed.
    came_at: OnceCell<Gauge>,
    describe: fn(&T) -> String,
    lease_key: Vec<u8>,
    kept: Kept<T>,
    /// As read at the last tick.
    lease: Cell<Lease>,
    /// The call that this worker made.
    calling: Cell<Option<Calling>>,
    /// What the call asks for, where it is one of two.
    asking: RefCell<String>,
    /// Since when Envoy has known no such cluster.
    unknown_since: Cell<Option<Timestamp>>,
    /// Whether a request of this worker asked for something newer.
    is_wanted: Cell<bool>,
    /// What operators are told.
    operator_log: OperatorLog,
    /// What that is about: `keys of the provider `demo` from the cluster `auth`, /jwks.json`.
    what: String,
}

/// A call that has no answer yet.
#[derive(Clone, Copy)]
struct Calling {
    call: CallId,
    /// Whom it was made as.
    holder: u64,
    /// Whether the answer is to be the document that leads on, and the thing itself is the next
    /// call.
    is_for_document: bool,
}

impl<T> Fetched<T> {
    /// Something of this kind, that comes from there.
    pub fn new(source: Source, kind: Kind<T>) -> Self {
        // The store outlives this configuration and this module: the number is that of the values'
        // format.
        let key = |name: &str| format!("{}/3/{name}\n{}", kind.filter, source.name()).into_bytes();
        let [body, lease] = kind.names.map(key);
        let [what, _] = kind.names;
        Self {
            operator_log: OperatorLog::default(),
            what: format!(
                "{what}{} from the cluster `{}`, {}",
                kind.whose.words(),
                source.cluster,
                source.location.path
            ),
            filter: kind.filter,
            whose: kind.whose,
            counters: OnceCell::new(),
            plural: what,
            came_at: OnceCell::new(),
            describe: kind.describe,
            lease_key: lease,
            kept: Kept::new(body, kind.read, source.fetch.max_age),
            lease: Cell::new(Lease::default()),
            calling: Cell::new(None),
            asking: RefCell::default(),
            unknown_since: Cell::new(None),
            is_wanted: Cell::new(false),
            source,
        }
    }

    /// Makes the metrics and the shared values, and reads what is in them already: a worker that
    /// starts late need not wait. Whether they are there.
    pub fn prepare<H: Store + Meter + ?Sized>(&self, host: &H) -> bool {
        self.counters.get_or_init(|| self.whose.counters(host));
        let came_at =
            *self.came_at.get_or_init(|| self.whose.came_at(self.filter, self.plural, host));
        let made = host.create(&self.kept.key, &Stored::default().to_bytes());
        // The lease is made last: whoever finds one finds a body.
        if made.and_then(|()| host.create(&self.lease_key, &Lease::default().to_bytes())).is_err() {
            return false;
        }
        if let Ok(Some((value, _))) = host.get(&self.lease_key) {
            // What cannot be read is told with the next one, or by whoever fetches it.
            let _ = self.follow(Lease::from_bytes(&value), host);
        }
        if let Some(time) = self.kept.fetched_at() {
            host.set_gauge(came_at, time.seconds());
        }
        true
    }

    /// What is in use, while it is not too old.
    pub fn current(&self, now: Timestamp) -> Option<Rc<T>> {
        self.kept.current(now)
    }

    /// Asks for something newer: it is fetched anew as soon as that may be.
    pub fn want(&self) {
        self.is_wanted.set(true);
    }

    /// How long a request may wait.
    pub fn patience(&self) -> Duration {
        self.source.patience()
    }

    /// Follows the other workers, and fetches where it is time and nobody else does.
    pub fn tick(&self, callouts: &dyn Callouts) {
        let Ok(stored) = callouts.get(&self.lease_key) else {
            let reason = "shared data cannot be read: is `proxy_get_shared_data` among the \
                 allowed capabilities?";
            return self.operator_log.failed(&self.what, reason, callouts);
        };
        let Some((value, version)) = stored else {
            if !self.prepare(callouts) {
                self.operator_log.failed(&self.what, CANNOT_WRITE, callouts);
            }
            return;
        };
        let lease = Lease::from_bytes(&value);
        if let Err(reason) = self.follow(lease, callouts) {
            self.count(Event::Refused, callouts);
            self.operator_log.failed(&self.what, &reason, callouts);
        }
        let now = callouts.now();
        if self.kept.drop_old(now) {
            self.count(Event::Dropped, callouts);
        }
        if self.is_held(lease, now) || !self.is_due(lease, now) {
            return;
        }
        // One writer goes on from each version: it names the holder as no other is named.
        let holder = u64::from(version.0);
        let taken =
            Lease { holder, held_until: now.after(self.lease_length()), started: now, ..lease };
        match callouts.set(&self.lease_key, &taken.to_bytes(), Some(version)) {
            Ok(()) => {}
            // Another worker was faster.
            Err(SetError::Conflict) => return,
            Err(SetError::Failed) => {
                return self.operator_log.failed(&self.what, CANNOT_WRITE, callouts);
            }
        }
        if self.calling.take().is_some() {
            let reason = "the last call was never answered: is `proxy_on_http_call_response` among the allowed capabilities?";
            self.operator_log.failed(&self.what, reason, callouts);
        }
        self.lease.set(taken);
        self.is_wanted.set(false);
        let is_for_document = self.source.lead.is_some();
        // The tag is that of the thing itself.
        let tag = if is_for_document { None } else { self.kept.tag() };
        self.call(&self.source.first(tag), holder, is_for_document, callouts);
    }

    /// Takes the answer to a fetch. Whether it was this source's.
    pub fn answered(&self, call: CallId, answer: &Answer, callouts: &dyn Callouts) -> bool {
        let Some(calling) = self.calling.get().filter(|calling| calling.call == call) else {
            return false;
        };
        self.calling.set(None);
        let Calling { holder, is_for_document, .. } = calling;
        let said = Said::of(&answer.headers);
        let failed = match &self.source.lead {
            Some(lead) if is_for_document => {
                body::of(answer, self.source.fetch.max_size).and_then(|document| {
                    let location = (lead.locate)(without_mark(&document))
                        .map_err(|reason| (Event::Refused, reason))?;
                    self.call(&self.source.led_to(lead, &location), holder, false, callouts);
                    Ok(())
                })
            }
            // Only whoever has a tag asks in a way that is answered so.
            None if answer.status() == Some(304) && self.kept.tag().is_some() => {
                self.confirm(said, holder, callouts);
                Ok(())
            }
            _ => body::of(answer, self.source.fetch.max_size).and_then(|body| {
                let value = self.kept.read(&body).map_err(|reason| (Event::Refused, reason))?;
                let came = Stored::new(answer.headers.first("etag"), &body);
                self.share(value, (came, said), holder, callouts);
                Ok(())
            }),
        };
        if let Err((event, reason)) = failed {
            let reason = format!("{}{reason}", self.asking.borrow());
            self.fail((event, reason), holder, callouts);
        }
        true
    }

    fn call(&self, callout: &Callout, holder: u64, is_for_document: bool, callouts: &dyn Callouts) {
        if self.source.lead.is_some() {
            *self.asking.borrow_mut() = format!(
                "{}{} through the cluster `{}`: ",
                callout.authority, callout.path, callout.cluster
            );
        }
        let called = callouts.call(callout);
        if called != Err(CallRefused::BadArgument) {
            self.unknown_since.set(None);
        }
        match called {
            Ok(call) => self.calling.set(Some(Calling { call, holder, is_for_document })),
            Err(CallRefused::BadArgument) if self.may_become_known(callouts.now()) => {
                self.end(holder, callouts, |_| {});
            }
            Err(refused) => {
                let reason = format!("cluster `{}`: {refused}", callout.cluster);
                self.fail((Event::FetchFailed, reason), holder, callouts);
            }
        }
    }

    /// Uses what came, and stores it for the other workers.
    fn share(&self, value: T, (came, said): (Stored, Said), holder: u64, callouts: &dyn Callouts) {
        let now = callouts.now();
        let is_stored = Cell::new(false);
        let ended = self.end(holder, callouts, |lease| {
            // The body goes first: whoever sees the new number finds the new body.
            let is_known = self.kept.is_known(&came, lease.bodies);
            is_stored.set(is_known || callouts.set(&self.kept.key, &came.to_bytes(), None).is_ok());
            if is_stored.get() {
                lease.bodies = if is_known { lease.bodies } else { lease.bodies.wrapping_add(1) };
                lease.fetched_at = now;
                lease.said = said;
                lease.failures = 0;
            }
        });
        let number = ended.filter(|_| is_stored.get()).map(|lease| lease.bodies);
        let before = self.told_in_use();
        // It has been read, so there is no fault to come of it.
        let _ = self.kept.adopt(came, number, now, |_| Ok(value));
        self.succeed(callouts);
        let after = self.told_in_use();
        if before != after {
            let in_use = printable(&after.unwrap_or_default(), MOST_OF_A_DESCRIPTION);
            callouts.info(&format!("{}: now in use: {in_use}", self.what));
        }
    }

    /// What is in use is the latest: it is only younger.
    fn confirm(&self, said: Said, holder: u64, callouts: &dyn Callouts) {
        let now = callouts.now();
        self.kept.is_from(now);
        self.end(holder, callouts, |lease| {
            if self.kept.is_of(lease.bodies) {
                lease.fetched_at = now;
                lease.said = said;
                lease.failures = 0;
            }
        });
        self.succeed(callouts);
    }

    /// What operators are told of what is in use.
    fn told_in_use(&self) -> Option<String> {
        self.kept.in_use().map(|value| (self.describe)(&value))
    }

    fn succeed(&self, callouts: &dyn Callouts) {
        self.count(Event::Fetched, callouts);
        if let Some(came_at) = self.came_at.get() {
            callouts.set_gauge(*came_at, callouts.now().seconds());
        }
        self.operator_log.succeeded(&self.what, callouts);
    }

    /// Ends a fetch that came to nothing. Where the last body stays, the next try tells whether it
    /// still does.
    fn fail(&self, (event, reason): Failure, holder: u64, callouts: &dyn Callouts) {
        self.count(event, callouts);
        self.operator_log.failed(&self.what, &reason, callouts);
        self.end(holder, callouts, |lease| lease.failures = lease.failures.saturating_add(1));
    }

    /// Gives the lease back, unless another worker has it by now: then this one was too slow.
    fn end<S: Store + ?Sized>(
        &self,
        holder: u64,
        store: &S,
        change: impl Fn(&mut Lease),
    ) -> Option<Lease> {
        for _ in 0..ATTEMPTS {
            let (value, version) = store.get(&self.lease_key).ok()??;
            let mut lease = Lease::from_bytes(&value);
            if lease.holder != holder {
                return None;
            }
            lease.held_until = Timestamp::default();
            lease.holder = 0;
            lease.ended = lease.ended.wrapping_add(1);
            change(&mut lease);
            match store.set(&self.lease_key, &lease.to_bytes(), Some(version)) {
                Ok(()) => {
                    self.lease.set(lease);
                    return Some(lease);
                }
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return None,
            }
        }
        None
    }

    fn follow<S: Store + ?Sized>(&self, lease: Lease, store: &S) -> Result<(), String> {
        let last = self.lease.replace(lease);
        if lease.ended != last.ended {
            self.is_wanted.set(false);
        }
        if lease.fetched_at != last.fetched_at {
            self.unknown_since.set(None);
        }
        self.kept.follow(lease, last, store)
    }

    fn count(&self, event: Event, callouts: &dyn Callouts) {
        let counters = self.counters.get();
        if let Some(counter) = counters.and_then(|counters| counters.get(event as usize)) {
            callouts.add(*counter, 1);
        }
    }
}

const CANNOT_WRITE: &str =
    "shared data cannot be written: is `proxy_set_shared_data` among the allowed capabilities?";

/// The most characters that operators are told of what is in use.
const MOST_OF_A_DESCRIPTION: usize = 1000;

/// Nobody else writes the lease while it is held, but for one who found the lease expired.
const ATTEMPTS: u32 = 8;
