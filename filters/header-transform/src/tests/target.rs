use super::*;

/// The target that a request for `target` goes on with, or the code of the refusal.
fn rewritten(rule: &str, target: &str) -> Result<String, Code> {
    let filter = filter(&format!(r#"[{{"reroute": true, {rule}}}]"#));
    let outcome = put(&filter, &[(":path", target.as_bytes())]);
    match outcome.decision.step {
        Step::Reply(_) => Err(outcome.decision.code),
        _ => Ok(outcome.values(":path").join("|")),
    }
}

#[test]
fn a_path_is_rewritten() {
    let template = r#""match": {"path": {"template": "/v1/users/{id}/{rest=**}"}}, "request": [{"path": {"to": "/users/{id}/x/{rest}"}}]"#;
    let prefix = r#""request": [{"path": {"prefix": "/v1/", "to": "/"}}]"#;
    let longer = r#""request": [{"path": {"prefix": "/v1", "to": "/api/v2/"}}]"#;
    let all = r#""request": [{"path": {"prefix": "/", "to": "/api"}}]"#;
    let regex = concat!(
        r#""request": [{"path": {"regex": "#,
        r#""/v1/(?P<kind>[^/]+)/([0-9]+)(/.*)?", "to": "/{kind}s/{2}{3}"}}]"#
    );
    let fixed = r#""request": [{"path": {"to": "/health"}}]"#;
    for (rule, target, want) in [
        (template, "/v1/users/17/a/b?q=1", "/users/17/x/a/b?q=1"),
        (template, "/v1/users/17", "/users/17/x/"),
        (template, "/v1/users/a%2Fb%20%c3%A4/", "/users/a%2Fb%20%c3%A4/x/"),
        (template, "/v1/users/+;a=b@:/x", "/users/+;a=b@:/x/x"),
        (template, "/v2/users/17", "/v2/users/17"),
        (prefix, "/v1/users?a=%20&&b", "/users?a=%20&&b"),
        (prefix, "/v1", "/"),
        (prefix, "/v1/", "/"),
        (prefix, "/v1?", "/?"),
        (prefix, "/v12/users", "/v12/users"),
        (prefix, "/V1/users", "/V1/users"),
        (prefix, "*", "*"),
        (prefix, "", ""),
        (longer, "/v1/users", "/api/v2/users"),
        (longer, "/v1", "/api/v2"),
        (longer, "/v1/", "/api/v2/"),
        (all, "/users", "/api/users"),
        (all, "/", "/api/"),
        (all, "*", "*"),
        (regex, "/v1/user/17?q", "/users/17?q"),
        (regex, "/v1/%2Fuser/17/a//b", "/v1/%2Fuser/17/a//b"),
        (regex, "/v1/us%2Fer/17/a//b", "/us%2Fers/17/a//b"),
        (regex, "/x/v1/user/17", "/x/v1/user/17"),
        (regex, "/v1/user/17x", "/v1/user/17x"),
        (fixed, "/users?q", "/health?q"),
        (fixed, "/health", "/health"),
        (fixed, "*", "*"),
    ] {
        let want = if target == "/v1/%2Fuser/17/a//b" {
            Err(Code::PathInvalid)
        } else {
            Ok(want.to_owned())
        };
        assert_eq!(rewritten(rule, target), want, "{rule} {target}");
    }
}

#[test]
fn a_rewrite_never_makes_a_traversal_or_another_host() {
    let template = r#""match": {"path": {"template": "/v1/{a}/{rest=**}"}}, "request": [{"path": {"to": "/u/{a}/{rest}"}}]"#;
    let start = concat!(
        r#""match": {"path": {"template": "/v1/{rest=**}"}}, "#,
        r#""request": [{"path": {"to": "/{rest}"}}]"#
    );
    let glued = r#""request": [{"path": {"regex": "/v1/(.*)/(.*)", "to": "/{1}{2}/etc"}}]"#;
    let prefix = r#""request": [{"path": {"prefix": "/v1", "to": "/"}}]"#;
    for (rule, target) in [
        (template, "/v1/../x"),
        (template, "/v1/a/../../admin"),
        (template, "/v1/%2e%2e/x"),
        (template, "/v1/..%2fadmin/x"),
        (template, "/v1/..;/x"),
        (template, "/v1/a/b%5c..%5cc"),
        (template, "/v1/a\\..\\b/x"),
        (start, "/v1//evil.example/x"),
        (start, "/v1/%2fevil.example"),
        (start, "/v1/\\evil.example"),
        (start, "/v1/%5Cevil.example"),
        (glued, "/v1/./."),
        (glued, "/v1//."),
        (prefix, "/v1//evil.example"),
        (prefix, "/v1/.."),
        (prefix, "/v1/a b"),
    ] {
        assert_eq!(rewritten(rule, target), Err(Code::PathInvalid), "{target}");
    }
    // Nothing is rewritten, nothing is judged.
    assert_eq!(rewritten(prefix, "//v1/../x").as_deref(), Ok("//v1/../x"));
}

#[test]
fn a_query_is_changed_where_it_is_meant_and_nowhere_else() {
    let messy = "/p?a=1&&%41=x%zz+y&b&a=%32&=e";
    for (operation, target, want) in [
        (r#"{"set": {"name": "a", "value": "n"}}"#, messy, "/p?a=n&&%41=x%zz+y&b&=e"),
        (
            r#"{"set": {"name": "A", "value": "ä &="}}"#,
            messy,
            "/p?a=1&&A=%C3%A4%20%26%3D&b&a=%32&=e",
        ),
        (r#"{"set": {"name": "c", "value": "n"}}"#, messy, "/p?a=1&&%41=x%zz+y&b&a=%32&=e&c=n"),
        (r#"{"set": {"name": "c", "value": "n"}}"#, "/p", "/p?c=n"),
        (r#"{"set": {"name": "c", "value": "n"}}"#, "/p?", "/p?c=n"),
        (r#"{"set": {"name": "c", "value": "n"}}"#, "*", "*"),
        (r#"{"set": {"name": "a", "value": "${header.none}"}}"#, "/p?a=1&b=2&a=3", "/p?b=2"),
        (
            r#"{"set": {"name": "b[0]", "value": "${query.a}!"}}"#,
            "/p?a=%26%3d",
            "/p?a=%26%3d&b[0]=%26%3D%21",
        ),
        (r#"{"set": {"name": "c", "value": "${query.a}"}}"#, "/p?a=%0d%0a", "/p?a=%0d%0a&c=%0D%0A"),
        (r#"{"append": {"name": "a", "value": "n"}}"#, "/p?a=1", "/p?a=1&a=n"),
        (r#"{"append": {"name": "a", "value": "${header.none}"}}"#, "/p?a=1", "/p?a=1"),
        (r#"{"add_if_absent": {"name": "a", "value": "n"}}"#, "/p?%61", "/p?%61"),
        (r#"{"add_if_absent": {"name": "a", "value": "n"}}"#, "/p?aa=1", "/p?aa=1&a=n"),
        (r#"{"remove": {"name": "a"}}"#, messy, "/p?&%41=x%zz+y&b&=e"),
        (r#"{"remove": {"name": "a"}}"#, "/p?a=1&%61=2&a", "/p"),
        (r#"{"remove": {"name": "a"}}"#, "/p?", "/p?"),
        (r#"{"remove": {"name": "a"}}"#, "/p?b=1&c=a=", "/p?b=1&c=a="),
        (r#"{"rename": {"from": "a", "to": "x"}}"#, messy, "/p?x=1&&%41=x%zz+y&b&x=%32&=e"),
        (r#"{"rename": {"from": "b", "to": "a"}}"#, messy, "/p?&%41=x%zz+y&a&=e"),
        (r#"{"rename": {"from": "none", "to": "a"}}"#, "/p?a=1&b=2", "/p?b=2"),
        (r#"{"keep_only": ["b", "A"]}"#, messy, "/p?%41=x%zz+y&b"),
        (r#"{"keep_only": []}"#, messy, "/p"),
        (r#"{"keep_only": ["a"]}"#, "/p", "/p"),
    ] {
        let rule = format!(r#""request": [{{"query": {operation}}}]"#);
        assert_eq!(rewritten(&rule, target).as_deref(), Ok(want), "{operation} {target}");
    }
}

#[test]
fn operations_on_the_target_follow_one_another() {
    let rule = r#""match": {"path": {"template": "/v1/users/{id}"}}, "request": [
        {"path": {"prefix": "/v1", "to": "/"}},
        {"query": {"set": {"name": "was", "value": "${path}"}}},
        {"path": {"regex": "/users/(.*)", "to": "/people/{1}"}},
        {"query": {"set": {"name": "id", "value": "${path.id}"}}},
        {"query": {"rename": {"from": "was", "to": "from"}}}]"#;
    assert_eq!(
        rewritten(rule, "/v1/users/a%2Fb?x").as_deref(),
        Ok("/people/a%2Fb?x&from=%2Fusers%2Fa%252Fb&id=a%2Fb")
    );
}

#[test]
fn method_and_host_are_replaced_except_where_the_answer_would_not_fit() {
    let filter = filter(
        r#"[{"reroute": true, "request": [{"method": "POST"}, {"host": "users.internal:8080"}, {"set": {"name": "x-host", "value": "${host}"}}]}]"#,
    );
    for (method, want) in [
        ("GET", ["POST", "users.internal:8080", "users.internal"]),
        ("CONNECT", ["CONNECT", "a.example", "a.example"]),
        ("HEAD", ["HEAD", "users.internal:8080", "users.internal"]),
    ] {
        let outcome = put(&filter, &[(":method", method.as_bytes()), (":authority", b"a.example")]);
        let have = [":method", ":authority", "x-host"].map(|name| outcome.values(name).join("|"));
        assert_eq!(have, want, "{method}");
    }
    for host in ["a", "A.example.", "127.0.0.1:80", "[::1]", "[::1]:8080", "a_b.internal:65535"] {
        let json =
            format!(r#"{{"rules": [{{"reroute": true, "request": [{{"host": "{host}"}}]}}]}}"#);
        assert_eq!(check::<HeaderTransform>(json.as_bytes()), [], "{host}");
    }
}

#[test]
fn what_is_refused_goes_through_the_response_operations() {
    let filter = filter(
        r#"[{"reroute": true, "request": [{"path": {"prefix": "/a", "to": "/"}}], "response": [{"set": {"name": "x-a", "value": "1"}}]}]"#,
    );
    let outcome = put(&filter, &[(":path", b"/a/..")]);
    assert_eq!(refusal(&outcome).unwrap().status, 400);
    assert!(outcome.state.first.is_some_and(|rule| rule.response.is_some()));
}
