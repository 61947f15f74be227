//! The phases that filters take part in, and what a module says of them.

use gatehouse_filter::config::{ConfigError, Node};
use gatehouse_filter::{
    Answered, AnswersPhase, Body, Broken, CallId, Callouts, Copied, CountedRule, Decision, Ended,
    Fetches, FetchingPhase, Filter, GrpcAnswer, GrpcAnswersPhase, Headers, Host, Log, Mode, Never,
    NoCodes, OnAnswers, OnEnd, OnGrpcAnswer, OnLog, OnRequestBody, OnRequestTrailers, OnResponse,
    OnResponseBody, OnWake, Phases, Polled, Request, RequestBodyPhase, Response, ResponseBodyPhase,
    ResponseDecision, ResponsePhase, ResponseStep, Step,
};
use gatehouse_filter_test::FakeHost;
use std::collections::BTreeSet;

gatehouse_filter::codes! {
    enum Code {
        Passed = "passed",
    }
}

/// A filter that takes part in nothing, or in everything.
macro_rules! filter {
    ($name:ident takes part as $part:ty) => {
        struct $name;

        impl Filter for $name {
            const NAME: &'static str = "test";

            type Code = Code;
            type Event = NoCodes;
            type RuleEvent = NoCodes;
            type State = ();
            type RequestBody = $part;
            type RequestTrailers = $part;
            type Response = $part;
            type ResponseBody = $part;
            type Answers = $part;
            type Fetching = $part;
            type GrpcAnswers = $part;
            type Logging = $part;
            type Waking = $part;
            type Ending = $part;

            fn configure(_node: Node<'_>) -> Option<Self> {
                Some(Self)
            }

            fn mode(&self) -> Mode {
                Mode::Enforce
            }

            fn start(&self, _host: &dyn Host) -> Result<(), Vec<ConfigError>> {
                Ok(())
            }

            fn counted_rules(&self) -> Vec<CountedRule> {
                Vec::new()
            }

            fn asks_for_route(&self) -> bool {
                false
            }

            fn on_request(&self, _request: &mut Request<'_>, _state: &mut ()) -> Decision<Code> {
                passed()
            }
        }
    };
}

filter!(Quiet takes part as Never);
filter!(Busy takes part as Self);

fn passed() -> Decision<Code> {
    Decision::pass(Code::Passed, None)
}

fn passed_on() -> ResponseDecision<Code> {
    ResponseDecision::pass(Code::Passed, None)
}

impl OnRequestBody for Busy {
    fn may_hold_for_body(&self, _request: &Request<'_>) -> bool {
        true
    }

    fn holds_heads(&self) -> Option<&'static str> {
        Some("hold")
    }

    fn on_request_body(
        &self,
        _head: Option<&mut Request<'_>>,
        _body: &mut Body,
        _callouts: &dyn Callouts,
        _state: &mut (),
    ) -> Result<Decision<Code>, Broken> {
        Ok(passed())
    }
}

impl OnRequestTrailers for Busy {
    fn clear_trailers(&self, _trailers: &mut Headers, _state: &()) {}
}

impl OnResponse for Busy {
    fn on_response(&self, _response: &mut Response<'_>, _state: &mut ()) -> ResponseDecision<Code> {
        passed_on()
    }
}

impl OnResponseBody for Busy {
    fn holds_response_heads(&self) -> Option<&'static str> {
        Some("hold_responses")
    }

    fn on_response_body(
        &self,
        _head: Option<&mut Response<'_>>,
        _body: &mut Body,
        _callouts: &dyn Callouts,
        _state: &mut (),
    ) -> Result<ResponseDecision<Code>, Broken> {
        Ok(passed_on())
    }

    fn on_copied_body(&self, _copied: Copied, _callouts: &dyn Callouts, _state: &mut ()) {}
}

impl OnAnswers for Busy {
    fn on_answers(
        &self,
        _answers: Vec<Answered>,
        _request: &mut Request<'_>,
        _state: &mut (),
    ) -> Result<Decision<Code>, Broken> {
        Ok(passed())
    }
}

impl Fetches for Busy {
    fn fetched(&self) -> Vec<&dyn Polled> {
        Vec::new()
    }
}

impl OnGrpcAnswer for Busy {
    const MAX_ANSWER_BYTES: usize = 7;

    fn on_grpc_answer(&self, _call: CallId, _answer: &GrpcAnswer, _callouts: &dyn Callouts) {}
}

impl OnWake for Busy {
    fn waits_for_others(&self) -> bool {
        true
    }
}

