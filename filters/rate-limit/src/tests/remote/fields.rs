//! Fields that the service adds to the response and to the request.

use super::*;
use gatehouse_filter::protobuf::put_bytes;

/// The same answer with fields of the service's own, for the response and for the request.
fn with_fields(
    answer: GrpcAnswer,
    response: &[(&str, &str)],
    request: &[(&str, &str)],
) -> GrpcAnswer {
    let mut message = answer.message;
    for (number, fields) in [(3, response), (4, request)] {
        for (name, value) in fields {
            let mut field = Vec::new();
            put_bytes(&mut field, 1, name.as_bytes());
            put_bytes(&mut field, 2, value.as_bytes());
            put_bytes(&mut message, number, &field);
        }
    }
    GrpcAnswer { message, ..answer }
}

const SERVICE_S: [(&str, &str); 4] = [
    ("X-RateLimit-Limit", "100, 100;w=60"),
    ("X-RateLimit-Reset", "17"),
    ("X-Plan", "gold"),
    ("Transfer-Encoding", "chunked"),
];

#[test]
fn the_fields_of_a_service_go_to_the_client_and_to_the_upstream() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "global""#, &host);
    let mut asked = Asked::new(&filter, &host);
    assert!(asked.waits());
    let answer = with_fields(ruling(1, None), &SERVICE_S, &[("X-Score", "7"), ("Host", "evil")]);
    filter.on_grpc_answer(host.take_grpc_calls()[0].id, &answer, &host);
    let head = [("x-key", "a"), (":path", "/"), ("x-score", "mine")];
    let mut request = Request::new(Headers::from_list(&head), &host);
    assert_eq!(filter.on_request(&mut request, &mut asked.exchange).code, Code::Allowed);
    assert_eq!(texts(&request.headers, "x-score"), ["mine", "7"], "as Envoy's filter adds them");
    assert_eq!(request.headers.edits().len(), 1);
    let theirs = [("x-ratelimit-limit", "9"), ("x-plan", "none")];
    let headers = answered(&filter, &host, asked.exchange, &theirs);
    assert_eq!(texts(&headers, "x-ratelimit-limit"), ["100, 100;w=60"]);
    assert_eq!(texts(&headers, "x-ratelimit-reset"), ["17"]);
    assert_eq!(texts(&headers, "x-plan"), ["none", "gold"]);
    assert_eq!(texts(&headers, "transfer-encoding"), [""; 0]);
}

#[test]
fn a_refusal_says_when_to_come_back_by_what_the_service_says() {
    // (what is told, the seconds to wait, the fields of the answer)
    let all = ["retry-after", "x-ratelimit-limit", "x-ratelimit-reset", "x-plan"];
    for (case, answer, wait, names) in [
        ("nothing", ruling(2, None), "60", vec!["retry-after"]),
        (
            "fields",
            with_fields(ruling(2, None), &SERVICE_S, &[("x-score", "7")]),
            "17",
            all.to_vec(),
        ),
        (
            "its own word for it, once",
            with_fields(
                ruling(2, None),
                &[("Retry-After", "5"), ("content-type", "text/plain")],
                &[],
            ),
            "5",
            vec!["retry-after"],
        ),
        (
            "a status, which counts more than a field",
            with_fields(refused(), &SERVICE_S, &[]),
            "31",
            [&all[..], &["ratelimit-policy", "ratelimit"]].concat(),
        ),
    ] {
        let host = FakeHost::at(NOW);
        let filter = remote(r#""mode": "global""#, &host);
        let mut asked = Asked::new(&filter, &host);
        assert!(asked.waits());
        filter.on_grpc_answer(host.take_grpc_calls()[0].id, &answer, &host);
        let Step::Reply(Reply::Problem(reply)) = asked.decide().step else { panic!("{case}") };
        let headers = reply_headers(&reply);
        assert_eq!(texts(&headers, "retry-after"), [wait], "{case}");
        let told: Vec<_> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(told, names, "{case}");
        assert!(reply.detail.ends_with(&format!("try again in {wait} s")), "{case}");
    }
}

#[test]
fn our_numbers_replace_those_of_the_service_and_a_dry_run_passes_nothing_on() {
    for (mode, want) in [("enforce", Some("100")), ("shadow", None)] {
        let host = FakeHost::at(NOW);
        let json = format!(
            r#"{{"keys": 64, "response_fields": "x-ratelimit", "rules": [{{"mode": "{mode}",
                "limits": [{{"requests": 100, "window": "60s"}}],
                "counting": {{"cluster": "rls", "mode": "global"}}}}]}}"#
        );
        let filter = filter(&json, &host);
        for (answer, code) in [(passed(), Code::Allowed), (refused(), Code::ShadowExceeded)] {
            let mut asked = Asked::new(&filter, &host);
            assert!(asked.waits());
            let answer = with_fields(answer, &SERVICE_S, &[("x-score", "7")]);
            filter.on_grpc_answer(host.take_grpc_calls()[0].id, &answer, &host);
            let mut request = Request::new(Headers::from_list(&[(":path", "/")]), &host);
            let decision = filter.on_request(&mut request, &mut asked.exchange);
            if mode == "enforce" && code == Code::ShadowExceeded {
                assert_eq!(decision.code, Code::Exceeded);
                continue;
            }
            assert_eq!(decision.code, code, "{mode}");
            assert_eq!(request.headers.edits().is_empty(), want.is_none(), "{mode}");
            let headers = answered(&filter, &host, asked.exchange, &[]);
            assert_eq!(texts(&headers, "x-ratelimit-limit"), want.as_slice(), "{mode}");
            assert_eq!(headers.edits().is_empty(), want.is_none(), "{mode}");
        }
    }
}

#[test]
fn a_batch_that_is_refused_by_a_service_of_fields_is_asked_for_again_when_they_say() {
    let host = FakeHost::at(NOW);
    let filter = remote(r#""mode": "hybrid""#, &host);
    let mut asked = Asked::new(&filter, &host);
    assert!(asked.waits());
    let answer = with_fields(ruling(2, None), &SERVICE_S, &[]);
    filter.on_grpc_answer(host.take_grpc_calls()[0].id, &answer, &host);
    let Step::Reply(Reply::Problem(reply)) = asked.decide().step else { panic!("refused") };
    assert_eq!(texts(&reply_headers(&reply), "retry-after"), ["17"]);
    assert_eq!(texts(&reply_headers(&reply), "x-plan"), [""; 0], "it was about a batch");
}
