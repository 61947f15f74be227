//! The series: a counter for each set of values that requests have had.

use crate::label::Label;
use crate::method::Method;
use crate::values::{OTHER, Value, Values};
use gatehouse_filter::{Callouts, Charges, Counter, Ended, Histogram, Host, Identity, StoreError};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What is counted, and what requests are told apart by.
#[derive(Debug)]
pub(crate) struct Series {
    /// The labels of each kind of metric; of one that is not counted there is none here.
    kinds: BTreeMap<Kind, Vec<Label>>,
    /// Of the labels in use whose values come from outside.
    values: Vec<Values>,
    /// Whether requests are told apart by their method, and by their status.
    pub(crate) tells_method: bool,
    pub(crate) tells_status: bool,
    pub(crate) takes_time: bool,
    takes_costs: bool,
    known: RefCell<BTreeMap<Key, Metrics>>,
    /// Of what requests were charged, each rule by itself.
    costs: RefCell<BTreeMap<(Key, Value), Counter>>,
}

/// A kind of metric.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Requests,
    Bytes,
    Duration,
    Cost,
}

/// What a request is told apart by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Key {
    method: Option<Method>,
    /// Its class.
    status: Option<u16>,
    route: Value,
    consumer: Value,
    subject: Value,
    tier: Value,
}

/// The metrics of one set of values.
#[derive(Clone, Copy, Default, Debug)]
struct Metrics {
    requests: Option<Counter>,
    bytes: Option<[Counter; 2]>,
    duration: Option<Histogram>,
}

impl Key {
    /// What is known without asking who it was.
    pub(crate) fn of(method: Option<Method>, status: Option<u16>) -> Self {
        Self { method, status: status.map(|status| status / 100), ..Self::default() }
    }
}

impl Series {
    pub(crate) fn new(kinds: BTreeMap<Kind, Vec<Label>>, values: Vec<Values>) -> Self {
        let tells = |label| kinds.values().any(|labels| labels.contains(&label));
        Self {
            tells_method: tells(Label::Method),
            tells_status: tells(Label::Status),
            takes_time: kinds.contains_key(&Kind::Duration),
            takes_costs: kinds.contains_key(&Kind::Cost),
            kinds,
            values,
            known: RefCell::default(),
            costs: RefCell::default(),
        }
    }

    /// The labels whose values are bounded.
    pub(crate) fn bounded(&self) -> impl Iterator<Item = &Values> {
        self.values.iter()
    }

    /// Counts a request. `key` has what is known of it already, `took` is in milliseconds.
    ///
    /// # Errors
    /// [`StoreError`] where a value is not known to have a place: it has counted as another one.
    pub(crate) fn count(
        &self,
        mut key: Key,
        took: u64,
        ended: &Ended<'_>,
    ) -> Result<(), StoreError> {
        let host = ended.host();
        if !self.tells_status {
            key.status = None;
        }
        let placed = self.place(&mut key, ended);
        let known = self.known.borrow().get(&key).copied();
        let metrics = known.unwrap_or_else(|| {
            let metrics = self.define(&key, host);
            self.known.borrow_mut().insert(key, metrics);
            metrics
        });
        if let Some(requests) = metrics.requests {
            host.add(requests, 1);
        }
        if let Some([received, sent]) = metrics.bytes {
            host.add(received, ended.request_bytes());
            host.add(sent, ended.response_bytes());
        }
        if let Some(duration) = metrics.duration {
            host.record(duration, took);
        }
        if self.takes_costs {
            return placed.and(self.count_costs(key, host));
        }
        placed
    }

    /// Counts what a request was charged.
    fn count_costs(&self, key: Key, host: &dyn Callouts) -> Result<(), StoreError> {
        let rules = self.values.iter().find(|values| values.label == Label::Rule);
        let mut placed = Ok(());
        for (rule, units) in Charges::of(host) {
            let place = |rules: &Values| rules.place(rule.as_bytes(), host);
            let rule = rules.map_or(Ok(Value::Absent), place).unwrap_or_else(|failed| {
                placed = Err(failed);
                Value::Other
            });
            let known = self.costs.borrow().get(&(key, rule)).copied();
            let counter = known.unwrap_or_else(|| {
                let counter = self.define_cost(&key, rule, host);
                self.costs.borrow_mut().insert((key, rule), counter);
                counter
            });
            host.add(counter, units);
        }
        placed
    }

