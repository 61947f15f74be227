use std::sync::atomic::{AtomicU64, Ordering};

/// What was asked of a service.
#[derive(Debug, Default)]
pub struct Stats {
    calls: AtomicU64,
    hits: AtomicU64,
    failures: AtomicU64,
}

impl Stats {
    /// The calls.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The hits that were let pass.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// The calls that Redis could not answer.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn called(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn passed(&self, hits: u64) {
        self.hits.fetch_add(hits, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}
