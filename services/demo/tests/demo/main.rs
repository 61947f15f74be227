//! The demo services: each router as a table of requests, then the program itself.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them in #[test] functions; the functions that these call are tests as well"
)]

/// Login, token and key set.
mod auth;
/// Users, orders, products: the plain data services, and what every service has in common.
mod data;
/// What the echo tells and does.
mod echo;
/// The program: its ports, protocols, signals and errors.
mod program;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use gatehouse_demo::{Service, router};
use serde_json::Value;
use tower::ServiceExt as _;

/// What a service answered. `json` is null where there is no JSON.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    /// The one value of a header, or an empty text.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Sends `line` ("GET /path") with `body` to a fresh `service`, instance "it".
async fn ask(service: Service, line: &str, body: impl Into<Body>) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    send(service, Request::builder().method(method).uri(path).body(body.into()).unwrap()).await
}

async fn send(service: Service, request: Request<Body>) -> Answer {
    let response = router(service, "it").oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&body).unwrap_or_default();
    Answer { status: head.status, headers: head.headers, json }
}
