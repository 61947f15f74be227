//! The gateway as a whole, on `envoy/envoy.yaml`.

mod cache;
mod credentials;
mod dashboard;
mod limits;

/// What orders look like outside.
mod public_form;

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::sync::{LazyLock, OnceLock};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway, Upstreams, workspace};
use serde_json::{Value, json};

use crate::harness::{
    Exchange, Shared, envoy_keeps_dots_with_parameters, http2, received, start, token, trap,
};

/// For every case that counts nothing and stops nothing.
static GATEWAY: LazyLock<Shared> = LazyLock::new(|| Shared::kept(builder()));

fn builder() -> Builder {
    Gateway::builder("envoy/envoy.yaml")
}

#[test]
fn without_a_token_orders_are_refused() {
    let exchange = GATEWAY.ask(Request::get("/orders"));
    exchange.assert_refused("no token", 401, "jwt_auth.token_missing");
    // A key would do as well.
    assert_eq!(
        exchange.response.header_all("www-authenticate"),
        [&b"Bearer realm=\"gatehouse\""[..], b"ApiKey realm=\"gatehouse\""]
    );
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.token_missing");
    GATEWAY.assert_no_trap();
}

#[test]
fn who_logs_in_through_the_gateway_may_read_orders_users_and_products() {
    let authorization = token::bearer(alice());
    for (path, part) in [
        ("/orders", json!("alice")),
        ("/orders/17", json!(17)),
        ("/users", json!("alice")),
        ("/users/alice", json!("alice")),
        ("/products", json!("MON-27")),
        ("/products/MON-27", json!("MON-27")),
    ] {
        let exchange = GATEWAY.ask(Request::get(path).header("authorization", &authorization));
        assert_eq!(exchange.response.status, 200, "{path}: {}", exchange.response.text());
        let body = exchange.response.json();
        assert!(mentions(&body, &part), "{path}: {body}");
        assert_eq!(
            exchange.response.header_text("x-content-type-options").as_deref(),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.allowed;subject=alice", "{path}");
        assert_eq!(exchange.log["status"], 200, "{path}");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn a_wrong_password_is_the_service_s_own_refusal() {
    let exchange = GATEWAY.ask(login("alice", "looking-glass"));
    assert_eq!(exchange.response.status, 401);
    assert_eq!(exchange.response.json()["code"], "demo.credentials_wrong");
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.not_required;rule=login");
    assert_eq!(exchange.logged("details"), "via_upstream");
}

#[test]
fn what_no_rule_allows_is_refused_before_anybody_looks_whether_it_is_there() {
    GATEWAY.ask(Request::get("/nothing")).assert_refused("/nothing", 401, "jwt_auth.token_missing");
    let alice = token::bearer(alice());
    for path in ["/nothing", "/ordersx", "/"] {
        let exchange = GATEWAY.ask(Request::get(path).header("authorization", &alice));
        exchange.assert_refused(path, 403, "authorization.no_rule");
    }
    // A path that a rule allows is looked up, and not found.
    let exchange = GATEWAY.ask(Request::get("/products/none").header("authorization", &alice));
    assert_eq!(exchange.response.status, 404);
    assert_eq!(exchange.response.json()["code"], "demo.not_found");
    GATEWAY.assert_no_trap();
}

#[test]
fn bob_may_not_do_what_alice_may() {
    let (alice, bob) = (token::bearer(alice()), token::bearer(bob()));
    for (case, who, method, path, status, note) in [
        ("her own record", &alice, "GET", "/users/alice", 200, "allowed;rule=own-record"),
        ("another's, as admin", &alice, "GET", "/users/bob", 200, "allowed;rule=users"),
        ("the list, as admin", &alice, "GET", "/users", 200, "allowed;rule=users"),
        (
            "to delete a product, as admin",
            &alice,
            "DELETE",
            "/products/KB-75",
            204,
            "allowed;rule=edit",
        ),
        ("his own record", &bob, "GET", "/users/bob", 200, "allowed;rule=own-record"),
        ("a product", &bob, "GET", "/products/KB-75", 200, "allowed;rule=browse"),
        ("alice's record", &bob, "GET", "/users/alice", 403, "no_rule"),
        ("the list", &bob, "GET", "/users", 403, "no_rule"),
        ("to delete a product", &bob, "DELETE", "/products/KB-75", 403, "no_rule"),
        ("alice's record, written another way", &bob, "GET", "/users/%61lice", 403, "no_rule"),
        ("alice's record, beside his own", &bob, "GET", "/users/bob/../alice", 403, "no_rule"),
    ] {
        let exchange = GATEWAY.ask(Request::new(method, path).header("authorization", who));
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        assert_eq!(exchange.noted("authorization"), format!("authorization.{note}"), "{case}");
        if status == 403 {
            exchange.assert_refused(case, 403, "authorization.no_rule");
            assert!(exchange.log["upstream"].is_null(), "{case}: {}", exchange.log);
        }
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn the_keys_come_from_the_auth_service_and_that_is_counted_with_labels() {
    // A token that is good shows that the keys have come.
    let authorization = token::bearer(alice());
    let exchange = GATEWAY.ask(Request::get("/products").header("authorization", authorization));
    assert_eq!(exchange.response.status, 200);
    let metrics = GATEWAY.gateway().admin("/stats/prometheus");
    let is_count = |line: &&str| {
        let labels = ["event=\"keys_fetched\"", "filter=\"jwt_auth\""];
        line.starts_with("gatehouse_events_total{")
            && labels.iter().all(|label| line.contains(label))
    };
    let count = metrics.lines().find(is_count).and_then(|line| line.rsplit_once(' '));
    // Once, and once more where a case beside this one has sent a key's name that nobody knows.
    let count: Option<u64> = count.and_then(|(_, count)| count.parse().ok());
    assert!(count.is_some_and(|count| count >= 1), "{metrics}");
}

#[test]
fn the_two_replicas_of_orders_take_turns() {
    let gateway = start(builder());
    let authorization = token::bearer(&token::good("alice"));
    let replicas: Vec<String> = (0..6)
        .map(|_| {
            let response = gateway.get("/orders", &[("authorization", &authorization)]);
            assert_eq!(response.status, 200);
            response.header_text("x-served-by").expect("orders name themselves")
        })
        .collect();
    assert!(replicas.windows(2).all(|pair| pair[0] != pair[1]), "{replicas:?}");
    assert_eq!(replicas.iter().collect::<BTreeSet<_>>().len(), 2, "{replicas:?}");
    trap::assert_none(&gateway);
}

#[test]
fn the_upstream_gets_who_it_is_and_not_the_token() {
    let echo =
        Upstreams::start(&["echo:8000".to_owned()].into(), Default::default()).expect("an echo");
    let gateway = start(builder().upstream("users:8000", echo.addresses()["echo:8000"]));
    let request = Request::get("/users/bob")
        .header("authorization", token::bearer(&token::good("bob")))
        .header("x-consumer", "acme")
        .header("x-user", "alice")
        .header("X-User", "root")
        .header("x-roles", "admin")
        .header("x-gateway", "mine")
        .header("x-forwarded-for", "203.0.113.9");
    let response = gateway.request(request);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["path"], "/bob");
    for (name, values) in [
        ("x-user", vec!["bob"]),
        ("x-roles", vec!["user"]),
        ("x-gateway", vec!["gatehouse"]),
        ("x-consumer", vec![]),
        ("authorization", vec![]),
    ] {
        assert_eq!(received(&response, name), values, "{name}");
    }
    assert_eq!(received(&response, "x-request-id").len(), 1);
    // The client's word for where it comes from is kept, but is not the last: the gateway adds what
    // it saw.
    let forwarded = received(&response, "x-forwarded-for");
    assert!(forwarded[0].starts_with("203.0.113.9,"), "{forwarded:?}");
    trap::assert_none(&gateway);
}

#[test]
fn a_dead_replica_costs_no_request_that_may_be_repeated() {
    let gateway = Shared::start(builder());
    let alice = token::bearer(&token::good("alice"));
    let orders = || gateway.ask(Request::get("/orders").header("authorization", &alice));
    assert_eq!(orders().response.status, 200);
    kill(gateway.gateway(), "orders-1");

    // Not repeatable: one of two lands on the dead replica, and the client must be told.
    let order = json!({"customer": "alice", "lineItems": [{"sku": "MON-27", "quantity": 1}]});
    let mut statuses: Vec<u16> = (0..2)
        .map(|_| {
            let request = Request::post_json("/orders", &order).header("authorization", &alice);
            gateway.ask(request).response.status
        })
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 503]);

    let mut retried = false;
    for _ in 0..8 {
        let exchange = orders();
        assert_eq!(exchange.response.status, 200, "{}", exchange.log);
        assert_eq!(exchange.response.header_text("x-served-by").as_deref(), Some("orders-2"));
        retried |= exchange.log["attempts"] == 2;
    }
    assert!(retried, "no request was tried again");
    gateway.assert_no_trap();
}

#[test]
fn every_upstream_is_checked_and_healthy() {
    // A check that finds Envoy busy with its start comes to nothing, and the next is five seconds
    // later.
    let healthy = |clusters: &str| {
        clusters.lines().filter(|line| line.ends_with("::health_flags::healthy")).count()
    };
    let mut clusters = String::new();
    for _ in 0..150 {
        clusters = GATEWAY.gateway().admin("/clusters");
        if healthy(&clusters) == 7 {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let want = "auth, users, two of orders, products, recommendations, the listener inside";
    assert_eq!(healthy(&clusters), 7, "{want}:\n{clusters}");
    let stats = GATEWAY.gateway().stats();
    for (cluster, members) in
        [("auth", 1), ("users", 1), ("orders", 2), ("products", 1), ("recommendations", 1)]
    {
        assert_eq!(stats[&format!("cluster.{cluster}.membership_healthy")], members, "{cluster}");
        assert!(stats[&format!("cluster.{cluster}.health_check.success")] >= members, "{cluster}");
    }
}

#[test]
fn http2_and_http1_share_the_port() {
    let gateway = start(builder());
    let request =
        http2::get("/users/alice").header("authorization", token::bearer(&token::good("alice")));
    let answer = http2::send(gateway.address(), request.body(()).expect("a request"));
    assert_eq!(answer.status, 200);
    let user: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(user["id"], "alice", "{user}");

    let refused =
        http2::send(gateway.address(), http2::get("/orders").body(()).expect("a request"));
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("content-type").as_deref(), Some("application/problem+json"));

    assert_eq!(gateway.get("/auth/.well-known/jwks.json", &[]).status, 200);
    let log = gateway.access_log_after(3);
    let protocols: Vec<&Value> = log.iter().map(|line| &line["protocol"]).collect();
    assert_eq!(protocols, ["HTTP/2", "HTTP/2", "HTTP/1.1"]);
    trap::assert_none(&gateway);
}

#[test]
fn the_admin_interface_is_for_this_machine_only() {
    // The sandbox gives it another port; the file is what people run.
    let example = Example::load(&workspace::root().join("envoy/envoy.yaml")).expect("the example");
    let admin = example.tree().pointer("/admin/address/socket_address").expect("an admin address");
    assert_eq!(admin, &json!({"address": "127.0.0.1", "port_value": 9901}));
}

#[test]
fn a_line_of_the_access_log_tells_the_whole_story() {
    let request = Request::get("/orders/17?secret=1")
        .header("authorization", token::bearer(&token::good("alice")))
        .header("user-agent", "e2e/1")
        .header("x-request-id", "00000000-0000-4000-8000-000000000000");
    let Exchange { response, log } = GATEWAY.ask(request);
    for (field, want) in [
        ("client", json!("127.0.0.1")),
        ("method", json!("GET")),
        ("path", json!("/orders/17")),
        ("host", json!("gateway.example")),
        ("protocol", json!("HTTP/1.1")),
        ("route", json!("orders")),
        ("status", json!(200)),
        ("details", json!("via_upstream")),
        ("flags", json!("-")),
        ("attempts", json!(1)),
        ("bytes_received", json!(0)),
        ("bytes_sent", json!(response.body.len())),
        ("user_agent", json!("e2e/1")),
        ("api_key_auth", json!("api_key_auth.anonymous")),
        ("jwt_auth", json!("jwt_auth.allowed;subject=alice")),
        ("authorization", json!("authorization.allowed;rule=orders")),
        ("rate_limit", json!("rate_limit.allowed;rule=orders")),
        ("header_transform", json!("header_transform.applied;rule=upstream")),
        ("body_transform", json!("body_transform.response_transformed;rule=orders")),
        ("response_cache", json!("response_cache.unmatched")),
    ] {
        assert_eq!(log[field], want, "{field} in {log}");
    }
    for field in ["time", "request_id", "upstream", "duration_ms"] {
        assert!(log.get(field).is_some_and(|value| !value.is_null()), "{field} in {log}");
    }
    // The id is the edge's own, and the client is told.
    assert_eq!(response.header_text("x-request-id").as_deref(), log["request_id"].as_str());
    assert_ne!(log["request_id"], "00000000-0000-4000-8000-000000000000");
    assert!(!log.to_string().contains("secret"), "a query may hold secrets: {log}");
    GATEWAY.assert_no_trap();
}

#[test]
fn decisions_are_counted_with_labels() {
    let before = decisions("jwt_auth", "allowed");
    let refused_before = decisions("jwt_auth", "token_missing");
    let alice = token::bearer(&token::good("alice"));
    assert_eq!(
        GATEWAY.ask(Request::get("/users/alice").header("authorization", alice)).response.status,
        200
    );
    GATEWAY.ask(Request::get("/users")).assert_refused("no token", 401, "jwt_auth.token_missing");
    // Other cases count at the same time.
    assert!(decisions("jwt_auth", "allowed") > before);
    assert!(decisions("jwt_auth", "token_missing") > refused_before);
    assert!(decisions("rate_limit", "allowed") + decisions("rate_limit", "unlimited") > 0);
    GATEWAY.assert_no_trap();
}

/// The count of a decision, as Prometheus reads it.
#[track_caller]
fn decisions(filter: &str, code: &str) -> u64 {
    let metrics = GATEWAY.gateway().admin("/stats/prometheus");
    let labels =
        [format!("filter=\"{filter}\""), format!("code=\"{code}\""), "mode=\"enforce\"".to_owned()];
    let line = metrics
        .lines()
        .filter(|line| line.starts_with("gatehouse_decisions_total{"))
        .find(|line| labels.iter().all(|label| line.contains(label)));
    // A counter that was never counted is not there.
    line.and_then(|line| line.rsplit_once(' '))
        .map_or(0, |(_, count)| count.parse().expect("a number"))
}

/// Alice's token, fetched once: logins are limited.
fn alice() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| token_of("alice", "wonderland"))
}

/// Bob's, likewise.
fn bob() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| token_of("bob", "builder"))
}

#[track_caller]
fn token_of(username: &str, password: &str) -> String {
    let response: Response = GATEWAY.ask(login(username, password)).response;
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["access_token"].as_str().expect("a token").to_owned()
}

fn login(username: &str, password: &str) -> Request {
    Request::post_json("/auth/login", &json!({"username": username, "password": password}))
}

/// Stops a demo service, and waits until its port is closed.
#[track_caller]
fn kill(gateway: &Gateway, host: &str) {
    let address = gateway.upstreams().addresses()[&format!("{host}:8000")];
    assert!(gateway.upstreams().stop(host));
    for _ in 0..500 {
        if TcpStream::connect(address).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{host} does not stop");
}

/// Whether the value is somewhere in the document.
fn mentions(document: &Value, value: &Value) -> bool {
    let inside: Vec<&Value> = match document {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        other => return other == value,
    };
    inside.iter().any(|part| mentions(part, value))
}
