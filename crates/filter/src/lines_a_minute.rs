//! Lines in the log about single requests, so many a minute.

use crate::Timestamp;
use std::cell::Cell;

/// Lines of one kind in one VM: so many a minute, however many requests a stranger sends, and then
/// how many there would have been.
#[derive(Debug)]
pub struct LinesAMinute {
    most: u64,
    minute: Cell<u64>,
    told: Cell<u64>,
    untold: Cell<u64>,
}

impl LinesAMinute {
    /// So many at most.
    pub fn new(most: u64) -> Self {
        Self { most, minute: Cell::default(), told: Cell::default(), untold: Cell::default() }
    }

    /// Tells a line, unless there were enough in this minute. `what` the lines are is said of those
    /// that were not told.
    pub fn tell(
        &self,
        now: Timestamp,
        tell: impl Fn(String),
        what: &str,
        line: impl FnOnce() -> String,
    ) {
        let minute = now.seconds() / 60;
        if self.minute.replace(minute) != minute {
            self.told.set(0);
            let untold = self.untold.take();
            if untold > 0 {
                tell(format!("{untold} {what} more were not told"));
            }
        }
        if self.told.get() >= self.most {
            return self.untold.set(self.untold.get().saturating_add(1));
        }
        self.told.set(self.told.get().saturating_add(1));
        tell(line());
    }
}
