//! The dashboard of the example, on the demo's services.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{patient, start};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

#[test]
fn it_has_the_user_the_orders_with_their_products_and_recommendations() {
    let gateway = start(patient());
    let got = gateway.get("/dashboard/alice", &[]);
    assert_eq!(got.status, 200, "{}", got.text());
    assert_eq!(got.header_text("content-type").as_deref(), Some("application/json"));
    let document = parsed(&got.text());
    let names: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["orders", "recommendations", "user"]);
    assert_eq!(document["user"]["name"], "Alice Liddell");
    let orders = document["orders"].as_array().expect("a list");
    assert_eq!(orders.len(), 3);
    for order in orders {
        assert_eq!(order["customer"], "alice");
        assert_eq!(order["internalId"], Value::Null);
        for item in order["lineItems"].as_array().expect("a list") {
            assert_eq!(item["warehouseId"], Value::Null);
            assert_eq!(item["product"]["sku"], item["sku"]);
            assert!(item["product"]["name"].is_string(), "{item}");
        }
    }
    let recommendations = document["recommendations"].as_array().expect("a list");
    assert!(!recommendations.is_empty());
    assert!(recommendations.iter().all(|one| one["sku"].is_string()), "{recommendations:?}");

    // The same bytes each time, which is what the tag says.
    let tag = got.header_text("etag").expect("a tag");
    for _ in 0..100 {
        assert_eq!(gateway.get("/dashboard/alice", &[]).text(), got.text());
    }
    let again = gateway.request(Request::get("/dashboard/alice").header("if-none-match", &tag));
    assert_eq!((again.status, again.text().as_str()), (304, ""));
    assert_eq!(again.header_text("etag").as_deref(), Some(&*tag));
    let head = gateway.request(Request::new("HEAD", "/dashboard/alice"));
    assert_eq!((head.status, head.text().as_str()), (200, ""));
    assert_eq!(head.header_text("content-length"), Some(got.text().len().to_string()));
    assert_eq!(head.header_text("etag").as_deref(), Some(&*tag));
}

#[test]
fn nobody_s_dashboard_is_the_service_s_own_404() {
    let gateway = start(patient());
    let got = gateway.get("/dashboard/nobody", &[]);
    assert_eq!(got.status, 404);
    assert_eq!(parsed(&got.text())["detail"], "there is no such user");
    assert_eq!(got.header_text("content-type").as_deref(), Some("application/problem+json"));
}

#[test]
fn it_is_there_without_what_is_optional() {
    let gateway = start(patient());
    assert!(gateway.upstreams().stop("recommendations"));
    crate::harness::until("recommendations are gone", || {
        let got = gateway.get("/dashboard/alice", &[]);
        got.header_text("x-gatehouse-partial").is_some()
    });
    let got = gateway.get("/dashboard/alice", &[]);
    let document = parsed(&got.text());
    assert_eq!(got.status, 200);
    assert_eq!(got.header_text("x-gatehouse-partial").as_deref(), Some("recommendations"));
    assert_eq!(got.header_text("cache-control").as_deref(), Some("no-store"));
    assert_eq!(got.header_text("etag"), None);
    assert_eq!(document["recommendations"], json!([]));
    assert_eq!(
        document["parts"]["recommendations"],
        json!({"outcome": "server_error", "status": 503})
    );
    assert_eq!(document["parts"]["user"], json!({"outcome": "answered", "status": 200}));
    assert_eq!(document["orders"].as_array().map(Vec::len), Some(3));
}
