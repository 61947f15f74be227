//! An issuer's key set that is fetched through an Envoy cluster, off the request path.
//!
//! Where it is, the configuration says, or the issuer's own document (`discovery`), which is then the first part of
//! each fetch.
//!
//! All workers share it. Two values in the shared store belong to a source: the set as it came, and the
//! [`Turn`], small, which each worker reads at each tick: who may fetch now, when somebody last did, and how many
//! sets have been stored, so that the set itself is read only when there is a new one. Whoever takes the turn
//! fetches, and stores what is good. Nothing else changes the keys in use but their age.

mod discovery;
mod source;
mod stored;
mod turn;

pub(crate) use discovery::Location;
pub(crate) use source::{Discovery, Source};

use crate::{KeySet, KeySetError};
use gatehouse_filter::{Answer, CallId, Callout, Outside, SetError, Store, Timestamp};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use stored::StoredSet;
use turn::Turn;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A key set came and is used.
    Fetched,
    /// No answer, or one of another status than 200.
    FetchFailed,
    /// An answer that is no key set, or not the issuer's document, or too large.
    Refused,
    /// The keys in use became too old.
    Dropped,
}

impl Event {
    /// Every name, in the order of the variants.
    pub(crate) const NAMES: [&str; 4] = ["keys_fetched", "keys_fetch_failed", "keys_refused", "keys_dropped"];
}

/// A key set that is fetched, as one worker knows it.
pub(crate) struct Remote {
    source: Source,
    set_key: Vec<u8>,
    turn_key: Vec<u8>,
    keys: RefCell<Option<InUse>>,
    /// As read at the last tick.
    turn: Cell<Turn>,
    /// Which of the stored sets was read last, by its number.
    seen: Cell<u64>,
    /// The call that this worker made.
    calling: Cell<Option<Calling>>,
    /// Whether a request of this worker asked for a key that is not in the set.
    is_wanted: Cell<bool>,
}

/// A call that has no answer yet.
#[derive(Clone, Copy)]
struct Calling {
    call: CallId,
    /// Whom it was made as.
    holder: u64,
    /// Whether the answer is to be a document, and the keys are the next call.
    is_for_document: bool,
}

/// The keys, and what they were read from.
struct InUse {
    set: StoredSet,
    keys: Rc<KeySet>,
}

impl Remote {
    pub(crate) fn new(source: Source) -> Self {
        // The store outlives this configuration and this module: the number is that of the values' format.
        let key = |value| format!("jwt-auth/1/{value}\n{}", source.name()).into_bytes();
        Self {
            set_key: key("keys"),
            turn_key: key("turn"),
            keys: RefCell::new(None),
            turn: Cell::new(Turn::default()),
            seen: Cell::new(0),
            calling: Cell::new(None),
            is_wanted: Cell::new(false),
            source,
        }
    }

    /// Makes the shared values, and reads what is in them already: a worker that starts late need not wait.
    pub(crate) fn prepare<H: Store + ?Sized>(&self, host: &H) {
        let made = host.create(&self.set_key, &StoredSet::default().to_bytes());
        // The turn is made last: whoever finds one finds a set.
        if made.and_then(|()| host.create(&self.turn_key, &Turn::default().to_bytes())).is_ok()
            && let Ok(Some((value, _))) = host.get(&self.turn_key)
        {
            self.follow(Turn::from_bytes(&value), host);
        }
    }

    /// The keys in use, while they are not too old.
    pub(crate) fn keys(&self, now: Timestamp) -> Option<Rc<KeySet>> {
        let in_use = self.keys.borrow();
        let in_use = in_use.as_ref()?;
        let is_good = now < in_use.set.fetched_at.after(self.source.max_age);
        is_good.then(|| Rc::clone(&in_use.keys))
    }

    /// Asks for a key that is not in the set: it is fetched anew as soon as that may be.
    pub(crate) fn want(&self) {
        self.is_wanted.set(true);
    }

    /// How many fetches have ended, well or not.
    pub(crate) fn ended(&self) -> u64 {
        self.turn.get().ended
    }

