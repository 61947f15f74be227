//! Requests that are held until what they are judged by has been fetched.

use crate::Refusal;
use crate::remote::Remote;
use gatehouse_filter::Timestamp;
use std::cell::Cell;
use std::rc::Rc;

/// How many requests of a worker wait.
#[derive(Clone, Default)]
pub(crate) struct WaitingRoom {
    seats: Rc<Cell<usize>>,
}

/// A request's place; given up when it is dropped, as when the client goes away.
pub struct Waiting {
    seats: Rc<Cell<usize>>,
    awaited: Awaited,
    /// Until when the request waits at most.
    deadline: Timestamp,
    /// When it came.
    since: Timestamp,
}

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Awaited {
    /// The keys of the provider at this position.
    Keys(usize),
    Revocations,
}

impl WaitingRoom {
    /// Lets a request wait, unless that is in vain: then it is refused.
    ///
    /// `place` is the request's between the times that it is asked about.
    pub(crate) fn wait<T>(
        &self,
        place: &mut Option<Waiting>,
        awaited: Awaited,
        remote: &Remote<T>,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        // A request may wait for one thing after the other.
        place.take_if(|waiting| waiting.awaited != awaited);
        let Some(waiting) = place else {
            let deadline = now.after(remote.patience());
            remote.want();
            // A storm of made-up keys must not fill the memory, nor wait for a fetch that may not begin yet.
            if !remote.may_change_before(deadline, now) || self.seats.get() >= SEATS {
                return Err(refusal);
            }
            *place = Some(self.seat(awaited, deadline, now));
            return Ok(());
        };
        // Where the clock steps back the deadline is far off; no fetch takes longer than a request may wait.
        let is_over = now >= waiting.deadline || waiting.deadline > now.after(remote.patience());
        let is_answered = refusal == Refusal::KeyUnknown
            && (remote.was_fetched_since(waiting.since, now)
                || !remote.may_change_before(waiting.deadline, now));
        if is_over || is_answered {
            return Err(refusal);
        }
        // A fetch that was under way when it came may have ended without the key: it still wants one.
        remote.want();
        Ok(())
    }

    fn seat(&self, awaited: Awaited, deadline: Timestamp, since: Timestamp) -> Waiting {
        self.seats.set(self.seats.get().saturating_add(1));
        Waiting { seats: Rc::clone(&self.seats), awaited, deadline, since }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.seats.set(self.seats.get().saturating_sub(1));
    }
}

/// The most requests of a worker that wait.
pub(crate) const SEATS: usize = 256;