    fn define_cost(&self, key: &Key, rule: Value, host: &dyn Host) -> Counter {
        let labels = self.kinds.get(&Kind::Cost).into_iter().flatten();
        let texts = labels.map(|label| match label {
            Label::Rule => (label.name(), self.text_of(Label::Rule, rule)),
            label => (label.name(), self.text(*label, key)),
        });
        let texts: Vec<_> = texts.collect();
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        host.define_counter(COSTS, &texts)
    }

    /// Gives the values of a request their places.
    fn place(&self, key: &mut Key, ended: &Ended<'_>) -> Result<(), StoreError> {
        let mut placed = Ok(());
        let mut identity = None;
        for values in &self.values {
            let mut place = |value: &[u8]| {
                values.place(value, ended.host()).unwrap_or_else(|failed| {
                    placed = Err(failed);
                    Value::Other
                })
            };
            match values.label {
                Label::Route => {
                    key.route = place(&ended.route().unwrap_or_default());
                    continue;
                }
                // A request may be charged under several.
                Label::Rule => continue,
                _ => {}
            }
            let identity = identity.get_or_insert_with(|| ended.identity());
            let Some(identity) = identity.as_deref() else { continue };
            let value =
                |part: fn(&Identity) -> Option<&String>| part(identity).map(String::as_bytes);
            match values.label {
                Label::Consumer => {
                    key.consumer = value(|of| of.consumer.as_ref()).map_or(Value::Absent, place);
                }
                Label::Subject => {
                    key.subject = value(|of| of.subject.as_ref()).map_or(Value::Absent, place);
                }
                _ => key.tier = value(|of| of.tier.as_ref()).map_or(Value::Absent, place),
            }
        }
        placed
    }

    fn define(&self, key: &Key, host: &dyn Host) -> Metrics {
        let mut metrics = Metrics::default();
        for (kind, labels) in &self.kinds {
            let texts: Vec<_> =
                labels.iter().map(|label| (kind.name_of(*label), self.text(*label, key))).collect();
            let texts: Vec<(&str, &str)> =
                texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
            match kind {
                Kind::Requests => {
                    metrics.requests = Some(host.define_counter(REQUESTS, &texts));
                }
                Kind::Bytes => {
                    metrics.bytes = Some(BYTES.map(|name| host.define_counter(name, &texts)));
                }
                Kind::Duration => {
                    metrics.duration = Some(host.define_histogram(DURATION, &texts));
                }
                // Those have a rule, too.
                Kind::Cost => {}
            }
        }
        metrics
    }

    fn text(&self, label: Label, key: &Key) -> String {
        let value = match label {
            Label::Method => return key.method.map_or(OTHER, Method::name).to_owned(),
            Label::Status => {
                return key.status.map_or("none".to_owned(), |class| format!("{class}xx"));
            }
            Label::Route => key.route,
            Label::Consumer => key.consumer,
            Label::Subject => key.subject,
            Label::Tier => key.tier,
            Label::Rule => Value::Absent,
        };
        self.text_of(label, value)
    }

    fn text_of(&self, label: Label, value: Value) -> String {
        let values = self.values.iter().find(|values| values.label == label);
        values.map_or(String::new(), |values| values.text(value).to_string())
    }
}

const REQUESTS: &str = "gatehouse_requests_total";
const BYTES: [&str; 2] = ["gatehouse_request_bytes_total", "gatehouse_response_bytes_total"];
const COSTS: &str = "gatehouse_cost_units_total";
/// The name of OpenTelemetry's conventions for HTTP, with the unit that the host has: whole numbers.
const DURATION: &str = "http_server_request_duration_milliseconds";

impl Kind {
    /// A label as this kind of metric names it: the one that is OpenTelemetry's has its names.
    fn name_of(self, label: Label) -> &'static str {
        match (self, label) {
            (Self::Duration, Label::Route) => "http_route",
            (Self::Duration, Label::Method) => "http_request_method",
            (Self::Duration, Label::Status) => "http_response_status_class",
            (_, label) => label.name(),
        }
    }
}
