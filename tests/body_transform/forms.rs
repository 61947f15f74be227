//! Forms with files, and forms that become queries.

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

#[test]
fn a_form_becomes_the_query_of_a_get() {
    let upstream = Upstream::start();
    let rules = json!([{"name": "search", "match": {"path": {"prefix": "/search"}}, "request":
        {"read": "form", "write": "query", "reroute": true, "max_query": "1KiB",
         "operations": [{"remove": {"path": "internal"}}]}}]);
    let gateway = Shared::start(with_rules(true, rules).upstream("echo:8000", upstream.address()));
    let form = || {
        Request::new("POST", "/search?page=%32")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-digest", "x")
    };
    for (case, body, target) in [
        (
            "a form",
            "q=a+b%26c&q=2&internal=1&e=%C3%A9",
            "/search?page=%32&q=a%20b%26c&q=2&e=%C3%A9",
        ),
        ("a line break", "q=%0d%0aGET%20/", "/search?page=%32&q=%0D%0AGET%20%2F"),
        ("a fragment", "%23=%3F", "/search?page=%32&%23=%3F"),
        ("nothing", "", "/search?page=%32"),
    ] {
        let exchange = gateway.ask(form().body(body));
        assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
        let got = upstream.take().expect("a request");
        assert_eq!(
            (got.head.split(' ').next().unwrap_or_default(), got.target()),
            ("GET", target),
            "{case}"
        );
        assert_eq!((got.text().as_str(), got.header("content-type")), ("", None), "{case}");
        // That of no bytes is true of none.
        assert!(body.is_empty() || got.header("content-digest").is_none(), "{case}");
        assert!(got.header("content-length").is_none_or(|length| length == "0"), "{case}");
    }
    for (case, request, status, code) in [
        ("no UTF-8", form().body("q=%ff"), 400, "invalid"),
        ("too long", form().body(format!("q={}", "x".repeat(1024))), 414, "query_too_long"),
    ] {
        let code = format!("body_transform.{code}");
        gateway.ask(request).assert_refused(case, status, &code);
        assert!(upstream.take().is_none(), "{case}");
    }
    gateway.assert_no_trap();
}

#[test]
fn fields_of_forms_with_files_change_and_files_stay_byte_for_byte() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rules = json!([{"name": "upload", "match": {"path": {"prefix": "/upload"}}, "request":
            {"read": "multipart", "on_other_type": "reject", "operations": [
                {"set": {"path": "tenant", "value": "${header.x-tenant}"}},
                {"remove": {"path": "is_admin"}},
                {"rename": {"path": "picture", "to": "avatar"}}]}},
            {"name": "as-json", "request": {"read": "multipart", "write": "json"}}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let post = |path: &str, body: Vec<u8>| {
            Request::new("POST", path)
                .header("content-type", "multipart/form-data; boundary=----WebKitFormBoundaryX")
                .header("x-tenant", "acme")
                .body(body)
        };
        let part = |head: &str, content: &[u8]| {
            let head = format!("------WebKitFormBoundaryX\r\n{head}\r\n\r\n");
            [head.as_bytes(), content, b"\r\n"].concat()
        };
        let field = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
        let file = |name: &str| {
            format!("{}; filename=\"a b.png\"\r\nContent-Type: image/png", field(name))
        };
        let end = b"------WebKitFormBoundaryX--\r\n".to_vec();
        let came = [
            part(&field("is_admin"), b"1"),
            part(&field("title"), "\u{e9}\r\n".as_bytes()),
            part(&file("picture"), &bytes),
            part(&field("is_admin"), b"2"),
            end.clone(),
        ]
        .concat();
        let want = [
            part(&field("title"), "\u{e9}\r\n".as_bytes()),
            part(&field("tenant"), b"acme"),
            part(&file("avatar"), &bytes),
            end.clone(),
        ]
        .concat();
        let exchange = gateway.ask(post("/upload", came.clone()));
        assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
        let got = upstream.take().expect("a request");
        assert!(got.body == want, "{hold}: {}", got.text());
        let content_type = Some("multipart/form-data; boundary=----WebKitFormBoundaryX");
        assert_eq!(got.header("content-type"), content_type, "{hold}");

        let _ = gateway.ask(post("/json", came.clone()));
        let got = upstream.take().expect("a request");
        let json = concat!(
            r#"{"is_admin":["1","2"],"title":"é\r\n","picture":{"filename":"a b.png","#,
            r#""content_type":"image/png","size":70000,"part":2}}"#
        );
        assert_eq!(
            (got.text().as_str(), got.header("content-type")),
            (json, Some("application/json"))
        );

        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (case, body) in [
            ("no end", came.get(..came.len() - 6).expect("more").to_vec()),
            ("more after the end", [came.clone(), came.clone()].concat()),
            ("line feeds alone", text(&came).replace("\r\n", "\n").into_bytes()),
            (
                "a boundary in a file",
                [part(&file("x"), b"1\n------WebKitFormBoundaryX\r\n\r\n"), end.clone()].concat(),
            ),
            (
                "two names",
                [part(&format!("{}; name=\"is_admin\"", field("a")), b"1"), end.clone()].concat(),
            ),
            (
                "an extended name",
                [part(&format!("{}; name*=utf-8''is_admin", field("a")), b"1"), end.clone()]
                    .concat(),
            ),
            ("a quote in a name", [part(&field("a\\\"; x=\\\""), b"1"), end.clone()].concat()),
            ("a line in a name", [part(&field("a\nx: y"), b"1"), end.clone()].concat()),
            ("no form", b"{}".to_vec()),
        ] {
            gateway.ask(post("/upload", body)).assert_refused(case, 400, "body_transform.invalid");
            assert!(upstream.take().is_none(), "{case}");
        }
        let many = [part(&field("a"), b"").repeat(1001), end.clone()].concat();
        gateway.ask(post("/upload", many)).assert_refused("parts", 413, "body_transform.too_large");
        let set = post("/upload", came).header("x-tenant", "------WebKitFormBoundaryX--");
        let set = gateway.ask(set);
        assert!(matches!(set.response.status, 200 | 400), "{}", set.response.status);
        gateway.assert_no_trap();
    }
}
