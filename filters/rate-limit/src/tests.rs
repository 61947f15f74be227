//! The filter as a whole: what becomes of requests.

mod charges;
mod cost;
mod flood;
mod in_flight;
mod lacking;
mod race;
mod remote;
mod rules;
mod sliding;
mod usage;
mod work;

use super::*;
use gatehouse_filter::{
    Attribute, Headers, Identity, OnResponse as _, Problem, Reply, Response, ResponseStep, Step,
    Until,
};
use gatehouse_filter_test::{FakeHost, Outcome, ask, configured};
use std::time::Duration;

const NOW: u64 = 1_790_000_000;

fn filter(json: &str, host: &FakeHost) -> RateLimit {
    let filter: RateLimit = configured(json).unwrap();
    filter.start(host).unwrap();
    filter
}

fn of_100(more: &str) -> String {
    format!(
        r#"{{"keys": 64, {more} "rules": [{{"name": "orders", "match": {{"path": {{"prefix": "/orders"}}}},
            "limits": [{{"requests": 100, "window": "60s"}}]}}]}}"#
    )
}

fn order(filter: &RateLimit, host: &FakeHost) -> Outcome<RateLimit> {
    ask(filter, host, &[(":path", "/orders/17")])
}

fn passed(filter: &RateLimit, host: &FakeHost, requests: u32) -> usize {
    (0..requests).filter(|_| order(filter, host).decision.code == Code::Allowed).count()
}

fn answered(
    filter: &RateLimit,
    host: &FakeHost,
    mut exchange: Exchange,
    fields: &[(&str, &str)],
) -> Headers {
    let mut response = Response::new(Headers::from_list(fields), host);
    let decision = filter.on_response(&mut response, &mut exchange);
    assert_eq!((decision.code, decision.step), (None, ResponseStep::Continue));
    response.headers
}

fn texts<'a>(headers: &'a Headers, name: &'a str) -> Vec<&'a str> {
    headers.values(name).map(|value| std::str::from_utf8(value).unwrap()).collect()
}

fn reply_headers(reply: &Problem) -> Headers {
    let fields: Vec<_> =
        reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    Headers::from_list(&fields)
}

