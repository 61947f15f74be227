use gatehouse_sandbox::raw::Request;
use http::HeaderMap;
use serde_json::{Value, json};

use super::with_rules;
use crate::harness::upstream::{self, Upstream};
use crate::harness::{Shared, configuration, http2};

const IN: &str = r#"{"user_id":1.0,"secret":true}"#;
const OUT: &str = r#"{"userId":1.0}"#;

fn rules() -> Value {
    let side = json!({"operations": [{"remove": {"path": "secret"}}, {"case": {"to": "camel"}}]});
    json!([{"name": "all", "match": {"path": {"prefix": "/in"}}, "request": side, "response": side}])
}

fn start(hold: bool, upstream: &Upstream) -> Shared {
    let builder = with_rules(hold, rules()).upstream("echo:8000", upstream.address());
    Shared::start(builder.edit(configuration::keep_trailers))
}

#[test]
fn a_body_is_transformed_however_it_is_framed() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let gateway = start(hold, &upstream);
        let head =
            "POST /in HTTP/1.1\r\nhost: gateway.example\r\ncontent-type: application/json\r\n";
        let chunked = |end: &str| {
            let chunks = upstream::chunked(IN.as_bytes(), 3, end);
            format!("{head}transfer-encoding: chunked\r\n\r\n{}", str(&chunks))
        };
        let length = format!("content-length: {}\r\n", IN.len());
        for (case, request, trailers) in [
            ("with its length", format!("{head}{length}\r\n{IN}"), ""),
            ("in chunks", chunked(""), ""),
            ("in chunks, with a trailer", chunked("x-sum: 1\r\n"), "x-sum: 1"),
            ("after 100-continue", format!("{head}{length}expect: 100-continue\r\n\r\n{IN}"), ""),
        ] {
            let response = gateway.send(Request::exact(request));
            // An interim response may come first.
            assert!(matches!(response.status, 100 | 200), "{case}: {}", response.text());
            let got = upstream.wait();
            assert_eq!(got.text(), OUT, "{case}, {hold}");
            assert_eq!(got.trailers, trailers, "{case}, {hold}");
            let told = (hold && trailers.is_empty()).then(|| OUT.len().to_string());
            assert_eq!(got.header("content-length"), told.as_deref(), "{case}, {hold}");
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn trailers_do_not_lead_past_it() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let gateway = start(hold, &upstream);
        let to = gateway.gateway().address();
        let post = |path: &str| {
            let request =
                http2::get(path).method("POST").header("content-type", "application/json");
            request.body(()).expect("a request")
        };
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().expect("a value"));
        let (first, second) = IN.as_bytes().split_at(10);
        for (case, frames, trailers, want) in [
            ("frames", &[first, second][..], None, OUT),
            ("an empty last frame", &[first, second, b""], None, OUT),
            ("frames and trailers", &[first, second], Some(trailers.clone()), OUT),
            ("trailers alone", &[], Some(trailers.clone()), ""),
            ("an empty frame and trailers", &[b""], Some(trailers), ""),
        ] {
            let answer = http2::send_body(to, post("/in"), frames, trailers.clone());
            assert_eq!(answer.status, 200, "{case}, {hold}");
            let got = upstream.wait();
            assert_eq!(got.text(), want, "{case}, {hold}");
            assert_eq!(got.trailers.is_empty(), trailers.is_none(), "{case}, {hold}");
        }
        // And what is refused is refused with trailers, too.
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().expect("a value"));
        let answer = http2::send_body(to, post("/in"), &[b"{"], Some(trailers));
        assert_eq!(answer.status, 400, "{hold}");
        assert!(upstream.take().is_none());

        // The same on the way back.
        upstream.answer(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{IN}\r\n0\r\nx-sum: 2\r\n\r\n",
            IN.len()
        ));
        let answer = http2::send(to, http2::get("/in").body(()).expect("a request"));
        assert_eq!(String::from_utf8_lossy(&answer.body), OUT, "{hold}");
        assert_eq!(answer.trailer("x-sum").as_deref(), Some("2"));
        let response = gateway.send(Request::get("/in"));
        assert_eq!((response.text().as_str(), response.trailers.len()), (OUT, 1), "{hold}");
        assert_eq!(response.header("content-length"), None);
        gateway.assert_no_trap();
    }
}

