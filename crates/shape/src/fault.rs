//! Why a document could not be changed.

use gatehouse_json::{CaseError, Overgrown};

/// Why a document could not be changed as the configuration says. What was changed before is in
/// it: it is not to be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Two members of one object would have the same name.
    NameConflict,
    /// It would become longer than it was allowed to when it was read.
    Overgrown,
    /// Something is in the way of a path that is written to.
    Misfit,
    /// A value of the document cannot be the value of a header field.
    HeaderInvalid,
}

impl From<CaseError> for Fault {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::Twice => Self::NameConflict,
            CaseError::Overgrown => Self::Overgrown,
        }
    }
}

impl From<Overgrown> for Fault {
    fn from(_: Overgrown) -> Self {
        Self::Overgrown
    }
}
