//! Texts in which patterns are replaced.

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::encodings::{decoded, encoded};
use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

#[test]
fn what_patterns_find_in_pages_is_replaced_plain_and_compressed() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let side = json!({"on_other_type": "pass", "max_body": "100KiB", "text": [
            {"replace": ["https?://([a-z]+)[.]internal(:[0-9]{1,5})?", "https://$1.example"]},
            {"replace": ["(?i)secret", ""]}]});
        let rules = json!([{"name": "pages", "request": side, "response": side}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        let page = "<a href=\"http://shop.internal:80/é\">SECRET</a>".repeat(100);
        let want = "<a href=\"https://shop.example/é\"></a>".repeat(100);
        for content_type in ["text/html", "text/css; charset=utf-8", "application/xml"] {
            for coding in [None, Some("gzip"), Some("deflate"), Some("br")] {
                let case = format!("{content_type} {coding:?}, {hold}");
                let body = match coding {
                    Some(coding) => encoded(coding, page.as_bytes()),
                    None => page.clone().into_bytes(),
                };
                let field = coding.map(|coding| format!("content-encoding: {coding}\r\n"));
                let mut answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n{}content-length: {}\r\n\r\n",
                    field.unwrap_or_default(),
                    body.len(),
                )
                .into_bytes();
                answer.extend_from_slice(&body);
                upstream.answer(answer);
                let mut post = Request::new("POST", "/").header("content-type", content_type);
                if let Some(coding) = coding {
                    post = post.header("content-encoding", coding);
                }
                let response = gateway.ask(post.body(body)).response;
                let got = upstream.take().expect("a request");
                assert_eq!(decoded(got.header("content-encoding"), &got.body), want, "{case}");
                let said = response.header_text("content-encoding");
                assert_eq!(decoded(said.as_deref(), &response.body), want, "{case}");
            }
        }
        // Other character sets and bytes that are no text.
        for (content_type, body, status) in [
            ("text/html; charset=iso-8859-1", &b"secret \xe9"[..], 200),
            ("text/html", b"secret \xe9", 400),
            ("text/event-stream", b"data: secret\n\n", 200),
        ] {
            let post = Request::new("POST", "/").header("content-type", content_type);
            upstream.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            let exchange = gateway.ask(post.body(body));
            if status == 400 {
                exchange.assert_refused(content_type, 400, "body_transform.invalid");
                continue;
            }
            assert_eq!(exchange.response.status, status, "{content_type}");
            assert_eq!(upstream.take().expect("a request").body, body, "{content_type}");
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn a_text_made_to_be_searched_for_ever_is_refused() {
    let upstream = Upstream::start();
    let rules = json!([{"request": {"text": [{"replace": ["a(.*z)?", "a"]}]}}]);
    let gateway = Shared::start(with_rules(true, rules).upstream("echo:8000", upstream.address()));
    let post = Request::new("POST", "/").header("content-type", "text/plain");
    let exchange = gateway.ask(post.body("a".repeat(200_000)));
    exchange.assert_refused("many finds", 413, "body_transform.too_many_finds");
    assert!(upstream.take().is_none());
    gateway.assert_no_trap();
}
