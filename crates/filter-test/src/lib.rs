//! Fakes for testing filters natively: a host whose clock, attributes and store the test sets.
//!
//! There is no simulated proxy here: what Envoy does with a decision is tested against a real
//! Envoy.

mod clock;
mod host;
mod numbers;
mod outline;
mod store;

pub mod allocations;
pub mod certificate;
pub mod longest;

pub use clock::FakeClock;
pub use host::{FakeHost, SentGrpc};
pub use numbers::Numbers;
pub use outline::{misfit, outline};
pub use store::FakeStore;

/// How much of what a stranger sent something looks at.
pub use gatehouse_steps::of as steps_of;

use gatehouse_filter::config::{self, ConfigError, Environment, Variable};
use gatehouse_filter::{
    Answer, CallId, Decision, FetchingPhase as _, Filter, Headers, Identity, Problem, Request, Step,
};
use serde_json::Value;

/// A filter configured from JSON.
///
/// # Errors
/// The faults, as the user would read them.
pub fn configured<F: Filter>(json: &str) -> Result<F, Vec<String>> {
    configured_in(json, &[])
}

/// A filter configured from JSON, which refers to these variables. What it takes is among what it
/// [says that it takes](gatehouse_filter::config::outline()).
///
/// # Errors
/// The faults, as the user would read them.
///
/// # Panics
/// Where it takes what it does not say.
#[expect(clippy::panic, reason = "a test that panics is a test that fails")]
pub fn configured_in<F: Filter>(json: &str, variables: &[(&str, &str)]) -> Result<F, Vec<String>> {
    let read = config::read_in(json.as_bytes(), &Variables(variables), F::configure);
    if let (Ok(_), Ok(value)) = (&read, config::json_value(json.as_bytes()))
        && let Some(misfit) = misfit(&outline::<F>(), &value)
    {
        panic!("{} takes what its outline does not have: {misfit}", F::NAME);
    }
    read.map_err(|faults: Vec<ConfigError>| faults.iter().map(ToString::to_string).collect())
}

/// Names and values.
struct Variables<'a>(&'a [(&'a str, &'a str)]);

impl Environment for Variables<'_> {
    fn variable(&self, name: &str) -> Variable {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or(Variable::Absent, |(_, value)| Variable::Holds(value.as_bytes().to_vec()))
    }
}

/// The faults of a configuration; none where the filter would start with it.
pub fn check<F: Filter>(configuration: &[u8]) -> Vec<ConfigError> {
    config::read_in(configuration, &Variables(&[]), F::configure).err().unwrap_or_default()
}

/// Gives an object these members, in place of those that it has; a `null` takes the member out.
///
/// # Panics
/// Where either is no object.
#[expect(clippy::panic, reason = "a test that panics is a test that fails")]
pub fn change(object: &mut Value, members: &Value) {
    let (Value::Object(object), Value::Object(members)) = (object, members) else {
        panic!("only objects have members");
    };
    for (name, value) in members {
        match value {
            Value::Null => object.remove(name),
            value => object.insert(name.clone(), value.clone()),
        };
    }
}

/// What a filter decided about one request, and the head that it left behind.
pub struct Outcome<F: Filter> {
    /// The decision.
    pub decision: Decision<F::Code>,
    /// The head with the filter's edits on it.
    pub headers: Headers,
    /// What the filter remembers for the response.
    pub state: F::State,
}

impl<F: Filter> Outcome<F> {
    /// The status of the reply, or `None` where the request goes on.
    pub fn status(&self) -> Option<u16> {
        match &self.decision.step {
            Step::Reply(reply) => Some(reply.status()),
            Step::Continue | Step::Wait(_) | Step::Call(_) | Step::ReadBody(_) => None,
        }
    }

    /// Who the filters after this one read that the request is from.
    ///
    /// # Panics
    /// Where they could not read it.
    #[expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]
    pub fn identity(&self) -> Option<Identity> {
        let caller = self.decision.caller.as_ref()?;
        let identity = Identity::from_bytes(caller.json()).unwrap();
        assert_eq!(caller.identity(), &identity);
        assert_eq!(
            (caller.subject(), caller.consumer()),
            (identity.subject.as_deref(), identity.consumer.as_deref())
        );
        Some(identity)
    }

    /// What is wrong, where the reply says that something is.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.decision.step {
            Step::Reply(reply) => reply.problem(),
            _ => None,
        }
    }

    /// The values of a field after the edits, as text with escapes.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.headers.values(name).map(|value| value.escape_ascii().to_string()).collect()
    }
}

/// Starts what a filter has fetched, as the shell does before any request comes.
pub fn prepare<F: Filter>(filter: &F, host: &FakeHost) {
    for fetched in F::Fetching::fetched(filter) {
        fetched.prepare(host);
    }
}

/// Lets the timer run once.
pub fn tick<F: Filter>(filter: &F, host: &FakeHost) {
    F::Fetching::fetched(filter).iter().for_each(|fetched| fetched.tick(host));
}

/// Gives a filter the answer to one of its calls.
pub fn answer<F: Filter>(filter: &F, call: CallId, answer: &Answer, host: &FakeHost) {
    let _ = F::Fetching::fetched(filter).iter().any(|fetched| fetched.answered(call, answer, host));
}

/// Puts a request with these fields through a filter. `GET /` at `gateway.example` unless they say
/// otherwise.
pub fn ask<F: Filter, V: AsRef<[u8]>>(
    filter: &F,
    host: &FakeHost,
    fields: &[(&str, V)],
) -> Outcome<F> {
    let mut head: Vec<(&str, &[u8])> = Vec::new();
    for (name, value) in [(":method", "GET"), (":path", "/"), (":authority", "gateway.example")] {
        if fields.iter().all(|(field, _)| *field != name) {
            head.push((name, value.as_bytes()));
        }
    }
    head.extend(fields.iter().map(|(name, value)| (*name, value.as_ref())));
    let mut request = Request::new(Headers::from_list(&head), host);
    let mut state = F::State::default();
    let decision = filter.on_request(&mut request, &mut state);
    Outcome { decision, headers: request.headers, state }
}
