//! Whose something fetched is, for its counters and its lines in the log.

use crate::{Counter, Gauge, Meter};

/// Whose something is that a filter has fetched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// The filter's, which has one of the kind: its counters of what becomes of it, in the order of
    /// [`Event`](super::Event).
    Filter([Counter; 4]),
    /// That of one of several: `provider`, `demo`. Operators are told the name, and it is a label
    /// of counters of these events.
    One {
        /// What it is one of.
        of: &'static str,
        /// Which one.
        name: String,
        /// What is counted, in the order of [`Event`](super::Event).
        events: [&'static str; 4],
    },
}

impl Whose {
    /// For a line in a log: ` of the provider `demo``.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Filter(_) => String::new(),
            Self::One { of, name, .. } => format!(" of the {of} `{name}`"),
        }
    }

    pub(super) fn counters<H: Meter + ?Sized>(&self, host: &H) -> [Counter; 4] {
        match self {
            Self::Filter(counters) => *counters,
            Self::One { of, name, events } => {
                events.map(|event| host.define_event(event, (of, name)))
            }
        }
    }

    /// The gauge of when something came last: seconds since 1970, so that its age is one
    /// subtraction, and right although nobody writes it while nothing comes.
    pub(super) fn came_at<H: Meter + ?Sized>(&self, filter: &str, what: &str, host: &H) -> Gauge {
        let (filter, event) = (filter.replace('-', "_"), format!("{what}_fetched"));
        let mut labels = vec![("filter", filter.as_str()), ("event", event.as_str())];
        if let Self::One { of, name, .. } = self {
            labels.push((of, name));
        }
        host.define_gauge("gatehouse_event_timestamp_seconds", &labels)
    }
}
