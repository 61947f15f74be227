use crate::{FakeClock, FakeStore};
use gatehouse_filter::{
    Attribute, Attributes, CallId, CallRefused, Callout, Callouts, Clock, Codes, Counter, Event,
    Expression, Expressions, Gauge, GrpcCall, Hash, Histogram, Identity, Meter, NoExpression,
    NoRandom, NoVerifier, Queue, Random, SetError, Signatures, Store, StoreError, Timestamp, Topic,
    Version,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// A host in which the test sets every fact.
///
/// It has no signature verification, as a host that is not Envoy would not: filters fall back to
/// their own.
#[derive(Default)]
pub struct FakeHost {
    /// The clock: 1970 until set.
    pub clock: FakeClock,
    /// The store that all workers share.
    pub store: FakeStore,
    attributes: RefCell<HashMap<String, Vec<u8>>>,
    random: Cell<u8>,
    calls: RefCell<Vec<(CallId, Callout)>>,
    grpc_calls: RefCell<Vec<SentGrpc>>,
    call_ids: Cell<u32>,
    no_calls: Cell<Option<CallRefused>>,
    counts: RefCell<Vec<(Counter, u64)>>,
    expressions: RefCell<Vec<(String, Option<bool>)>>,
    warnings: RefCell<Vec<String>>,
    lines: RefCell<Vec<String>>,
    counters: RefCell<Vec<String>>,
    histograms: RefCell<Vec<String>>,
    recorded: RefCell<Vec<(u32, u64)>>,
    gauges: RefCell<Vec<(String, u64)>>,
    queue: Cell<Option<Queue>>,
    wakes: RefCell<Vec<(Queue, Topic)>>,
    asked: Cell<u32>,
}

/// A gRPC call that a filter made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentGrpc {
    /// For the answer.
    pub id: CallId,
    /// The cluster.
    pub cluster: String,
    /// `service/method`.
    pub method: String,
    /// The message.
    pub message: Vec<u8>,
    /// The time that the answer may take.
    pub timeout: Duration,
}

impl FakeHost {
    /// A host at this many seconds after 1970.
    pub fn at(seconds: u64) -> Self {
        let host = Self::default();
        host.clock.set_seconds(seconds);
        host
    }

    /// Sets a fact about the requests to come.
    pub fn set(&self, attribute: Attribute<'_>, value: impl Into<Vec<u8>>) {
        self.attributes.borrow_mut().insert(format!("{attribute:?}"), value.into());
    }

    /// What is in filter state under this name.
    pub fn attribute_of(&self, name: &str) -> Option<Vec<u8>> {
        self.attributes.borrow().get(&format!("{:?}", Attribute::FilterState(name))).cloned()
    }

    /// How many facts were asked for.
    pub fn facts_asked(&self) -> u32 {
        self.asked.get()
    }

    /// Forgets a fact.
    pub fn unset(&self, attribute: Attribute<'_>) {
        self.attributes.borrow_mut().remove(&format!("{attribute:?}"));
    }

    /// The queue of the VM that asks from now on; there is none until it is set.
    pub fn set_queue(&self, queue: Option<u32>) {
        self.queue.set(queue.map(Queue));
    }

    /// Who was woken since this was last asked, in order.
    pub fn take_wakes(&self) -> Vec<(Queue, Topic)> {
        self.wakes.take()
    }

    /// What a gauge shows, by its name as in [`counters`](Self::counters); `None` where no such gauge
    /// was defined.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        let gauges = self.gauges.borrow();
        gauges.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// The calls made since this was last asked, in order, each with its id for the answer.
    pub fn take_calls(&self) -> Vec<(CallId, Callout)> {
        self.calls.take()
    }

    /// The gRPC calls made since this was last asked, in order.
    pub fn take_grpc_calls(&self) -> Vec<SentGrpc> {
        self.grpc_calls.take()
    }

    /// The warnings since this was last asked, in order.
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// The lines that are no warnings since this was last asked, in order.
    pub fn take_lines(&self) -> Vec<String> {
        self.lines.take()
    }

    /// How often an event was counted for a value of a label, [defined](Meter::define_event) as
    /// such.
    pub fn counted_by(&self, event: &str, label: (&str, &str)) -> u64 {
        self.count_of(self.define_event(event, label))
    }

    /// Calls are refused from now on, or, with `None`, made again.
    pub fn refuse_calls(&self, why: Option<CallRefused>) {
        self.no_calls.set(why);
    }

    /// How often an event was counted.
    pub fn counted(&self, event: impl Event) -> u64 {
        self.count_of(event.counter())
    }

    /// How often an event was counted for the rule of this number.
    pub fn counted_of_rule(&self, rule: usize, event: impl Codes) -> u64 {
        self.count_of(Counter::OfRule { rule, event: event.index() })
    }

    /// What was added to a counter.
    pub fn count_of(&self, counter: Counter) -> u64 {
        let counts = self.counts.borrow();
        counts.iter().filter(|(counted, _)| *counted == counter).map(|(_, by)| *by).sum()
    }

