//! What the cases are written in.

/// Changing what a filter is configured with.
pub(crate) mod configuration;

/// Requests that no honest client sends.
pub(crate) mod hostile;

/// A client for HTTP/2 with prior knowledge.
pub(crate) mod http2;

/// A running gateway that several cases share, and what it logs of each request.
mod shared;

/// Signed tokens, and the key sets that verify them.
pub(crate) mod token;

/// Whether a filter has trapped.
pub(crate) mod trap;

pub(crate) use shared::{Exchange, Shared, received};
