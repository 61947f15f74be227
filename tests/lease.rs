//! An Envoy that gateways have one after the other tells none of them of those before.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Gateway, StartError};
use serde_json::json;

use crate::harness::{configuration, start, trap};

const CONFIG: &str = "envoy/rate-limit.yaml";

#[test]
fn each_gateway_finds_it_as_if_it_were_the_first() {
    let one_an_hour = || {
        start(Gateway::builder(CONFIG).edit(|tree| {
            *configuration::shipped(tree, "rate-limit") =
                json!({"rules": [{"key": [], "limits": [{"requests": 1, "window": "1h"}]}]});
        }))
    };
    for turn in 0..4 {
        let gateway = one_an_hour();
        assert_eq!(gateway.access_log().len(), 0, "turn {turn}");
        assert_eq!(gateway.stats().get("http.gateway.downstream_rq_2xx").copied().unwrap_or(0), 0);
        assert!(!gateway.stderr().contains("limits[0].window"), "turn {turn}");
        let statuses: Vec<u16> = (0..2).map(|_| gateway.get("/", &[]).status).collect();
        assert_eq!(statuses, [200, 429], "turn {turn}: the limit is its own");
        assert_eq!(gateway.access_log_after(2).len(), 2, "turn {turn}");
        assert_eq!(gateway.stats()["http.gateway.downstream_rq_2xx"], 1, "turn {turn}");
        trap::assert_none(&gateway);
        drop(gateway);
        // One that is refused leaves nothing behind either.
        let refused = Gateway::builder(CONFIG)
            .edit(|tree| {
                configuration::shipped(tree, "rate-limit")["rules"][0]["limits"][0]["window"] =
                    json!(60);
            })
            .start();
        assert!(matches!(refused, Err(StartError::Refused { .. })), "turn {turn}: {refused:?}");
    }
}

#[test]
fn who_ends_its_envoy_ends_nobody_else_s() {
    let mut ended = start(Gateway::builder(CONFIG));
    let other = start(Gateway::builder(CONFIG));
    assert_ne!(ended.pid(), other.pid());
    ended.stop();
    assert!(ended.exited().is_some());
    assert!(ended.try_request(&Request::get("/")).is_err());
    drop(ended);
    assert_eq!(other.get("/", &[]).status, 200);
    assert_eq!(start(Gateway::builder(CONFIG)).get("/", &[]).status, 200);
}
