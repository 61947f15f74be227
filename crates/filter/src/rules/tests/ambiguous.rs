use super::*;

fn is_refused(condition: &str, head: &[(&str, &[u8])]) -> bool {
    let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
    let request = Request::new(Headers::from_list(head), &ROUTED);
    rules.guard(&request, &()).is_err()
}

#[test]
fn a_path_that_others_read_as_one_for_which_a_rule_answers_otherwise_is_refused() {
    for (path, target, want) in [
        // What a template takes for one segment, and upstreams for two.
        (r#"{"template": "/users/{id}"}"#, "/users/7%2Fsecret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%2fsecret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%252Fsecret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%5Csecret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7\\secret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%00", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%00secret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%c0%afsecret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%u002fsecret", true),
        (r#"{"template": "/users/{id}"}"#, "/users/7%EF%BC%8Fsecret", true),
        (r#"{"template": "/users/*"}"#, "/users/7%2Fsecret", true),
        (r#"{"template": "/users/{id}/orders"}"#, "/users/7%2Forders", true),
        (r#"{"template": "/users/{id}/orders"}"#, "/users/7/x%2Forders", false),
        (r#"{"template": "/users/{id}"}"#, "/users/a%20b", false),
        (r#"{"template": "/users/{id}"}"#, "/users/%7Ealice", false),
        (r#"{"template": "/users/{id}"}"#, "/users/caf%c3%a9", false),
        (r#"{"template": "/users/{id}"}"#, "/users/100%25", false),
        (r#"{"template": "/users/{id}"}"#, "/%75sers/7", true),
        // Below a prefix it is in every reading, so nothing is amiss.
        (r#"{"template": "/files/{rest=**}"}"#, "/files/a%2Fb", false),
        (r#"{"prefix": "/files"}"#, "/files/a%2Fb", false),
        (r#"{"prefix": "/files"}"#, "/files/a%5Cb", false),
        (r#"{"prefix": "/"}"#, "/anything%2F%61", false),
        // What slips past a rule that denies.
        (r#"{"prefix": "/admin"}"#, "/admin%2Fusers", true),
        (r#"{"prefix": "/admin"}"#, "/%61dmin/users", true),
        (r#"{"prefix": "/admin"}"#, "/%2561dmin/users", true),
        (r#"{"prefix": "/admin"}"#, "/%u0061dmin", true),
        (r#"{"prefix": "/admin"}"#, "/\u{ff41}dmin", true),
        (r#"{"prefix": "/admin"}"#, "/admin\\users", true),
        (r#"{"prefix": "/admin"}"#, "/other%2Fusers", false),
        (r#"{"exact": "/admin/users"}"#, "/admin%2Fusers", true),
        (r#"{"exact": "/admin/users"}"#, "/admin/user%73", true),
        (r#"{"exact": "/admin"}"#, "/%61dmin%20", false),
        // A pattern that names the escape means it.
        (r#"{"exact": "/a%2Fb"}"#, "/a%2Fb", false),
        (r#"{"exact": "/a%2Fb"}"#, "/a/b", false),
        (r#"{"exact": "/a%2Fb"}"#, "/a%252Fb", true),
        (r#"{"exact": "/100%25"}"#, "/100%25", false),
        (r#"{"exact": "/caf%C3%A9"}"#, "/caf%C3%A9", false),
        (r#"{"exact": "/caf%C3%A9"}"#, "/caf%c3%a9", true),
        (r#"{"prefix": "/a%2Fb"}"#, "/a%2Fb/c", false),
        (r#"{"regex": "^/p/[^/]+%2F[^/]+$"}"#, "/p/a%2Fb", false),
        (r#"{"regex": "^/p/[^/]+$"}"#, "/p/a%2Fb", true),
        (r#"{"regex": "^/p/[^/]+$"}"#, "/p/a%20b", false),
        (r#"{"regex": "^/p/"}"#, "/p/a%2Fb", false),
    ] {
        let condition = format!(r#"{{"path": {path}}}"#);
        assert_eq!(
            is_refused(&condition, &[(":path", target.as_bytes())]),
            want,
            "{path} {target}"
        );
    }
}

#[test]
fn what_no_rule_looks_at_is_not_ambiguous() {
    let head: &[(&str, &[u8])] = &[(":path", b"/a/..;/%2e%2e"), (":authority", b"a,b")];
    assert!(!is_refused("{}", head));
    assert!(!is_refused(r#"{"methods": ["GET"]}"#, head));
    assert!(is_refused(r#"{"path": {"prefix": "/"}}"#, head));
    assert!(is_refused(r#"{"hosts": ["a"]}"#, head));
}

#[test]
fn a_query_is_no_part_of_the_path() {
    let head: &[(&str, &[u8])] = &[(":path", b"/users/7?next=%2F..%2Fadmin")];
    assert!(!is_refused(r#"{"path": {"template": "/users/{id}"}}"#, head));
}
