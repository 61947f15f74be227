//! Requests whose answers' bodies tell what they have cost.

use super::*;
use gatehouse_filter::{
    Charges, Ended, GrpcAnswer, OnEnd as _, OnGrpcAnswer as _, OnResponseBody as _,
};

fn limited(default: u32, more: &str) -> String {
    format!(
        r#"{{"keys": 64, "tell_costs": true, "rules": [{{"name": "tokens",
            "limits": [{{"requests": 100, "per": "day"}}],
            "cost": {{"response_body": ["usage.in", "usage.out"],
                "default": {default}, "most": 90}} {more}}}]}}"#
    )
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const EVENTS: &[(&str, &str)] = &[("content-type", "text/event-stream")];

/// An answer on its way.
struct Answering<'a> {
    filter: &'a RateLimit,
    host: &'a FakeHost,
    exchange: Exchange,
    step: ResponseStep,
    fields: Headers,
}

impl<'a> Answering<'a> {
    /// To a request that passes.
    fn begin(filter: &'a RateLimit, host: &'a FakeHost, head: &[(&str, &str)]) -> Self {
        let asked = ask::<_, &str>(filter, host, &[]);
        assert_eq!(asked.decision.code, Code::Allowed);
        Self::of(asked.state, filter, host, head)
    }

    fn of(
        mut exchange: Exchange,
        filter: &'a RateLimit,
        host: &'a FakeHost,
        head: &[(&str, &str)],
    ) -> Self {
        let mut response = Response::new(Headers::from_list(head), host).with_body(true);
        let step = filter.on_response(&mut response, &mut exchange).step;
        Self { filter, host, exchange, step, fields: response.headers }
    }

    fn part(&mut self, part: &str) -> &mut Self {
        assert_eq!(self.step, ResponseStep::FollowBody);
        self.filter.on_body_part(part.as_bytes(), self.host, &mut self.exchange);
        self
    }

    fn end(&mut self) {
        if self.step == ResponseStep::FollowBody {
            self.filter.on_body_end(self.host, &mut self.exchange);
        }
        self.breaks_off();
    }

    fn breaks_off(&mut self) {
        let ended = Ended::new(None, Headers::default(), self.host);
        self.filter.on_end(&ended, &mut self.exchange);
        self.filter.on_end(&ended, &mut self.exchange);
    }
}

/// How much is left.
fn left(filter: &RateLimit, host: &FakeHost) -> u32 {
    let asked = ask::<_, &str>(filter, host, &[]);
    let mut exchange = asked.state;
    let mut response = Response::new(Headers::from_list::<&str, &str>(&[]), host);
    let _ = filter.on_response(&mut response, &mut exchange);
    let told =
        response.headers.values("ratelimit").map(|it| String::from_utf8_lossy(it).into_owned());
    let told: Vec<_> = told.collect();
    let left = told[0].split(";r=").nth(1).unwrap().split(';').next().unwrap();
    // This one counted, too.
    left.parse::<u32>().unwrap() + 1
}

fn fresh(default: u32) -> (FakeHost, RateLimit) {
    let host = FakeHost::at(NOW);
    let filter = filter(&limited(default, ""), &host);
    (host, filter)
}

