//! Key sets that are fetched: who fetches and when, what is kept, and what happens to requests meanwhile.

use super::*;
use crate::remote::Event;
use crate::waiting::SEATS;
use crate::{MAX_KEY_SET, Waiting};
use gatehouse_filter::{Answer, CallId, CallRefused, Filter, Headers, Request, Store, Timestamp};
use std::time::Duration;

/// A filter that fetches its keys, with these members of `jwks` besides; started on this host.
fn worker_with(host: &FakeHost, changes: Value) -> JwtAuth {
    let mut jwks = json!({"cluster": "auth", "path": "/jwks.json"});
    for (name, value) in changes.as_object().unwrap() {
        jwks[name] = value.clone();
    }
    let provider = json!({"name": "main", "issuer": ISSUER, "audiences": ["gateway"], "jwks": jwks});
    let filter: JwtAuth = configured(&json!({"providers": [provider]}).to_string()).unwrap();
    filter.prepare(host);
    filter
}

fn worker(host: &FakeHost) -> JwtAuth {
    worker_with(host, json!({}))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn answer(status: &str, body: impl Into<Vec<u8>>) -> Answer {
    Answer { headers: Headers::from_list(&[(":status", status)]), body: body.into(), truncated: false }
}

/// The one call made since this was last asked.
fn call(host: &FakeHost) -> CallId {
    let calls = host.take_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls[0].0
}

/// The worker fetches this set, which is good.
fn fetch(host: &FakeHost, worker: &JwtAuth, set: &Value) {
    worker.on_tick(host);
    worker.on_answer(call(host), &answer("200", set.to_string()), host);
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

/// A request that may be asked about many times.
struct Asked {
    authorization: String,
    place: Option<Waiting>,
}

impl Asked {
    fn with(token: &str) -> Self {
        Self { authorization: format!("Bearer {token}"), place: None }
    }

    /// The code, or `wait`.
    fn ask(&mut self, worker: &JwtAuth, host: &FakeHost) -> &'static str {
        let head = [(":method", "GET"), (":path", "/"), ("authorization", self.authorization.as_str())];
        let mut request = Request::new(Headers::from_list(&head), host);
        let decision = worker.on_request(&mut request, &mut self.place);
        assert_eq!(self.place.is_some(), decision.step == Step::Wait, "a place is held while waiting");
        if decision.step == Step::Wait { "wait" } else { decision.code.name() }
    }
}

fn code(worker: &JwtAuth, host: &FakeHost, token: &str) -> &'static str {
    Asked::with(token).ask(worker, host)
}

#[test]
fn requests_wait_for_the_first_set_and_are_decided_when_it_comes() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let (mut good, mut unknown) = (Asked::with(&token_of("main")), Asked::with(&token_of("other")));
    assert_eq!(good.ask(&worker, &host), "wait");
    assert_eq!(unknown.ask(&worker, &host), "wait");
    assert!(host.take_calls().is_empty(), "a request makes no call");

    worker.on_tick(&host);
    let calls = host.take_calls();
    let (id, callout) = &calls[0];
    assert_eq!((callout.cluster.as_str(), callout.authority.as_str()), ("auth", "auth"));
    assert_eq!((callout.method, callout.path.as_str()), ("GET", "/jwks.json"));
    assert_eq!(callout.timeout, seconds(2));
    worker.on_tick(&host);
    assert!(host.take_calls().is_empty(), "one fetch at a time");

    worker.on_answer(CallId(id.0 + 1), &answer("200", key_set().to_string()), &host);
    assert_eq!(good.ask(&worker, &host), "wait", "that was no answer to this call");
    worker.on_answer(*id, &answer("200", key_set().to_string()), &host);
    assert_eq!(good.ask(&worker, &host), "allowed");
    assert_eq!(unknown.ask(&worker, &host), "key_unknown");
    assert_eq!(host.counted(Event::Fetched as usize), 1);
}

#[test]
fn what_needs_no_key_does_not_wait_for_one() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    for (token, want) in [
        (token(&claims_with(json!({"exp": 1}))), "token_expired"),
        (token(&claims_with(json!({"aud": "x"}))), "audience_mismatch"),
        (token(&claims_with(json!({"iss": "x"}))), "issuer_unknown"),
        ("x".to_owned(), "token_malformed"),
    ] {
        assert_eq!(code(&worker, &host, &token), want);
    }
}

