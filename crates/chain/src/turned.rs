//! The proxy, for a request whose turn comes in a callback of its configuration.

use crate::hand_on::hand_on;
use crate::{Direction, LocalReply, MetricKind, Proxy, Refused};
use gatehouse_filter::{
    Attribute, Attributes, CallId, CallRefused, Callout, Clock, Edit, Expression, Expressions,
    GrpcCall, HeaderName, Headers, NoExpression, Queue, Timestamp, Topic,
};
use std::cell::OnceCell;
use std::time::Duration;

/// A proxy whose calls concern a request. It is turned to that request at the first call for which
/// that matters: a filter that takes one of ten answers and waits for the others makes none.
pub(crate) struct Turned<'a> {
    proxy: &'a dyn Proxy,
    request: u32,
    turned: OnceCell<Result<(), Refused>>,
}

impl<'a> Turned<'a> {
    pub(crate) fn to(request: u32, proxy: &'a dyn Proxy) -> Self {
        Self { proxy, request, turned: OnceCell::new() }
    }

    /// Turns to the request now.
    ///
    /// # Errors
    /// [`Refused`] where the host did not: nothing that concerns a request is done then.
    pub(crate) fn turn(&self) -> Result<&'a dyn Proxy, Refused> {
        let turn = || {
            self.proxy.focus(self.request).inspect_err(|refused| {
                let line = format!("the host did not turn to a held request, status {}", refused.0);
                self.proxy.error(&line);
            })
        };
        self.turned.get_or_init(turn).map(|()| self.proxy)
    }

    /// Turns back to the configuration, where that is needed.
    pub(crate) fn back(self, configuration: u32) {
        if let Some(Ok(())) = self.turned.get() {
            let _ = self.proxy.focus(configuration);
        }
    }
}

/// What concerns a request, and so needs the turn; then what is the same for all.
impl Proxy for Turned<'_> {
    fn head(&self, of: Direction) -> Headers {
        match self.turn() {
            Ok(proxy) => proxy.head(of),
            Err(_) => Headers::lazy(|| None),
        }
    }

    fn edit(&self, of: Direction, edit: &Edit, received: Option<usize>) -> Result<(), Refused> {
        self.turn()?.edit(of, edit, received)
    }

    fn request_trailers(&self) -> Headers {
        match self.turn() {
            Ok(proxy) => proxy.request_trailers(),
            Err(_) => Headers::lazy(|| None),
        }
    }

    fn remove_request_trailer(&self, name: &HeaderName) -> Result<(), Refused> {
        self.turn()?.remove_request_trailer(name)
    }

    fn body(&self, of: Direction, max_bytes: usize) -> Result<Vec<u8>, Refused> {
        self.turn()?.body(of, max_bytes)
    }

    fn replace_body(&self, of: Direction, length: usize, bytes: &[u8]) -> Result<(), Refused> {
        self.turn()?.replace_body(of, length, bytes)
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), Refused> {
        self.turn()?.reply(reply)
    }

    fn resume_request(&self) -> Result<(), Refused> {
        self.turn()?.resume_request()
    }

    fn set_state(&self, name: &str, value: &[u8]) -> Result<(), Refused> {
        self.turn()?.set_state(name, value)
    }

    fn focus(&self, context: u32) -> Result<(), Refused> {
        self.proxy.focus(context)
    }

    /// Calls are the configuration's, whoever makes them.
    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused> {
        self.proxy.call(callout)
    }

    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        self.proxy.grpc(call)
    }

    fn refuses(&self, capability: &str) -> bool {
        self.proxy.refuses(capability)
    }

    fn set_timer(&self, period: Duration) -> Result<(), Refused> {
        self.proxy.set_timer(period)
    }

    fn open_queue(&self) -> Result<Queue, Refused> {
        self.proxy.open_queue()
    }

    fn wake(&self, queue: Queue, topic: Topic) {
        self.proxy.wake(queue, topic);
    }

    fn next_topic(&self, queue: Queue) -> Option<Topic> {
        self.proxy.next_topic(queue)
    }

    fn define(&self, kind: MetricKind, name: &str) -> Option<u32> {
        self.proxy.define(kind, name)
    }

    fn add(&self, metric: u32, by: u64) {
        self.proxy.add(metric, by);
    }

    fn record(&self, metric: u32, value: u64) {
        self.proxy.record(metric, value);
    }

    fn error(&self, line: &str) {
        self.proxy.error(line);
    }

    fn warn(&self, line: &str) {
        self.proxy.warn(line);
    }

    fn info(&self, line: &str) {
        self.proxy.info(line);
    }

    fn debug(&self, line: &dyn Fn() -> String) {
        self.proxy.debug(line);
    }
}

impl Attributes for Turned<'_> {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        self.turn().ok()?.attribute(attribute)
    }
}

impl Expressions for Turned<'_> {
    fn compile(&self, text: &str) -> Result<Expression, NoExpression> {
        self.proxy.compile(text)
    }

    fn evaluate(&self, expression: Expression) -> Option<bool> {
        self.turn().ok()?.evaluate(expression)
    }
}

impl Clock for Turned<'_> {
    fn now(&self) -> Timestamp {
        self.proxy.now()
    }
}

hand_on!(Turned);
