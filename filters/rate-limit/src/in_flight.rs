//! How many requests of a client are under way at once.
//!
//! A client's slot has lanes: each worker counts in one of its own, so that it can say again what it
//! has there, and a time until which that is good. A VM that has trapped says nothing again, so what
//! it held comes back by itself.

mod lane;

use crate::amount::Amount;
use crate::bucket::Evicted;
use crate::key::Digest;
use crate::layout::{Gauge, Layout};
use crate::table::{Table, Unavailable};
use gatehouse_filter::{Answer, CallId, Callouts, Host, Polled, StoreError};
use lane::{LANES, Lane, Lanes};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The requests under way of all clients of a rule, as far as this VM has let them in, and where all
/// VMs count them.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// How many a client may have.
    pub(crate) most: Amount,
    table: Rc<Table>,
    lane: Cell<Option<Lane>>,
    held: RefCell<BTreeMap<Digest, Held>>,
    /// When the timer last did anything, in nanoseconds since 1970.
    ticked: Cell<u64>,
}

/// Requests of one client that this VM has let in.
#[derive(Clone, Copy, Debug)]
struct Held {
    requests: u32,
    /// When that was last said, in nanoseconds since 1970.
    told: u64,
}

/// One request that is under way. Whoever has it gives it back.
#[derive(Debug)]
pub(crate) struct Entered {
    of: Rc<InFlight>,
    client: Digest,
}

/// What a client is told by.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It is one more.
    Entered(Entered, Option<Evicted>),
    /// There are as many as there may be.
    Full,
}

const SECOND: u64 = 1_000_000_000;

/// How long what a worker has said is good: long enough that one that is held up is not taken for
/// one that is no more.
const LEASE: u64 = 20 * SECOND;

/// How often it says it again.
const RENEWAL: u64 = 4 * SECOND;

impl InFlight {
    /// How a table lays its slots out, in which clients have up to so many.
    pub(crate) fn layout(most: &Amount) -> Layout {
        Layout::new(vec![Gauge::Count { arrivals: LANES, full: most.most() }])
    }

    pub(crate) fn new(most: Amount, table: Rc<Table>) -> Self {
        Self {
            most,
            table,
            lane: Cell::default(),
            held: RefCell::default(),
            ticked: Cell::default(),
        }
    }

    /// Makes what is shared beside the table.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn make(&self, host: &dyn Host) -> Result<(), StoreError> {
        lane::make(&self.table.beside(LANES_KEY), host)
    }

    /// Lets one more request of the client in, where there are fewer than `most`.
    ///
    /// # Errors
    /// [`Unavailable`]; then it is not in.
    pub(crate) fn enter(
        self: &Rc<Self>,
        client: &Digest,
        most: u32,
        host: &dyn Host,
    ) -> Result<Entry, Unavailable> {
        let now = host.now().0;
        let lane = self.lane(host, now)?;
        let mine = self.requests(client);
        let (is_in, stored) = self.table.update(host, client, now, |stored| {
            let mut lanes = Lanes::read(stored, now, LEASE);
            lane.says(&mut lanes, mine, now.saturating_add(LEASE));
            if lanes.requests() >= u64::from(most) {
                return (false, None);
            }
            lane.adds(&mut lanes, now.saturating_add(LEASE));
            (true, Some(lanes.arrivals()))
        })?;
        if !is_in {
            return Ok(Entry::Full);
        }
        let held = Held { requests: mine.saturating_add(1), told: now };
        self.held.borrow_mut().insert(*client, held);
        Ok(Entry::Entered(Entered { of: Rc::clone(self), client: *client }, stored.evicted))
    }

    fn leave(&self, client: &Digest, host: &dyn Host) {
        let now = host.now().0;
        let mine = self.requests(client).saturating_sub(1);
        match mine {
            0 => self.held.borrow_mut().remove(client),
            requests => self.held.borrow_mut().insert(*client, Held { requests, told: now }),
        };
        let Some(lane) = self.lane.get() else { return };
        // Where that fails, it is said with the next request of the client, or ends by itself.
        let _ = self.table.update(host, client, now, |stored| {
            let before = Lanes::read(stored, now, LEASE);
            let mut lanes = before.clone();
            lane.takes(&mut lanes, now.saturating_add(LEASE));
            lane.says(&mut lanes, mine, now.saturating_add(LEASE));
            ((), (lanes != before).then(|| lanes.arrivals()))
        });
    }

    fn requests(&self, client: &Digest) -> u32 {
        self.held.borrow().get(client).map_or(0, |held| held.requests)
    }

    /// Says again what has not been said for a while.
    fn renew(&self, host: &dyn Host) {
        if self.held.borrow().is_empty() {
            return;
        }
        let now = host.now().0;
        if is_fresh(self.ticked.get(), now, SECOND) {
            return;
        }
        self.ticked.set(now);
        let Ok(lane) = self.lane(host, now) else { return };
        let due: Vec<(Digest, u32)> = {
            let held = self.held.borrow();
            let due = held.iter().filter(|(_, held)| !is_fresh(held.told, now, RENEWAL));
            due.map(|(client, held)| (*client, held.requests)).collect()
        };
        for (client, requests) in due {
            let told = self.table.update(host, &client, now, |stored| {
                let mut lanes = Lanes::read(stored, now, LEASE);
                lane.says_at_least(&mut lanes, requests, now.saturating_add(LEASE));
                ((), Some(lanes.arrivals()))
            });
            if let (Ok(_), Some(held)) = (told, self.held.borrow_mut().get_mut(&client)) {
                held.told = now;
            }
        }
    }

    /// The lane of this VM. It is claimed when it is first needed, and again where that may have
    /// ended meanwhile.
    fn lane(&self, host: &dyn Host, now: u64) -> Result<Lane, Unavailable> {
        // What is in the lane that all may have is taken out of it again.
        let stays = |lane: &Lane| lane.is_shared() && !self.held.borrow().is_empty();
        if let Some(lane) = self.lane.get()
            && (is_fresh(lane.claimed, now, RENEWAL) || stays(&lane))
        {
            return Ok(lane);
        }
        let key = self.table.beside(LANES_KEY);
        let lane = lane::claim(&key, self.lane.get(), LEASE.saturating_mul(2), host, now)?;
        self.lane.set(Some(lane));
        Ok(lane)
    }
}

impl Entered {
    /// The request is no more.
    pub(crate) fn leave(self, host: &dyn Host) {
        self.of.leave(&self.client, host);
    }
}

/// What is renewed by the timer.
impl Polled for InFlight {
    fn prepare(&self, host: &dyn Host) -> bool {
        self.make(host).is_ok()
    }

    fn tick(&self, callouts: &dyn Callouts) {
        let host: &dyn Host = callouts;
        self.renew(host);
    }

    fn answered(&self, _: CallId, _: &Answer, _: &dyn Callouts) -> bool {
        false
    }

    /// It only counts anew, tick by tick.
    fn makes_calls(&self) -> bool {
        false
    }
}

const LANES_KEY: &str = "lanes";

/// Whether something was done less than so long ago. What was done later than now is of a clock that
/// was set back since.
fn is_fresh(done: u64, now: u64, length: u64) -> bool {
    done <= now && now < done.saturating_add(length)
}

#[cfg(test)]
mod tests;
