//! Costs that bodies of responses tell: which bodies, and what is charged.

use super::*;
use crate::RateLimit;
use crate::cost::Cost;
use gatehouse_filter::config;
use gatehouse_filter_test::{FakeHost, configured};

fn cost(body: &str) -> Cost {
    let json = format!(r#"{{"response_body": {body}, "default": 3, "most": 1000}}"#);
    config::read(json.as_bytes(), Cost::read).unwrap()
}

/// What an answer with this body has told.
fn told(body: &str, content_type: &str, answer: &str) -> Option<u32> {
    let (host, cost) = (FakeHost::default(), cost(body));
    let head = Headers::from_list(&[("content-type", content_type)]);
    let mut reader = Usage::reader(&Response::new(head, &host).with_body(true))?;
    let usage = cost.usage().unwrap();
    answer.as_bytes().chunks(7).for_each(|part| usage.read(part, &mut reader));
    usage.cost(&reader)
}

const TOTAL: &str = r#""usage.total_tokens""#;

#[test]
fn an_answer_tells_what_it_has_cost() {
    const SUM: &str = r#"["usage.prompt_tokens", "usage.completion_tokens"]"#;
    // Of a stream, what came in begins at one path and of an answer at another.
    const EITHER: &str = r#"[{"path": ["usage.in", "message.usage.in"]}, "usage.out"]"#;
    const DEARER: &str = r#"["usage.in", {"path": "usage.out", "times": 4}]"#;
    let openai =
        r#"{"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21},"id":"x"}"#;
    for (body, answer, want) in [
        (TOTAL, openai, Some(21)),
        (SUM, openai, Some(21)),
        (r#"{"path": "usage.completion_tokens"}"#, openai, Some(12)),
        (r#"{"path": "/usage/completion_tokens", "times": 3}"#, openai, Some(36)),
        (r#""/usage/a.b~1c""#, r#"{"usage":{"a.b/c":5}}"#, Some(5)),
        (TOTAL, r#"{"usage":{"total_tokens":0}}"#, Some(0)),
        (TOTAL, r#"{"usage":{"total_tokens":1000}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":1001}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":1e9}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":99999999999999999999}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":-1}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":1.5}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":"21"}}"#, Some(1000)),
        (TOTAL, r#"{"usage":{"total_tokens":7,"total_tokens":9,"total_tokens":8}}"#, Some(9)),
        (TOTAL, r#"{"usage":{"total_tokens":null}}"#, None),
        (TOTAL, r#"{"error":{"message":"overloaded"}}"#, None),
        (TOTAL, "no JSON", None),
        (TOTAL, "", None),
        (SUM, r#"{"usage":{"prompt_tokens":9}}"#, Some(9)),
        (SUM, r#"{"usage":{"prompt_tokens":9,"completion_tokens":[]}}"#, Some(1000)),
        (
            SUM,
            r#"{"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":2}}"#,
            Some(1000),
        ),
        (EITHER, r#"{"usage":{"in":9,"out":12}}"#, Some(21)),
        (EITHER, r#"{"message":{"usage":{"in":9}},"usage":{"out":12}}"#, Some(21)),
        (EITHER, r#"{"message":{"usage":{"in":9}},"usage":{"in":10,"out":12}}"#, Some(22)),
        (DEARER, r#"{"usage":{"in":9,"out":12}}"#, Some(57)),
        // What a model writes is no member of the answer's.
        (TOTAL, r#"{"choices":[{"usage":{"total_tokens":9}}],"x":{"usage":1}}"#, None),
    ] {
        assert_eq!(told(body, "application/json", answer), want, "{body} of {answer}");
        let stream = format!("data: {{\"usage\":null}}\n\ndata: {answer}\n\ndata: [DONE]\n\n");
        assert_eq!(told(body, "text/event-stream", &stream), want, "{body} of {stream}");
        assert_eq!(told(body, "text/plain", answer), None, "{body} of {answer}");
    }
}

#[test]
fn what_cannot_be_read_has_no_reader() {
    let host = FakeHost::default();
    let json = ("content-type", "application/json");
    for (case, head, body_follows, is_read) in [
        ("JSON", &[json][..], true, true),
        ("no body", &[json], false, false),
        ("no type", &[], true, false),
        ("identity", &[json, ("content-encoding", "Identity")], true, true),
        ("gzip", &[json, ("content-encoding", "gzip")], true, false),
        ("a page", &[("content-type", "text/html")], true, false),
    ] {
        let response = Response::new(Headers::from_list(head), &host).with_body(body_follows);
        assert_eq!(Usage::reader(&response).is_some(), is_read, "{case}");
    }
}

#[test]
fn an_upstream_is_asked_for_what_can_be_read() {
    for (asked, want) in [
        (&[][..], &[][..]),
        (&[("accept-encoding", "gzip, br")], &[("accept-encoding", "identity")]),
        (&[("accept-encoding", "")], &[("accept-encoding", "identity")]),
        (
            &[("accept-encoding", "identity"), ("accept-encoding", "br")],
            &[("accept-encoding", "identity")],
        ),
        (&[("range", "bytes=0-10"), ("if-range", "\"a\""), ("a", "b")], &[("a", "b")]),
    ] {
        let mut head = Headers::from_list(asked);
        ask_for_what_can_be_read(&mut head);
        for name in ["accept-encoding", "range", "if-range", "a"] {
            let got: Vec<_> = head.values(name).map(<[u8]>::to_vec).collect();
            let want = want.iter().filter(|(known, _)| *known == name);
            let want: Vec<_> = want.map(|(_, value)| value.as_bytes().to_vec()).collect();
            assert_eq!(got, want, "{name} of {asked:?}");
        }
    }
}

#[test]
fn what_is_looked_for_is_checked() {
    let faults = |body: &str, more: &str| {
        let json = format!(
            r#"{{"rules": [{{"cost": {{"response_body": {body}, "most": 9 {more}}},
                "limits": [{{"requests": 5, "window": "1s"}}]}}]}}"#
        );
        configured::<RateLimit>(&json).err().unwrap_or_default()
    };
    for good in [
        TOTAL,
        r#"["a.b", "a.c", {"path": ["/a/d.e", "f"], "times": 1000}]"#,
        r#"{"path": "a"}"#,
        r#""/a[0]""#,
    ] {
        assert_eq!(faults(good, ""), [""; 0], "{good}");
    }
    let body = "rules[0].cost.response_body";
    let many =
        format!("[{}]", (0..17).map(|at| format!(r#""a{at}""#)).collect::<Vec<_>>().join(","));
    let deep = format!(r#""{}""#, ["a"; 9].join("."));
    let long = format!(r#""{}""#, "a".repeat(65));
    for (json, want) in [
        (r#""""#, ": must not be empty"),
        (r#""a..b""#, ": has an empty name: a path is `usage.total_tokens`, or `/usage/a.b`"),
        (r#""/""#, ": has an empty name"),
        (r#""$.usage""#, ": has other parts than names"),
        (r#""a[*].b""#, ": has other parts than names: of a list of answers each"),
        ("7", ": must be text"),
        ("[]", ": must not be empty"),
        (r#"["a", "b.c", "a"]"#, ": counts `a` twice: say how often with `times`"),
        (r#"["a.b", {"path": ["c", "a.b"]}]"#, ": counts `a.b` twice"),
        (r#"["usage.total", "usage"]"#, ": cannot count both `usage.total` and `usage`, which"),
        (r#"{"times": 2}"#, ".path: is required"),
        (r#"{"path": []}"#, ".path: must not be empty"),
        (r#"[{"path": "a", "times": 0}]"#, "[0].times: must be from 1 to 1000000000"),
        (r#"[{"path": "a", "time": 2}]"#, "[0].time: unknown field, did you mean `times`?"),
        (many.as_str(), ": must be 1 to 16 paths"),
        (deep.as_str(), ": must have 1 to 8 names"),
        (long.as_str(), ": must have names of at most 64 bytes"),
    ] {
        let got = faults(json, "");
        assert!(got[0].starts_with(&format!("{body}{want}")), "{json}: {got:?}");
    }
    assert_eq!(
        faults(TOTAL, r#", "header": "x-cost""#),
        ["rules[0].cost: must have exactly one of header, response_header, response_body"]
    );
    assert_eq!(
        faults(TOTAL, r#", "default": 6"#),
        ["rules[0]: cost.default must not be more than a limit lets pass at once, 5"]
    );
}
