//! Envoy's filters with ours around them: `compression.yaml`, `ext-authz.yaml`.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{assert_told, of, recipe, request};
use crate::harness::{received, start, trap};

#[test]
fn an_answer_is_stored_once_changed_and_compressed_for_who_takes_that() {
    let gateway = start(recipe("compression"));
    let path = "/products?header=cache-control:max-age=60";
    let ask = |fields: &[(&str, &str)]| gateway.request(request("GET", path, fields));
    let status = |response: &gatehouse_sandbox::raw::Response| {
        response.header_text("cache-status").unwrap_or_default()
    };

    let packed = ask(&[("accept-encoding", "gzip")]);
    assert_eq!(packed.header_text("content-encoding").as_deref(), Some("gzip"));
    assert!(status(&packed).contains("stored"), "{}", status(&packed));
    let mut text = String::new();
    GzDecoder::new(packed.body.as_slice()).read_to_string(&mut text).expect("it is gzip");
    let body: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(body["bodyBytes"], 0, "body-transform has changed it: {text}");
    assert!(!text.contains("accept-encoding"), "the upstream was asked for a plain one: {text}");

    let plain = ask(&[]);
    assert_eq!(plain.header_text("content-encoding"), None);
    assert!(status(&plain).contains("hit"), "the same one, of the store: {}", status(&plain));
    assert_eq!(plain.json(), body);
    let again = ask(&[("accept-encoding", "br, gzip")]);
    assert!(status(&again).contains("hit"), "{}", status(&again));
    assert_eq!(again.header_text("content-encoding").as_deref(), Some("gzip"));
    let vary = again.header_text("vary").unwrap_or_default().to_lowercase();
    assert!(vary.contains("accept-encoding"), "caches after us have to know: {vary}");
    trap::assert_none(&gateway);
}

#[test]
fn a_service_decides_of_known_users_and_is_told_who_they_are() {
    let gateway = start(recipe("ext-authz"));
    let alice = of("alice", json!({}));
    let known = ("authorization", alice.as_str());

    let allowed = gateway.request(request("GET", "/orders/17", &[known]));
    assert_told("it allows", &allowed, 200, "");
    assert_eq!(allowed.header_text("x-served-by").as_deref(), Some("echo"));
    assert_eq!(received(&allowed, "x-user"), ["alice"]);

    let refused = gateway.request(request("PUT", "/orders/17?status=403", &[known]));
    assert_eq!(refused.status, 403);
    let asked = refused.json();
    assert_eq!(
        (&asked["method"], &asked["path"]),
        (&json!("PUT"), &json!("/check/orders/17?status=403"))
    );
    assert_eq!(received(&refused, "x-user"), ["alice"], "the client gets what it says");
    assert_eq!(received(&refused, "authorization"), [""; 0], "the token is for the gateway");

    let forged = gateway.request(request("GET", "/orders?status=403", &[("x-user", "alice")]));
    assert_told("it is not asked about strangers", &forged, 401, "jwt_auth.token_missing");
    // The service thinks as long as the upstream would.
    let late = gateway.request(request("GET", "/orders?delay_ms=3000", &[known]));
    assert_eq!(late.status, 503, "nobody gets in without its word: {}", late.text());
    trap::assert_none(&gateway);
}
