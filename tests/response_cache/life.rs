//! What is served while things change: another configuration, new VMs, an upstream that is away.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::{self, Request, Response};
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::json;

use super::origin::{Origin, fresh};
use super::{example, start};
use crate::harness::changing::Changing;
use crate::harness::{configuration, trap};

fn get(from: &Changing, path: &str) -> Response {
    raw::send(from.address(), &Request::get(path)).unwrap_or_else(|fault| panic!("{fault}"))
}

/// What was stored before is served after, without a word to the origin.
#[test]
fn what_is_stored_outlives_another_configuration_and_new_vms() {
    let origin = Origin::start();
    origin.script("l", vec![fresh().field("surrogate-key", "old")]);
    let builder = example(origin.address()).concurrency(2);
    let mut changing =
        Changing::start("envoy/response-cache.yaml", builder, workspace::filters(), |_| {});
    assert_eq!(get(&changing, "/all/l/a").header_text("x-origin").as_deref(), Some("1"));
    let is_stored = |changing: &Changing, sentence: &str| {
        for _ in 0..4 {
            let response = get(changing, "/all/l/a");
            assert_eq!(response.status, 200, "{sentence}");
            assert_eq!(response.header_text("x-origin").as_deref(), Some("1"), "{sentence}");
        }
        assert_eq!(origin.asked("l"), 1, "{sentence}");
    };
    is_stored(&changing, "before");

    changing.change(|tree| {
        let cache = configuration::shipped(tree, "response-cache");
        cache["rules"][0]["freshness"] = json!({"default": "10s"});
    });
    is_stored(&changing, "with another option of the rule");

    changing.change(|tree| {
        // Another configuration of the VM is another VM, with the same shared data.
        let plugin = configuration::plugin_config(tree, "response-cache");
        plugin["vm_config"]["configuration"] = json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue", "value": "another"});
    });
    is_stored(&changing, "with new VMs");

    changing.change(|tree| {
        let cache = configuration::shipped(tree, "response-cache");
        cache["rules"][0]["key"] = json!({"headers": ["x-tenant"]});
    });
    let response = get(&changing, "/all/l/a");
    assert_eq!(response.status, 200, "with another key nothing is served that was stored without");
    assert_eq!(origin.asked("l"), 2);

    changing.change(|tree| {
        let cache = configuration::shipped(tree, "response-cache");
        cache["rules"][0]["freshness"] = json!({"most": "1s"});
        drop(cache["rules"][0].as_object_mut().expect("a rule").remove("key"));
    });
    assert_eq!(get(&changing, "/all/l/a").status, 200);
    trap::assert_none(&changing.gateway);
}

/// The upstream has gone, and nobody listens there.
#[test]
fn an_upstream_that_is_down_is_covered_as_far_as_its_words_go() {
    let gateway = start(Gateway::builder("envoy/response-cache.yaml"));
    let rows = [
        ("fresh", "max-age=3600", 200),
        ("stale", "max-age=1", 200),
        ("stale, in its window", "max-age=1,%20stale-if-error=3600", 200),
        ("stale, to be refreshed", "max-age=1,%20stale-while-revalidate=3600", 200),
        ("stale, and not to be used so", "max-age=1,%20must-revalidate", 503),
        ("stale, and not to be used so by proxies", "max-age=1,%20proxy-revalidate", 503),
        ("stale for shared caches", "s-maxage=1", 503),
        ("to be validated", "no-cache", 503),
        ("not stored", "no-store", 503),
        ("private", "private,%20max-age=3600", 503),
    ];
    let path = |control: &str| format!("/echo?header=cache-control:{control}&header=etag:%22a%22");
    for (sentence, control, _) in rows {
        assert_eq!(gateway.get(&path(control), &[]).status, 200, "{sentence}");
    }
    assert!(gateway.upstreams().stop("echo"), "the upstream stops");
    thread::sleep(Duration::from_secs(3));
    for (sentence, control, status) in rows {
        let response = gateway.get(&path(control), &[]);
        assert_eq!(response.status, status, "{sentence}");
        let told = response.header_text("cache-status").unwrap_or_default();
        println!("{sentence}: {status}, {told}");
        if status == 200 {
            assert!(told.contains("hit") || told.contains("fwd=stale"), "{sentence}: {told}");
            assert!(response.header("age").is_some(), "{sentence}");
        }
    }
    assert_eq!(gateway.get("/echo?never", &[]).status, 503, "what was never stored");
    trap::assert_none(&gateway);
}