    /// How long a request may wait.
    pub(crate) fn patience(&self) -> Duration {
        self.source.patience()
    }

    /// Whether an answer may come before `deadline`.
    pub(crate) fn may_change_before(&self, deadline: Timestamp, now: Timestamp) -> bool {
        let turn = self.turn.get();
        self.is_held(turn, now) || has_passed(turn.started, self.pause(turn), deadline)
    }

    /// Follows the other workers, and fetches where it is time and nobody else does.
    pub(crate) fn tick(&self, outside: &dyn Outside) {
        let Ok(stored) = outside.get(&self.turn_key) else { return };
        let Some((value, version)) = stored else {
            return self.prepare(outside);
        };
        let turn = Turn::from_bytes(&value);
        self.follow(turn, outside);
        let now = outside.now();
        self.drop_old(outside);
        if self.is_held(turn, now) || !self.is_due(turn, now) {
            return;
        }
        // One writer goes on from each version: it names the holder as no other is named.
        let holder = u64::from(version.0);
        let taken = Turn { holder, held_until: now.after(self.lease()), started: now, ..turn };
        if outside.set(&self.turn_key, &taken.to_bytes(), Some(version)).is_err() {
            return;
        }
        self.turn.set(taken);
        self.is_wanted.set(false);
        self.call(&self.source.first_call(), holder, self.source.discovery.is_some(), outside);
    }

    fn call(&self, callout: &Callout, holder: u64, is_for_document: bool, outside: &dyn Outside) {
        match outside.call(callout) {
            Ok(call) => self.calling.set(Some(Calling { call, holder, is_for_document })),
            Err(_) => self.fail(Event::FetchFailed, holder, outside),
        }
    }

    /// Takes the answer to a fetch. Whether it was this source's.
    pub(crate) fn answered(&self, call: CallId, answer: &Answer, outside: &dyn Outside) -> bool {
        let Some(calling) = self.calling.get().filter(|calling| calling.call == call) else {
            return false;
        };
        self.calling.set(None);
        let Calling { holder, is_for_document, .. } = calling;
        let body = self.body(answer);
        let failed = match &self.source.discovery {
            Some(discovery) if is_for_document => body.and_then(|document| {
                let keys = Location::of_keys(document, &discovery.issuer).ok_or(Event::Refused)?;
                self.call(&self.source.second_call(discovery, &keys), holder, false, outside);
                Ok(())
            }),
            _ => body.and_then(|json| {
                let keys = public_keys(json).map_err(|_| Event::Refused)?;
                self.share(keys, json, holder, outside);
                Ok(())
            }),
        };
        if let Err(event) = failed {
            self.fail(event, holder, outside);
        }
        true
    }

    /// Uses keys that came, and stores them for the other workers.
    fn share(&self, keys: KeySet, json: &[u8], holder: u64, outside: &dyn Outside) {
        let set = StoredSet { fetched_at: outside.now(), json: json.to_vec() };
        let stored = set.to_bytes();
        self.adopt(set, |_| Some(keys));
        self.end(holder, outside, |turn| {
            // The set goes first: whoever sees the new number finds the new set.
            if outside.set(&self.set_key, &stored, None).is_ok() {
                turn.sets = turn.sets.wrapping_add(1);
                turn.failures = 0;
            }
        });
        outside.count(Event::Fetched as usize);
    }

    /// Ends a fetch that came to nothing. Where the last set stays, the next try tells whether it still does.
    fn fail(&self, event: Event, holder: u64, outside: &dyn Outside) {
        outside.count(event as usize);
        self.end(holder, outside, |turn| turn.failures = turn.failures.saturating_add(1));
    }

