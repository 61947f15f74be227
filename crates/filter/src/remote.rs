//! What a filter needs and does not have in its configuration: fetched through an Envoy cluster, off the request path, and
//! kept while it is good.
//!
//! All workers share what came. Two values in the shared store belong to a source: the body as it came, and the
//! turn, small, which each worker reads at each tick: who may fetch now, when somebody last did, and how many
//! bodies have been stored, so that the body itself is read only when there is a new one. Whoever takes the turn
//! fetches, and stores what is good. Nothing else changes what is in use but its age.
//!
//! A filter that has a [`Remote`] ticks every [`TICK`] and hands on what comes: [`Remote::prepare`], [`Remote::tick`] and
//! [`Remote::answered`] are called where a [`Filter`](crate::Filter) has methods of such names.

mod fetch;
mod kept;
mod source;
mod stored;
mod turn;
mod waiting;

pub use fetch::{Fetch, Limits};
pub use source::{Lead, Location, Source};
pub use waiting::{Awaits, SEATS, Waiting, WaitingRoom};

use crate::{Answer, CallId, Callout, Outside, Remark, SetError, Store, Timestamp};
use kept::Kept;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use stored::Stored;
use turn::Turn;

/// How long a worker may be behind another that has something new.
pub const TICK: Duration = Duration::from_millis(100);

/// What is counted of each kind, in the order of the filter's own names for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Something came and is used, be it what was there before.
    Fetched,
    /// No answer, or one of another status than 200.
    FetchFailed,
    /// An answer that is not what was asked for, or too large.
    Refused,
    /// What was in use became too old.
    Dropped,
}

/// What is fetched.
pub struct Kind<T> {
    /// Whose it is: [`Filter::NAME`](crate::Filter::NAME).
    pub filter: &'static str,
    /// The names of the shared values: the body, by which operators hear of it too, and the turn.
    pub names: [&'static str; 2],
    /// The number of its first [`Event`] among those of the filter.
    pub first_event: usize,
    /// Makes of a body what is used.
    pub read: Reader<T>,
}

/// Reads a body, or says why it cannot be used.
pub type Reader<T> = Box<dyn Fn(&[u8]) -> Result<T, String>>;

/// A fetch that came to nothing: how that is counted, and why it did.
type Failure = (Event, String);

/// Something that is fetched, as one worker knows it.
pub struct Remote<T> {
    source: Source,
    first_event: usize,
    turn_key: Vec<u8>,
    kept: Kept<T>,
    /// As read at the last tick.
    turn: Cell<Turn>,
    /// The call that this worker made.
    calling: Cell<Option<Calling>>,
    /// Whether a request of this worker asked for something newer.
    is_wanted: Cell<bool>,
    /// What operators are told.
    remark: Remark,
    /// What that is about: `keys from auth/jwks.json`.
    what: String,
}

/// A call that has no answer yet.
#[derive(Clone, Copy)]
struct Calling {
    call: CallId,
    /// Whom it was made as.
    holder: u64,
    /// Whether the answer is to be the document that leads on, and the thing itself is the next call.
    is_for_document: bool,
}

impl<T> Remote<T> {
    /// Something of this kind, that comes from there.
    pub fn new(source: Source, kind: Kind<T>) -> Self {
        // The store outlives this configuration and this module: the number is that of the values' format.
        let key = |name: &str| format!("{}/2/{name}\n{}", kind.filter, source.name()).into_bytes();
        let [body, turn] = kind.names.map(key);
        let [what, _] = kind.names;
        Self {
            remark: Remark::default(),
            what: format!("{what} from the cluster `{}`, {}", source.cluster, source.location.path),
            first_event: kind.first_event,
            turn_key: turn,
            kept: Kept::new(body, kind.read, source.fetch.max_age),
            turn: Cell::new(Turn::default()),
            calling: Cell::new(None),
            is_wanted: Cell::new(false),
            source,
        }
    }

