use super::*;

const TWICE: &str = r#"{"a":1,"a":2}"#;

#[test]
fn nothing_that_a_client_says_of_its_request_switches_a_strict_rule_off() {
    for hold in [true, false] {
        let rule = |choice: &str| {
            let side = json!({"on_other_type": choice});
            filter(json!({"hold_heads": hold, "rules": [{"request": side}]}))
        };
        let (strict, lax) = (rule("reject"), rule("pass"));
        let length = ("content-length", "13");
        let socket = ("upgrade", "websocket");
        for (fields, by_strict, by_lax) in [
            (&[("content-type", "application/grpc")][..], "type_refused", "untouched"),
            (&[("content-type", "application/grpc+proto")], "type_refused", "untouched"),
            (&[("content-type", "application/grpcx")], "type_refused", "untouched"),
            (&[("content-type", "application/grpc-web")], "type_refused", "untouched"),
            (&[("content-type", "application/grpc+json")], "type_refused", "untouched"),
            (&[("content-type", "APPLICATION/GRPC-web+json")], "type_refused", "untouched"),
            (
                &[("content-type", "\tapplication/JSON\t;x=\"a,b/c\"")],
                "duplicate_name",
                "duplicate_name",
            ),
            // No media types.
            (&[("content-type", "")], "type_refused", "untouched"),
            (&[("content-type", "json")], "type_refused", "untouched"),
            (&[("content-type", "application/json x")], "type_refused", "untouched"),
            (&[("content-type", "application/ json")], "type_refused", "untouched"),
            (&[("content-type", "application/a b+json")], "type_refused", "untouched"),
            (&[("content-type", "application/a/b+json")], "type_refused", "untouched"),
            // Two of them, as Envoy joins them.
            (&[("content-type", "text/plain,application/json")], "type_refused", "type_refused"),
            (
                &[("content-type", "text/plain;a=b,application/json")],
                "type_refused",
                "type_refused",
            ),
            (
                &[("content-type", "text/plain;a=\",application/json")],
                "type_refused",
                "type_refused",
            ),
            (
                &[("content-type", "text/plain;a=\"\\\",application/json\"")],
                "type_refused",
                "untouched",
            ),
            (
                &[("content-type", "multipart/form-data;boundary=a,b")],
                "type_refused",
                "type_refused",
            ),
            // Another protocol.
            (&[socket], "type_refused", "untouched"),
            (&[socket, JSON], "type_refused", "untouched"),
            (&[socket, JSON, ("content-length", "0")], "type_refused", "untouched"),
            (&[socket, JSON, length], "type_refused", "type_refused"),
            (&[("upgrade", "h2c"), JSON, length], "type_refused", "type_refused"),
            (&[socket, ("content-type", "text/plain"), length], "type_refused", "untouched"),
        ] {
            assert_eq!(request(&strict, fields, TWICE).0, by_strict, "{fields:?}, {hold}");
            assert_eq!(request(&lax, fields, TWICE).0, by_lax, "{fields:?}, {hold}");
        }
    }
}

/// What happened to a response: code, whether it is noted, body, head.
fn response(
    filter: &BodyTransform,
    state: &mut State,
    fields: &[(&str, &str)],
    body: Option<&str>,
) -> (String, bool, Option<String>, Headers) {
    let host = FakeHost::default();
    let mut response = Response::new(Headers::from_list(fields), &host).with_body(body.is_some());
    let mut decision = filter.on_response(&mut response, state);
    let mut replaced = None;
    if let ResponseStep::ReadBody(collect) = decision.step {
        let mut body = Body::new(body.unwrap_or_default().as_bytes().to_vec());
        let head = collect.hold_head.then_some(&mut response);
        decision = filter.on_response_body(head, &mut body, &host, state).unwrap();
        replaced = body.replacement().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    }
    let code = decision.code.map(Codes::name).unwrap_or_default().to_owned();
    (code, decision.rule.is_some(), replaced, response.headers)
}

