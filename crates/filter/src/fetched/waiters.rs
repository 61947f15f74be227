use super::Fetched;
use crate::Timestamp;
use std::cell::Cell;
use std::rc::Rc;

/// The requests of a worker that are held until what they are judged by has been fetched.
#[derive(Clone, Default)]
pub struct Waiters {
    waiters: Rc<Cell<usize>>,
}

/// A request's slot; given up when it is dropped, as when the client goes away. `A` tells what the
/// request waits for from whatever else it may wait for.
pub struct Slot<A> {
    waiters: Rc<Cell<usize>>,
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

impl Waiters {
    /// Whether a request may wait, or go on to wait; where that is in vain it may not.
    ///
    /// `slot` is the request's between the times that it is asked about.
    pub fn may_wait<T, A: PartialEq>(
        &self,
        slot: &mut Option<Slot<A>>,
        awaited: A,
        fetched: &Fetched<T>,
        awaits: Awaits,
        now: Timestamp,
    ) -> bool {
        // A request may wait for one thing after the other.
        slot.take_if(|waiting| waiting.awaited != awaited);
        let Some(waiting) = slot else {
            let deadline = now.after(fetched.patience());
            fetched.want();
            // A storm of requests must not fill the memory, nor wait for a fetch that may not begin
            // yet.
            if !fetched.may_change_before(deadline, now) || self.waiters.get() >= MAX_WAITERS {
                return false;
            }
            *slot = Some(self.slot(awaited, deadline, now));
            return true;
        };
        // Where the clock steps back the deadline is far off; no fetch takes longer than a request
        // may wait.
        let is_over = now >= waiting.deadline || waiting.deadline > now.after(fetched.patience());
        let is_answered = awaits == Awaits::Newer
            && (fetched.was_fetched_since(waiting.since, now)
                || !fetched.may_change_before(waiting.deadline, now));
        if is_over || is_answered {
            return false;
        }
        // A fetch that was under way when it came may have ended without what it needs: it still
        // wants one.
        fetched.want();
        true
    }

    /// Whether a request may wait, or go on to wait, for the answer to a call that others may wait
    /// for too. The answer ends the waiting, and it comes within the call's own timeout.
    pub fn may_wait_for_answer<A: PartialEq>(
        &self,
        slot: &mut Option<Slot<A>>,
        awaited: A,
        now: Timestamp,
    ) -> bool {
        slot.take_if(|waiting| waiting.awaited != awaited);
        if slot.is_none() {
            if self.waiters.get() >= MAX_WAITERS {
                return false;
            }
            *slot = Some(self.slot(awaited, Timestamp(u64::MAX), now));
        }
        true
    }

    fn slot<A>(&self, awaited: A, deadline: Timestamp, since: Timestamp) -> Slot<A> {
        self.waiters.set(self.waiters.get().saturating_add(1));
        Slot { waiters: Rc::clone(&self.waiters), awaited, deadline, since }
    }
}

impl<A> Slot<A> {
    /// What the request waits for.
    pub fn awaited(&self) -> &A {
        &self.awaited
    }
}

impl<A> Drop for Slot<A> {
    fn drop(&mut self) {
        self.waiters.set(self.waiters.get().saturating_sub(1));
    }
}

/// The most requests of a worker that wait.
pub const MAX_WAITERS: usize = 256;
