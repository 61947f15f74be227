//! What is made of a request: captures of a pattern, facts of the host, functions.

use super::*;

fn rule(rule: &str) -> HeaderTransform {
    filter(&format!("[{rule}]"))
}

#[test]
fn a_pattern_captures_of_any_value_for_requests_and_responses() {
    let host = rule(
        r#"{"capture": {"from": "${host}", "regex": "^(?P<tenant>[a-z]+)[.](eu|us)[.]"},
            "request": [{"set": {"name": "x-tenant", "value": "${match.tenant}"}},
                        {"set": {"name": "x-zone", "value": "${match.2 | upper | default: none}"}}],
            "response": [{"set": {"name": "x-tenant", "value": "${match.1}"}}]}"#,
    );
    for (authority, want, answered_with) in [
        ("Acme.EU.example:8080", &["x-tenant: acme", "x-zone: EU"][..], &["x-tenant: acme"][..]),
        ("acme.xx.example", &["x-zone: none"], &[]),
        ("\u{fc}.eu.example", &["x-zone: none"], &[]),
    ] {
        let fields: &[(&str, &[u8])] =
            &[(":authority", authority.as_bytes()), ("x-tenant", b"forged")];
        assert_eq!(head(&put(&host, fields).headers), want, "{authority}");
        let answered = response::answered(&host, fields, &[("x-tenant", b"old")]);
        assert_eq!(answered, answered_with, "{authority}");
    }
    // The request as it came, whatever was changed since.
    let before = rule(
        r#"{"reroute": true, "capture": {"from": "${path}", "regex": "^/v([0-9]+)/"},
            "request": [{"path": {"regex": "/v[0-9]+/(.*)", "to": "/{1}"}},
                        {"set": {"name": "x-version", "value": "${match.1}"}}]}"#,
    );
    let outcome = put(&before, &[(":path", b"/v2/users?q")]);
    assert_eq!(outcome.values(":path"), ["/users?q"]);
    assert_eq!(head(&outcome.headers), ["x-version: 2"]);
}

