//! Lanes: who counts where in a slot.

use crate::gcra::Arrival;
use crate::table::{ATTEMPTS, Unavailable};
use gatehouse_filter::{Host, SetError, Store, StoreError};

/// The lanes of a slot. All but the last are one VM's each.
pub(crate) const LANES: usize = 16;

/// The lane of all VMs for which there is no other.
const SHARED: usize = LANES - 1;

/// The lane of a VM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lane {
    pub(super) number: usize,
    /// Tells its claim from that of another VM.
    owner: u64,
    /// When it was last claimed, in nanoseconds since 1970.
    pub(crate) claimed: u64,
}

/// What is counted in the lanes of a slot, and until when that is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lanes([Arrival; LANES]);

impl Lanes {
    /// From what a slot remembers. What is no longer good is nothing, and what is good for much
    /// longer than anything can be is of a clock that was set back since.
    pub(crate) fn read(mut stored: impl Iterator<Item = Arrival>, now: u64, lease: u64) -> Self {
        let is_good = |lane: &Arrival| holds(lane.nanoseconds, lease, now);
        Self([(); LANES].map(|()| stored.next().filter(is_good).unwrap_or_default()))
    }

    /// How many requests are under way.
    pub(crate) fn requests(&self) -> u64 {
        self.0.iter().map(|lane| u64::from(lane.part)).fold(0, u64::saturating_add)
    }

    /// As the table keeps it.
    pub(crate) fn arrivals(&self) -> [Arrival; LANES] {
        self.0
    }

    fn set(&mut self, number: usize, requests: u32, until: u64) {
        if let Some(lane) = self.0.get_mut(number) {
            let nanoseconds = if requests > 0 { until } else { 0 };
            *lane = Arrival { nanoseconds, part: requests };
        }
    }

    fn of(&self, number: usize) -> u32 {
        self.0.get(number).map_or(0, |lane| lane.part)
    }
}

impl Lane {
    /// Whether it may be that of other VMs, too.
    pub(crate) fn is_shared(self) -> bool {
        self.number == SHARED
    }

    /// Says how many requests this VM has there. In a lane that is its own, whatever was there: a
    /// write may have failed, or a slot been lost.
    pub(crate) fn says(self, lanes: &mut Lanes, requests: u32, until: u64) {
        if !self.is_shared() {
            lanes.set(self.number, requests, until);
        }
    }

    /// Says that again of requests that it has had for a while.
    pub(crate) fn says_at_least(self, lanes: &mut Lanes, requests: u32, until: u64) {
        let there = if self.is_shared() { lanes.of(self.number) } else { 0 };
        lanes.set(self.number, requests.max(there), until);
    }

    /// Adds a request.
    pub(crate) fn adds(self, lanes: &mut Lanes, until: u64) {
        lanes.set(self.number, lanes.of(self.number).saturating_add(1), until);
    }

    /// Takes one away that was added.
    pub(crate) fn takes(self, lanes: &mut Lanes, until: u64) {
        lanes.set(self.number, lanes.of(self.number).saturating_sub(1), until);
    }
}

/// Makes the list of who has which lane.
///
/// # Errors
/// [`StoreError`]
pub(crate) fn make(key: &str, host: &dyn Host) -> Result<(), StoreError> {
    host.create(key.as_bytes(), &[0; LANES * CLAIM])
}

/// Claims the lane that this VM has had for `length` from now on, or another one where it has lost
/// that: one whose owner has not claimed it for as long, or the one that all may have.
///
/// # Errors
/// [`Unavailable`]
pub(crate) fn claim(
    key: &str,
    had: Option<Lane>,
    length: u64,
    host: &dyn Host,
    now: u64,
) -> Result<Lane, Unavailable> {
    let owner = match had {
        Some(lane) => lane.owner,
        None => {
            let mut owner = [0; 8];
            host.fill(&mut owner).map_err(|_| Unavailable::Store)?;
            u64::from_le_bytes(owner)
        }
    };
    let store: &dyn Store = host;
    for _ in 0..ATTEMPTS {
        let (mut list, version) = store.get(key.as_bytes())?.ok_or(Unavailable::Store)?;
        let mut claims = list.chunks_exact_mut(CLAIM).take(SHARED);
        let number = claims.position(|claim| {
            let (until, by) = read(claim);
            // Where it was free for a while, another may have had it meanwhile, and gone.
            by == owner && holds(until, length, now)
        });
        let free = || {
            let mut claims = list.chunks_exact(CLAIM).take(SHARED);
            claims.position(|claim| {
                let (until, _) = read(claim);
                !holds(until, length, now)
            })
        };
        let Some(number) = number.or_else(free) else {
            return Ok(Lane { number: SHARED, owner, claimed: now });
        };
        if let Some(claim) = list.chunks_exact_mut(CLAIM).nth(number) {
            let until = now.saturating_add(length);
            claim.copy_from_slice(&[until.to_le_bytes(), owner.to_le_bytes()].concat());
        }
        match store.set(key.as_bytes(), &list, Some(version)) {
            Ok(()) => return Ok(Lane { number, owner, claimed: now }),
            Err(SetError::Conflict) => {}
            Err(SetError::Failed) => return Err(Unavailable::Store),
        }
    }
    Err(Unavailable::Contended)
}

/// Whether what was said to be good for `length` is so at `now`. Another worker may have said it by
/// a later time than this one reads: workers ask for the time once a callback. Only what is good for
/// twice as long is of a clock that was set back since.
fn holds(until: u64, length: u64, now: u64) -> bool {
    until > now && until <= now.saturating_add(length.saturating_mul(2))
}

/// A claim as it is stored: until when, and by whom.
const CLAIM: usize = 16;

fn read(claim: &[u8]) -> (u64, u64) {
    let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (until, owner) = claim.split_at_checked(8).unwrap_or_default();
    (number(until), number(owner))
}
