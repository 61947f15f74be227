//! What requests under such rules are charged, as it is left for whoever counts it.

use super::*;
use gatehouse_filter::Charges;

/// What a request of cost 3 is charged that the service answers so.
fn charged(counting: &str, answer: &GrpcAnswer) -> (Code, Vec<(String, u64)>) {
    let host = FakeHost::at(NOW);
    let json = format!(
        r#"{{"tell_costs": true, "rules": [{{"name": "orders", "cost": 3,
            "limits": [{{"requests": 100, "window": "60s"}}],
            "counting": {{"cluster": "rls", {counting}}}}}]}}"#
    );
    let filter = filter(&json, &host);
    let mut asked = Asked::new(&filter, &host);
    assert!(asked.waits(), "{counting}");
    assert_eq!(Charges::of(&host), [], "not yet");
    filter.on_grpc_answer(host.take_grpc_calls()[0].id, answer, &host);
    let code = asked.decide().code;
    (code, Charges::of(&host))
}

#[test]
fn what_the_service_counted_is_left_and_what_nobody_counted_is_not() {
    let failed = GrpcAnswer { status: 14, ..GrpcAnswer::default() };
    let share = r#""on_error": "local_share", "gateways": 2"#;
    for mode in ["global", "hybrid"] {
        for (on_error, answer, code, units) in [
            (r#""on_error": "deny""#, passed(), Code::Allowed, Some(3)),
            (r#""on_error": "deny""#, refused(), Code::Exceeded, None),
            (r#""on_error": "deny""#, failed.clone(), Code::ServiceUnavailable, None),
            (r#""on_error": "allow""#, failed.clone(), Code::Degraded, None),
            (share, failed.clone(), Code::Degraded, Some(3)),
        ] {
            let counting = format!(r#""mode": "{mode}", {on_error}"#);
            let want: Vec<_> =
                units.map(|units| ("orders".to_owned(), units)).into_iter().collect();
            assert_eq!(charged(&counting, &answer), (code, want), "{counting}");
        }
    }
}
