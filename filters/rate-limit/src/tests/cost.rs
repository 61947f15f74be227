//! Requests that count for more than one, or whose cost the response tells.

use super::*;

fn one_rule(rule: &str) -> String {
    format!(r#"{{"keys": 64, "rules": [{{"name": "calls", {rule}}}]}}"#)
}

#[test]
fn a_request_costs_what_it_says() {
    let json = one_rule(
        r#""cost": {"header": "x-cost", "most": 8}, "limits": [{"requests": 10, "window": "10s"}]"#,
    );
    let host = FakeHost::at(NOW);
    let filter = filter(&json, &host);
    let code = |cost: &str| ask(&filter, &host, &[("x-cost", cost)]).decision.code;
    assert_eq!(code("7"), Code::Allowed);
    assert_eq!(code("4"), Code::Exceeded);
    assert_eq!(code("0"), Code::Allowed);
    assert_eq!(code("nonsense"), Code::Exceeded, "it costs 8");
    assert_eq!(code("3"), Code::Allowed);
    assert_eq!(code("0"), Code::Allowed, "nothing is left, and nothing is asked for");
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code, Code::Exceeded, "absent costs 1");
    host.clock.advance(Duration::from_secs(4));
    assert_eq!(code("5"), Code::Exceeded);
    assert_eq!(code("4"), Code::Allowed);
}

#[test]
fn a_fixed_cost_is_told_as_what_is_left() {
    let json = one_rule(r#""cost": 5, "limits": [{"requests": 12, "per": "day"}]"#);
    let host = FakeHost::at(NOW);
    let filter = filter(&json, &host);
    let ask = || ask::<_, &str>(&filter, &host, &[]);
    let headers = answered(&filter, &host, ask().state, &[]);
    // 2026-09-21 14:13:20 UTC.
    assert_eq!(texts(&headers, "ratelimit"), [r#""calls";r=7;t=35200"#]);
    assert_eq!(ask().decision.code, Code::Allowed);
    assert_eq!(ask().decision.code, Code::Exceeded);
}

/// The cost is what the response says: 2 of 10 a window are spent when the request comes.
fn told_after(limit: &str) -> String {
    let cost = r#""cost": {"response_header": "x-cost", "default": 2, "most": 50}"#;
    one_rule(&format!(r#"{cost}, "limits": [{{"requests": 10, {limit}}}]"#))
}

#[test]
fn a_response_is_charged_and_may_leave_a_debt() {
    // (limit, seconds until one unit more is available when 20 are owed)
    for (limit, wait) in [(r#""window": "10s""#, 12), (r#""per": "day""#, 35_200)] {
        let host = FakeHost::at(NOW);
        let filter = filter(&told_after(limit), &host);
        let ask = || ask::<_, &str>(&filter, &host, &[]);
        let remaining = |exchange: Exchange, fields: &[(&str, &str)]| {
            let headers = answered(&filter, &host, exchange, fields);
            let text = texts(&headers, "ratelimit")[0].to_owned();
            text.split(";r=").nth(1).unwrap().split(';').next().unwrap().parse::<u32>().unwrap()
        };
        assert_eq!(
            remaining(ask().state, &[("x-cost", "0")]),
            10,
            "{limit}: what was reserved is given back"
        );
        assert_eq!(remaining(ask().state, &[]), 8, "{limit}");
        assert_eq!(remaining(ask().state, &[("x-cost", "3")]), 5, "{limit}");
        // Two at once, each with 2 reserved: both pass, and both cost more than there is.
        let (first, second) = (ask(), ask());
        assert_eq!(
            (first.decision.code, second.decision.code),
            (Code::Allowed, Code::Allowed),
            "{limit}"
        );
        assert_eq!(remaining(first.state, &[("x-cost", "9")]), 0, "{limit}");
        assert_eq!(remaining(second.state, &[("x-cost", "6")]), 0, "{limit}");
        let refused = ask();
        assert_eq!(refused.decision.code, Code::Exceeded, "{limit}");
        let Step::Reply(Reply::Problem(reply)) = &refused.decision.step else { panic!("refused") };
        assert_eq!(texts(&reply_headers(reply), "retry-after"), [wait.to_string()], "{limit}");
        host.clock.advance(Duration::from_secs(wait - 1));
        assert_eq!(ask().decision.code, Code::Exceeded, "{limit}");
        host.clock.advance(Duration::from_secs(1));
        assert_eq!(ask().decision.code, Code::Allowed, "{limit}");
    }
}

#[test]
fn nobody_owes_more_than_the_whole_limit() {
    let host = FakeHost::at(NOW);
    let filter = filter(&told_after(r#""window": "10s""#), &host);
    let exchanges = [(); 5].map(|()| ask::<_, &str>(&filter, &host, &[]).state);
    for exchange in exchanges {
        answered(&filter, &host, exchange, &[("x-cost", "50")]);
    }
    host.clock.advance(Duration::from_secs(11));
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code, Code::Exceeded);
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code, Code::Allowed);
}

#[test]
fn who_has_nothing_left_waits_even_if_the_next_request_may_be_free() {
    let cost = r#""cost": {"response_header": "x-cost", "default": 0, "most": 50}"#;
    let host = FakeHost::at(NOW);
    let filter = filter(
        &one_rule(&format!(r#"{cost}, "limits": [{{"requests": 10, "window": "10s"}}]"#)),
        &host,
    );
    let first = ask::<_, &str>(&filter, &host, &[]);
    answered(&filter, &host, first.state, &[("x-cost", "10")]);
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code, Code::Exceeded);
    host.clock.advance(Duration::from_secs(1));
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code, Code::Allowed);
}

#[test]
fn a_charge_that_fails_is_counted_and_the_response_goes_on() {
    let host = FakeHost::at(NOW);
    let filter = filter(&told_after(r#""window": "10s""#), &host);
    let exchange = ask::<_, &str>(&filter, &host, &[]).state;
    host.store.break_down();
    let headers = answered(&filter, &host, exchange, &[("x-cost", "9")]);
    assert_eq!(texts(&headers, "ratelimit"), [r#""calls";r=8;t=2"#], "what is known");
    assert_eq!(host.counted_of_rule(0, Count::Uncounted), 1);
    assert_eq!(host.counted_of_rule(0, Count::Allowed), 1);
}
