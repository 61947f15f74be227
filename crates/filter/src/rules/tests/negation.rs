use super::*;

#[test]
fn what_all_parts_under_not_hold_for_is_left_out() {
    let head: &[(&str, &[u8])] =
        &[(":method", b"GET"), (":path", b"/a/b?x=1"), (":authority", b"h")];
    for (condition, want) in [
        (r#"{"not": {"methods": ["GET"]}}"#, false),
        (r#"{"not": {"methods": ["PUT"]}}"#, true),
        (r#"{"not": {"path": {"prefix": "/a"}}}"#, false),
        (r#"{"not": {"paths": [{"prefix": "/c"}, {"template": "/a/{id}"}]}}"#, false),
        (r#"{"not": {"paths": [{"prefix": "/c"}, {"exact": "/a"}]}}"#, true),
        (r#"{"not": {"hosts": ["h"]}}"#, false),
        (r#"{"not": {"route": "orders"}}"#, false),
        (r#"{"not": {"policy": "public"}}"#, true),
        (r#"{"not": {"query": [{"name": "x", "exact": "1"}]}}"#, false),
        (r#"{"not": {"headers": [{"name": "x-a", "present": true}]}}"#, true),
        // All of its parts must hold for a request to be left out.
        (r#"{"not": {"methods": ["GET"], "path": {"prefix": "/c"}}}"#, true),
        (r#"{"not": {"methods": ["GET"], "path": {"prefix": "/a"}}}"#, false),
        // Of several, one is enough.
        (r#"{"not": [{"methods": ["GET"]}, {"path": {"prefix": "/c"}}]}"#, false),
        (r#"{"not": [{"methods": ["PUT"]}, {"path": {"prefix": "/c"}}]}"#, true),
        (r#"{"path": {"prefix": "/a"}, "not": {"path": {"exact": "/a"}}}"#, true),
        (r#"{"path": {"prefix": "/c"}, "not": {"methods": ["PUT"]}}"#, false),
    ] {
        assert_eq!(matches(condition, head), want, "{condition}");
    }
}

#[test]
fn a_method_in_another_case_is_neither_it_nor_another() {
    let head: &[(&str, &[u8])] = &[(":method", b"delete"), (":path", b"/a")];
    for condition in [r#"{"methods": ["DELETE"]}"#, r#"{"not": {"methods": ["DELETE"]}}"#] {
        assert!(!matches(condition, head), "{condition}");
        let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
        let request = Request::new(Headers::from_list(head), &ROUTED);
        let found = rules.guard_all(&request).unwrap().next().unwrap();
        assert!(!found.is_certain, "{condition}");
    }
    assert!(matches(r#"{"not": {"methods": ["GET"]}}"#, head));
}

/// A rule for all but these is for no spelling of these.
#[test]
fn a_path_in_disguise_is_not_another_path() {
    for (path, target, refused) in [
        // The path itself, and others.
        (r#"{"prefix": "/admin"}"#, "/admin", false),
        (r#"{"prefix": "/admin"}"#, "/admin/", false),
        (r#"{"prefix": "/admin"}"#, "/admin/users", false),
        (r#"{"prefix": "/admin"}"#, "/administration", false),
        (r#"{"prefix": "/admin"}"#, "/x/admin", false),
        (r#"{"prefix": "/admin"}"#, "/", false),
        (r#"{"prefix": "/admin"}"#, "/X;y//z/", false),
        // As for every rule.
        (r#"{"prefix": "/admin"}"#, "/%61dmin", true),
        (r#"{"prefix": "/admin"}"#, "/admin%2Fusers", true),
        (r#"{"prefix": "/admin"}"#, "/x/..;/admin", true),
        // Spellings that some upstreams take for it.
        (r#"{"prefix": "/admin"}"#, "/Admin", true),
        (r#"{"prefix": "/admin"}"#, "/ADMIN/users", true),
        (r#"{"prefix": "/admin"}"#, "//admin", true),
        (r#"{"prefix": "/admin"}"#, "/admin;x=1/users", true),
        (r#"{"prefix": "/admin"}"#, "/;x/admin", true),
        (r#"{"prefix": "/admin"}"#, "/%41dmin", true),
        (r#"{"prefix": "/admin"}"#, "/Admin%3Bx", true),
        (r#"{"prefix": "/admin"}"#, "/admin./x", true),
        (r#"{"prefix": "/admin"}"#, "/admin%20", true),
        (r#"{"prefix": "/admin"}"#, "/admin%C2%A0", true),
        (r#"{"prefix": "/admin"}"#, "/admin.css", false),
        (r#"{"prefix": "/Admin"}"#, "/admin", true),
        (r#"{"prefix": "/a/b"}"#, "/a//b", true),
        (r#"{"prefix": "/a/b"}"#, "/a;x/B/c", true),
        (r#"{"exact": "/admin"}"#, "/admin", false),
        (r#"{"exact": "/admin"}"#, "/admin/", true),
        (r#"{"exact": "/admin"}"#, "/admin/x", false),
        (r#"{"exact": "/admin/"}"#, "/admin", true),
        (r#"{"exact": "/admin;v=1"}"#, "/admin", true),
        (r#"{"exact": "/"}"#, "/", false),
        (r#"{"exact": "/"}"#, "//", true),
        (r#"{"exact": "/"}"#, "/a", false),
        (r#"{"template": "/users/{Id}/keys"}"#, "/users/7/keys", false),
        (r#"{"template": "/users/{Id}/keys"}"#, "/users/7/Keys", true),
        (r#"{"template": "/users/{Id}/keys"}"#, "/users/7/keys/", true),
        (r#"{"template": "/users/{Id}/keys"}"#, "/users//7/keys", true),
        (r#"{"template": "/users/{Id}/keys"}"#, "/users/keys", false),
        (r#"{"template": "/users/{Id}/keys"}"#, "/users//keys", false),
        (r#"{"template": "/files/{rest=**}"}"#, "/Files/x", true),
        (r#"{"regex": "^/admin/[a-z]+$"}"#, "/admin/x", false),
        (r#"{"regex": "^/admin/[a-z]+$"}"#, "/admin/X", true),
        (r#"{"regex": "^/admin/[a-z]+$"}"#, "/admin/x/", true),
        (r#"{"regex": "^/Admin/$"}"#, "/admin", true),
        (r#"{"regex": "^/Admin/$"}"#, "/Admin/", false),
        (r#"{"regex": "^/admin"}"#, "/x/admin", false),
    ] {
        for condition in [
            format!(r#"{{"not": {{"path": {path}}}}}"#),
            format!(r#"{{"methods": ["GET"], "not": [{{"hosts": ["h"], "paths": [{path}]}}]}}"#),
        ] {
            let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
            let head = [(":path", target.as_bytes()), (":authority", b"a")];
            let request = Request::new(Headers::from_list(&head), &ROUTED);
            assert_eq!(rules.guard(&request, &()).is_err(), refused, "{condition} {target}");
        }
        // A rule that says what it is for is not for another spelling.
        let condition = format!(r#"{{"path": {path}}}"#);
        assert!(
            !refused || !matches(&condition, &[(":path", target.as_bytes())]),
            "{path} {target}"
        );
    }
}