#[test]
fn a_request_waits_no_longer_than_the_timeout() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let mut asked = Asked::with(&token_of("main"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    worker.on_tick(&host);
    host.clock.advance(Duration::from_millis(1999));
    assert_eq!(asked.ask(&worker, &host), "wait");
    host.clock.advance(Duration::from_millis(1));
    assert_eq!(asked.ask(&worker, &host), "keys_unavailable");

    let outcome = {
        let mut asked = Asked::with(&token(&claims_with(json!({"iat": null}))));
        assert_eq!(asked.ask(&worker, &host), "wait");
        host.clock.step_back(seconds(3600));
        asked.ask(&worker, &host)
    };
    assert_eq!(outcome, "keys_unavailable", "the clock stepped back");
}

#[test]
fn one_fetch_serves_every_worker() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host), worker(&host)];
    let mut waiting = Asked::with(&token_of("main"));
    assert_eq!(waiting.ask(&workers[1], &host), "wait");
    workers.iter().for_each(|worker| worker.on_tick(&host));
    workers[0].on_answer(call(&host), &answer("200", key_set().to_string()), &host);
    assert_eq!(waiting.ask(&workers[1], &host), "wait", "it has not looked yet");
    workers[1].on_tick(&host);
    assert_eq!(waiting.ask(&workers[1], &host), "allowed");
    workers.iter().for_each(|worker| worker.on_tick(&host));
    assert!(host.take_calls().is_empty());

    let late = worker(&host);
    assert_eq!(code(&late, &host, &token_of("main")), "allowed", "a new worker finds the set at once");
    assert_eq!(host.store.keys(), 2);
}

#[test]
fn whoever_loses_the_race_for_the_turn_does_not_fetch() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    host.store.conflict_next(1);
    worker.on_tick(&host);
    assert!(host.take_calls().is_empty());
    worker.on_tick(&host);
    call(&host);
}

#[test]
fn a_turn_whose_holder_is_gone_is_taken_over_and_the_late_answer_is_not_shared() {
    let host = FakeHost::at(NOW);
    let (first, second) = (worker(&host), worker(&host));
    first.on_tick(&host);
    let lost = call(&host);
    host.clock.advance(Duration::from_millis(2999));
    second.on_tick(&host);
    assert!(host.take_calls().is_empty());
    host.clock.advance(Duration::from_millis(1));
    second.on_tick(&host);
    let taken = call(&host);
    second.on_answer(taken, &answer("200", set_of(&["new"]).to_string()), &host);
    first.on_answer(lost, &answer("200", set_of(&["old"]).to_string()), &host);
    first.on_tick(&host);
    for worker in [&first, &second] {
        assert_eq!(code(worker, &host, &token_of("new")), "allowed");
    }
}

#[test]
fn keys_are_refreshed_behind_the_requests() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    fetch(&host, &worker, &set_of(&["a"]));
    host.clock.advance(seconds(299));
    worker.on_tick(&host);
    assert!(host.take_calls().is_empty(), "not yet");
    host.clock.advance(seconds(1));
    worker.on_tick(&host);
    assert_eq!(code(&worker, &host, &token_of("a")), "allowed", "while the fetch is on its way");
    worker.on_answer(call(&host), &answer("200", set_of(&["a", "b"]).to_string()), &host);
    assert_eq!(code(&worker, &host, &token_of("a")), "allowed");
    assert_eq!(code(&worker, &host, &token_of("b")), "allowed");
    worker.on_tick(&host);
    assert!(host.take_calls().is_empty(), "until the next refresh");
}

