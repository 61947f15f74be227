use std::thread;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Connection, Request};
use serde_json::json;

use super::{series, with_consumers};
use crate::harness::trap;

/// 10 000 consumers, each with a request, where 100 are told apart.
#[test]
fn ten_thousand_consumers_take_no_more_than_the_bound_and_all_are_counted() {
    let names: Vec<String> = (0..10_000).map(|number| format!("c{number}")).collect();
    let consumers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "t")).collect();
    let telemetry = json!({
        "requests": {"labels": ["consumer"]}, "bytes": {"labels": ["consumer"]},
        "labels": {"consumer": {"most": 100, "always": ["c9999"]}}});
    let gateway = with_consumers(&consumers, telemetry).start();
    let gateway = gateway.unwrap_or_else(|fault| panic!("{fault}"));
    let send = |names: &[String]| {
        let to = gateway.address();
        thread::scope(|scope| {
            for names in names.chunks(names.len().div_ceil(8)) {
                scope.spawn(move || {
                    let mut connection = Connection::open(to).expect("a connection");
                    for name in names {
                        let request = Request::get("/").header("x-api-key", format!("{name}-key"));
                        assert_eq!(connection.send(&request).expect("an answer").status, 200);
                    }
                });
            }
        });
    };
    send(&names[..2_000]);
    let before = allocated(&gateway);
    send(&names[2_000..]);
    let after = allocated(&gateway);

    let counted = series(&gateway, "gatehouse_requests_total");
    assert_eq!(counted.values().sum::<u64>(), 10_000);
    // 100 that have their names, one request each, and all others.
    assert_eq!(counted.len(), 101);
    assert_eq!(counted[r#"consumer="_OTHER""#], 9_900);
    assert_eq!(counted[r#"consumer="c9999""#], 1);
    let values = series(&gateway, "gatehouse_label_values");
    assert_eq!(values[r#"label="consumer""#], 100);
    // Nothing is kept of a consumer: 8000 of 1 KiB each would be 8 MiB.
    assert!(after < before + (2 << 20), "{before} bytes before, {after} after");
    trap::assert_none(&gateway);
}

/// What the process has allocated, in bytes.
fn allocated(gateway: &Gateway) -> u64 {
    let memory: serde_json::Value =
        serde_json::from_str(&gateway.admin("/memory")).expect("the admin speaks JSON");
    memory["allocated"].as_str().and_then(|bytes| bytes.parse().ok()).expect("a number of bytes")
}

#[test]
fn a_value_cannot_be_taken_for_another_label_or_for_all_others() {
    let tiers = ["a;.consumer=x;", "_OTHER", "quote\"d", "back\\slash", "spa ce", "é"];
    let names = ["c0", "c1", "c2", "c3", "c4", "c5"];
    let consumers: Vec<(&str, &str)> = names.into_iter().zip(tiers).collect();
    let telemetry = json!({"requests": {"labels": ["consumer", "tier"]}});
    let gateway = with_consumers(&consumers, telemetry).start();
    let gateway = gateway.unwrap_or_else(|fault| panic!("{fault}"));
    for name in names {
        let request = Request::get("/").header("x-api-key", format!("{name}-key").as_bytes());
        assert_eq!(gateway.request(request).status, 200, "{name}");
    }
    let counted = series(&gateway, "gatehouse_requests_total");
    let want = ["a%3B.consumer=x%3B", "_OTHER", "quote%22d", "back%5Cslash", "spa%20ce", "%C3%A9"];
    for (name, tier) in names.into_iter().zip(want) {
        let labels = format!(r#"consumer="{name}",tier="{tier}""#);
        assert_eq!(counted.get(&labels), Some(&1), "{labels} in {counted:?}");
    }
    assert_eq!(counted.len(), want.len(), "{counted:?}");
    trap::assert_none(&gateway);
}
