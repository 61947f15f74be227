//! What the host does not do ends the request with a 500 and a line in the log, and never lets it
//! pass.

use crate::fake::{Asked, GET, ROOT, World, journal, only};
use gatehouse_chain::Direction::{Request, Response};
use serde_json::{Value, json};

const STREAM: u32 = 7;

/// A request with a body of two parts, and all that its filters wait for.
fn run(filters: &Value, refuse: Option<(Asked, usize)>) -> (World, Vec<String>) {
    let mut world = World::of(filters.clone());
    if let Some((asked, number)) = refuse {
        world.proxy.refuse(asked, Some(number));
    }
    world.open(STREAM, ROOT);
    world.head(STREAM, Request, GET, false);
    world.body(STREAM, Request, "ab", false);
    world.body(STREAM, Request, "c", true);
    for _ in 0..3 {
        world.tick(ROOT);
        let calls: Vec<u32> = world.proxy.calls.borrow().iter().map(|call| call.0).collect();
        calls.iter().for_each(|call| world.answer(ROOT, *call, 200));
    }
    (world, journal::take())
}

#[test]
fn what_the_host_refuses_is_never_a_pass() {
    let mut count = 0;
    for filters in [
        json!([{"head": "+a=1 =b=2 -host pass"}]),
        json!([{"head": "+a=1 pass"}, {"head": "+a=2 pass", "asks_for_route": true}, {"head": "+a=3"}]),
        json!([{"head": ["wait", "+a=1 =b=2 pass"]}]),
        json!([{"head": "call 1", "answers": "+a=1 =b=2 pass"}]),
        json!([{"head": "call-each 2", "answers": ["+a=1 call-each 0", "=b=2 pass"]}]),
        json!([{"head": "+a=1 read hold look", "body": "+b=1 pass"}]),
        json!([{"head": "read hold replace", "body": "replace XYZ +b=1 pass"}]),
        json!([{"head": "read free look"}]),
        json!([{"head": "read free replace", "body": "replace XYZ pass"}]),
        json!([{"head": "read free replace", "body": "replace X pass"}, {"head": "read hold look"}]),
        json!([{"head": "read hold look", "body": ["wait", "+a=1 pass"]}]),
    ] {
        assert!(run(&filters, None).0.sink(STREAM, Request).is_complete, "{filters}");
        for asked in [Asked::Edit, Asked::Body, Asked::WholeBody, Asked::ReplaceBody] {
            let times = run(&filters, None).0.proxy.asked(asked);
            for number in 0..times {
                let (world, lines) = run(&filters, Some((asked, number)));
                let what = format!("{filters} without {asked:?} {number}: {lines:#?}");
                assert!(!world.sink(STREAM, Request).is_complete, "{what}");
                let status = &world.sink(STREAM, Response).head.expect(&what)[0].1;
                assert_eq!(status, "500", "{what}");
                assert!(lines.iter().any(|line| line.starts_with("error: ")), "{what}");
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn a_caller_whom_the_host_does_not_keep_is_a_500_and_a_note_that_it_does_not_keep_is_none() {
    let filters = json!([{"head": "caller alice pass"}]);
    let (world, lines) = run(&filters, Some((Asked::State, 0)));
    assert!(world.sink(STREAM, Request).is_complete, "{lines:#?}");
    let (world, lines) = run(&filters, Some((Asked::State, 1)));
    assert_eq!(world.sink(STREAM, Request).head, None, "{lines:#?}");
    assert!(lines.contains(&"reply 500 gatehouse.state_failed".to_owned()), "{lines:#?}");
}

/// Decisions that cannot be carried out where they were made.
#[test]
fn what_a_filter_cannot_ask_for_is_a_500() {
    let bare = |words: &str| json!([{"bare": true, "head": words}]);
    for (filters, code, line) in [
        (bare("read hold look"), "body_unread", "wants a body that it cannot have"),
        (bare("read free look"), "body_unread", "wants a body that it cannot have"),
        (bare("call 1"), "broken", "makes calls whose answers it does not take"),
        (bare("wait"), "broken", "waits for what never comes"),
        (bare("wait-stray"), "broken", "waits for what never comes"),
        (json!([{"head": "wait-stray"}]), "broken", "waits for what never comes"),
        (json!([{"head": "call 0"}]), "broken", "waits for answers to no calls"),
        (json!([{"head": "call-each 0"}]), "broken", "waits for answers to no calls"),
        (
            json!([{"head": "call-each 1", "answers": "call-each 0"}]),
            "broken",
            "waits for answers to no calls",
        ),
        (
            json!([{"head": "call 1", "answers": "call-each 0"}]),
            "broken",
            "waits for answers to no calls",
        ),
        (
            json!([{"head": "call-each 2", "answers": ["call 0", "call 0"]}]),
            "broken",
            "waits for answers to no calls",
        ),
        (
            json!([{"head": "call-each 2", "answers": "wait"}]),
            "broken",
            "waits although it has its answers",
        ),
        (
            json!([{"head": "call 1", "answers": "wait"}]),
            "broken",
            "waits although it has its answers",
        ),
        (json!([{"head": "call 1", "answers": "broken"}]), "broken", "the filter is broken"),
        (json!([{"head": "read hold look", "body": "broken"}]), "broken", "the filter is broken"),
        (
            json!([{"head": "read hold look", "body": "read hold look"}]),
            "broken",
            "asks for the body",
        ),
        (
            json!([{"head": "read hold look", "body": "replace X pass"}]),
            "body_unchanged",
            "the body could not",
        ),
        (
            json!([{"head": ["wait", "read hold look"], "keeps_quiet": true}]),
            "body_unread",
            "wants a body that it cannot have",
        ),
    ] {
        let (world, lines) = run(&filters, None);
        let reply = format!("reply 500 gatehouse.{code}");
        assert_eq!(world.sink(STREAM, Request).head, None, "{filters}: {lines:#?}");
        assert!(lines.contains(&reply), "{filters}: {lines:#?}");
        let error = format!("error: first: {line}");
        assert!(lines.iter().any(|known| known.starts_with(&error)), "{filters}: {lines:#?}");
    }
}

#[test]
fn a_head_that_cannot_be_read_is_a_500_where_somebody_decided_on_it() {
    for (words, status) in [("field :path pass", 500), ("-x pass", 500), ("pass", 200)] {
        let mut world = World::of(json!([{"head": words}]));
        world.open(STREAM, ROOT);
        world.half(STREAM, Request, |half| half.is_unreadable = true);
        world.head(STREAM, Request, GET, true);
        let passed = world.sink(STREAM, Request).is_complete;
        assert_eq!(passed, status == 200, "{words}: {:#?}", journal::take());
        if status == 500 {
            assert_eq!(world.sink(STREAM, Response).head.unwrap()[0].1, "500");
        }
    }
}

/// Which field it was, and whose request ended with it.
#[test]
fn an_edit_that_the_host_refuses_is_told_of_by_its_field() {
    for (filters, events, asked) in [
        (json!([{"head": "+a=1 pass"}]), "get", "first"),
        (json!([{"head": "+a=1 pass"}, {"head": "pass", "asks_for_route": true}]), "get", "second"),
        (json!([{"response": "+a=1 pass"}]), "get ok.", "first"),
    ] {
        let mut world = World::of(filters.clone());
        world.proxy.refuse(Asked::Edit, None);
        world.open(STREAM, ROOT);
        world.play(STREAM, events);
        let want = [
            "error: the host refused to change the field a, status 10".to_owned(),
            format!("error: {asked}: the host refused to change the head"),
        ];
        assert_eq!(only(&journal::take(), &["error"]), want, "{filters}");
    }
}
