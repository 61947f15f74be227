//! What one filter leaves for the next: who it is, the head, and what is known around it.

use crate::fake::{GET, ROOT, STREAM, World, journal, only, run};
use gatehouse_chain::Direction::{Request, Response};
use serde_json::{Value, json};

const IDENTITY: &str = r#"state gatehouse.identity={"subject":"alice"}"#;

/// The second filter knows whom the first has found, whatever the host is told.
#[test]
fn who_it_is_is_handed_on_in_memory_and_written_once() {
    let note = "state gatehouse.first=first.passed;subject=alice";
    for (tells, want) in [
        (json!({}), &[note, IDENTITY, "state gatehouse.second=second.passed"][..]),
        (json!({"identity": false}), &[note, "state gatehouse.second=second.passed"]),
        (json!({"decisions": false}), &[IDENTITY]),
        (json!({"identity": false, "decisions": false}), &[]),
    ] {
        for (head, answers, events) in
            [("caller alice pass", "pass", "get"), ("call 1", "caller alice pass", "get answer:1")]
        {
            let first = json!({"head": head, "answers": answers});
            let filters = json!({"filters": [first, {"head": "who pass"}], "tells": tells});
            let (world, lines) = run(&filters, events);
            let who = r#"second sees that it is Some("alice")"#;
            assert!(lines.contains(&who.to_owned()), "{filters}: {lines:#?}");
            assert_eq!(only(&lines, &["state"]), want, "{filters}");
            assert!(world.sink(STREAM, Request).is_complete, "{filters}: {lines:#?}");
        }
    }
}

