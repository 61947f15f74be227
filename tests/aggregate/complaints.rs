//! Reports of other gateways, each by its number: what went wrong there goes right here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::{echo, rule, start, with_rules};
use crate::harness::upstream::{Received, Said, Upstream};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

/// krakend-ce #139: "only one of the two backends' answers comes back, at random"; lura #391,
/// krakend-ce #210, #558: the slowest overwrites.
#[test]
fn the_same_bytes_a_thousand_times_whatever_the_delays() {
    static TURN: AtomicU64 = AtomicU64::new(1);
    let service = Upstream::start();
    service.answer_by(|request| {
        // Numbers that look random and are the same in each run (Knuth, 3.3.4).
        let turn = TURN.fetch_add(1, Ordering::Relaxed).wrapping_mul(6_364_136_223_846_793_005);
        let host = request.header("host").unwrap_or_default().to_owned();
        Said::json(json!({"same": host, (host.clone()): 1, "list": [host]}).to_string())
            .after(Duration::from_millis((turn >> 40) % 6))
    });
    let calls = json!([
        {"name": "a", "cluster": "users", "path": "/", "into": "$"},
        {"name": "b", "cluster": "orders", "path": "/", "into": "$"},
        {"name": "c", "cluster": "products", "path": "/", "into": "$"},
    ]);
    let mut rules = rule(calls);
    rules[0]["merge"] = json!({"on_conflict": "first", "lists": "concatenate"});
    let gateway = start(with_rules(&rules, &service));
    // The members of each answer are in the order that serde_json gives them.
    let want = r#"{"list":["users","orders","products"],"same":"users","users":1,"orders":1,"products":1}"#;
    for number in 0..1_000 {
        let got = gateway.get("/x/1", &[]);
        assert_eq!((got.status, got.text().as_str()), (200, want), "{number}");
    }
}