    /// The counters that were defined, `name label=value …`, with what was added to each.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let count = |(number, name): (usize, &String)| {
            (name.clone(), self.count_of(Counter::Defined(u32::try_from(number).ok())))
        };
        self.counters.borrow().iter().enumerate().map(count).collect()
    }

    /// The values that were put into histograms, each with the histogram as in
    /// [`counters`](Self::counters), in order.
    pub fn recorded(&self) -> Vec<(String, u64)> {
        let histograms = self.histograms.borrow();
        let name = |number: u32| histograms.get(usize::try_from(number).ok()?).cloned();
        let recorded = self.recorded.borrow();
        recorded.iter().filter_map(|(number, value)| Some((name(*number)?, *value))).collect()
    }

    /// Makes this text an expression, which is true, false or cannot be evaluated from now on. No
    /// other text is one.
    pub fn express(&self, text: &str, value: Option<bool>) {
        let mut expressions = self.expressions.borrow_mut();
        match expressions.iter_mut().find(|(known, _)| known == text) {
            Some((_, known)) => *known = value,
            None => expressions.push((text.to_owned(), value)),
        }
    }

    /// Sets who the requests to come are from, as an authentication filter before would.
    pub fn identify(&self, identity: &Identity) {
        self.set(Attribute::FilterState(Identity::STATE), identity.to_bytes());
    }
}

impl Clock for FakeHost {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl Attributes for FakeHost {
    fn attribute(&self, attribute: Attribute<'_>) -> Option<Vec<u8>> {
        self.asked.set(self.asked.get().wrapping_add(1));
        self.attributes.borrow().get(&format!("{attribute:?}")).cloned()
    }
}

impl Store for FakeHost {
    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        self.store.get(key)
    }

    fn set(&self, key: &[u8], value: &[u8], version: Option<Version>) -> Result<(), SetError> {
        self.store.set(key, value, version)
    }
}

impl Random for FakeHost {
    /// Not random: the same bytes in every run.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        for byte in bytes {
            self.random.set(self.random.get().wrapping_add(1));
            *byte = self.random.get();
        }
        Ok(())
    }
}

impl Signatures for FakeHost {
    fn verify(&self, _: Hash, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoVerifier> {
        Err(NoVerifier)
    }
}

impl Expressions for FakeHost {
    fn compile(&self, text: &str) -> Result<Expression, NoExpression> {
        let expressions = self.expressions.borrow();
        let known = expressions.iter().position(|(known, _)| known == text).ok_or(NoExpression)?;
        u32::try_from(known).map(Expression).map_err(|_| NoExpression)
    }

    fn evaluate(&self, expression: Expression) -> Option<bool> {
        self.expressions.borrow().get(usize::try_from(expression.0).ok()?)?.1
    }
}

impl Meter for FakeHost {
    fn add(&self, counter: Counter, by: u64) {
        self.counts.borrow_mut().push((counter, by));
    }

    fn record(&self, histogram: Histogram, value: u64) {
        self.recorded.borrow_mut().extend(histogram.0.map(|number| (number, value)));
    }

    fn define_counter(&self, name: &str, labels: &[(&str, &str)]) -> Counter {
        Counter::Defined(numbered(&self.counters, name, labels))
    }

    fn define_histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        Histogram(numbered(&self.histograms, name, labels))
    }

    fn define_gauge(&self, name: &str, labels: &[(&str, &str)]) -> Gauge {
        let name = labelled(name, labels);
        let mut gauges = self.gauges.borrow_mut();
        let known = gauges.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            gauges.push((name, 0));
            gauges.len().saturating_sub(1)
        });
        Gauge(u32::try_from(known).ok())
    }

    fn set_gauge(&self, gauge: Gauge, value: u64) {
        let position = gauge.0.and_then(|number| usize::try_from(number).ok());
        let mut gauges = self.gauges.borrow_mut();
        if let Some((_, shown)) = position.and_then(|position| gauges.get_mut(position)) {
            *shown = value;
        }
    }
}

/// `name label=value …`.
fn labelled(name: &str, labels: &[(&str, &str)]) -> String {
    labels.iter().fold(name.to_owned(), |name, (label, value)| format!("{name} {label}={value}"))
}

/// The number of a metric among those that were defined: the same for the same name.
fn numbered(of: &RefCell<Vec<String>>, name: &str, labels: &[(&str, &str)]) -> Option<u32> {
    let name = labelled(name, labels);
    let mut known = of.borrow_mut();
    let number = known.iter().position(|other| *other == name).unwrap_or_else(|| {
        known.push(name);
        known.len().saturating_sub(1)
    });
    u32::try_from(number).ok()
}

impl Callouts for FakeHost {
    fn call(&self, callout: &Callout) -> Result<CallId, CallRefused> {
        let id = self.next_call()?;
        self.calls.borrow_mut().push((id, callout.clone()));
        Ok(id)
    }

    fn leave(&self, name: &str, value: &[u8]) {
        self.set(Attribute::FilterState(name), value);
    }

    fn queue(&self) -> Option<Queue> {
        self.queue.get()
    }

    fn wake(&self, queue: Queue, topic: Topic) {
        self.wakes.borrow_mut().push((queue, topic));
    }

    fn warn(&self, line: &str) {
        self.warnings.borrow_mut().push(line.to_owned());
    }

    fn info(&self, line: &str) {
        self.lines.borrow_mut().push(line.to_owned());
    }

    fn grpc(&self, call: &GrpcCall<'_>) -> Result<CallId, CallRefused> {
        let id = self.next_call()?;
        self.grpc_calls.borrow_mut().push(SentGrpc {
            id,
            cluster: call.cluster.to_owned(),
            method: format!("{}/{}", call.service, call.method),
            message: call.message.to_vec(),
            timeout: call.timeout,
        });
        Ok(id)
    }
}

impl FakeHost {
    fn next_call(&self) -> Result<CallId, CallRefused> {
        if let Some(why) = self.no_calls.get() {
            return Err(why);
        }
        let id = self.call_ids.get();
        self.call_ids.set(id.saturating_add(1));
        Ok(CallId(id))
    }
}
