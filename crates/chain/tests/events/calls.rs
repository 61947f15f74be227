//! Calls for requests, and their answers.

use crate::fake::{Asked, GET, ROOT, STREAM, World, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_filter::{Answer, CallId};
use serde_json::{Value, json};

/// Runs a filter with these calls refused.
fn refusing(filters: &Value, refused: &[usize], events: &str) -> (World, Vec<String>) {
    let mut world = World::of(filters.clone());
    refused.iter().for_each(|number| world.proxy.refuse(Asked::Call, Some(*number)));
    world.open(STREAM, ROOT);
    world.play(STREAM, events);
    (world, journal::take())
}

/// Each call has its own limit: the first 4 bytes, the second 5, the third 6.
#[test]
fn answers_are_in_the_order_of_the_calls_in_whatever_order_they_come() {
    let filters = json!([{"head": "call 3", "answers": "+a=1 pass"}]);
    let three = ["0=200:answ", "1=200:answe", "2=200:answer"];
    for (order, refused) in [
        ("1 2 3", &[][..]),
        ("1 3 2", &[]),
        ("2 1 3", &[]),
        ("2 3 1", &[]),
        ("3 1 2", &[]),
        ("3 2 1", &[]),
        // The calls that are made are numbered.
        ("1 2", &[0]),
        ("2 1", &[0]),
        ("1 2", &[1]),
        ("2 1", &[1]),
        ("2 1", &[2]),
        ("1", &[0, 1]),
        ("1", &[0, 2]),
        ("1", &[1, 2]),
        ("", &[0, 1, 2]),
    ] {
        let events: Vec<_> =
            order.split_whitespace().map(|call| format!("answer:{call}")).collect();
        let (world, lines) = refusing(&filters, refused, &format!("get {}", events.join(" ")));
        let at = |at| match refused.contains(&at) {
            true => format!("{at}=Failed"),
            false => three[at].to_owned(),
        };
        let want = format!("first has answers {} {} {}", at(0), at(1), at(2));
        assert_eq!(only(&lines, &["first has answers"]), [want], "{order} {refused:?}: {lines:#?}");
        assert!(world.sink(STREAM, Request).is_complete, "{order} {refused:?}: {lines:#?}");
        // Not before the last of them.
        let (last, before) =
            events.split_last().map_or(("", &[][..]), |(last, all)| (&**last, all));
        if !last.is_empty() {
            let (world, lines) = refusing(&filters, refused, &format!("get {}", before.join(" ")));
            assert_eq!(only(&lines, &["first has"]), [""; 0], "{order} {refused:?}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Request).head, None);
        }
    }
}

/// Two requests have calls under way: each has its own answers.
#[test]
fn answers_come_to_the_request_that_has_made_the_calls() {
    let mut world = World::of(json!([{"head": "call 2", "answers": "pass"}]));
    for context in [7, 8] {
        world.open(context, ROOT);
        world.head(context, Request, GET, true);
    }
    for (call, complete) in
        [(3, [false, false]), (1, [false, false]), (4, [false, true]), (2, [true, true])]
    {
        world.answer(ROOT, call, 200);
        let found = [7, 8].map(|context| world.sink(context, Request).is_complete);
        assert_eq!(found, complete, "{call}: {:#?}", journal::take());
    }
}

/// A host that answers twice does not stand in for the second call.
#[test]
fn the_same_call_answered_twice_counts_once() {
    let filters = json!([{"head": "call 2", "answers": "pass", "fetches": 1}]);
    let (mut world, lines) = run(&filters, "get answer:1 answer:1");
    assert_eq!(only(&lines, &["first has answers"]), [""; 0], "{lines:#?}");
    let read = |_: usize| -> Answer { panic!("it is read") };
    world.vm.call_answered(ROOT, CallId(1), read, &world.proxy);
    world.play(STREAM, "answer:2 tick answer:3 answer:3");
    let lines = journal::take();
    assert_eq!(only(&lines, &["first has answers"]).len(), 1, "{lines:#?}");
    assert_eq!(only(&lines, &["fed"]), ["fed ans"], "{lines:#?}");
    // The same with a message.
    let (_, lines) = run(&json!([{"head": ["wait-grpc", "pass"]}]), "get message:1 message:1");
    assert_eq!(only(&lines, &["first has message"]), ["first has message 1 mess"], "{lines:#?}");
}

/// Nobody reads what nobody wants.
#[test]
fn an_answer_that_finds_no_request_is_not_read() {
    for end in ["leave", "proxy:408 leave"] {
        let (world, _) = run(&json!([{"head": "call 1"}]), &format!("get {end}"));
        let mut world = world;
        let read = |_: usize| -> Answer { panic!("it is read") };
        world.vm.call_answered(ROOT, CallId(1), read, &world.proxy);
        assert_eq!(journal::take(), [""; 0], "{end}");
    }
}

/// Rounds in which no call could be made, of 32 that there may be.
#[test]
fn calls_that_are_refused_are_decided_on_at_once_and_not_for_ever() {
    for (rounds, passes) in [(1, true), (2, true), (32, true), (33, false)] {
        let mut answers = vec!["call 1"; rounds - 1];
        answers.push("+a=1 pass");
        let filters = json!([{"head": "call 1", "answers": answers}]);
        let mut world = World::of(filters);
        world.proxy.refuse(Asked::Call, None);
        world.open(STREAM, ROOT);
        world.play(STREAM, "get");
        let lines = journal::take();
        assert_eq!(world.sink(STREAM, Request).is_complete, passes, "{rounds}: {lines:#?}");
        let reply = if passes { &[][..] } else { &["reply 500 gatehouse.broken"] };
        assert_eq!(only(&lines, &["reply"]), reply, "{rounds}: {lines:#?}");
        assert_eq!(only(&lines, &["resume", "focus"]), [""; 0], "{rounds}");
    }
}

/// The edits of a filter that decides on answers would come too late.
#[test]
fn answers_that_edit_a_head_that_has_gone_are_a_fault() {
    for (answers, is_fault) in [
        ("+a=1 pass", true),
        ("=a=1 refuse", true),
        ("+a=1 call 1", true),
        ("-host pass", false),
        ("pass", false),
    ] {
        let filters = json!([{"head": "read free look", "body": "call 1", "answers": answers}]);
        let (world, lines) = run(&filters, "post b:ab. answer:1");
        assert_eq!(world.sink(STREAM, Request).is_complete, !is_fault, "{answers}: {lines:#?}");
        let want = if is_fault { &["reply 500 gatehouse.edit_failed"][..] } else { &[] };
        assert_eq!(only(&lines, &["reply"]), want, "{answers}: {lines:#?}");
    }
    // With the head still held by another they are in time.
    let first = json!({"head": "read free look", "body": "call 1", "answers": "+a=1 pass"});
    let (world, lines) = run(&json!([first, {"head": "read hold look"}]), "post b:ab. answer:1");
    assert_eq!(only(&lines, &["edit", "reply"]), ["edit +a=1"], "{lines:#?}");
    assert!(world.sink(STREAM, Request).is_complete, "{lines:#?}");
}

/// Its answers are one thing, what the filter has fetched is another.
#[test]
fn who_waits_is_asked_again_by_what_it_waits_for_and_by_nothing_else() {
    for (words, events, asked) in [
        ("wait", "get", 1),
        ("wait", "get tick", 2),
        ("wait", "get tick answer:1", 3),
        ("wait", "get message:9", 1),
        ("wait-call", "get tick", 1),
        // Any answer to a fetch of its own could have what it waits for, but it waits for one.
        ("wait-call", "get tick answer:2", 1),
        ("wait-call", "get answer:1", 2),
        ("wait-grpc", "get tick", 1),
        ("wait-grpc", "get message:1", 2),
        ("wait-grpc", "get message:2", 1),
    ] {
        let (_, lines) = run(&json!([{"head": words, "fetches": 1}]), events);
        let found = only(&lines, &["first is asked"]).len();
        assert_eq!(found, asked, "{words} {events}: {lines:#?}");
    }
}

/// What one filter has fetched does not wake those who wait for another.
#[test]
fn a_fetch_wakes_who_waits_for_its_filter() {
    let filters = json!([{"head": ["pass"], "fetches": 1}, {"head": "wait", "fetches": 1}]);
    for (events, asked) in [("get tick", 2), ("get tick answer:1", 2), ("get tick answer:2", 3)] {
        let (_, lines) = run(&filters, events);
        assert_eq!(only(&lines, &["second is asked"]).len(), asked, "{events}: {lines:#?}");
        assert_eq!(only(&lines, &["first is asked"]).len(), 1, "{events}: {lines:#?}");
    }
}

/// Edits made before the calls stay, those of a filter that waits do not.
#[test]
fn a_filter_that_calls_keeps_its_edits_and_decides_once() {
    let filters = json!([{"head": "+a=1 call 1", "answers": ["+b=1 call 1", "+c=1 pass"]}]);
    let (world, lines) = run(&filters, "get answer:1 answer:2");
    assert_eq!(only(&lines, &["edit"]), ["edit +a=1", "edit +b=1", "edit +c=1"]);
    assert_eq!(only(&lines, &["state"]), ["state gatehouse.first=first.passed"]);
    assert!(world.sink(STREAM, Request).is_complete && world.sink(STREAM, Response).head.is_none());
}

#[test]
fn a_message_comes_to_the_filter_that_has_called() {
    let filters = json!([{"head": "pass"}, {"head": ["wait-grpc", "pass"]}]);
    let (_, lines) = run(&filters, "get message:1");
    assert_eq!(
        only(&lines, &["first has", "second has"]),
        ["second has message 1 mess"],
        "{lines:#?}"
    );
}
