//! How requests end, and what the callbacks answer meanwhile.

use crate::fake::{ROOT, STREAM, World, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_chain::{BodyFlow, TrailersFlow};
use serde_json::json;

/// Every filter sees the end, also one that never saw the beginning.
#[test]
fn every_filter_logs_every_request_once_whatever_its_end() {
    for (head, events, status, asked) in [
        ("pass", "get ok. leave", "200", [1, 2, 2]),
        ("pass", "get ok r:a. leave", "200", [1, 2, 2]),
        ("pass", "get leave", "", [1, 1, 1]),
        ("refuse", "get leave", "403", [1, 2, 0]),
        ("wait", "get leave", "", [1, 1, 0]),
        ("wait", "get proxy:408 leave", "408", [1, 2, 0]),
        ("call 1", "get leave answer:1", "", [1, 1, 0]),
        ("call 1", "get proxy:503 leave answer:1", "503", [1, 2, 0]),
        ("read hold look", "post leave", "", [1, 1, 0]),
        ("read hold look", "post b:ab leave", "", [1, 1, 0]),
        ("read hold look", "post b:ab proxy:413 leave", "413", [1, 2, 0]),
        ("read free look", "post b:ab leave", "", [1, 1, 1]),
        // No filter was asked.
        ("pass", "proxy:400 leave", "400", [0, 0, 0]),
    ] {
        let filters = json!([{"bare": true}, {"head": head}, {}]);
        let (world, lines) = run(&filters, events);
        let path = if events.starts_with("proxy") { "" } else { "/" };
        let logs = |name: &str, asked| format!("{name} logs {path} {status}, asked {asked} times");
        let want = [logs("second", asked[1]), logs("third", asked[2])];
        let starts = ["first logs", "second logs", "third logs"];
        assert_eq!(only(&lines, &starts), want, "{head} {events}: {lines:#?}");
        assert_eq!(world.vm.requests(), 0, "{head} {events}");
    }
}

/// The head is the one that the upstream got.
#[test]
fn the_log_has_the_heads_as_they_went() {
    let filters = json!([{"head": "=:path=/b pass", "response": "pass"}]);
    let (_, lines) = run(&filters, "get ok. leave");
    assert_eq!(only(&lines, &["first logs"]), ["first logs /b 200, asked 2 times"]);
}

/// What the callbacks answer, in order.
#[test]
fn what_is_held_stays_held() {
    for (filters, events, want) in [
        (json!([{}]), "post b:a b:b.", "0 0 0"),
        (json!([{}]), "post b:a t", "0 0 0"),
        (json!([{"head": "refuse"}]), "post", "4"),
        (json!([{"head": "wait"}]), "get", "4"),
        (json!([{"head": "wait"}]), "post b:a b:b t", "4"),
        (json!([{"head": "call 1"}]), "post b:a b:b.", "4"),
        (json!([{"head": "wait"}, {"head": "read free look"}]), "post b:a", "4"),
        // The body is for a filter after it, which may hold the head for it.
        (json!([{"head": "wait"}, {"head": "read hold look"}]), "get", "4"),
        (json!([{"head": "wait"}, {"head": "read hold look"}]), "post b:a b:b.", "1 1 1"),
        (json!([{"head": "wait"}, {"head": "read hold look"}]), "post b:a t", "1 1 1"),
        (json!([{"head": "read hold look"}, {"head": "wait"}]), "get", "4"),
        // One before it might have, and did not.
        (json!([{"head": "pass", "answers": "read hold look"}, {"head": "wait"}]), "post b:a", "4"),
        (json!([{"head": "read hold look"}]), "post b:a b:b.", "1 1 0"),
        (json!([{"head": "read hold look"}]), "post b:a t", "1 1 0"),
        (json!([{"head": "read hold look"}]), "get", "0"),
        (json!([{"head": "read hold look", "body": "wait"}]), "post b:a b:b.", "1 1 1"),
        (json!([{"head": "read hold look", "body": "wait"}]), "post b:a t", "1 1 1"),
        (json!([{"head": "read hold look", "body": "refuse"}]), "post b:a b:b.", "1 1 3"),
        (json!([{"head": "read hold look", "body": "refuse"}]), "post b:a t", "1 1 1"),
        (json!([{"head": "read hold look 1"}]), "post b:a b:bc b:c.", "1 1 0 0"),
        (json!([{"head": "read free look"}]), "post b:a b:b.", "0 1 0"),
        (json!([{"head": "read free look"}]), "post b:a t", "0 1 0"),
        (json!([{"head": "read free look 1"}]), "post b:a b:b b:c.", "0 1 0 0"),
        (json!([{"head": "read free look", "body": "wait"}]), "post b:a b:b.", "0 1 1"),
        (json!([{"head": "read free look", "body": "call 1"}]), "post b:a t", "0 1 1"),
        (json!([{"head": "read free look", "body": "refuse"}]), "post b:a b:b.", "0 1 3"),
        (json!([{"head": "read free look", "body": "refuse"}]), "post b:a t", "0 1 1"),
    ] {
        let (_, lines) = run(&filters, events);
        assert_eq!(numbers(&lines, ""), want, "{filters} {events}: {lines:#?}");
    }
}

#[test]
fn what_is_held_of_a_response_stays_held() {
    let script = |words: &str, body: &str| json!([{"response": words, "response_body": body}]);
    for (filters, events, want) in [
        (script("pass", ""), "get ok r:a r:b.", "0 0 0"),
        (script("pass", ""), "get ok r:a rt", "0 0 0"),
        (script("refuse", ""), "get ok", "4"),
        (script("read hold look", "pass"), "get ok r:a r:b.", "1 1 0"),
        (script("read hold look", "pass"), "get ok r:a rt", "1 1 0"),
        (script("read hold look", "pass"), "get ok.", "0"),
        (script("read hold look 1", "pass"), "get ok r:a r:b r:c.", "1 1 0 0"),
        (script("read hold look", "refuse"), "get ok r:a r:b.", "1 1 3"),
        (script("read hold look", "refuse"), "get ok r:a rt", "1 1 1"),
        (script("read free look", "pass"), "get ok r:a r:b.", "0 1 0"),
        (script("read free look", "pass"), "get ok r:a rt", "0 1 0"),
        (script("read free look 1", "pass"), "get ok r:a r:b r:c.", "0 1 0 0"),
        (script("read free look", "refuse"), "get ok r:a r:b.", "0 1 3"),
        (script("read free look", "refuse"), "get ok r:a rt", "0 1 1"),
        (script("copy 100", ""), "get ok r:a r:b.", "0 0 0"),
        (script("copy 100", ""), "get ok r:a rt", "0 0 0"),
    ] {
        let (_, lines) = run(&filters, events);
        assert_eq!(numbers(&lines, "response "), want, "{filters} {events}: {lines:#?}");
    }
}

/// What the callbacks of one direction have answered, as the host's numbers.
fn numbers(lines: &[String], prefix: &str) -> String {
    let starts = ["head", "body", "trailers"].map(|what| format!("{prefix}{what}"));
    let starts: Vec<&str> = starts.iter().map(|start| &**start).collect();
    let number = |line: &String| match line.rsplit(' ').next().unwrap() {
        "Continue" => "0",
        "HoldHead" | "Hold" => "1",
        "Drop" => "3",
        "HoldAll" => "4",
        other => panic!("{other}"),
    };
    only(lines, &starts).iter().map(number).collect::<Vec<_>>().join(" ")
}

/// Whatever a host still says of a request that was answered, nothing of it passes.
#[test]
fn nothing_of_a_request_passes_that_was_answered() {
    for (script, events) in [
        (json!({"head": "refuse"}), "post"),
        (json!({"head": ["wait", "refuse"]}), "post tick"),
        (json!({"head": "call 1", "answers": "refuse"}), "post answer:1"),
        (json!({"head": "read hold look 1", "body": "refuse"}), "post b:ab"),
        (json!({"head": "read free look 1", "body": "refuse"}), "post b:ab"),
        (json!({"head": "wait"}), "post proxy:408"),
        (json!({"head": "read hold look"}), "post proxy:408"),
    ] {
        // A filter that wants the body too, before it, gets none of it any more.
        for filters in [json!([script]), json!([{"head": "read free look 50"}, script])] {
            let (mut world, lines) = run(&filters, events);
            let body = world.vm.request_body(STREAM, 60, true, &world.proxy);
            let trailers = world.vm.request_trailers(STREAM, &world.proxy);
            let what = format!("{filters}: {lines:#?}");
            if filters[1].is_null() || !events.contains("b:") {
                assert_eq!((body, trailers), (BodyFlow::Drop, TrailersFlow::Hold), "{what}");
                assert_eq!(
                    only(&journal::take(), &["first", "second", "resume"]),
                    [""; 0],
                    "{what}"
                );
            }
        }
    }
}

/// A body without a head: no host does it, and it would have passed every filter.
#[test]
fn a_body_that_comes_before_its_head_is_a_500() {
    for is_trailers in [false, true] {
        let mut world = World::of(json!([{}]));
        world.open(STREAM, ROOT);
        let passes = match is_trailers {
            false => world.vm.request_body(STREAM, 3, true, &world.proxy) != BodyFlow::Drop,
            true => world.vm.request_trailers(STREAM, &world.proxy) != TrailersFlow::Hold,
        };
        assert!(!passes, "{is_trailers}");
        let want =
            ["error: first: the host did not give the head", "reply 500 gatehouse.head_unread"];
        assert_eq!(journal::take(), want, "{is_trailers}");
    }
}

/// A request that another module lets go on late is asked about then, and once.
#[test]
fn what_waits_for_the_body_waits_for_more_of_it() {
    let filters = json!([{"head": "read free look"}, {"head": ["wait", "pass"]}]);
    let (mut world, lines) = run(&filters, "post tick b:ab");
    assert_eq!(only(&lines, &["first has body"]), [""; 0], "{lines:#?}");
    world.play(STREAM, "b:c.");
    assert_eq!(only(&journal::take(), &["first has body"]), ["first has body [abc], head gone"]);
    assert_eq!(world.sink(STREAM, Request).body, "abc");
    assert_eq!(world.sink(STREAM, Response).head, None);
}

/// A body of a response without its head was decided on by nobody, and is nobody's: the proxy may
/// say what it likes in place of a request that was never asked about.
#[test]
fn a_body_of_a_response_that_no_filter_was_asked_about_passes() {
    let mut world = World::of(json!([{}]));
    world.open(STREAM, ROOT);
    let body = world.vm.response_body(STREAM, 3, false, &world.proxy);
    let trailers = world.vm.response_trailers(STREAM, &world.proxy);
    assert_eq!((body, trailers), (BodyFlow::Continue, TrailersFlow::Continue));
    assert_eq!(journal::take(), [""; 0]);
}
