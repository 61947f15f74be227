//! Bodies that the gateway makes.

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::with_rules;
use crate::harness::upstream::Upstream;
use crate::harness::{Shared, configuration};

#[test]
fn error_pages_of_an_upstream_become_problem_documents_and_nothing_else_does() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rules = json!([{"name": "errors", "match": {"path": {"template": "/users/{id}"}},
        "response_bodies": [
            {"statuses": [404], "problem": {"type": "https://a.example/none",
                "detail": "there is no user ${path.id}", "members": {"user": "${path.id}"}}},
            {"statuses": ["4xx"], "content_type": "text/html; charset=utf-8",
             "text": "<p>${query.q} ${response.status}"},
            {"statuses": ["5xx"], "problem": {}},
        ]}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        let problem = concat!(
            r#"{"type":"https://a.example/none","title":"Not Found","status":404,"#,
            r#""detail":"there is no user 7\"","user":"7\""}"#
        );
        let stale = "etag: \"1\"\r\ncontent-encoding: gzip\r\nlast-modified: x\r\ncontent-digest: \
         x\r\nx-kept: 1\r\n";
        for (case, status, body, content_type, want) in [
            ("a page", 404, "<h1>nginx/1.2.3</h1>", "application/problem+json", problem),
            ("no body", 404, "", "application/problem+json", problem),
            ("a text of a client", 400, "x", "text/html; charset=utf-8", "<p>&lt;b&gt; 400"),
            (
                "an error of the server",
                503,
                "stack trace",
                "application/problem+json",
                r#"{"type":"about:blank","title":"Service Unavailable","status":503}"#,
            ),
            ("a success", 200, "<h1>fine</h1>", "text/html", "<h1>fine</h1>"),
        ] {
            upstream.answer_with(status, "text/html", stale, body);
            let exchange = gateway.ask(Request::get("/users/7%22?q=%3Cb%3E"));
            let response = &exchange.response;
            assert_eq!((response.status, response.text()), (status, want.into()), "{case}, {hold}");
            assert_eq!(
                response.header_text("content-type").as_deref(),
                Some(content_type),
                "{case}"
            );
            assert_eq!(response.header_text("x-kept").as_deref(), Some("1"), "{case}, {hold}");
            let is_replaced = status != 200;
            for field in ["etag", "content-encoding", "last-modified", "content-digest"] {
                assert_eq!(response.header(field).is_none(), is_replaced, "{case}: {field}");
            }
            if hold || body.is_empty() {
                let length = want.len().to_string();
                assert_eq!(response.header_text("content-length"), Some(length), "{case}");
            }
            if is_replaced {
                let note = "body_transform.response_replaced;rule=errors";
                assert_eq!(exchange.logged("body_transform"), note, "{case}");
            }
            let _ = upstream.wait();
        }
        // A problem keeps its form, an answer without content has none.
        upstream.answer_with(404, "application/problem+json", "", "{}");
        assert_eq!(gateway.ask(Request::get("/users/7")).response.text(), "{}");
        let _ = upstream.wait();
        upstream.answer(
            "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\n",
        );
        let head = gateway.ask(Request::new("HEAD", "/users/7")).response;
        assert_eq!((head.status, head.text().as_str()), (404, ""), "{hold}");
        assert_eq!(head.header_text("content-type").as_deref(), Some("application/problem+json"));
        assert_ne!(head.header_text("content-length").as_deref(), Some("9"));
        let _ = upstream.wait();
        gateway.assert_no_trap();
    }
}

#[test]
fn a_page_longer_than_is_collected_is_left_out_or_broken_off() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rules =
            json!([{"response_bodies": [{"statuses": [500], "max_body": "10B", "text": "sorry"}]}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        upstream.answer_with(500, "text/html", "x-kept: 1\r\n", "<p>".repeat(30_000));
        if hold {
            let response = gateway.ask(Request::get("/")).response;
            assert_eq!((response.status, response.text().as_str()), (500, "sorry"));
            assert_eq!(response.header_text("x-kept").as_deref(), Some("1"));
        } else {
            let broken = gateway.gateway().try_request(&Request::get("/"));
            assert!(broken.is_err(), "{broken:?}");
            gateway.skip();
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn a_requests_body_is_replaced_and_one_without_a_body_gets_none() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rules = json!([{"name": "r", "request_body": {"max_body": "1KiB",
            "value": {"who": "${header.x-who}", "path": "${path}"}}}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        let who = "\",\"admin\":true,\"";
        let want = json!({"who": who, "path": "/a"});
        for (case, content_type, body) in [
            ("a page", "text/html", "<h1>".to_owned()),
            ("JSON", "application/json", "{".to_owned()),
            ("bytes", "application/octet-stream", "\u{0}".to_owned()),
        ] {
            let post = Request::new("POST", "/a").header("content-type", content_type);
            let post = post.header("x-who", who).header("content-digest", "x").body(body);
            let exchange = gateway.ask(post);
            assert_eq!(exchange.response.status, 200, "{case}, {hold}");
            let got = upstream.take().expect("a request");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&got.text()).unwrap(),
                want,
                "{case}"
            );
            assert_eq!(got.header("content-type"), Some("application/json"), "{case}");
            assert_eq!(got.header("content-digest"), None, "{case}");
            assert_eq!(exchange.logged("body_transform"), "body_transform.replaced;rule=r");
        }
        let long = Request::new("POST", "/a").body("x".repeat(1025));
        gateway.ask(long).assert_refused("long", 413, "body_transform.too_large");
        assert!(upstream.take().is_none());
        assert_eq!(gateway.ask(Request::get("/a")).response.status, 200);
        assert_eq!(upstream.take().expect("a request").text(), "");
        gateway.assert_no_trap();
    }
}

#[test]
fn a_body_that_ends_with_trailers_or_has_no_bytes_is_replaced() {
    let upstream = Upstream::start();
    let rules = json!([{"response_bodies": [{"statuses": [404], "text": "none"}]}]);
    let builder = with_rules(true, rules).upstream("echo:8000", upstream.address());
    let gateway = Shared::start(builder.edit(configuration::keep_trailers));
    for answer in [
        "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\ntrailer: \
         x-a\r\n\r\n3\r\nabc\r\n0\r\nx-a: 1\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        upstream.answer(answer);
        let response = gateway.ask(Request::get("/")).response;
        assert_eq!((response.status, response.text().as_str()), (404, "none"), "{answer}");
        let _ = upstream.wait();
    }
    gateway.assert_no_trap();
}
