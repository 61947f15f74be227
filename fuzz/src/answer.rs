use crate::{NOW, filter};
use gatehouse_api_key_auth::ApiKeyAuth;
use gatehouse_filter::{
    Answer, CallId, Filter, GrpcAnswer, Headers, OnGrpcAnswer, Request, Step, Until,
};
use gatehouse_filter_test::{FakeHost, answer as give, ask, prepare, tick};
use gatehouse_jwt_auth::JwtAuth;
use gatehouse_rate_limit::RateLimit;

/// What a service answers that a filter asks, after a byte that says which. Nobody passes by it who
/// did not before: the keys are nobody's.
pub fn answer(data: &[u8]) {
    let Some((which, body)) = data.split_first() else { return };
    match which % 5 {
        0 => fetched::<JwtAuth>(JWKS, &[], body),
        1 => fetched::<JwtAuth>(DISCOVERY, &[], body),
        // A document that leads to the keys, and then those.
        2 => fetched::<JwtAuth>(DISCOVERY, &[DOCUMENT], body),
        3 => fetched::<ApiKeyAuth>(CONSUMERS, &[], body),
        _ => ruled(body),
    }
}

/// Fetches what the configuration says, with the good answers first, and asks about a request after
/// it.
fn fetched<F: Filter>(configuration: &str, good: &[&[u8]], body: &[u8]) {
    let host = FakeHost::at(NOW);
    let filter: F = filter(configuration);
    prepare(&filter, &host);
    tick(&filter, &host);
    for body in good.iter().copied().chain([body]) {
        for (id, _) in host.take_calls() {
            give(&filter, id, &ok(body), &host);
        }
    }
    tick(&filter, &host);
    for fields in [
        [("authorization", "Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.e30.AAAA")],
        [("x-api-key", "a")],
    ] {
        let outcome = ask(&filter, &host, &fields);
        assert!(outcome.decision.step != Step::Continue);
    }
}

/// A ruling on a request that waits for it.
fn ruled(message: &[u8]) {
    let host = FakeHost::at(NOW);
    let filter: RateLimit = filter(LIMITS);
    filter.start(&host).expect("it compiles nothing");
    let mut state = Default::default();
    let head = Headers::from_list(&[(":method", "GET"), (":path", "/"), ("x-key", "a")]);
    let asked = filter.on_request(&mut Request::new(head.clone(), &host), &mut state);
    let calls = host.take_grpc_calls();
    let [call] = calls.as_slice() else { panic!("one call, not {calls:?}") };
    assert_eq!(asked.step, Step::Wait(Until::Answered(call.id)));
    let answer = GrpcAnswer { status: 0, message: message.to_vec(), truncated: false };
    filter.on_grpc_answer(call.id, &answer, &host);
    let decided = filter.on_request(&mut Request::new(head, &host), &mut state);
    assert!(!matches!(decided.step, Step::Wait(_)), "there is an answer");
    filter.on_grpc_answer(CallId(7), &GrpcAnswer::default(), &host);
}

fn ok(body: &[u8]) -> Answer {
    Answer {
        headers: Headers::from_list(&[(":status", "200")]),
        body: body.to_vec(),
        ..Answer::default()
    }
}

const JWKS: &str = r#"{
    "providers": [{"name": "main", "issuer": "https://issuer.example", "jwks": {"cluster": "auth", "path": "/jwks.json"}}],
    "revocations": {"cluster": "auth", "path": "/revoked.json"}
}"#;

const DISCOVERY: &str = r#"{"providers": [{"name": "main", "issuer": "https://issuer.example", "jwks": {"cluster": "auth"}}]}"#;

const DOCUMENT: &[u8] =
    br#"{"issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/keys"}"#;

const CONSUMERS: &str = r#"{"consumers_from": {"cluster": "keys", "path": "/consumers.json"}}"#;

const LIMITS: &str = r#"{"keys": 64, "rules": [{
    "name": "orders", "key": [{"header": "x-key"}], "limits": [{"requests": 100, "window": "60s"}],
    "counting": {"cluster": "rls", "domain": "gw", "mode": "global"}
}]}"#;
