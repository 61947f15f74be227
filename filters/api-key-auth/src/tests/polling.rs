//! A list of consumers that is polled.

use super::*;
use gatehouse_filter::fetched::MAX_WAITERS;
use gatehouse_filter::{
    Answer, CallRefused, Fetches, Filter, HeaderName, HeaderValue, Headers, Request, Until,
};
use gatehouse_filter_test::{answer as give, prepare, tick};
use std::time::Duration;

const FETCHED: Event = Event::ConsumersFetched;
const FAILED: Event = Event::ConsumersFetchFailed;
const REFUSED: Event = Event::ConsumersRefused;
const DROPPED: Event = Event::ConsumersDropped;

fn polled(host: &FakeHost) -> ApiKeyAuth {
    polled_with(host, json!({}), json!({}))
}

/// A worker that polls, started on this host.
fn polled_with(host: &FakeHost, source: Value, more: Value) -> ApiKeyAuth {
    let mut from =
        json!({"cluster": "keys", "path": "/keys.json", "refresh": "30s", "timeout": "3s"});
    gatehouse_filter_test::change(&mut from, &source);
    let mut members =
        json!({"consumers": null, "consumers_from": from, "rules": [{"consumers": ["acme"]}]});
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let filter = filter(members);
    prepare(&filter, host);
    filter
}

fn list(key: &str) -> Vec<u8> {
    json!({"consumers": [{"name": "acme", "keys": [{"digest": sha256(key)}]}]})
        .to_string()
        .into_bytes()
}

fn answer(status: &str, body: &[u8]) -> Answer {
    Answer {
        headers: Headers::from_list(&[(":status", status)]),
        body: body.to_vec(),
        ..Answer::default()
    }
}

/// Ticks, and gives the one call that must follow this answer.
fn fetch(filter: &ApiKeyAuth, host: &FakeHost, answer: &Answer) {
    tick(filter, host);
    let calls = host.take_calls();
    let [(id, call)] = calls.as_slice() else { panic!("one call, not {calls:?}") };
    assert_eq!(
        (call.cluster.as_str(), call.authority.as_str(), call.path.as_str()),
        ("keys", "keys", "/keys.json")
    );
    assert_eq!((&*call.method, call.timeout), ("GET", Duration::from_secs(3)));
    give(filter, *id, answer, host);
}

#[test]
fn the_server_of_the_list_is_shown_its_key_and_says_how_long_the_list_is_good() {
    let host = FakeHost::at(NOW);
    let source = json!({
        "headers": [{"name": "x-list-key", "value": "s3cret"}],
        "refresh": {"usual": "30s", "least": "10s", "most": "1m"},
    });
    let filter = polled_with(&host, source, json!({}));
    let headed = Answer {
        headers: Headers::from_list(&[(":status", "200"), ("cache-control", "max-age=45")]),
        ..answer("200", &list("key"))
    };
    tick(&filter, &host);
    let calls = host.take_calls();
    let [(id, call)] = calls.as_slice() else { panic!("one call, not {calls:?}") };
    let key = (HeaderName::from_static("x-list-key"), HeaderValue::from_static("s3cret"));
    assert!(call.headers.contains(&key), "{call:?}");
    give(&filter, *id, &headed, &host);
    host.clock.advance(Duration::from_secs(44));
    tick(&filter, &host);
    assert!(host.take_calls().is_empty());
    host.clock.advance(Duration::from_secs(1));
    tick(&filter, &host);
    assert_eq!(host.take_calls().len(), 1);
}

/// The same, as soon as it is tried again.
fn fetch_again(filter: &ApiKeyAuth, host: &FakeHost, answer: &Answer) {
    host.clock.advance(Duration::from_secs(5));
    fetch(filter, host, answer);
}

fn code_of(filter: &ApiKeyAuth, host: &FakeHost, key: &str) -> &'static str {
    let outcome = ask(filter, host, &[("x-api-key", key)]);
    assert!(!matches!(outcome.decision.step, Step::Wait(_)));
    outcome.decision.code.name()
}

