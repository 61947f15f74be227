//! How many requests pass when many clients ask several workers at once.

use std::thread;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::{configuration, trap};

/// Few enough for any machine, more than workers.
const CONNECTIONS: usize = 64;

/// Nothing comes back while this runs: one of a thousand takes three quarters of an hour.
const WINDOW: &str = "30d";

#[test]
fn four_workers_pass_exactly_the_limit_run_after_run() {
    println!("limit  passed, run after run   sliding window  by local_ratelimit");
    for limit in [1, 10, 100, 1_000] {
        let run = |algorithm: &'static str| {
            let with_limit = move |tree: &mut Value| {
                let limits = json!([{"requests": limit, "window": WINDOW, "algorithm": algorithm}]);
                let rules = json!([{"name": "all", "limits": limits}]);
                configuration::set(tree, "rate-limit", json!({"rules": rules}));
            };
            passed(limit, Gateway::builder("envoy/rate-limit.yaml").edit(with_limit))
        };
        let ours = [(); 3].map(|()| run("token_bucket"));
        let sliding = [(); 2].map(|()| run("sliding_window"));
        let envoys = passed(
            limit,
            Gateway::builder("envoy/rate-limit.yaml").edit(move |tree| native(tree, limit)),
        );
        let [ours_told, sliding_told] = [format!("{ours:?}"), format!("{sliding:?}")];
        println!("{limit:>5}  {ours_told:>21}  {sliding_told:>15}  {envoys:>18}");
        assert_eq!((ours, sliding), ([limit; 3], [limit; 2]));
    }
}

/// How many of the requests of 64 connections, together twice the limit and 640 at least, pass.
fn passed(limit: usize, builder: Builder) -> usize {
    let gateway = builder.concurrency(4).start().unwrap_or_else(|fault| panic!("{fault}"));
    let each = (2 * limit).div_ceil(CONNECTIONS).max(10);
    let passed = thread::scope(|scope| {
        let client = || {
            let mut connection = gateway.connect();
            let mut statuses = (0..each).map(|_| {
                connection.send(&Request::get("/")).unwrap_or_else(|fault| panic!("{fault}")).status
            });
            statuses.by_ref().filter(|status| *status == 200).count()
        };
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).sum()
    });
    let busy = gateway.stats().into_iter().filter(|(name, requests)| {
        name.starts_with("listener.127.0.0.1_0.worker_")
            && name.ends_with(".downstream_cx_total")
            && *requests > 0
    });
    assert!(busy.count() > 1, "the test needs several workers");
    trap::assert_none(&gateway);
    passed
}

/// Puts Envoy's own filter in the place of ours.
fn native(tree: &mut Value, limit: usize) {
    let filters = tree
        .pointer_mut(
            "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters",
        )
        .and_then(Value::as_array_mut)
        .expect("a list of filters");
    let bucket =
        json!({"max_tokens": limit, "tokens_per_fill": limit, "fill_interval": "2592000s"});
    let always = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
    filters[0] = json!({
        "name": "envoy.filters.http.local_ratelimit",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "native",
            "token_bucket": bucket,
            "filter_enabled": always,
            "filter_enforced": always,
        },
    });
}
