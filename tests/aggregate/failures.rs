//! Services that are slow, fail, refuse, break off, send garbage, too much, or nothing: for calls
//! that are required, that are optional, and that are made for the items of a list.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use gatehouse_sandbox::Gateway;
use serde_json::{Value, json};

use super::{start, with_rules};
use crate::harness::configuration;
use crate::harness::upstream::{Received, Said, Upstream};

/// What a service does, and what comes of it.
struct Row {
    case: &'static str,
    said: Said,
    /// The status and the code where the call is required; a 200 where nothing is wrong.
    required: (u16, &'static str),
    /// The word in a partial answer, and the label of the counter.
    outcome: &'static str,
    /// The answer where nothing is wrong.
    value: Value,
}

fn bad(
    case: &'static str,
    said: Said,
    required: (u16, &'static str),
    outcome: &'static str,
) -> Row {
    Row { case, said, required, outcome, value: Value::Null }
}

fn good(case: &'static str, said: Said, value: Value) -> Row {
    Row { case, said, required: (200, "aggregated"), outcome: "answered", value }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).expect("it is memory");
    encoder.finish().expect("it is memory")
}

fn rows() -> Vec<Row> {
    const JSON: &str = "application/json";
    const GZIP: &str = "content-encoding: gzip\r\n";
    let closing = |bytes: &[u8]| Said { bytes: bytes.to_vec(), closes: true, ..Said::default() };
    let big = format!("\"{}\"", "a".repeat(100_000));
    let failed = (502, "call_failed");
    let unusable = (502, "answer_unusable");
    vec![
        good("quick", Said::json("[1.50]"), json!([1.5])),
        good("slow, and in time", Said::json("1").after(Duration::from_millis(100)), json!(1)),
        good("204", Said::response(204, JSON, "", ""), Value::Null),
        good("gzip", Said::response(200, JSON, GZIP, gzip("[7]")), json!([7])),
        bad(
            "too slow",
            Said::json("1").after(Duration::from_secs(8)),
            (504, "call_timed_out"),
            "timed_out",
        ),
        bad("500", Said::response(500, "text/html", "", "<b>secret</b>"), failed, "server_error"),
        bad("404", Said::response(404, JSON, "", "{}"), failed, "client_error"),
        bad("301", Said::response(301, JSON, "location: /secret\r\n", ""), failed, "other_status"),
        bad("no answer at all", closing(b""), failed, "server_error"),
        bad(
            "broken off in the body",
            closing(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[1",
            ),
            failed,
            "broken_off",
        ),
        bad("no HTTP", closing(b"SSH-2.0-OpenSSH_9.2\r\n"), failed, "server_error"),
        bad("garbage", Said::json("{]"), unusable, "invalid"),
        bad("a name twice", Said::json(r#"{"a":1,"a":2}"#), unusable, "invalid"),
        bad("huge", Said::json(&big), unusable, "too_large"),
        bad("a bomb", Said::response(200, JSON, GZIP, gzip(&big)), unusable, "too_large"),
        bad("text", Said::response(200, "text/plain", "", "1"), unusable, "invalid"),
    ]
}

/// A gateway where `/required`, `/optional` and `/each` call what `products` is asked for, beside
/// a user that is always there.
fn gateway(service: &Upstream) -> Gateway {
    let call = |more: Value| {
        let mut call = json!({
            "name": "part", "cluster": "products", "path": "/part", "max_size": "64KiB",
            "timeout": "3s",
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            call[name] = value.clone();
        }
        call
    };
    let rule = |name: &str, call: Value| {
        let mut rule = json!({
            "name": name, "match": {"path": {"exact": format!("/{name}")}},
            "calls": [
                {"name": "user", "cluster": "users", "path": "/"},
                call,
            ],
        });
        // Elsewhere it could do nothing, which is a fault.
        if rule["calls"][1].get("optional").is_some() {
            rule["partial"] = json!({"member": "parts"});
        }
        rule
    };
    let rules = json!([
        rule("required", call(json!({}))),
        rule("optional", call(json!({"optional": {"default": "none"}}))),
        rule(
            "each",
            call(json!({
                "path": "/${item}", "for_each": {"value": "user.parts[*]"}, "optional": true,
            }))
        ),
    ]);
    start(with_rules(&rules, service).edit(|tree| {
        // Tried once: each row is about one answer.
        let clusters = tree["static_resources"]["clusters"].as_array_mut().expect("clusters");
        for cluster in clusters {
            cluster.as_object_mut().expect("a cluster").remove("typed_extension_protocol_options");
        }
    }))
}

fn answer(request: &Received, part: &Said) -> Said {
    match (request.header("host"), request.target()) {
        (Some("users"), _) => Said::response(
            200,
            "application/json",
            "cache-control: max-age=60\r\n",
            r#"{"parts":["a","part","c"]}"#,
        ),
        (_, "/part") => part.clone(),
        (_, target) => Said::json(format!("\"{target}\"")),
    }
}

#[test]
fn what_a_service_does_is_the_fate_of_its_call() {
    let service = Upstream::start();
    let gateway = gateway(&service);
    let rows = rows();
    let mut counted: std::collections::BTreeMap<(&str, &str), u64> = Default::default();
    for Row { case, said, required: (status, code), outcome, value } in rows {
        let part = said.clone();
        service.answer_by(move |request| answer(request, &part));
        let is_good = outcome == "answered";

        let got = gateway.get("/required", &[]);
        assert_eq!(got.status, status, "{case}: {}", got.text());
        let document: Value = serde_json::from_str(&got.text()).expect("JSON");
        if is_good {
            assert_eq!(document["part"], value, "{case}");
        } else {
            assert_eq!(document["code"], format!("aggregate.{code}"), "{case}");
            assert_eq!(document["part"], "part", "{case}");
            assert!(!got.text().contains("secret"), "{case}: {}", got.text());
        }

        let got = gateway.get("/optional", &[]);
        assert_eq!(got.status, 200, "{case}");
        let document: Value = serde_json::from_str(&got.text()).expect("JSON");
        let want = if is_good { value.clone() } else { json!("none") };
        assert_eq!(document["part"], want, "{case}");
        let partial = got.header_text("x-gatehouse-partial");
        assert_eq!(partial.as_deref(), (!is_good).then_some("part"), "{case}");
        let control = got.header_text("cache-control");
        let want = if is_good { "no-cache" } else { "no-store" };
        assert_eq!(control.as_deref(), Some(want), "{case}");
        let told = &document["parts"]["part"]["outcome"];
        assert_eq!(told, &if is_good { Value::Null } else { json!(outcome) }, "{case}");

        let got = gateway.get("/each", &[]);
        assert_eq!(got.status, 200, "{case}");
        let document: Value = serde_json::from_str(&got.text()).expect("JSON");
        assert_eq!(document["part"], json!(["/a", value, "/c"]), "{case}");
        let partial = got.header_text("x-gatehouse-partial");
        assert_eq!(partial.as_deref(), (!is_good).then_some("part"), "{case}");

        for (rule, by) in [("required", 1), ("optional", 1), ("each", 1)] {
            *counted.entry((rule, outcome)).or_default() += by;
        }
        *counted.entry(("each", "answered")).or_default() += 2;
    }
    let stats = gateway.admin("/stats/prometheus");
    for ((rule, outcome), want) in counted {
        let labels = [
            format!(r#"rule="{rule}""#),
            r#"call="part""#.to_owned(),
            format!(r#"outcome="{outcome}""#),
        ];
        let line = stats.lines().find(|line| {
            line.starts_with("gatehouse_calls_total{")
                && labels.iter().all(|label| line.contains(label))
        });
        let line = line.unwrap_or_else(|| panic!("{rule} {outcome} is not counted"));
        assert!(line.ends_with(&format!(" {want}")), "{want}: {line}");
    }
    // Envoy puts its workers' histograms together every five seconds.
    crate::harness::until("the histogram has every call", || {
        let stats = gateway.admin("/stats/prometheus");
        let of_required = stats.lines().find(|line| {
            line.starts_with("gatehouse_call_milliseconds_count{")
                && line.contains(r#"rule="required""#)
                && line.contains(r#"call="part""#)
        });
        of_required.is_some_and(|line| line.ends_with(" 16"))
    });
    crate::harness::trap::assert_none(&gateway);
}

/// Nobody listens, there is no such cluster, no host: the client is told at once, and the next
/// request is answered.
#[test]
fn a_call_that_cannot_be_made_is_a_failed_part_and_no_hang() {
    let service = Upstream::start();
    service.answer_by(|_| Said::json("1"));
    let rules = json!([
        {"name": "unknown", "match": {"path": {"exact": "/unknown"}}, "calls": [
            {"name": "a", "cluster": "users", "path": "/"},
            {"name": "b", "cluster": "no-such", "path": "/"}]},
        {"name": "both", "match": {"path": {"exact": "/both"}}, "calls": [
            {"name": "a", "cluster": "no-such", "path": "/", "optional": true},
            {"name": "b", "cluster": "empty", "path": "/${call.a | default: x}", "optional": true}]},
        {"name": "dead", "match": {"path": {"exact": "/dead"}}, "calls": [
            {"name": "a", "cluster": "dead", "path": "/"}]},
    ]);
    let gateway = start(with_rules(&rules, &service).edit(|tree| {
        // A port that nobody listens at: it was free, and is so again.
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        configuration::add_cluster(tree, "dead", port);
        configuration::add_cluster(tree, "empty", port);
        let clusters = tree["static_resources"]["clusters"].as_array_mut().expect("clusters");
        let empty = clusters.last_mut().expect("it was added");
        empty["load_assignment"]["endpoints"] = json!([]);
    }));
    for (path, status, code) in
        [("/unknown", 503, "aggregate.call_not_made"), ("/dead", 502, "aggregate.call_failed")]
    {
        for _ in 0..3 {
            let got = gateway.get(path, &[]);
            assert_eq!(got.status, status, "{path}: {}", got.text());
            assert!(got.text().contains(code), "{path}: {}", got.text());
        }
    }
    let got = gateway.get("/both", &[]);
    assert_eq!((got.status, got.text().as_str()), (200, "{}"));
    assert_eq!(got.header_text("x-gatehouse-partial").as_deref(), Some("a, b"));
    let log = gateway.access_log_after(7);
    assert!(log[0]["aggregate"].as_str().is_some_and(|told| told.contains(";why=")), "{}", log[0]);
}
