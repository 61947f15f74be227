//! What is measured of calls.

use crate::Aggregate;
use crate::composition::{Composition, Meters};
use crate::failure::OUTCOMES;
use gatehouse_filter::{Filter as _, Host};

impl Composition {
    /// Defines what is measured: as many names as the configuration has calls.
    pub(crate) fn define(&self, host: &dyn Host) {
        self.meters.get_or_init(|| {
            let of_call = |name: &str| {
                let labels = [("filter", Aggregate::NAME), ("rule", &*self.rule), ("call", name)];
                let counter = |outcome: &str| {
                    let [filter, rule, call] = labels;
                    let labels = [filter, rule, call, ("outcome", outcome)];
                    host.define_counter("gatehouse_calls_total", &labels)
                };
                Meters {
                    outcomes: OUTCOMES.map(counter).to_vec(),
                    milliseconds: host.define_histogram("gatehouse_call_milliseconds", &labels),
                }
            };
            self.calls.iter().map(|call| of_call(&call.name)).collect()
        });
    }
}
