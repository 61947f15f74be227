//! The access log as the console reads it: line by line, wherever the lines come from.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock;
use crate::traffic::Traffic;

/// Where lines of the access log are handed to a console. Clones are one log.
#[derive(Clone, Default, Debug)]
pub struct AccessLog {
    traffic: Arc<Mutex<Traffic>>,
}

impl AccessLog {
    /// Takes a line in. One that is none of an access log in JSON is counted and forgotten.
    pub fn line(&self, line: &str) {
        self.traffic().line(line, clock::now());
    }

    /// Counts a line that is longer than any should be.
    pub(crate) fn skip(&self) {
        self.traffic().skip();
    }

    pub(crate) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
