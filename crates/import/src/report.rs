//! What became of the parts of a file that are not in the new one as they were.

use std::fmt;

use serde_json::{Value, json};

/// What was told while a file was carried over, in the order of its lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    entries: Vec<Entry>,
}

/// One part of the file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The line in the file, from 1.
    pub line: usize,
    /// What it is of, such as ``route `orders`: acl``.
    pub subject: String,
    /// What became of it.
    pub fate: Fate,
    /// Why, and what to do.
    pub reason: String,
}

/// What became of a part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// What it guards is answered by the gateway and does not reach the upstream.
    Closed,
    /// It guards less than it did: `accept_weaker` has named it.
    Weaker,
    /// It is not in the new file. It guarded nothing.
    Lost,
    /// It is in the new file, and does not do quite the same. What it guards is guarded no less.
    Differs,
}

impl Fate {
    /// How lines call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Weaker => "weaker",
            Self::Lost => "not carried over",
            Self::Differs => "differs",
        }
    }
}

impl Report {
    /// All entries, in the order of the file's lines.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether everything is in the new file, be it by other means.
    pub fn is_whole(&self) -> bool {
        self.entries.iter().all(|entry| entry.fate == Fate::Differs)
    }

    /// The report as JSON, for programs.
    pub fn json(&self) -> Value {
        let entries = self.entries.iter().map(|entry| {
            json!({"line": entry.line, "subject": entry.subject, "fate": entry.fate.word(),
                "reason": entry.reason})
        });
        json!({"whole": self.is_whole(), "entries": entries.collect::<Vec<_>>()})
    }

    pub(crate) fn add(
        &mut self,
        fate: Fate,
        line: usize,
        subject: impl Into<String>,
        reason: impl Into<String>,
    ) {
        let entry = Entry { line, subject: subject.into(), fate, reason: reason.into() };
        // A plugin of a service is looked at once for each of its routes.
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
    }

    pub(crate) fn sort(&mut self) {
        self.entries.sort();
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}: {}", self.line, self.fate.word(), self.subject, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_as_long_as_nothing_is_lost_or_weaker() {
        for (fate, is_whole) in [
            (Fate::Differs, true),
            (Fate::Lost, false),
            (Fate::Weaker, false),
            (Fate::Closed, false),
        ] {
            let mut report = Report::default();
            report.add(fate, 7, "route `a`: acl", "because");
            report.add(fate, 7, "route `a`: acl", "because");
            assert_eq!(report.is_whole(), is_whole, "{fate:?}");
            assert_eq!(report.json()["whole"], is_whole, "{fate:?}");
            assert_eq!(report.entries().len(), 1, "{fate:?}: said once");
            let line = format!("7: {}: route `a`: acl: because", fate.word());
            assert_eq!(report.entries()[0].to_string(), line);
        }
    }
}
