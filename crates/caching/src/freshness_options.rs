//! What an operator says of lifetimes.

use gatehouse_filter::Statuses;

/// Lifetimes beside those that responses have, in seconds. They count from when a response came,
/// however old it was then.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FreshnessOptions {
    /// The lifetime of a response that says nothing, if it is no error and its status is one that
    /// can be cached then (RFC 9110 §15.1).
    pub default: Option<u32>,
    /// The lifetime whatever a response says, if it is no error; what forbids to store it still
    /// does.
    pub instead: Option<u32>,
    /// The longest lifetime that a response can give itself.
    pub most: Option<u32>,
    /// Whether a response that has no lifetime is given one by its age (RFC 9111 §4.2.2).
    pub heuristic: bool,
    /// The lifetimes of responses that say nothing, by their status: errors, too. The first that
    /// fits counts.
    pub statuses: Vec<(Statuses, u32)>,
    /// What `stale-while-revalidate` would say, where a response does not.
    pub stale_while_revalidate: Option<u32>,
    /// What `stale-if-error` would say, where a response does not.
    pub stale_if_error: Option<u32>,
}
