//! What becomes of responses, case by case: whom they pass, and what they become.

use crate::fake::{Asked, GET, OK, ROOT, STREAM, World, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_chain::{BodyFlow, TrailersFlow};
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["first", "second", "third"];

fn seen_by(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| Some(line.split_once(" sees response")?.0)).collect()
}

/// Three filters; the one at this position decides by these words.
fn three(at: usize, script: &Value) -> Value {
    let filter =
        |known| if known == at { script.clone() } else { json!({"response": "+a=1 pass"}) };
    (0..3).map(filter).collect()
}

/// As with separate filters in Envoy.
#[test]
fn a_reply_passes_the_filters_that_were_asked_in_reverse() {
    let response = "+a=1 pass";
    for (script, events) in [
        (json!({"head": "refuse", "response": response}), "get"),
        (json!({"head": "document", "response": response}), "get"),
        (json!({"head": ["wait", "refuse"], "response": response}), "get tick"),
        (json!({"head": "call 1", "answers": "refuse", "response": response}), "get answer:1"),
        (json!({"head": "read hold look", "body": "refuse", "response": response}), "post b:ab."),
        (json!({"head": "wait", "response": response}), "get proxy:408"),
        (json!({"head": "read hold look", "response": response}), "post b:ab proxy:413"),
        (json!({"head": "call 1", "answers": "broken", "response": response}), "get answer:1"),
    ] {
        for at in 0..3 {
            let (world, lines) = run(&three(at, &script), events);
            let want: Vec<_> = NAMES[..=at].iter().rev().copied().collect();
            assert_eq!(seen_by(&lines), want, "{script} at {at}: {lines:#?}");
            let client = world.sink(STREAM, Response);
            let edits = client.head.unwrap().iter().filter(|(name, _)| name == "a").count();
            assert_eq!((edits, client.is_complete), (at + 1, true), "{script} at {at}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Request).head, None, "{script} at {at}: {lines:#?}");
        }
    }
}

/// Whoever refuses a response has the last word.
#[test]
fn a_response_that_a_filter_refuses_is_shown_to_nobody_before_it() {
    for (script, events, is_late) in [
        (json!({"response": "refuse"}), "get ok r:ab r:c.", false),
        (json!({"response": "refuse"}), "get ok.", false),
        (
            json!({"response": "read hold look 1", "response_body": "refuse"}),
            "get ok r:ab r:c.",
            false,
        ),
        (json!({"response": "read hold look", "response_body": "broken"}), "get ok r:ab rt", false),
        (
            json!({"response": "read free look 1", "response_body": "refuse"}),
            "get ok r:ab r:c.",
            true,
        ),
        (json!({"response": "read free look", "response_body": "refuse"}), "get ok r:ab rt", true),
    ] {
        for at in 0..3 {
            let (mut world, lines) = run(&three(at, &script), events);
            let seen = if is_late { &NAMES[..] } else { &NAMES[at..] };
            let want: Vec<_> = seen.iter().rev().copied().collect();
            assert_eq!(seen_by(&lines), want, "{script} at {at}: {lines:#?}");
            assert_eq!(world.proxy.asked(Asked::Reply), 1, "{script} at {at}: {lines:#?}");
            let client = world.sink(STREAM, Response);
            assert_eq!(client.is_broken_off, is_late, "{script} at {at}: {lines:#?}");
            assert!(is_late || client.head.unwrap()[0].1 != "200", "{script} at {at}: {lines:#?}");
            // Whatever of the refused response a host still had.
            let body = world.vm.response_body(STREAM, 3, true, &world.proxy);
            let trailers = world.vm.response_trailers(STREAM, &world.proxy);
            assert_eq!((body, trailers), (BodyFlow::Drop, TrailersFlow::Hold), "{script} at {at}");
            assert_eq!(only(&journal::take(), &NAMES), [""; 0], "{script} at {at}");
        }
    }
}

/// The length in the head is the body's, or there is none.
#[test]
fn a_response_keeps_its_length_as_long_as_it_is_right() {
    let script = |words: &str, body: &str| json!([{"response": words, "response_body": body}]);
    for (filters, events, length, body) in [
        (script("read hold look", "pass"), "get ok:3 r:ab r:c.", Some("3"), "abc"),
        (script("read free look", "pass"), "get ok:3 r:ab r:c.", Some("3"), "abc"),
        (script("copy 100", "pass"), "get ok:3 r:ab r:c.", Some("3"), "abc"),
        (script("read hold replace", "pass"), "get ok:3 r:ab r:c.", Some("3"), "abc"),
        (script("read hold replace", "replace XY pass"), "get ok:3 r:ab r:c.", Some("2"), "XY"),
        (script("read hold replace", "replace XY pass"), "get ok r:ab r:c.", Some("2"), "XY"),
        (script("read hold replace", "replace XY pass"), "get ok:3 r:abc rt", None, "XY"),
        (script("read free replace", "replace XY pass"), "get ok:3 r:ab r:c.", None, "XY"),
        (script("read free replace", "pass"), "get ok:3 r:ab r:c.", None, "abc"),
        (script("read hold replace 1", "pass"), "get ok:3 r:ab r:c.", Some("3"), "abc"),
    ] {
        let (world, lines) = run(&filters, events);
        let client = world.sink(STREAM, Response);
        assert_eq!((client.is_complete, &*client.body), (true, body), "{filters}: {lines:#?}");
        let head = client.head.unwrap();
        let found =
            head.iter().find(|(name, _)| name == "content-length").map(|(_, length)| &**length);
        assert_eq!(found, length, "{filters} {events}: {lines:#?}");
    }
}

/// What the host does not do, and what a filter cannot ask for: a 500 where the head is held.
#[test]
fn what_cannot_be_done_to_a_response_is_never_a_pass() {
    let script = |words: &str, body: &str| json!([{"response": words, "response_body": body}]);
    for (filters, refuse, code) in [
        (script("+a=1 pass", "pass"), Some(Asked::Edit), "edit_failed"),
        (script("read hold look", "+a=1 pass"), Some(Asked::Edit), "edit_failed"),
        (script("read hold look", "pass"), Some(Asked::Body), "body_unread"),
        (script("read hold look", "pass"), Some(Asked::WholeBody), "body_unread"),
        (script("read hold replace", "replace X pass"), Some(Asked::ReplaceBody), "body_unchanged"),
        (script("read hold look", "replace X pass"), None, "body_unchanged"),
        (script("read hold replace 1", "replace X pass"), None, "body_unchanged"),
        (script("read hold look", "read hold look"), None, "broken"),
        (script("read hold look", "copy 1"), None, "broken"),
        (script("read hold look", "broken"), None, "broken"),
    ] {
        let mut world = World::of(filters.clone());
        if let Some(refuse) = refuse {
            world.proxy.refuse(refuse, Some(0));
        }
        world.open(STREAM, ROOT);
        world.play(STREAM, "get ok:3 r:ab r:c.");
        let lines = journal::take();
        let client = world.sink(STREAM, Response);
        assert_eq!(client.head.unwrap()[0].1, "500", "{filters}: {lines:#?}");
        let reply = format!("reply 500 gatehouse.{code}");
        assert_eq!(only(&lines, &["reply"]), [reply], "{filters}: {lines:#?}");
        assert_eq!(only(&lines, &["error: first: "]).len(), 1, "{filters}: {lines:#?}");
    }
}

/// The same where the head has gone on: the response is broken off.
#[test]
fn what_cannot_be_done_to_a_response_whose_head_has_gone_breaks_it_off() {
    let script = |words: &str, body: &str| json!([{"response": words, "response_body": body}]);
    for (filters, refuse) in [
        (script("read free look", "pass"), Some(Asked::Body)),
        (script("read free look", "pass"), Some(Asked::WholeBody)),
        (script("copy 100", "pass"), Some(Asked::Body)),
        (script("copy 100", "pass"), Some(Asked::WholeBody)),
        (script("follow", "pass"), Some(Asked::Body)),
        (script("follow", "pass"), Some(Asked::WholeBody)),
        (script("read free look", "follow"), None),
        (script("read free replace", "replace X pass"), Some(Asked::ReplaceBody)),
        (script("read free look", "replace X pass"), None),
        (script("read free look", "broken"), None),
        (script("read free look", "read free look"), None),
    ] {
        let mut world = World::of(filters.clone());
        if let Some(refuse) = refuse {
            world.proxy.refuse(refuse, Some(0));
        }
        world.open(STREAM, ROOT);
        world.play(STREAM, "get ok:3 r:ab r:c.");
        let (lines, client) = (journal::take(), world.sink(STREAM, Response));
        assert!(client.is_broken_off && !client.is_complete, "{filters}: {lines:#?}");
        assert_eq!(only(&lines, &["error: first: "]).len(), 1, "{filters}: {lines:#?}");
    }
}

#[test]
fn bodies_of_responses_are_not_for_filters_that_read_none() {
    // A filter of a module that takes part in heads of responses only.
    for words in ["read hold look", "read free look", "copy 100", "follow"] {
        let (world, lines) = run(&json!([{"heads": true, "response": words}]), "get ok r:a.");
        assert_eq!(world.sink(STREAM, Response).head.unwrap()[0].1, "500", "{words}: {lines:#?}");
        assert_eq!(only(&lines, &["reply"]), ["reply 500 gatehouse.body_unread"], "{words}");
    }
}

#[test]
fn decisions_about_responses_are_counted_once_and_noted_where_they_reply_or_name_a_rule() {
    let name = |code| format!("gatehouse_decisions_total.filter=first;.code={code};.mode=enforce;");
    for (words, body, passed, refused, note) in [
        ("pass", "pass", 0, 0, None),
        ("count", "pass", 1, 0, None),
        ("note", "pass", 1, 0, Some("first.passed;rule=orders")),
        ("read hold look", "note", 1, 0, Some("first.passed;rule=orders")),
        ("read hold look", "count", 1, 0, None),
        ("read free look", "count", 1, 0, None),
        ("count read hold look", "count", 1, 0, None),
        ("refuse", "pass", 0, 1, Some("first.refused")),
        ("read hold look", "refuse", 0, 1, Some("first.refused")),
        ("count copy 10", "pass", 1, 0, None),
    ] {
        let filters = json!([{"head": "document", "response": words, "response_body": body}]);
        // The first of two is what was noted of the request.
        let (world, lines) = run(&filters, "get");
        let counts = ["passed", "refused"].map(|code| world.proxy.counted(&name(code)));
        assert_eq!(counts, [passed, refused], "{words}: {lines:#?}");
        let notes = only(&lines, &["state gatehouse.first="]);
        let want = note.map(|note| format!("state gatehouse.first={note}"));
        assert_eq!(notes.get(1), want.as_ref(), "{words}: {lines:#?}");
        let quiet = json!({"filters": filters, "tells": {"decisions": false}});
        let (_, lines) = run(&quiet, "get");
        assert_eq!(only(&lines, &["state"]), [""; 0], "{words}: {lines:#?}");
    }
}

#[test]
fn a_filter_sees_whether_a_body_of_a_response_follows() {
    for (events, follows) in [("get ok.", false), ("get ok r:.", true), ("get ok rt", true)] {
        for (words, body) in [("follows pass", "pass"), ("read hold look", "follows pass")] {
            let (_, lines) = run(&json!([{"response": words, "response_body": body}]), events);
            let line = format!("first sees that a response body follows: {follows}");
            assert!(lines.contains(&line), "{events} {words}: {lines:#?}");
        }
    }
}

/// Filters see what those asked before them have made of a response.
#[test]
fn edits_of_a_response_are_seen_by_the_filters_before() {
    let filters = json!([
        {"response": "field a field s =s=2 pass"},
        {"response": "field a -a pass"},
        {"response": "+a=1 +s=1 pass"},
    ]);
    let (world, lines) = run(&filters, "get ok.");
    let want = ["first sees a=", "first sees s=1", "second sees a=1"];
    let mut seen = only(&lines, &["first sees a", "first sees s", "second sees a"]);
    seen.sort();
    assert_eq!(seen, want, "{lines:#?}");
    let head = world.sink(STREAM, Response).head.unwrap();
    assert_eq!(head[1..], [("s".to_owned(), "2".to_owned())], "{lines:#?}");
}

/// The host does not give the head.
#[test]
fn a_head_of_a_response_that_cannot_be_read_is_a_500_where_somebody_decided_on_it() {
    for (script, events, is_500) in [
        (json!({"response": "pass"}), "r:ab.", true),
        (json!({"blind": true, "response": "field a pass"}), "r:ab.", true),
        (json!({"blind": true, "response": "-a pass"}), "r:ab.", true),
        (json!({"blind": true, "response": "field a read hold look"}), "r:ab.", true),
        (
            json!({"blind": true, "response": "read hold look", "response_body": "+a=1 field b"}),
            "r:ab.",
            true,
        ),
        (json!({"blind": true, "response": "pass"}), "r:ab.", false),
        (
            json!({"blind": true, "response": "read hold look", "response_body": "pass"}),
            "r:ab.",
            false,
        ),
    ] {
        let client = respond_unread(&script, events);
        assert_eq!(client == "500", is_500, "{script}: {:#?}", journal::take());
    }
}

#[test]
fn a_head_of_a_response_that_cannot_be_read_is_a_500_whenever_it_was_read() {
    for (script, events) in [
        (
            json!({"blind": true, "response": "read hold look", "response_body": "field a pass"}),
            "r:ab.",
        ),
        (json!({"blind": true, "response": "read hold look", "response_body": "-a pass"}), "r:ab."),
        (json!({"blind": true, "response": "read free replace", "response_body": "pass"}), "r:ab."),
        (
            json!({"blind": true, "response": "read hold replace", "response_body": "replace X pass"}),
            "r:ab rt",
        ),
    ] {
        let client = respond_unread(&script, events);
        assert_eq!(client, "500", "{script}: {:#?}", journal::take());
    }
}

/// The status that the client gets of a response whose head cannot be read.
fn respond_unread(script: &Value, events: &str) -> String {
    let mut world = World::of(json!([script]));
    world.open(STREAM, ROOT);
    world.head(STREAM, Request, GET, true);
    world.half(STREAM, Response, |half| half.is_unreadable = true);
    world.head(STREAM, Response, OK, false);
    world.play(STREAM, events);
    world.sink(STREAM, Response).head.unwrap()[0].1.clone()
}

/// Once a response is broken off nobody is given anything of it.
#[test]
fn a_copy_that_cannot_be_made_is_the_end_of_all_copies() {
    let mut world = World::of(json!([{"response": "copy 9"}, {"response": "copy 9"}]));
    world.proxy.refuse(Asked::Body, Some(0));
    world.open(STREAM, ROOT);
    world.play(STREAM, "get ok r:abc.");
    let lines = journal::take();
    assert_eq!(only(&lines, &["first has", "second has"]), [""; 0], "{lines:#?}");
    assert_eq!(only(&lines, &["reply"]), ["reply 500 gatehouse.body_unread"], "{lines:#?}");
}

/// A head that has gone on can no longer be edited, and is not there.
#[test]
fn a_filter_has_the_head_with_the_body_where_it_held_it() {
    for (words, gone) in [("read hold look", ""), ("read free look", ", head gone")] {
        let (_, lines) = run(&json!([{"response": words}]), "get ok r:ab r:c.");
        let want = format!("first has response body [abc]{gone}");
        assert_eq!(only(&lines, &["first has"]), [want], "{words}");
        let (_, lines) = run(&json!([{"head": words}]), "post b:ab b:c.");
        assert_eq!(
            only(&lines, &["first has"]),
            [format!("first has body [abc]{gone}")],
            "{words}"
        );
    }
    // It is held for another that wants the body, too.
    let filters = json!([
        {"head": "read free look", "response": "read hold look"},
        {"head": "read hold look", "response": "read free look"},
    ]);
    let (_, lines) = run(&filters, "post b:abc. ok r:abc.");
    let bodies = only(&lines, &["first has body", "second has response body"]);
    assert_eq!(bodies, ["first has body [abc]", "second has response body [abc]"], "{lines:#?}");
}

/// Whatever a filter was asked about when it refused, with what is known of who it is.
#[test]
fn a_refusal_has_the_words_of_the_configuration_and_its_own_code() {
    let words = json!({"status": 418, "title": "No", "detail": "${identity.subject}: ${detail}"});
    let with = |script: Value| {
        let mut script = script;
        script["refusal"] = words.clone();
        json!([{"head": "caller alice pass", "response": "+a=1 pass"}, script])
    };
    for (script, events) in [
        (json!({"head": "refuse"}), "get"),
        (json!({"head": ["wait", "refuse"]}), "get tick"),
        (json!({"head": "call 1", "answers": "refuse"}), "get answer:1"),
        (json!({"head": "read hold look", "body": "refuse"}), "post b:ab."),
        (json!({"response": "refuse"}), "get ok r:ab r:c."),
        (json!({"response": "read hold look 1", "response_body": "refuse"}), "get ok r:ab r:c."),
    ] {
        let (world, lines) = run(&with(script.clone()), events);
        let client = world.sink(STREAM, Response);
        let document: Value = serde_json::from_str(&client.body).unwrap();
        let want = json!({"type": "about:blank", "title": "No", "status": 418,
            "code": "second.refused", "detail": "alice: no"});
        assert_eq!(document, want, "{script}: {lines:#?}");
        assert_eq!(client.head.unwrap()[0].1, "418", "{script}");
    }
    // What is no refusal has no words.
    let (world, _) = run(&with(json!({"head": "document"})), "get");
    assert_eq!(&*world.sink(STREAM, Response).body, "served");
}

/// The host is asked who it is only where that is told, and nobody of the chain has found out.
#[test]
fn words_tell_whom_another_module_has_found() {
    for (detail, want) in
        [("${identity.consumer}!", "acme!"), ("${identity.subject}!", "no"), ("${rule}!", "no")]
    {
        let mut world = World::of(json!([{"head": "refuse", "refusal": {"detail": detail}}]));
        world.open(STREAM, ROOT);
        let state = ("gatehouse.identity".to_owned(), br#"{"consumer":"acme"}"#.to_vec());
        world.proxy.streams.borrow_mut().get_mut(&STREAM).unwrap().state.extend([state]);
        world.play(STREAM, "get");
        let document: Value = serde_json::from_str(&world.sink(STREAM, Response).body).unwrap();
        assert_eq!(document["detail"], want, "{detail}");
    }
}
