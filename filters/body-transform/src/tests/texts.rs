//! Texts in which patterns are replaced.

use super::*;

#[test]
fn texts_are_searched_where_they_are_utf_8_and_said_to_be() {
    let rule = |other: &str, invalid: &str| {
        filter(json!({"hold_heads": true, "rules": [{"request": {"on_other_type": other,
            "on_invalid": invalid, "max_body": "20B", "text": [
                {"replace": ["http://([a-z]+)[.]internal", "https://$1"]},
                {"replace": ["(?i)SECRET", ""]}]}}]}))
    };
    let (strict, lax) = (rule("reject", "reject"), rule("pass", "pass"));
    for (content_type, body, by_strict, by_lax, want) in [
        ("text/html", "http://a.internal", "transformed", "transformed", Some("https://a")),
        ("text/plain; charset=UTF-8", "secReté", "transformed", "transformed", Some("é")),
        ("Text/CSS;charset=\"us-ascii\"", "x", "transformed", "transformed", Some("x")),
        ("application/javascript", "secret", "transformed", "transformed", Some("")),
        ("application/xml", "", "untouched", "untouched", None),
        ("text/html; charset=iso-8859-1", "secret", "type_refused", "untouched", None),
        ("text/html; charset=utf-8; charset=utf-16", "secret", "type_refused", "untouched", None),
        ("text/html; charset", "secret", "type_refused", "untouched", None),
        ("text/event-stream", "secret", "type_refused", "untouched", None),
        ("application/json", "\"secret\"", "type_refused", "untouched", None),
        ("text/html", "123456789012345678901", "too_large", "too_large", None),
    ] {
        let field = [("content-type", content_type)];
        let (code, got, _) = request(&strict, &field, body);
        assert_eq!((code.as_str(), got.as_deref()), (by_strict, want), "{content_type} {body}");
        assert_eq!(request(&lax, &field, body).0, by_lax, "{content_type} {body}");
    }
}

