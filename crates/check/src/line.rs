//! What is said of a file.

use std::fmt;

use gatehouse_config_file::Position;

/// One thing to say of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What the file is called.
    pub file: String,
    /// Where in it the thing is, where it is at one place.
    pub position: Option<Position>,
    /// What it is about.
    pub level: Level,
    /// What is said.
    pub text: String,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A filter that is good, or one that is not ours.
    Good,
    /// What may guard nothing.
    Warning,
    /// What is refused, or can never work.
    Fault,
}

impl Line {
    pub(super) fn new(file: &str, position: Option<Position>, level: Level, text: String) -> Self {
        Self { file: file.to_owned(), position, level, text }
    }

    /// Whether it is of what is refused, or can never work.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.level == Level::Fault
    }
}

/// `envoy.yaml:57:33: filter jwt-auth: …`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        let warning = if self.level == Level::Warning { "warning: " } else { "" };
        write!(f, ": {warning}{}", self.text)
    }
}
