//! Requests, from their heads to their ends.

mod costs;

use super::*;
use gatehouse_filter::{Attribute, Caller, Headers, Identity};
use gatehouse_filter_test::{FakeHost, configured};
use std::collections::BTreeMap;
use std::time::Duration;

/// A request, and what became of it.
#[derive(Clone, Copy)]
struct Sent {
    method: &'static str,
    route: &'static str,
    status: u16,
    consumer: &'static str,
    tier: &'static str,
    bytes: [u64; 2],
    milliseconds: u64,
}

const GET: Sent = Sent {
    method: "GET",
    route: "orders",
    status: 200,
    consumer: "acme",
    tier: "gold",
    bytes: [0, 7],
    milliseconds: 12,
};

struct Vm {
    filter: Telemetry,
}

impl Vm {
    fn start(json: &str, host: &FakeHost) -> Self {
        let filter: Telemetry = configured(json).unwrap();
        filter.start(host).unwrap();
        Self { filter }
    }

    /// Sends a request that ends as it says. `is_known_here`: by a filter of the same VM.
    fn send(&self, request: Sent, is_known_here: bool, host: &FakeHost) {
        let identity = Identity {
            consumer: Some(request.consumer.to_owned()).filter(|name| !name.is_empty()),
            tier: Some(request.tier.to_owned()).filter(|name| !name.is_empty()),
            ..Identity::default()
        };
        let caller = is_known_here.then(|| Caller::from(identity.clone()));
        if is_known_here {
            host.unset(Attribute::FilterState(Identity::STATE));
        } else {
            host.identify(&identity);
        }
        let head = [(":method", request.method), (":path", "/orders/1?key=secret")];
        let mut state = State::default();
        let mut asked = Request::new(Headers::from_list(&head), host);
        assert_eq!(self.filter.on_request(&mut asked, &mut state).code, Code::Seen);
        host.clock.advance(Duration::from_millis(request.milliseconds));
        let number = |number: u64| number.to_le_bytes();
        host.set(Attribute::RouteName, request.route);
        host.set(Attribute::ResponseCode, number(request.status.into()));
        host.set(Attribute::RequestBytes, number(request.bytes[0]));
        host.set(Attribute::ResponseBytes, number(request.bytes[1]));
        self.filter.on_end(&Ended::new(caller.as_ref(), Headers::default(), host), &mut state);
    }
}

fn counted(host: &FakeHost) -> BTreeMap<String, u64> {
    host.counters().into_iter().filter(|(_, count)| *count > 0).collect()
}

