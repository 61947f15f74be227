//! What passes around the edge of a window, by either algorithm.

use std::thread;
use std::time::{Duration, Instant};

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Connection, Request};
use serde_json::json;

use super::builder;
use crate::harness::trap;

/// Of each second one of ten comes back.
const WINDOW: Duration = Duration::from_secs(10);
const LIMIT: usize = 10;

/// How long the first requests may take, and no less after nine seconds the others are sent: then
/// nine have come back for certain, and there is time to ask before the window is over.
const SOON: Duration = Duration::from_millis(400);

#[test]
fn from_rest_nineteen_of_ten_pass_within_the_window_by_token_bucket_and_ten_by_sliding_window() {
    let rule = |name: &str| {
        let limit = json!({"requests": LIMIT, "window": "10s", "algorithm": name});
        json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}},
            "key": [{"header": "x-key"}], "limits": [limit]})
    };
    let algorithms = ["token_bucket", "sliding_window"];
    let gateway = builder(json!({"rules": algorithms.map(rule)})).start();
    let gateway = gateway.unwrap_or_else(|fault| panic!("{fault}"));
    // What a busy machine answers too late says nothing.
    let within = (0..10).find_map(|attempt| passed_within(&gateway, algorithms, attempt));
    let within = within.expect("fifty requests are answered within a second, once in ten times");
    assert_eq!(within, [19, LIMIT]);
    trap::assert_none(&gateway);
}

/// How many of a client's requests, sent at the beginning and near the end of a window, pass by
/// each rule. `None` where an answer came when it was over.
fn passed_within<const N: usize>(
    gateway: &Gateway,
    rules: [&str; N],
    client: usize,
) -> Option<[usize; N]> {
    let mut connection = gateway.connect();
    let begin = Instant::now();
    let mut burst = || rules.map(|rule| passed(&mut connection, rule, client));
    let first = burst();
    if begin.elapsed() > SOON {
        return None;
    }
    thread::sleep((WINDOW * 9 / 10 + SOON).saturating_sub(begin.elapsed()));
    let second = burst();
    let is_within = begin.elapsed() < WINDOW;
    is_within.then(|| std::array::from_fn(|rule| first[rule] + second[rule]))
}

fn passed(connection: &mut Connection, rule: &str, client: usize) -> usize {
    let request = Request::get(format!("/{rule}")).header("x-key", client.to_string());
    let mut send = || connection.send(&request).unwrap_or_else(|fault| panic!("{fault}")).status;
    (0..LIMIT + 2).filter(|_| send() == 200).count()
}