#[test]
fn the_hundred_and_first_request_is_refused() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(""), &host);
    assert_eq!(passed(&filter, &host, 100), 100);
    let refused = order(&filter, &host);
    assert_eq!((refused.decision.code, refused.status()), (Code::Exceeded, Some(429)));
    assert_eq!(refused.decision.rule.as_deref(), Some("orders"));
    let Step::Reply(Reply::Problem(reply)) = &refused.decision.step else { panic!("refused") };
    assert_eq!(
        reply.detail,
        r#"the policy "orders" allows 100 requests per 60 s; try again in 1 s"#
    );
    assert_eq!(reply.members, [("policy", "orders".to_owned())]);
    let headers: Vec<_> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), std::str::from_utf8(value.as_bytes()).unwrap()))
        .collect();
    assert_eq!(
        headers,
        [
            ("retry-after", "1"),
            ("ratelimit-policy", r#""orders";q=100;w=60"#),
            ("ratelimit", r#""orders";r=0;t=60"#),
        ]
    );
    // Envoy shows a filter its own reply: the fields must not come twice.
    assert!(answered(&filter, &host, refused.state, &[]).edits().is_empty());
    host.clock.advance(Duration::from_secs(3));
    assert_eq!(passed(&filter, &host, 100), 5);
}

#[test]
fn an_allowed_answer_tells_what_is_left() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(""), &host);
    passed(&filter, &host, 49);
    let exchange = order(&filter, &host).state;
    let headers = answered(&filter, &host, exchange, &[]);
    assert_eq!(texts(&headers, "ratelimit-policy"), [r#""orders";q=100;w=60"#]);
    assert_eq!(texts(&headers, "ratelimit"), [r#""orders";r=50;t=30"#]);
    let exchange = order(&filter, &host).state;
    let headers = answered(&filter, &host, exchange, &[("ratelimit", r#""up";r=1;t=1"#)]);
    assert_eq!(texts(&headers, "ratelimit"), [r#""up";r=1;t=1"#, r#""orders";r=49;t=31"#]);
}

#[test]
fn response_fields_can_be_left_out_and_retry_after_stays() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(r#""response_fields": "none","#), &host);
    let first = order(&filter, &host);
    assert!(answered(&filter, &host, first.state, &[]).edits().is_empty());
    passed(&filter, &host, 99);
    let Step::Reply(Reply::Problem(reply)) = order(&filter, &host).decision.step else {
        panic!("refused")
    };
    let names: Vec<_> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["retry-after"]);
}

#[test]
fn a_request_that_no_rule_matches_is_unlimited_and_costs_nothing() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(""), &host);
    host.store.break_down();
    let other = ask(&filter, &host, &[(":path", "/users")]);
    assert_eq!((other.decision.code, other.decision.rule), (Code::Unlimited, None));
    assert!(answered(&filter, &host, other.state, &[]).edits().is_empty());
}

#[test]
fn a_response_without_a_request_is_left_alone() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(""), &host);
    assert!(answered(&filter, &host, Exchange::default(), &[]).edits().is_empty());
}

#[test]
fn shadow_mode_counts_and_lets_pass_and_tells_nothing() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(r#""mode": "shadow","#), &host);
    assert_eq!(passed(&filter, &host, 100), 100);
    for _ in 0..3 {
        let over = order(&filter, &host);
        assert_eq!((over.decision.code, over.status()), (Code::Exceeded, None));
        assert!(answered(&filter, &host, over.state, &[]).edits().is_empty());
    }
}

#[test]
fn a_broken_store_does_what_on_error_says() {
    for (more, code, status) in [
        ("", Code::StoreUnavailable, Some(503)),
        (r#""on_error": "deny","#, Code::StoreUnavailable, Some(503)),
        (r#""on_error": "allow","#, Code::Degraded, None),
        (r#""mode": "shadow","#, Code::StoreUnavailable, None),
    ] {
        let host = FakeHost::at(NOW);
        let filter = filter(&of_100(more), &host);
        assert_eq!(order(&filter, &host).decision.code, Code::Allowed);
        host.store.conflict_next(1_000);
        let contended = order(&filter, &host);
        assert_eq!(
            (contended.decision.code, contended.status()),
            (code, status),
            "contended, {more}"
        );
        host.store.break_down();
        let broken = order(&filter, &host);
        assert_eq!((broken.decision.code, broken.status()), (code, status), "broken, {more}");
        assert_eq!(broken.decision.rule.as_deref(), Some("orders"));
    }
}

#[test]
fn a_filter_that_was_never_prepared_refuses() {
    let host = FakeHost::at(NOW);
    let filter: RateLimit = configured(&of_100("")).unwrap();
    assert_eq!(order(&filter, &host).status(), Some(503));
    filter.start(&host).unwrap();
    assert_eq!(order(&filter, &host).status(), None);
}

#[test]
fn workers_that_start_later_find_what_was_counted() {
    let host = FakeHost::at(NOW);
    let first = filter(&of_100(""), &host);
    assert_eq!(passed(&first, &host, 60), 60);
    let second = filter(&of_100(""), &host);
    assert_eq!(passed(&second, &host, 60), 40);
    first.start(&host).unwrap();
    assert_eq!(passed(&first, &host, 10), 0);
}

#[test]
fn a_rule_with_another_limit_starts_afresh() {
    let host = FakeHost::at(NOW);
    let before = filter(&of_100(""), &host);
    assert_eq!(passed(&before, &host, 200), 100);
    let after = filter(&of_100("").replace("100", "10"), &host);
    assert_eq!(passed(&after, &host, 200), 10);
}

#[test]
fn interleaved_workers_with_conflicts_pass_what_one_would() {
    for seed in 0..20_u64 {
        let host = FakeHost::at(NOW);
        let workers: Vec<_> = (0..4).map(|_| filter(&of_100(""), &host)).collect();
        let mut state = seed;
        let mut passed = 0;
        for _ in 0..500 {
            // Numerical Recipes' generator; its high bits are good enough here.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
            host.store.conflict_next((state >> 20) as u32 % 20);
            let worker = &workers[(state >> 28) as usize % 4];
            passed += usize::from(order(worker, &host).decision.code == Code::Allowed);
        }
        assert_eq!(passed, 100, "seed {seed}");
    }
}

#[test]
fn clients_have_a_limit_each() {
    let json = r#"{"keys": 64, "rules": [{"key": ["client_address", "subject", {"header": "x-tenant"}, {"claim": "org.team"}],
        "limits": [{"requests": 1, "window": "60s"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let code = |fields: &[(&str, &[u8])]| ask(&filter, &host, fields).decision.code;
    assert_eq!(code(&[]), Code::Allowed);
    assert_eq!(code(&[]), Code::Exceeded);
    host.set(Attribute::SourceAddress, "192.0.2.1:1000");
    assert_eq!(code(&[]), Code::Allowed);
    host.set(Attribute::SourceAddress, "192.0.2.1:1001");
    assert_eq!(code(&[("x-forwarded-for", b"198.51.100.7")]), Code::Exceeded);
    assert_eq!(code(&[("x-tenant", b"a")]), Code::Allowed);
    assert_eq!(code(&[("x-tenant", b"a")]), Code::Exceeded);
    let mut identity = Identity { subject: Some("alice".to_owned()), ..Identity::default() };
    host.identify(&identity);
    assert_eq!(code(&[]), Code::Allowed);
    identity.claims.insert("org".to_owned(), serde_json::json!({"team": "red"}));
    host.identify(&identity);
    assert_eq!(code(&[]), Code::Allowed);
    assert_eq!(code(&[]), Code::Exceeded);
}

#[test]
fn hostile_keys_are_keys_like_any_other() {
    let json = r#"{"keys": 1024, "rules": [{"key": [{"header": "x-key"}], "limits": [{"requests": 1, "window": "60s"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let long = vec![b'a'; 60 * 1024];
    for value in
        [&b""[..], b"\0", b"\0\0", b"\xff\xfe", b"a", b"a\0", b"a\r\nb: c", "ä".as_bytes(), &long]
    {
        let codes = [(); 2].map(|()| ask(&filter, &host, &[("x-key", value)]).decision.code);
        assert_eq!(codes, [Code::Allowed, Code::Exceeded], "{}", value.escape_ascii());
    }
}

#[test]
fn more_clients_than_slots_leave_the_store_as_large_as_it_was() {
    let json = r#"{"keys": 64, "rules": [{"key": [{"header": "x-key"}], "limits": [{"requests": 5, "window": "60s"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let size = (host.store.keys(), host.store.bytes());
    for number in 0..10_000 {
        let key = number.to_string();
        let outcome = ask(&filter, &host, &[("x-key", &key)]);
        assert_eq!(outcome.decision.code, Code::Allowed);
    }
    assert_eq!((host.store.keys(), host.store.bytes()), size);
    assert_eq!(host.counted(Event::EvictedLive), 10_000 - 64);
    host.clock.advance(Duration::from_secs(60));
    let _ = ask(&filter, &host, &[("x-key", "new")]);
    assert_eq!(host.counted(Event::EvictedLive), 10_000 - 64, "the slots are free again");
}

#[test]
fn a_flood_of_new_clients_does_not_free_one_that_is_over_its_limit() {
    let json = r#"{"keys": 64, "rules": [{"key": [{"header": "x-key"}], "limits": [{"requests": 5, "window": "60s"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    for _ in 0..5 {
        let _ = ask(&filter, &host, &[("x-key", "heavy")]);
    }
    for number in 0..10_000 {
        let _ = ask(&filter, &host, &[("x-key", &number.to_string())]);
    }
    assert_eq!(ask(&filter, &host, &[("x-key", "heavy")]).decision.code, Code::Exceeded);
}

#[test]
fn a_clock_that_steps_an_hour_neither_locks_out_nor_opens_the_gate() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_100(""), &host);
    assert_eq!(passed(&filter, &host, 200), 100);
    host.clock.step_back(Duration::from_secs(3_600));
    assert_eq!(passed(&filter, &host, 200), 0);
    host.clock.advance(Duration::from_secs(6));
    assert_eq!(passed(&filter, &host, 200), 10);
    host.clock.advance(Duration::from_secs(3_600));
    assert_eq!(passed(&filter, &host, 200), 100);
    host.clock.step_back(Duration::from_secs(3_600));
    host.clock.advance(Duration::from_secs(6));
    assert_eq!(
        passed(&filter, &host, 200),
        0,
        "the step is noticed here, and counts as everything used"
    );
    host.clock.advance(Duration::from_secs(6));
    assert_eq!(passed(&filter, &host, 200), 10);
}
