use std::io::{Read as _, Write as _};

use flate2::Compression;
use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

const IN: &str = r#"{"user_id":1.0}"#;
const OUT: &str = r#"{"userId":1.0}"#;

pub(super) fn encoded(coding: &str, body: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(body).expect("a Vec takes it");
            encoder.finish().expect("a Vec takes it")
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(body).expect("a Vec takes it");
            encoder.finish().expect("a Vec takes it")
        }
        _ => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 22);
            encoder.write_all(body).expect("a Vec takes it");
            encoder.into_inner()
        }
    }
}

pub(super) fn decoded(coding: Option<&str>, body: &[u8]) -> String {
    let mut text = String::new();
    let read = match coding {
        None => return String::from_utf8_lossy(body).into_owned(),
        Some("gzip") => flate2::read::GzDecoder::new(body).read_to_string(&mut text),
        Some("deflate") => flate2::read::ZlibDecoder::new(body).read_to_string(&mut text),
        Some(_) => brotli::Decompressor::new(body, 4096).read_to_string(&mut text),
    };
    read.expect("what it is said to be");
    text
}

#[test]
fn a_compressed_body_is_transformed_and_goes_on_plain_or_as_it_came() {
    for (hold, encoding) in
        [(true, Some("plain")), (true, Some("keep")), (true, None), (false, None)]
    {
        let upstream = Upstream::start();
        let mut side = json!({"max_body": "100KiB", "operations": [{"case": {"to": "camel"}}]});
        if let Some(encoding) = encoding {
            side["encoding"] = json!(encoding);
        }
        let rules = json!([{"name": "all", "request": side, "response": side}]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        let kept = !hold || encoding == Some("keep");
        for coding in ["gzip", "deflate", "br"] {
            let case = format!("{coding}, {hold}, {encoding:?}");
            let body = encoded(coding, IN.as_bytes());
            upstream.answer_with(
                200,
                "application/json",
                &format!("content-encoding: {coding}\r\n"),
                &body,
            );
            let post = |body: Vec<u8>| {
                Request::new("POST", "/")
                    .header("content-type", "application/json")
                    .header("content-encoding", coding)
                    .header("accept-encoding", coding)
                    .body(body)
            };
            let response = gateway.send(post(body));
            assert_eq!(response.status, 200, "{case}: {}", response.text());
            let want = kept.then_some(coding);
            assert_eq!(response.header_text("content-encoding").as_deref(), want, "{case}");
            assert_eq!(decoded(want, &response.body), OUT, "{case}");
            let got = upstream.wait();
            assert_eq!(got.header("content-encoding"), want, "{case}");
            assert_eq!(decoded(want, &got.body), OUT, "{case}");

            // A bomb: 100 bytes that would be 20 MB.
            let bomb = encoded(coding, &[b' '; 20_000_000]);
            assert!(bomb.len() < 90_000, "{}", bomb.len());
            let refused = gateway.ask(post(bomb.clone()));
            refused.assert_refused(&case, 413, "body_transform.expands_too_large");
            assert!(upstream.take().is_none(), "{case}");
            upstream.answer_with(
                200,
                "application/json",
                &format!("content-encoding: {coding}\r\n"),
                &bomb,
            );
            if hold {
                let refused = gateway.ask(Request::get("/"));
                refused.assert_refused(&case, 502, "body_transform.response_expands_too_large");
            } else {
                assert!(gateway.gateway().try_request(&Request::get("/")).is_err(), "{case}");
                gateway.skip();
            }
            let refused = gateway.ask(post(b"{}".to_vec()));
            refused.assert_refused(&case, 400, "body_transform.encoding_invalid");
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn an_encoding_that_nobody_here_reads_is_refused_or_passed() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rule = |name: &str, choice: &str| {
            let side = json!({"on_unknown_encoding": choice});
            json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "request": side,
                "response": side})
        };
        let rules = json!([rule("strict", "reject"), rule("lax", "pass")]);
        let gateway =
            Shared::start(with_rules(hold, rules).upstream("echo:8000", upstream.address()));
        for coding in ["zstd", "gzip, br", "x"] {
            upstream.answer_with(
                200,
                "application/json",
                &format!("content-encoding: {coding}\r\n"),
                "{",
            );
            let post = |path: &str| {
                Request::new("POST", path)
                    .header("content-type", "application/json")
                    .header("content-encoding", coding)
                    .body("{")
            };
            gateway.ask(post("/strict")).assert_refused(
                coding,
                415,
                "body_transform.encoding_unknown",
            );
            let refused = gateway.ask(Request::get("/strict"));
            refused.assert_refused(coding, 502, "body_transform.response_encoding_unknown");
            let _ = upstream.wait();
            let passed = gateway.send(post("/lax"));
            assert_eq!((passed.status, passed.text().as_str()), (200, "{"));
            assert_eq!(passed.header_text("content-encoding").as_deref(), Some(coding));
            assert_eq!(upstream.wait().text(), "{");
        }
        gateway.assert_no_trap();
    }
}
