//! Why requests were decided as they were, in the log.

use crate::Proxy;
use gatehouse_filter::Timestamp;
use std::cell::Cell;

/// One filter's lines in one worker: so many a minute, however many requests a stranger sends, and
/// then how many there would have been.
#[derive(Default, Debug)]
pub(crate) struct Reasons {
    minute: Cell<u64>,
    told: Cell<u64>,
    untold: Cell<u64>,
}

impl Reasons {
    /// Tells a reason, unless there were enough in this minute.
    pub(crate) fn tell(
        &self,
        filter: &str,
        now: Timestamp,
        proxy: &dyn Proxy,
        line: impl FnOnce() -> String,
    ) {
        let minute = now.seconds() / 60;
        if self.minute.replace(minute) != minute {
            self.told.set(0);
            let untold = self.untold.take();
            if untold > 0 {
                proxy.info(&format!("{filter}: {untold} reasons more were not told"));
            }
        }
        if self.told.get() >= MOST {
            return self.untold.set(self.untold.get().saturating_add(1));
        }
        self.told.set(self.told.get().saturating_add(1));
        proxy.info(&format!("{filter}: {}", line()));
    }
}

/// So many lines are told in a minute.
const MOST: u64 = 10;
