//! Bodies of requests, in calls.

use super::{Gateway, ok};
use crate::Code;
use serde_json::{Value, json};

fn gateway<'a>(call: &Value) -> Gateway<'a> {
    let mut calls = json!([{"name": "a", "cluster": "a", "path": "/", "method": "POST"}]);
    gatehouse_filter_test::change(&mut calls[0], call);
    Gateway::of(calls, json!({"max_body": "64B"}), |_| ok("1"))
}

const HEAD: [(&str, &str); 3] =
    [(":method", "POST"), (":path", "/x/7"), ("content-type", "application/merge-patch+json")];

#[test]
fn a_call_can_have_the_request_s_body_or_values_of_it() {
    for (case, call, sent, target, want) in [
        ("all of it", json!({"forward_body": true}), r#"{"a": [1]}"#, "a/", r#"{"a": [1]}"#),
        ("no JSON", json!({"forward_body": true}), "\u{1}", "a/", "\u{1}"),
        ("nothing", json!({"forward_body": true}), "", "a/", ""),
        (
            "values with their types",
            json!({"body": {"n": "${body.n}", "t": "x${body.n}", "q": "${path.id}", "none": "${body.x}"}}),
            r#"{"n": 1.50}"#,
            "a/",
            r#"{"n":1.50,"q":"7","t":"x1.50"}"#,
        ),
        (
            "an item by its number",
            json!({"body": {"n": "${body[0].n}"}}),
            r#"[{"n": 3}]"#,
            "a/",
            r#"{"n":3}"#,
        ),
        ("a path", json!({"path": "/${body.id}", "body": {}}), r#"{"id": "a b"}"#, "a/a%20b", "{}"),
    ] {
        let gateway = gateway(&call);
        let got = gateway.ask(&HEAD, Some(sent.as_bytes()));
        assert_eq!(got.status, 200, "{case}: {}", got.body);
        assert_eq!(gateway.targets(), [target], "{case}");
        let calls = gateway.calls.borrow();
        assert_eq!(String::from_utf8_lossy(&calls[0].body), want, "{case}");
        let mut types = calls[0].headers.iter().filter(|(name, _)| name.as_str() == "content-type");
        let want = match call.get("forward_body") {
            Some(_) => &b"application/merge-patch+json"[..],
            None => b"application/json",
        };
        assert_eq!(types.next().map(|(_, value)| value.as_bytes()), Some(want), "{case}");
        assert_eq!(types.next(), None, "{case}");
    }
}

#[test]
fn a_body_that_cannot_be_used_is_refused() {
    for (case, call, sent, code, status) in [
        ("no JSON", json!({"body": "${body.a}"}), "{]".to_owned(), Code::BodyInvalid, 400),
        (
            "a name twice",
            json!({"body": "${body.a}"}),
            r#"{"a":1,"a":2}"#.to_owned(),
            Code::BodyInvalid,
            400,
        ),
        ("too long", json!({"forward_body": true}), "a".repeat(65), Code::BodyTooLarge, 413),
        (
            "a value is missing",
            json!({"path": "/${body.a}"}),
            "{}".to_owned(),
            Code::ValueMissing,
            400,
        ),
        ("no body", json!({"path": "/${body.a}"}), String::new(), Code::ValueMissing, 400),
        ("a slash", json!({"path": "/${body}"}), r#""a/b""#.to_owned(), Code::ValueRefused, 400),
    ] {
        let gateway = gateway(&call);
        let got = gateway.ask(&HEAD, Some(sent.as_bytes()));
        assert_eq!((got.code, got.status), (code, status), "{case}");
        assert!(gateway.targets().is_empty(), "{case}");
    }
}

#[test]
fn a_call_can_have_values_of_answers_in_its_body() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/"},
        {"name": "b", "cluster": "b", "path": "/", "method": "POST",
         "body": {"id": "${call.a.id}", "all": "${call.a.l[*].n}", "status": "${status.a}",
                  "text": "<${call.a.id}>", "q": "${query.q}"}},
    ]);
    let gateway = Gateway::of(calls, json!({}), |_| {
        ok(r#"{"id": 12345678901234567890, "l": [{"n": "x"}, {"n": 1}]}"#)
    });
    gateway.get("/x/7?q=%22,%22admin%22:true");
    let calls = gateway.calls.borrow();
    assert_eq!(
        String::from_utf8_lossy(&calls[1].body),
        concat!(
            r#"{"all":["x",1],"id":12345678901234567890,"#,
            r#""q":"\",\"admin\":true","status":200,"text":"<12345678901234567890>"}"#
        )
    );
}

#[test]
fn a_body_that_is_compressed_is_said_to_be() {
    let gateway = gateway(&json!({"forward_body": true}));
    let head = HEAD.into_iter().chain([("content-encoding", "gzip")]).collect::<Vec<_>>();
    gateway.ask(&head, Some(b"\x1f\x8b"));
    let calls = gateway.calls.borrow();
    let is_coding =
        |(name, value): &(gatehouse_filter::HeaderName, gatehouse_filter::HeaderValue)| {
            name.as_str() == "content-encoding" && value.as_bytes() == b"gzip"
        };
    assert!(calls[0].headers.iter().any(is_coding));
}
