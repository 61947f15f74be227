//! Why a text cannot be read.

use std::fmt;

use super::Position;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is, if that is known.
    pub position: Option<Position>,
    /// What it is.
    pub what: String,
}

impl Fault {
    pub(crate) fn at(position: Position, what: impl Into<String>) -> Self {
        Self { position: Some(position), what: what.into() }
    }

    /// What serde_json says: with ` at line 3 column 7` at its end where it knows.
    pub(crate) fn of_json(said: &str) -> Self {
        let place = said.rsplit_once(" at line ").and_then(|(what, place)| {
            let (line, column) = place.split_once(" column ")?;
            let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
            Some(Self::at(Position { line, column: column.max(1) }, what))
        });
        place.unwrap_or_else(|| Self { position: None, what: said.to_owned() })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, .. }) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for Fault {}
