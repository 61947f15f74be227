//! What a call that goes wrong means for the whole.

use super::{Gateway, answer, ok};
use crate::Code;
use gatehouse_filter::{Answer, CallRefused, Callout};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

fn gzip(text: &str) -> Vec<u8> {
    gatehouse_coding::Coding::named(b"gzip").expect("gzip").encode(text.as_bytes().to_vec())
}

/// What a service may do, the code and the status where its call is required, and the word for it
/// in a partial answer.
fn failures() -> Vec<(&'static str, Answer, Code, u16, &'static str)> {
    let big = format!("\"{}\"", "a".repeat(2_000));
    vec![
        ("a 500", answer(500, &[JSON], "{}"), Code::CallFailed, 502, "server_error"),
        ("a 503", answer(503, &[], "busy"), Code::CallFailed, 502, "server_error"),
        ("a 404", answer(404, &[JSON], "{}"), Code::CallFailed, 502, "client_error"),
        ("a 302", answer(302, &[("location", "/")], ""), Code::CallFailed, 502, "other_status"),
        ("no answer in time", answer(504, &[], "x"), Code::CallTimedOut, 504, "timed_out"),
        ("an overflow", Answer::refused(CallRefused::Failed), Code::CallNotMade, 503, "not_made"),
        (
            "no such cluster",
            Answer::refused(CallRefused::BadArgument),
            Code::CallNotMade,
            503,
            "not_made",
        ),
        ("it broke off", Answer::default(), Code::CallFailed, 502, "broken_off"),
        ("garbage", answer(200, &[JSON], "{]"), Code::AnswerUnusable, 502, "invalid"),
        (
            "a name twice",
            answer(200, &[JSON], r#"{"a":1,"a":2}"#),
            Code::AnswerUnusable,
            502,
            "invalid",
        ),
        ("too deep", answer(200, &[JSON], "[".repeat(200)), Code::AnswerUnusable, 502, "invalid"),
        ("too long", answer(200, &[JSON], &big), Code::AnswerUnusable, 502, "too_large"),
        (
            "a bomb",
            answer(200, &[JSON, ("content-encoding", "gzip")], gzip(&big)),
            Code::AnswerUnusable,
            502,
            "too_large",
        ),
        (
            "gzip that is none",
            answer(200, &[JSON, ("content-encoding", "gzip")], "x"),
            Code::AnswerUnusable,
            502,
            "invalid",
        ),
        (
            "another coding",
            answer(200, &[JSON, ("content-encoding", "br")], "x"),
            Code::AnswerUnusable,
            502,
            "invalid",
        ),
        (
            "text",
            answer(200, &[("content-type", "text/plain")], "1"),
            Code::AnswerUnusable,
            502,
            "invalid",
        ),
        (
            "two types",
            answer(200, &[JSON, ("content-type", "text/plain")], "1"),
            Code::AnswerUnusable,
            502,
            "invalid",
        ),
    ]
}

#[test]
fn a_required_call_that_fails_is_the_answer_and_leaks_nothing() {
    for (case, bad, code, status, _) in failures() {
        let calls = json!([
            {"name": "good", "cluster": "a", "path": "/"},
            {"name": "bad", "cluster": "b", "path": "/", "max_size": "1KiB"},
        ]);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
            "b" => bad.clone(),
            _ => ok("1"),
        });
        let got = gateway.get("/x/7");
        assert_eq!((got.code, got.status), (code, status), "{case}");
        let problem = got.json();
        assert_eq!(problem["part"], "bad", "{case}");
        assert!(!got.body.contains("busy") && !got.body.contains("aaa"), "{case}: {}", got.body);
        assert!(got.why.is_some_and(|why| why.starts_with("bad: ")), "{case}");
    }
}

