//! How long a body may be, and what its head says about that.

use crate::fake::{STREAM, only, run};
use gatehouse_chain::Direction::Request;
use serde_json::json;

/// Exactly as much as a filter wants is not too much.
#[test]
fn a_body_is_too_long_from_the_first_byte_beyond_its_limit() {
    for (limit, is_whole) in [(2, false), (3, true), (4, true)] {
        let want = if is_whole { "[abc]" } else { "too much" };
        for hold in ["hold", "free"] {
            for events in ["post b:ab b:c.", "post b:abc b:.", "post b:abc t", "post b:abc."] {
                let (_, lines) =
                    run(&json!([{"head": format!("read {hold} look {limit}")}]), events);
                let seen = only(&lines, &["first has body"]);
                let line = format!("first has body {want}");
                assert!(
                    seen.len() == 1 && seen[0].starts_with(&line),
                    "{limit} {hold}: {lines:#?}"
                );
            }
        }
        for words in ["read hold look", "read free look", "copy"] {
            for events in
                ["get ok r:ab r:c.", "get ok r:abc r:.", "get ok r:abc rt", "get ok r:abc."]
            {
                let (_, lines) = run(&json!([{"response": format!("{words} {limit}")}]), events);
                let seen = only(&lines, &["first has"]);
                assert!(seen.len() == 1 && seen[0].contains(want), "{limit} {words}: {lines:#?}");
            }
        }
    }
}

/// The length in the head is the body's, or there is none.
#[test]
fn a_request_keeps_its_length_as_long_as_it_is_right() {
    for (head, body, events, length, arrives) in [
        ("read hold look", "pass", "post:3 b:ab b:c.", Some("3"), "abc"),
        ("read free look", "pass", "post:3 b:ab b:c.", Some("3"), "abc"),
        ("read hold replace", "pass", "post:3 b:ab b:c.", Some("3"), "abc"),
        ("read hold replace", "replace XY pass", "post:3 b:ab b:c.", Some("2"), "XY"),
        ("read hold replace", "replace XY pass", "post b:ab b:c.", Some("2"), "XY"),
        ("read hold replace", "replace XY pass", "post:3 b:abc t", None, "XY"),
        ("read free replace", "replace XY pass", "post:3 b:ab b:c.", None, "XY"),
        ("read free replace", "pass", "post:3 b:ab b:c.", None, "abc"),
        ("read hold replace 1", "pass", "post:3 b:ab b:c.", Some("3"), "abc"),
    ] {
        let (world, lines) = run(&json!([{"head": head, "body": body}]), events);
        let upstream = world.sink(STREAM, Request);
        assert_eq!((upstream.is_complete, &*upstream.body), (true, arrives), "{head}: {lines:#?}");
        let fields = upstream.head.unwrap();
        let found =
            fields.iter().find(|(name, _)| name == "content-length").map(|(_, length)| &**length);
        assert_eq!(found, length, "{head} {body} {events}: {lines:#?}");
    }
}