#[test]
fn a_bad_answer_changes_nothing() {
    let ec = json!({"kty": "oct", "k": base64(&[7; 32])});
    let mixed = json!({"keys": [key_set()["keys"][0], ec]}).to_string();
    let secret = json!({"keys": [ec]}).to_string();
    let good = key_set().to_string();
    let padded = format!("{good}{}", " ".repeat(64 * 1024));
    let truncated = Answer { truncated: true, ..answer("200", " ".repeat(MAX_KEY_SET)) };
    let cases = [
        ("no answer", Answer::default(), Event::FetchFailed),
        ("503", answer("503", good.clone()), Event::FetchFailed),
        ("504", answer("504", ""), Event::FetchFailed),
        ("404", answer("404", good.clone()), Event::FetchFailed),
        ("204", answer("204", ""), Event::FetchFailed),
        ("302", answer("302", good.clone()), Event::FetchFailed),
        ("no number", answer("2oo", good.clone()), Event::FetchFailed),
        ("empty", answer("200", ""), Event::Refused),
        ("HTML", answer("200", "<html>sign in</html>"), Event::Refused),
        ("not UTF-8", answer("200", b"\xff\xfe".to_vec()), Event::Refused),
        ("no list", answer("200", "{}"), Event::Refused),
        ("no key", answer("200", r#"{"keys": []}"#), Event::Refused),
        ("no usable key", answer("200", r#"{"keys": [{"kty": "RSA"}]}"#), Event::Refused),
        ("secrets beside public keys", answer("200", mixed), Event::Refused),
        ("secrets", answer("200", secret), Event::Refused),
        ("nested", answer("200", "[".repeat(60_000)), Event::Refused),
        ("10 MB", truncated, Event::Refused),
        ("a byte too many", answer("200", padded), Event::Refused),
    ];
    for (name, bad, event) in cases {
        let host = FakeHost::at(NOW);
        let workers = [worker(&host), worker(&host)];
        // As the first answer: nothing, and the next try comes soon.
        workers[0].on_tick(&host);
        workers[0].on_answer(call(&host), &bad, &host);
        assert_eq!(host.counted(event as usize), 1, "{name}");
        assert_eq!(code(&workers[0], &host, &token_of("main")), "wait", "{name}");
        host.clock.advance(Duration::from_millis(500));
        fetch(&host, &workers[0], &key_set());
        // As a later one: the last good set stays, for everybody.
        host.clock.advance(seconds(300));
        workers[0].on_tick(&host);
        workers[0].on_answer(call(&host), &bad, &host);
        assert_eq!(host.counted(event as usize), 2, "{name}");
        for worker in &workers {
            worker.on_tick(&host);
            assert_eq!(code(worker, &host, &token_of("main")), "allowed", "{name}");
        }
        assert!(host.take_calls().is_empty(), "{name}: not at once again");
        host.clock.advance(seconds(5));
        fetch(&host, &workers[1], &key_set());
        assert_eq!(host.counted(Event::Fetched as usize), 2, "{name}");
    }
}

#[test]
fn keys_are_used_while_the_provider_is_down_but_not_for_ever() {
    let host = FakeHost::at(NOW);
    let worker = worker_with(&host, json!({"max_age": "1h"}));
    fetch(&host, &worker, &key_set());
    let down = || {
        worker.on_tick(&host);
        for (id, _) in host.take_calls() {
            worker.on_answer(id, &answer("503", "upstream connect error"), &host);
        }
    };
    let mut token = claims_with(json!({"exp": NOW + 9000}));
    token["iat"] = json!(NOW);
    let token = super::token(&token);
    for _ in 0..359 {
        host.clock.advance(seconds(10));
        down();
        assert_eq!(code(&worker, &host, &token), "allowed");
    }
    host.clock.advance(seconds(10));
    down();
    assert_eq!(host.counted(Event::Dropped as usize), 1);
    let mut asked = Asked::with(&token);
    assert_ne!(asked.ask(&worker, &host), "allowed");
    host.clock.advance(seconds(5));
    fetch(&host, &worker, &key_set());
    assert_eq!(code(&worker, &host, &token), "allowed", "it is back");
}

#[test]
fn with_nothing_to_go_on_with_tries_start_close_together() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    host.refuse_calls(Some(CallRefused::Failed));
    let mut starts = Vec::new();
    for tick in 0..200_u64 {
        let before = host.counted(Event::FetchFailed as usize);
        worker.on_tick(&host);
        if host.counted(Event::FetchFailed as usize) > before {
            starts.push(tick * 100);
        }
        host.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(starts, [0, 500, 1500, 3500, 7500, 12_500, 17_500]);
    // No fetch can begin while this request may wait: it is told so at once.
    assert_eq!(code(&worker, &host, &token_of("main")), "keys_unavailable");
    host.refuse_calls(None);
    host.clock.advance(seconds(5));
    assert_eq!(code(&worker, &host, &token_of("main")), "wait");
    fetch(&host, &worker, &key_set());
    assert_eq!(code(&worker, &host, &token_of("main")), "allowed");
}

#[test]
fn a_rotation_loses_no_request() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    fetch(&host, &workers[0], &set_of(&["a"]));
    workers[1].on_tick(&host);
    host.clock.advance(seconds(5));
    let mut first = Asked::with(&token_of("b"));
    let mut second = Asked::with(&token_of("b"));
    assert_eq!(first.ask(&workers[1], &host), "wait");
    workers[1].on_tick(&host);
    let call = call(&host);
    workers[0].on_tick(&host);
    assert_eq!(second.ask(&workers[0], &host), "wait", "it shares the fetch");
    assert_eq!(code(&workers[0], &host, &token_of("a")), "allowed", "nobody else waits");
    workers[1].on_answer(call, &answer("200", set_of(&["b"]).to_string()), &host);
    workers[0].on_tick(&host);
    assert_eq!(first.ask(&workers[1], &host), "allowed");
    assert_eq!(second.ask(&workers[0], &host), "allowed");
    for worker in &workers {
        worker.on_tick(&host);
        // Gone from the set, gone from use; it cannot be fetched again so soon.
        assert_eq!(code(worker, &host, &token_of("a")), "key_unknown");
    }
}

#[test]
fn a_set_may_change_its_algorithm() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let rsa_like = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "old",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]});
    fetch(&host, &worker, &rsa_like);
    host.clock.advance(seconds(5));
    let mut asked = Asked::with(&token_of("main"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    fetch(&host, &worker, &key_set());
    assert_eq!(asked.ask(&worker, &host), "allowed");
}

#[test]
fn an_unknown_key_is_looked_for_once_and_then_refused() {
    for (name, came) in [
        ("the same set", answer("200", key_set().to_string())),
        ("no answer", Answer::default()),
        ("garbage", answer("200", "garbage")),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        fetch(&host, &worker, &key_set());
        assert_eq!(code(&worker, &host, &token_of("x")), "key_unknown", "{name}: just fetched");
        host.clock.advance(seconds(5));
        let mut asked = Asked::with(&token_of("x"));
        assert_eq!(asked.ask(&worker, &host), "wait", "{name}");
        worker.on_tick(&host);
        worker.on_answer(call(&host), &came, &host);
        assert_eq!(asked.ask(&worker, &host), "key_unknown", "{name}");
        assert_eq!(code(&worker, &host, &token_of("main")), "allowed", "{name}");
    }
}

#[test]
fn a_storm_of_unknown_keys_makes_one_fetch_a_period_and_fills_no_memory() {
    let host = FakeHost::at(NOW);
    let workers = [worker(&host), worker(&host)];
    fetch(&host, &workers[0], &key_set());
    workers[1].on_tick(&host);
    let mut fetches = 0;
    for tick in 0..600 {
        host.clock.advance(Duration::from_millis(100));
        for worker in &workers {
            assert_ne!(code(worker, &host, &token_of(&format!("storm-{tick}"))), "allowed");
            assert_eq!(code(worker, &host, &token_of("main")), "allowed");
            worker.on_tick(&host);
        }
        for (id, _) in host.take_calls() {
            fetches += 1;
            workers
                .iter()
                .for_each(|worker| worker.on_answer(id, &answer("200", key_set().to_string()), &host));
        }
    }
    assert_eq!(fetches, 12, "a minute of storm, a fetch every 5 s");
    assert_eq!(host.store.keys(), 2);

    host.clock.advance(seconds(5));
    let token = token_of("storm");
    let mut crowd: Vec<_> = (0..SEATS).map(|_| Asked::with(&token)).collect();
    for asked in &mut crowd {
        assert_eq!(asked.ask(&workers[0], &host), "wait");
    }
    assert_eq!(code(&workers[0], &host, &token), "key_unknown", "no seat is left");
    assert_eq!(code(&workers[0], &host, &token_of("main")), "allowed");
    crowd.pop();
    let mut next = Asked::with(&token);
    assert_eq!(next.ask(&workers[0], &host), "wait", "a client went away");
    workers[0].on_tick(&host);
    workers[0].on_answer(call(&host), &answer("200", key_set().to_string()), &host);
    for asked in &mut crowd {
        assert_eq!(asked.ask(&workers[0], &host), "key_unknown");
    }
}

#[test]
fn a_dry_run_delays_nobody() {
    let host = FakeHost::at(NOW);
    let provider = json!({"name": "main", "issuer": ISSUER, "jwks": {"cluster": "auth", "path": "/"}});
    let filter: JwtAuth =
        configured(&json!({"mode": "shadow", "providers": [provider]}).to_string()).unwrap();
    filter.prepare(&host);
    assert_eq!(code(&filter, &host, &token_of("main")), "keys_unavailable");
    fetch(&host, &filter, &key_set());
    assert_eq!(code(&filter, &host, &token_of("main")), "allowed");
    assert_eq!(code(&filter, &host, &token_of("x")), "key_unknown");
    host.clock.advance(seconds(5));
    filter.on_tick(&host);
    call(&host);
}

#[test]
fn a_clock_that_is_set_back_holds_up_no_fetch() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    fetch(&host, &worker, &key_set());
    host.clock.step_back(seconds(3600));
    let token = super::token(&claims_with(json!({"iat": null})));
    assert_eq!(code(&worker, &host, &token), "allowed");
    worker.on_tick(&host);
    let held = call(&host);
    host.clock.step_back(seconds(3600));
    worker.on_tick(&host);
    let taken = call(&host);
    worker.on_answer(held, &Answer::default(), &host);
    worker.on_answer(taken, &answer("200", set_of(&["main", "b"]).to_string()), &host);
    assert_eq!(code(&worker, &host, &token), "allowed");
    worker.on_tick(&host);
    assert!(host.take_calls().is_empty());
}

