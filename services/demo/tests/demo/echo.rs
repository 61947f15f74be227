use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use gatehouse_demo::Service::Echo;
use serde_json::json;

use crate::{ask, send};

#[tokio::test]
async fn a_request_comes_back_as_it_arrived() {
    let request = Request::builder()
        .method("PATCH")
        .uri("/a//b/%ff?c=d&e")
        .header("x-b", "1")
        .header("x-a", HeaderValue::from_bytes(b"caf\xc3\xa9 \xff\xfe!").unwrap())
        .header("x-b", "2")
        .body(Body::from(vec![0; 3_000_000]))
        .unwrap();
    let answer = send(Echo, request).await;
    assert_eq!(answer.status, StatusCode::OK);
    let want = json!({
        "method": "PATCH",
        "path": "/a//b/%ff?c=d&e",
        "headers": [["x-b", "1"], ["x-b", "2"], ["x-a", "caf\u{e9} \\xff\\xfe!"]],
        "body_bytes": 3_000_000,
    });
    assert_eq!(answer.json, want);
}

#[tokio::test]
async fn every_method_and_path_is_answered() {
    for line in
        ["GET /", "POST /healthz", "OPTIONS *", "DELETE /orders/17", "PROPFIND /x", "GET /a/b/c/"]
    {
        let answer = ask(Echo, line, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{line}");
        let (method, path) = line.split_once(' ').unwrap();
        assert_eq!(
            (&answer.json["method"], &answer.json["path"]),
            (&json!(method), &json!(path)),
            "{line}"
        );
        assert!(!answer.headers.contains_key("allow"), "{line}");
    }
}

#[tokio::test]
async fn the_query_sets_the_status_and_adds_headers() {
    let answer =
        ask(Echo, "GET /x?status=418&header=x-a:1&header=x-a:%20%ff&header=Set-Cookie:a=b", "")
            .await;
    assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
    let values: Vec<_> = answer.headers.get_all("x-a").iter().map(HeaderValue::as_bytes).collect();
    assert_eq!(values, [&b"1"[..], b" \xff"]);
    assert_eq!(answer.header("set-cookie"), "a=b");
    assert_eq!(answer.json["method"], "GET");

    let answer =
        ask(Echo, "GET /?header=content-type:text/html&header=x-served-by:forged", "").await;
    assert_eq!((answer.header("content-type"), answer.header("x-served-by")), ("text/html", "it"));
    assert_eq!(answer.headers.get_all("content-type").iter().count(), 1);
}

#[tokio::test]
async fn a_status_without_content_has_none() {
    for status in [204, 205, 304] {
        let answer = ask(Echo, &format!("GET /?status={status}"), "").await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(answer.json.is_null(), "{status}: {}", answer.json);
    }
}

#[tokio::test]
async fn a_wish_that_cannot_be_met_is_400() {
    for query in [
        "status=1000",
        "header=x",
        "header=a:%00",
        "header=transfer-encoding:chunked",
        "delay_ms=-1",
    ] {
        let answer = ask(Echo, &format!("GET /?{query}"), "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.json["code"], "demo.query_invalid", "{query}");
    }
}

#[tokio::test]
async fn a_delay_is_waited_for() {
    #[expect(clippy::disallowed_methods, reason = "the passing of real time is what is tested")]
    let (before, after) = {
        let before = Instant::now();
        assert_eq!(ask(Echo, "GET /?delay_ms=60", "").await.status, StatusCode::OK);
        (before, Instant::now())
    };
    assert!(after - before >= Duration::from_millis(60));
}
