//! Key sets that are fetched: who fetches and when, what is kept, and what happens to requests
//! meanwhile.

mod discovery;
mod fetching;
mod requests;
mod revocations;
mod sent;

use super::*;
use crate::{MAX_KEY_SET, Slot};
use gatehouse_filter::fetched::{Event, MAX_WAITERS};
use gatehouse_filter::{
    Answer, CallId, CallRefused, Decision, Filter, Headers, Request, Timestamp, Until,
};
use gatehouse_filter_test::{answer as give, prepare, tick};
use std::time::Duration;

/// A filter that fetches its keys, with these members of `jwks` besides; started on this host.
fn worker_with(host: &FakeHost, changes: Value) -> JwtAuth {
    let mut jwks = json!({"cluster": "auth", "path": "/jwks.json"});
    gatehouse_filter_test::change(&mut jwks, &changes);
    let provider =
        json!({"name": "main", "issuer": ISSUER, "audiences": ["gateway"], "jwks": jwks});
    let filter: JwtAuth = configured(&json!({"providers": [provider]}).to_string()).unwrap();
    prepare(&filter, host);
    filter
}

fn worker(host: &FakeHost) -> JwtAuth {
    worker_with(host, json!({}))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn answer(status: &str, body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        headers: Headers::from_list(&[(":status", status)]),
        body: body.into(),
        ..Answer::default()
    }
}

/// The one call made since this was last asked.
fn call(host: &FakeHost) -> CallId {
    let calls = host.take_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls[0].0
}

/// The worker fetches this set, which is good.
fn fetch(host: &FakeHost, worker: &JwtAuth, set: &Value) {
    tick(worker, host);
    give(worker, call(host), &answer("200", set.to_string()), host);
}

/// A set with these names for the signing key.
fn set_of(kids: &[&str]) -> Value {
    let key = &key_set()["keys"][0];
    let keys: Vec<_> = kids
        .iter()
        .map(|kid| {
            let mut key = key.clone();
            key["kid"] = json!(kid);
            key
        })
        .collect();
    json!({"keys": keys})
}

fn token_of(kid: &str) -> String {
    signed(&format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#), &claims().to_string())
}

/// The code of a decision, or `wait`.
fn code_or_wait(decision: &Decision<Code>) -> &'static str {
    match decision.step {
        Step::Wait(until) => {
            assert_eq!(until, Until::Fetched);
            "wait"
        }
        _ => decision.code.name(),
    }
}

/// How often this became of a fetch of keys.
fn counted(host: &FakeHost, event: Event) -> u64 {
    counted_of(host, "main", event)
}

/// The same of the keys of this provider.
fn counted_of(host: &FakeHost, provider: &str, event: Event) -> u64 {
    let event = match event {
        Event::Fetched => "keys_fetched",
        Event::FetchFailed => "keys_fetch_failed",
        Event::Refused => "keys_refused",
        Event::Dropped => "keys_dropped",
    };
    host.counted_by(event, ("provider", provider))
}

/// A request that may be asked about many times.
struct Asked {
    authorization: String,
    slot: Option<Slot>,
}

impl Asked {
    fn with(token: &str) -> Self {
        Self { authorization: format!("Bearer {token}"), slot: None }
    }

    /// The code, or `wait`.
    fn ask(&mut self, worker: &JwtAuth, host: &FakeHost) -> &'static str {
        let head =
            [(":method", "GET"), (":path", "/"), ("authorization", self.authorization.as_str())];
        let mut request = Request::new(Headers::from_list(&head), host);
        let decision = worker.on_request(&mut request, &mut self.slot);
        let code = code_or_wait(&decision);
        assert_eq!(self.slot.is_some(), code == "wait", "a slot is held while waiting");
        code
    }
}

fn code(worker: &JwtAuth, host: &FakeHost, token: &str) -> &'static str {
    Asked::with(token).ask(worker, host)
}