#[test]
fn two_providers_fetch_each_its_own() {
    let host = FakeHost::at(NOW);
    let provider = |name: &str, issuer: &str| json!({"name": name, "issuer": issuer, "jwks": {"cluster": name, "path": "/"}});
    let filter: JwtAuth = configured(
        &json!({"providers": [provider("a", ISSUER), provider("b", "https://b.example")]}).to_string(),
    )
    .unwrap();
    filter.prepare(&host);
    filter.on_tick(&host);
    let calls = host.take_calls();
    assert_eq!(calls.len(), 2);
    let of_b = token(&claims_with(json!({"iss": "https://b.example"})));
    filter.on_answer(calls[1].0, &answer("200", key_set().to_string()), &host);
    assert_eq!(code(&filter, &host, &of_b), "allowed");
    assert_eq!(code(&filter, &host, &token(&claims())), "wait");
    filter.on_answer(calls[0].0, &Answer::default(), &host);
    assert_eq!(host.counted(Event::FetchFailed as usize), 1);
}

#[test]
fn garbage_in_the_shared_store_is_no_key_set() {
    for garbage in [&b""[..], b"x", &[0xff; 48], &[0xff; 4096]] {
        let host = FakeHost::at(NOW);
        Store::set(&host, b"jwt-auth/1/keys\nauth\nauth\n/jwks.json", garbage, None).unwrap();
        Store::set(&host, b"jwt-auth/1/turn\nauth\nauth\n/jwks.json", garbage, None).unwrap();
        let worker = worker(&host);
        fetch(&host, &worker, &key_set());
        assert_eq!(code(&worker, &host, &token_of("main")), "allowed");
    }
}

#[test]
fn without_a_store_there_are_no_keys_and_no_panic() {
    let host = FakeHost::at(NOW);
    host.store.break_down();
    let worker = worker(&host);
    worker.on_tick(&host);
    assert!(host.take_calls().is_empty());
    let mut asked = Asked::with(&token_of("main"));
    assert_eq!(asked.ask(&worker, &host), "wait");
    host.clock.set_seconds(Timestamp::from_seconds(NOW + 2).seconds());
    assert_eq!(asked.ask(&worker, &host), "keys_unavailable");
}