#[test]
fn facts_of_the_host_are_written() {
    let host = FakeHost::at(1_800_000_000);
    host.set(gatehouse_filter::Attribute::SourceAddress, "203.0.113.7:1234");
    let filter = operations(
        r#"[{"set": {"name": "x-client", "value": "${client_address}"}},
            {"set": {"name": "x-time", "value": "${time}"}},
            {"set": {"name": "x-id", "value": "${uuid}"}},
            {"set": {"name": "x-session", "value": "${cookie.sid}"}}]"#,
    );
    let outcome = ask(&filter, &host, &[("cookie", b"a=1; sid=\"7\"")]);
    let head = head(&outcome.headers);
    assert_eq!(head[1..3], ["x-client: 203.0.113.7", "x-time: 2027-01-15T08:00:00Z"]);
    assert_eq!(head[4], "x-session: 7");
    // Version 4, variant 10: RFC 9562 §4.
    let id: Vec<&str> = head[3].strip_prefix("x-id: ").unwrap().split('-').collect();
    assert_eq!(id.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(id[2].starts_with('4') && id[3].starts_with(['8', '9', 'a', 'b']), "{id:?}");
    let needs = |filter: &HeaderTransform| filter.needs().contains(&Need::Clock);
    assert!(needs(&filter));
    assert!(!needs(&operations(r#"[{"set": {"name": "x", "value": "${uuid}"}}]"#)));
}

#[test]
fn what_is_decoded_cannot_end_a_field() {
    let filter = operations(
        r#"[{"set": {"name": "x-a", "value": "${header.x-b | base64_decode}"}},
            {"set": {"name": "x-c", "value": "${cookie.c}"}}]"#,
    );
    for (case, fields) in [
        ("CR LF", &[("x-b", &b"YQ0KeDogeQ=="[..])][..]),
        ("NUL", &[("x-b", b"AA==")]),
        ("a cookie", &[("cookie", b"c=a\r\nx: y")]),
    ] {
        let outcome = put(&filter, fields);
        assert_eq!(outcome.decision.code, Code::ValueInvalid, "{case}");
    }
    // On the way back nothing can be refused: the field goes.
    let filter = rule(
        r#"{"response": [{"set": {"name": "x-a", "value": "${response.header.x-b | base64_decode}"}}]}"#,
    );
    let fields: &[(&str, &[u8])] = &[("x-a", b"old"), ("x-b", b"YQ0KeDogeQ==")];
    assert_eq!(response::answered(&filter, &[], fields), ["x-b: YQ0KeDogeQ=="]);
}

#[test]
fn a_new_path_has_values_in_it_that_stay_in_their_segments() {
    let to = |to: &str| {
        rule(&format!(
            r#"{{"reroute": true, "match": {{"path": {{"template": "/v1/{{id}}"}}}},
                "request": [{{"path": {{"to": "{to}"}}}}]}}"#
        ))
    };
    let target = |filter: &HeaderTransform, tenant: &[u8]| {
        let outcome = put(filter, &[(":path", b"/v1/a%20b?q=1"), ("x-t", tenant)]);
        match outcome.decision.step {
            Step::Reply(_) => Err(outcome.decision.code),
            _ => Ok(outcome.values(":path").join("|")),
        }
    };
    let filter = to("/t/${header.x-t}/{id}");
    for (tenant, want) in [
        (&b"acme"[..], Some("/t/acme/a%20b?q=1")),
        (b"a b?#&", Some("/t/a%20b%3F%23%26/a%20b?q=1")),
        (b"\xc3\xbc", Some("/t/%C3%BC/a%20b?q=1")),
        (b"", None),
        (b"..", None),
        (b".", None),
        (b"a/b", None),
        (b"../admin", None),
        (b"a\\b", None),
        (b"%2e%2e", None),
        (b"%2f", None),
        (b"..;x", None),
        (b"\0", None),
        (b"\xef\xbc\x8e\xef\xbc\x8e", None),
    ] {
        let want = want.map(str::to_owned).ok_or(Code::PathInvalid);
        assert_eq!(target(&filter, tenant), want, "{}", tenant.escape_ascii());
    }
    let none = put(&filter, &[(":path", b"/v1/a")]);
    assert_eq!(none.decision.code, Code::PathInvalid);
    let dots = to("/.${header.x-t}");
    assert_eq!(target(&dots, b"."), Err(Code::PathInvalid));
    assert_eq!(
        target(&to("/${header.x-n | default: public}/{id}"), b""),
        Ok("/public/a%20b?q=1".into())
    );
    let prefix = rule(
        r#"{"reroute": true, "request": [{"path": {"prefix": "/v1", "to": "/${header.x-t}/"}}]}"#,
    );
    assert_eq!(target(&prefix, b"acme"), Ok("/acme/a%20b?q=1".to_owned()));
}

#[test]
fn a_parameter_is_replaced_where_it_is() {
    let filter = rule(
        r#"{"reroute": true, "request": [{"query": {"replace_if_present":
            {"name": "a", "value": "${header.x}"}}}]}"#,
    );
    for (query, x, want) in [
        ("/?a=1&b=2&%61=3", Some("n w"), "/?a=n%20w&b=2"),
        ("/?b=2", Some("new"), "/?b=2"),
        ("/?a", Some("new"), "/?a=new"),
        ("/?a=1&b=2", None, "/?b=2"),
    ] {
        let mut fields: Vec<(&str, &[u8])> = vec![(":path", query.as_bytes())];
        fields.extend(x.map(|x| ("x", x.as_bytes())));
        assert_eq!(put(&filter, &fields).values(":path"), [want], "{query}");
    }
}

