use crate::{Callouts, LinesAMinute, printable};
use std::cell::RefCell;

/// What operators are told of work that the filter does for itself, such as fetching: once when it
/// begins to fail, again whenever the reason is another, and once when it succeeds again; and of all
/// that, ten lines a minute at most, for a peer may change its mind as often as a stranger asks.
#[derive(Debug)]
pub struct OperatorLog {
    /// The last reason, while it fails.
    reason: RefCell<Option<String>>,
    lines: LinesAMinute,
}

impl Default for OperatorLog {
    fn default() -> Self {
        Self { reason: RefCell::default(), lines: LinesAMinute::new(MOST_LINES) }
    }
}

impl OperatorLog {
    /// It failed: `what` is the work, `reason` may hold what a peer said.
    pub fn failed(&self, what: &str, reason: &str, callouts: &dyn Callouts) {
        let reason = printable(reason, MOST);
        let mut last = self.reason.borrow_mut();
        if last.as_ref() != Some(&reason) {
            self.tell(what, &reason, callouts);
            *last = Some(reason);
        }
    }

    /// It succeeded.
    pub fn succeeded(&self, what: &str, callouts: &dyn Callouts) {
        if self.reason.take().is_some() {
            self.tell(what, "recovered", callouts);
        }
    }

    fn tell(&self, what: &str, says: &str, callouts: &dyn Callouts) {
        let warn = |line: String| callouts.warn(&line);
        let line = || format!("{what}: {says}");
        self.lines.tell(callouts.now(), warn, &format!("lines about {what}"), line);
    }
}

/// The most lines in a minute.
const MOST_LINES: u64 = 10;

/// The most characters of a reason.
const MOST: usize = 300;
