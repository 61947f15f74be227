//! What strangers try.

use super::*;
use crate::MAX_TOKEN;
use gatehouse_filter::fetched::MAX_WAITERS;

#[test]
fn a_storm_of_unknown_tokens_makes_bounded_calls_and_keeps_nobody_out_who_is_known() {
    let host = FakeHost::at(NOW);
    let worker = worker_with(&host, json!({"at_once": 8, "per_second": 20}));
    let said = json_answer(active());
    assert_eq!(told(&worker, &host, OPAQUE, &said).ask(&worker, &host), "allowed");

    let mut made = 0;
    let mut held = Vec::new();
    for number in 0..1000 {
        let mut asked = Asked::with(&format!("storm-{number}"));
        match asked.ask(&worker, &host) {
            "wait" => held.push(asked),
            code => assert_eq!(code, "introspection_busy", "{number}"),
        }
    }
    let calls = host.take_calls();
    assert_eq!((calls.len(), held.len()), (8, 8), "under way");
    for (id, _) in calls {
        made += 1;
        give(&worker, id, &json_answer(json!({"active": false})), &host);
    }
    for asked in &mut held {
        assert_eq!(asked.ask(&worker, &host), "token_inactive");
    }
    for number in 1000..2000 {
        code(&worker, &host, &format!("storm-{number}"));
        for (id, _) in host.take_calls() {
            made += 1;
            give(&worker, id, &json_answer(json!({"active": false})), &host);
        }
    }
    assert_eq!(made, 20, "in this second");
    assert_eq!(code(&worker, &host, OPAQUE), "allowed", "who is known");
    host.clock.advance(seconds(1));
    assert_eq!(code(&worker, &host, "storm-2000"), "wait", "another second");
}

#[test]
fn tokens_that_are_active_take_nothing_of_what_strangers_may() {
    let host = FakeHost::at(NOW);
    let worker = worker_with(&host, json!({"per_second": 3}));
    for number in 0..50 {
        let mut asked = told(&worker, &host, &format!("good-{number}"), &json_answer(active()));
        assert_eq!(asked.ask(&worker, &host), "allowed", "{number}");
    }
    for number in 0..3 {
        let said = json_answer(json!({"active": false}));
        let mut asked = told(&worker, &host, &format!("bad-{number}"), &said);
        assert_eq!(asked.ask(&worker, &host), "token_inactive", "{number}");
    }
    assert_eq!(code(&worker, &host, "one-more"), "introspection_busy");
}

#[test]
fn no_more_than_so_many_requests_wait() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let mut crowd: Vec<_> = (0..MAX_WAITERS).map(|_| Asked::with(OPAQUE)).collect();
    for asked in &mut crowd {
        assert_eq!(asked.ask(&worker, &host), "wait");
    }
    assert_eq!(code(&worker, &host, OPAQUE), "introspection_busy", "no seat is left");
    crowd.pop();
    let mut next = Asked::with(OPAQUE);
    assert_eq!(next.ask(&worker, &host), "wait", "a client went away");
    give(&worker, call(&host).0, &json_answer(active()), &host);
    for asked in &mut crowd {
        assert_eq!(asked.ask(&worker, &host), "allowed");
    }
}

#[test]
fn what_is_remembered_is_bounded_and_what_is_in_use_stays() {
    let host = FakeHost::at(NOW);
    let worker = worker_with(
        &host,
        json!({"cache": {"tokens": 64, "inactive": "1h"}, "per_second": 10_000}),
    );
    let said = json_answer(active());
    assert_eq!(told(&worker, &host, OPAQUE, &said).ask(&worker, &host), "allowed");
    for number in 0..1000 {
        let said = json_answer(json!({"active": false}));
        told(&worker, &host, &format!("storm-{number}"), &said);
        assert_eq!(code(&worker, &host, OPAQUE), "allowed", "{number}");
    }
    let introspection = worker.config.providers[0].introspection.as_ref().unwrap();
    assert_eq!(introspection.remembered(), 64);
    assert_eq!(host.store.keys(), 1, "the secret, and nothing of a token");
}