#[test]
fn an_optional_call_that_fails_leaves_its_place_or_a_default() {
    for (case, bad, _, _, word) in failures() {
        for (optional, want) in [
            (json!(true), json!({"good": 1})),
            (json!({"default": []}), json!({"good": 1, "bad": []})),
        ] {
            let calls = json!([
                {"name": "good", "cluster": "a", "path": "/"},
                {"name": "bad", "cluster": "b", "path": "/", "max_size": "1KiB",
                 "optional": optional},
            ]);
            let others = json!({"partial": {"member": "parts"}, "etag": true});
            let gateway = Gateway::of(calls, others, |call: &Callout| match &*call.cluster {
                "b" => bad.clone(),
                _ => answer(200, &[JSON, ("cache-control", "max-age=60")], "1"),
            });
            let got = gateway.get("/x/7");
            let mut have = got.json();
            let parts = have.as_object_mut().and_then(|have| have.remove("parts"));
            assert_eq!((got.code, got.status, &have), (Code::Partial, 200, &want), "{case}");
            let parts = parts.expect("the parts are told");
            assert_eq!(parts["bad"]["outcome"], word, "{case}");
            assert_eq!(parts["good"], json!({"outcome": "answered", "status": 200}), "{case}");
            assert_eq!(got.header("x-gatehouse-partial").as_deref(), Some("bad"), "{case}");
            assert_eq!(got.header("cache-control").as_deref(), Some("no-store"), "{case}");
            assert_eq!(got.header("etag"), None, "{case}");
        }
    }
}

#[test]
fn operators_are_told_of_every_part_that_is_missing() {
    let call = |name: &str| json!({"name": name, "cluster": name, "path": "/", "optional": true});
    for (bad, want) in [
        (&[][..], None),
        (&["b"], Some("b: status 503")),
        (&["a", "c"], Some("a: status 503; c: status 503")),
    ] {
        let calls = json!([call("a"), call("b"), call("c")]);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
            if bad.contains(&&*call.cluster) { answer(503, &[], "busy") } else { ok("1") }
        });
        assert_eq!(gateway.get("/x/7").why.as_deref(), want);
    }
}

/// Of calls for the items of a list, some may fail.
#[test]
fn items_that_fail_are_missing_or_fail_the_whole() {
    for (case, bad, code, status, word) in failures() {
        let calls = |optional: Value| {
            json!([
                {"name": "list", "cluster": "a", "path": "/", "hidden": true},
                {"name": "each", "cluster": "b", "path": "/${item}", "max_size": "1KiB",
                 "for_each": {"value": "list[*]"}, "optional": optional},
            ])
        };
        let service = |call: &Callout| match &*call.path {
            "/" => ok("[1,2,3]"),
            "/2" => bad.clone(),
            path => ok(&format!("\"{path}\"")),
        };
        let gateway = Gateway::of(calls(json!(false)), json!({}), service);
        let got = gateway.get("/x/7");
        assert_eq!((got.code, got.status), (code, status), "{case}");
        let gateway = Gateway::of(calls(json!(true)), json!({}), service);
        assert_eq!(gateway.get("/x/7").json(), json!({"each": ["/1", null, "/3"]}), "{case}");
        let others = json!({"partial": {"member": "parts", "header": "x-lacks"}});
        let gateway = Gateway::of(calls(json!({"default": {}})), others, service);
        let got = gateway.get("/x/7");
        assert_eq!(got.json()["each"], json!(["/1", {}, "/3"]), "{case}");
        assert_eq!(got.json()["parts"]["each"], json!({"outcome": word}), "{case}");
        assert_eq!(got.header("x-lacks").as_deref(), Some("each"), "{case}");
    }
}

