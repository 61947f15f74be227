use axum::body::Body;
use axum::http::{Request, StatusCode};
use gatehouse_demo::{Service, router};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{Answer, ask};

use Service::{Auth, Orders, Products, Recommendations, Users};

#[tokio::test]
async fn every_service_is_healthy_and_says_which_it_is_and_who_served() {
    for service in Service::ALL {
        let answer = ask(service, "GET /healthz", "").await;
        assert_eq!(answer.status, StatusCode::OK, "{service}");
        assert_eq!(answer.json, json!({"status": "ok", "service": service.name()}));
        assert_eq!(answer.header("x-served-by"), "it");
    }
}

#[tokio::test]
async fn each_path_answers_with_its_status() {
    for (service, line, want) in [
        (Users, "GET /", 200),
        (Users, "GET /alice", 200),
        (Users, "HEAD /bob", 200),
        (Users, "GET /mallory", 404),
        (Users, "GET /Alice", 404),
        (Users, "GET /alice/", 404),
        (Users, "GET /%ff", 404),
        (Users, "GET /alice/orders", 404),
        (Users, "POST /", 405),
        (Users, "DELETE /alice", 405),
        (Orders, "GET /", 200),
        (Orders, "GET /17", 200),
        (Orders, "GET /18", 404),
        (Orders, "GET /-1", 404),
        (Orders, "GET /99999999999999999999", 404),
        (Orders, "GET /seventeen", 404),
        (Orders, "GET /%ff", 404),
        (Orders, "PUT /17", 405),
        (Products, "GET /", 200),
        (Products, "GET /KB-75", 200),
        (Products, "GET /kb-75", 404),
        (Products, "DELETE /KB-75", 204),
        (Products, "DELETE /KB-76", 404),
        (Products, "DELETE /%ff", 404),
        (Products, "DELETE /", 405),
        (Recommendations, "GET /for/alice", 200),
        (Recommendations, "GET /for/mallory", 404),
        (Recommendations, "GET /for/%ff", 404),
        (Recommendations, "GET /for/", 404),
        (Recommendations, "GET /alice", 404),
        (Recommendations, "GET /", 404),
        (Recommendations, "POST /for/alice", 405),
        (Auth, "GET /auth/login", 405),
        (Auth, "POST /auth/.well-known/jwks.json", 405),
        (Auth, "GET /", 404),
        (Auth, "GET /login", 404),
        (Auth, "POST /healthz", 405),
    ] {
        let Answer { status, headers, json } = ask(service, line, "").await;
        assert_eq!(status.as_u16(), want, "{service} {line}");
        assert_eq!(headers["x-served-by"], "it", "{service} {line}");
        if want >= 400 {
            assert_eq!(headers["content-type"], "application/problem+json", "{service} {line}");
            assert_eq!(json["status"], want, "{service} {line}");
            assert!(json["code"].as_str().unwrap().starts_with("demo."), "{service} {line}");
        }
        // RFC 9110 section 15.5.6.
        assert_eq!(headers.contains_key("allow"), want == 405, "{service} {line}");
    }
}

#[tokio::test]
async fn a_list_has_the_same_entries_as_their_own_paths() {
    for (service, id, least) in [(Users, "id", 2), (Orders, "id", 6), (Products, "sku", 6)] {
        let answer = ask(service, "GET /", "").await;
        let list = if service == Orders { &answer.json["data"] } else { &answer.json };
        let entries = list[service.name()].as_array().unwrap().clone();
        assert!(entries.len() >= least, "{service}");
        for entry in entries {
            let id = entry[id].to_string().replace('"', "");
            let one = ask(service, &format!("GET /{id}"), "").await.json;
            let one = if service == Orders { &one["data"] } else { &one };
            assert_eq!(*one, entry, "{service} {id}");
        }
    }
}

#[tokio::test]
async fn each_entry_has_the_fields_that_clients_know() {
    for (service, line, want) in [
        (
            Users,
            "GET /alice",
            json!({"id": "alice", "name": "Alice Liddell", "email": "alice@gatehouse.example",
                   "roles": ["admin", "user"], "joined": "2021-05-04"}),
        ),
        (
            Orders,
            "GET /13",
            json!({"data": {"id": 13, "internal_id": "ord_0000000d", "customer": "bob", "currency": "EUR",
                   "status": "delivered", "line_items": [
                       {"sku": "MON-27", "quantity": 2, "unit_price": "389.00", "warehouse_id": "wh-3"},
                       {"sku": "ARM-1", "quantity": 2, "unit_price": "99.00", "warehouse_id": "wh-3"}],
                   "total": "976.00", "placed_at": "2026-01-22T17:40:31Z"}, "meta": {"schema_version": 3}}),
        ),
        (
            Products,
            "GET /CAM-1080",
            json!({"sku": "CAM-1080", "name": "Webcam, 1080p", "price": "49.95", "currency": "EUR", "stock": 0}),
        ),
        (
            Recommendations,
            "GET /for/alice",
            json!([{"sku": "ARM-1", "reason": "goes with MON-27"},
                   {"sku": "CAM-1080", "reason": "bought with HUB-8 by others"}]),
        ),
    ] {
        assert_eq!(ask(service, line, "").await.json, want, "{service} {line}");
    }
}

