//! Tokens that their issuer is asked about: the calls, what is remembered of the answers, and what
//! strangers can cause.

mod answers;
mod attacks;
mod configuration;
mod questions;
mod routes;

use super::*;
use crate::Slot;
use gatehouse_filter::{Answer, CallId, Callout, Decision, Filter, Headers, Request, Until};
use gatehouse_filter_test::{answer as give, prepare};
use std::time::Duration;

/// An opaque token, as RFC 6749 §5.1 shows it.
const OPAQUE: &str = "2YotnFZFEjr1zCsicMWpAA";

/// A provider whose service is asked, with these members besides.
fn provider(changes: Value) -> Value {
    let mut provider = json!({
        "name": "main",
        "issuer": ISSUER,
        "audiences": ["gateway"],
        "introspection": service(),
        "claims_to_headers": [{"claim": "sub", "header": "x-user"}],
    });
    gatehouse_filter_test::change(&mut provider, &changes);
    provider
}

fn service() -> Value {
    json!({"cluster": "auth", "path": "/introspect", "client_id": "gw", "client_secret": "hush"})
}

/// A worker of these providers, started on this host.
fn worker_of(host: &FakeHost, providers: Value, more: Value) -> JwtAuth {
    let mut configuration = json!({"providers": providers});
    gatehouse_filter_test::change(&mut configuration, &more);
    let filter: JwtAuth = configured(&configuration.to_string()).unwrap();
    prepare(&filter, host);
    filter
}

/// A worker whose one provider's service has these members besides.
fn worker_with(host: &FakeHost, changes: Value) -> JwtAuth {
    let mut service = service();
    gatehouse_filter_test::change(&mut service, &changes);
    worker_of(host, json!([provider(json!({"introspection": service}))]), json!({}))
}

fn worker(host: &FakeHost) -> JwtAuth {
    worker_with(host, json!({}))
}

/// What the service says of a token that is good.
fn active() -> Value {
    active_with(json!({}))
}

/// The same with some of it replaced; `null` removes a member.
fn active_with(changes: Value) -> Value {
    let mut said = json!({
        "active": true, "sub": "alice", "aud": "gateway", "exp": NOW + 600, "scope": "read write",
        "client_id": "app", "username": "Alice", "token_type": "Bearer",
    });
    gatehouse_filter_test::change(&mut said, &changes);
    said
}

fn json_answer(body: impl ToString) -> Answer {
    Answer {
        headers: Headers::from_list(&[(":status", "200"), ("content-type", "application/json")]),
        body: body.to_string().into_bytes(),
        ..Answer::default()
    }
}

/// The one call made since this was last asked.
fn call(host: &FakeHost) -> (CallId, Callout) {
    let mut calls = host.take_calls();
    assert_eq!(calls.len(), 1, "{}", calls.len());
    calls.remove(0)
}

/// A request with these fields that may be asked about many times.
struct Asked {
    fields: Vec<(String, String)>,
    slot: Option<Slot>,
    /// What it may wait for: the answer to a call, unless the case says otherwise.
    until: Until,
    user: Vec<String>,
    identity: Option<gatehouse_filter::Identity>,
    why: Option<String>,
}

impl Asked {
    fn with(token: &str) -> Self {
        Self::at("authorization", &format!("Bearer {token}"))
    }

    fn at(name: &str, value: &str) -> Self {
        Self {
            fields: vec![(name.to_owned(), value.to_owned())],
            slot: None,
            until: Until::Answered(CallId(0)),
            user: Vec::new(),
            identity: None,
            why: None,
        }
    }

    /// The code, or `wait`.
    fn ask(&mut self, worker: &JwtAuth, host: &FakeHost) -> &'static str {
        let mut head = vec![(":method", "GET"), (":path", "/")];
        head.extend(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut request = Request::new(Headers::from_list(&head), host);
        let Decision { code, step, caller, why, .. } =
            worker.on_request(&mut request, &mut self.slot);
        self.user =
            request.headers.values("x-user").map(|user| user.escape_ascii().to_string()).collect();
        self.identity = caller.map(|caller| caller.identity().clone());
        self.why = why;
        match step {
            Step::Wait(until) => {
                assert_eq!(
                    std::mem::discriminant(&until),
                    std::mem::discriminant(&self.until),
                    "{until:?}"
                );
                assert!(self.slot.is_some(), "a seat is taken while waiting");
                "wait"
            }
            _ => {
                assert!(self.slot.is_none(), "no seat is kept");
                code.name()
            }
        }
    }
}

fn code(worker: &JwtAuth, host: &FakeHost, token: &str) -> &'static str {
    Asked::with(token).ask(worker, host)
}

/// What becomes of a request with this token of which the service says this.
fn told(worker: &JwtAuth, host: &FakeHost, token: &str, answer: &Answer) -> Asked {
    let mut asked = Asked::with(token);
    assert_eq!(asked.ask(worker, host), "wait");
    give(worker, call(host).0, answer, host);
    asked
}

/// How often an event was counted for the provider.
fn counted(host: &FakeHost, event: &str) -> u64 {
    host.counted_by(event, ("provider", "main"))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
