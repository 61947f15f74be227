//! Requests that are limited by how many are under way.

use super::*;
use gatehouse_filter::{Callouts, Ended, Fetches as _, GrpcAnswer, OnEnd as _};

fn bounded(rules: &str, host: &FakeHost) -> RateLimit {
    filter(&format!(r#"{{"keys": 64, "rules": [{rules}]}}"#), host)
}

fn of_client(filter: &RateLimit, host: &FakeHost, client: &str) -> Outcome<RateLimit> {
    ask(filter, host, &[("x-client", client)])
}

/// The request is no more, whatever its end.
fn end(filter: &RateLimit, host: &FakeHost, mut exchange: Exchange) {
    filter.on_end(&Ended::new(None, Headers::default(), host), &mut exchange);
    // It is told once; who would tell twice changes nothing.
    filter.on_end(&Ended::new(None, Headers::default(), host), &mut exchange);
}

const TWO: &str = r#"{"name": "two", "key": [{"header": "x-client"}], "in_flight": 2}"#;

#[test]
fn as_many_as_may_be_are_under_way_and_each_end_makes_room_for_one() {
    let host = FakeHost::at(NOW);
    let filter = bounded(TWO, &host);
    let (one, two) = (of_client(&filter, &host, "a"), of_client(&filter, &host, "a"));
    assert_eq!((one.decision.code, two.decision.code), (Code::Allowed, Code::Allowed));
    assert_eq!(one.decision.rule.as_deref(), Some("two"));
    let refused = of_client(&filter, &host, "a");
    assert_eq!(refused.decision.code, Code::InFlightExceeded);
    let problem = refused.problem().unwrap();
    assert_eq!(problem.status, 429);
    let detail = r#"the policy "two" allows 2 requests at a time; try again when one has ended"#;
    assert_eq!(problem.detail, detail);
    assert_eq!(
        (problem.retry_after(), &problem.members),
        (None, &vec![("policy", "two".to_owned())])
    );
    assert_eq!(of_client(&filter, &host, "b").decision.code, Code::Allowed, "another's");
    // What was refused is none that is under way.
    end(&filter, &host, refused.state);
    assert_eq!(of_client(&filter, &host, "a").decision.code, Code::InFlightExceeded);
    end(&filter, &host, one.state);
    let three = of_client(&filter, &host, "a");
    assert_eq!(three.decision.code, Code::Allowed);
    assert_eq!(of_client(&filter, &host, "a").decision.code, Code::InFlightExceeded);
    assert_eq!(host.counted_of_rule(0, Count::Allowed), 4);
    assert_eq!(host.counted_of_rule(0, Count::InFlightExceeded), 3);
    let fields = answered(&filter, &host, three.state, &[]);
    assert!(fields.first("ratelimit").is_none(), "there is no window to tell of");
}

#[test]
fn a_request_has_to_be_within_its_limits_too_and_what_they_refuse_is_not_under_way() {
    let host = FakeHost::at(NOW);
    let rule = r#"{"name": "calls", "in_flight": 2, "limits": [{"requests": 3, "window": "60s"}]}"#;
    let filter = bounded(rule, &host);
    for (held, code) in [(2, Code::InFlightExceeded), (0, Code::Exceeded)] {
        let mut entered = Vec::new();
        let last = loop {
            let outcome = order(&filter, &host);
            match outcome.decision.code {
                Code::Allowed => entered.push(outcome.state),
                code => {
                    end(&filter, &host, outcome.state);
                    break code;
                }
            }
            if held == 0 {
                end(&filter, &host, entered.pop().unwrap());
            }
        };
        assert_eq!(last, code, "{held}");
        entered.into_iter().for_each(|state| end(&filter, &host, state));
    }
    host.clock.advance(Duration::from_secs(60));
    let states = [(); 2].map(|()| order(&filter, &host));
    assert!(states.iter().all(|outcome| outcome.decision.code == Code::Allowed));
}

#[test]
fn where_all_rules_apply_a_request_is_under_way_in_all_of_them_or_in_none() {
    let host = FakeHost::at(NOW);
    let rules = r#"{"name": "all", "key": [], "in_flight": 3},
        {"name": "each", "key": [{"header": "x-client"}], "in_flight": 1}"#;
    let filter = filter(&format!(r#"{{"keys": 64, "apply": "all", "rules": [{rules}]}}"#), &host);
    let a = of_client(&filter, &host, "a");
    for _ in 0..5 {
        let refused = of_client(&filter, &host, "a");
        assert_eq!(refused.decision.code, Code::InFlightExceeded);
        assert_eq!(refused.decision.rule.as_deref(), Some("each"));
        end(&filter, &host, refused.state);
    }
    let others = ["b", "c"].map(|client| of_client(&filter, &host, client));
    assert!(others.iter().all(|outcome| outcome.decision.code == Code::Allowed));
    let refused = of_client(&filter, &host, "d");
    assert_eq!(refused.decision.rule.as_deref(), Some("all"));
    end(&filter, &host, refused.state);
    end(&filter, &host, a.state);
    assert_eq!(of_client(&filter, &host, "d").decision.code, Code::Allowed);
}

#[test]
fn a_rule_that_looks_on_lets_in_what_it_would_not_and_says_so() {
    let host = FakeHost::at(NOW);
    let rule = r#"{"name": "tried", "mode": "shadow", "in_flight": 1}"#;
    let filter = bounded(rule, &host);
    let first = order(&filter, &host);
    assert_eq!(first.decision.code, Code::Allowed);
    let second = order(&filter, &host);
    assert_eq!((second.decision.code, second.status()), (Code::ShadowExceeded, None));
    end(&filter, &host, second.state);
    end(&filter, &host, first.state);
    assert_eq!(order(&filter, &host).decision.code, Code::Allowed);
}

#[test]
fn a_request_that_waits_for_a_service_is_under_way_once() {
    let host = FakeHost::at(NOW);
    let rule = r#"{"name": "calls", "in_flight": 1, "limits": [{"requests": 9, "window": "60s"}],
        "counting": {"mode": "global", "cluster": "rls"}}"#;
    let filter = bounded(rule, &host);
    let ask = |exchange: &mut Exchange| {
        let mut request = Request::new(Headers::from_list(&[(":path", "/")]), &host);
        filter.on_request(&mut request, exchange)
    };
    let mut exchange = Exchange::default();
    for _ in 0..3 {
        assert!(matches!(ask(&mut exchange).step, Step::Wait(_)));
    }
    assert_eq!(ask(&mut Exchange::default()).code, Code::InFlightExceeded);
    // Its client leaves while it waits.
    end(&filter, &host, exchange);
    let mut exchange = Exchange::default();
    assert!(matches!(ask(&mut exchange).step, Step::Wait(_)));
    let calls = host.take_grpc_calls();
    let answer = GrpcAnswer { message: vec![0x08, 1], ..GrpcAnswer::default() };
    let callouts: &dyn Callouts = &host;
    filter.on_grpc_answer(calls[1].id, &answer, callouts);
    assert_eq!(ask(&mut exchange).code, Code::Allowed);
    end(&filter, &host, exchange);
    assert!(matches!(ask(&mut Exchange::default()).step, Step::Wait(_)));
}

#[test]
fn what_cannot_be_counted_does_what_on_error_says() {
    for (on_error, code) in [("deny", Code::StoreUnavailable), ("allow", Code::Degraded)] {
        let host = FakeHost::at(NOW);
        let json = format!(r#"{{"keys": 64, "on_error": "{on_error}", "rules": [{TWO}]}}"#);
        let filter = filter(&json, &host);
        host.store.break_down();
        assert_eq!(of_client(&filter, &host, "a").decision.code, code);
    }
}

#[test]
fn the_timer_runs_only_where_something_is_bounded_so() {
    let host = FakeHost::at(NOW);
    for (rules, timers) in [(TWO, 1), (r#"{"limits": [{"requests": 1, "window": "1s"}]}"#, 0)] {
        assert_eq!(bounded(rules, &host).fetched().len(), timers, "{rules}");
    }
}
