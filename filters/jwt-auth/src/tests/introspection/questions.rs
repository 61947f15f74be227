//! When the service is asked, and how.

use super::*;
use gatehouse_filter::CallRefused;
use gatehouse_filter_test::tick;

#[test]
fn a_token_is_asked_about_as_rfc_7662_says_and_the_answer_is_who_it_is() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let mut asked = Asked::with(OPAQUE);
    assert_eq!(asked.ask(&worker, &host), "wait");
    let (id, callout) = call(&host);
    assert_eq!((&*callout.method, callout.path.as_str()), ("POST", "/introspect"));
    assert_eq!((callout.cluster.as_str(), callout.authority.as_str()), ("auth", "auth"));
    assert_eq!(callout.timeout, seconds(2));
    assert_eq!(callout.body, format!("token={OPAQUE}&token_type_hint=access_token").as_bytes());
    let fields: Vec<_> = callout
        .headers
        .iter()
        .map(|(name, value)| format!("{}: {}", name.as_str(), value.as_bytes().escape_ascii()))
        .collect();
    assert_eq!(
        fields,
        [
            "content-type: application/x-www-form-urlencoded",
            "accept: application/json",
            "accept-encoding: identity",
            "authorization: Basic Z3c6aHVzaA==",
        ]
    );
    give(&worker, id, &json_answer(active()), &host);
    assert_eq!(asked.ask(&worker, &host), "allowed");
    assert_eq!(asked.user, ["alice"]);
    let identity = asked.identity.unwrap();
    assert_eq!(identity.subject.as_deref(), Some("alice"));
    assert_eq!(identity.issuer.as_deref(), Some(ISSUER), "whose service says so");
    assert_eq!(identity.scopes, ["read", "write"]);
    assert_eq!(identity.claim("username"), Some(&json!("Alice")));
    assert_eq!(counted(&host, "introspections_active"), 1);
}

#[test]
fn all_that_wait_for_one_token_make_one_call() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let mut crowd: Vec<_> = (0..9).map(|_| Asked::with(OPAQUE)).collect();
    for asked in &mut crowd {
        assert_eq!(asked.ask(&worker, &host), "wait");
    }
    let (id, _) = call(&host);
    // The client that made the call leaves: the others get its answer.
    crowd.remove(0);
    give(&worker, CallId(id.0 + 1), &json_answer(active()), &host);
    assert_eq!(crowd[0].ask(&worker, &host), "wait", "that was no answer to this call");
    assert!(host.take_calls().is_empty());
    give(&worker, id, &json_answer(active()), &host);
    for asked in &mut crowd {
        assert_eq!(asked.ask(&worker, &host), "allowed");
    }
    assert!(host.take_calls().is_empty());
}

#[test]
fn an_answer_is_remembered_as_long_as_it_may_be() {
    for (case, changes, said, want, lasts) in [
        ("active", json!({"cache": {"active": "1m"}}), active(), "allowed", 60),
        ("a duration alone", json!({"cache": "1m"}), active(), "allowed", 60),
        ("unless told", json!({}), active(), "allowed", 30),
        ("exp first", json!({}), active_with(json!({"exp": NOW + 10})), "allowed", 10),
        ("exp within the leeway", json!({}), active_with(json!({"exp": NOW - 9})), "allowed", 1),
        ("no exp", json!({}), active_with(json!({"exp": null})), "allowed", 30),
        ("inactive", json!({}), json!({"active": false}), "token_inactive", 5),
        (
            "inactive",
            json!({"cache": {"inactive": "20s"}}),
            json!({"active": false, "exp": NOW + 1}),
            "token_inactive",
            20,
        ),
        ("garbage", json!({}), json!("garbage"), "introspection_unavailable", 1),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker_with(&host, changes);
        assert_eq!(
            told(&worker, &host, OPAQUE, &json_answer(said)).ask(&worker, &host),
            want,
            "{case}"
        );
        host.clock.advance(seconds(lasts) - Duration::from_millis(1));
        assert_eq!(code(&worker, &host, OPAQUE), want, "{case}: still");
        assert!(host.take_calls().is_empty(), "{case}");
        host.clock.advance(Duration::from_millis(1));
        assert_eq!(code(&worker, &host, OPAQUE), "wait", "{case}: no more");
        call(&host);
    }
}

