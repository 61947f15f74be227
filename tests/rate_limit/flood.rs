//! Clients that nobody has seen, in numbers, against one that is over its limit.

use std::thread;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::builder;
use crate::harness::trap;

/// Fresh keys: twice as many as there are slots.
const FRESH: usize = 34_000;
const SLOTS: usize = 16_384;

/// The login limit lets so many pass in a month: none comes back while this runs.
const LOGINS: usize = 15;

fn logins(gateway: &Gateway) -> usize {
    let mut connection = gateway.connect();
    let login = Request::get("/login").header("x-key", "victim");
    let statuses =
        (0..100).map(|_| connection.send(&login).unwrap_or_else(|fault| panic!("{fault}")).status);
    statuses.filter(|status| *status == 200).count()
}

/// So many requests to this path, each of a client that was never seen.
fn flood(gateway: &Gateway, path: &str) {
    const CONNECTIONS: usize = 8;
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            scope.spawn(move || {
                let mut connection = gateway.connect();
                for fresh in (number..FRESH).step_by(CONNECTIONS) {
                    let request = Request::get(path).header("x-key", format!("fresh-{fresh}"));
                    let status = connection.send(&request).expect("an answer").status;
                    assert_eq!(status, 200, "{fresh}");
                }
            });
        }
    });
}

#[test]
fn fresh_keys_of_a_monthly_rule_or_of_its_own_do_not_free_the_login_limit() {
    for (rule, algorithm) in [("monthly", "token_bucket"), ("login", "sliding_window")] {
        let login = json!({"requests": LOGINS, "window": "30d", "algorithm": algorithm});
        let key = json!([{"header": "x-key"}]);
        let gateway = builder(json!({"keys": SLOTS, "rules": [
            {"name": "login", "match": {"path": {"prefix": "/login"}}, "key": key, "limits": [login]},
            {"name": "monthly", "key": key, "limits": [{"requests": 1000, "per": "month"}]},
        ]}));
        let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
        let mut passed = logins(&gateway);
        // Of the login's own rule, each has used one of fifteen, and replaces another such.
        flood(&gateway, if rule == "login" { "/login" } else { "/orders" });
        passed += logins(&gateway);
        assert_eq!(passed, LOGINS, "flooded by {rule}");
        let metrics = gateway.admin("/stats/prometheus");
        let labels = [format!("rule=\"{rule}\""), "event=\"evicted_live\"".to_owned()];
        let line = metrics.lines().find(|line| {
            line.starts_with("gatehouse_rule_events_total{")
                && labels.iter().all(|label| line.contains(label))
        });
        let evicted: Option<usize> =
            line.and_then(|line| line.rsplit(' ').next()).and_then(|count| count.parse().ok());
        // All but those that found a slot, of which a few buckets had less than their share.
        assert!(evicted.is_some_and(|evicted| evicted >= FRESH - SLOTS), "{rule}: {line:?}");
        let told = gateway.stderr();
        let line = told.lines().find(|line| line.contains("lost their slots"));
        let line = line.unwrap_or_else(|| panic!("{rule}: no line: {told}"));
        let share = if rule == "login" { 6 } else { 0 };
        let whose = format!("of rule `{rule}` and had used {share} % of limit `{rule}`");
        assert!(line.contains(&whose), "{line}");
        assert!(!told.contains("fresh-"), "a client's key in the log");
        trap::assert_none(&gateway);
    }
}