/// lura #548, krakend-ce #31: the client gets the service's own status.
#[test]
fn a_client_s_error_is_passed_on_where_the_rule_says_so() {
    const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");
    let document = r#"{"title":"No such user"}"#;
    let long = format!("\"{}\"", "a".repeat(64 * 1024));
    let longer = format!("\"{}\"", "a".repeat(1024 * 1024));
    for (case, said, status, body, fields) in [
        ("a problem document", answer(404, &[PROBLEM], document), 404, Some(document), None),
        ("text", answer(404, &[("content-type", "text/html")], "<b>"), 404, None, None),
        ("no JSON", answer(409, &[JSON], "{]"), 409, None, None),
        ("nothing", answer(410, &[], ""), 410, None, None),
        (
            "a challenge",
            answer(401, &[PROBLEM, ("www-authenticate", "Bearer")], document),
            401,
            Some(document),
            Some(("www-authenticate", "Bearer")),
        ),
        (
            "too many",
            answer(429, &[("retry-after", "3"), ("x-secret", "1")], "x"),
            429,
            None,
            Some(("retry-after", "3")),
        ),
        ("a long document", answer(404, &[PROBLEM], &long), 404, None, None),
        ("a longer one than any answer may be", answer(404, &[PROBLEM], &longer), 404, None, None),
        (
            "a bomb",
            answer(404, &[PROBLEM, ("content-encoding", "gzip")], gzip(&long)),
            404,
            None,
            None,
        ),
        ("no type", answer(404, &[], document), 404, None, None),
    ] {
        let calls = json!([
            {"name": "user", "cluster": "u", "path": "/", "pass_client_errors": true},
        ]);
        let gateway = Gateway::of(calls, json!({}), |_| said.clone());
        let got = gateway.get("/x/7");
        assert_eq!((got.code, got.status), (Code::ClientError, status), "{case}");
        match body {
            Some(body) => assert_eq!(got.body, body, "{case}"),
            None => assert_eq!(got.json()["part"], "user", "{case}"),
        }
        if let Some((name, value)) = fields {
            assert_eq!(got.header(name).as_deref(), Some(value), "{case}");
        }
        assert_eq!(got.header("x-secret"), None, "{case}");
        // RFC 9110 §15.1: caches may keep a 404 on their own account, and this one is of a request
        // whose fields are said to nobody.
        assert_eq!(got.header("cache-control").as_deref(), Some("no-store"), "{case}");
    }
    for status in [405, 407, 408, 421, 426] {
        let calls = json!([{"name": "u", "cluster": "u", "path": "/", "pass_client_errors": true}]);
        let gateway = Gateway::of(calls, json!({}), |_| answer(status, &[JSON], document));
        assert_eq!(gateway.get("/x/7").code, Code::CallFailed, "{status} is about the call");
    }
    let calls = json!([{"name": "u", "cluster": "u", "path": "/", "pass_client_errors": true}]);
    let gateway = Gateway::of(calls, json!({}), |_| answer(500, &[JSON], document));
    assert_eq!(gateway.get("/x/7").code, Code::CallFailed, "a 500 is not the client's");
}

#[test]
fn what_is_no_document_is_read_as_the_call_says() {
    for (case, not_json, said, want) in [
        (
            "text",
            "text",
            answer(200, &[("content-type", "text/plain")], "a\"b\u{e9}"),
            "\"a\\\"b\u{e9}\"",
        ),
        (
            "no UTF-8",
            "text",
            answer(200, &[("content-type", "text/plain")], b"a\xff"),
            "\"a\u{fffd}\"",
        ),
        (
            "base64",
            "base64",
            answer(200, &[("content-type", "image/png")], b"a\xff\x00"),
            "\"Yf8A\"",
        ),
        ("JSON all the same", "text", answer(200, &[JSON], "[1]"), "[1]"),
        ("nothing", "text", answer(204, &[], ""), "null"),
        ("no content", "fail", answer(204, &[], ""), "null"),
        ("an empty body", "fail", answer(200, &[JSON], ""), "null"),
        (
            "an empty body that is said to be gzip",
            "fail",
            answer(200, &[JSON, ("content-encoding", "gzip")], ""),
            "null",
        ),
        ("a mark before it", "fail", answer(200, &[JSON], "\u{feff}[1]"), "[1]"),
        ("no type", "fail", answer(200, &[], "[1]"), "[1]"),
        (
            "its own type",
            "fail",
            answer(200, &[("content-type", "application/hal+JSON; a=b")], "1"),
            "1",
        ),
        ("gzip", "fail", answer(200, &[JSON, ("content-encoding", "GZIP")], gzip("[1]")), "[1]"),
    ] {
        let calls = json!([{"name": "a", "cluster": "a", "path": "/", "not_json": not_json}]);
        let gateway = Gateway::of(calls, json!({}), |_| said.clone());
        assert_eq!(gateway.get("/x/7").body, format!("{{\"a\":{want}}}"), "{case}");
    }
}