#[test]
fn what_an_answer_tells_is_charged_when_it_has_gone_by() {
    for (case, default, head, parts, charged, untold) in [
        ("JSON", 1, JSON, &[r#"{"usage":{"in":3,"out":4}}"#][..], 7, 0),
        ("in parts", 1, JSON, &[r#"{"usage":{"in":3,"#, r#""out":4"#, "0}}"], 43, 0),
        ("less than reserved", 20, JSON, &[r#"{"usage":{"in":3}}"#], 3, 0),
        ("nothing", 20, JSON, &[r#"{"usage":{"in":0}}"#], 0, 0),
        ("as reserved", 7, JSON, &[r#"{"usage":{"in":3,"out":4}}"#], 7, 0),
        ("more than may be", 1, JSON, &[r#"{"usage":{"in":3000}}"#], 90, 0),
        ("nonsense", 1, JSON, &[r#"{"usage":{"in":-3}}"#], 90, 0),
        (
            "a stream",
            1,
            EVENTS,
            &[
                "data: {\"usage\":{\"in\":3}}\n",
                "\ndata: {\"usage\":{\"out\":4}}\n\n",
                "data: [DONE]\n\n",
            ],
            7,
            0,
        ),
        ("no usage", 5, JSON, &["{}"], 5, 1),
        ("an empty body", 5, JSON, &[], 5, 1),
        ("what is not read", 5, &[("content-type", "text/html")], &[], 5, 1),
        ("an encoded one", 5, &[JSON[0], ("content-encoding", "gzip")], &[], 5, 1),
    ] {
        let (host, filter) = fresh(default);
        let mut answer = Answering::begin(&filter, &host, head);
        parts.iter().for_each(|part| {
            answer.part(part);
        });
        answer.end();
        let want = if charged == 0 { vec![] } else { vec![("tokens".to_owned(), charged)] };
        assert_eq!(Charges::of(&host), want, "{case}");
        assert_eq!(host.counted_of_rule(0, Count::CostUntold), untold, "{case}");
        host.clock.advance(Duration::ZERO);
        let (other, untouched) = fresh(default);
        let _ = Answering::begin(&untouched, &other, head);
        let got = i64::from(left(&filter, &host)) - i64::from(left(&untouched, &other));
        assert_eq!(got, i64::from(default) - i64::try_from(charged).unwrap(), "{case}");
    }
}

#[test]
fn what_a_stream_told_before_it_broke_off_is_charged() {
    for (case, default, parts, charged, untold) in [
        ("before its head", 5, None, 5, 1),
        ("before it told anything", 5, Some(&["data: {\"usage\":nu"][..]), 5, 1),
        ("after a part", 5, Some(&["data: {\"usage\":{\"in\":30}}\n\ndata: x"]), 30, 0),
        (
            "after more",
            5,
            Some(&["data: {\"usage\":{\"in\":30}}\n\n", "data: {\"usage\":{\"out\":9}}\n\n"]),
            39,
            0,
        ),
        ("in a number", 5, Some(&["data: {\"usage\":{\"in\":30"]), 5, 1),
        ("with less than reserved", 50, Some(&["data: {\"usage\":{\"in\":30}}\n\n"]), 30, 0),
    ] {
        let (host, filter) = fresh(default);
        let asked = ask::<_, &str>(&filter, &host, &[]);
        let mut answer = match parts {
            Some(parts) => {
                let mut answer = Answering::of(asked.state, &filter, &host, EVENTS);
                parts.iter().for_each(|part| {
                    answer.part(part);
                });
                answer
            }
            None => Answering {
                filter: &filter,
                host: &host,
                exchange: asked.state,
                step: ResponseStep::Continue,
                fields: Headers::default(),
            },
        };
        answer.breaks_off();
        assert_eq!(Charges::of(&host), [("tokens".to_owned(), charged)], "{case}");
        assert_eq!(host.counted_of_rule(0, Count::CostUntold), untold, "{case}");
    }
}

#[test]
fn what_an_answer_tells_when_it_begins_is_charged_at_once_and_the_rest_at_its_end() {
    let (host, filter) = fresh(1);
    let mut answer = Answering::begin(&filter, &host, EVENTS);
    answer.part("data: {\"usage\":{\"in\":30}}\n\n");
    let charges = |want: u64| assert_eq!(Charges::of(&host), [("tokens".to_owned(), want)]);
    charges(30);
    // One that tells it with each event does not write for each.
    for out in 1..40 {
        answer.part(&format!("data: {{\"usage\":{{\"out\":{out}}}}}\n\n"));
    }
    charges(30);
    answer.end();
    charges(69);
}

#[test]
fn the_next_request_is_refused_when_the_budget_is_used_up() {
    let (host, filter) = fresh(1);
    for (out, code) in [(60, Code::Allowed), (60, Code::Allowed), (0, Code::Exceeded)] {
        let asked = ask::<_, &str>(&filter, &host, &[]);
        assert_eq!(asked.decision.code, code, "{out}");
        if code == Code::Allowed {
            let mut answer = Answering::of(asked.state, &filter, &host, JSON);
            assert!(!answer.fields.edits().is_empty(), "the head tells what is known then");
            answer.part(&format!(r#"{{"usage":{{"out":{out}}}}}"#)).end();
        }
    }
}

#[test]
fn a_store_that_fails_is_counted_and_the_answer_goes_on() {
    let (host, filter) = fresh(1);
    let mut answer = Answering::begin(&filter, &host, JSON);
    host.store.break_down();
    answer.part(r#"{"usage":{"out":50}}"#).end();
    assert_eq!(Charges::of(&host), [("tokens".to_owned(), 1)]);
    assert!(host.counted_of_rule(0, Count::Uncounted) >= 1);
}

#[test]
fn the_upstream_is_asked_for_what_can_be_read_by_rules_that_read_it() {
    let asked = [("accept-encoding", "gzip"), ("range", "bytes=0-1")];
    for (json, want) in [
        (limited(1, ""), "identity"),
        (limited(1, r#", "mode": "shadow""#), "identity"),
        (of_100("").replace(r#""match": {"path": {"prefix": "/orders"}},"#, ""), "gzip"),
    ] {
        let host = FakeHost::at(NOW);
        let filter = filter(&json, &host);
        let outcome = ask(&filter, &host, &asked);
        assert_eq!(outcome.decision.code, Code::Allowed);
        assert_eq!(texts(&outcome.headers, "accept-encoding"), [want], "{json}");
        assert_eq!(texts(&outcome.headers, "range").is_empty(), want == "identity", "{json}");
    }
}

#[test]
fn rules_that_all_apply_each_read_the_answer() {
    let host = FakeHost::at(NOW);
    let json = r#"{"keys": 64, "apply": "all", "tell_costs": true, "rules": [
        {"name": "in", "cost": {"response_body": "usage.in", "most": 90},
         "limits": [{"requests": 100, "window": "1h"}]},
        {"name": "requests", "limits": [{"requests": 100, "window": "1h"}]},
        {"name": "out", "cost": {"response_body": {"path": "usage.out", "times": 2}, "most": 90},
         "limits": [{"requests": 100, "window": "1h"}]}]}"#;
    let filter = filter(json, &host);
    Answering::begin(&filter, &host, JSON).part(r#"{"usage":{"in":3,"out":40}}"#).end();
    let charges = Charges::of(&host).into_iter().map(|(rule, units)| format!("{rule}={units}"));
    assert_eq!(charges.collect::<Vec<_>>(), ["in=3", "requests=1", "out=80"]);
}

fn remote(mode: &str) -> (FakeHost, RateLimit) {
    let host = FakeHost::at(NOW);
    let counting = format!(
        r#", "counting": {{"cluster": "rls", "mode": "{mode}", "on_error": "local_share", "gateways": 2}}"#
    );
    let filter = filter(&limited(2, &counting), &host);
    (host, filter)
}

/// The hits in a call: the message's last field, of one or two bytes.
fn hits(message: &[u8]) -> u32 {
    match *message {
        [.., 0x18, hits] => hits.into(),
        [.., 0x18, low, high] => u32::from(low & 0x7f) | u32::from(high) << 7,
        _ => panic!("{message:?}"),
    }
}

fn passed() -> GrpcAnswer {
    GrpcAnswer { status: 0, message: vec![0x08, 1], truncated: false }
}

/// A request that the service lets pass, and whose answer costs 43.
fn answered_remotely<'a>(filter: &'a RateLimit, host: &'a FakeHost) -> Answering<'a> {
    let mut exchange = Exchange::default();
    let mut decide = || {
        let mut request = Request::new(Headers::from_list::<&str, &str>(&[]), host);
        filter.on_request(&mut request, &mut exchange)
    };
    let mut step = decide().step;
    for _ in 0..4 {
        for call in host.take_grpc_calls() {
            filter.on_grpc_answer(call.id, &passed(), host);
        }
        if step == Step::Continue {
            break;
        }
        step = decide().step;
    }
    assert_eq!(step, Step::Continue);
    Answering::of(exchange, filter, host, JSON)
}

#[test]
fn a_service_is_told_what_its_answers_have_cost_beyond_what_it_was_asked() {
    for mode in ["global", "hybrid"] {
        for (case, body, want) in [
            ("more", r#"{"usage":{"in":40,"out":3}}"#, Some(41)),
            ("what was asked", r#"{"usage":{"in":2}}"#, None),
            ("less", r#"{"usage":{"in":1}}"#, None),
            ("nothing told", "{}", None),
            ("more than may be", r#"{"usage":{"in":1e9}}"#, Some(88)),
        ] {
            let (host, filter) = remote(mode);
            answered_remotely(&filter, &host).part(body).end();
            let calls = host.take_grpc_calls();
            let told = calls.iter().map(|call| hits(&call.message)).collect::<Vec<_>>();
            assert_eq!(told, want.into_iter().collect::<Vec<_>>(), "{mode}: {case}");
            let units = u64::from(2 + want.unwrap_or_default());
            assert_eq!(Charges::of(&host), [("tokens".to_owned(), units)], "{mode}: {case}");
            for call in calls {
                let over = GrpcAnswer { message: vec![0x08, 2], ..passed() };
                filter.on_grpc_answer(call.id, &over, &host);
            }
            assert_eq!(host.counted_of_rule(0, Count::Uncounted), 0, "{mode}: {case}");
        }
    }
}

#[test]
fn what_is_leased_is_void_when_answers_have_used_the_limit_up() {
    for (code, leased) in [(1, true), (2, false)] {
        let (host, filter) = remote(r#"hybrid", "batch": 50, "domain": "gw"#);
        // Batches grow until several requests are served from one.
        let mut exchange = Exchange::default();
        for _ in 0..12 {
            exchange = answered_remotely(&filter, &host).exchange;
        }
        let step = ResponseStep::FollowBody;
        let (host, fields) = (&host, Headers::default());
        let mut answer = Answering { filter: &filter, host, exchange, step, fields };
        answer.part(r#"{"usage":{"in":40}}"#).end();
        let told = host.take_grpc_calls();
        assert_eq!(told.len(), 1);
        let answer = GrpcAnswer { message: vec![0x08, code], ..passed() };
        filter.on_grpc_answer(told[0].id, &answer, host);
        let step = ask::<_, &str>(&filter, host, &[]).decision.step;
        assert_eq!(step == Step::Continue, leased, "{code}: {step:?}");
    }
}

#[test]
fn a_service_that_cannot_be_told_is_counted() {
    let (host, filter) = remote("global");
    let mut answer = answered_remotely(&filter, &host);
    host.refuse_calls(Some(gatehouse_filter::CallRefused::Failed));
    answer.part(r#"{"usage":{"in":40}}"#).end();
    assert_eq!(Charges::of(&host), [("tokens".to_owned(), 2)]);
    assert!(host.counted_of_rule(0, Count::Uncounted) >= 1);
}

#[test]
fn what_a_share_counts_is_charged_here() {
    let (host, filter) = remote("global");
    host.refuse_calls(Some(gatehouse_filter::CallRefused::Failed));
    let asked = ask::<_, &str>(&filter, &host, &[]);
    assert_eq!(asked.decision.code, Code::Degraded);
    Answering::of(asked.state, &filter, &host, JSON).part(r#"{"usage":{"in":40}}"#).end();
    assert_eq!(Charges::of(&host), [("tokens".to_owned(), 40)]);
    // Half of 100 is this gateway's.
    Answering::of(ask::<_, &str>(&filter, &host, &[]).state, &filter, &host, JSON)
        .part(r#"{"usage":{"in":40}}"#)
        .end();
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code, Code::Exceeded);
}

#[test]
fn a_rule_that_reads_no_answers_asks_for_none() {
    let host = FakeHost::at(NOW);
    let cases =
        [(limited(1, ""), true), (of_100(""), false), (of_100(r#""mode": "shadow","#), false)];
    for (json, asks) in cases {
        let filter = filter(&json, &host);
        assert_eq!(filter.asks_for_response_bodies(), asks, "{json}");
    }
    let filter = filter(&of_100(""), &host);
    let answer = Answering::of(order(&filter, &host).state, &filter, &host, JSON);
    assert_eq!(answer.step, ResponseStep::Continue);
}