impl OnEnd for Busy {
    fn on_end(&self, _end: &Ended<'_>, _state: &mut ()) {}
}

impl OnLog for Busy {
    fn on_log(&self, _log: &Log<'_>, _state: &mut ()) {}
}

/// Each of the phases alone, with the callbacks that it needs.
fn each() -> [(Phases, &'static [&'static str]); Phases::COUNT] {
    let none = Phases::default();
    [
        (
            Phases { request_body: true, ..none },
            &["proxy_on_request_body", "proxy_on_request_trailers"],
        ),
        (Phases { request_trailers: true, ..none }, &["proxy_on_request_trailers"]),
        (Phases { response: true, ..none }, &["proxy_on_response_headers"]),
        (
            Phases { response_body: true, ..none },
            &["proxy_on_response_body", "proxy_on_response_trailers"],
        ),
        (Phases { answers: true, ..none }, &["proxy_on_http_call_response"]),
        (Phases { fetching: true, ..none }, &["proxy_on_http_call_response", "proxy_on_tick"]),
        (Phases { grpc_answers: true, ..none }, &["proxy_on_grpc_receive", "proxy_on_grpc_close"]),
        (Phases { log: true, ..none }, &["proxy_on_log"]),
        (Phases { waking: true, ..none }, &["proxy_on_tick", "proxy_on_queue_ready"]),
        // Every module is told that its contexts go.
        (Phases { ending: true, ..none }, &[]),
    ]
}

/// Every set of phases, with the callbacks that one or another of them needs.
fn sets() -> impl Iterator<Item = (Phases, BTreeSet<&'static str>)> {
    (0..1_u32 << Phases::COUNT).map(|set| {
        let members = each().into_iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        members.fold(
            (Phases::default(), BTreeSet::new()),
            |(phases, mut names), (_, (phase, needs))| {
                names.extend(needs);
                (phases.or(phase), names)
            },
        )
    })
}

#[test]
fn what_a_module_says_of_itself_is_read_as_it_was_meant() {
    let mut said = BTreeSet::new();
    for (phases, _) in sets() {
        let flags = phases.flags();
        assert!(flags.iter().all(|flag| matches!(flag, b'0' | b'1')), "{phases:?}");
        assert_eq!(Phases::from_flags(&flags), Some(phases));
        said.insert(flags);
    }
    assert_eq!(said.len(), 1 << Phases::COUNT, "each says something else");
    // Modules and whoever reads them may be of different builds: the places are a contract.
    for (at, (phase, _)) in each().into_iter().enumerate() {
        let mut want = [b'0'; Phases::COUNT];
        want[at] = b'1';
        assert_eq!(phase.flags(), want, "{phase:?}");
    }
}

#[test]
fn whatever_else_a_module_says_is_not_understood() {
    for flags in [
        &b""[..],
        b"0",
        b"0000000",
        b"00000000000",
        b"0000000002",
        b"000000000 ",
        b"\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert_eq!(Phases::from_flags(flags), None, "{}", flags.escape_ascii());
    }
}

#[test]
fn callbacks_are_those_of_the_phases_and_each_is_named_once() {
    for (phase, want) in each() {
        let mut names: Vec<_> = phase.callbacks().collect();
        names.sort_unstable();
        let mut want = want.to_vec();
        want.sort_unstable();
        assert_eq!(names, want, "{phase:?}");
    }
    for (phases, want) in sets() {
        let names: Vec<_> = phases.callbacks().collect();
        assert_eq!(names.len(), want.len(), "{phases:?}: {names:?}");
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), want, "{phases:?}");
    }
}

#[test]
fn one_or_the_other_takes_part_where_either_does() {
    for (one, _) in sets() {
        for (other, _) in sets() {
            let flags = one.or(other).flags();
            for (at, flag) in flags.into_iter().enumerate() {
                assert_eq!(flag, one.flags()[at].max(other.flags()[at]), "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn the_phases_of_a_filter_follow_from_its_types() {
    assert_eq!(Phases::of::<Quiet>(), Phases::default());
    assert_eq!(Phases::of::<Busy>().flags(), [b'1'; Phases::COUNT]);
    assert_eq!(<Never as GrpcAnswersPhase<Quiet>>::MAX_ANSWER_BYTES, 0);
    assert_eq!(<Busy as GrpcAnswersPhase<Busy>>::MAX_ANSWER_BYTES, 7);
}

/// What a filter says where the shell asks it about each phase.
#[derive(PartialEq, Eq, Debug)]
struct Said {
    may_hold: bool,
    holds: [Option<&'static str>; 2],
    request_body: Option<Step>,
    response: (Option<Code>, ResponseStep),
    response_body: Option<ResponseStep>,
    answers: Option<Step>,
    fetched: usize,
}

fn ask<F: Filter<Code = Code, State = ()>>(filter: &F) -> Said {
    let host = FakeHost::default();
    let mut request = Request::new(Headers::default(), &host);
    let mut response = Response::new(Headers::default(), &host);
    let (mut body, state) = (Body::new(b"{}".to_vec()), &mut ());
    let of_body =
        F::RequestBody::on_request_body(filter, Some(&mut request), &mut body, &host, state);
    let of_response = F::Response::on_response(filter, &mut response, state);
    let of_response_body =
        F::ResponseBody::on_response_body(filter, Some(&mut response), &mut body, &host, state);
    let of_answers = F::Answers::on_answers(filter, Vec::new(), &mut request, state);
    assert_eq!(body.into_parts(), (Some(b"{}".to_vec()), None));
    Said {
        may_hold: F::RequestBody::may_hold_for_body(filter, &request),
        holds: [F::RequestBody::holds_heads(filter), F::ResponseBody::holds_response_heads(filter)],
        request_body: of_body.ok().map(|decision| decision.step),
        response: (of_response.code, of_response.step),
        response_body: of_response_body.ok().map(|decision| decision.step),
        answers: of_answers.ok().map(|decision| decision.step),
        fetched: F::Fetching::fetched(filter).len(),
    }
}

#[test]
fn who_takes_no_part_and_is_asked_all_the_same_decides_nothing() {
    let nothing = Said {
        may_hold: false,
        holds: [None, None],
        request_body: None,
        response: (None, ResponseStep::Continue),
        response_body: None,
        answers: None,
        fetched: 0,
    };
    assert_eq!(ask(&Quiet), nothing);
    let everything = Said {
        may_hold: true,
        holds: [Some("hold"), Some("hold_responses")],
        request_body: Some(Step::Continue),
        response: (Some(Code::Passed), ResponseStep::Continue),
        response_body: Some(ResponseStep::Continue),
        answers: Some(Step::Continue),
        fetched: 0,
    };
    assert_eq!(ask(&Busy), everything);
}
