//! What is done once, however many filters there are.

use crate::fake::{Asked, STREAM, World, configure, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_filter::Phases;
use gatehouse_filter::config::Nowhere;
use serde_json::json;

/// Reading a body into the VM is a copy of all of it.
#[test]
fn a_body_is_read_from_the_host_once_however_many_filters_read_it() {
    for words in ["read hold replace", "read free replace"] {
        for (first, body, leaves_bytes, times) in [
            ("pass", "abc", true, 1),
            ("call 1", "abc", true, 1),
            ("replace XYZ pass", "XYZ", false, 1),
            // Who takes the bytes has them, and the next needs others.
            ("pass", "abc", false, 2),
        ] {
            let response_body = first.replace("call 1", "pass");
            let one = json!({"head": words, "body": first, "leaves_bytes": leaves_bytes});
            let (world, lines) = run(&json!([one, {"head": words}]), "post b:ab b:c. answer:1");
            assert_eq!(world.proxy.asked(Asked::Body), times, "{one}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Request).body, body, "{one}: {lines:#?}");
            let seen = only(&lines, &["second has body"]);
            assert!(seen[0].starts_with(&format!("second has body [{body}]")), "{one}: {lines:#?}");
            let one = json!({
                "response": words, "response_body": response_body, "leaves_bytes": leaves_bytes,
            });
            let (world, lines) = run(&json!([{"response": words}, one]), "get ok r:ab r:c.");
            assert_eq!(world.proxy.asked(Asked::Body), times, "{one}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Response).body, body, "{one}: {lines:#?}");
            let seen = only(&lines, &["first has response body"]);
            assert!(
                seen[0].starts_with(&format!("first has response body [{body}]")),
                "{one}: {lines:#?}"
            );
        }
    }
}

/// A copy that is too long is none, and costs nothing any more.
#[test]
fn a_body_that_is_too_long_to_copy_is_not_read_on() {
    for (limit, times) in [("copy 9", 3), ("copy 2", 2), ("copy 1", 1)] {
        let (world, lines) = run(&json!([{"response": limit}]), "get ok r:ab r:c r:d.");
        assert_eq!(world.proxy.asked(Asked::Body), times, "{limit}: {lines:#?}");
    }
}

/// A part of a body is read for those who follow it, and for nobody else.
#[test]
fn a_body_that_nobody_asks_for_costs_no_call() {
    for (filters, calls) in [
        (json!([{"response": "pass"}, {"response": "pass"}]), 0),
        (json!([{"response": "follow"}, {"response": "pass"}]), 3),
    ] {
        let (world, lines) = run(&filters, "get ok r:ab r:c r:d.");
        assert_eq!(world.proxy.asked(Asked::Body), calls, "{filters}: {lines:#?}");
    }
}

/// Whoever refuses has done nothing to what is refused.
#[test]
fn a_filter_that_refuses_a_body_does_not_replace_it() {
    for words in ["read hold replace", "read free replace"] {
        let filters = json!([{"head": words, "body": "replace XYZ refuse"}]);
        let (_, lines) = run(&filters, "post b:ab b:c.");
        assert_eq!(only(&lines, &["replace", "reply"]), ["reply 403 first.refused"], "{lines:#?}");
        let filters = json!([{"response": words, "response_body": "replace XYZ refuse"}]);
        let (_, lines) = run(&filters, "get ok r:ab r:c.");
        assert_eq!(only(&lines, &["replace", "reply"]), ["reply 403 first.refused"], "{lines:#?}");
    }
}

/// A filter that waits with the body is given the body again, and not asked about the head.
#[test]
fn who_waits_with_the_body_is_given_the_body_again() {
    for words in ["read hold look", "read free look"] {
        for (body, event) in
            [("wait", "tick"), ("wait-grpc", "message:1"), ("wait-call", "answer:1")]
        {
            let filters = json!([{"head": words, "body": [body, "pass"]}]);
            let (world, lines) = run(&filters, &format!("post b:ab b:c. {event}"));
            assert_eq!(only(&lines, &["first is asked"]).len(), 1, "{filters}: {lines:#?}");
            assert_eq!(only(&lines, &["first has body [abc]"]).len(), 2, "{filters}: {lines:#?}");
            assert!(world.sink(STREAM, Request).is_complete, "{filters}: {lines:#?}");
        }
    }
}

#[test]
fn all_that_filters_have_fetched_is_prepared_with_their_configuration() {
    let mut world = World::empty();
    assert_eq!(world.configure(1, &json!([{}, {"bare": true}, {}])), Ok(()));
    assert_eq!(only(&journal::take(), &["prepared"]).len(), 2);
}

/// What a module exports follows from the phases of all its filters.
#[test]
fn a_chain_takes_part_in_the_phases_of_all_its_filters() {
    let flags = |filters| configure(&filters, &Nowhere).ok().unwrap().phases().flags();
    assert_eq!(flags(json!([{"bare": true}])), Phases::default().flags());
    assert_eq!(flags(json!([])), Phases::default().flags());
    for filters in [json!([{}]), json!([{"bare": true}, {}]), json!([{}, {"bare": true}])] {
        assert_eq!(flags(filters.clone()), [b'1'; Phases::COUNT], "{filters}");
    }
    let heads = Phases { response: true, grpc_answers: true, ..Phases::default() };
    assert_eq!(flags(json!([{"bare": true}, {"heads": true}])), heads.flags());
}

/// A fact costs a call of the host; edits that may change the route are the one reason to ask
/// again.
#[test]
fn the_route_is_read_again_only_where_edits_were_carried_out() {
    for (first, asks_for_route, times) in
        [("route pass", true, 1), ("route +a=1 pass", true, 2), ("route +a=1 pass", false, 1)]
    {
        let second = json!({"head": "route route pass", "asks_for_route": asks_for_route});
        let (world, lines) = run(&json!([{"head": first}, second]), "get");
        assert_eq!(world.proxy.asked(Asked::Route), times, "{first}: {lines:#?}");
        assert_eq!(only(&lines, &["second sees"]).len(), 2, "{first}: {lines:#?}");
    }
}