#[test]
fn hostile_tokens_never_reach_the_service() {
    let long = "a".repeat(MAX_TOKEN + 1);
    for (token, want) in [
        (long.as_str(), "token_too_large"),
        ("a b", "token_malformed"),
        ("a\tb", "token_malformed"),
        ("a&token=b", "token_malformed"),
        ("a%00", "token_malformed"),
        ("caf\u{e9}", "token_malformed"),
        ("a=b", "token_malformed"),
        ("\"a\"", "token_malformed"),
        ("a, Bearer b", "token_repeated"),
        ("a,b", "token_repeated"),
        ("", "token_missing"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        assert_eq!(code(&worker, &host, token), want, "{token:.40}");
        assert!(host.take_calls().is_empty(), "{token:.40}");
    }
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    assert_eq!(code(&worker, &host, &"a".repeat(MAX_TOKEN)), "wait");
}

#[test]
fn of_two_tokens_that_begin_and_end_alike_each_is_asked_about() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let long = "x".repeat(500);
    let good = format!("{long}.A.{long}");
    assert_eq!(told(&worker, &host, &good, &json_answer(active())).ask(&worker, &host), "allowed");
    for other in
        [format!("{long}.B.{long}"), good[1..].to_owned(), format!("{good}="), good.to_uppercase()]
    {
        let said = json_answer(json!({"active": false}));
        let mut asked = told(&worker, &host, &other, &said);
        assert_eq!(asked.ask(&worker, &host), "token_inactive", "{other:.20}");
    }
    assert_eq!(code(&worker, &host, &good), "allowed");
}

#[test]
fn an_answer_says_nothing_of_another_token() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let (mut good, mut bad) = (Asked::with("good"), Asked::with("bad"));
    assert_eq!((good.ask(&worker, &host), bad.ask(&worker, &host)), ("wait", "wait"));
    let calls = host.take_calls();
    // In the other order.
    give(&worker, calls[1].0, &json_answer(json!({"active": false})), &host);
    assert_eq!((good.ask(&worker, &host), bad.ask(&worker, &host)), ("wait", "token_inactive"));
    give(&worker, calls[0].0, &json_answer(active()), &host);
    // An answer comes once.
    give(&worker, calls[0].0, &json_answer(json!({"active": false})), &host);
    assert_eq!(good.ask(&worker, &host), "allowed");
}

#[test]
fn the_longest_token_is_read_a_few_times_whoever_is_to_judge_it() {
    let other = json!({
        "name": "other", "issuer": "https://other.example", "jwks": key_set(),
        "audiences": ["gateway"],
    });
    let list = (0..5000).map(|_| "0").collect::<Vec<_>>().join(",");
    let claims = claims_with(json!({"iss": "https://other.example"})).to_string();
    let payload = format!("{},\"a\":[{list}]}}", claims.trim_end_matches('}'));
    let token = signed(r#"{"alg":"EdDSA","kid":"main"}"#, &payload);
    let host = FakeHost::at(NOW);
    let worker = worker_of(&host, json!([provider(json!({})), other]), json!({}));
    let (steps, code) = gatehouse_filter_test::steps_of(|| code(&worker, &host, &token));
    assert_eq!(code, "allowed");
    assert!(steps <= 4 * token.len(), "{} times", steps / token.len());
}

#[test]
fn a_service_that_says_no_to_odd_tokens_does_not_fill_the_log() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    for number in 0..40 {
        let said = if number % 2 == 0 { json_answer("no") } else { json_answer(active()) };
        told(&worker, &host, &format!("token-{number}"), &said);
    }
    assert_eq!(host.take_warnings().len(), 10, "in a minute");
}

#[test]
fn two_tokens_are_not_asked_about() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let mut asked = Asked::with(OPAQUE);
    asked.fields.push(("authorization".to_owned(), "Bearer other".to_owned()));
    assert_eq!(asked.ask(&worker, &host), "token_repeated");
    assert!(host.take_calls().is_empty());
}