    /// The body of an answer that has one to go on with.
    fn body<'a>(&self, answer: &'a Answer) -> Result<&'a [u8], Event> {
        // A failed connection is a 503 that Envoy made up, one that took too long a 504.
        if answer.status() != Some(200) {
            return Err(Event::FetchFailed);
        }
        if answer.truncated || answer.body.len() > self.source.max_size {
            return Err(Event::Refused);
        }
        Ok(&answer.body)
    }

    /// Gives the turn back, unless another worker has it by now: then this one was too slow.
    fn end<S: Store + ?Sized>(&self, holder: u64, store: &S, change: impl Fn(&mut Turn)) {
        for _ in 0..ATTEMPTS {
            let Ok(Some((value, version))) = store.get(&self.turn_key) else { return };
            let mut turn = Turn::from_bytes(&value);
            if turn.holder != holder {
                return;
            }
            turn.held_until = Timestamp::default();
            turn.holder = 0;
            turn.ended = turn.ended.wrapping_add(1);
            change(&mut turn);
            match store.set(&self.turn_key, &turn.to_bytes(), Some(version)) {
                Ok(()) => return self.turn.set(turn),
                Err(SetError::Conflict) => {}
                Err(SetError::Failed) => return,
            }
        }
    }

    /// Reads the set where another worker stored a new one.
    fn follow<S: Store + ?Sized>(&self, turn: Turn, store: &S) {
        if turn.ended != self.turn.replace(turn).ended {
            self.is_wanted.set(false);
        }
        if turn.sets == self.seen.get() {
            return;
        }
        let Ok(Some((value, _))) = store.get(&self.set_key) else { return };
        self.seen.set(turn.sets);
        let Some(set) = StoredSet::from_bytes(&value) else { return };
        self.adopt(set, |json| public_keys(json).ok());
    }

    /// Uses a set. One that is the same as the last is only younger: tokens that were verified stay so.
    fn adopt(&self, set: StoredSet, keys: impl FnOnce(&[u8]) -> Option<KeySet>) {
        let mut in_use = self.keys.borrow_mut();
        match in_use.as_mut() {
            Some(in_use) if in_use.set.json == set.json => in_use.set.fetched_at = set.fetched_at,
            _ => {
                if let Some(keys) = keys(&set.json) {
                    *in_use = Some(InUse { set, keys: Rc::new(keys) });
                }
            }
        }
    }

    fn drop_old(&self, outside: &dyn Outside) {
        if self.keys.borrow().is_some() && self.keys(outside.now()).is_none() {
            *self.keys.borrow_mut() = None;
            outside.count(Event::Dropped as usize);
        }
    }

    /// Whether somebody fetches. A lease that ends later than any could is of another clock.
    fn is_held(&self, turn: Turn, now: Timestamp) -> bool {
        now < turn.held_until && turn.held_until <= now.after(self.lease())
    }

    /// Whether it is time to fetch, and enough time since the last fetch.
    fn is_due(&self, turn: Turn, now: Timestamp) -> bool {
        let in_use = self.keys.borrow();
        let is_due = match in_use.as_ref() {
            None => true,
            Some(in_use) => {
                self.is_wanted.get() || has_passed(in_use.set.fetched_at, self.source.refresh, now)
            }
        };
        is_due && has_passed(turn.started, self.pause(turn), now)
    }

    /// The least time from the start of the last fetch to the next. Where there are no keys to go on with it
    /// starts small, and grows to the same.
    fn pause(&self, turn: Turn) -> Duration {
        if self.keys.borrow().is_some() {
            return self.source.retry;
        }
        let doublings = u32::try_from(turn.failures.min(16)).unwrap_or_default();
        FIRST_PAUSE.saturating_mul(1 << doublings).min(self.source.retry)
    }

    /// Longer than any fetch takes.
    fn lease(&self) -> Duration {
        self.source.patience().saturating_add(Duration::from_secs(1))
    }
}

/// The first pause after a failure that left nothing to go on with.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Nobody else writes the turn while it is held, but for one who found the lease expired.
const ATTEMPTS: u32 = 8;

/// A set as anybody may read it: a secret in it is none.
fn public_keys(json: &[u8]) -> Result<KeySet, KeySetError> {
    let keys = KeySet::from_json(json)?;
    if keys.is_secret() { Err(KeySetError::Mixed) } else { Ok(keys) }
}

/// Whether `wait` has passed since `then`. A time in the future is of a clock that has been corrected since: it
/// holds nobody up.
fn has_passed(then: Timestamp, wait: Duration, now: Timestamp) -> bool {
    now < then || now >= then.after(wait)
}