/// lura #367, #322, krakend-ce #389: lists of the same things become one.
#[test]
fn lists_of_two_services_become_one() {
    let service = Upstream::start();
    service.answer_by(|request| match request.header("host") {
        Some("users") => Said::json(r#"[{"id":1},{"id":2}]"#),
        _ => Said::json(r#"[{"id":3}]"#),
    });
    let mut rules = rule(json!([
        {"name": "a", "cluster": "users", "path": "/", "into": "all"},
        {"name": "b", "cluster": "orders", "path": "/", "into": "all"},
    ]));
    rules[0]["merge"] = json!({"lists": "concatenate"});
    let gateway = start(with_rules(&rules, &service));
    assert_eq!(gateway.get("/x/1", &[]).text(), r#"{"all":[{"id":1},{"id":2},{"id":3}]}"#);
}

/// krakend-ce #31, lura #548, #250, #592: the client gets a 500 where the service said 404;
/// krakend-ce #949: and where it took too long.
#[test]
fn the_client_gets_the_status_that_is_true() {
    let service = Upstream::start();
    service.answer_by(|request| match request.target() {
        "/404" => {
            Said::response(404, "application/problem+json", "", r#"{"title":"no such user"}"#)
        }
        "/slow" => Said::json("1").after(Duration::from_secs(6)),
        _ => Said::response(500, "text/plain", "", "stack trace"),
    });
    let gateway = start(with_rules(
        &rule(json!([
            {"name": "a", "cluster": "users", "path": "/${path.id}", "timeout": "2s",
             "pass_client_errors": true},
        ])),
        &service,
    ));
    for (path, status, says) in [
        ("/x/404", 404, r#"{"title":"no such user"}"#),
        ("/x/slow", 504, "aggregate.call_timed_out"),
        ("/x/500", 502, "aggregate.call_failed"),
    ] {
        let got = gateway.get(path, &[]);
        assert_eq!(got.status, status, "{path}");
        assert!(got.text().contains(says), "{path}: {}", got.text());
        assert_eq!(
            got.header_text("content-type").as_deref(),
            Some("application/problem+json"),
            "{path}"
        );
    }
}

/// krakend-ce #379: all or nothing; #32: a default where a service fails; #229: the rest, and said
/// so.
#[test]
fn each_call_says_what_its_failure_means() {
    let service = Upstream::start();
    service.answer_by(|request| match request.header("host") {
        Some("orders") => Said::response(500, "text/plain", "", ""),
        _ => echo(request),
    });
    let calls = |optional: Value| {
        json!([
            {"name": "a", "cluster": "users", "path": "/"},
            {"name": "b", "cluster": "orders", "path": "/", "optional": optional},
        ])
    };
    for (optional, status, b) in [
        (json!(false), 502, None),
        (json!(true), 200, Some(Value::Null)),
        (json!({"default": {"orders": []}}), 200, Some(json!({"orders": []}))),
    ] {
        let gateway = start(with_rules(&rule(calls(optional.clone())), &service));
        let got = gateway.get("/x/1", &[]);
        assert_eq!(got.status, status, "{optional}");
        if let Some(b) = b {
            assert_eq!(parsed(&got.text())["b"], b, "{optional}");
            assert_eq!(got.header_text("x-gatehouse-partial").as_deref(), Some("b"), "{optional}");
        }
    }
}

/// krakend-ce #413, #477: a step only where another one says so.
#[test]
fn a_step_can_hang_on_the_answer_to_another() {
    let service = Upstream::start();
    service.answer_by(|request| match request.target() {
        "/gold" => Said::json(r#"{"plan":"gold"}"#),
        "/free" => Said::json(r#"{"plan":"free"}"#),
        _ => echo(request),
    });
    let gateway = start(with_rules(
        &rule(json!([
            {"name": "user", "cluster": "users", "path": "/${path.id}"},
            {"name": "manager", "cluster": "orders", "path": "/manager",
             "when": {"value": "${call.user.plan}", "equals": "gold"}},
        ])),
        &service,
    ));
    let members = |path: &str| {
        let got = gateway.get(path, &[]);
        assert_eq!(got.header_text("x-gatehouse-partial"), None);
        parsed(&got.text()).as_object().map(serde_json::Map::len)
    };
    assert_eq!((members("/x/gold"), members("/x/free")), (Some(2), Some(1)));
}

/// lura #257: join a list with a call for each of its items; and Apollo's `$batch`, one for all.
#[test]
fn a_list_is_joined_with_calls() {
    let service = Upstream::start();
    service.answer_by(|request| match request.target() {
        "/orders" => Said::json(r#"[{"sku":"a"},{"sku":"b"},{"sku":"a"}]"#),
        "/all?skus=a%2Cb" => Said::json(r#"{"products":[{"sku":"b","n":2},{"sku":"a","n":1}]}"#),
        target => Said::json(format!(r#"{{"n":"{target}"}}"#)),
    });
    let join = json!({"to": "orders[*]", "by": "sku", "as": "product"});
    for (path, operations, want) in [
        ("/${item}", json!([]), [r#""/a""#, r#""/b""#]),
        ("/all?skus=${items}", json!([{"unwrap": {"path": "products"}}]), ["1", "2"]),
    ] {
        let gateway = start(with_rules(
            &rule(json!([
                {"name": "orders", "cluster": "orders", "path": "/orders"},
                {"name": "products", "cluster": "products", "path": path,
                 "operations": operations,
                 "for_each": {"value": "orders[*].sku"}, "join": join},
            ])),
            &service,
        ));
        let got = parsed(&gateway.get("/x/1", &[]).text());
        let n = |at: usize| got["orders"][at]["product"]["n"].to_string();
        assert_eq!([n(0), n(1), n(2)], [want[0], want[1], want[0]], "{path}");
    }
}

/// KrakenD has no timeout for a service: one that is slow must not make the others late. A call
/// that waits for another does not wait for a third.
#[test]
fn a_call_waits_for_what_it_needs_and_for_nothing_else() {
    static LAST_CALL: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    let service = Upstream::start();
    service.answer_by(|request: &Received| {
        let (has_come, comes) = &LAST_CALL;
        match request.header("host") {
            // It has no answer before the last of the others was called.
            Some("recommendations") => {
                let has_come = has_come.lock().expect("no thread panics");
                let waited = comes.wait_timeout_while(has_come, WAIT, |has_come| !*has_come);
                drop(waited.expect("no thread panics"));
                Said::json("1")
            }
            Some("products") => {
                *has_come.lock().expect("no thread panics") = true;
                comes.notify_all();
                Said::json("3")
            }
            _ => Said::json(r#"{"id":1}"#),
        }
    });
    let mut rules = rule(json!([
        {"name": "slow", "cluster": "recommendations", "path": "/", "timeout": "9s",
         "optional": {"default": []}},
        {"name": "a", "cluster": "users", "path": "/", "timeout": "20s"},
        {"name": "b", "cluster": "orders", "path": "/${call.a.id}", "timeout": "20s"},
        {"name": "c", "cluster": "products", "path": "/${call.b.id}", "timeout": "20s"},
    ]));
    rules[0]["timeout"] = json!("20s");
    let gateway = start(with_rules(&rules, &service));
    // Had the last one waited for the slow one, that would have had no answer in time.
    let got = gateway.get("/x/1", &[]);
    assert_eq!(got.text(), r#"{"slow":1,"a":{"id":1},"b":{"id":1},"c":3}"#);
}

const WAIT: Duration = Duration::from_secs(10);