#[test]
fn the_last_good_list_stays_until_there_is_a_better_one() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host);
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
        (
            answer("200", br#"{"consumers": [{"name": "acme", "keys": [{"digest": "two"}]}]}"#),
            REFUSED,
        ),
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
fn one_worker_asks_for_all_once_a_period() {
    let host = FakeHost::at(NOW);
    let (filter, other) = (polled(&host), polled(&host));
    let ticks = || {
        tick(&filter, &host);
        tick(&other, &host);
        host.take_calls()
    };
    let calls = ticks();
    assert_eq!(calls.len(), 1, "{calls:?}");
    host.clock.advance(Duration::from_millis(100));
    assert!(ticks().is_empty(), "one is under way");
    let (first, _) = calls[0];
    give(&filter, gatehouse_filter::CallId(first.0 + 1), &answer("200", &list("other")), &host);
    assert_eq!(host.counted(FETCHED), 0, "the answer to another question");
    give(&filter, first, &answer("200", &list("one")), &host);
    assert!(ticks().is_empty(), "it is there");
    assert_eq!(code_of(&filter, &host, "one"), "allowed");
    assert_eq!(code_of(&other, &host, "one"), "allowed", "whoever did not ask has it, too");
    assert_eq!(code_of(&polled(&host), &host, "one"), "allowed", "and whoever comes later");

    host.clock.advance(Duration::from_secs(29));
    assert!(ticks().is_empty());
    // A clock that is set back by a day does not stop it for a day.
    host.clock.step_back(Duration::from_secs(86_400));
    assert_eq!(ticks().len(), 1);
}

#[test]
fn a_list_that_only_another_configuration_can_read_is_told() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host);
    let without_secret = polled_with(&host, json!({}), json!({"hmac_secret": null}));
    fetch(&filter, &host, &answer("200", &list("one")));
    tick(&without_secret, &host);
    assert_eq!(code_of(&without_secret, &host, "one"), "allowed");
    let digest = format!("hmac_sha256:{}", "ab".repeat(32));
    let keyed = json!({"consumers": [{"name": "acme", "keys": [{"digest": digest}]}]}).to_string();
    host.clock.advance(Duration::from_secs(30));
    fetch(&filter, &host, &answer("200", keyed.as_bytes()));
    assert_eq!(host.take_warnings(), [""; 0]);
    tick(&without_secret, &host);
    assert_eq!(host.counted(REFUSED), 1);
    let warnings = host.take_warnings().concat();
    assert!(warnings.contains("consumers[0].keys[0].digest: needs `hmac_secret`"), "{warnings}");
}

/// Whoever serves the list must not find out what is in the gateway's environment.
#[test]
fn a_list_names_no_variables_of_the_gateway() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host);
    let list = json!({"consumers": [{"name": "acme", "keys": [{"digest": {"env": "PATH"}}]}]});
    fetch(&filter, &host, &answer("200", list.to_string().as_bytes()));
    assert_eq!(host.counted(REFUSED), 1);
    let warnings = host.take_warnings().concat();
    assert!(warnings.contains("digest: must be text: only the plugin's own"), "{warnings}");
}

#[test]
fn before_the_first_list_requests_with_a_key_wait_for_a_while() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host);
    let decide = |key: Option<&str>, stream: &mut Option<_>| {
        let fields: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
        let mut request = Request::new(Headers::from_list(&fields), &host);
        let decision = filter.on_request(&mut request, stream);
        match decision.step {
            Step::Wait(until) => {
                assert_eq!(until, Until::Fetched);
                assert!(request.headers.edits().is_empty());
                "waits"
            }
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

    let unavailable = ask(&polled(&FakeHost::at(NOW)), &host, &[("x-api-key", "one")]);
    assert_eq!(unavailable.decision.step, Step::Wait(Until::Fetched));
}

#[test]
fn a_clock_that_is_set_back_does_not_make_a_request_wait_for_longer() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host);
    let mut slot = None;
    let mut decide = || {
        let mut request = Request::new(Headers::from_list(&[("x-api-key", "one")]), &host);
        filter.on_request(&mut request, &mut slot).step
    };
    assert_eq!(decide(), Step::Wait(Until::Fetched));
    host.clock.step_back(Duration::from_secs(60));
    let Step::Reply(Reply::Problem(reply)) = decide() else { panic!("refused") };
    assert_eq!((reply.status, reply.headers.len()), (503, 1));
}

#[test]
fn only_so_many_requests_wait_and_none_in_a_dry_run() {
    let host = FakeHost::at(NOW);
    let decide = |filter: &ApiKeyAuth, slot: &mut Option<crate::Slot>| {
        let mut request = Request::new(Headers::from_list(&[("x-api-key", "one")]), &host);
        filter.on_request(&mut request, slot).step
    };
    let filter = polled(&host);
    let mut places: Vec<_> = (0..MAX_WAITERS).map(|_| None).collect();
    for slot in &mut places {
        assert_eq!(decide(&filter, slot), Step::Wait(Until::Fetched));
    }
    assert!(matches!(decide(&filter, &mut None), Step::Reply(_)), "no seat is left");
    places.pop();
    assert_eq!(decide(&filter, &mut None), Step::Wait(Until::Fetched), "somebody went");

    let dry = polled_with(&host, json!({}), json!({"mode": "shadow"}));
    assert_eq!(decide(&dry, &mut None), Step::Continue);
}

