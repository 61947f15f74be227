use super::*;
use gatehouse_filter::{EditKind, Headers, Identity, Problem, ResponseStep, Step};
use gatehouse_filter_test::{FakeHost, Outcome, ask, check, configured};

mod configuration;
mod response;
mod target;

fn filter(rules: &str) -> HeaderTransform {
    configured(&format!(r#"{{"rules": {rules}}}"#)).unwrap()
}

/// A filter with one rule for every request.
fn operations(request: &str) -> HeaderTransform {
    filter(&format!(r#"[{{"name": "all", "request": {request}}}]"#))
}

/// The head as whoever comes next sees it, one `name: value` a field; without pseudo-header fields.
fn head(headers: &Headers) -> Vec<String> {
    let received =
        headers.iter_received().map(|(name, _)| String::from_utf8(name.to_vec()).unwrap());
    let edited = headers.edits().iter().map(|edit| edit.name.as_str().to_owned());
    let mut names: Vec<String> = Vec::new();
    for name in received.chain(edited).filter(|name| !name.starts_with(':')) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let line = |name: &str, value: &[u8]| format!("{name}: {}", value.escape_ascii());
    let lines =
        |name: &String| headers.values(name).map(|value| line(name, value)).collect::<Vec<_>>();
    names.iter().flat_map(lines).collect()
}

fn put(filter: &HeaderTransform, fields: &[(&str, &[u8])]) -> Outcome<HeaderTransform> {
    ask(filter, &FakeHost::default(), fields)
}

fn refusal(outcome: &Outcome<HeaderTransform>) -> Option<&Problem> {
    match &outcome.decision.step {
        Step::Reply(reply) => Some(reply.problem().expect("a refusal says what is wrong")),
        Step::Continue | Step::Wait(_) | Step::Call(_) | Step::ReadBody(_) => None,
    }
}

#[test]
fn operations_change_the_head_in_the_order_written() {
    type Fields<'a> = &'a [(&'a str, &'a [u8])];
    let ab: Fields<'_> = &[("x-a", b"1"), ("x-b", b"2"), ("x-a", b"3")];
    for (operations_json, fields, want) in [
        // One operation.
        (r#"[{"set": {"name": "X-A", "value": "v"}}]"#, ab, &["x-a: v", "x-b: 2"][..]),
        (
            r#"[{"set": {"name": "x-c", "value": "v"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2", "x-c: v"],
        ),
        (
            r#"[{"append": {"name": "x-a", "value": "v"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-a: v", "x-b: 2"],
        ),
        (
            r#"[{"append": {"name": "x-c", "value": "v"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2", "x-c: v"],
        ),
        (
            r#"[{"add_if_absent": {"name": "x-a", "value": "v"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2"],
        ),
        (
            r#"[{"add_if_absent": {"name": "x-c", "value": "v"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2", "x-c: v"],
        ),
        (r#"[{"add_if_absent": {"name": "x-a", "value": "v"}}]"#, &[("x-a", b"")], &["x-a: "]),
        (r#"[{"remove": {"name": "x-a"}}]"#, ab, &["x-b: 2"]),
        (r#"[{"remove": {"name": "x-c"}}]"#, ab, &["x-a: 1", "x-a: 3", "x-b: 2"]),
        (r#"[{"rename": {"from": "x-a", "to": "x-b"}}]"#, ab, &["x-b: 1", "x-b: 3"]),
        (r#"[{"rename": {"from": "x-b", "to": "x-a"}}]"#, ab, &["x-a: 2"]),
        (r#"[{"rename": {"from": "x-a", "to": "x-c"}}]"#, ab, &["x-b: 2", "x-c: 1", "x-c: 3"]),
        (
            r#"[{"copy": {"from": "x-a", "to": "x-b"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 1", "x-b: 3"],
        ),
        (
            r#"[{"copy": {"from": "x-a", "to": "x-c"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2", "x-c: 1", "x-c: 3"],
        ),
        (r#"[{"replace_if_present": {"name": "x-a", "value": "v"}}]"#, ab, &["x-a: v", "x-b: 2"]),
        (
            r#"[{"replace_if_present": {"name": "x-c", "value": "v"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2"],
        ),
        (
            r#"[{"replace_if_present": {"name": "x-a", "value": "${header.none}"}}]"#,
            ab,
            &["x-b: 2"],
        ),
        (
            r#"[{"remove": {"prefix": "X-"}}]"#,
            &[("x-a", b"1"), ("xa", b"2"), ("x-b", b"3")],
            &["xa: 2"],
        ),
        (r#"[{"remove": {"prefix": "x-a"}}]"#, ab, &["x-b: 2"]),
        (
            r#"[{"remove": {"regex": "^X-[ac]$"}}]"#,
            &[("x-a", b"1"), ("x-ab", b"2"), ("x-c", b"3")],
            &["x-ab: 2"],
        ),
        (
            r#"[{"remove": {"regex": "."}}]"#,
            &[
                ("x-a", b"1"),
                ("connection", b"x-b"),
                ("te", b"trailers"),
                ("content-length", b"1"),
                ("host", b"a"),
                ("x-forwarded-proto", b"https"),
            ],
            &[
                "connection: x-b",
                "te: trailers",
                "content-length: 1",
                "host: a",
                "x-forwarded-proto: https",
            ],
        ),
        (
            r#"[{"set": {"name": "x-new", "value": "1"}}, {"remove": {"prefix": "x-"}}, {"append": {"name": "x-b", "value": "4"}}]"#,
            ab,
            &["x-b: 4"],
        ),
        (r#"[{"dedupe": {"name": "x-a", "keep": "first"}}]"#, ab, &["x-a: 1", "x-b: 2"]),
        (r#"[{"dedupe": {"name": "x-a", "keep": "last"}}]"#, ab, &["x-a: 3", "x-b: 2"]),
        (
            r#"[{"dedupe": {"name": "x-a", "keep": "unique"}}]"#,
            &[("x-a", b"2"), ("x-a", b"1"), ("x-a", b"2"), ("x-a", b"\xff"), ("x-a", b"1")],
            &["x-a: 2", "x-a: 1", "x-a: \\xff"],
        ),
        (
            r#"[{"dedupe": {"name": "x-a", "keep": "unique", "list": true}}]"#,
            &[("x-a", b"2, 1,2"), ("x-a", b",\xff ,1,")],
            &["x-a: 2, 1, \\xff"],
        ),
        (
            r#"[{"dedupe": {"name": "x-a", "keep": "last", "list": true}}]"#,
            &[("x-a", b"2,,1 ")],
            &["x-a: 1"],
        ),
        (
            r#"[{"dedupe": {"name": "x-a", "keep": "first", "list": true}}]"#,
            &[("x-a", b" ,")],
            &["x-a:  ,"],
        ),
        (
            r#"[{"dedupe": {"name": "x-a", "keep": "unique", "list": true}}]"#,
            &[("x-a", b"2,1")],
            &["x-a: 2,1"],
        ),
        (r#"[{"dedupe": {"name": "x-c", "keep": "last"}}]"#, ab, &["x-a: 1", "x-a: 3", "x-b: 2"]),
        (
            r#"[{"map": {"from": "x-b", "to": "x-c", "table": {"1": "one", "2": "two"}}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2", "x-c: two"],
        ),
        (
            r#"[{"map": {"from": "x-b", "to": "x-b", "table": {"2": "two"}}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: two"],
        ),
        (
            r#"[{"map": {"from": "x-b", "to": "x-b", "table": {"1": "one"}}}]"#,
            ab,
            &["x-a: 1", "x-a: 3"],
        ),
        (
            r#"[{"map": {"from": "x-b", "to": "x-a", "table": {"1": "one"}, "default": "other"}}]"#,
            ab,
            &["x-a: other", "x-b: 2"],
        ),
        // Of two values, none counts.
        (
            r#"[{"map": {"from": "x-a", "to": "x-b", "table": {"1": "one", "3": "three"}}}]"#,
            ab,
            &["x-a: 1", "x-a: 3"],
        ),
        // A value that is missing.
        (r#"[{"set": {"name": "x-a", "value": "${header.none}"}}]"#, ab, &["x-b: 2"]),
        (
            r#"[{"append": {"name": "x-a", "value": "${header.none}"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2"],
        ),
        (
            r#"[{"add_if_absent": {"name": "x-c", "value": "${header.none}"}}]"#,
            ab,
            &["x-a: 1", "x-a: 3", "x-b: 2"],
        ),
        (r#"[{"rename": {"from": "none", "to": "x-a"}}]"#, ab, &["x-b: 2"]),
        (r#"[{"copy": {"from": "none", "to": "x-a"}}]"#, ab, &["x-b: 2"]),
        // Later ones see what earlier ones did.
        (
            r#"[{"set": {"name": "x-a", "value": "v"}}, {"set": {"name": "x-b", "value": "${header.x-a}!"}}]"#,
            ab,
            &["x-a: v", "x-b: v!"],
        ),
        (
            r#"[{"set": {"name": "x-b", "value": "${header.x-a}!"}}, {"set": {"name": "x-a", "value": "v"}}]"#,
            ab,
            &["x-a: v", "x-b: 1, 3!"],
        ),
        (
            r#"[{"remove": {"name": "x-a"}}, {"add_if_absent": {"name": "x-a", "value": "v"}}]"#,
            ab,
            &["x-a: v", "x-b: 2"],
        ),
        (
            r#"[{"remove": {"name": "x-a"}}, {"append": {"name": "x-a", "value": "v"}}]"#,
            ab,
            &["x-a: v", "x-b: 2"],
        ),
        (
            r#"[{"append": {"name": "x-c", "value": "1"}}, {"append": {"name": "x-c", "value": "2"}}, {"set": {"name": "x-c", "value": "3"}}]"#,
            &[],
            &["x-c: 3"],
        ),
        (
            r#"[{"rename": {"from": "x-a", "to": "x-c"}}, {"rename": {"from": "x-b", "to": "x-a"}}, {"rename": {"from": "x-c", "to": "x-b"}}]"#,
            ab,
            &["x-a: 2", "x-b: 1", "x-b: 3"],
        ),
        (
            r#"[{"copy": {"from": "x-a", "to": "x-c"}}, {"remove": {"name": "x-a"}}, {"rename": {"from": "x-c", "to": "x-d"}}]"#,
            ab,
            &["x-b: 2", "x-d: 1", "x-d: 3"],
        ),
        (
            r#"[{"set": {"name": "x-a", "value": "<${header.x-a}>"}}, {"set": {"name": "x-a", "value": "<${header.x-a}>"}}]"#,
            ab,
            &["x-a: <<1, 3>>", "x-b: 2"],
        ),
        (r#"[{"append": {"name": "x-c", "value": "1"}}, {"remove": {"name": "x-c"}}]"#, &[], &[]),
        // Bytes pass through as they are.
        (
            r#"[{"copy": {"from": "x-a", "to": "x-b"}}, {"rename": {"from": "x-a", "to": "x-c"}}, {"set": {"name": "x-d", "value": "ü${header.x-b}"}}]"#,
            &[("x-a", b"\xff\xc3"), ("x-a", b"\x80 \t,")],
            &[
                "x-b: \\xff\\xc3",
                "x-b: \\x80 \\t,",
                "x-c: \\xff\\xc3",
                "x-c: \\x80 \\t,",
                "x-d: \\xc3\\xbc\\xff\\xc3, \\x80 \\t,",
            ],
        ),
        (r#"[{"append": {"name": "x-a", "value": "100$$"}}]"#, &[], &["x-a: 100$"]),
    ] {
        let outcome = put(&operations(operations_json), fields);
        assert_eq!(outcome.decision.code, Code::Applied, "{operations_json}");
        assert_eq!(outcome.decision.rule.as_deref(), Some("all"), "{operations_json}");
        assert_eq!(outcome.decision.step, Step::Continue, "{operations_json}");
        assert_eq!(head(&outcome.headers), want, "{operations_json}");
    }
}

#[test]
fn the_first_rule_that_matches_applies_and_no_other() {
    let filter = filter(
        r#"[{"match": {"path": {"template": "/users/{id}"}}, "request": [{"set": {"name": "x-user-id", "value": "${path.id}"}}]},
            {"name": "rest", "match": {"path": {"prefix": "/"}, "methods": ["GET"]}, "request": [{"set": {"name": "x-rest", "value": "${method}"}}]}]"#,
    );
    for (method, target, code, rule, want) in [
        ("GET", "/users/a%20b", Code::Applied, Some("rules[0]"), &["x-user-id: a b"][..]),
        ("GET", "/users/1/x", Code::Applied, Some("rest"), &["x-rest: GET"]),
        ("POST", "/users/1/x", Code::Unmatched, None, &[]),
    ] {
        let outcome = put(&filter, &[(":method", method.as_bytes()), (":path", target.as_bytes())]);
        assert_eq!(outcome.decision.code, code, "{target}");
        assert_eq!(outcome.decision.rule.as_deref(), rule, "{target}");
        assert_eq!(head(&outcome.headers), want, "{target}");
    }
}

#[test]
fn a_control_character_in_a_value_is_refused_and_never_written() {
    let rule = |operation: &str| {
        filter(&format!(
            r#"[{{"match": {{"path": {{"template": "/{{id}}"}}}}, "request": [{operation}]}}]"#
        ))
    };
    for operation in [
        r#"{"set": {"name": "x-a", "value": "a${query.q}"}}"#,
        r#"{"append": {"name": "x-a", "value": "${query.q}"}}"#,
        r#"{"add_if_absent": {"name": "x-a", "value": "${query.q}"}}"#,
        r#"{"set": {"name": "x-a", "value": "${path.id}"}}"#,
    ] {
        for bad in ["%0d%0aset-cookie:%20a", "%0D", "%0A", "%00", "%7f", "%1b"] {
            let target = format!("/{bad}?q={bad}");
            let outcome = put(&rule(operation), &[(":path", target.as_bytes())]);
            assert_eq!(outcome.decision.code, Code::ValueInvalid, "{operation} {bad}");
            let reply = refusal(&outcome).unwrap();
            assert_eq!(reply.status, 400, "{operation} {bad}");
            assert!(reply.detail.contains("`x-a`"), "{}", reply.detail);
            assert!(
                reply.detail.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
                "{}",
                reply.detail
            );
            assert_eq!(head(&outcome.headers), [""; 0], "{operation} {bad}");
        }
        for good in ["%09", "%20", "%ff", "%250d", "+"] {
            let target = format!("/{good}?q={good}");
            assert_eq!(
                put(&rule(operation), &[(":path", target.as_bytes())]).status(),
                None,
                "{good}"
            );
        }
    }
}

#[test]
fn a_value_that_is_not_needed_is_not_looked_at() {
    let filter = operations(r#"[{"add_if_absent": {"name": "x-a", "value": "${query.q}"}}]"#);
    let outcome = put(&filter, &[(":path", b"/?q=%0d"), ("x-a", b"1")]);
    assert_eq!(outcome.decision.code, Code::Applied);
}

#[test]
fn a_client_cannot_forge_a_field_that_the_filter_writes() {
    let filter = operations(
        r#"[{"set": {"name": "x-user", "value": "${identity.subject}"}},
            {"set": {"name": "x-roles", "value": "${identity.roles}"}},
            {"rename": {"from": "x-user", "to": "x-internal-user"}},
            {"copy": {"from": "x-roles", "to": "x-internal-roles"}}]"#,
    );
    let forged: &[(&str, &[u8])] = &[
        ("x-user", b"root"),
        ("x-user", b"root"),
        ("x-roles", b"admin"),
        ("x-internal-user", b"root"),
        ("x-internal-roles", b"admin"),
    ];
    assert_eq!(head(&put(&filter, forged).headers), [""; 0], "anonymous");

    let host = FakeHost::default();
    host.identify(&Identity {
        subject: Some("bob".into()),
        roles: vec!["user".into(), "staff".into()],
        ..Identity::default()
    });
    let outcome = ask(&filter, &host, forged);
    let want = ["x-roles: user,staff", "x-internal-user: bob", "x-internal-roles: user,staff"];
    assert_eq!(head(&outcome.headers), want, "identified");
}

#[test]
fn a_claim_with_a_line_break_is_refused_too() {
    let host = FakeHost::default();
    let claims = serde_json::json!({"name": "a\r\nb", "nested": {"name": "a\r\nb"}});
    host.identify(&Identity { claims: claims.as_object().unwrap().clone(), ..Identity::default() });
    let set = |claim: &str| {
        operations(&format!(r#"[{{"set": {{"name": "x-a", "value": "${{claim.{claim}}}"}}}}]"#))
    };
    let none: &[(&str, &[u8])] = &[];
    assert_eq!(ask(&set("name"), &host, none).decision.code, Code::ValueInvalid);
    // JSON escapes it.
    assert_eq!(ask(&set("nested"), &host, none).values("x-a"), [r#"{\"name\":\"a\\r\\nb\"}"#]);
}

#[test]
fn large_and_many_fields_pass_as_they_are() {
    let large = vec![0xfe; 60 * 1024];
    let filter = operations(
        r#"[{"copy": {"from": "x-large", "to": "x-copy"}}, {"set": {"name": "x-joined", "value": "<${header.x-many}>"}}]"#,
    );
    let mut fields: Vec<(&str, &[u8])> = vec![("x-large", &large)];
    fields.extend([("x-many", &b"1"[..]); 500]);
    let outcome = put(&filter, &fields);
    assert_eq!(outcome.headers.first("x-copy"), Some(large.as_slice()));
    assert_eq!(outcome.headers.first("x-joined").unwrap().len(), 500 * 3);
    assert_eq!(outcome.headers.values("x-many").count(), 500);
}

#[test]
fn an_absent_field_that_is_removed_costs_no_edit() {
    let filter = operations(
        r#"[{"remove": {"name": "x-a"}}, {"set": {"name": "x-b", "value": "${header.none}"}}, {"rename": {"from": "x-c", "to": "x-d"}}]"#,
    );
    assert_eq!(put(&filter, &[]).headers.edits(), []);
}

#[test]
fn a_request_without_any_field_is_no_trouble() {
    let filter = operations(
        r#"[{"set": {"name": "x-a", "value": "${method}${host}${path}${query.q}${identity.tier}"}}, {"append": {"name": "x-b", "value": "v"}}]"#,
    );
    let host = FakeHost::default();
    let mut request = Request::new(Headers::from_pairs(vec![0xff; 64]), &host);
    let decision = filter.on_request(&mut request, &mut State::default());
    assert_eq!(decision.code, Code::Applied);
    assert_eq!(head(&request.headers), ["x-b: v"]);
    assert!(matches!(request.headers.edits().first().unwrap().kind, EditKind::Append(_)));
}

#[test]
fn a_field_that_a_rule_writes_or_removes_goes_in_every_spelling_of_a_request() {
    let sent: &[(&str, &[u8])] = &[("x-user", b"1"), ("x_user", b"2"), ("x-b", b"3")];
    for (operations_json, want) in [
        (r#"[{"set": {"name": "x-user", "value": "v"}}]"#, &["x-user: v", "x-b: 3"][..]),
        (r#"[{"set": {"name": "x_user", "value": "v"}}]"#, &["x_user: v", "x-b: 3"]),
        (r#"[{"set": {"name": "x-user", "value": "${header.none}"}}]"#, &["x-b: 3"]),
        (r#"[{"set": {"name": "x-user", "value": "${header.x_user}"}}]"#, &["x-user: 2", "x-b: 3"]),
        (r#"[{"replace_if_present": {"name": "x-user", "value": "v"}}]"#, &["x-user: v", "x-b: 3"]),
        (r#"[{"remove": {"name": "x-user"}}]"#, &["x-b: 3"]),
        (r#"[{"rename": {"from": "x_user", "to": "x-user"}}]"#, &["x-user: 2", "x-b: 3"]),
        (r#"[{"rename": {"from": "x-user", "to": "x-c"}}]"#, &["x-b: 3", "x-c: 1"]),
        (r#"[{"rename": {"from": "x-b", "to": "x-user"}}]"#, &["x-user: 3"]),
        (r#"[{"copy": {"from": "x-b", "to": "x-user"}}]"#, &["x-user: 3", "x-b: 3"]),
        (
            r#"[{"map": {"from": "x-b", "to": "x-user", "table": {"3": "c"}}}]"#,
            &["x-user: c", "x-b: 3"],
        ),
        // They keep what the client sent.
        (
            r#"[{"append": {"name": "x-user", "value": "v"}}]"#,
            &["x-user: 1", "x-user: v", "x_user: 2", "x-b: 3"],
        ),
    ] {
        let outcome = put(&operations(operations_json), sent);
        let mut got = head(&outcome.headers);
        let mut want = want.to_vec();
        got.sort();
        want.sort_unstable();
        assert_eq!(got, want, "{operations_json}");
    }
    // An upstream's own fields are as it sends them.
    let of_response = filter(r#"[{"response": [{"remove": {"name": "x-user"}}]}]"#);
    assert_eq!(response::answered(&of_response, &[], sent), ["x_user: 2", "x-b: 3"]);
}