/// The first module has written who it is; the chain in the second reads it.
#[test]
fn who_it_is_is_read_from_the_host_where_no_filter_of_the_chain_has_told() {
    for (written, seen) in
        [(Some(r#"{"subject":"bob"}"#), r#"Some("bob")"#), (Some("{"), "None"), (None, "None")]
    {
        let mut world = World::of(
            json!([{"head": "who pass"}, {"head": "who caller alice pass"}, {"head": "who"}]),
        );
        world.open(STREAM, ROOT);
        if let Some(written) = written {
            let state = ("gatehouse.identity".to_owned(), written.as_bytes().to_vec());
            world.proxy.streams.borrow_mut().get_mut(&STREAM).unwrap().state.extend([state]);
        }
        world.play(STREAM, "get");
        let want = [
            format!("first sees that it is {seen}"),
            format!("second sees that it is {seen}"),
            r#"third sees that it is Some("alice")"#.to_owned(),
        ];
        assert_eq!(only(&journal::take(), &["first sees", "second sees", "third sees"]), want);
    }
}

/// A refusal leaves a note, and who was refused.
#[test]
fn a_note_says_what_was_decided_by_which_rule_and_about_whom() {
    for (words, note) in [
        ("rule orders pass", "first.passed;rule=orders"),
        ("rule orders caller alice refuse", "first.refused;rule=orders;subject=alice"),
        ("document", "first.served"),
    ] {
        let (_, lines) = run(&json!([{"head": words}]), "get");
        let want = format!("state gatehouse.first={note}");
        assert_eq!(only(&lines, &["state gatehouse.first"]), [want], "{words}");
    }
}

/// What has not been decided is nowhere told.
#[test]
fn who_waits_or_calls_or_reads_tells_nobody_who_it_is() {
    for words in ["caller alice wait", "caller alice call 1", "caller alice read hold look"] {
        let (_, lines) = run(&json!([{"head": words}]), "post");
        assert_eq!(only(&lines, &["state"]), [""; 0], "{words}");
    }
}

/// The route that the request has with the edits so far is what such a filter decides by.
#[test]
fn who_asks_for_the_route_is_asked_when_the_edits_before_are_carried_out() {
    let asks = |asks: bool, words: &str| json!({"head": words, "asks_for_route": asks});
    let moves = "route =:path=/b +a=1 pass";
    for (filters, seen, edits) in [
        (
            json!([asks(false, moves), asks(true, "+b=1 route pass"), {"head": "route =:path=/c pass"}]),
            ["/", "/b", "/b"],
            // The edits of the second and the third when all have let it go on.
            &["edit =:path=/b", "edit +a=1", "second", "second", "third", "third"][..],
        ),
        (
            json!([asks(false, moves), asks(false, "route pass"), asks(false, "route pass")]),
            ["/", "/", "/"],
            &["second", "second", "third", "third", "edit =:path=/b", "edit +a=1"],
        ),
        (
            json!([
                asks(true, moves),
                asks(true, "route =:path=/c pass"),
                asks(true, "route pass")
            ]),
            ["/", "/b", "/c"],
            &[
                "edit =:path=/b",
                "edit +a=1",
                "second",
                "second",
                "edit =:path=/c",
                "third",
                "third",
            ],
        ),
    ] {
        let (world, lines) = run(&filters, "get");
        let sees = ["first sees", "second sees", "third sees"];
        let want: Vec<_> = ["first", "second", "third"]
            .iter()
            .zip(seen)
            .map(|(name, path)| format!("{name} sees route of {path}"))
            .collect();
        assert_eq!(only(&lines, &sees), want, "{filters}: {lines:#?}");
        let order = only(&lines, &["edit", "second is", "second sees", "third is", "third sees"]);
        let order: Vec<_> = order
            .iter()
            .map(
                |line| {
                    if line.starts_with("edit") { line } else { line.split(' ').next().unwrap() }
                },
            )
            .collect();
        assert_eq!(order[..edits.len()], *edits, "{filters}: {lines:#?}");
        let head = world.sink(STREAM, Request).head.unwrap();
        assert_eq!(head.iter().filter(|(name, _)| name == "a").count(), 1, "{filters}: {lines:#?}");
    }
}

/// A filter that asks for the route, waits and is asked again: edits are carried out once.
#[test]
fn edits_before_a_filter_that_asks_for_the_route_are_carried_out_once_however_it_waits() {
    for (script, events) in [
        (json!({"head": ["+x=1 wait", "+x=1 wait", "+b=1 pass"]}), "get tick tick"),
        (json!({"head": "+b=1 call 1", "answers": "pass"}), "get answer:1"),
        (json!({"head": "+b=1 read hold look", "body": "pass"}), "post b:ab."),
    ] {
        let mut script = script;
        script["asks_for_route"] = json!(true);
        let (world, lines) = run(&json!([{"head": "+a=1 pass"}, script]), events);
        assert_eq!(only(&lines, &["edit"]), ["edit +a=1", "edit +b=1"], "{script}: {lines:#?}");
        let head = world.sink(STREAM, Request).head.unwrap();
        let own: Vec<_> = head[GET.len()..].iter().map(|(name, _)| &**name).collect();
        assert_eq!(own, ["a", "b"], "{script}: {lines:#?}");
    }
}

/// Edits that a refusal makes void are never carried out.
#[test]
fn edits_of_a_request_that_is_refused_are_not_carried_out() {
    let (world, lines) = run(&json!([{"head": "+a=1 pass"}, {"head": "+b=1 refuse"}]), "get");
    assert_eq!(only(&lines, &["edit"]), [""; 0], "{lines:#?}");
    assert_eq!(world.sink(STREAM, Response).head.unwrap()[0].1, "403");
}

/// A later filter reads the head as the earlier ones have made it, also when those edits are
/// carried out.
#[test]
fn a_filter_reads_the_head_as_those_before_it_have_made_it() {
    for asks_for_route in [false, true] {
        // Whether anybody has read it before makes no difference.
        for words in ["=a=2 -b +c=3 pass", "field a =a=2 -b +c=3 pass", "=a=2 +c=3 pass"] {
            let second =
                json!({"head": "field a field b field c pass", "asks_for_route": asks_for_route});
            let mut world = World::of(json!([{"head": words}, second]));
            world.open(STREAM, ROOT);
            let fields = [GET, &[("a", "1"), ("a", "0"), ("b", "1"), ("c", "1")]].concat();
            world.head(STREAM, Request, &fields, true);
            let b = if words.contains("-b") { "" } else { "1" };
            let want = ["a=2".to_owned(), format!("b={b}"), "c=1,3".to_owned()];
            let want = want.map(|field| format!("second sees {field}"));
            assert_eq!(only(&journal::take(), &["second sees"]), want, "{words} {asks_for_route}");
            let head = world.sink(STREAM, Request).head.unwrap();
            let count = |name| head.iter().filter(|(field, _)| field == name).count();
            assert_eq!(["a", "b", "c"].map(count), [1, b.len(), 2], "{words} {asks_for_route}");
        }
    }
}

/// Somebody has decided on it, or is about to: nothing of that may be carried out.
#[test]
fn whatever_is_decided_on_a_head_that_cannot_be_read_is_a_500() {
    for (script, events) in [
        (json!({"head": "field :path pass"}), ""),
        (json!({"head": "field :path refuse"}), ""),
        (json!({"head": "field :path document"}), ""),
        (json!({"head": "field :path wait"}), ""),
        (json!({"head": "field :path wait-grpc"}), ""),
        (json!({"head": "field :path call 1"}), ""),
        (json!({"head": "field :path read hold look"}), ""),
        (json!({"head": "field :path read free look"}), ""),
        (json!({"head": "read free replace"}), ""),
        (json!({"head": ["wait", "field :path pass"]}), "tick"),
        (json!({"head": "call 1", "answers": "field :path pass"}), "answer:1"),
        (json!({"head": "call 1", "answers": "field :path call 1"}), "answer:1"),
        (json!({"head": "read hold look", "body": "field :path pass"}), "b:ab."),
        (json!({"head": "read hold look", "body": "field :path wait"}), "b:ab."),
    ] {
        // A filter after it would have read nothing.
        for filters in
            [json!([script]), json!([script, {"head": "pass"}]), json!([{"head": "pass"}, script])]
        {
            let mut world = World::of(filters.clone());
            world.open(STREAM, ROOT);
            world.half(STREAM, Request, |half| half.is_unreadable = true);
            world.head(STREAM, Request, GET, false);
            world.play(STREAM, events);
            let lines = journal::take();
            assert_eq!(
                only(&lines, &["reply"]),
                ["reply 500 gatehouse.head_unread"],
                "{filters}: {lines:#?}"
            );
            assert_eq!(only(&lines, &["error"]).len(), 1, "{filters}: {lines:#?}");
            assert_eq!(world.sink(STREAM, Request).head, None, "{filters}: {lines:#?}");
        }
    }
}

#[test]
fn a_filter_sees_whether_a_body_follows() {
    let scripts: [(Value, &str); 4] = [
        (json!({"head": "follows pass"}), ""),
        (json!({"head": ["wait", "follows pass"]}), "tick"),
        (json!({"head": "call 1", "answers": "follows pass"}), "answer:1"),
        (json!({"head": "read hold look", "body": "follows pass"}), ""),
    ];
    for (script, then) in scripts {
        for (head, rest, follows) in
            [("get", "", false), ("post", "b:ab.", true), ("post", "t", true)]
        {
            let (_, lines) = run(&json!([script]), &format!("{head} {then} {rest}"));
            let want = format!("first sees that a body follows: {follows}");
            assert_eq!(only(&lines, &["first sees"]), [want], "{script} {head}: {lines:#?}");
        }
    }
}

/// All filters of one callback decide at one time; the next callback is at another.
#[test]
fn filters_of_one_callback_see_one_time() {
    let filters = json!([{"head": ["time wait", "time pass"]}, {"head": "time time pass"}]);
    let (_, lines) = run(&filters, "get tick");
    let times: Vec<_> = only(&lines, &["first sees", "second sees"])
        .iter()
        .map(|line| line.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(times, ["1", "2", "2", "2"]);
}

#[test]
fn what_a_filter_warns_of_has_its_name() {
    let (_, lines) = run(&json!([{"head": "pass"}, {"head": "warn pass"}]), "get");
    assert_eq!(only(&lines, &["warn"]), ["warn: second: beware"]);
}

/// What those before it have made of the head is not its to undo.
#[test]
fn a_filter_that_waits_undoes_its_own_edits_and_no_others() {
    for (script, event) in [
        (json!({"head": ["+x=1 wait", "+b=1 pass"]}), "tick"),
        (json!({"head": ["+x=1 wait-grpc", "+b=1 pass"]}), "message:1"),
        (json!({"head": ["+x=1 wait-call", "+b=1 pass"]}), "answer:1"),
        (json!({"heads": true, "head": ["+x=1 wait-grpc", "+b=1 pass"]}), "message:1"),
    ] {
        let (world, lines) = run(&json!([{"head": "+a=1 pass"}, script]), &format!("get {event}"));
        let head = world.sink(STREAM, Request).head.unwrap();
        let own: Vec<_> = head[GET.len()..].iter().map(|(name, _)| &**name).collect();
        assert_eq!(own, ["a", "b"], "{script}: {lines:#?}");
    }
}

#[test]
fn a_filter_without_a_phase_to_wait_in_does_not_undo_what_those_before_it_did() {
    let filters =
        json!([{"head": "+a=1 pass"}, {"bare": true, "head": ["+x=1 wait-call", "+b=1 pass"]}]);
    let (world, lines) = run(&filters, "get answer:1");
    let Some(head) = world.sink(STREAM, Request).head else {
        // It may as well be refused.
        return assert_eq!(only(&lines, &["reply"]), ["reply 500 gatehouse.broken"]);
    };
    let own: Vec<_> = head[GET.len()..].iter().map(|(name, _)| &**name).collect();
    assert_eq!(own, ["a", "b"], "{lines:#?}");
}