#[test]
fn all_calls_end_when_the_request_s_time_is_over() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/"},
        {"name": "b", "cluster": "b", "path": "/${call.a}", "timeout": "700ms"},
        {"name": "c", "cluster": "c", "path": "/${call.b}"},
    ]);
    let gateway = Gateway::of(calls.clone(), json!({"timeout": "2s"}), |_| ok("1"));
    gateway.get("/x/7");
    let timeouts = |gateway: &Gateway<'_>| {
        gateway.calls.borrow().iter().map(|call| call.timeout.as_millis()).collect::<Vec<_>>()
    };
    // Each answer takes 3 ms.
    assert_eq!(timeouts(&gateway), [2_000, 700, 1_994]);
    // The first takes all of the time: the second is not made.
    let calls_made = std::cell::Cell::new(0);
    let mut gateway = Gateway::of(calls, json!({"timeout": "2s"}), |_| {
        calls_made.set(calls_made.get() + 1);
        ok("1")
    });
    gateway.takes(std::time::Duration::from_secs(2));
    let got = gateway.get("/x/7");
    assert_eq!((got.code, got.status, calls_made.get()), (Code::CallTimedOut, 504, 1));
}

#[test]
fn all_answers_together_are_bounded() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/"},
        {"name": "b", "cluster": "b", "path": "/", "optional": true},
    ]);
    let text = format!("\"{}\"", "a".repeat(700));
    for (case, said) in [
        ("as they come", ok(&text)),
        ("decompressed", answer(200, &[JSON, ("content-encoding", "gzip")], gzip(&text))),
    ] {
        let gateway = Gateway::of(calls.clone(), json!({"max_size": "1KiB"}), |_| said.clone());
        let got = gateway.get("/x/7");
        assert_eq!((got.code, got.status), (Code::AnswersTooLarge, 502), "{case}");
    }
    // What operations make of them counts, too.
    let calls = json!([
        {"name": "list", "cluster": "l", "path": "/", "hidden": true},
        {"name": "each", "cluster": "e", "path": "/${item}", "max_size": "1KiB", "hidden": true,
         "for_each": {"value": "list[*]"},
         "operations": [{"copy": {"from": "a", "to": "b"}}, {"copy": {"from": "$", "to": "c"}},
                        {"copy": {"from": "$", "to": "d"}}]},
    ]);
    let text = format!(r#"{{"a":"{}"}}"#, "a".repeat(300));
    let gateway = Gateway::of(calls, json!({"max_size": "1KiB"}), |call| {
        ok(if call.cluster == "l" { "[1,2]" } else { text.as_str() })
    });
    assert_eq!(gateway.get("/x/7").code, Code::AnswersTooLarge);
}

#[test]
fn outcomes_are_counted_by_call() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/"},
        {"name": "b", "cluster": "b", "path": "/", "optional": true},
        {"name": "c", "cluster": "c", "path": "/${query.none}", "optional": true},
        {"name": "d", "cluster": "d", "path": "/", "when": {"identity": "subject"}},
    ]);
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
        "a" => ok("1"),
        _ => answer(500, &[], ""),
    });
    gateway.get("/x/7");
    for (call, outcome, want) in [
        ("a", "answered", 1),
        ("b", "server_error", 1),
        ("b", "answered", 0),
        ("c", "input_missing", 1),
        ("d", "answered", 0),
    ] {
        assert_eq!(gateway.counted(call, outcome), want, "{call} {outcome}");
    }
}
