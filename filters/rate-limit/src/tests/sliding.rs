//! Limits with `algorithm: sliding_window`, through the whole filter.

use super::*;

fn of_10(more: &str) -> String {
    format!(
        r#"{{"keys": 64, "rules": [{{"name": "login", {more}
            "limits": [{{"requests": 10, "window": "10s", "algorithm": "sliding_window"}}]}}]}}"#
    )
}

fn code(filter: &RateLimit, host: &FakeHost) -> Code {
    ask::<_, &str>(filter, host, &[]).decision.code
}

#[test]
fn from_rest_ten_pass_in_every_ten_seconds_and_the_client_is_told_so() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_10(""), &host);
    let mut passed = 0;
    for _ in 0..99 {
        passed += (0..3).filter(|_| code(&filter, &host) == Code::Allowed).count();
        host.clock.advance(Duration::from_millis(100));
    }
    assert_eq!(passed, 10, "in 9.9 s");
    let refused = ask::<_, &str>(&filter, &host, &[]);
    let Step::Reply(Reply::Problem(reply)) = &refused.decision.step else { panic!("refused") };
    assert_eq!(reply.detail, r#"the policy "login" allows 10 requests per 10 s; try again in 1 s"#);
    let headers = reply_headers(reply);
    assert_eq!(texts(&headers, "retry-after"), ["1"]);
    assert_eq!(texts(&headers, "ratelimit-policy"), [r#""login";q=10;w=10"#]);
    assert_eq!(texts(&headers, "ratelimit"), [r#""login";r=0;t=1"#]);
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&filter, &host), Code::Allowed);
}

#[test]
fn it_stands_beside_limits_of_other_kinds_and_all_are_spent_together() {
    let json = r#"{"keys": 64, "rules": [{"name": "login", "limits": [
        {"requests": 100, "window": "1h"},
        {"requests": 3, "window": "10s", "algorithm": "sliding_window"},
        {"requests": 1000, "window": "1m", "algorithm": "sliding_window"},
        {"requests": 9, "per": "day"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let mut passed = Vec::new();
    for _ in 0..4 {
        passed.push((0..20).filter(|_| code(&filter, &host) == Code::Allowed).count());
        host.clock.advance(Duration::from_secs(10));
    }
    assert_eq!(passed, [3, 3, 3, 0]);
    host.clock.advance(Duration::from_secs(86_400));
    let exchange = ask::<_, &str>(&filter, &host, &[]).state;
    let headers = answered(&filter, &host, exchange, &[]);
    let left = texts(&headers, "ratelimit")[0].split(", ").map(|item| item.split(";r=").nth(1));
    let left: Vec<_> = left.map(|rest| rest.unwrap().split(';').next().unwrap()).collect();
    assert_eq!(left, ["99", "2", "999", "8"]);
}

#[test]
fn what_the_response_tells_is_charged_when_it_comes_and_held_for_a_window() {
    let cost = r#""cost": {"response_header": "x-cost", "default": 2, "most": 50},"#;
    let host = FakeHost::at(NOW);
    let filter = filter(&of_10(cost), &host);
    let ask = || ask::<_, &str>(&filter, &host, &[]);
    let remaining = |exchange: Exchange, fields: &[(&str, &str)]| {
        texts(&answered(&filter, &host, exchange, fields), "ratelimit")[0].to_owned()
    };
    let first = ask().state;
    host.clock.advance(Duration::from_secs(4));
    assert_eq!(remaining(first, &[("x-cost", "9")]), r#""login";r=1;t=10"#);
    assert_eq!(ask().decision.code, Code::Exceeded, "2 are asked for");
    host.clock.advance(Duration::from_secs(6));
    // The 2 that came first are back, the 7 that were told later are not.
    let second = ask().state;
    assert_eq!(remaining(second, &[("x-cost", "0")]), r#""login";r=3;t=4"#);
    host.clock.advance(Duration::from_secs(4));
    let third = ask().state;
    assert_eq!(remaining(third, &[]), r#""login";r=8;t=10"#);
}

#[test]
fn a_client_s_tier_says_how_much_is_in_its_window() {
    let json = r#"{"keys": 64, "rules": [{"name": "calls", "key": ["consumer"], "limits": [
        {"requests": {"tier": {"gold": 40}, "default": 2}, "window": "1m",
        "algorithm": "sliding_window"}]}]}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(json, &host);
    let passed = |consumer: &str, tier: &str| {
        let (consumer, tier) = (Some(consumer.to_owned()), Some(tier.to_owned()));
        host.identify(&Identity { consumer, tier, ..Identity::default() });
        (0..100).filter(|_| code(&filter, &host) == Code::Allowed).count()
    };
    assert_eq!([passed("a", "gold"), passed("b", "none"), passed("b", "gold")], [40, 2, 38]);
    host.clock.advance(Duration::from_secs(60));
    assert_eq!([passed("a", "none"), passed("b", "none")], [2, 2]);
}

#[test]
fn a_store_that_fails_or_is_contended_does_what_on_error_says() {
    let host = FakeHost::at(NOW);
    let filter = filter(&of_10(""), &host);
    host.store.conflict_next(3);
    assert_eq!(code(&filter, &host), Code::Allowed);
    host.store.conflict_next(1_000);
    assert_eq!(code(&filter, &host), Code::StoreUnavailable);
    host.store.conflict_next(0);
    assert_eq!((0..20).filter(|_| code(&filter, &host) == Code::Allowed).count(), 9);
}
