//! Rules that count with a service, which the test plays.

mod charges;
mod fields;

use super::*;
use crate::service::Ruling;
use gatehouse_filter::{CallId, CallRefused, Callouts};
use gatehouse_filter_test::SentGrpc;

fn remote(counting: &str, host: &FakeHost) -> RateLimit {
    let json = format!(
        r#"{{"keys": 64, "rules": [{{"name": "orders", "key": [{{"header": "x-key"}}],
            "limits": [{{"requests": 100, "window": "60s"}}],
            "counting": {{"cluster": "rls", "domain": "gw", {counting}}}}}]}}"#
    );
    filter(&json, host)
}

/// A request that is asked about more than once.
struct Asked<'a> {
    filter: &'a RateLimit,
    host: &'a FakeHost,
    exchange: Exchange,
}

impl<'a> Asked<'a> {
    fn new(filter: &'a RateLimit, host: &'a FakeHost) -> Self {
        Self { filter, host, exchange: Exchange::default() }
    }

    fn decide(&mut self) -> Decision<Code> {
        let mut request =
            Request::new(Headers::from_list(&[("x-key", "a"), (":path", "/")]), self.host);
        self.filter.on_request(&mut request, &mut self.exchange)
    }

    /// The call that the request waits for, if it waits.
    fn awaited(&mut self) -> Option<CallId> {
        match self.decide().step {
            Step::Wait(Until::Answered(call)) => Some(call),
            Step::Wait(Until::Fetched) => panic!("nothing is fetched"),
            _ => None,
        }
    }

    fn waits(&mut self) -> bool {
        self.awaited().is_some()
    }
}

/// `RateLimitResponse`, with a limit of 100 a minute where `remaining` is told.
fn ruling(code: u8, remaining: Option<u8>) -> GrpcAnswer {
    let mut message = vec![0x08, code];
    if let Some(remaining) = remaining {
        let limit = [0x08, 100, 0x10, 2];
        let reset = [0x08, 30, 0x10, 1];
        let mut status = vec![0x08, code, 0x12, 4];
        status.extend(limit);
        status.extend([0x18, remaining, 0x22, 4]);
        status.extend(reset);
        message.extend([0x12, u8::try_from(status.len()).unwrap()]);
        message.extend(status);
    }
    assert!(Ruling::read(&message).is_some());
    GrpcAnswer { status: 0, message, truncated: false }
}

fn passed() -> GrpcAnswer {
    ruling(1, Some(41))
}

fn refused() -> GrpcAnswer {
    ruling(2, Some(0))
}

/// The hits that a call asks for: the message's last field, of one or two bytes.
fn hits(call: &SentGrpc) -> u32 {
    match *call.message.as_slice() {
        [.., 0x18, hits] => hits.into(),
        [.., 0x18, low, high] => u32::from(low & 0x7f) | u32::from(high) << 7,
        _ => panic!("no hits: {:?}", call.message),
    }
}

