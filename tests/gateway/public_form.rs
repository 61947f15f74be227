//! Orders as clients know them, and as their service tells them.

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::builder;
use crate::harness::{Shared, token};

#[test]
fn orders_are_in_camel_case_outside_and_in_an_envelope_inside() {
    let gateway = Shared::start(builder());
    let alice = token::bearer(&token::good("alice"));
    let ask = |request: Request| gateway.ask(request.header("authorization", &alice));

    let one = ask(Request::get("/orders/17"));
    assert_eq!(
        one.response.text(),
        r#"{"id":17,"customer":"alice","lineItems":[{"sku":"MON-27","quantity":1,"unitPrice":"389.00"}],"total":"389.00","currency":"EUR","status":"paid","placedAt":"2026-03-14T09:26:53Z"}"#
    );
    let length = one.response.header_text("content-length");
    assert_eq!(length, Some(one.response.body.len().to_string()));
    assert_eq!(
        one.logged("body_transform"),
        "body_transform.response_transformed;rule=orders",
        "there is nothing to change of the request"
    );

    let all = ask(Request::get("/orders"));
    let text = all.response.text();
    assert_eq!(all.response.json()["orders"].as_array().map(Vec::len), Some(6), "{text}");
    for told in ["internal", "warehouse", "data", "meta", "_"] {
        assert!(!text.contains(told), "{told}: {text}");
    }

    let order = json!({"customer": "alice", "lineItems": [{"sku": "KB-75", "quantity": 2}]});
    let placed = ask(Request::post_json("/orders", &order));
    assert_eq!(placed.response.status, 201, "{}", placed.response.text());
    assert_eq!(
        placed.response.json()["lineItems"],
        json!([{"sku": "KB-75", "quantity": 2, "unitPrice": "129.00"}])
    );
    assert_eq!(placed.logged("body_transform"), "body_transform.transformed;rule=orders");

    // An error of the service stays in the form of errors.
    let order = json!({"customer": "alice", "lineItems": []});
    let refused = ask(Request::post_json("/orders", &order));
    assert_eq!(refused.response.status, 400);
    assert_eq!(refused.response.json()["code"], "demo.body_invalid", "{}", refused.response.text());
    // And what the gateway cannot read never gets there.
    let broken = Request::new("POST", "/orders")
        .header("content-type", "application/json")
        .body("{\"a\":1,\"a\":2}");
    ask(broken).assert_refused("two names", 400, "body_transform.duplicate_name");
    let text = Request::new("POST", "/orders").header("content-type", "text/plain").body("{}");
    ask(text).assert_refused("text", 415, "body_transform.type_refused");
    // Nothing that a client says of itself leads past it.
    for content_type in ["application/grpcx", "Application/gRPC-web+json", "application/x-grpc"] {
        let broken = Request::new("POST", "/orders")
            .header("content-type", content_type)
            .body("{\"a\":1,\"a\":2}");
        let refused = ask(broken);
        if content_type.contains("gRPC-web") {
            // In the form that such a client reads.
            let status = refused.response.header_text("grpc-status");
            assert_eq!((refused.response.status, status.as_deref()), (200, Some("3")));
            assert_eq!(refused.logged("details"), "body_transform.type_refused");
        } else {
            refused.assert_refused(content_type, 415, "body_transform.type_refused");
        }
        let read = ask(Request::get("/orders").header("content-type", content_type));
        assert_eq!(read.response.status, 200, "{content_type}");
        assert!(!read.response.text().contains("internal"), "{content_type}");
    }
    let missing = ask(Request::get("/orders/99"));
    assert_eq!(missing.response.json()["code"], "demo.not_found");
    gateway.assert_no_trap();
}