#[test]
fn what_has_no_body_is_not_waited_for() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let gateway = start(hold, &upstream);
        let json = format!("content-type: application/json\r\ncontent-length: {}\r\n", IN.len());
        for (case, method, status, head, length) in [
            ("HEAD", "HEAD", "200 OK", json.as_str(), None),
            (
                "HEAD of text",
                "HEAD",
                "200 OK",
                "content-type: text/plain\r\ncontent-length: 5\r\n",
                Some("5"),
            ),
            ("204", "GET", "204 No Content", "", None),
            ("304", "GET", "304 Not Modified", json.as_str(), None),
            (
                "an empty body",
                "GET",
                "200 OK",
                "content-type: application/json\r\ncontent-length: 0\r\n",
                Some("0"),
            ),
        ] {
            upstream.answer(format!("HTTP/1.1 {status}\r\n{head}\r\n"));
            let exchange =
                gateway.ask(Request::new(method, "/in").header("content-type", "application/json"));
            assert!(status.starts_with(&exchange.response.status.to_string()), "{case}, {hold}");
            assert_eq!(exchange.response.body, b"", "{case}");
            assert_eq!(
                exchange.response.header_text("content-length").as_deref(),
                length,
                "{case}, {hold}"
            );
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn what_is_no_json_goes_by_untouched() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let gateway = start(hold, &upstream);
        for (path, content_type, more) in [
            ("/in", "text/plain", ""),
            ("/in", "text/event-stream", ""),
            ("/in", "application/octet-stream", ""),
            ("/in", "application/jsonx", ""),
            ("/in", "application/x-ndjson", ""),
            ("/in", "application/problem+json", ""),
            ("/in", "application/grpc", ""),
            ("/in", "application/grpc+json", ""),
            ("/in", "application/grpc-web+json", ""),
            ("/in", "multipart/form-data; boundary=application/json", ""),
            ("/out", "application/json", ""),
        ] {
            upstream.answer_with(200, content_type, more, IN);
            let request = Request::new("POST", path).header("content-type", content_type).body(IN);
            let exchange = gateway.ask(request);
            assert_eq!(exchange.response.text(), IN, "{path} {content_type}");
            assert_eq!(upstream.wait().text(), IN, "{path} {content_type}");
            let length = exchange.response.header_text("content-length");
            assert_eq!(length, Some(IN.len().to_string()), "{content_type}");
        }
        // gRPC over HTTP/2, with its trailers.
        upstream.answer(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{IN}\r\n0\r\ngrpc-status: 0\r\n\r\n",
            IN.len()
        ));
        let request =
            http2::get("/in").method("POST").header("content-type", "application/grpc+json");
        let answer = http2::send_body(
            gateway.gateway().address(),
            request.body(()).expect("a request"),
            &[IN.as_bytes()],
            None,
        );
        assert_eq!(answer.body, IN.as_bytes());
        assert_eq!(answer.trailer("grpc-status").as_deref(), Some("0"));
        assert_eq!(upstream.wait().text(), IN);
        gateway.skip();
        // Two content types are refused: one parser would read the one, the next the other.
        let two = Request::new("POST", "/in")
            .header("content-type", "text/plain")
            .header("content-type", "application/json")
            .body(IN);
        gateway.ask(two).assert_refused("two types", 415, "body_transform.type_refused");
        gateway.assert_no_trap();
    }
}

#[test]
fn nothing_that_was_told_of_the_old_bytes_stays() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let gateway = start(hold, &upstream);
        upstream.answer_with(
            200,
            "application/json",
            "content-digest: a\r\ndigest: b\r\naccept-ranges: bytes\r\n",
            IN,
        );
        let request = Request::new("POST", "/in")
            .header("content-type", "application/json")
            .header("repr-digest", "a")
            .header("content-md5", "b")
            .header("range", "bytes=0-9")
            .header("accept-encoding", "zstd, gzip;q=0.5, *")
            .body(IN);
        let response = gateway.send(request);
        let got = upstream.wait();
        for name in ["repr-digest", "content-md5", "range"] {
            assert_eq!(got.header(name), None, "{name}");
        }
        assert_eq!(got.header("accept-encoding"), Some("gzip;q=0.5"));
        for name in ["content-digest", "digest", "accept-ranges"] {
            assert_eq!(response.header(name), None, "{name}");
        }
        assert_eq!(response.text(), OUT);
        let _ = gateway.send(Request::get("/in").header("accept-encoding", "zstd"));
        assert_eq!(upstream.wait().header("accept-encoding"), Some("identity"));
        gateway.assert_no_trap();
    }
}

fn str(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("ASCII")
}
