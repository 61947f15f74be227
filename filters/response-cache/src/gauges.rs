//! What operators see of the store: how much is in it, and how much may be.

use crate::total::Total;
use gatehouse_filter::{Gauge, Host};
use std::cell::Cell;

/// The gauges of one configuration.
#[derive(Default)]
pub(crate) struct Gauges {
    bytes: Cell<Gauge>,
    objects: Cell<Gauge>,
}

impl Gauges {
    /// Defines those of the store of this name, and shows its budget, in bytes.
    pub(crate) fn define(&self, store: &str, budget: u64, host: &dyn Host) {
        let gauge = |name| host.define_gauge(name, &[("store", store)]);
        self.bytes.set(gauge("gatehouse_cache_bytes"));
        self.objects.set(gauge("gatehouse_cache_objects"));
        host.set_gauge(gauge("gatehouse_cache_budget_bytes"), budget);
    }

    /// Shows what all objects take.
    pub(crate) fn show(&self, total: Total, host: &dyn Host) {
        host.set_gauge(self.bytes.get(), total.bytes);
        host.set_gauge(self.objects.get(), total.objects);
    }
}
