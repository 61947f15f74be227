//! Calls whose answers a filter decides on one by one.

use crate::fake::{Asked, ROOT, STREAM, World, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_filter::{Answer, CallId};
use serde_json::{Value, json};

/// A world in which the host refuses these calls, counted from 0.
fn refusing(filters: &Value, refused: impl IntoIterator<Item = usize>) -> World {
    let mut world = World::of(filters.clone());
    refused.into_iter().for_each(|number| world.proxy.refuse(Asked::Call, Some(number)));
    world.open(STREAM, ROOT);
    world
}

/// The host numbers the calls that it makes from 1, the filter those that it wants from 0.
#[test]
fn each_answer_is_decided_on_as_it_comes() {
    let answers = ["0=200:answ", "1=200:answe", "2=200:answer"];
    let filters = json!([{
        "head": "call-each 3",
        "answers": ["call-each 0", "+a=1 call-each 0", "+b=1 pass"],
    }]);
    for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        let mut world = refusing(&filters, []);
        world.play(STREAM, "get");
        for (count, call) in order.into_iter().enumerate() {
            assert!(!world.sink(STREAM, Request).is_complete, "{order:?}");
            assert_eq!(world.proxy.asked(Asked::Edit), 0, "{order:?}");
            let _ = journal::take();
            world.answer(ROOT, call, 200);
            let lines = journal::take();
            let want = format!("first has answers {}", answers[call as usize - 1]);
            assert_eq!(only(&lines, &["first has"]), [want], "{order:?} {count}: {lines:#?}");
        }
        assert!(world.sink(STREAM, Request).is_complete, "{order:?}");
        assert_eq!(world.proxy.asked(Asked::Edit), 2, "{order:?}");
    }
}

#[test]
fn calls_that_are_refused_are_decided_on_together_and_the_others_after_them() {
    let rest = ["call-each 0", "call-each 0", "call-each 0"];
    for (refused, turns) in [
        (&[][..], &["0=200:answ", "1=200:answe", "2=200:answer"][..]),
        (&[0], &["0=Failed", "1=200:answe", "2=200:answer"]),
        (&[1], &["1=Failed", "0=200:answ", "2=200:answer"]),
        (&[0, 2], &["0=Failed 2=Failed", "1=200:answe"]),
        (&[1, 2], &["1=Failed 2=Failed", "0=200:answ"]),
        (&[0, 1, 2], &["0=Failed 1=Failed 2=Failed"]),
    ] {
        let answers = [&rest[..turns.len() - 1], &["pass"]].concat();
        let filters = json!([{"head": "call-each 3", "answers": answers}]);
        let mut world = refusing(&filters, refused.iter().copied());
        world.play(STREAM, "get");
        let at_once = only(&journal::take(), &["first has"]).len();
        assert_eq!(at_once, usize::from(!refused.is_empty()), "{refused:?}");
        (1..=3 - refused.len()).for_each(|call| world.play(STREAM, &format!("answer:{call}")));
        let lines = journal::take();
        let found = only(&lines, &["first has"]);
        let want: Vec<_> =
            turns[at_once..].iter().map(|turn| format!("first has answers {turn}")).collect();
        assert_eq!(found, want, "{refused:?}: {lines:#?}");
        assert!(world.sink(STREAM, Request).is_complete, "{refused:?}: {lines:#?}");
    }
}

/// A refusal beside a call under way is told at once, and what it is.
#[test]
fn a_refusal_is_decided_on_before_the_first_callback_returns() {
    for (answers, reply) in [("refuse", Some("reply 403 first.refused")), ("pass", None)] {
        let filters = json!([{"head": "call-each 3", "answers": answers}]);
        let mut world = refusing(&filters, [0, 2]);
        world.play(STREAM, "get");
        let lines = journal::take();
        assert_eq!(
            only(&lines, &["first has", "resume"]),
            ["first has answers 0=Failed 2=Failed"],
            "{lines:#?}"
        );
        assert_eq!(only(&lines, &["reply"]), reply.as_slice(), "{lines:#?}");
        assert_eq!(world.sink(STREAM, Request).is_complete, reply.is_none(), "{lines:#?}");
        assert_eq!(world.sink(STREAM, Response).is_complete, reply.is_some(), "{lines:#?}");
    }
}

/// What depends on one call starts when that is answered, though another is under way.
#[test]
fn calls_are_numbered_over_all_rounds() {
    let filters = json!([{
        "head": "call-each 2",
        "answers": ["call-each 2", "call-each 0", "call-each 1", "call-each 0", "pass"],
    }]);
    // The third call is refused.
    let mut world = refusing(&filters, [2]);
    world.play(STREAM, "get answer:2 answer:3 answer:1 answer:4");
    let lines = journal::take();
    let want = [
        "call 1 first-0",
        "call 2 first-1",
        "first has answers 1=200:answe",
        "call first-0 refused",
        "call 3 first-1",
        "first has answers 2=Failed",
        "first has answers 3=200:answe",
        "call 4 first-0",
        "first has answers 0=200:answ",
        "first has answers 4=200:answ",
    ];
    assert_eq!(only(&lines, &["call", "first has"]), want, "{lines:#?}");
    assert!(world.sink(STREAM, Request).is_complete, "{lines:#?}");
}

