//! What requests are charged, as it is left for whoever counts it.

use super::*;
use gatehouse_filter::Charges;

const WINDOW: &str = r#""limits": [{"requests": 10, "window": "10s"}]"#;

fn told(rules: &str, host: &FakeHost) -> RateLimit {
    filter(&format!(r#"{{"keys": 64, "tell_costs": true, {rules}}}"#), host)
}

fn charged(host: &FakeHost) -> String {
    let charges = Charges::of(host).into_iter();
    charges
        .map(|(rule, units)| format!("{rule}={units} "))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// Asks for a new request.
fn asked(filter: &RateLimit, host: &FakeHost, fields: &[(&str, &str)]) -> Outcome<RateLimit> {
    host.unset(Attribute::FilterState(Charges::STATE));
    ask(filter, host, fields)
}

#[test]
fn what_is_spent_is_left_and_of_what_is_refused_nothing() {
    let rules = format!(
        r#""rules": [{{"name": "calls", "cost": {{"header": "x-cost", "most": 8}}, {WINDOW}}}]"#
    );
    let host = FakeHost::at(NOW);
    let filter = told(&rules, &host);
    for (cost, code, want) in [
        ("7", Code::Allowed, "calls=7"),
        ("4", Code::Exceeded, ""),
        ("0", Code::Allowed, ""),
        ("3", Code::Allowed, "calls=3"),
        ("1", Code::Exceeded, ""),
    ] {
        assert_eq!(asked(&filter, &host, &[("x-cost", cost)]).decision.code, code, "{cost}");
        assert_eq!(charged(&host), want, "{cost}");
    }
    host.store.break_down();
    let _ = asked(&filter, &host, &[("x-cost", "1")]);
    assert_eq!(charged(&host), "", "it was not counted");
}

#[test]
fn where_all_rules_apply_each_has_its_own_and_one_that_refuses_gives_all_back() {
    let rule = |name: &str, cost: u32, requests: u32, mode: &str| {
        format!(
            r#"{{"name": "{name}", "cost": {cost}, "mode": "{mode}",
                "limits": [{{"requests": {requests}, "window": "10s"}}]}}"#
        )
    };
    let rules = [
        rule("calls", 1, 100, "enforce"),
        rule("units", 5, 10, "enforce"),
        rule("tried", 4, 4, "shadow"),
    ];
    let host = FakeHost::at(NOW);
    let filter = told(&format!(r#""apply": "all", "rules": [{}]"#, rules.join(",")), &host);
    for want in ["calls=1 units=5 tried=4", "calls=1 units=5", ""] {
        let _ = asked(&filter, &host, &[]);
        assert_eq!(charged(&host), want);
    }
}

#[test]
fn a_response_adds_what_it_tells_or_takes_back_what_was_too_much() {
    let cost = r#""cost": {"response_header": "x-cost", "default": 2, "most": 50}"#;
    let host = FakeHost::at(NOW);
    let filter = told(&format!(r#""rules": [{{"name": "calls", {cost}, {WINDOW}}}]"#), &host);
    for (fields, want) in [
        (&[("x-cost", "3")][..], "calls=3"),
        (&[("x-cost", "0")], ""),
        (&[], "calls=2"),
        (&[("x-cost", "2")], "calls=2"),
        (&[("x-cost", "junk")], "calls=50"),
    ] {
        let exchange = asked(&filter, &host, &[]).state;
        // A client that leaves before there is an answer has cost so much.
        assert_eq!(charged(&host), "calls=2", "{fields:?}");
        answered(&filter, &host, exchange, fields);
        assert_eq!(charged(&host), want, "{fields:?}");
        host.clock.advance(Duration::from_secs(60));
    }
    let exchange = asked(&filter, &host, &[]).state;
    host.store.break_down();
    answered(&filter, &host, exchange, &[("x-cost", "9")]);
    assert_eq!(charged(&host), "calls=2", "what could not be charged is not told");
}

#[test]
fn nothing_is_left_and_nothing_asked_for_where_nobody_wants_it() {
    let host = FakeHost::at(NOW);
    let filter = filter(&format!(r#"{{"rules": [{{"key": ["method"], {WINDOW}}}]}}"#), &host);
    let outcome = asked(&filter, &host, &[(":method", "GET")]);
    assert_eq!((outcome.decision.code, host.facts_asked()), (Code::Allowed, 0));
    assert_eq!(host.attribute_of(Charges::STATE), None);
}
