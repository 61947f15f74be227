//! What is done once, however many filters there are.

use crate::fake::{Asked, STREAM, World, configure, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_filter::Phases;
use serde_json::json;

/// Reading a body into the VM is a copy of all of it.
#[test]
fn a_body_is_read_from_the_host_once_however_many_filters_read_it() {
    for words in ["read hold look", "read free look"] {
        for (first, body) in [("pass", "abc"), ("replace XYZ pass", "XYZ"), ("call 1", "abc")] {
            let words = words.replace("look", "replace");
            let filters = json!([
                {"head": words, "body": first, "response": words},
                {"head": words, "response": words, "response_body": first.replace("call 1", "pass")},
            ]);
            let (world, lines) = run(&filters, "post b:ab b:c. answer:1");
            assert_eq!(world.proxy.asked(Asked::Body), 1, "{filters}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Request).body, body, "{filters}: {lines:#?}");
            let (world, lines) = run(&filters, "get ok r:ab r:c.");
            assert_eq!(world.proxy.asked(Asked::Body), 1, "{filters}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Response).body, body, "{filters}: {lines:#?}");
        }
    }
}

/// A filter that waits with the body is given the body again, and not asked about the head.
#[test]
fn who_waits_with_the_body_is_given_the_body_again() {
    for words in ["read hold look", "read free look"] {
        for (body, event) in [("wait", "tick"), ("wait-grpc", "message:1"), ("wait-call", "answer:1")] {
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
    let flags = |filters| configure(&filters).ok().unwrap().phases().flags();
    assert_eq!(flags(json!([{"bare": true}])), Phases::default().flags());
    assert_eq!(flags(json!([])), Phases::default().flags());
    for filters in [json!([{}]), json!([{"bare": true}, {}]), json!([{}, {"bare": true}])] {
        assert_eq!(flags(filters.clone()), [b'1'; Phases::COUNT], "{filters}");
    }
    let heads = Phases { response: true, ..Phases::default() };
    assert_eq!(flags(json!([{"bare": true}, {"heads": true}])), heads.flags());
}
