//! What a chain asks of the proxy.

use crate::LocalReply;
use gatehouse_filter::{
    Attributes, CallId, CallRefused, Callout, Clock, Edit, Expressions, GrpcCall, HeaderName,
    Headers, Queue, Random, Signatures, Store, Topic,
};
use std::time::Duration;

/// The proxy that a module runs in. What concerns a request concerns the one of the callback, or
/// the one that was last [focused](Self::focus).
pub trait Proxy: Clock + Attributes + Store + Random + Signatures + Expressions {
    /// The head, fetched when it is first read.
    fn head(&self, of: Direction) -> Headers;

    /// Carries out an edit. `received` is how often the field was received, where that is known.
    ///
    /// # Errors
    /// [`Refused`] where the host did not.
    fn edit(&self, of: Direction, edit: &Edit, received: Option<usize>) -> Result<(), Refused>;

    /// The request's trailers, in their callback.
    fn request_trailers(&self) -> Headers;

    /// Removes a field from the request's trailers, in their callback.
    ///
    /// # Errors
    /// [`Refused`] where the host did not.
    fn remove_request_trailer(&self, name: &HeaderName) -> Result<(), Refused>;

    /// The first `max_bytes` of what has come of the body and was held.
    ///
    /// # Errors
    /// [`Refused`] where the host did not give them.
    fn body(&self, of: Direction, max_bytes: usize) -> Result<Vec<u8>, Refused>;

    /// Replaces the `length` bytes that have come of the body and were held.
    ///
    /// # Errors
    /// [`Refused`] where the host did not.
    fn replace_body(&self, of: Direction, length: usize, bytes: &[u8]) -> Result<(), Refused>;

    /// Answers the client.
    ///
    /// # Errors
    /// [`Refused`] where the host did not.
    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), Refused>;

    /// Lets a held request go on, outside its own callbacks.
    ///
    /// # Errors
    /// [`Refused`] where the host did not.
    fn resume_request(&self) -> Result<(), Refused>;

    /// Writes filter state, for later filters and for the access log.
    ///
    /// # Errors
    /// [`Refused`] where the host did not.
    fn set_state(&self, name: &str, value: &[u8]) -> Result<(), Refused>;

    /// Makes the calls that follow concern another context: a request, or a configuration.
    ///
    /// # Errors
    /// [`Refused`] where there is no such context.
    fn focus(&self, context: u32) -> Result<(), Refused>;

    /// Makes an HTTP call. Its answer comes to the configuration.
    ///
    /// # Errors
    /// [`CallRefused`], and then no answer comes.
    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused>;

    /// Makes a gRPC call, in the same way.
    ///
    /// # Errors
    /// [`CallRefused`], and then no answer comes.
    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused>;

    /// Whether the host refuses to do what has this name in its interface, whatever it is asked. Of
    /// what it may not ask the module, nothing is known.
    fn refuses(&self, capability: &str) -> bool;

    /// Runs the timer of the configuration at hand.
    ///
    /// # Errors
    /// [`Refused`] where the host has none.
    fn set_timer(&self, period: Duration) -> Result<(), Refused>;

    /// Opens a queue by which other VMs of the process can wake this one.
    ///
    /// # Errors
    /// [`Refused`] where the host has none.
    fn open_queue(&self) -> Result<Queue, Refused>;

    /// Puts a topic into a VM's queue. One that is not there any more gets nothing.
    fn wake(&self, queue: Queue, topic: Topic);

    /// Takes the next topic out of this VM's own queue; `None` where it is empty.
    fn next_topic(&self, queue: Queue) -> Option<Topic>;

    /// Defines a metric by its full name; `None` where the host defines none.
    fn define(&self, kind: MetricKind, name: &str) -> Option<u32>;

    /// Adds to a counter.
    fn add(&self, metric: u32, by: u64);

    /// Puts a value into a histogram, or makes it a gauge's.
    fn record(&self, metric: u32, value: u64);

    /// A line in the host's log about a fault of the gateway's own.
    fn error(&self, line: &str);

    /// A line in the host's log for operators.
    fn warn(&self, line: &str);

    /// A line in the host's log for operators, that warns of nothing.
    fn info(&self, line: &str);

    /// Whether lines for developers are wanted; a closure makes the line only then.
    fn debug(&self, line: &dyn Fn() -> String);
}

/// Requests go to the upstream, responses to the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// To the upstream.
    Request,
    /// To the client.
    Response,
}

/// The host did not do it; the number is the ABI's `proxy_status_t`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused(pub u32);

/// What a metric is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It counts values by their size.
    Histogram,
    /// It is how much there is now.
    Gauge,
}
