//! Clients that leave, many at once, and clusters that are full.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::{Connection, Request};
use serde_json::{Value, json};

use super::{echo, rule, start, with_rules};
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{envoy_minor, trap, until};

/// Ten calls to as many places.
fn ten_calls(optional: bool) -> Value {
    let call = |number: usize| {
        json!({"name": format!("c{number}"), "cluster": "users", "path": format!("/{number}/${{path.id}}"),
               "optional": optional, "timeout": "1m"})
    };
    let mut rules = rule(Value::Array((0..10).map(call).collect()));
    rules[0]["timeout"] = json!("1m");
    rules
}

#[test]
fn two_hundred_requests_of_ten_calls_are_answered_each_with_its_own() {
    let service = Upstream::start();
    service.answer_by(|request| echo(request).after(Duration::from_millis(50)));
    // As many connections as requests would need: this is not about full clusters.
    let gateway = start(with_rules(&ten_calls(false), &service).concurrency(2).edit(raise_limits));
    let address = gateway.address();
    thread::scope(|scope| {
        for client in 0..200_usize {
            scope.spawn(move || {
                let within = Duration::from_secs(60);
                let mut connection =
                    Connection::open_within(address, within).expect("the gateway listens");
                let got = connection
                    .send(&Request::get(format!("/x/{client}")))
                    .unwrap_or_else(|fault| panic!("{client}: {fault}"));
                assert_eq!(got.status, 200, "{client}: {}", got.text());
                let document: Value = serde_json::from_str(&got.text()).expect("JSON");
                for call in 0..10 {
                    assert_eq!(
                        document[format!("c{call}")]["target"],
                        format!("/{call}/{client}"),
                        "{client}"
                    );
                }
            });
        }
    });
    trap::assert_none(&gateway);
}

fn raise_limits(tree: &mut Value) {
    for cluster in tree["static_resources"]["clusters"].as_array_mut().expect("clusters") {
        // The service takes as many connections at once as it can.
        cluster["connect_timeout"] = json!("30s");
        cluster["circuit_breakers"] = json!({"thresholds": [{
            "max_connections": 4096, "max_pending_requests": 4096, "max_requests": 4096,
        }]});
    }
}

/// A call that a circuit breaker refuses has no answer: it is a failed part at once.
#[test]
fn a_full_cluster_is_a_failed_part_and_no_hang() {
    let service = Upstream::start();
    service.answer_by(|request| echo(request).after(Duration::from_millis(200)));
    let gateway = start(with_rules(&ten_calls(true), &service).edit(|tree| {
        tree["static_resources"]["clusters"][0]["circuit_breakers"] = json!({"thresholds": [{
            "max_connections": 3, "max_pending_requests": 1, "max_requests": 3,
        }]});
    }));
    let got = gateway.get("/x/1", &[]);
    assert_eq!(got.status, 200, "{}", got.text());
    let document: Value = serde_json::from_str(&got.text()).expect("JSON");
    let answered = document.as_object().map(serde_json::Map::len).unwrap_or_default();
    assert!((1..10).contains(&answered), "{answered}: {}", got.text());
    let lacking = got.header_text("x-gatehouse-partial").unwrap_or_default();
    assert_eq!(lacking.split(", ").count(), 10 - answered, "{lacking}");
    let stats = gateway.admin("/stats/prometheus");
    assert_eq!(counted(&stats, "not_made"), 10 - answered as u64);
    // And the next request finds the cluster as it was.
    let got = gateway.get("/x/2", &[]);
    assert_eq!(got.status, 200);
    trap::assert_none(&gateway);
}

