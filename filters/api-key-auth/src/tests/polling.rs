//! A list of consumers that is polled.

use super::*;
use gatehouse_filter::{Answer, CallRefused, Filter, Headers, Request, Timestamp};
use std::time::Duration;

const FETCHED: usize = 4;
const FAILED: usize = 5;
const REFUSED: usize = 6;

fn polled() -> ApiKeyAuth {
    let from = json!({"cluster": "keys", "path": "/keys.json", "every": "30s", "timeout": "3s"});
    filter(json!({"consumers": null, "consumers_from": from, "rules": [{"consumers": ["acme"]}]}))
}

fn list(key: &str) -> Vec<u8> {
    json!({"consumers": [{"name": "acme", "keys": [{"digest": sha256(key)}]}]}).to_string().into_bytes()
}

fn answer(status: &str, body: &[u8]) -> Answer {
    Answer { headers: Headers::from_list(&[(":status", status)]), body: body.to_vec(), truncated: false }
}

/// Ticks, and gives the one call that must follow this answer.
fn fetch(filter: &ApiKeyAuth, host: &FakeHost, answer: &Answer) {
    filter.on_tick(host);
    let calls = host.take_calls();
    let [(id, call)] = calls.as_slice() else { panic!("one call, not {calls:?}") };
    assert_eq!(
        (call.cluster.as_str(), call.authority.as_str(), call.path.as_str()),
        ("keys", "keys", "/keys.json")
    );
    assert_eq!((call.method, call.timeout), ("GET", Duration::from_secs(3)));
    filter.on_answer(*id, answer, host);
}

fn code_of(filter: &ApiKeyAuth, host: &FakeHost, key: &str) -> &'static str {
    let outcome = ask(filter, host, &[("x-api-key", key)]);
    assert_ne!(outcome.decision.step, Step::Wait);
    outcome.decision.code.name()
}

#[test]
fn the_last_good_list_stays_until_there_is_a_better_one() {
    let (host, filter) = (FakeHost::at(NOW), polled());
    fetch(&filter, &host, &answer("200", &list("one")));
    assert_eq!(host.counted(FETCHED), 1);
    let truncated = Answer { truncated: true, ..answer("200", &list("two")) };
    let fields = json!({"consumers": [], "more": 1}).to_string();
    let bad = [
        (answer("500", &list("two")), FAILED),
        (answer("404", b""), FAILED),
        (Answer::default(), FAILED),
        (truncated, REFUSED),
        (answer("200", b""), REFUSED),
        (answer("200", b"\xff<html>"), REFUSED),
        (answer("200", b"[]"), REFUSED),
        (answer("200", fields.as_bytes()), REFUSED),
        (answer("200", br#"{"consumers": [{"name": "acme", "keys": [{"digest": "two"}]}]}"#), REFUSED),
        (answer("200", &[b"[".repeat(100_000), list("two")].concat()), REFUSED),
    ];
    for (index, (bad, event)) in bad.iter().enumerate() {
        host.clock.advance(Duration::from_secs(30));
        let before = host.counted(*event);
        fetch(&filter, &host, bad);
        assert_eq!(host.counted(*event), before + 1, "{index}");
        assert_eq!(code_of(&filter, &host, "one"), "allowed", "{index}");
        assert_eq!(code_of(&filter, &host, "two"), "key_invalid", "{index}");
    }
    // Sooner than the next turn, because the last try failed.
    host.clock.advance(Duration::from_secs(5));
    fetch(&filter, &host, &answer("200", &list("two")));
    assert_eq!(code_of(&filter, &host, "one"), "key_invalid");
    assert_eq!(code_of(&filter, &host, "two"), "allowed");
}

#[test]
fn it_is_asked_for_once_a_period_and_one_call_at_a_time() {
    let (host, filter) = (FakeHost::at(NOW), polled());
    assert_eq!(filter.tick_period(), Some(Duration::from_millis(500)));
    filter.on_tick(&host);
    let (first, _) = host.take_calls().remove(0);
    host.clock.advance(Duration::from_secs(300));
    filter.on_tick(&host);
    assert!(host.take_calls().is_empty(), "one is under way");
    filter.on_answer(gatehouse_filter::CallId(first.0 + 1), &answer("200", &list("other")), &host);
    assert_eq!(host.counted(FETCHED), 0, "the answer to another question");
    filter.on_answer(first, &answer("200", &list("one")), &host);
    fetch(&filter, &host, &answer("200", &list("one")));
    host.clock.advance(Duration::from_secs(29));
    filter.on_tick(&host);
    assert!(host.take_calls().is_empty());
    // A clock that is set back by a day does not stop it for a day.
    host.clock.step_back(Duration::from_secs(86_400));
    fetch(&filter, &host, &answer("200", &list("one")));

    host.clock.advance(Duration::from_secs(30));
    host.refuse_calls(Some(CallRefused::Failed));
    filter.on_tick(&host);
    filter.on_tick(&host);
    assert_eq!(host.counted(FAILED), 1);
    host.refuse_calls(None);
    host.clock.advance(Duration::from_secs(5));
    fetch(&filter, &host, &answer("200", &list("one")));
}

#[test]
fn before_the_first_list_requests_with_a_key_wait_for_a_while() {
    let (host, filter) = (FakeHost::at(NOW), polled());
    let decide = |key: Option<&str>, stream: &mut Option<_>| {
        let fields: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
        let mut request = Request::new(Headers::from_list(&fields), &host);
        let decision = filter.on_request(&mut request, stream);
        assert!(decision.step != Step::Wait || request.headers.edits().is_empty());
        match decision.step {
            Step::Wait => "waits",
            _ => decision.code.name(),
        }
    };
    let (mut patient, mut lucky) = (None, None);
    assert_eq!(decide(None, &mut None), "key_missing", "for what is clear nobody waits");
    assert_eq!(decide(Some("one"), &mut patient), "waits");
    host.clock.advance(Duration::from_millis(2999));
    assert_eq!(decide(Some("one"), &mut patient), "waits");
    assert_eq!(decide(Some("one"), &mut lucky), "waits");
    host.clock.advance(Duration::from_millis(1));
    assert_eq!(decide(Some("one"), &mut patient), "consumers_unavailable");
    fetch(&filter, &host, &answer("200", &list("one")));
    assert_eq!(decide(Some("one"), &mut lucky), "allowed");

    let unavailable = ask(&polled(), &host, &[("x-api-key", "one")]);
    assert_eq!(unavailable.decision.step, Step::Wait);
}

#[test]
fn who_waits_too_long_is_told_to_come_again() {
    let (host, filter) = (FakeHost::at(NOW), polled());
    let decide = |deadline: u64| {
        let mut request = Request::new(Headers::from_list(&[("x-api-key", "one")]), &host);
        filter.on_request(&mut request, &mut Some(Timestamp::from_seconds(deadline)))
    };
    let Step::Reply(reply) = decide(NOW).step else { panic!("refused") };
    assert_eq!((reply.status, reply.headers.len()), (503, 0));
    // A clock that was set back does not make it wait for longer.
    assert_eq!(decide(NOW + 4).code.name(), "consumers_unavailable");
}

#[test]
fn without_a_list_to_poll_there_is_no_timer() {
    assert_eq!(filter(json!({})).tick_period(), None);
    assert_eq!(ApiKeyAuth::events().len(), REFUSED + 1);
    assert_eq!(ApiKeyAuth::events()[FETCHED], "consumers_fetched");
}
