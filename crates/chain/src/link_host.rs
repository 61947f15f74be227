//! The proxy, as one filter of a chain sees it.

use crate::hand_on::hand_on;
use crate::metrics::{EVENTS, labelled};
use crate::pending::{Owner, Pending};
use crate::{Link, MetricKind, Proxy};
use gatehouse_filter::{
    Attribute, Attributes, CallId, CallRefused, Callout, Callouts, Clock, Counter, Expression,
    Expressions, Gauge, GrpcCall, Histogram, Meter, NoExpression, Queue, Timestamp, Topic,
};
use std::cell::OnceCell;

/// A proxy with the filter's own counters, which remembers whose calls are made.
pub(crate) struct LinkHost<'a> {
    pub(crate) proxy: &'a dyn Proxy,
    /// The time of the callback: read once, by whoever asks first.
    pub(crate) now: &'a OnceCell<Timestamp>,
    pub(crate) pending: &'a Pending,
    pub(crate) queue: Option<Queue>,
    pub(crate) of: &'a dyn Link,
    pub(crate) link: usize,
}

impl Clock for LinkHost<'_> {
    fn now(&self) -> Timestamp {
        *self.now.get_or_init(|| self.proxy.now())
    }
}

impl Meter for LinkHost<'_> {
    fn add(&self, counter: Counter, by: u64) {
        if by > 0
            && let Some(number) = self.of.metric(counter)
        {
            self.proxy.add(number, by);
        }
    }

    fn record(&self, histogram: Histogram, value: u64) {
        if let Some(number) = histogram.0 {
            self.proxy.record(number, value);
        }
    }

    fn define_counter(&self, name: &str, labels: &[(&str, &str)]) -> Counter {
        Counter::Defined(self.proxy.define(MetricKind::Counter, &labelled(name, labels)))
    }

    fn define_event(&self, event: &str, label: (&str, &str)) -> Counter {
        let filter = self.of.name().replace('-', "_");
        self.define_counter(EVENTS, &[("filter", &filter), ("event", event), label])
    }

    fn define_histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        Histogram(self.proxy.define(MetricKind::Histogram, &labelled(name, labels)))
    }

    fn define_gauge(&self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        Gauge(self.proxy.define(MetricKind::Gauge, &labelled(name, labels)))
    }

    fn set_gauge(&self, gauge: Gauge, value: u64) {
        if let Some(number) = gauge.0 {
            self.proxy.record(number, value);
        }
    }
}

impl Callouts for LinkHost<'_> {
    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused> {
        let call = self.proxy.call(callout)?;
        self.pending
            .made(call, Owner::Fetch { link: self.link, max_bytes: callout.max_answer_bytes });
        Ok(call)
    }

    fn warn(&self, line: &str) {
        self.proxy.warn(&format!("{}: {line}", self.of.name()));
    }

    fn info(&self, line: &str) {
        self.proxy.info(&format!("{}: {line}", self.of.name()));
    }

    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        let call = self.proxy.grpc(call)?;
        self.pending.made(call, Owner::Grpc { link: self.link });
        Ok(call)
    }

    fn leave(&self, name: &str, value: &[u8]) {
        // Whoever reads it lacks it then; nothing is decided by it.
        let _ = self.proxy.set_state(name, value);
    }

    fn queue(&self) -> Option<Queue> {
        self.queue
    }

    fn wake(&self, queue: Queue, topic: Topic) {
        self.proxy.wake(queue, topic);
    }
}

impl Attributes for LinkHost<'_> {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        self.proxy.attribute(attribute)
    }
}

impl Expressions for LinkHost<'_> {
    fn compile(&self, text: &str) -> Result<Expression, NoExpression> {
        self.proxy.compile(text)
    }

    fn evaluate(&self, expression: Expression) -> Option<bool> {
        self.proxy.evaluate(expression)
    }
}

hand_on!(LinkHost);
