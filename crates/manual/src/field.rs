//! A field in a table, and the paths by which it is asked for.

use std::fmt;

/// A row of a table.
#[derive(Debug)]
pub struct Field {
    /// The document.
    pub document: &'static str,
    /// The heading above the table.
    pub section: String,
    /// As the table names it; some rows are about several fields.
    pub names: Vec<String>,
    /// The same as paths.
    pub paths: Vec<Path>,
    /// What it may be, in Markdown; empty where the table does not say.
    pub kind: String,
    /// What it is where it is left out, in Markdown; empty where the table does not say.
    pub default: String,
    /// What it is for, in Markdown.
    pub meaning: String,
}

/// A path without what tells items of lists apart: `rules[0].match` is `rules`, `match`.
#[derive(Debug, PartialEq, Eq)]
pub struct Path(Vec<String>);

impl Path {
    /// A path as a fault has it, or the end of one.
    pub fn read(text: &str) -> Self {
        let without_items = |part: &str| part.split('[').next().unwrap_or_default().to_owned();
        Self(text.split('.').map(without_items).filter(|part| !part.is_empty()).collect())
    }

    /// Whether it has no parts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of the field itself.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Whether its last parts are the other path.
    pub fn ends_with(&self, end: &Self) -> bool {
        self.before(end).is_some()
    }

    /// The parts before the last ones, where these are the other path.
    fn before(&self, end: &Self) -> Option<&[String]> {
        self.0.strip_suffix(end.0.as_slice())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Field {
    /// How well it fits a path; `None` where it does not. Tables name fields from the top, or from
    /// where their section is.
    pub fn fits(&self, asked: &Path) -> Option<usize> {
        let fit = |path: &Path| {
            let (shared, left) = match (asked.before(path), path.before(asked)) {
                (Some([]), _) => return Some(1000),
                (Some(around), _) => (path.0.len(), around),
                (None, Some(_)) => (asked.0.len(), &[][..]),
                (None, None) => return None,
            };
            // A table below “Keys” is of what is asked for as `rules.key.host`.
            let is_of_section = left.last().is_some_and(|part| singular(part) == self.topic());
            Some(shared.saturating_mul(10).saturating_add(if is_of_section { 5 } else { 0 }))
        };
        self.paths.iter().filter_map(fit).max()
    }

    /// Whether the path is one of the field itself, rather than of what it is in.
    pub fn is_named(&self, path: &Path) -> bool {
        self.paths.iter().any(|own| own.last() == path.last() && path.ends_with(own))
    }

    /// Whether it is a field of the other one.
    pub fn is_below(&self, other: &Self) -> bool {
        let below = |path: &Path| {
            let (_, around) = path.0.split_last()?;
            let is_below = |other: &Path| !around.is_empty() && other.0.ends_with(around);
            other.paths.iter().any(is_below).then_some(())
        };
        self.paths.iter().any(|path| below(path).is_some())
    }

    /// Its names as they are listed.
    pub fn shown(&self) -> Vec<String> {
        self.names.clone()
    }

    fn topic(&self) -> String {
        singular(&self.section.to_lowercase()).to_owned()
    }
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}
