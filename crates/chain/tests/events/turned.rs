//! Which request the host's calls concern, where a filter decides on an answer.

use crate::fake::{Asked, GET, ROOT, STREAM, World, journal, only};
use gatehouse_chain::Direction::{Request, Response};
use serde_json::json;

/// What is told of the proxy's calls, and of the filter.
const ALL: [&str; 10] = [
    "focus",
    "call",
    "state",
    "edit",
    "resume",
    "reply",
    "first has",
    "first sees x",
    "first sees that",
    "first sees route",
];

/// Turning to a request and back is two calls to the host an answer. A head that nobody has read
/// yet would be read of whatever the host is turned to.
#[test]
fn the_host_is_turned_to_a_request_when_a_call_concerns_it_and_not_before() {
    for (head, answers, want) in [
        // It takes the answer and waits for the other.
        ("field x call-each 2", "call-each 0", &["first has answers 0=200:answ"][..]),
        // Time, lines for operators and calls are everybody's.
        (
            "field x call-each 2",
            "time field x warn call-each 1",
            &[
                "first has answers 0=200:answ",
                "first sees that it is 1",
                "first sees x=7",
                "call 3 first-0",
            ],
        ),
        (
            "field x call 1",
            "field x pass",
            &[
                "first has answers 0=200:answ",
                "first sees x=7",
                "focus 7",
                "state gatehouse.first=first.passed",
                "resume",
                "focus 1",
            ],
        ),
        (
            "field x call 1",
            "+a=1 pass",
            &[
                "first has answers 0=200:answ",
                "focus 7",
                "state gatehouse.first=first.passed",
                "edit +a=1",
                "resume",
                "focus 1",
            ],
        ),
        (
            "field x call 1",
            "refuse",
            &[
                "first has answers 0=200:answ",
                "focus 7",
                "state gatehouse.first=first.refused",
                "reply 403 first.refused",
                "focus 1",
            ],
        ),
        (
            "field x call 1",
            "broken",
            &["first has answers 0=200:answ", "focus 7", "reply 500 gatehouse.broken", "focus 1"],
        ),
        // A fact that the host has of the request.
        (
            "field x call-each 2",
            "who call-each 0",
            &["first has answers 0=200:answ", "focus 7", "first sees that it is None", "focus 1"],
        ),
        (
            "field x call-each 2",
            "route call-each 0",
            &["first has answers 0=200:answ", "focus 7", "first sees route of /", "focus 1"],
        ),
        // Its head has not been read.
        ("call-each 2", "call-each 0", &["focus 7", "first has answers 0=200:answ", "focus 1"]),
        (
            "call-each 2",
            "field x call-each 0",
            &["focus 7", "first has answers 0=200:answ", "first sees x=7", "focus 1"],
        ),
    ] {
        let mut world = World::of(json!([{"head": head, "answers": answers}]));
        world.open(STREAM, ROOT);
        world.head(STREAM, Request, &[GET, &[("x", "7")]].concat(), true);
        journal::take();
        world.answer(ROOT, 1, 200);
        let lines = journal::take();
        assert_eq!(only(&lines, &ALL), want, "{head}, {answers}: {lines:#?}");
    }
}

/// Two requests, whose answers come in turn: what is decided on one is done to it, whichever was
/// decided on before.
#[test]
fn what_is_decided_on_an_answer_concerns_the_request_that_it_is_for() {
    let answers = ["field x call-each 0", "caller late who field x +a=1 pass"];
    let filters = json!([{"head": "field x call-each 2", "answers": answers}]);
    // Which request's call is answered, and the host's number of it.
    for order in [
        [(7, 1), (8, 3), (7, 2), (8, 4)],
        [(7, 1), (8, 3), (8, 4), (7, 2)],
        [(8, 4), (7, 2), (8, 3), (7, 1)],
        [(8, 3), (8, 4), (7, 1), (7, 2)],
    ] {
        let mut world = World::of(filters.clone());
        for context in [7, 8] {
            world.open(context, ROOT);
            let name = context.to_string();
            world.head(context, Request, &[GET, &[("x", &*name)]].concat(), true);
        }
        let mut answered = Vec::new();
        for (context, call) in order {
            journal::take();
            world.answer(ROOT, call, 200);
            let (lines, is_last) = (journal::take(), answered.contains(&context));
            answered.push(context);
            let focus = [format!("focus {context}"), format!("focus {ROOT}")];
            let want = if is_last { &focus[..] } else { &[] };
            assert_eq!(only(&lines, &["focus"]), want, "{order:?}, {call}: {lines:#?}");
            let sees = [format!("first sees x={context}")];
            assert_eq!(only(&lines, &["first sees x"]), sees, "{order:?}, {call}: {lines:#?}");
            let upstream = world.sink(context, Request);
            assert_eq!(upstream.is_complete, is_last, "{order:?}, {call}: {lines:#?}");
            if is_last {
                let fields = [("x", &*context.to_string()), ("a", "1")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()));
                assert!(upstream.head.unwrap().ends_with(&fields), "{order:?}, {call}");
                let streams = world.proxy.streams.borrow();
                let state = &streams[&context].state["gatehouse.first"];
                assert_eq!(state, b"first.passed;subject=late", "{order:?}, {call}");
            }
        }
    }
}

/// The filter is asked, for nothing told it otherwise; whatever it wants is not done.
#[test]
fn where_the_host_does_not_turn_nothing_is_done_and_it_is_told_once() {
    for (answers, more) in [
        ("pass", "error: the host did not let a request go on, status 10"),
        ("refuse", "error: the host refused to answer first.refused, status 10"),
        ("who pass", "error: the host did not let a request go on, status 10"),
    ] {
        let mut world = World::of(json!([{"head": "field x call 1", "answers": answers}]));
        world.proxy.refuse(Asked::Focus, None);
        world.open(STREAM, ROOT);
        world.head(STREAM, Request, GET, true);
        journal::take();
        world.answer(ROOT, 1, 200);
        let lines = journal::take();
        let turn = "error: the host did not turn to a held request, status 10";
        assert_eq!(only(&lines, &["error"]), [turn, more], "{answers}: {lines:#?}");
        assert_eq!(only(&lines, &["state", "reply", "resume"]), [""; 0], "{answers}: {lines:#?}");
        for of in [Request, Response] {
            assert_eq!(world.sink(STREAM, of).head, None, "{answers}: {lines:#?}");
        }
    }
}