fn list(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn each_request_is_counted_once_by_what_it_was() {
    for is_known_here in [true, false] {
        let host = FakeHost::default();
        let vm = Vm::start(r#"{"requests": {}, "bytes": {}, "duration": {}}"#, &host);
        for request in [
            GET,
            GET,
            Sent { status: 204, bytes: [5, 0], milliseconds: 7, ..GET },
            Sent { method: "FROB", status: 404, consumer: "", tier: "", ..GET },
            Sent { route: "", status: 503, consumer: "globex", ..GET },
            Sent { status: 0, consumer: "globex", ..GET },
        ] {
            vm.send(request, is_known_here, &host);
        }
        let requests = "gatehouse_requests_total route=";
        let received = "gatehouse_request_bytes_total route=";
        let sent = "gatehouse_response_bytes_total route=";
        let want: Vec<(String, u64)> = [
            (requests, "orders method=GET status_class=2xx consumer=acme tier=gold", 3),
            (requests, "orders method=_OTHER status_class=4xx consumer= tier=", 1),
            (requests, " method=GET status_class=5xx consumer=globex tier=gold", 1),
            (requests, "orders method=GET status_class=none consumer=globex tier=gold", 1),
            (received, "orders consumer=acme tier=gold", 5),
            (sent, "orders consumer=acme tier=gold", 14),
            (sent, "orders consumer= tier=", 7),
            (sent, " consumer=globex tier=gold", 7),
            (sent, "orders consumer=globex tier=gold", 7),
        ]
        .map(|(name, rest, count)| (format!("{name}{rest}"), count))
        .into();
        assert_eq!(counted(&host), want.into_iter().collect(), "{is_known_here}");
        let name = "http_server_request_duration_milliseconds http_route=orders \
                    http_request_method=GET http_response_status_class=2xx";
        let durations: Vec<u64> = host
            .recorded()
            .iter()
            .filter_map(|(series, value)| (series == name).then_some(*value))
            .collect();
        assert_eq!(durations, [12, 12, 7], "{is_known_here}");
    }
}

#[test]
fn only_what_is_configured_is_counted_and_asked_for() {
    for (json, counters, facts) in [
        (r#"{"requests": {"labels": []}}"#, &[("gatehouse_requests_total", 1)][..], 0),
        (r#"{"requests": {"labels": [method]}}"#, &[("gatehouse_requests_total method=GET", 1)], 0),
        (
            r#"{"requests": {"labels": [status_class]}}"#,
            &[("gatehouse_requests_total status_class=2xx", 1)],
            1,
        ),
        (r#"{"duration": {"labels": []}}"#, &[], 0),
        (r#"{"bytes": {"labels": []}}"#, &[("gatehouse_response_bytes_total", 7)], 2),
        (r#"{"cost": {"labels": []}}"#, &[], 1),
        (r#"{"samples": {"slow": "1h"}}"#, &[], 1),
    ] {
        let json = json.replace("[method]", "[\"method\"]");
        let json = json.replace("[status_class]", "[\"status_class\"]");
        let host = FakeHost::default();
        let vm = Vm::start(&json, &host);
        let before = (host.facts_asked(), host.store.calls());
        vm.send(GET, true, &host);
        assert_eq!(counted(&host), list(counters), "{json}");
        assert_eq!(host.facts_asked() - before.0, facts, "{json}");
        assert_eq!(host.store.calls() - before.1, 0, "{json}");
    }
}

#[test]
fn a_value_beyond_the_bound_counts_as_other_in_every_vm_and_those_with_places_keep_them() {
    let json = r#"{"requests": {"labels": ["consumer"]},
        "labels": {"consumer": {"most": 3, "always": ["acme"]}}}"#;
    let host = FakeHost::default();
    let [one, two] = [(); 2].map(|()| Vm::start(json, &host));
    let names: Vec<&'static str> = (0..200).map(|number| &*format!("c{number}").leak()).collect();
    for (number, name) in names.iter().enumerate() {
        let vm = if number % 2 == 0 { &one } else { &two };
        vm.send(Sent { consumer: name, ..GET }, true, &host);
    }
    for vm in [&one, &two] {
        vm.send(GET, true, &host);
        vm.send(Sent { consumer: "c0", ..GET }, true, &host);
        vm.send(Sent { consumer: "_OTHER", ..GET }, true, &host);
    }
    let want = [
        ("gatehouse_requests_total consumer=acme", 2),
        ("gatehouse_requests_total consumer=c0", 3),
        ("gatehouse_requests_total consumer=c1", 1),
        ("gatehouse_requests_total consumer=_OTHER", 198 + 2),
    ];
    assert_eq!(counted(&host), list(&want));
    assert_eq!(host.gauge("gatehouse_label_values label=consumer"), Some(3));

    // Who comes new to a full list asks the store for nothing.
    let calls = host.store.calls();
    one.send(Sent { consumer: "late", ..GET }, true, &host);
    assert_eq!(host.store.calls(), calls);

    // A VM that is made anew tells the same ones apart.
    let three = Vm::start(json, &host);
    three.send(Sent { consumer: "c1", ..GET }, true, &host);
    three.send(Sent { consumer: "c2", ..GET }, true, &host);
    assert_eq!(counted(&host)["gatehouse_requests_total consumer=c1"], 2);
    assert_eq!(counted(&host)["gatehouse_requests_total consumer=_OTHER"], 202);
}

#[test]
fn without_the_store_new_values_count_as_other_and_that_is_counted() {
    let json = r#"{"requests": {"labels": ["consumer"]}}"#;
    let host = FakeHost::default();
    let vm = Vm::start(json, &host);
    vm.send(GET, true, &host);
    host.store.break_down();
    vm.send(GET, true, &host);
    vm.send(Sent { consumer: "globex", ..GET }, true, &host);
    assert_eq!(host.counted(Event::StoreFailed), 1);
    host.store.mend();
    vm.send(Sent { consumer: "globex", ..GET }, true, &host);
    let want = [
        ("gatehouse_requests_total consumer=acme", 2),
        ("gatehouse_requests_total consumer=_OTHER", 1),
        ("gatehouse_requests_total consumer=globex", 1),
    ];
    assert_eq!(counted(&host), list(&want));
}

#[test]
fn samples_tell_of_slow_and_of_failed_requests_so_many_a_minute_and_of_no_secrets() {
    let json = r#"{"samples": {"slow": "1s", "per_minute": 3}}"#;
    let host = FakeHost::at(1_800_000_000);
    let vm = Vm::start(json, &host);
    vm.send(GET, true, &host);
    vm.send(Sent { milliseconds: 1000, ..GET }, true, &host);
    vm.send(Sent { status: 500, ..GET }, true, &host);
    vm.send(Sent { status: 0, consumer: "", ..GET }, true, &host);
    vm.send(Sent { status: 503, ..GET }, true, &host);
    host.clock.advance(Duration::from_secs(60));
    vm.send(Sent { status: 499, ..GET }, true, &host);
    vm.send(Sent { status: 599, ..GET }, true, &host);
    let line = |kind: &str, rest: &str| {
        format!(r#"{{"sample":"{kind}","method":"GET","path":"/orders/1",{rest}}}"#)
    };
    let want = [
        line("slow", r#""status":200,"milliseconds":1000,"route":"orders","consumer":"acme""#),
        line("error", r#""status":500,"milliseconds":12,"route":"orders","consumer":"acme""#),
        line("error", r#""milliseconds":12,"route":"orders""#),
        "1 samples more were not told".to_owned(),
        line("error", r#""status":599,"milliseconds":12,"route":"orders","consumer":"acme""#),
    ];
    let told: Vec<serde_json::Value> = host
        .take_warnings()
        .into_iter()
        .map(|line| serde_json::from_str(&line).unwrap_or(line.into()))
        .collect();
    let want: Vec<serde_json::Value> =
        want.into_iter().map(|line| serde_json::from_str(&line).unwrap_or(line.into())).collect();
    assert_eq!(told, want);
}

#[test]
fn a_clock_that_was_set_back_makes_no_time() {
    let host = FakeHost::at(1_800_000_000);
    let vm = Vm::start(r#"{"duration": {"labels": []}}"#, &host);
    let mut state = State::default();
    let _ = vm.filter.on_request(&mut Request::new(Headers::default(), &host), &mut state);
    host.clock.set_seconds(1_700_000_000);
    vm.filter.on_end(&Ended::new(None, Headers::default(), &host), &mut state);
    assert_eq!(host.recorded(), [("http_server_request_duration_milliseconds".to_owned(), 0)]);
}

/// A head that never went on is there still, and the proxy counts it with the body.
#[test]
fn the_bytes_of_a_request_are_those_of_its_body_whatever_its_client_has_declared() {
    for (head, total, want) in [
        (&[][..], 7, 7),
        (&[(":path", "/"), ("content-length", "1000")][..], 6 + 18 + 7, 7),
        (&[("content-length", "1000")][..], 18, 0),
    ] {
        let host = FakeHost::default();
        let vm = Vm::start(r#"{"bytes": {"labels": []}}"#, &host);
        host.set(Attribute::RequestBytes, u64::to_le_bytes(total));
        let ended = Ended::new(None, Headers::from_list(head), &host);
        vm.filter.on_end(&ended, &mut State::default());
        let counted = host.counters();
        assert_eq!(counted["gatehouse_request_bytes_total"], want, "{head:?}");
    }
}
