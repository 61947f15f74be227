//! Envoy and filters, both made up.

/// What a test can have refused.
mod asked;
/// Filters that do as their configuration says.
mod filter;
/// One direction of a stream.
mod half;
/// What happened, in order.
pub(crate) mod journal;
/// What happens to a request, as text.
mod play;
/// The proxy.
mod proxy;
/// What their configuration says.
mod script;
/// One request and its response.
mod stream;
/// What a filter does, word by word.
mod words;
/// A VM with its proxy.
mod world;

pub(crate) use asked::Asked;
pub(crate) use filter::configure;
pub(crate) use half::Sink;
pub(crate) use play::{STREAM, only, run};
pub(crate) use world::{GET, OK, ROOT, World};