/// Who wants all wants those too that were under way already, and nothing twice.
#[test]
fn a_filter_may_change_between_each_and_all() {
    for (head, answers, events, want) in [
        (
            "call-each 2",
            &["call 1", "pass"][..],
            "answer:2 answer:1 answer:3",
            &["1=200:answe", "0=200:answ 2=200:answ"][..],
        ),
        (
            "call-each 3",
            &["call 0", "pass"],
            "answer:2 answer:3 answer:1",
            &["1=200:answe", "0=200:answ 2=200:answer"],
        ),
        (
            "call 2",
            &["call-each 2", "call-each 0", "pass"],
            "answer:2 answer:1 answer:4 answer:3",
            &["0=200:answ 1=200:answe", "3=200:answe", "2=200:answ"],
        ),
        ("call 1", &["call 1", "pass"], "answer:1 answer:2", &["0=200:answ", "1=200:answ"]),
    ] {
        let filters = json!([{"head": head, "answers": answers}]);
        let (world, lines) = run(&filters, &format!("get {events}"));
        let want: Vec<_> = want.iter().map(|turn| format!("first has answers {turn}")).collect();
        assert_eq!(only(&lines, &["first has"]), want, "{head} {answers:?}: {lines:#?}");
        assert!(world.sink(STREAM, Request).is_complete, "{head} {answers:?}: {lines:#?}");
    }
}

/// The host answers a call, and it is nobody's: its answer is not even read.
fn is_not_read(world: &mut World, call: u32) {
    let read = |_: usize| -> Answer { panic!("it is read") };
    world.vm.call_answered(ROOT, CallId(call), read, &world.proxy);
    assert_eq!(journal::take(), [""; 0], "{call}");
}

#[test]
fn answers_that_come_after_the_decision_are_dropped_unread() {
    let read = json!({"head": "call-each 3", "answers": "read free look", "body": "pass"});
    for (filter, events, is_complete) in [
        (json!({"head": "call-each 3", "answers": "pass"}), "get answer:2", true),
        (json!({"head": "call-each 3", "answers": "refuse"}), "get answer:2", false),
        (json!({"head": "call-each 3", "answers": "broken"}), "get answer:2", false),
        (json!({"head": "call-each 3", "answers": "wait"}), "get answer:2", false),
        (read.clone(), "post answer:2 b:ab.", true),
        (read, "post answer:2", false),
        (json!({"head": "call-each 3", "answers": "call-each 0"}), "get answer:2 leave", false),
        (json!({"head": "call-each 3", "answers": "call-each 0"}), "get answer:2 proxy:408", false),
    ] {
        let (mut world, lines) = run(&json!([filter]), events);
        assert_eq!(only(&lines, &["first has answers"]), ["first has answers 1=200:answe"]);
        is_not_read(&mut world, 1);
        is_not_read(&mut world, 3);
        let is_left = events.ends_with("leave");
        let passed = !is_left && world.sink(STREAM, Request).is_complete;
        assert_eq!(passed, is_complete, "{filter} {events}: {lines:#?}");
    }
}

/// Each filter counts its own calls, and what one has given up is not the other's.
#[test]
fn a_late_answer_does_not_stand_in_for_another_filters_call() {
    let filters = json!([
        {"head": "call-each 2", "answers": "pass"},
        {"head": "call-each 2", "answers": ["call-each 0", "pass"]},
    ]);
    let (mut world, lines) = run(&filters, "get answer:1");
    assert_eq!(only(&lines, &["first has"]), ["first has answers 0=200:answ"], "{lines:#?}");
    is_not_read(&mut world, 2);
    world.play(STREAM, "answer:4 answer:3");
    let lines = journal::take();
    assert_eq!(
        only(&lines, &["first has", "second has"]),
        ["second has answers 1=200:answe", "second has answers 0=200:answ"],
        "{lines:#?}"
    );
    assert!(world.sink(STREAM, Request).is_complete, "{lines:#?}");
}

/// A filter calls for the head, gives one call up, and calls again for the body.
#[test]
fn calls_for_the_body_are_numbered_after_those_for_the_head_whoever_calls_between() {
    let filters = json!([
        {
            "head": "call-each 2",
            "answers": ["read free look", "call-each 0", "pass"],
            "body": "call-each 2",
        },
        {"head": "call 1", "answers": "pass"},
    ]);
    let (mut world, _) = run(&filters, "post answer:1 answer:3 b:ab.");
    is_not_read(&mut world, 2);
    world.play(STREAM, "answer:5 answer:4");
    let lines = journal::take();
    assert_eq!(
        only(&lines, &["first has", "second has"]),
        ["first has answers 3=200:answe", "first has answers 2=200:answ"],
        "{lines:#?}"
    );
    assert!(world.sink(STREAM, Request).is_complete, "{lines:#?}");
}

/// A filter that calls on and on where the host refuses, though not all: 32 times.
#[test]
fn refusals_beside_calls_under_way_are_not_decided_on_for_ever() {
    let odd = || (0..200).filter(|number| number % 2 == 1);
    for (rounds, passes) in [(1, true), (32, true), (33, false)] {
        let mut answers = vec!["call-each 2"; rounds - 1];
        answers.push("pass");
        let mut world = refusing(&json!([{"head": "call-each 2", "answers": answers}]), odd());
        world.play(STREAM, "get");
        let lines = journal::take();
        assert_eq!(world.sink(STREAM, Request).is_complete, passes, "{rounds}: {lines:#?}");
        let reply = if passes { &[][..] } else { &["reply 500 gatehouse.broken"] };
        assert_eq!(only(&lines, &["reply"]), reply, "{rounds}: {lines:#?}");
    }
    // With answers between them they may be more.
    let mut answers = ["call-each 0", "call-each 2"].repeat(39);
    answers.extend(["call-each 0", "pass"]);
    let mut world = refusing(&json!([{"head": "call-each 2", "answers": answers}]), odd());
    world.play(STREAM, "get");
    (1..=40).for_each(|call| world.play(STREAM, &format!("answer:{call}")));
    assert!(world.sink(STREAM, Request).is_complete, "{:#?}", journal::take());
}
