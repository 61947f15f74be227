use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::thread;

use gatehouse_sandbox::raw::{Connection, Request};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use super::{CONFIG, edited, insert, of_example, series, with_consumers};
use crate::harness::configuration;
use crate::harness::rate_limit_service::{Behaviour, Puppet};
use crate::harness::{start, trap, until};

const CONSUMERS: [(&str, &str); 2] = [("acme", "gold"), ("globex", "free")];

/// A gateway of four workers whose rate-limit, behind api-key-auth, has these rules, all of which
/// apply.
fn with_limits(apply: &'static str, rules: Value) -> Builder {
    with_consumers(&CONSUMERS, json!({"cost": {}})).edit(move |tree| {
        let block = json!({"apply": apply, "tell_costs": true, "keys": 64, "rules": rules});
        insert(tree, 2, of_example("rate-limit"));
        configuration::set(tree, "rate-limit", block);
    })
}

/// What is sent, and what it costs under which rules where it passes.
struct Kind {
    path: &'static str,
    consumer: usize,
    cost: Option<&'static str>,
    charges: &'static [(&'static str, u64)],
}

const KINDS: [Kind; 8] = [
    Kind { path: "/a", consumer: 0, cost: None, charges: &[("calls", 1)] },
    Kind { path: "/a", consumer: 1, cost: None, charges: &[("calls", 1)] },
    Kind { path: "/units", consumer: 0, cost: Some("7"), charges: &[("calls", 1), ("units", 7)] },
    Kind { path: "/units", consumer: 1, cost: Some("0"), charges: &[("calls", 1)] },
    Kind { path: "/units", consumer: 1, cost: Some("x"), charges: &[("calls", 1), ("units", 100)] },
    Kind {
        path: "/tokens?header=x-tokens:41",
        consumer: 0,
        cost: None,
        charges: &[("calls", 1), ("tokens", 41)],
    },
    Kind { path: "/tokens?header=x-tokens:0", consumer: 1, cost: None, charges: &[("calls", 1)] },
    Kind { path: "/tokens", consumer: 0, cost: None, charges: &[("calls", 1), ("tokens", 5)] },
];

type Sums = BTreeMap<(&'static str, &'static str), u64>;

/// Sends so many requests of each kind, each kind over a connection of its own, and sums up what
/// those cost that pass.
fn send(to: SocketAddr, kinds: &[Kind], each: usize) -> Sums {
    let sums = Mutex::new(Sums::default());
    thread::scope(|scope| {
        for kind in kinds {
            let sums = &sums;
            scope.spawn(move || {
                let mut connection = Connection::open(to).expect("a connection");
                let (consumer, _) = CONSUMERS[kind.consumer];
                let request =
                    Request::get(kind.path).header("x-api-key", format!("{consumer}-key"));
                let request = match kind.cost {
                    Some(cost) => request.header("x-cost", cost),
                    None => request,
                };
                for _ in 0..each {
                    let status = connection.send(&request).expect("an answer").status;
                    if status == 429 {
                        continue;
                    }
                    assert_eq!(status, 200, "{}", kind.path);
                    let mut sums = sums.lock().expect("nobody panicked");
                    for (rule, units) in kind.charges {
                        *sums.entry((rule, consumer)).or_default() += units;
                    }
                }
            });
        }
    });
    sums.into_inner().expect("nobody panicked")
}

