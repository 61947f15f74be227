//! What comes from the filters or from nobody is in no trailers either.

use crate::fake::{Asked, ROOT, World, journal, run};
use gatehouse_chain::Direction::{Request, Response};
use serde_json::json;

const STREAM: u32 = 7;
const FORGED: &str = "t:x-user=eve,x_user=eve,x-user=mallory,t=1";

#[test]
fn a_field_of_a_filter_is_taken_out_of_trailers_however_the_request_was_held() {
    for (case, filters, events) in [
        ("nothing held", json!([{"owns": ["x-user"]}]), "post b:ab"),
        ("no body", json!([{"owns": ["x-user"]}]), "post"),
        (
            "waits, trailers after",
            json!([{"owns": ["x-user"], "head": ["wait", "pass"]}]),
            "post tick b:a",
        ),
        ("waits for the body", json!([{"owns": ["x-user"], "head": "read hold look"}]), "post b:a"),
        ("takes the body", json!([{"owns": ["x-user"], "head": "read free look"}]), "post b:a"),
        ("is the second", json!([{}, {"owns": ["x-user"]}]), "post b:a"),
        ("several own", json!([{"owns": ["t2", "x-user"]}, {"owns": ["x-user"]}]), "post b:a"),
    ] {
        let (world, lines) = run(&filters, &format!("{events} {FORGED}"));
        let sink = world.sink(STREAM, Request);
        assert_eq!(sink.trailers.as_deref(), Some("t=1"), "{case}: {lines:#?}");
    }
    for (case, filters, events) in [
        (
            "waits with a reader behind it",
            json!([{"owns": ["x-user"], "head": ["wait", "pass"]}, {"head": "read hold look"}]),
            "tick",
        ),
        (
            "the owner had not been asked when they came",
            json!([{"head": ["wait", "pass"]}, {"owns": ["x-user"], "head": "read hold look"}]),
            "tick",
        ),
        (
            "its body waits",
            json!([{"owns": ["x-user"], "head": "read hold look", "body": ["wait", "pass"]}]),
            "tick",
        ),
        (
            "calls",
            json!([{"owns": ["x-user"], "head": "call 1"}, {"head": "read hold look"}]),
            "answer:1",
        ),
    ] {
        let (world, lines) = run(&filters, &format!("post b:a {FORGED} {events}"));
        let sink = world.sink(STREAM, Request);
        assert_eq!(sink.trailers.as_deref(), Some("t=1"), "{case}: {lines:#?}");
    }
}

#[test]
fn trailers_that_nobody_owns_are_not_even_read() {
    let mut world = World::of(json!([{}, {"owns": []}]));
    // Whoever read them would end the request.
    world.proxy.refuse(Asked::Trailers, None);
    world.open(STREAM, ROOT);
    world.play(STREAM, &format!("post b:a {FORGED}"));
    let sent = "x-user=eve x_user=eve x-user=mallory t=1";
    let got = world.sink(STREAM, Request).trailers;
    assert_eq!(got.as_deref(), Some(sent), "{:#?}", journal::take());
}

#[test]
fn trailers_that_the_host_does_not_give_or_change_end_the_request() {
    for (asked, code) in [(Asked::Trailers, "trailers_unread"), (Asked::Trailer, "edit_failed")] {
        for (filters, after) in [
            (json!([{"owns": ["x-user"]}]), ""),
            (
                json!([{"owns": ["x-user"], "head": ["wait", "pass"]}, {"head": "read hold look"}]),
                "tick",
            ),
        ] {
            let mut world = World::of(filters.clone());
            world.proxy.refuse(asked, None);
            world.open(STREAM, ROOT);
            world.play(STREAM, &format!("post b:a {FORGED} {after}"));
            let lines = journal::take();
            let what = format!("{asked:?} {filters}: {lines:#?}");
            assert!(!world.sink(STREAM, Request).is_complete, "{what}");
            assert!(lines.contains(&format!("reply 500 gatehouse.{code}")), "{what}");
            assert!(lines.iter().any(|line| line.starts_with("error: ")), "{what}");
            let status = world.sink(STREAM, Response).head.map(|head| head[0].1.clone());
            assert_eq!(status.as_deref(), Some("500"), "{what}");
        }
    }
}

#[test]
fn trailers_of_a_refused_request_go_nowhere() {
    let (world, lines) =
        run(&json!([{"owns": ["x-user"], "head": "refuse"}]), &format!("post {FORGED}"));
    assert_eq!(world.sink(STREAM, Request).trailers, None, "{lines:#?}");
}
