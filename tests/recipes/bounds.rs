//! What bounds requests: `size-limits.yaml`, `ip-rules.yaml`.

use serde_json::json;

use super::{assert_told, of, recipe, request};
use crate::harness::{start, trap};

#[test]
fn bodies_are_as_long_as_their_route_takes_and_strangers_are_refused_by_their_heads() {
    let gateway = start(recipe("size-limits"));
    let alice = of("alice", json!({}));
    for (case, path, size, is_known, status, code) in [
        ("a short body", "/orders", 1_000, true, 200, ""),
        ("the longest", "/orders", 65_536, true, 200, ""),
        ("one byte more", "/orders", 65_537, true, 413, "body_too_large"),
        ("a route that takes more", "/uploads/1", 65_537, true, 200, ""),
        ("more than that", "/uploads/1", 1_048_577, true, 413, "body_too_large"),
        ("a route without a bound", "/streams/1", 2_000_000, true, 200, ""),
        ("a stranger", "/orders", 65_537, false, 401, "jwt_auth.token_missing"),
    ] {
        let head = request("POST", path, &[("content-type", "application/octet-stream")]);
        let head = if is_known { head.header("authorization", &alice) } else { head };
        let response = gateway.request(head.body(vec![b'x'; size]));
        assert_told(case, &response, status, code);
        if status == 200 {
            assert_eq!(response.json()["body_bytes"], size, "{case}");
        }
        if status == 413 {
            let kind = response.header_text("content-type");
            assert_eq!(kind.as_deref(), Some("application/problem+json"), "{case}");
        }
    }
    let long = "x".repeat(40_000);
    let head = request("GET", "/orders", &[("authorization", &alice), ("x-long", &long)]);
    assert_eq!(gateway.request(head).status, 431, "a head of 40 kB");
    trap::assert_none(&gateway);
}

#[test]
fn networks_are_kept_out_or_let_in_by_the_address_that_the_load_balancer_saw() {
    let gateway = start(recipe("ip-rules"));
    for (case, forwarded, path, status, code) in [
        ("anybody", "192.0.2.1", "/orders", 200, ""),
        ("anybody at what is for the office", "192.0.2.1", "/admin", 403, "authorization.no_rule"),
        ("the office", "203.0.113.7", "/admin/users", 200, ""),
        ("the office, by IPv6", "2001:db8:cafe::7", "/admin", 200, ""),
        ("a network that is kept out", "198.51.100.9", "/orders", 403, "authorization.denied"),
        ("the same, by IPv6", "2001:db8:bad:1::9", "/orders", 403, "authorization.denied"),
        // The load balancer adds whom it saw to what the client says.
        (
            "who says to be the office",
            "203.0.113.7, 192.0.2.1",
            "/admin",
            403,
            "authorization.no_rule",
        ),
        (
            "who says not to be kept out",
            "192.0.2.1, 198.51.100.9",
            "/orders",
            403,
            "authorization.denied",
        ),
        ("another spelling", "192.0.2.1", "/Admin", 400, "authorization.target_ambiguous"),
    ] {
        let response = gateway.request(request("GET", path, &[("x-forwarded-for", forwarded)]));
        assert_told(case, &response, status, code);
    }
    trap::assert_none(&gateway);
}
