//! What a command comes to.

/// What a command has to say, and how it ends.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub text: String,
    /// For standard error: what it comes to in one line.
    pub summary: Option<String>,
    /// How it ends.
    pub outcome: Outcome,
}

/// How a command ends. One that cannot do what it was asked for gives an error instead, and ends
/// with 2, as does one that was asked wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was asked for.
    Good,
    /// It did, and found faults.
    Faults,
    /// It could not read all that it was asked to.
    Unreadable,
}

impl Outcome {
    /// What a shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Faults => 1,
            Self::Unreadable => 2,
        }
    }
}

impl Answer {
    /// A text that is all there is to say.
    #[must_use]
    pub fn good(text: impl Into<String>) -> Self {
        Self { text: text.into(), summary: None, outcome: Outcome::Good }
    }
}
