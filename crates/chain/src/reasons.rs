//! Why requests were decided as they were, in the log.

use crate::Proxy;
use gatehouse_filter::{LinesAMinute, Timestamp};

/// One filter's lines in one worker.
#[derive(Debug)]
pub(crate) struct Reasons(LinesAMinute);

impl Default for Reasons {
    fn default() -> Self {
        Self(LinesAMinute::new(MOST))
    }
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
        self.0.tell(now, |line| proxy.info(&format!("{filter}: {line}")), "reasons", line);
    }
}

/// So many lines are told in a minute.
const MOST: u64 = 10;
