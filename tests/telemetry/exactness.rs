use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use gatehouse_sandbox::raw::{Connection, Request};
use serde_json::json;

use super::{CONFIG, edited, series, with_consumers};
use crate::harness::changing::Changing;
use crate::harness::trapping::{self, Callback};
use crate::harness::{configuration, trap, until};

const CONSUMERS: [(&str, &str); 2] = [("acme", "gold"), ("globex", "free")];

/// What is sent, and what it counts as.
const KINDS: [Kind; 8] = [
    Kind { path: "/a", key: Some("acme-key"), body: 0, status: 200, consumer: "acme" },
    Kind { path: "/b", key: Some("globex-key"), body: 0, status: 200, consumer: "globex" },
    Kind { path: "/c", key: Some("acme-key"), body: 7, status: 200, consumer: "acme" },
    Kind {
        path: "/d?status=404",
        key: Some("globex-key"),
        body: 0,
        status: 404,
        consumer: "globex",
    },
    Kind {
        path: "/e?status=503",
        key: Some("acme-key"),
        body: 1000,
        status: 503,
        consumer: "acme",
    },
    Kind { path: "/open", key: None, body: 0, status: 200, consumer: "" },
    Kind { path: "/f", key: Some("nobody-s"), body: 0, status: 401, consumer: "" },
    Kind { path: "/g", key: None, body: 5, status: 401, consumer: "" },
];

#[derive(Clone, Copy)]
struct Kind {
    path: &'static str,
    key: Option<&'static str>,
    body: usize,
    status: u16,
    consumer: &'static str,
}

impl Kind {
    fn request(self) -> Request {
        let request = match self.body {
            0 => Request::get(self.path),
            length => Request::new("POST", self.path)
                .header("content-length", length.to_string())
                .body("x".repeat(length)),
        };
        self.key.into_iter().fold(request, |request, key| request.header("x-api-key", key))
    }

    fn labels(self) -> String {
        let Self { status, consumer, .. } = self;
        let method = if self.body == 0 { "GET" } else { "POST" };
        let tier =
            CONSUMERS.iter().find(|(name, _)| *name == consumer).map_or("", |(_, tier)| tier);
        let class = status / 100;
        format!(
            r#"route="echo",method="{method}",status_class="{class}xx",consumer="{consumer}",tier="{tier}""#
        )
    }
}

/// What must have been counted.
#[derive(Default)]
struct Ledger {
    requests: BTreeMap<String, u64>,
    received: BTreeMap<String, u64>,
    sent: BTreeMap<String, u64>,
}

impl Ledger {
    fn enter(&mut self, kind: Kind, sent: usize) {
        *self.requests.entry(kind.labels()).or_default() += 1;
        let consumer = format!("route=\"echo\",consumer=\"{}\"", kind.consumer);
        // A body whose request was refused by its head is not received any more.
        let received = if kind.status == 401 { 0 } else { kind.body };
        for (of, bytes) in [(&mut self.received, received), (&mut self.sent, sent)] {
            if bytes > 0 {
                *of.entry(consumer.clone()).or_default() += bytes as u64;
            }
        }
    }
}

/// Sends so many requests of each kind over eight connections, and enters them.
fn send(to: SocketAddr, each: usize, ledger: &Mutex<Ledger>) {
    thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(move || {
                let mut connection = Connection::open(to).expect("a connection");
                for _ in 0..each {
                    let response = connection.send(&kind.request()).expect("an answer");
                    assert_eq!(response.status, kind.status, "{}", kind.path);
                    // Who is answered before he has sent it all is sent away.
                    if response.header("connection") == Some(b"close") {
                        connection = Connection::open(to).expect("a connection");
                    }
                    ledger.lock().expect("nobody panicked").enter(kind, response.body.len());
                }
            });
        }
    });
}

/// 10 000 requests over four workers, with another configuration and a VM that traps in between.
#[test]
fn every_counter_is_exact_over_workers_a_configuration_update_and_a_reload_of_a_vm() {
    let telemetry = |more: serde_json::Value| {
        let mut telemetry = json!({
            "requests": {}, "duration": {"labels": ["route"]},
            "bytes": {"labels": ["route", "consumer"]}});
        gatehouse_filter_test::change(&mut telemetry, &more);
        telemetry
    };
    let modules = trapping::Modules::of("telemetry", Callback::RequestTrailers);
    let folder: PathBuf = modules.folder().to_owned();
    let listener = |more| {
        let edit = edited(&CONSUMERS, telemetry(more));
        move |tree: &mut serde_json::Value| {
            edit(tree);
            configuration::keep_trailers(tree);
        }
    };
    let builder = with_consumers(&CONSUMERS, telemetry(json!({})));
    let mut changing = Changing::start(CONFIG, builder, folder, listener(json!({})));
    let ledger = Mutex::new(Ledger::default());
    let to = changing.address();
    send(to, 500, &ledger);
    changing.change(listener(json!({"labels": {"consumer": {"most": 7}}})));
    send(to, 400, &ledger);
    let reloads = |changing: &Changing| -> u64 {
        let stats = changing.gateway.stats();
        stats.iter().filter(|(name, _)| name.contains("vm_reload_success")).map(|(_, n)| *n).sum()
    };
    // Whose VM has trapped is answered by Envoy, and not counted by who is no more.
    let mut connection = Connection::open(to).expect("a connection");
    let _ = connection.send(&trapping::request("/open"));
    drop(connection);
    send(to, 350, &ledger);
    assert!(reloads(&changing) >= 1, "a VM was loaded again");

    let ledger = ledger.into_inner().expect("nobody panicked");
    assert_eq!(ledger.requests.values().sum::<u64>(), 10_000);
    let gateway = &changing.gateway;
    // The last connections are closed, and their requests have ended.
    until("all is counted", || {
        series(gateway, "gatehouse_requests_total").values().sum::<u64>() >= 10_000
    });
    for (metric, want) in [
        ("gatehouse_requests_total", &ledger.requests),
        ("gatehouse_request_bytes_total", &ledger.received),
        ("gatehouse_response_bytes_total", &ledger.sent),
    ] {
        let mut counted = series(gateway, metric);
        counted.retain(|_, count| *count > 0);
        assert_eq!(counted, *want, "{metric}");
    }
    let count = r#"http_server_request_duration_milliseconds_count"#;
    until("durations are counted as requests are", || {
        series(gateway, count).values().sum::<u64>() == 10_000
    });
    assert!(!trap::signs(gateway).is_empty(), "a VM has trapped");
}

/// A client that leaves before there is an answer, and one whose answer breaks off.
#[test]
fn who_leaves_is_counted_too() {
    let telemetry = json!({"requests": {"labels": ["status_class"]}});
    let gateway =
        with_consumers(&CONSUMERS, telemetry).start().unwrap_or_else(|fault| panic!("{fault}"));
    for _ in 0..50 {
        let mut connection = Connection::open(gateway.address()).expect("a connection");
        let request = Request::get("/open?delay_ms=3000").bytes();
        connection.write(&request).expect("it can be sent");
        thread::sleep(std::time::Duration::from_millis(20));
    }
    until("they are counted", || {
        let counted = series(&gateway, "gatehouse_requests_total");
        counted.get(r#"status_class="none""#) == Some(&50)
    });
    let counted = series(&gateway, "gatehouse_requests_total");
    assert_eq!(counted.values().sum::<u64>(), 50, "{counted:?}");
    trap::assert_none(&gateway);
}
