//! Orders of events that once went wrong.

use crate::fake::{GET, OK, ROOT, World, journal};
use gatehouse_chain::Direction::{Request, Response};
use serde_json::json;

const STREAM: u32 = 7;

fn post(length: &'static str) -> Vec<(&'static str, &'static str)> {
    [GET, &[("content-length", length)]].concat()
}

/// A filter that reads with the head held must decide, whatever one before it does with the body.
#[test]
fn who_holds_the_head_is_asked_though_a_filter_before_it_waits_with_the_body() {
    for (body, answers) in [("call 1", "pass"), ("wait-grpc", "pass")] {
        let first = json!({"head": "read free look", "body": [body, "pass"], "answers": answers});
        let mut world = World::of(json!([first, {"head": "read hold look", "body": "refuse"}]));
        world.open(STREAM, ROOT);
        world.head(STREAM, Request, GET, false);
        world.body(STREAM, Request, "abc", true);
        if body == "call 1" {
            world.answer(ROOT, 1, 200);
        } else {
            world.grpc_answer(ROOT, 1);
        }
        let lines = journal::take();
        assert_eq!(world.sink(STREAM, Request).head, None, "{body}: {lines:#?}");
        assert!(lines.contains(&"reply 403 second.refused".to_owned()), "{body}: {lines:#?}");
    }
}

/// A filter that waits has done nothing yet: the body is as it came when it is asked again, and the
/// length in the head is that of the body in any case.
#[test]
fn a_body_that_was_replaced_by_a_filter_that_waits_is_as_it_came() {
    for script in [
        json!({"head": "read hold replace", "body": ["replace XYZ! wait", "pass"]}),
        json!({"head": "read hold replace", "body": ["replace XYZ! wait", "replace XYZ! pass"]}),
    ] {
        let mut world = World::of(json!([script]));
        world.open(STREAM, ROOT);
        world.head(STREAM, Request, &post("3"), false);
        world.body(STREAM, Request, "abc", true);
        world.tick(ROOT);
        let (lines, upstream) = (journal::take(), world.sink(STREAM, Request));
        let bodies = lines.iter().filter(|line| *line == "first has body [abc]").count();
        let length =
            upstream.head.unwrap().iter().find(|(name, _)| name == "content-length").cloned();
        assert_eq!(length.unwrap().1, upstream.body.len().to_string(), "{script}: {lines:#?}");
        assert_eq!(bodies, 2, "{script}: {lines:#?}");
    }
}

/// The filter made an HTTP call of its own, and waits for that one's answer.
#[test]
fn who_waits_for_an_http_call_of_its_own_is_asked_when_it_is_answered() {
    let mut world = World::of(json!([{"head": ["wait-call", "pass"]}]));
    world.open(STREAM, ROOT);
    world.head(STREAM, Request, GET, true);
    world.answer(ROOT, 1, 200);
    world.tick(ROOT);
    assert!(world.sink(STREAM, Request).is_complete, "{:#?}", journal::take());
}

/// Whether anything was edited must not decide whether the head can be read when it has gone.
#[test]
fn answers_that_come_when_the_head_has_gone_are_decided_on_whatever_was_edited() {
    for edit in ["", "+a=1 "] {
        let head = format!("{edit}read free look");
        let script = json!({"head": head, "body": "call 1", "answers": "field :path pass"});
        let mut world = World::of(json!([script]));
        world.open(STREAM, ROOT);
        world.head(STREAM, Request, GET, false);
        world.body(STREAM, Request, "abc", true);
        world.answer(ROOT, 1, 200);
        assert!(world.sink(STREAM, Request).is_complete, "{edit:?}: {:#?}", journal::take());
    }
}

/// A client that speaks gRPC is told in its form, also when the head has gone.
#[test]
fn a_late_refusal_is_in_the_form_that_the_client_speaks() {
    for edit in ["", "+a=1 "] {
        let head = format!("{edit}read free look");
        let mut world = World::of(json!([{"head": head, "body": "refuse"}]));
        world.open(STREAM, ROOT);
        let fields = [GET, &[("content-type", "application/grpc")]].concat();
        world.head(STREAM, Request, &fields, false);
        world.body(STREAM, Request, "abc", true);
        assert_eq!(world.sink(STREAM, Response).body, "no", "{edit:?}: {:#?}", journal::take());
    }
}

/// What is held comes again with the next part: who copies or follows has it once.
#[test]
fn who_copies_or_follows_sees_every_byte_once_where_filters_after_it_begin_to_read_late() {
    for (words, want) in [
        ("copy 100", &["third has a copy [abc]"][..]),
        ("follow", &["third is shown ab", "third is shown c", "third is shown the end"]),
    ] {
        let filters = json!([
            {"response": "read free look 100"},
            {"response": "read hold look 1"},
            {"response": words},
        ]);
        let mut world = World::of(filters);
        world.open(STREAM, ROOT);
        world.head(STREAM, Request, GET, true);
        world.head(STREAM, Response, OK, false);
        world.body(STREAM, Response, "ab", false);
        world.body(STREAM, Response, "c", true);
        let lines = journal::take();
        let seen = crate::fake::only(&lines, &["third has a copy", "third is shown"]);
        assert_eq!(seen, want, "{lines:#?}");
        assert_eq!(world.sink(STREAM, Response).body, "abc", "{lines:#?}");
    }
}

/// An upstream may answer before it has the whole request.
#[test]
fn a_body_that_a_filter_holds_late_arrives_though_the_upstream_has_begun_to_answer() {
    let mut world = World::of(json!([{"head": "read free look 1", "body": "call 1"}]));
    world.open(STREAM, ROOT);
    world.head(STREAM, Request, GET, false);
    world.body(STREAM, Request, "ab", false);
    world.head(STREAM, Response, OK, false);
    world.body(STREAM, Request, "c", true);
    world.answer(ROOT, 1, 200);
    let lines = journal::take();
    assert_eq!(world.sink(STREAM, Request).body, "abc", "{lines:#?}");
}

/// What has not been decided is not counted, and what has been is counted once.
#[test]
fn a_decision_is_counted_once_however_often_its_filter_waited() {
    let mut world =
        World::of(json!([{"head": ["wait", "wait", "read hold look"], "body": ["wait", "pass"]}]));
    world.open(STREAM, ROOT);
    world.head(STREAM, Request, GET, false);
    world.tick(ROOT);
    world.body(STREAM, Request, "abc", true);
    world.tick(ROOT);
    world.tick(ROOT);
    assert!(world.sink(STREAM, Request).is_complete, "{:#?}", journal::take());
    for (code, times) in [("passed", 1), ("undecided", 0)] {
        let name = format!("gatehouse_decisions_total.filter=first;.code={code};.mode=enforce;");
        assert_eq!(world.proxy.counted(&name), times, "{code}");
    }
}