    /// Makes the shared values, and reads what is in them already: a worker that starts late need not wait.
    /// Whether they are there.
    pub fn prepare<H: Store + ?Sized>(&self, host: &H) -> bool {
        let made = host.create(&self.kept.key, &Stored::default().to_bytes());
        // The turn is made last: whoever finds one finds a body.
        if made.and_then(|()| host.create(&self.turn_key, &Turn::default().to_bytes())).is_err() {
            return false;
        }
        if let Ok(Some((value, _))) = host.get(&self.turn_key) {
            // What cannot be read is told with the next one, or by whoever fetches it.
            let _ = self.follow(Turn::from_bytes(&value), host);
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

    /// Whether a fetch that began then or later has ended, well or not. One that was under way already may
    /// have been answered before the key was published.
    pub fn was_fetched_since(&self, then: Timestamp, now: Timestamp) -> bool {
        let turn = self.turn.get();
        turn.started >= then && !self.is_held(turn, now)
    }

    /// How long a request may wait.
    pub fn patience(&self) -> Duration {
        self.source.patience()
    }

    /// Whether an answer may come before `deadline`.
    pub fn may_change_before(&self, deadline: Timestamp, now: Timestamp) -> bool {
        let turn = self.turn.get();
        self.is_held(turn, now) || has_passed(turn.started, self.pause(turn), deadline)
    }

    /// Follows the other workers, and fetches where it is time and nobody else does.
    pub fn tick(&self, outside: &dyn Outside) {
        let Ok(stored) = outside.get(&self.turn_key) else {
            let reason =
                "shared data cannot be read: is `proxy_get_shared_data` among the allowed capabilities?";
            return self.remark.failed(&self.what, reason, outside);
        };
        let Some((value, version)) = stored else {
            if !self.prepare(outside) {
                self.remark.failed(&self.what, CANNOT_WRITE, outside);
            }
            return;
        };
        let turn = Turn::from_bytes(&value);
        if let Err(reason) = self.follow(turn, outside) {
            self.count(Event::Refused, outside);
            self.remark.failed(&self.what, &reason, outside);
        }
        let now = outside.now();
        if self.kept.drop_old(now) {
            self.count(Event::Dropped, outside);
        }
        if self.is_held(turn, now) || !self.is_due(turn, now) {
            return;
        }
        // One writer goes on from each version: it names the holder as no other is named.
        let holder = u64::from(version.0);
        let taken = Turn { holder, held_until: now.after(self.lease()), started: now, ..turn };
        match outside.set(&self.turn_key, &taken.to_bytes(), Some(version)) {
            Ok(()) => {}
            // Another worker was faster.
            Err(SetError::Conflict) => return,
            Err(SetError::Failed) => return self.remark.failed(&self.what, CANNOT_WRITE, outside),
        }
        if self.calling.take().is_some() {
            let reason = "the last call was never answered: is `proxy_on_http_call_response` among the allowed capabilities?";
            self.remark.failed(&self.what, reason, outside);
        }
        self.turn.set(taken);
        self.is_wanted.set(false);
        let is_for_document = self.source.lead.is_some();
        // The tag is that of the thing itself.
        let tag = if is_for_document { None } else { self.kept.tag() };
        self.call(&self.source.first(tag), holder, is_for_document, outside);
    }

    /// Takes the answer to a fetch. Whether it was this source's.
    pub fn answered(&self, call: CallId, answer: &Answer, outside: &dyn Outside) -> bool {
        let Some(calling) = self.calling.get().filter(|calling| calling.call == call) else {
            return false;
        };
        self.calling.set(None);
        let Calling { holder, is_for_document, .. } = calling;
        let failed = match &self.source.lead {
            Some(lead) if is_for_document => self.body(answer).and_then(|document| {
                let location = (lead.locate)(document).map_err(|reason| (Event::Refused, reason))?;
                self.call(&self.source.led_to(lead, &location), holder, false, outside);
                Ok(())
            }),
            // Only whoever has a tag asks in a way that is answered so.
            None if answer.status() == Some(304) && self.kept.tag().is_some() => {
                self.confirm(holder, outside);
                Ok(())
            }
            _ => self.body(answer).and_then(|body| {
                let value = self.kept.read(body).map_err(|reason| (Event::Refused, reason))?;
                self.share(value, Stored::new(answer.headers.first("etag"), body), holder, outside);
                Ok(())
            }),
        };
        if let Err(failure) = failed {
            self.fail(failure, holder, outside);
        }
        true
    }

    fn call(&self, callout: &Callout, holder: u64, is_for_document: bool, outside: &dyn Outside) {
        match outside.call(callout) {
            Ok(call) => self.calling.set(Some(Calling { call, holder, is_for_document })),
            Err(refused) => {
                let reason = format!("cluster `{}`: {refused}", callout.cluster);
                self.fail((Event::FetchFailed, reason), holder, outside);
            }
        }
    }

    /// The body of an answer that has one to go on with.
    fn body<'a>(&self, answer: &'a Answer) -> Result<&'a [u8], Failure> {
        if let Some(reason) = answer.failure() {
            return Err((Event::FetchFailed, reason));
        }
        let most = self.source.fetch.max_size;
        if answer.truncated || answer.body.len() > most {
            return Err((Event::Refused, format!("the answer is larger than {most} bytes (`max_size`)")));
        }
        Ok(&answer.body)
    }