#[test]
fn a_token_that_becomes_inactive_is_refused_when_it_is_asked_about_again() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    for (said, want, lasts) in [
        (active(), "allowed", 30),
        (json!({"active": false}), "token_inactive", 5),
        (active(), "allowed", 30),
        (json!({"active": false}), "token_inactive", 5),
    ] {
        assert_eq!(told(&worker, &host, OPAQUE, &json_answer(said)).ask(&worker, &host), want);
        assert_eq!(code(&worker, &host, OPAQUE), want);
        host.clock.advance(seconds(lasts));
    }
}

#[test]
fn a_clock_that_is_set_back_makes_no_answer_last_longer() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    let said = json_answer(active());
    assert_eq!(told(&worker, &host, OPAQUE, &said).ask(&worker, &host), "allowed");
    host.clock.step_back(seconds(3600));
    assert_eq!(told(&worker, &host, OPAQUE, &said).ask(&worker, &host), "allowed");
}

#[test]
fn without_an_answer_the_request_is_refused_with_a_code_of_its_own() {
    let status = |status: &str| Answer {
        headers: Headers::from_list(&[(":status", status), ("content-type", "application/json")]),
        body: active().to_string().into_bytes(),
        ..Answer::default()
    };
    let html = Answer {
        headers: Headers::from_list(&[(":status", "200"), ("content-type", "text/html")]),
        ..json_answer(active())
    };
    let signed = Answer {
        headers: Headers::from_list(&[
            (":status", "200"),
            ("content-type", "application/token-introspection+jwt; charset=utf-8"),
        ]),
        ..json_answer(active())
    };
    let huge = active_with(json!({"x": "x".repeat(20_000)}));
    for (case, answer, event) in [
        ("down", status("503"), "introspections_failed"),
        ("too slow", status("504"), "introspections_failed"),
        ("broken off", Answer::default(), "introspections_failed"),
        ("bad credentials", status("401"), "introspections_failed"),
        ("bad request", status("400"), "introspections_failed"),
        ("broken", status("500"), "introspections_failed"),
        ("redirected", status("302"), "introspections_failed"),
        ("created", status("201"), "introspections_failed"),
        ("garbage", json_answer("<html>"), "introspections_refused"),
        ("nothing", json_answer(""), "introspections_refused"),
        ("a list", json_answer("[true]"), "introspections_refused"),
        ("another type", html, "introspections_refused"),
        ("a signed answer", signed, "introspections_refused"),
        ("huge", json_answer(&huge), "introspections_refused"),
        ("cut off", Answer { truncated: true, ..json_answer(active()) }, "introspections_refused"),
    ] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        let mut asked = told(&worker, &host, OPAQUE, &answer);
        assert_eq!(asked.ask(&worker, &host), "introspection_unavailable", "{case}");
        assert_eq!(code(&worker, &host, OPAQUE), "introspection_unavailable", "{case}: for now");
        assert!(host.take_calls().is_empty(), "{case}");
        assert_eq!(counted(&host, event), 1, "{case}");
        let warnings = host.take_warnings();
        assert_eq!(warnings.len(), 1, "{case}: {warnings:?}");
        assert!(
            warnings[0].starts_with(
                "introspection of the provider `main` by the cluster `auth`, /introspect: "
            ),
            "{warnings:?}"
        );
        assert!(!warnings[0].contains(OPAQUE) && !warnings[0].contains("hush"), "{warnings:?}");
        host.clock.advance(seconds(1));
        let said = json_answer(active());
        assert_eq!(told(&worker, &host, OPAQUE, &said).ask(&worker, &host), "allowed", "{case}");
        assert_eq!(host.take_warnings().len(), 1, "{case}: it is told that it is back");
    }
}

