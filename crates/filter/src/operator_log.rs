use crate::{Callouts, printable};
use std::cell::RefCell;

/// What operators are told of work that the filter does for itself, such as fetching: once when it
/// begins to fail, again whenever the reason is another, and once when it succeeds again.
#[derive(Debug, Default)]
pub struct OperatorLog {
    /// The last reason, while it fails.
    reason: RefCell<Option<String>>,
}

impl OperatorLog {
    /// It failed: `what` is the work, `reason` may hold what a peer said.
    pub fn failed(&self, what: &str, reason: &str, callouts: &dyn Callouts) {
        let reason = printable(reason, MOST);
        let mut last = self.reason.borrow_mut();
        if last.as_ref() != Some(&reason) {
            callouts.warn(&format!("{what}: {reason}"));
            *last = Some(reason);
        }
    }

    /// It succeeded.
    pub fn succeeded(&self, what: &str, callouts: &dyn Callouts) {
        if self.reason.take().is_some() {
            callouts.warn(&format!("{what}: recovered"));
        }
    }
}

/// The most characters of a reason.
const MOST: usize = 300;
