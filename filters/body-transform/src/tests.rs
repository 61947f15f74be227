mod configuration;
/// What heads decide: types, protocols, and the fields that a rule writes.
mod heads;
/// Bodies that take the place of others.
mod made;
/// Texts, forms with files, and forms that become queries.
mod texts;

use super::*;
use gatehouse_filter::{
    Body, Codes, Headers, OnRequestBody, OnRequestTrailers, OnResponse, OnResponseBody, Response,
    ResponseDecision, ResponseStep,
};
use gatehouse_filter_test::{FakeHost, check, configured};
use serde_json::{Value, json};

/// What happened to a request: code, body, head.
fn request(
    filter: &BodyTransform,
    fields: &[(&str, &str)],
    body: &str,
) -> (String, Option<String>, Headers) {
    let host = FakeHost::default();
    let head = [(":method", "POST"), (":path", "/"), (":authority", "a")];
    let fields: Vec<(&str, &str)> = head.iter().chain(fields).copied().collect();
    let mut request = Request::new(Headers::from_list(&fields), &host).with_body(true);
    let mut state = State::default();
    let decision = filter.on_request(&mut request, &mut state);
    let Step::ReadBody(collect) = decision.step else {
        return (decision.code.name().to_owned(), None, request.headers);
    };
    assert_eq!((collect.hold_head, collect.may_replace), (filter.hold_heads, true));
    let is_too_long = body.len() > collect.max_bytes;
    let mut body = if is_too_long { Body::too_long() } else { Body::new(body.as_bytes().to_vec()) };
    let head = collect.hold_head.then_some(&mut request);
    let decision = filter.on_request_body(head, &mut body, &host, &mut state).unwrap();
    let text = body.replacement().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    (decision.code.name().to_owned(), text, request.headers)
}