/// The state of a request with this head and body.
fn asked(filter: &BodyTransform, fields: &[(&str, &str)], body: Option<&str>) -> State {
    let host = FakeHost::default();
    let fields: Vec<(&str, &str)> =
        [(":method", "GET"), (":path", "/")].iter().chain(fields).copied().collect();
    let mut request = Request::new(Headers::from_list(&fields), &host).with_body(body.is_some());
    let mut state = State::default();
    let decision = filter.on_request(&mut request, &mut state);
    if let (Step::ReadBody(collect), Some(body)) = (decision.step, body) {
        let mut body = Body::new(body.as_bytes().to_vec());
        let head = collect.hold_head.then_some(&mut request);
        let _ = filter.on_request_body(head, &mut body, &host, &mut state).unwrap();
    }
    state
}

#[test]
fn a_response_is_judged_by_its_own_head_whatever_its_request_says() {
    let rule = |choice: &str| {
        let side = json!({"on_other_type": choice, "operations": [{"remove": {"path": "secret"}}]});
        filter(json!({"hold_heads": true, "rules": [{"response": side}]}))
    };
    let (strict, lax) = (rule("reject"), rule("pass"));
    let body = r#"{"id":1,"secret":2}"#;
    for request in [
        &[][..],
        &[("content-type", "application/grpcx")],
        &[("content-type", "application/grpc")],
        &[("content-type", "APPLICATION/GRPC-web+json")],
        &[("upgrade", "websocket")],
    ] {
        for (status, content_type, by_strict, by_lax) in [
            ("200", "application/json", "response_transformed", "response_transformed"),
            ("200", "Application/grpc-web+JSON", "response_type_refused", "response_untouched"),
            ("200", "application/grpc", "response_type_refused", "response_untouched"),
            ("200", "application/grpcx", "response_type_refused", "response_untouched"),
            ("101", "application/json", "response_type_refused", "response_untouched"),
        ] {
            let head = [(":status", status), ("content-type", content_type)];
            for (filter, want) in [(&strict, by_strict), (&lax, by_lax)] {
                let mut state = asked(filter, request, None);
                let (code, _, replaced, _) = response(filter, &mut state, &head, Some(body));
                assert_eq!(code, want, "{request:?} {head:?}");
                let changed = want == "response_transformed";
                assert_eq!(replaced.as_deref(), changed.then_some(r#"{"id":1}"#), "{head:?}");
            }
        }
    }
}

#[test]
fn a_field_that_a_rule_writes_is_the_rules_whatever_becomes_of_the_body() {
    let set = json!({"set_header": {"name": "x-owner", "value": "${body.owner}"}});
    let with_condition = json!({"set_header": {"name": "x-big", "value": "1"},
        "when": {"path": "size", "equals": "big"}});
    let deep = json!({"each": {"path": "items[*]", "operations": [
        {"set_header": {"name": "x-item", "value": "${body.id}"}}]}});
    let own = json!({"set": {"path": "said", "value": "${header.x-owner}"}});
    let side = json!({"operations": [set, with_condition, deep, own], "on_invalid": "pass",
        "on_unknown_encoding": "pass", "on_oversize": "pass", "max_body": "60B"});
    let filter = filter(json!({"hold_heads": true, "rules": [{"request": side}]}));
    let forged = [
        ("x-owner", "mallory"),
        ("x_owner", "mallory"),
        ("X-Big", "1"),
        ("x-big", "1"),
        ("x-item", "9"),
        ("x-own", "mine"),
    ];
    let long = format!("\"{}\"", "a".repeat(60));
    for (more, body, code, owner, item) in [
        (
            &[JSON][..],
            r#"{"owner":"ann","items":[{"id":7}]}"#,
            "transformed",
            Some("ann"),
            Some("7"),
        ),
        (&[JSON], "{}", "transformed", None, None),
        (&[JSON], r#"{"owner":null,"items":[]}"#, "transformed", None, None),
        (&[JSON], "", "untouched", None, None),
        (&[JSON], "{", "passed", None, None),
        (&[JSON], &long, "passed", None, None),
        (&[JSON, ("content-length", "61")], &long, "passed", None, None),
        (&[JSON, ("content-encoding", "zstd")], "{", "passed", None, None),
        (&[], "{}", "untouched", None, None),
        (&[("content-type", "text/plain")], "{}", "untouched", None, None),
        (&[("upgrade", "websocket")], "{}", "untouched", None, None),
    ] {
        let fields: Vec<(&str, &str)> = forged.iter().chain(more).copied().collect();
        let (told, replaced, head) = request(&filter, &fields, body);
        let first = |name| head.first(name).map(|value| String::from_utf8(value.to_vec()).unwrap());
        assert_eq!(told, code, "{more:?} {body}");
        assert_eq!(first("x-owner").as_deref(), owner, "{more:?} {body}");
        assert_eq!(first("x-item").as_deref(), item, "{more:?} {body}");
        assert_eq!([first("x_owner"), first("x-big")], [None, None], "{more:?} {body}");
        assert_eq!(first("x-own").as_deref(), Some("mine"));
        // A rule may still read what it takes out.
        if let Some(replaced) = replaced {
            assert!(replaced.contains(r#""said":"mallory""#), "{replaced}");
        }
    }
    // Nor after the body.
    let state = asked(&filter, &forged, None);
    let sent = ["x-owner", "x_owner", "x-big", "x-item", "x-own", "x-said"].map(|name| (name, "1"));
    let cleared = |state: &State| {
        let mut trailers = Headers::from_list(&sent);
        filter.clear_trailers(&mut trailers, state);
        let names: Vec<String> =
            trailers.edits().iter().map(|edit| edit.name.as_str().to_owned()).collect();
        names
    };
    assert_eq!(cleared(&state), ["x-owner", "x_owner", "x-big", "x-item"]);
    assert!(cleared(&State::default()).is_empty());
}

#[test]
fn a_field_that_a_rule_writes_into_responses_is_never_the_upstreams() {
    let set = json!({"set_header": {"name": "x-error", "value": "${body.error}"}});
    let side = json!({"statuses": ["2xx"], "operations": [set], "on_invalid": "pass"});
    let filter = filter(json!({"hold_heads": true, "rules": [{"response": side}]}));
    for (status, content_type, body, want) in [
        ("200", "application/json", Some(r#"{"error":"none"}"#), Some("none")),
        ("200", "application/json", Some("{}"), None),
        ("200", "application/json", Some(""), None),
        ("200", "application/json", Some("{"), None),
        ("200", "application/json", None, None),
        ("200", "text/plain", Some("{}"), None),
        ("204", "", None, None),
        // The rule is not for it.
        ("404", "application/json", Some("{}"), Some("theirs")),
    ] {
        let mut state = asked(&filter, &[], None);
        let head = [(":status", status), ("content-type", content_type), ("x-error", "theirs")];
        let (_, _, _, head) = response(&filter, &mut state, &head, body);
        assert_eq!(head.first("x-error"), want.map(str::as_bytes), "{status} {body:?}");
    }
}

#[test]
fn what_is_done_to_a_response_is_noted_where_nothing_was_done_to_its_request() {
    let side = json!({"on_invalid": "pass", "operations": [{"remove": {"path": "secret"}}]});
    let filter = filter(json!({"rules": [{"request": side, "response": side}]}));
    for (sent, answered, code, is_noted) in [
        (None, Some("{}"), "response_transformed", true),
        (None, Some("{"), "response_passed", true),
        (None, Some(""), "response_untouched", false),
        (None, None, "response_untouched", false),
        (Some(""), Some("{}"), "response_transformed", true),
        (Some("{}"), Some("{}"), "response_transformed", false),
        (Some("{"), Some("{}"), "response_transformed", false),
        (Some("{}"), None, "response_untouched", false),
    ] {
        let mut state = asked(&filter, &[JSON], sent);
        let head = [(":status", "200"), JSON];
        let (told, noted, _, _) = response(&filter, &mut state, &head, answered);
        assert_eq!((told.as_str(), noted), (code, is_noted), "{sent:?} {answered:?}");
    }
}

#[test]
fn a_byte_order_mark_before_a_document_is_passed_over() {
    let filter = filter(json!({"rules": [{"request": {}}]}));
    for (body, want) in [
        ("\u{feff}{\"a\":\"\u{feff}\"}", Ok("{\"a\":\"\u{feff}\"}")),
        ("\u{feff} [1] ", Ok("[1]")),
        ("\u{feff}", Err("invalid")),
        ("\u{feff}\u{feff}{}", Err("invalid")),
        ("\u{feff}{\"a\":1,\"a\":2}", Err("duplicate_name")),
        ("{}\u{feff}", Err("invalid")),
    ] {
        let (code, replaced, _) = request(&filter, &[JSON], body);
        assert_eq!(replaced.as_deref().ok_or(code.as_str()), want, "{body:?}");
    }
}
