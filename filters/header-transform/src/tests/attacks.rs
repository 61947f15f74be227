//! Heads of clients that mean harm.

use super::*;

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
        r#"[{"copy": {"from": "x-large", "to": "x-copy"}}, {"set": {"name": "x-joined",
            "value": "<${header.x-many}>"}}]"#,
    );
    let mut fields: Vec<(&str, &[u8])> = vec![("x-large", &large)];
    fields.extend([("x-many", &b"1"[..]); 500]);
    let outcome = put(&filter, &fields);
    assert_eq!(outcome.headers.first("x-copy"), Some(large.as_slice()));
    assert_eq!(outcome.headers.first("x-joined").unwrap().len(), 500 * 3);
    assert_eq!(outcome.headers.values("x-many").count(), 500);
}

#[test]
fn a_request_without_any_field_is_no_trouble() {
    let filter = operations(
        r#"[{"set": {"name": "x-a",
            "value": "${method}${host}${path}${query.q}${identity.tier}"}},
            {"append": {"name": "x-b", "value": "v"}}]"#,
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
