//! Requests that are held until there is a list of consumers.

use gatehouse_filter::Timestamp;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// How many requests of a worker wait.
#[derive(Clone, Default)]
pub(crate) struct WaitingRoom {
    seats: Rc<Cell<usize>>,
}

/// A request's place; given up when it is dropped, as when the client goes away.
pub struct Waiting {
    seats: Rc<Cell<usize>>,
    /// Until when the request waits at most.
    pub(crate) deadline: Timestamp,
}

impl WaitingRoom {
    /// Whether a request may wait, which takes a place the first time, or go on to wait.
    pub(crate) fn may_wait(&self, place: &mut Option<Waiting>, most: Duration, now: Timestamp) -> bool {
        match place {
            // A clock that was set back by more than the wait ends it too.
            Some(waiting) => now < waiting.deadline && waiting.deadline <= now.after(most),
            None if self.seats.get() >= SEATS => false,
            None => {
                self.seats.set(self.seats.get().saturating_add(1));
                *place = Some(Waiting { seats: Rc::clone(&self.seats), deadline: now.after(most) });
                true
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.seats.set(self.seats.get().saturating_sub(1));
    }
}

/// The most requests of a worker that wait.
pub(crate) const SEATS: usize = 256;