#[test]
fn a_call_that_is_not_made_is_an_answer_too() {
    for refused in [CallRefused::BadArgument, CallRefused::Failed] {
        let host = FakeHost::at(NOW);
        let worker = worker(&host);
        host.refuse_calls(Some(refused));
        assert_eq!(code(&worker, &host, OPAQUE), "introspection_unavailable");
        assert_eq!(counted(&host, "introspections_failed"), 1);
        host.refuse_calls(None);
        assert_eq!(code(&worker, &host, OPAQUE), "introspection_unavailable", "for a second");
        host.clock.advance(seconds(1));
        assert_eq!(code(&worker, &host, OPAQUE), "wait");
    }
}

#[test]
fn a_call_that_is_never_answered_does_not_keep_a_token_out_for_ever() {
    let host = FakeHost::at(NOW);
    let worker = worker(&host);
    assert_eq!(code(&worker, &host, OPAQUE), "wait");
    let (lost, _) = call(&host);
    host.clock.advance(seconds(3));
    tick(&worker, &host);
    assert_eq!(code(&worker, &host, OPAQUE), "wait");
    let (id, _) = call(&host);
    give(&worker, lost, &json_answer(json!({"active": false})), &host);
    give(&worker, id, &json_answer(active()), &host);
    assert_eq!(code(&worker, &host, OPAQUE), "allowed");
}

#[test]
fn without_the_shared_secret_nothing_is_asked_and_later_it_is() {
    let host = FakeHost::at(NOW);
    let configuration = json!({"providers": [provider(json!({}))]});
    let worker: JwtAuth = configured(&configuration.to_string()).unwrap();
    assert_eq!(code(&worker, &host, OPAQUE), "introspection_unavailable");
    assert!(host.take_calls().is_empty());
    tick(&worker, &host);
    assert_eq!(code(&worker, &host, OPAQUE), "wait");
    assert_eq!(host.store.keys(), 1, "the secret, and no token");
}

#[test]
fn a_dry_run_asks_and_delays_nobody() {
    let host = FakeHost::at(NOW);
    let worker = worker_of(&host, json!([provider(json!({}))]), json!({"mode": "shadow"}));
    assert_eq!(code(&worker, &host, OPAQUE), "introspection_unavailable");
    give(&worker, call(&host).0, &json_answer(active()), &host);
    assert_eq!(code(&worker, &host, OPAQUE), "allowed");
}

#[test]
fn a_request_that_needs_two_tokens_waits_for_both_answers() {
    let host = FakeHost::at(NOW);
    let other = json!({
        "name": "other", "issuer": "https://b.example", "introspection": service(),
        "sources": [{"header": "x-b"}],
    });
    let worker = worker_of(
        &host,
        json!([provider(json!({})), other]),
        json!({"default": {"all": ["main", "other"]}}),
    );
    let mut asked = Asked::with(OPAQUE);
    asked.fields.push(("x-b".to_owned(), "opaque-b".to_owned()));
    assert_eq!(asked.ask(&worker, &host), "wait");
    give(&worker, call(&host).0, &json_answer(active()), &host);
    assert_eq!(asked.ask(&worker, &host), "wait", "for the other");
    give(&worker, call(&host).0, &json_answer(json!({"active": true, "sub": "svc"})), &host);
    assert_eq!(asked.ask(&worker, &host), "allowed");
    assert_eq!(asked.user, ["alice"], "the first says who it is");
}

#[test]
fn a_lenient_rule_takes_what_is_not_active_for_no_token() {
    let host = FakeHost::at(NOW);
    let worker = worker_of(&host, json!([provider(json!({}))]), json!({"default": "lenient"}));
    for (token, answer) in [
        ("a", json_answer(json!({"active": false}))),
        ("b", json_answer("garbage")),
        ("c", json_answer(active_with(json!({"aud": "x"})))),
    ] {
        let mut asked = told(&worker, &host, token, &answer);
        assert_eq!(asked.ask(&worker, &host), "token_ignored", "{token}");
        assert!(asked.identity.is_none() && asked.user.is_empty());
    }
}
