//! Whose something fetched is, for its counters and its lines in the log.

use crate::{Counter, Meter};

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
}
