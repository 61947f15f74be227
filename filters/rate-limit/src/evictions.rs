//! What operators are told of clients that lose their slots before they have paid everything back:
//! whose they are, and never who.

use crate::Event;
use crate::bucket::Evicted;
use crate::counting::OnError;
use crate::policy::{Count, Policy};
use gatehouse_filter::rules::{Rule, Rules};
use gatehouse_filter::{Callouts, Event as _, Meter};
use std::cell::Cell;
use std::rc::Rc;

/// The evictions of one worker.
#[derive(Debug, Default)]
pub(crate) struct Evictions {
    /// How many there were since the last line in the log.
    untold: Cell<u64>,
    /// When that was, in nanoseconds since 1970.
    told: Cell<u64>,
}

/// A flood is told about once in so many nanoseconds.
const PAUSE: u64 = 60_000_000_000;

impl Evictions {
    /// Counts them, in all and under the rules of those who lost their slots.
    pub(crate) fn count(&self, evicted: &[Evicted], rules: &Rules<Rc<Policy>>, meter: &dyn Meter) {
        for one in evicted {
            self.untold.set(self.untold.get().saturating_add(1));
            Event::EvictedLive.count(meter);
            if let Some(rule) = rule_of(one, rules) {
                rule.action.count(Count::EvictedLive, meter);
            }
        }
    }

    /// Says in the log how many there were, and of which rule and limit the last one is.
    pub(crate) fn tell(
        &self,
        evicted: &[Evicted],
        rules: &Rules<Rc<Policy>>,
        callouts: &dyn Callouts,
    ) {
        let Some(last) = evicted.last() else { return };
        let now = callouts.now().0;
        // A line from the future is of a clock that was set back since.
        if (self.told.get()..self.told.get().saturating_add(PAUSE)).contains(&now) {
            return;
        }
        let Some(rule) = rule_of(last, rules) else { return };
        let Some(quota) = rule.action.quotas.get(last.limit) else { return };
        let (rule, limit, used) = (&rule.name, &quota.name, last.used.percent());
        let clients = self.untold.take();
        self.told.set(now);
        callouts.warn(&format!(
            "rate-limit: clients that lost their slots before they had paid back: {clients}; the \
             last was of rule `{rule}` and had used {used} % of limit `{limit}`: raise `keys`"
        ));
    }
}

/// The rule of a client; `None` where it is one of a configuration that this worker has no more.
fn rule_of<'r>(evicted: &Evicted, rules: &'r Rules<Rc<Policy>>) -> Option<&'r Rule<Rc<Policy>>> {
    let has_mark = |policy: &Policy| policy.key.mark() == evicted.rule;
    let is_its = |rule: &&Rule<Rc<Policy>>| {
        let share = rule.action.remote.as_ref().map(|remote| &remote.on_error);
        let shared = matches!(share, Some(OnError::LocalShare(share)) if has_mark(share));
        shared || has_mark(&rule.action)
    };
    rules.iter().find(is_its)
}
