//! A file on its way: what the user wants, and what is told of it.

use std::collections::BTreeSet;

use crate::options::{Fate as Told, Options as Table};
use crate::report::{Fate, Report};
use crate::source::{Kind, Node, Read};

/// What the user wants of the new file.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder in which Envoy finds the modules.
    pub modules: String,
    /// The guards that may guard less, or nothing, where they cannot be carried over: names of
    /// plugins of Kong, or of `extra_config` of KrakenD.
    pub accept_weaker: BTreeSet<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { modules: "/etc/gatehouse/filters".to_owned(), accept_weaker: BTreeSet::new() }
    }
}

/// A file on its way.
pub(crate) struct Carrying<'a> {
    pub(crate) options: &'a Options,
    pub(crate) report: Report,
}

impl Carrying<'_> {
    pub(crate) fn lost(&mut self, line: usize, subject: &str, reason: impl Into<String>) {
        self.report.add(Fate::Lost, line, subject, reason);
    }

    pub(crate) fn differs(&mut self, line: usize, subject: &str, reason: impl Into<String>) {
        self.report.add(Fate::Differs, line, subject, reason);
    }

    /// Something is closed that the user cannot have open.
    pub(crate) fn closed(&mut self, line: usize, subject: &str, reason: impl Into<String>) {
        self.report.add(Fate::Closed, line, subject, reason);
    }

    /// A guard that cannot be carried over. Whether what it guards has to be closed.
    pub(crate) fn cannot_guard(
        &mut self,
        line: usize,
        subject: &str,
        name: &str,
        reason: impl Into<String>,
    ) -> bool {
        let reason = reason.into();
        if self.options.accept_weaker.contains(name) {
            self.report.add(Fate::Weaker, line, subject, reason);
            return false;
        }
        let reason = format!("{reason}; `--accept-weaker {name}` goes without it");
        self.report.add(Fate::Closed, line, subject, reason);
        true
    }

    /// Tells of every option in the block that is not carried over, by the table that the
    /// documentation shows. Whether what the block guards has to be closed.
    pub(crate) fn judge(
        &mut self,
        block: &Node,
        table: &Table,
        subject: &str,
        name: &str,
    ) -> Read<bool> {
        let mut closes = false;
        for member in block.members() {
            let (option, value) = (member.name.as_str(), &member.value);
            if value.is_null() || option.starts_with('_') || option.starts_with('@') {
                continue;
            }
            let of = format!("{subject}.{option}");
            match table.find(option) {
                None if table.is_guard => {
                    let why = "is an option that is not known here";
                    closes |= self.cannot_guard(value.line, &of, name, why);
                }
                None => self.lost(value.line, &of, "is an option that is not known here"),
                Some(row) => match row.fate {
                    Told::Carried | Told::Nothing => {}
                    Told::Lost(usual) | Told::Guards(usual) if is_usual(value, usual) => {}
                    Told::Lost(_) => self.lost(value.line, &of, row.ours),
                    Told::Guards(_) => {
                        closes |= self.cannot_guard(value.line, &of, name, row.ours);
                    }
                },
            }
        }
        Ok(closes)
    }
}

/// Whether an option says what holds without it: exported files say all of them.
fn is_usual(value: &Node, usual: &str) -> bool {
    match &value.kind {
        Kind::List(items) => items.is_empty(),
        Kind::Mapping(members) => members.iter().all(|member| {
            member.value.is_null() || member.value.members().is_empty() && usual == "{…}"
        }),
        Kind::Word(text) | Kind::Text(text) => text == usual,
    }
}
