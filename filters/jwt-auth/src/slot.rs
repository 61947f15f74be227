//! What a held request waits for.

use gatehouse_filter::{CallId, Until, fetched};

/// A request's slot while it waits for what has to be fetched.
pub type Slot = fetched::Slot<Awaited>;

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// The keys of the provider at this position.
    Keys(usize),
    /// The list of revocations.
    Revocations,
    /// The list of consumers.
    Consumers,
    /// The answer to this call, about a token.
    Answer(CallId),
}

impl Awaited {
    /// When the request is to be asked about again.
    pub(crate) fn until(self) -> Until {
        match self {
            Self::Keys(_) | Self::Revocations | Self::Consumers => Until::Fetched,
            Self::Answer(call) => Until::Answered(call),
        }
    }
}
