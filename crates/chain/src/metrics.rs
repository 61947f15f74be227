//! The counters of one filter.

use crate::note::escaped;
use crate::{MetricKind, Proxy};
use gatehouse_filter::{Codes, CountedRule, Counter, Filter};

/// The host's numbers of a filter's counters; `None` where the host defined none.
#[derive(Default, Debug)]
pub(crate) struct Metrics {
    codes: Vec<Option<u32>>,
    events: Vec<Option<u32>>,
    /// All events of the first rule, then those of the second.
    of_rules: Vec<Option<u32>>,
    events_of_a_rule: usize,
}

impl Metrics {
    /// Defines all counters of a filter.
    ///
    /// The proxy-wasm ABI has no labels: they are parts of the name, and `stats_config.stats_tags`
    /// takes them out again.
    pub(crate) fn define<F: Filter>(filter: &F, proxy: &dyn Proxy) -> Self {
        let name = &metric_name::<F>();
        let mode = filter.mode().name();
        let counter = |name: &str, labels: &[(&str, &str)]| {
            proxy.define(MetricKind::Counter, &labelled(name, labels))
        };
        let code = |code: &F::Code| {
            let labels = [("filter", name.as_str()), ("code", code.name()), ("mode", mode)];
            counter("gatehouse_decisions_total", &labels)
        };
        let event =
            |event: &F::Event| counter(EVENTS, &[("filter", name), ("event", event.name())]);
        let of_rule = |CountedRule { name: rule, mode }: &CountedRule| {
            let event = |event: &F::RuleEvent| {
                let labels = [
                    ("filter", name.as_str()),
                    ("rule", rule),
                    ("event", event.name()),
                    ("mode", mode.name()),
                ];
                counter("gatehouse_rule_events_total", &labels)
            };
            F::RuleEvent::ALL.iter().map(event).collect::<Vec<_>>()
        };
        Self {
            codes: F::Code::ALL.iter().filter(|_| F::TELLS).map(code).collect(),
            events: F::Event::ALL.iter().map(event).collect(),
            of_rules: filter.counted_rules().iter().flat_map(of_rule).collect(),
            events_of_a_rule: F::RuleEvent::ALL.len(),
        }
    }

    /// Counts a decision, by the index of its code.
    pub(crate) fn decided(&self, code: usize, proxy: &dyn Proxy) {
        if let Some(Some(metric)) = self.codes.get(code) {
            proxy.add(*metric, 1);
        }
    }

    /// The host's number of a counter.
    pub(crate) fn number(&self, counter: Counter) -> Option<u32> {
        match counter {
            Counter::Event(event) => self.events.get(event).copied().flatten(),
            Counter::OfRule { rule, event } => {
                let index = rule.saturating_mul(self.events_of_a_rule).saturating_add(event);
                self.of_rules.get(index).copied().flatten()
            }
            Counter::Defined(number) => number,
        }
    }
}

/// The counters of what filters do beside deciding.
pub(crate) const EVENTS: &str = "gatehouse_events_total";

/// A metric's name with its labels in it: `name.filter=jwt_auth;.code=allowed;`. Values may be
/// names that somebody gave: what would end one is percent-encoded.
pub(crate) fn labelled(name: &str, labels: &[(&str, &str)]) -> String {
    let mut full = name.to_owned();
    for (label, value) in labels {
        full.extend([".", label, "="]);
        full.extend(value.bytes().flat_map(escaped).map(char::from));
        full.push(';');
    }
    full
}

/// The filter's name in metrics, codes and filter state: `jwt_auth`.
pub(crate) fn metric_name<F: Filter>() -> String {
    F::NAME.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_s_value_cannot_end_it() {
        for (value, want) in [
            ("demo", "n.provider=demo;"),
            ("https://a.example/x", "n.provider=https://a.example/x;"),
            ("a b;.code=x;", "n.provider=a%20b%3B.code=x%3B;"),
            ("é\"%\\\n", "n.provider=%C3%A9%22%25%5C%0A;"),
        ] {
            assert_eq!(labelled("n", &[("provider", value)]), want);
        }
    }
}
