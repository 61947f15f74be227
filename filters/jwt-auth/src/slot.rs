//! What a held request waits for.

use gatehouse_filter::fetched;

/// A request's slot while it waits for what has to be fetched.
pub type Slot = fetched::Slot<Awaited>;

/// What a request waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// The keys of the provider at this position.
    Keys(usize),
    /// The list of revocations.
    Revocations,
}
