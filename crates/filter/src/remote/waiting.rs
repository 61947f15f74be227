use super::Remote;
use crate::Timestamp;
use std::cell::Cell;
use std::rc::Rc;

/// The requests of a worker that are held until what they are judged by has been fetched.
#[derive(Clone, Default)]
pub struct WaitingRoom {
    seats: Rc<Cell<usize>>,
}

/// A request's place; given up when it is dropped, as when the client goes away. `A` tells what the request waits for
/// from whatever else it may wait for.
pub struct Waiting<A> {
    seats: Rc<Cell<usize>>,
    awaited: A,
    /// Until when the request waits at most.
    deadline: Timestamp,
    /// When it came.
    since: Timestamp,
}

/// What ends the waiting, beside the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaits {
    /// Anything that can be used.
    Any,
    /// Something newer than what is in use: what a fetch brings that began after the request came.
    Newer,
}

impl WaitingRoom {
    /// Whether a request may wait, or go on to wait; where that is in vain it may not.
    ///
    /// `place` is the request's between the times that it is asked about.
    pub fn may_wait<T, A: PartialEq>(
        &self,
        place: &mut Option<Waiting<A>>,
        awaited: A,
        remote: &Remote<T>,
        awaits: Awaits,
        now: Timestamp,
    ) -> bool {
        // A request may wait for one thing after the other.
        place.take_if(|waiting| waiting.awaited != awaited);
        let Some(waiting) = place else {
            let deadline = now.after(remote.patience());
            remote.want();
            // A storm of requests must not fill the memory, nor wait for a fetch that may not begin yet.
            if !remote.may_change_before(deadline, now) || self.seats.get() >= SEATS {
                return false;
            }
            *place = Some(self.seat(awaited, deadline, now));
            return true;
        };
        // Where the clock steps back the deadline is far off; no fetch takes longer than a request may wait.
        let is_over = now >= waiting.deadline || waiting.deadline > now.after(remote.patience());
        let is_answered = awaits == Awaits::Newer
            && (remote.was_fetched_since(waiting.since, now)
                || !remote.may_change_before(waiting.deadline, now));
        if is_over || is_answered {
            return false;
        }
        // A fetch that was under way when it came may have ended without what it needs: it still wants one.
        remote.want();
        true
    }

    fn seat<A>(&self, awaited: A, deadline: Timestamp, since: Timestamp) -> Waiting<A> {
        self.seats.set(self.seats.get().saturating_add(1));
        Waiting { seats: Rc::clone(&self.seats), awaited, deadline, since }
    }
}

impl<A> Drop for Waiting<A> {
    fn drop(&mut self) {
        self.seats.set(self.seats.get().saturating_sub(1));
    }
}

/// The most requests of a worker that wait.
pub const SEATS: usize = 256;
