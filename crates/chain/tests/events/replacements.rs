//! Kept responses in place of others.

use crate::fake::{STREAM, Sink, only, run};
use gatehouse_chain::Direction::Response;
use serde_json::{Value, json};

/// What the client gets of the second filter's kept response, with this filter nearer to it.
fn sent(nearer: Value, events: &str) -> (Sink, Vec<String>) {
    let (world, lines) = run(&json!([nearer, {"response": "replay KEPT"}]), events);
    (world.sink(STREAM, Response), lines)
}

fn fields(sink: &Sink) -> Vec<String> {
    let head = sink.head.clone().unwrap_or_default();
    head.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

/// Whatever the upstream's response was, and however it came.
const RESPONSES: [&str; 4] =
    ["get ok.", "get ok:3 r:abc.", "get ok r:ab r:c rt", "post b:x. ok:3 r:a r:bc."];

#[test]
fn filters_nearer_to_the_client_see_the_kept_response_and_change_it() {
    for events in RESPONSES {
        for (nearer, head, body) in [
            (json!({"response": "field kept +a=1 pass"}), "a=1", "KEPT"),
            (json!({"response": "=kept=2 -content-type pass"}), "kept=2", "KEPT"),
            (
                json!({"response": "read hold replace", "response_body": "replace NEW +b=2 pass"}),
                "b=2",
                "NEW",
            ),
            (
                json!({"response": "read free replace", "response_body": "replace NEW pass"}),
                "kept=1",
                "NEW",
            ),
            (json!({"response": "read hold look", "response_body": "+b=2 pass"}), "b=2", "KEPT"),
            (json!({"response": "read hold look 1", "response_body": "+b=2 pass"}), "b=2", "KEPT"),
            (json!({"response": "copy 100"}), "kept=1", "KEPT"),
            (json!({"bare": true}), "kept=1", "KEPT"),
        ] {
            let (sink, lines) = sent(nearer.clone(), events);
            let fields = fields(&sink);
            assert!(fields.contains(&":status=203".to_owned()), "{events} {nearer}: {lines:#?}");
            assert!(fields.contains(&head.to_owned()), "{events} {nearer}: {lines:#?}");
            assert_eq!(sink.body, body, "{events} {nearer}: {lines:#?}");
            assert_eq!(only(&lines, &["reply"]), ["reply 203 second.served"], "{events} {nearer}");
            assert_eq!(only(&lines, &["edit response", "replace "]), [""; 0], "{events} {nearer}");
        }
    }
}

#[test]
fn a_filter_nearer_to_the_client_sees_the_kept_status_and_body_and_not_the_upstream_s() {
    let nearer = json!({"response": "field content-type field :status read hold look"});
    let (_, lines) = sent(nearer, "get ok:3 r:abc.");
    assert_eq!(
        only(&lines, &["first"])[1..],
        [
            "first sees response 203",
            "first sees content-type=text/kept",
            "first sees :status=203",
            "first has response body [KEPT]"
        ]
    );
}

#[test]
fn a_filter_nearer_to_the_client_can_refuse_the_kept_response() {
    for nearer in [
        json!({"response": "refuse"}),
        json!({"response": "read hold look", "response_body": "refuse"}),
    ] {
        let (sink, lines) = sent(nearer, "get ok:3 r:abc.");
        assert_eq!(only(&lines, &["reply"]), ["reply 403 first.refused"]);
        assert!(fields(&sink).contains(&":status=403".to_owned()), "{lines:#?}");
    }
}

#[test]
fn a_filter_nearer_to_the_upstream_gets_no_copy_of_what_nobody_is_sent() {
    let filters = json!([{"response": "replay KEPT"}, {"response": "copy 100"}]);
    let (world, lines) = run(&filters, "get ok:3 r:abc.");
    assert_eq!(world.sink(STREAM, Response).body, "KEPT");
    assert_eq!(only(&lines, &["second has a copy"]), [""; 0], "{lines:#?}");
}

#[test]
fn a_kept_response_comes_too_late_when_the_head_has_gone() {
    let filters = json!([{"response": "read free look", "response_body": "replay KEPT"}]);
    let (world, lines) = run(&filters, "get ok:3 r:abc.");
    assert!(lines.iter().any(|line| line.contains("whose head has gone")), "{lines:#?}");
    assert!(world.sink(STREAM, Response).is_broken_off, "{lines:#?}");
}

#[test]
fn a_kept_response_can_be_the_answer_to_a_request_at_once() {
    let (world, lines) = run(&json!([{"head": "replay KEPT"}]), "get");
    let sink = world.sink(STREAM, Response);
    assert_eq!(sink.body, "KEPT", "{lines:#?}");
    let want = [":status=203", "kept=1", "content-type=text/kept", "age=3"];
    assert_eq!(fields(&sink)[..4], want, "{lines:#?}");
}