#[test]
fn a_form_becomes_the_query_and_its_request_a_get() {
    let side = |side: Value| {
        let mut all =
            json!({"read": "form", "write": "query", "reroute": true, "max_query": "40B"});
        all.as_object_mut().unwrap().extend(side.as_object().unwrap().clone());
        filter(json!({"hold_heads": true, "rules": [{"request": all}]}))
    };
    let (plain, changed) =
        (side(json!({})), side(json!({"operations": [{"remove": {"path": "b"}}]})));
    let json = side(json!({"read": "json"}));
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    for (case, filter, field, method, path, body, code, to, target) in [
        (
            "a form",
            &plain,
            FORM,
            "POST",
            "/a",
            "a=1&b=x+y%26&a=2",
            "transformed",
            "GET",
            "/a?a=1&a=2&b=x%20y%26",
        ),
        (
            "a query that is there",
            &plain,
            FORM,
            "PUT",
            "/a?x=%31&",
            "a=1",
            "transformed",
            "GET",
            "/a?x=%31&&a=1",
        ),
        ("an empty query", &plain, FORM, "PATCH", "/a?", "a=1", "transformed", "GET", "/a?a=1"),
        ("a form of nothing", &plain, FORM, "POST", "/a?x", "&", "transformed", "GET", "/a?x"),
        ("no bytes", &plain, FORM, "POST", "/a", "", "untouched", "GET", "/a"),
        (
            "a line break",
            &plain,
            FORM,
            "POST",
            "/a",
            "a=%0d%0ax:%20y",
            "transformed",
            "GET",
            "/a?a=%0D%0Ax%3A%20y",
        ),
        (
            "a second path",
            &plain,
            FORM,
            "POST",
            "/a",
            "%2F%23?=1",
            "transformed",
            "GET",
            "/a?%2F%23%3F=1",
        ),
        ("another method", &plain, FORM, "DELETE", "/a", "a=1", "transformed", "DELETE", "/a?a=1"),
        ("HEAD", &plain, FORM, "HEAD", "/a", "a=1", "transformed", "HEAD", "/a?a=1"),
        ("operations", &changed, FORM, "POST", "/a", "a=1&b=2", "transformed", "GET", "/a?a=1"),
        (
            "JSON",
            &json,
            JSON,
            "POST",
            "/a",
            r#"{"a":["1",2],"b":true,"c":null}"#,
            "transformed",
            "GET",
            "/a?a=1&a=2&b=true",
        ),
        ("nested JSON", &json, JSON, "POST", "/a", r#"{"a":{}}"#, "no_form", "POST", "/a"),
        (
            "too long",
            &plain,
            FORM,
            "POST",
            "/a?x=1",
            "a=012345678901234567890123456789012345",
            "query_too_long",
            "POST",
            "/a?x=1",
        ),
        ("no UTF-8", &plain, FORM, "POST", "/a", "a=%ff", "invalid", "POST", "/a"),
        ("another type", &plain, JSON, "POST", "/a", "{}", "untouched", "POST", "/a"),
    ] {
        let host = FakeHost::default();
        let head = [(":method", method), (":path", path), (":authority", "a"), field];
        let mut request = Request::new(Headers::from_list(&head), &host).with_body(true);
        let mut state = State::default();
        let mut decision = filter.on_request(&mut request, &mut state);
        let mut body = Body::new(body.as_bytes().to_vec());
        if matches!(decision.step, Step::ReadBody(_)) {
            decision =
                filter.on_request_body(Some(&mut request), &mut body, &host, &mut state).unwrap();
        }
        assert_eq!(decision.code.name(), code, "{case}");
        let text =
            |name| String::from_utf8_lossy(request.headers.first(name).unwrap()).into_owned();
        if code != "query_too_long" {
            assert_eq!((text(":method").as_str(), text(":path").as_str()), (to, target), "{case}");
        }
        let is_moved = code == "transformed";
        assert_eq!(body.replacement(), is_moved.then_some(&b""[..]), "{case}");
        if is_moved {
            assert_eq!(request.headers.first("content-type"), None, "{case}");
        }
    }
    let host = FakeHost::default();
    for (method, want) in [
        ("POST", "GET"),
        ("GET", "GET"),
        ("HEAD", "HEAD"),
        ("DELETE", "DELETE"),
        ("OPTIONS", "OPTIONS"),
    ] {
        let head = [(":method", method), (":path", "/a"), FORM];
        let mut request = Request::new(Headers::from_list(&head), &host);
        let _ = plain.on_request(&mut request, &mut State::default());
        assert_eq!(request.headers.first(":method"), Some(want.as_bytes()), "{method}");
    }
}

#[test]
fn fields_of_forms_with_files_are_set_removed_and_renamed() {
    let filter = filter(json!({"hold_heads": true, "rules": [{"request": {"read": "multipart",
        "on_other_type": "reject", "operations": [
            {"set": {"path": "tenant", "value": "${header.x-tenant}"}},
            {"remove": {"path": "is_admin"}},
            {"rename": {"path": "f", "to": "g"}},
            {"set_header": {"name": "x-file", "value": "${body.g.filename}"}}]}}]}));
    let field = |name: &str, text: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let file = |name: &str| {
        format!(
            "--B\r\nContent-Disposition: form-data; name=\"{name}\"; \
             filename=\"x\"\r\nContent-Type: a/b\r\n\r\n\u{1}\r\n\r\n"
        )
    };
    let is_form = ("content-type", "multipart/form-data; boundary=B");
    let tenant = ("x-tenant", "acme");
    let came = format!("{}{}{}--B--", field("is_admin", "1"), file("f"), field("is_admin", "2"));
    let (code, got, head) = request(&filter, &[is_form, tenant], &came);
    let want = format!("{}{}--B--\r\n", field("tenant", "acme"), file("g"));
    assert_eq!((code.as_str(), got.unwrap()), ("transformed", want));
    assert_eq!(head.first("x-file"), Some(&b"x"[..]));
    assert_eq!(head.first("content-type"), Some(is_form.1.as_bytes()));
    for (case, fields, body, code) in [
        (
            "no boundary",
            &[("content-type", "multipart/form-data"), tenant][..],
            came.clone(),
            "invalid",
        ),
        (
            "another boundary",
            &[("content-type", "multipart/form-data; boundary=C"), tenant],
            came.clone(),
            "invalid",
        ),
        ("a boundary in what is set", &[is_form, ("x-tenant", "--B--")], came.clone(), "no_form"),
        (
            "a field under two names",
            &[is_form, tenant],
            field("a\"; name=\"is_admin", "1") + "--B--",
            "invalid",
        ),
        ("too many parts", &[is_form, tenant], field("a", "").repeat(1001) + "--B--", "too_large"),
        (
            "another kind of parts",
            &[("content-type", "multipart/mixed; boundary=B")],
            came,
            "type_refused",
        ),
    ] {
        assert_eq!(request(&filter, fields, &body).0, code, "{case}");
    }
}