#[tokio::test]
async fn products_say_how_long_they_hold_and_answer_304_to_whoever_has_them() {
    let send = |line: &str, known: &str| {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).header("if-none-match", known);
        router(Products, "it").oneshot(request.body(Body::empty()).unwrap())
    };
    let mut versions = Vec::new();
    for (line, tags) in [("GET /", "products"), ("GET /KB-75", "products, KB-75")] {
        let fresh = send(line, "\"other\"").await.unwrap();
        assert_eq!(fresh.status(), StatusCode::OK, "{line}");
        assert_eq!(fresh.headers()["content-type"], "application/json", "{line}");
        for (name, want) in [
            ("cache-control", "public, max-age=60, stale-while-revalidate=300"),
            ("cache-tag", tags),
            ("cache-groups", "\"products\""),
        ] {
            assert_eq!(fresh.headers()[name], want, "{line}");
        }
        let version = fresh.headers()["etag"].to_str().unwrap().to_owned();
        for known in [version.clone(), format!("\"other\", W/{version}"), "*".to_owned()] {
            let known = send(line, &known).await.unwrap();
            assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{line}");
            assert_eq!(known.headers()["etag"], *version, "{line}");
        }
        versions.push(version);
    }
    assert_ne!(versions[0], versions[1]);
    let gone = send("DELETE /KB-75", "").await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(gone.headers()["cache-group-invalidation"], "\"products\"");
}

#[tokio::test]
async fn a_list_of_orders_is_of_the_customer_that_is_asked_for() {
    for (line, want) in [
        ("GET /", &[12, 13, 14, 15, 16, 17][..]),
        ("GET /?", &[12, 13, 14, 15, 16, 17]),
        ("GET /?page=2", &[12, 13, 14, 15, 16, 17]),
        ("GET /?customer=alice", &[12, 15, 17]),
        ("GET /?page=2&customer=bob", &[13, 14, 16]),
        ("GET /?customer=%61lice", &[12, 15, 17]),
        ("GET /?customer=Alice", &[]),
        ("GET /?customer=mallory", &[]),
        ("GET /?customer=", &[]),
        ("GET /?customer", &[]),
        ("GET /?customer=%ff", &[]),
        ("GET /?customer=alice&customer=bob", &[]),
    ] {
        let answer = ask(Orders, line, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{line}");
        assert_eq!(answer.json["meta"], json!({"schema_version": 3}), "{line}");
        let orders = answer.json["data"]["orders"].as_array().unwrap();
        let ids: Vec<_> = orders.iter().map(|order| order["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, want, "{line}");
    }
}

#[tokio::test]
async fn a_new_order_is_priced_and_numbered_and_then_forgotten() {
    let app = router(Orders, "it");
    let send = |line: &'static str, body: &'static str| {
        let (method, path) = line.split_once(' ').unwrap();
        app.clone()
            .oneshot(Request::builder().method(method).uri(path).body(Body::from(body)).unwrap())
    };
    const BODY: &str = r#"{"data":{"customer":"bob","line_items":[{"sku":"HUB-8","quantity":2},{"sku":"MS-ERGO","quantity":1}]}}"#;
    for id in [18, 19] {
        let response = send("POST /", BODY).await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        let mut order = answer["data"].take();
        let placed_at = order.as_object_mut().unwrap().remove("placed_at").unwrap();
        assert!(
            placed_at.as_str().is_some_and(|at| at.len() == 20 && at.ends_with('Z')),
            "{placed_at}"
        );
        let want = json!({"id": id, "internal_id": format!("ord_{id:08x}"), "customer": "bob", "currency": "EUR",
            "status": "placed", "line_items": [
                {"sku": "HUB-8", "quantity": 2, "unit_price": "74.50", "warehouse_id": "wh-3"},
                {"sku": "MS-ERGO", "quantity": 1, "unit_price": "59.90", "warehouse_id": "wh-3"}],
            "total": "208.90"});
        assert_eq!(order, want);
    }
    assert_eq!(send("GET /18", "").await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_order_that_cannot_be_placed_is_400_and_the_answer_names_the_field() {
    for (body, want) in [
        ("", "EOF"),
        (r#"{"data":{"customer":"bob"}}"#, "missing field `line_items`"),
        (r#"{"data":{"customer":"eve","line_items":[]}}"#, "customer: "),
        (r#"{"data":{"customer":"bob","line_items":[]}}"#, "line_items: "),
        (
            r#"{"data":{"customer":"bob","line_items":[{"sku":"KB-75","quantity":1},{"sku":"X","quantity":1}]}}"#,
            "line_items[1].sku: ",
        ),
        (
            r#"{"data":{"customer":"bob","line_items":[{"sku":"KB-75","quantity":0}]}}"#,
            "line_items[0].quantity: ",
        ),
        (
            r#"{"data":{"customer":"bob","line_items":[{"sku":"KB-75","quantity":1001}]}}"#,
            "line_items[0].quantity: ",
        ),
        (
            r#"{"data":{"customer":"bob","line_items":[{"sku":"KB-75","quantity":-1}]}}"#,
            "expected u32",
        ),
    ] {
        let answer = ask(Orders, "POST /", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(detail.contains(want), "{body}: {detail}");
    }
}

#[tokio::test]
async fn an_instance_that_no_header_can_hold_is_escaped() {
    for (instance, want) in [("orders-1", "orders-1"), ("a\r\nb", "a\\r\\nb"), ("é", "\\u{e9}")] {
        let request = Request::builder().uri("/healthz").body(Body::empty()).unwrap();
        let response = router(Orders, instance).oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-served-by"], want);
    }
}
