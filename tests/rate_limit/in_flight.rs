//! How many requests are under way at once, over four workers: each that ends makes room for one,
//! however it ends.

use std::time::Duration;

use gatehouse_sandbox::raw::{Connection, Request};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::trapping::{self, Callback};
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{configuration, trap, until};

const PARALLEL: usize = 8;

/// A gateway whose clients have so many requests under way, before an upstream that is slow where
/// its path says so.
fn bounded(upstream: &Upstream) -> Builder {
    upstream.answer_by(|request| match request.target() {
        "/slow" => Said::json("{}").after(Duration::from_secs(60)),
        "/resets" => Said { closes: true, ..Said::default() },
        "/breaks-off" => {
            let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
            Said { bytes, closes: true, ..Said::default() }
        }
        _ => Said::json("{}"),
    });
    let rule = json!({"name": "parallel", "key": [{"header": "x-client"}], "in_flight": PARALLEL});
    Gateway::builder("envoy/rate-limit.yaml")
        .concurrency(4)
        .upstream("echo:8000", upstream.address())
        .edit(move |tree| {
            configuration::set(tree, "rate-limit", json!({"rules": [rule]}));
            let routes = tree.pointer_mut(
                "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config\
                 /virtual_hosts/0/routes",
            );
            let routes = routes.and_then(Value::as_array_mut).expect("routes");
            for route in routes.iter_mut() {
                route["route"]["timeout"] = json!("60s");
            }
            let echo = routes.first().cloned().expect("a route");
            let mut late = echo.clone();
            late["match"] = json!({"prefix": "/slow", "headers": [
                {"name": "x-timeout", "present_match": true}]});
            late["route"]["timeout"] = json!("0.2s");
            let refused = json!({"match": {"prefix": "/refused"},
                "direct_response": {"status": 418}});
            routes.splice(0..0, [late, refused]);
        })
}

fn request(path: &str) -> Request {
    Request::get(path).header("x-client", "a")
}

/// A request that is under way until its connection is dropped.
fn slow(gateway: &Gateway) -> Connection {
    let mut connection = Connection::open(gateway.address()).expect("a connection");
    connection.write(&request("/slow").bytes()).expect("it can be sent");
    connection
}

/// Starts requests until there are as many as may be.
#[track_caller]
fn fill(gateway: &Gateway, upstream: &Upstream, already: usize) -> Vec<Connection> {
    let before = upstream.begun("/slow").len();
    let connections: Vec<_> = (already..PARALLEL).map(|_| slow(gateway)).collect();
    until("all are under way", || upstream.begun("/slow").len() >= before + connections.len());
    connections
}

#[track_caller]
fn assert_full(case: &str, gateway: &Gateway) {
    // Over several connections, so that each worker is asked.
    for _ in 0..12 {
        let response = gateway.request(request("/"));
        assert_eq!(response.status, 429, "{case}");
        assert_eq!(response.json()["code"], "rate_limit.in_flight_exceeded", "{case}");
        assert_eq!(response.header("retry-after"), None, "{case}");
    }
}

/// Waits until there is room for just so many.
#[track_caller]
fn assert_room(case: &str, gateway: &Gateway, upstream: &Upstream, already: usize) {
    until(case, || gateway.request(request("/")).status == 200);
    // What was told of the end of a request comes after its answer.
    let mut held = Vec::new();
    until(case, || {
        let before = upstream.begun("/slow").len();
        held.push(slow(gateway));
        std::thread::sleep(Duration::from_millis(50));
        if upstream.begun("/slow").len() == before {
            held.pop();
        }
        held.len() == PARALLEL - already
    });
    assert_full(case, gateway);
}

#[test]
fn each_end_of_a_request_makes_room_for_one_and_no_more() {
    let upstream = Upstream::start();
    let gateway = bounded(&upstream).start().unwrap_or_else(|fault| panic!("{fault}"));
    let mut first = fill(&gateway, &upstream, 0);
    assert_full("as many as may be", &gateway);
    let other = gateway.request(Request::get("/").header("x-client", "b"));
    assert_eq!(other.status, 200, "another client has its own");
    // Its clients leave.
    first.truncate(PARALLEL - 3);
    assert_room("clients have left", &gateway, &upstream, PARALLEL - 3);
    drop(first);
    until("all have ended", || gateway.request(request("/")).status == 200);
    for (case, path, status) in [
        ("an answer", "/", Some(200)),
        ("a reset before the head", "/resets", Some(503)),
        ("a reset in the body", "/breaks-off", None),
        ("an answer of Envoy's own", "/refused", Some(418)),
    ] {
        for _ in 0..PARALLEL * 4 {
            // One after the other: what is not given back would fill it.
            let mut connection = Connection::open(gateway.address()).expect("a connection");
            let response = connection.send(&request(path));
            match status {
                Some(status) => {
                    until(case, || gateway.request(request("/")).status == 200);
                    assert_eq!(response.expect("an answer").status, status, "{case}");
                }
                None => assert!(response.is_err(), "{case}"),
            }
        }
        assert_room(case, &gateway, &upstream, 0);
        until("all have ended", || gateway.request(request("/")).status == 200);
    }
    for _ in 0..PARALLEL * 2 {
        let late = gateway.request(request("/slow").header("x-timeout", "1"));
        assert_eq!(late.status, 504, "the upstream was too slow");
    }
    assert_room("timeouts", &gateway, &upstream, 0);
    trap::assert_none(&gateway);
}

/// A crowd that asks at once: never more are under way than may be, and none is lost.
#[test]
fn a_crowd_is_let_in_by_so_many_at_once() {
    let upstream = Upstream::start();
    let gateway = bounded(&upstream).start().unwrap_or_else(|fault| panic!("{fault}"));
    let crowd: Vec<_> = (0..PARALLEL * 5).map(|_| slow(&gateway)).collect();
    let code = "in_flight_exceeded";
    until("the rest is refused", || {
        let stats = gateway.stats();
        let refused = stats
            .iter()
            .filter(|(name, _)| name.contains("gatehouse_decisions_total") && name.contains(code));
        refused.map(|(_, count)| *count).sum::<u64>() >= PARALLEL as u64 * 4
    });
    until("the others are under way", || upstream.begun("/slow").len() >= PARALLEL);
    assert_full("as many as may be", &gateway);
    assert_eq!(upstream.begun("/slow").len(), PARALLEL);
    drop(crowd);
    assert_room("they have left", &gateway, &upstream, 0);
    trap::assert_none(&gateway);
}

/// Nobody tells of the end of requests whose VM has trapped.
#[test]
fn what_a_vm_held_that_trapped_comes_back() {
    let upstream = Upstream::start();
    let builder = bounded(&upstream).edit(configuration::keep_trailers);
    let gateway = trapping::start(builder, "rate-limit", Callback::RequestTrailers);
    let held = fill(&gateway, &upstream, 0);
    assert_full("as many as may be", &gateway);
    // Each worker's, as far as connections are spread over them.
    for _ in 0..16 {
        let trapping = trapping::request("/").header("x-client", "b");
        let _ = Connection::open(gateway.address()).expect("a connection").send(&trapping);
    }
    assert!(!trap::signs(&gateway).is_empty(), "VMs have trapped");
    drop(held);
    assert_room("leases have ended", &gateway, &upstream, 0);
}