/// The sum of a counter of calls over all calls.
fn counted(stats: &str, outcome: &str) -> u64 {
    let label = format!(r#"outcome="{outcome}""#);
    let lines = stats
        .lines()
        .filter(|line| line.starts_with("gatehouse_calls_total{") && line.contains(&label));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn what_clients_that_leave_have_asked_for_is_counted_once_and_nothing_is_left() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    static ANSWERS: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    let may_answer = |may: bool| {
        *ANSWERS.0.lock().expect("no thread panics") = may;
        ANSWERS.1.notify_all();
    };
    let service = Upstream::start();
    service.answer_by(|request| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let may = ANSWERS.0.lock().expect("no thread panics");
        let waited = ANSWERS.1.wait_timeout_while(may, Duration::from_secs(20), |may| !*may);
        drop(waited.expect("no thread panics"));
        echo(request)
    });
    let gateway = start(with_rules(&ten_calls(false), &service).edit(raise_limits));
    let address = gateway.address();
    let active = |name: &str| gateway.stats().get(name).copied().unwrap_or_default();
    // 200 clients, 20 at a time, leave when all their calls are under way.
    for round in 0..10 {
        may_answer(false);
        let mut clients: Vec<Connection> = (0..20)
            .map(|client| {
                let mut connection = Connection::open(address).expect("the gateway listens");
                let head = format!("GET /x/{client} HTTP/1.1\r\nhost: a\r\n\r\n");
                connection.write(head.as_bytes()).expect("it reads");
                connection
            })
            .collect();
        until("all calls are under way", || CALLS.load(Ordering::Relaxed) >= (round + 1) * 200);
        clients.clear();
        until("the clients are gone", || active("http.gateway.downstream_rq_active") == 0);
        may_answer(true);
        until("the answers have come", || active("cluster.users.upstream_rq_active") == 0);
    }
    // Whoever stays is answered, and only that is counted as an answer.
    let got = gateway.get("/x/stays", &[]);
    assert_eq!(got.status, 200);
    let stats = gateway.admin("/stats/prometheus");
    assert_eq!(counted(&stats, "answered"), 10);
    let decided = stats.lines().find(|line| {
        line.contains(r#"code="aggregated""#) && line.contains(r#"filter="aggregate""#)
    });
    assert!(decided.is_some_and(|line| line.ends_with(" 1")), "{decided:?}");
    until("no stream is left", || {
        active("http.gateway.downstream_rq_active") == 0
            && active("cluster.users.upstream_rq_active") == 0
    });
    trap::assert_none(&gateway);
}

/// A part that goes through the gateway's own listener has its routes, limits and caches. A loop
/// ends.
#[test]
fn a_call_can_go_to_the_gateway_itself() {
    let service = Upstream::start();
    service.answer_by(echo);
    let rules = json!([
        {"name": "outer", "match": {"path": {"prefix": "/outer"}}, "calls": [
            {"name": "inner", "cluster": "self", "path": "/inner/1", "authority": "gateway.example"}]},
        {"name": "inner", "match": {"path": {"template": "/inner/{id}"}}, "calls": [
            {"name": "user", "cluster": "users", "path": "/${path.id}"}]},
        {"name": "loop", "match": {"path": {"prefix": "/loop"}}, "calls": [
            {"name": "again", "cluster": "self", "path": "/loop", "pass_client_errors": true,
             "statuses": ["2xx", 508]}]},
    ]);
    // A free port, which the listener gets: the cluster must know it before.
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let gateway = start(with_rules(&rules, &service).port(port).edit(move |tree| {
        crate::harness::configuration::add_cluster(tree, "self", port);
    }));
    let got = gateway.get("/outer", &[]);
    assert_eq!(got.text(), r#"{"inner":{"user":{"at":"users","target":"/1"}}}"#,);
    let got = gateway.get("/loop", &[]);
    assert_eq!(got.status, 200);
    let mut depth = 0;
    let mut document: Value = serde_json::from_str(&got.text()).expect("JSON");
    while let Some(inner) = document.get("again") {
        depth += 1;
        document = inner.clone();
    }
    assert_eq!((depth, &document["code"]), (3, &json!("aggregate.loop_detected")), "{document}");
}

/// The cluster of the example's orders tries again, within the time of the call; and any cluster
/// where the call's own fields say so, which Envoys before 1.37 know, too.
#[test]
fn a_cluster_tries_again() {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    let service = Upstream::start();
    service.answer_by(|request| match TRIES.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Said::response(503, "text/plain", "", ""),
        _ => echo(request),
    });
    let gateway = start(with_rules(
        &json!([
            {"name": "cluster", "match": {"path": {"exact": "/cluster"}}, "calls": [
                {"name": "orders", "cluster": "orders", "path": "/"}]},
            {"name": "fields", "match": {"path": {"exact": "/fields"}}, "calls": [
                {"name": "users", "cluster": "users", "path": "/",
                 "headers": {"x-envoy-retry-on": "5xx", "x-envoy-max-retries": "2"}}]},
        ]),
        &service,
    ));
    let ways = if envoy_minor() < 37 { &["/fields"][..] } else { &["/fields", "/cluster"] };
    for way in ways {
        TRIES.store(0, Ordering::Relaxed);
        assert_eq!(gateway.get(way, &[]).status, 200, "{way}");
        assert_eq!(TRIES.load(Ordering::Relaxed), 3, "{way}");
    }
}