fn filter(configuration: Value) -> BodyTransform {
    configured(&configuration.to_string()).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_body_is_asked_for_only_where_a_rule_wants_it() {
    let filter = filter(json!({"rules": [
        {"match": {"headers": [{"name": "x-a", "present": true}]}, "request": {"max_body": "10B"}},
        {"match": {"headers": [{"name": "x-b", "present": true}]}, "response": {}},
    ]}));
    for (case, fields, body, code) in [
        ("no rule", &[JSON][..], "{}", "unmatched"),
        ("a rule", &[JSON, ("x-a", "")], "{}", "transformed"),
        ("a rule for responses", &[JSON, ("x-b", "")], "{}", "untouched"),
        ("another type", &[("content-type", "text/plain"), ("x-a", "")], "{}", "untouched"),
        ("no type", &[("x-a", "")], "{}", "untouched"),
        (
            "a type with parameters",
            &[("content-type", "Application/JSON ; x=y"), ("x-a", "")],
            "{}",
            "transformed",
        ),
        (
            "a type with a suffix",
            &[("content-type", "application/hal+json"), ("x-a", "")],
            "{}",
            "transformed",
        ),
        (
            "a problem",
            &[("content-type", "application/problem+json"), ("x-a", "")],
            "{}",
            "untouched",
        ),
        ("an upgrade", &[JSON, ("x-a", ""), ("upgrade", "websocket")], "{}", "untouched"),
        ("gRPC", &[("content-type", "application/grpc+json"), ("x-a", "")], "{}", "untouched"),
        ("an announced length", &[JSON, ("x-a", ""), ("content-length", "11")], "{}", "too_large"),
        (
            "a length that is none",
            &[JSON, ("x-a", ""), ("content-length", "x")],
            "{}",
            "transformed",
        ),
        ("one byte too many", &[JSON, ("x-a", "")], "\"123456789\"", "too_large"),
        ("as many as may be", &[JSON, ("x-a", "")], "\"12345678\"", "transformed"),
        ("no bytes", &[JSON, ("x-a", "")], "", "untouched"),
        (
            "two encodings",
            &[JSON, ("x-a", ""), ("content-encoding", "gzip"), ("content-encoding", "br")],
            "{}",
            "encoding_unknown",
        ),
    ] {
        assert_eq!(request(&filter, fields, body).0, code, "{case}");
    }
}

#[test]
fn a_head_that_waits_is_edited_when_the_body_has_come_and_another_at_once() {
    for hold in [true, false] {
        let side = json!({"read": "form", "write": "json"});
        let filter = filter(json!({"hold_heads": hold, "rules": [{"request": side}]}));
        let form = [("content-type", "application/x-www-form-urlencoded"), ("digest", "x")];
        let (code, body, head) = request(&filter, &form, "a=1");
        assert_eq!((code.as_str(), body.as_deref()), ("transformed", Some(r#"{"a":"1"}"#)));
        assert_eq!(head.first("content-type"), Some(&b"application/json"[..]));
        assert_eq!(head.first("digest"), None);
        let (code, _, head) = request(&filter, &form, "a=%ff");
        assert_eq!(code, "invalid");
        let told =
            if hold { &b"application/x-www-form-urlencoded"[..] } else { b"application/json" };
        assert_eq!(head.first("content-type"), Some(told));
    }
}

#[test]
fn a_request_may_be_held_for_its_body_where_a_rule_for_requests_holds_heads() {
    let host = FakeHost::default();
    for hold in [true, false] {
        let filter = filter(json!({"hold_heads": hold, "rules": [
            {"match": {"path": {"prefix": "/request"}}, "request": {}},
            {"match": {"path": {"prefix": "/response"}}, "response": {}},
        ]}));
        let may_hold = |path: &str| {
            filter.may_hold_for_body(&Request::new(Headers::from_list(&[(":path", path)]), &host))
        };
        let want = [hold, false, false];
        assert_eq!(["/request/1", "/response/1", "/other"].map(may_hold), want, "{hold}");
    }
}

#[test]
fn a_document_of_the_clients_cannot_grow_without_bound() {
    let copy = json!({"copy": {"from": "$", "to": "a[-]"}});
    let operations: Vec<Value> = (0..40).map(|_| copy.clone()).collect();
    let side = json!({"max_body": "1KiB", "operations": operations});
    let filter = filter(json!({"rules": [{"request": side}]}));
    assert_eq!(request(&filter, &[JSON], r#"{"a":[],"b":"0123456789"}"#).0, "grown_too_large");
    let each = json!([{"set": {"path": "i[*].all", "value": "${body}"}}]);
    let side = json!({"max_body": "1KiB", "operations": each});
    let filter = self::filter(json!({"rules": [{"request": side}]}));
    let items = vec!["{}"; 300].join(",");
    assert_eq!(request(&filter, &[JSON], &format!("{{\"i\":[{items}]}}")).0, "grown_too_large");
}

#[test]
fn what_a_client_writes_is_never_a_placeholder_and_never_more_than_a_value() {
    let side = json!({"operations": [
        {"set": {"path": "greeting", "value": "hi ${body.name}"}},
        {"set": {"path": "from", "value": "${header.x-from}"}},
    ]});
    let filter = filter(json!({"rules": [{"request": side}]}));
    let from = ("x-from", "\",\"admin\":true,\"x\":\"");
    let (_, body, _) = request(&filter, &[JSON, from], r#"{"name":"\"},{${header.x-from}"}"#);
    let value: Value = serde_json::from_str(&body.unwrap()).unwrap();
    assert_eq!(value["greeting"], "hi \"},{${header.x-from}");
    assert_eq!(value["from"], from.1);
    assert_eq!(value.as_object().unwrap().len(), 3);
}

#[test]
fn every_code_has_its_own_name() {
    let names: std::collections::BTreeSet<&str> =
        Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
}

#[test]
fn an_upstream_that_answers_early_changes_nothing_about_the_request() {
    let filter = filter(json!({"rules": [{"request": {}, "response": {}}]}));
    let host = FakeHost::default();
    let head = [(":method", "POST"), (":path", "/"), (":authority", "a"), JSON];
    let mut request = Request::new(Headers::from_list(&head), &host).with_body(true);
    let mut state = State::default();
    let decision = filter.on_request(&mut request, &mut state);
    assert!(matches!(decision.step, Step::ReadBody(_)), "{decision:?}");
    // The response is encoded, the request is not.
    let head = [(":status", "200"), JSON, ("content-encoding", "gzip")];
    let mut response = Response::new(Headers::from_list(&head), &host).with_body(true);
    let decision = filter.on_response(&mut response, &mut state);
    assert!(matches!(decision.step, ResponseStep::ReadBody(_)), "{decision:?}");
    let mut body = Body::new(b"{}".to_vec());
    let decision = filter.on_request_body(None, &mut body, &host, &mut state).unwrap();
    assert_eq!(decision.code.name(), "transformed");
    let mut body = Body::new(b"{}".to_vec());
    let decision = filter.on_response_body(None, &mut body, &host, &mut state).unwrap();
    assert_eq!(decision.code.map(Codes::name), Some("response_encoding_invalid"));
}

/// What is configured of a request's side, what comes with which fields, and the code and the body
/// that come of it.
type Case =
    (Value, &'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);

#[test]
fn what_comes_is_judged_by_its_own_head_and_never_replaced_to_fit() {
    let set = || json!([{"set": {"path": "tenant", "value": "t"}}]);
    let strict = || json!({"on_other_type": "reject"});
    let cases: Vec<Case> = vec![
        (strict(), &[("content-type", "application/grpc")], "{}", "type_refused", ""),
        (strict(), &[("content-type", "application/grpcx")], "{}", "type_refused", ""),
        (strict(), &[("content-type", "APPLICATION/GRPC+json")], "{}", "type_refused", ""),
        (strict(), &[("content-type", "application/grpc-web")], "{}", "type_refused", ""),
        (strict(), &[("content-type", "text/plain"), ("upgrade", "x")], "{}", "type_refused", ""),
        (strict(), &[("content-type", "application/json x")], "{}", "type_refused", ""),
        (strict(), &[("content-type", "application/x y+json")], "{}", "type_refused", ""),
        (
            strict(),
            &[("content-type", "application/json;a=1,text/plain")],
            "{}",
            "type_refused",
            "",
        ),
        (strict(), &[("content-type", "application/json;a=\"1,2\"")], "{}", "transformed", "{}"),
        (strict(), &[JSON], "\u{feff}{\"a\":1}", "transformed", r#"{"a":1}"#),
        (json!({"operations": set()}), &[JSON], "[1]", "misfit", ""),
        (json!({"operations": set()}), &[JSON], "\"x\"", "misfit", ""),
        (json!({"operations": set(), "on_misfit": "skip"}), &[JSON], "[1]", "transformed", "[1]"),
        (
            json!({"operations": [{"default": {"path": "a.b", "value": 1}}]}),
            &[JSON],
            r#"{"a":[]}"#,
            "misfit",
            "",
        ),
        (
            json!({"names": "ignore_case", "operations": [{"remove": {"path": "isAdmin"}}]}),
            &[JSON],
            "{\"i\u{17f}ADMIN\":true,\"a\":1}",
            "transformed",
            r#"{"a":1}"#,
        ),
        (
            json!({"names": "ignore_case"}),
            &[JSON],
            r#"{"isAdmin":1,"ISADMIN":2}"#,
            "duplicate_name",
            "",
        ),
        (
            json!({"names": "ignore_case", "operations": [{"keep": {"names": ["id"]}}]}),
            &[JSON],
            r#"{"ID":1,"x":2}"#,
            "transformed",
            r#"{"ID":1}"#,
        ),
    ];
    for (side, fields, body, code, want) in cases {
        let filter = filter(json!({"rules": [{"request": side.clone()}]}));
        let (told, got, _) = request(&filter, fields, body);
        let got = got.unwrap_or_default();
        assert_eq!((told.as_str(), got.as_str()), (code, want), "{side} {fields:?} {body}");
    }
}

#[test]
fn a_field_that_a_rule_writes_is_the_rules_whatever_comes_of_the_body() {
    let operation = json!({"set_header": {"name": "x-author", "value": "${body.a}"},
        "when": {"path": "b", "exists": true}});
    let side = json!({"operations": [operation], "on_invalid": "pass", "on_oversize": "pass",
        "max_body": "20B"});
    let filter = filter(json!({"hold_heads": true, "rules": [{"request": side}]}));
    for (content_type, body, want) in [
        ("application/json", r#"{"a":"x","b":1}"#, Some(&b"x"[..])),
        ("application/json", r#"{"a":"x"}"#, None),
        ("application/json", r#"{"b":1}"#, None),
        ("application/json", "", None),
        ("application/json", "{", None),
        ("application/json", r#"{"a":"xxxxxxxxxxxxxxxxx"}"#, None),
        ("text/plain", "{}", None),
        ("application/grpc", "{}", None),
    ] {
        let fields =
            [("content-type", content_type), ("x-author", "forged"), ("x_author", "forged")];
        let (_, _, head) = request(&filter, &fields, body);
        assert_eq!(head.first("x-author"), want, "{content_type} {body}");
        assert_eq!(head.first("x_author"), None, "{content_type} {body}");
    }
    let host = FakeHost::default();
    let head = [(":method", "GET"), (":path", "/"), ("x-author", "forged")];
    let mut get = Request::new(Headers::from_list(&head), &host);
    let _ = filter.on_request(&mut get, &mut State::default());
    assert_eq!(get.headers.first("x-author"), None);
}