/// Waits until these units have been counted, and no others.
#[track_caller]
fn assert_counted(gateway: &Gateway, sums: &Sums) {
    let want: BTreeMap<String, u64> = sums
        .iter()
        .map(|((rule, consumer), units)| {
            let tier = CONSUMERS.iter().find(|(name, _)| name == consumer);
            let tier = tier.map_or("", |(_, tier)| tier);
            let labels =
                format!(r#"rule="{rule}",route="echo",consumer="{consumer}",tier="{tier}""#);
            (labels, *units)
        })
        .collect();
    let total: u64 = want.values().sum();
    // The last connections are closed, and their requests have ended.
    until("all is counted", || {
        series(gateway, "gatehouse_cost_units_total").values().sum::<u64>() >= total
    });
    assert_eq!(series(gateway, "gatehouse_cost_units_total"), want);
    trap::assert_none(gateway);
}

/// Mixed costs of four rules over four workers: of the request, of the response, and of a rule that
/// is used up, whose refusals cost nothing anywhere.
#[test]
fn units_are_exact_over_workers_whatever_tells_the_cost() {
    let rule = |name: &str, path: &str, cost: Value| {
        json!({"name": name, "match": {"path": {"prefix": path}}, "key": ["consumer"],
            "cost": cost, "limits": [{"name": name, "requests": 1_000_000_000, "window": "30d"}]})
    };
    let mut scarce = rule("scarce", "/scarce", json!(3));
    scarce["limits"][0]["requests"] = json!(300);
    let rules = json!([
        rule("calls", "/", json!(1)),
        rule("units", "/units", json!({"header": "x-cost", "most": 100})),
        rule(
            "tokens",
            "/tokens",
            json!({"response_header": "x-tokens", "default": 5, "most": 1000})
        ),
        scarce,
    ]);
    let gateway = start(with_limits("all", rules));
    let mut sums = send(gateway.address(), &KINDS, 200);
    let charges = &[("calls", 1), ("scarce", 3)][..];
    let scarce = [(); 4].map(|()| Kind { path: "/scarce", consumer: 0, cost: None, charges });
    for (of, units) in send(gateway.address(), &scarce, 50) {
        *sums.entry(of).or_default() += units;
    }
    assert_eq!(sums[&("scarce", "acme")], 300, "100 of 200 pass");
    assert_counted(&gateway, &sums);
}

/// Who leaves has cost what was charged when the request came.
#[test]
fn a_client_that_leaves_before_the_response_tells_has_cost_what_was_reserved() {
    let rules = json!([{"name": "tokens", "key": ["consumer"],
        "cost": {"response_header": "x-tokens", "default": 5, "most": 1000},
        "limits": [{"requests": 1000, "window": "30d"}]}]);
    let gateway = start(with_limits("first", rules));
    for _ in 0..20 {
        let mut connection = Connection::open(gateway.address()).expect("a connection");
        let request = Request::get("/?delay_ms=3000&header=x-tokens:41");
        let request = request.header("x-api-key", "acme-key").bytes();
        connection.write(&request).expect("it can be sent");
        thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_counted(&gateway, &Sums::from([(("tokens", "acme"), 100)]));
}

/// The service grants every question; what it was asked for is what is charged.
#[test]
fn units_that_a_service_counts_are_counted_too() {
    let puppet = Puppet::start(Behaviour::Message(vec![0x08, 1]));
    let rule = |mode: &str| {
        json!({"name": mode, "match": {"path": {"prefix": format!("/{mode}")}}, "key": ["consumer"],
            "cost": {"header": "x-cost", "most": 100},
            "limits": [{"requests": 1_000_000, "window": "1h"}],
            "counting": {"mode": mode, "cluster": "limits", "timeout": "5s"}})
    };
    let builder = with_limits("first", json!([rule("global"), rule("hybrid")]));
    let port = puppet.address.port();
    let gateway =
        start(builder.edit(move |tree| configuration::route_to_http2(tree, "limits", port)));
    let kinds = [
        Kind { path: "/global", consumer: 0, cost: Some("3"), charges: &[("global", 3)] },
        Kind { path: "/global", consumer: 1, cost: None, charges: &[("global", 1)] },
        Kind { path: "/hybrid", consumer: 0, cost: Some("4"), charges: &[("hybrid", 4)] },
        Kind { path: "/hybrid", consumer: 1, cost: None, charges: &[("hybrid", 1)] },
    ];
    let sums = send(gateway.address(), &kinds, 100);
    assert_eq!(sums.values().sum::<u64>(), 900);
    assert_counted(&gateway, &sums);
}

/// Without `tell_costs` there is nothing to count.
#[test]
fn nothing_is_counted_that_nobody_tells() {
    let telemetry = json!({"cost": {}, "requests": {"labels": []}});
    let edit = edited(&CONSUMERS, telemetry);
    let gateway = start(Gateway::builder(CONFIG).edit(|tree| {
        edit(tree);
        insert(tree, 2, of_example("rate-limit"));
    }));
    let request = Request::get("/orders").header("x-api-key", "acme-key");
    assert_eq!(gateway.request(request).status, 200);
    until("it is counted", || !series(&gateway, "gatehouse_requests_total").is_empty());
    assert_eq!(series(&gateway, "gatehouse_cost_units_total"), BTreeMap::new());
}
