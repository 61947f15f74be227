//! Where responses lead, and for what their cookies are.

use super::*;

fn answered(operation: &str, fields: &[(&str, &[u8])]) -> Vec<String> {
    let filter = filter(&format!(r#"[{{"response": [{operation}]}}]"#));
    response::answered(&filter, &[], fields)
}

#[test]
fn a_location_is_rewritten_where_it_begins_so_and_no_other_is() {
    let path = r#"{"location": {"from": "/users", "to": "/v1/users"}}"#;
    let root = r#"{"location": {"from": "/app", "to": "/"}}"#;
    let origin = r#"{"location": {"from": "http://Users.internal:8080/", "to": "/v1"}}"#;
    let public =
        r#"{"location": {"from": "http://users.internal/a", "to": "https://shop.example"}}"#;
    for (operation, location, want) in [
        (path, "/users/7?q#f", "/v1/users/7?q#f"),
        (path, "/users", "/v1/users"),
        (path, "/users?q", "/v1/users?q"),
        (path, "/usersx", "/usersx"),
        (path, "users/7", "users/7"),
        (path, "//users/7", "//users/7"),
        (path, "/\\users/7", "/\\users/7"),
        (path, "http://other.example/users/7", "http://other.example/users/7"),
        (root, "/app/x", "/x"),
        (root, "/app", "/"),
        (root, "/app?q", "/?q"),
        (root, "/app//evil.example", "/app//evil.example"),
        (root, "/app/\\evil.example", "/app/\\evil.example"),
        (origin, "http://users.internal:8080/7", "/v1/7"),
        (origin, "HTTP://USERS.internal:8080", "/v1"),
        (origin, "https://users.internal:8080/7", "https://users.internal:8080/7"),
        (origin, "http://users.internal:80801/7", "http://users.internal:80801/7"),
        (
            origin,
            "http://users.internal:8080@evil.example/",
            "http://users.internal:8080@evil.example/",
        ),
        (origin, "http://users.internal/7", "http://users.internal/7"),
        (
            origin,
            "http://users.internal:8080.evil.example/",
            "http://users.internal:8080.evil.example/",
        ),
        (public, "http://users.internal:80/a/7", "https://shop.example/7"),
        (public, "http://users.internal/a", "https://shop.example"),
        (public, "http://users.internal/ab", "http://users.internal/ab"),
        (public, "http://evil.example/a", "http://evil.example/a"),
        (public, "", ""),
    ] {
        let got = answered(operation, &[("location", location.as_bytes())]);
        assert_eq!(got, [format!("location: {}", location_text(want))], "{operation} {location}");
    }
    let two: &[(&str, &[u8])] = &[("location", b"/users/1"), ("location", b"/users/2")];
    assert_eq!(answered(path, two), ["location: /users/1", "location: /users/2"]);
    assert_eq!(answered(path, &[("location", b"/users/\xff")]), ["location: /users/\\xff"]);
    assert_eq!(answered(path, &[]), [""; 0]);
}

fn location_text(text: &str) -> String {
    text.as_bytes().escape_ascii().to_string()
}

#[test]
fn attributes_of_cookies_are_rewritten_in_whatever_form_they_come() {
    let path = r#"{"cookie": {"path": {"from": "/users", "to": "/v1/users"}}}"#;
    let root = r#"{"cookie": {"path": {"from": "/app", "to": "/"}}}"#;
    let under = r#"{"cookie": {"path": {"from": "/", "to": "/v1"}}}"#;
    let domain = r#"{"cookie": {"domain": {"from": "users.internal", "to": "shop.example"}}}"#;
    let own = r#"{"cookie": {"domain": {"from": "users.internal"}}}"#;
    let any = r#"{"cookie": {"domain": {"to": "shop.example"}}}"#;
    let flags = r#"{"cookie": {"secure": true, "http_only": true, "same_site": "lax"}}"#;
    let bare = r#"{"cookie": {"secure": false, "http_only": false}}"#;
    let named = r#"{"cookie": {"name": "sid", "secure": true}}"#;
    for (operation, cookie, want) in [
        (path, "a=1; Path=/users", "a=1; Path=/v1/users"),
        (path, "a=1;PATH = /users/x ;Secure", "a=1; Path=/v1/users/x;Secure"),
        (path, "a=1; Secure; path=\"/users\"; Max-Age=1", "a=1; Secure; Path=/v1/users; Max-Age=1"),
        (path, "a=1; Path=/usersx", "a=1; Path=/usersx"),
        (path, "a=1; Path=/users; Path=/users/b", "a=1; Path=/v1/users; Path=/v1/users/b"),
        (path, "a=/users; x=Path=/users", "a=/users; x=Path=/users"),
        (path, "a=1; Path", "a=1; Path"),
        (path, "a=\"x; Path=/users\"", "a=\"x; Path=/users\""),
        (path, "__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"),
        (under, "a=1; Path=/", "a=1; Path=/v1"),
        (under, "a=1; Path=/x/", "a=1; Path=/v1/x/"),
        (root, "a=1; Path=/app", "a=1; Path=/"),
        (root, "a=1; Path=/app/x", "a=1; Path=/x"),
        (root, "__host-a=1; Path=/app", "__host-a=1; Path=/app"),
        (domain, "a=1; Domain=.Users.Internal", "a=1; Domain=shop.example"),
        (domain, "a=1; domain=\"users.internal\"; Path=/", "a=1; Domain=shop.example; Path=/"),
        (domain, "a=1; Domain=other.internal", "a=1; Domain=other.internal"),
        (own, "a=1; Domain=users.internal; Path=/", "a=1; Path=/"),
        (any, "a=1; Domain=x.example", "a=1; Domain=shop.example"),
        (any, "a=1", "a=1"),
        (flags, "a=1", "a=1; Secure; HttpOnly; SameSite=Lax"),
        (flags, "a=1; httponly; SECURE; samesite=None", "a=1; httponly; SECURE; SameSite=Lax"),
        (bare, "a=1; Secure; HttpOnly;Path=/", "a=1;Path=/"),
        (bare, "__Secure-a=1; Secure; HttpOnly", "__Secure-a=1; Secure"),
        (bare, "__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"),
        (named, "sid=1; Path=/", "sid=1; Path=/; Secure"),
        (named, " sid =1", " sid =1; Secure"),
        (named, "sid2=1", "sid2=1"),
        (named, "SID=1", "SID=1"),
        (named, "", ""),
    ] {
        let got = answered(operation, &[("set-cookie", cookie.as_bytes())]);
        assert_eq!(got, [format!("set-cookie: {}", location_text(want))], "{operation} {cookie}");
    }
    let several: &[(&str, &[u8])] =
        &[("set-cookie", b"a=\xff"), ("set-cookie", b"sid=1"), ("set-cookie", b"b=2")];
    let want = ["set-cookie: a=\\xff", "set-cookie: sid=1; Secure", "set-cookie: b=2"];
    assert_eq!(answered(named, several), want);
    assert_eq!(answered(named, &[]), [""; 0]);
}

#[test]
fn a_cookie_that_stays_costs_no_edit() {
    let filter = filter(r#"[{"response": [{"cookie": {"name": "sid", "secure": true}}]}]"#);
    let mut state = put(&filter, &[]).state;
    let host = FakeHost::default();
    let fields = [(":status", "200"), ("set-cookie", "a=1"), ("set-cookie", "sid=1; secure")];
    let mut response = Response::new(Headers::from_list(&fields), &host);
    let _ = filter.on_response(&mut response, &mut state);
    assert_eq!(response.headers.edits(), []);
}

#[test]
fn what_is_wrong_with_them_is_told() {
    for (operation, want) in [
        (r#"{"location": {"from": "/a"}}"#, ".location.to: is required"),
        (r#"{"location": {"from": "/a", "to": "/a/"}}"#, ".location: from and to must differ"),
        (r#"{"location": {"from": "a", "to": "/b"}}"#, ".location.from: must be a path such as"),
        (r#"{"location": {"from": "//a", "to": "/b"}}"#, ".location.from: must be a path such as"),
        (r#"{"location": {"from": "/a?b", "to": "/b"}}"#, ".location.from: must be a path such as"),
        (r#"{"location": {"from": "ftp://a/", "to": "/b"}}"#, ".location.from: must be a path"),
        (r#"{"location": {"from": "http://u@a/", "to": "/b"}}"#, ".location.from: must be a path"),
        (r#"{"location": {"from": "http://a:x/", "to": "/b"}}"#, ".location.from: must be a path"),
        (r#"{"cookie": {}}"#, ".cookie: must have one of path, domain, secure"),
        (r#"{"cookie": {"name": "a"}}"#, ".cookie: must have one of path, domain, secure"),
        (r#"{"cookie": {"name": "a;b", "secure": true}}"#, ".cookie.name: must be the name of a"),
        (r#"{"cookie": {"path": {"from": "a", "to": "/"}}}"#, ".cookie.path.from: must be a path"),
        (
            r#"{"cookie": {"path": {"from": "/a;", "to": "/"}}}"#,
            ".cookie.path.from: must be a path",
        ),
        (r#"{"cookie": {"path": {"from": "/a", "to": "/a/"}}}"#, ".cookie.path: from and to must"),
        (r#"{"cookie": {"domain": {}}}"#, ".cookie.domain: must have from, to, or both"),
        (r#"{"cookie": {"domain": {"to": "a;b"}}}"#, ".cookie.domain.to: must be a name such as"),
        (r#"{"cookie": {"same_site": "none"}}"#, ".cookie: same_site: none needs `secure: true`"),
        (r#"{"cookie": {"same_site": "None"}}"#, ".cookie.same_site: must be one of strict, lax"),
        (r#"{"cookie": {"secure": 1}}"#, ".cookie.secure: must be true or false"),
    ] {
        let json = format!(r#"{{"rules": [{{"response": [{operation}]}}]}}"#);
        let faults = configured::<HeaderTransform>(&json).unwrap_err();
        let start = format!("rules[0].response[0]{want}");
        assert!(faults[0].starts_with(&start), "{operation}: {faults:?}");
    }
    let request = r#"{"rules": [{"request": [{"location": {"from": "/a", "to": "/b"}}]}]}"#;
    assert!(configured::<HeaderTransform>(request).unwrap_err()[0].contains("unknown field"));
}