#[test]
fn what_is_wrong_with_them_is_told() {
    let set = r#""request": [{"set": {"name": "x", "value": "${match.1}"}}]"#;
    let path =
        |to: &str| format!(r#"{{"reroute": true, "request": [{{"path": {{"to": "{to}"}}}}]}}"#);
    for (rule, want) in [
        (format!("{{{set}}}"), "rules[0].request[0].set.value: `${match.1}` (character 1): has no pattern"),
        (
            format!(r#"{{"capture": {{"from": "${{host}}", "regex": "a"}}, {set}}}"#),
            "rules[0].capture.regex: captures nothing",
        ),
        (
            format!(r#"{{"capture": {{"from": "a", "regex": "(a)"}}, {set}}}"#),
            "rules[0].capture.from: must have a placeholder",
        ),
        (
            format!(r#"{{"capture": {{"from": "${{host}}", "regex": "(a"}}, {set}}}"#),
            "rules[0].capture.regex: is not a valid pattern",
        ),
        (
            format!(r#"{{"capture": {{"from": "${{match.1}}", "regex": "(a)"}}, {set}}}"#),
            "rules[0].capture.from: `${match.1}` (character 1): has no pattern",
        ),
        (
            r#"{"capture": {"from": "${host}", "regex": "(a)"}, "request": [{"set": {"name": "x", "value": "${match.2}"}}]}"#.to_owned(),
            "rules[0].request[0].set.value: `${match.2}` (character 1): is no group of the pattern",
        ),
        (
            r#"{"capture": {"from": "${host}", "regex": "(a)"}, "request": [{"remove": {"name": "x"}}]}"#.to_owned(),
            "rules[0].capture: does nothing: name what it captures",
        ),
        (path("/${metod}"), "rules[0].request[0].path.to: `${metod}` (character 1): unknown placeholder"),
        (path("/${method"), "rules[0].request[0].path.to: has an opening brace without a closing one"),
        (path("/.${method}/../x"), "rules[0].request[0].path.to: must not have `.` or `..`"),
        (path("${method}"), "rules[0].request[0].path.to: must begin with a slash"),
    ] {
        let faults = configured::<HeaderTransform>(&format!(r#"{{"rules": [{rule}]}}"#));
        let faults = faults.err().unwrap_or_default();
        assert!(faults.iter().any(|fault| fault.starts_with(want)), "{rule}: {faults:?}");
    }
}

#[test]
fn all_rules_apply_where_it_is_said_so() {
    let filter: HeaderTransform = configured(
        r#"{"apply": "all", "rules": [
            {"name": "every", "request": [{"set": {"name": "x-a", "value": "1"}}],
                "response": [{"append": {"name": "x-seen", "value": "every"}}]},
            {"name": "users", "reroute": true, "match": {"path": {"template": "/users/{id}"}},
                "request": [{"set": {"name": "x-a", "value": "${header.x-a}${path.id}"}},
                            {"path": {"to": "/u/{id}"}}],
                "response": [{"append": {"name": "x-seen", "value": "${path.id}"}}]},
            {"name": "u", "match": {"path": {"prefix": "/u"}},
                "request": [{"set": {"name": "x-u", "value": "1"}}]},
            {"name": "strict", "match": {"headers": [{"name": "x-strict", "present": true}]},
                "request": [{"set": {"name": "x-b", "value": "${query.q}"}}]}
        ]}"#,
    )
    .unwrap();
    for (fields, code, rule, want, seen) in [
        (
            &[(":path", &b"/users/7"[..])][..],
            Code::Applied,
            "every+users",
            &["x-a: 17"][..],
            &["x-seen: every", "x-seen: 7"][..],
        ),
        // Rules are looked for in the request as it came.
        (&[(":path", b"/u")], Code::Applied, "every+u", &["x-a: 1", "x-u: 1"], &["x-seen: every"]),
        (
            &[(":path", b"/?q=%0a"), ("x-strict", b"")],
            Code::ValueInvalid,
            "every+strict",
            &["x-strict: ", "x-a: 1"],
            &["x-seen: every"],
        ),
    ] {
        let outcome = put(&filter, fields);
        assert_eq!(outcome.decision.code, code, "{rule}");
        assert_eq!(outcome.decision.rule.as_deref(), Some(rule));
        assert_eq!(head(&outcome.headers), want, "{rule}");
        assert_eq!(response::answered(&filter, fields, &[]), seen, "{rule}");
    }
    // Of rules of which the first counts, one behind such a rule would never apply.
    for (apply, is_good) in [("all", true), ("first", false), ("some", false)] {
        let rule = r#"{"request": [{"remove": {"name": "x"}}]}"#;
        let json = format!(r#"{{"apply": "{apply}", "rules": [{rule}, {rule}]}}"#);
        assert_eq!(configured::<HeaderTransform>(&json).is_ok(), is_good, "{apply}");
    }
}