    /// Uses what came, and stores it for the other workers.
    fn share(&self, value: T, came: Stored, holder: u64, outside: &dyn Outside) {
        let now = outside.now();
        let is_stored = Cell::new(false);
        let ended = self.end(holder, outside, |turn| {
            // The body goes first: whoever sees the new number finds the new body.
            let is_known = self.kept.is_known(&came, turn.bodies);
            is_stored.set(is_known || outside.set(&self.kept.key, &came.to_bytes(), None).is_ok());
            if is_stored.get() {
                turn.bodies = if is_known { turn.bodies } else { turn.bodies.wrapping_add(1) };
                turn.fetched_at = now;
                turn.failures = 0;
            }
        });
        let number = ended.filter(|_| is_stored.get()).map(|turn| turn.bodies);
        // It has been read, so there is no fault to come of it.
        let _ = self.kept.adopt(came, number, now, |_| Ok(value));
        self.succeed(outside);
    }

    /// What is in use is the latest: it is only younger.
    fn confirm(&self, holder: u64, outside: &dyn Outside) {
        let now = outside.now();
        self.kept.is_from(now);
        self.end(holder, outside, |turn| {
            if self.kept.is_of(turn.bodies) {
                turn.fetched_at = now;
                turn.failures = 0;
            }
        });
        self.succeed(outside);
    }

    fn succeed(&self, outside: &dyn Outside) {
        self.count(Event::Fetched, outside);
        self.remark.succeeded(&self.what, outside);
    }

    /// Ends a fetch that came to nothing. Where the last body stays, the next try tells whether it still does.
    fn fail(&self, (event, reason): Failure, holder: u64, outside: &dyn Outside) {
        self.count(event, outside);
        self.remark.failed(&self.what, &reason, outside);
        self.end(holder, outside, |turn| turn.failures = turn.failures.saturating_add(1));
    }

    /// Gives the turn back, unless another worker has it by now: then this one was too slow.
    fn end<S: Store + ?Sized>(&self, holder: u64, store: &S, change: impl Fn(&mut Turn)) -> Option<Turn> {
        for _ in 0..ATTEMPTS {
            let (value, version) = store.get(&self.turn_key).ok()??;
            let mut turn = Turn::from_bytes(&value);
            if turn.holder != holder {
                return None;
            }
            turn.held_until = Timestamp::default();
            turn.holder = 0;
            turn.ended = turn.ended.wrapping_add(1);
            change(&mut turn);
            match store.set(&self.turn_key, &turn.to_bytes(), Some(version)) {
                Ok(()) => {
                    self.turn.set(turn);
                    return Some(turn);
                }
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return None,
            }
        }
        None
    }

    fn follow<S: Store + ?Sized>(&self, turn: Turn, store: &S) -> Result<(), String> {
        let last = self.turn.replace(turn);
        if turn.ended != last.ended {
            self.is_wanted.set(false);
        }
        self.kept.follow(turn, last, store)
    }

    fn count(&self, event: Event, outside: &dyn Outside) {
        outside.count(self.first_event.saturating_add(event as usize));
    }

    /// Whether somebody fetches. A lease that ends later than any could is of another clock.
    fn is_held(&self, turn: Turn, now: Timestamp) -> bool {
        now < turn.held_until && turn.held_until <= now.after(self.lease())
    }

    /// Whether it is time to fetch, and enough time since the last fetch.
    fn is_due(&self, turn: Turn, now: Timestamp) -> bool {
        let is_due = match self.kept.fetched_at() {
            None => true,
            Some(fetched_at) => {
                self.is_wanted.get() || has_passed(fetched_at, self.source.fetch.refresh, now)
            }
        };
        is_due && has_passed(turn.started, self.pause(turn), now)
    }

    /// The least time from the start of the last fetch to the next. Where there is nothing to go on with it
    /// starts small, and grows to the same.
    fn pause(&self, turn: Turn) -> Duration {
        if self.kept.fetched_at().is_some() {
            return self.source.fetch.retry;
        }
        let doublings = u32::try_from(turn.failures.min(16)).unwrap_or_default();
        FIRST_PAUSE.saturating_mul(1 << doublings).min(self.source.fetch.retry)
    }

    /// Longer than any fetch takes.
    fn lease(&self) -> Duration {
        self.source.patience().saturating_add(Duration::from_secs(1))
    }
}

const CANNOT_WRITE: &str =
    "shared data cannot be written: is `proxy_set_shared_data` among the allowed capabilities?";

/// The first pause after a failure that left nothing to go on with.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Nobody else writes the turn while it is held, but for one who found the lease expired.
const ATTEMPTS: u32 = 8;

/// Whether `wait` has passed since `then`. A time in the future is of a clock that has been corrected since: it
/// holds nobody up.
fn has_passed(then: Timestamp, wait: Duration, now: Timestamp) -> bool {
    now < then || now >= then.after(wait)
}
