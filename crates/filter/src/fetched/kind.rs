//! What kind of thing is fetched.

use super::Whose;

/// What is counted of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Something came and is used, be it what was there before.
    Fetched,
    /// No answer, or one of another status than 200.
    FetchFailed,
    /// An answer that is not what was asked for, or too large.
    Refused,
    /// What was in use became too old.
    Dropped,
}

/// What is fetched.
pub struct Kind<T> {
    /// Whose it is: [`Filter::NAME`](crate::Filter::NAME).
    pub filter: &'static str,
    /// The names of the shared values: the body, by which operators hear of it too, also as the
    /// event `keys_fetched` of `keys`, and the lease.
    pub names: [&'static str; 2],
    /// Whose it is in the filter, and how its events are counted.
    pub whose: Whose,
    /// Makes of a body what is used.
    pub read: Reader<T>,
    /// Says in a few words what that is: operators are told whenever it is something else.
    pub describe: fn(&T) -> String,
}

/// Reads a body, or says why it cannot be used.
pub type Reader<T> = Box<dyn Fn(&[u8]) -> Result<T, String>>;
