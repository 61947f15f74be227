//! One request's way through the filters of a VM.
//!
//! A [`Vm`] holds configurations, each a [`Chain`] of filters, and the requests under way, each an
//! [`Exchange`]. It is told what the proxy is told, and tells the proxy what to do through
//! [`Proxy`]: Envoy in a module, a fake in a test. Nothing here names a host, so every order of
//! events is a native test.
//!
//! # What is held stays held
//!
//! A request whose filter waits, calls or has replied is held whole: its head, and whatever follows
//! it. Where no filter after it may read the body with the head still held, the host is told to
//! stop everything ([`HeadFlow::HoldAll`]); then no body callback comes before the request is let
//! go. Where one may, the host is told to hold the head ([`HeadFlow::HoldHead`]), and every part of
//! the body that comes is held too.

mod bodies;
mod calls;
mod capabilities;
mod chain;
mod edits;
mod exchange;
mod fault;
mod flow;
mod hand_on;
mod link;
mod link_host;
mod local_reply;
mod metrics;
mod note;
mod open_calls;
mod passing;
mod pending;
mod progress;
mod proxy;
mod reasons;
mod replacement;
mod request_body;
mod request_trailers;
mod response;
mod response_side;
mod turned;
mod vm;

pub use capabilities::{EVERY, lacking, lacks, needed};
pub use chain::{Chain, Placed, Tells};
pub use exchange::Exchange;
pub use flow::{BodyFlow, HeadFlow, TrailersFlow};
pub use link::{Link, Stage, Told, link};
pub use local_reply::LocalReply;
pub use proxy::{Direction, MetricKind, Proxy, Refused};
pub use vm::{Configure, Vm};