#[test]
fn whoever_withdraws_the_last_key_is_heard() {
    let none_left = json!({"consumers": []}).to_string();
    let no_keys = json!({"consumers": [{"name": "acme", "keys": []}]}).to_string();
    for list_of_nobody in [none_left, no_keys] {
        let host = FakeHost::at(NOW);
        let filter = polled(&host);
        fetch(&filter, &host, &answer("200", &list("one")));
        assert_eq!(code_of(&filter, &host, "one"), "allowed");
        host.clock.advance(Duration::from_secs(30));
        fetch(&filter, &host, &answer("200", list_of_nobody.as_bytes()));
        assert_eq!(code_of(&filter, &host, "one"), "key_invalid", "{list_of_nobody}");
    }
}

#[test]
fn a_list_that_nobody_confirms_is_used_no_longer_than_max_age() {
    let host = FakeHost::at(NOW);
    let filter = polled_with(&host, json!({"max_age": "2m"}), json!({"mode": "shadow"}));
    let tagged = |status: &str, body: &[u8]| Answer {
        headers: Headers::from_list(&[(":status", status), ("etag", "\"1\"")]),
        ..answer(status, body)
    };
    fetch(&filter, &host, &tagged("200", &list("one")));
    host.clock.advance(Duration::from_secs(119));
    assert_eq!(code_of(&filter, &host, "one"), "allowed");
    tick(&filter, &host);
    let (id, call) = host.take_calls().remove(0);
    let tag = (HeaderName::from_static("if-none-match"), HeaderValue::from_static("\"1\""));
    assert!(call.headers.contains(&tag), "{:?}", call.headers);
    give(&filter, id, &tagged("304", b""), &host);
    assert_eq!(host.counted(FETCHED), 2);
    host.clock.advance(Duration::from_secs(119));
    assert_eq!(code_of(&filter, &host, "one"), "allowed", "it was confirmed");
    fetch(&filter, &host, &answer("500", b""));
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(code_of(&filter, &host, "one"), "consumers_unavailable");
    fetch_again(&filter, &host, &tagged("200", &list("one")));
    assert_eq!(host.counted(DROPPED), 1);
    assert_eq!(code_of(&filter, &host, "one"), "allowed");
    // Without a tag nobody asks for a 304.
    let host = FakeHost::at(NOW);
    let plain = polled(&host);
    fetch(&plain, &host, &answer("200", &list("one")));
    host.clock.advance(Duration::from_secs(30));
    fetch(&plain, &host, &answer("304", b""));
    assert_eq!(host.counted(FAILED), 1);
}

#[test]
fn operators_are_told_why_it_fails_once_for_each_reason() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host);
    let said = |answer: Result<Answer, CallRefused>| {
        host.clock.advance(Duration::from_secs(30));
        host.refuse_calls(answer.as_ref().err().copied());
        match &answer {
            Ok(answer) => fetch(&filter, &host, answer),
            Err(_) => tick(&filter, &host),
        }
        host.take_warnings().concat()
    };
    let what = "consumers from the cluster `keys`, /keys.json";
    let digest =
        json!({"consumers": [{"name": "acme", "keys": [{"digest": "my-secret-key"}]}]}).to_string();
    for (answer, want) in [
        // While Envoy starts that may yet come.
        (Err(CallRefused::BadArgument), ""),
        (Err(CallRefused::BadArgument), "Envoy has no such cluster"),
        (Err(CallRefused::BadArgument), ""),
        (Ok(answer("404", b"")), "status 404"),
        (Ok(answer("200", b"<html>")), "the list is not taken: is not JSON: "),
        (Ok(answer("200", digest.as_bytes())), "consumers[0].keys[0].digest: must be sha256:"),
        (Ok(Answer::default()), "the answer broke off"),
        (Ok(answer("200", &list("one"))), "recovered"),
        (Ok(answer("200", &list("one"))), ""),
    ] {
        let line = said(answer);
        assert_eq!(line.is_empty(), want.is_empty(), "{line}");
        assert!(
            line.contains(want) && (want.is_empty() || line.starts_with(what)),
            "{line}: {want}"
        );
        assert!(!line.contains("my-secret-key"), "{line}");
    }
}

#[test]
fn without_a_list_to_poll_there_is_no_timer() {
    assert!(filter(json!({})).fetched().is_empty());
    assert_eq!(polled(&FakeHost::at(NOW)).fetched().len(), 1);
}

#[test]
fn events_have_the_names_that_operators_know() {
    let names = Event::ALL.iter().map(|event| event.name());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "key_too_long",
            "key_malformed",
            "key_unknown",
            "key_not_yet_valid",
            "key_expired",
            "certificate_unverified",
            "consumers_fetched",
            "consumers_fetch_failed",
            "consumers_refused",
            "consumers_dropped",
        ]
    );
}