#[test]
fn every_request_is_one_call_and_waits_for_it() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "global", "timeout": "70ms""#, &host);
    let (mut first, mut second) = (Asked::new(&filter, &host), Asked::new(&filter, &host));
    assert!(first.waits() && second.waits() && first.waits());
    let calls = host.take_grpc_calls();
    let [one, two] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((first.awaited(), second.awaited()), (Some(one.id), Some(two.id)));
    assert_eq!(one.cluster, "rls");
    assert_eq!(one.method, "envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");
    assert_eq!(one.timeout, Duration::from_millis(70));
    assert_eq!(
        one.message,
        b"\x0a\x02gw\x12\x23\x0a\x0e\x0a\x04rule\x12\x06orders\x0a\x11\x0a\x0cheader.x-key\x12\x01a\x18\x01"
    );
    filter.on_grpc_answer(two.id, &refused(), &host);
    assert!(first.waits(), "the other's answer is none of its business");
    let decision = second.decide();
    assert_eq!((decision.code, decision.rule.as_deref()), (Code::Exceeded, Some("orders")));
    let Step::Reply(Reply::Problem(reply)) = decision.step else { panic!("refused") };
    assert_eq!(reply.status, 429);
    assert_eq!(
        reply.detail,
        r#"the policy "orders" allows 100 requests per 60 s; try again in 31 s"#
    );
    let headers: Vec<_> =
        reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(
        headers,
        [
            ("retry-after", &b"31"[..]),
            ("ratelimit-policy", br#""orders";q=100;w=60"#),
            ("ratelimit", br#""orders";r=0;t=31"#),
        ]
    );
    filter.on_grpc_answer(one.id, &passed(), &host);
    assert_eq!(first.decide().code, Code::Allowed);
    let headers = answered(&filter, &host, first.exchange, &[]);
    assert_eq!(texts(&headers, "ratelimit"), [r#""orders";r=41;t=31"#]);
    assert_eq!(host.counted(Event::ServiceAnswered), 2);
}

#[test]
fn a_service_that_does_not_rule_does_what_on_error_says() {
    let failures = [
        ("a timeout", GrpcAnswer { status: 4, ..GrpcAnswer::default() }),
        ("nobody there", GrpcAnswer { status: 14, ..GrpcAnswer::default() }),
        ("an empty message", GrpcAnswer::default()),
        ("garbage", GrpcAnswer { message: b"<html>".to_vec(), ..GrpcAnswer::default() }),
        ("too much", GrpcAnswer { truncated: true, ..passed() }),
        ("a code that is none", ruling_of_nothing()),
    ];
    for mode in ["global", "hybrid"] {
        for (on_error, code, status) in [
            ("", Code::ServiceUnavailable, Some(503)),
            (r#", "on_error": "deny""#, Code::ServiceUnavailable, Some(503)),
            (r#", "on_error": "allow""#, Code::Degraded, None),
            (r#", "on_error": "local_share", "gateways": 2"#, Code::Degraded, None),
        ] {
            for (case, answer) in &failures {
                let host = FakeHost::at(NOW);
                let filter = remote(&format!(r#""mode": "{mode}"{on_error}"#), &host);
                let mut asked = Asked::new(&filter, &host);
                assert!(asked.waits(), "{mode} {on_error} {case}");
                filter.on_grpc_answer(host.take_grpc_calls()[0].id, answer, &host);
                let decision = asked.decide();
                let got = match &decision.step {
                    Step::Reply(reply) => Some(reply.status()),
                    _ => None,
                };
                assert_eq!((decision.code, got), (code, status), "{mode} {on_error} {case}");
                assert_eq!(host.counted(Event::ServiceFailed), 1, "{mode} {on_error} {case}");
            }
        }
    }
}

fn ruling_of_nothing() -> GrpcAnswer {
    GrpcAnswer { message: vec![0x08, 9], ..GrpcAnswer::default() }
}

#[test]
fn a_share_of_the_limit_is_that_of_one_gateway() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "global", "on_error": "local_share", "gateways": 3"#, &host);
    host.refuse_calls(Some(CallRefused::Failed));
    let codes: Vec<Code> = (0..40).map(|_| Asked::new(&filter, &host).decide().code).collect();
    assert_eq!(codes.iter().filter(|code| **code == Code::Degraded).count(), 33);
    assert_eq!(codes.last(), Some(&Code::Exceeded));
}

#[test]
fn a_service_that_fails_is_asked_no_more_for_a_while_and_recovers() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "global", "on_error": "allow""#, &host);
    let mut calls = 0;
    let mut once = |answer: &GrpcAnswer| {
        let mut asked = Asked::new(&filter, &host);
        let first = asked.decide();
        let Some(call) = host.take_grpc_calls().pop() else { return first.code };
        calls += 1;
        filter.on_grpc_answer(call.id, answer, &host);
        asked.decide().code
    };
    let failed = GrpcAnswer { status: 14, ..GrpcAnswer::default() };
    for _ in 0..100 {
        assert_eq!(once(&failed), Code::Degraded);
    }
    host.clock.advance(Duration::from_millis(250));
    assert_eq!(once(&failed), Code::Degraded);
    assert_eq!(once(&passed()), Code::Degraded, "not yet");
    host.clock.advance(Duration::from_millis(250));
    assert_eq!(once(&passed()), Code::Allowed);
    assert_eq!(once(&passed()), Code::Allowed);
    assert_eq!(calls, 5 + 1 + 2);
}

#[test]
fn a_lease_serves_many_requests_and_all_workers() {
    let host = FakeHost::at(NOW);
    let counting = r#""mode": "hybrid", "batch": 40"#;
    let workers = [remote(counting, &host), remote(counting, &host)];
    let (mut served, mut calls, mut most) = (0, 0, 0);
    for n in 0..1000 {
        let filter = &workers[n % 2];
        let mut asked = Asked::new(filter, &host);
        let mut decision = asked.decide();
        for call in host.take_grpc_calls() {
            calls += 1;
            most = most.max(hits(&call));
            filter.on_grpc_answer(call.id, &ruling(1, None), &host);
        }
        if matches!(decision.step, Step::Wait(_)) {
            decision = asked.decide();
        }
        assert_eq!(decision.code, Code::Allowed);
        served += 1;
        host.clock.advance(Duration::from_millis(1));
    }
    assert_eq!((served, most), (1000, 40));
    assert!(calls < 50, "{calls} calls");
}

#[test]
fn requests_that_wait_for_the_same_lease_make_one_call() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "hybrid""#, &host);
    let mut asked: Vec<Asked<'_>> = (0..10).map(|_| Asked::new(&filter, &host)).collect();
    assert!(asked.iter_mut().all(Asked::waits));
    let mut rounds = 0;
    while !asked.is_empty() {
        let calls = host.take_grpc_calls();
        assert_eq!(calls.len(), 1, "round {rounds}");
        filter.on_grpc_answer(calls[0].id, &ruling(1, None), &host);
        asked.retain_mut(Asked::waits);
        rounds += 1;
    }
    assert!(rounds <= 5, "{rounds} rounds");
}

#[test]
fn who_went_away_while_waiting_costs_nobody_else_anything() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "hybrid""#, &host);
    let mut gone = Asked::new(&filter, &host);
    let mut stays = Asked::new(&filter, &host);
    assert!(gone.waits() && stays.waits());
    drop(gone);
    filter.on_grpc_answer(host.take_grpc_calls()[0].id, &ruling(1, None), &host);
    assert_eq!(stays.decide().code, Code::Allowed);
    // An answer to a call that nobody knows.
    filter.on_grpc_answer(CallId(4711), &passed(), &host);
    let callouts: &dyn Callouts = &host;
    filter.on_grpc_answer(CallId(4712), &GrpcAnswer::default(), callouts);
}

#[test]
fn what_was_refused_is_not_asked_again_at_once() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "hybrid""#, &host);
    let mut first = Asked::new(&filter, &host);
    assert!(first.waits());
    filter.on_grpc_answer(host.take_grpc_calls()[0].id, &refused(), &host);
    assert_eq!(first.decide().code, Code::Exceeded);
    for _ in 0..100 {
        let decision = Asked::new(&filter, &host).decide();
        assert_eq!(decision.code, Code::Exceeded);
        let Step::Reply(Reply::Problem(reply)) = decision.step else { panic!("refused") };
        assert_eq!(reply.headers[0].1.as_bytes(), b"31");
    }
    assert!(host.take_grpc_calls().is_empty());
    host.clock.advance(Duration::from_secs(1));
    assert!(Asked::new(&filter, &host).waits());
}

#[test]
fn a_cost_is_the_hits_that_are_asked_for() {
    let json = |mode: &str| {
        format!(
            r#"{{"keys": 64, "rules": [{{"limits": [{{"requests": 100, "window": "60s"}}],
                "cost": {{"header": "x-cost", "most": 50}}, "counting": {{"mode": "{mode}", "cluster": "rls"}}}}]}}"#
        )
    };
    for mode in ["global", "hybrid"] {
        for (cost, want) in [("7", Some(7)), ("1", Some(1)), ("0", None)] {
            let host = FakeHost::at(NOW);
            let filter = filter(&json(mode), &host);
            let mut exchange = Exchange::default();
            let mut request = Request::new(Headers::from_list(&[("x-cost", cost)]), &host);
            let decision = filter.on_request(&mut request, &mut exchange);
            let calls = host.take_grpc_calls();
            assert_eq!(calls.first().map(hits), want, "{mode} {cost}");
            let step =
                calls.first().map_or(Step::Continue, |call| Step::Wait(Until::Answered(call.id)));
            assert_eq!(decision.step, step, "{mode} {cost}");
        }
    }
}
