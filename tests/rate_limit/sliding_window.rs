//! `algorithm: sliding_window`: what passes in windows that begin anywhere.

use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use super::builder;
use crate::harness::{Shared, trap};

fn sliding(requests: usize, window: &str) -> Builder {
    let limit = json!({"requests": requests, "window": window, "algorithm": "sliding_window"});
    builder(json!({"rules": [{"name": "login", "limits": [limit]}]}))
}

/// A request that passed: it was sent after, and answered before.
type Passed = (Instant, Instant);

/// What passes of requests on so many connections, each as fast as it goes, for this long.
fn hammered(gateway: &Gateway, connections: usize, time: Duration) -> Vec<Passed> {
    let begin = Instant::now();
    let client = || {
        let mut connection = gateway.connect();
        let mut passed = Vec::new();
        while begin.elapsed() < time {
            let sent = Instant::now();
            let response = connection.send(&Request::get("/")).expect("an answer");
            match response.status {
                200 => passed.push((sent, Instant::now())),
                429 => thread::sleep(Duration::from_millis(2)),
                status => panic!("{status}: {}", response.text()),
            }
        }
        passed
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    })
}

/// The most requests that are known to have passed within one window: sent after it began, and
/// answered before it ended.
fn most_in_a_window(passed: &[Passed], window: Duration) -> usize {
    let within = |begin: Instant| {
        passed.iter().filter(|(sent, got)| *sent >= begin && *got < begin + window).count()
    };
    passed.iter().map(|(sent, _)| within(*sent)).max().unwrap_or(0)
}

#[test]
fn no_window_anywhere_passes_more_than_the_limit_over_four_workers() {
    const WINDOW: Duration = Duration::from_secs(2);
    // (limit, how long nothing comes back beyond the window at most)
    for (limit, pane) in [(10, Duration::ZERO), (100, WINDOW / 15)] {
        let gateway = sliding(limit, "2s").concurrency(4).start();
        let gateway = gateway.unwrap_or_else(|fault| panic!("{fault}"));
        let time = WINDOW * 7 / 2;
        let begin = Instant::now();
        let passed = hammered(&gateway, 24, time);
        let most = most_in_a_window(&passed, WINDOW);
        println!("{limit} per 2 s: {} passed in {:?}, {most} in a window", passed.len(), time);
        assert!(most <= limit, "{most} of {limit} passed in a window");
        // From rest the whole limit passes, and again when a window has gone by: four times.
        let first = passed.iter().filter(|(_, got)| *got < begin + WINDOW).count();
        assert!(first <= limit, "{first} from rest");
        // A slow machine may be late for the last time.
        let windows = time.as_millis() / (WINDOW + pane).as_millis();
        let least = limit * usize::try_from(windows).expect("few");
        assert!(passed.len() >= least, "only {} of {least} passed", passed.len());
        assert!(passed.len() <= limit * 4, "{} passed", passed.len());
        trap::assert_none(&gateway);
    }
}

#[test]
fn who_waits_for_retry_after_gets_through() {
    let gateway = Shared::start(sliding(3, "2s"));
    for round in 0..2 {
        for left in [2, 1, 0] {
            let exchange = gateway.ask(Request::get("/"));
            let told = exchange.response.header_text("ratelimit").unwrap_or_default();
            assert_eq!(exchange.response.status, 200, "round {round}, {left}");
            assert!(told.starts_with(&format!("\"login\";r={left};t=")), "{told}");
            assert_eq!(
                exchange.response.header_text("ratelimit-policy").as_deref(),
                Some("\"login\";q=3;w=2")
            );
        }
        let refused = gateway.ask(Request::get("/"));
        refused.assert_refused("the fourth", 429, "rate_limit.exceeded");
        let wait = refused.response.header_text("retry-after").and_then(|text| text.parse().ok());
        let wait: u64 = wait.expect("seconds");
        assert!((1..=2).contains(&wait), "{wait}");
        thread::sleep(Duration::from_secs(wait));
        assert_eq!(gateway.ask(Request::get("/")).response.status, 200, "after {wait} s");
        thread::sleep(Duration::from_secs(2));
    }
    gateway.assert_no_trap();
}

#[test]
fn a_sliding_window_with_a_service_is_a_fault_with_the_path_of_the_field() {
    for mode in ["global", "hybrid"] {
        let rules: Value = json!([{"name": "all",
            "limits": [{"requests": 1, "window": "1s", "algorithm": "sliding_window"}],
            "counting": {"mode": mode, "cluster": "echo"}}]);
        let fault = builder(json!({"rules": rules})).start().expect_err("a fault");
        let want = "rules[0].limits[0].algorithm: goes with `counting: {mode: local}`";
        assert!(fault.log().contains(want), "{mode}: {fault}");
    }
}
