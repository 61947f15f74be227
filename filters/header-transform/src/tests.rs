use super::*;
use gatehouse_filter::{EditKind, Headers, Identity, Problem, ResponseStep, Step};
use gatehouse_filter_test::{FakeHost, Outcome, ask, check, configured};

mod attacks;
mod configuration;
mod leading;
mod made;
mod response;
mod secrets;
mod target;
mod work;

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
fn a_value_that_is_not_needed_is_not_looked_at() {
    let filter = operations(r#"[{"add_if_absent": {"name": "x-a", "value": "${query.q}"}}]"#);
    let outcome = put(&filter, &[(":path", b"/?q=%0d"), ("x-a", b"1")]);
    assert_eq!(outcome.decision.code, Code::Applied);
}

#[test]
fn an_absent_field_that_is_removed_costs_no_edit() {
    let filter = operations(
        r#"[{"remove": {"name": "x-a"}}, {"set": {"name": "x-b", "value": "${header.none}"}}, {"rename": {"from": "x-c", "to": "x-d"}}]"#,
    );
    assert_eq!(put(&filter, &[]).headers.edits(), []);
}
