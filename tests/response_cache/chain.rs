//! What the filters before the cache do with the responses that it gives.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::raw::Response;
use gatehouse_sandbox::{Gateway, Packaging};
use serde_json::{Value, json};

use super::origin::{Origin, brief, cached, fresh, not_modified, status};
use super::{start, with_rules};
use crate::harness::{configuration, token, trap};

/// header-transform and rate-limit before the cache: a field of each is on every response, also on
/// those that take the place of a 304 or of a failure where all three are in one module. Of separate
/// modules Envoy asks none that is nearer to the client about a response in place of another.
#[test]
fn the_filters_before_the_cache_see_to_what_it_answers() {
    let origin = Origin::start();
    let rules = json!([{"name": "all"}]);
    let gateway = start(with_rules(origin.address(), rules).edit(|tree| {
        let list = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config\
            /http_filters";
        for filter in ["rate-limit", "header-transform", "jwt-auth"] {
            let filters = tree.pointer_mut(list).and_then(Value::as_array_mut);
            filters.expect("a list of filters").insert(0, configuration::of_example(filter));
        }
        configuration::shipped(tree, "header-transform")["rules"] =
            json!([{"name": "all", "response": [{"set": {"name": "x-chain", "value": "1"}}]}]);
        configuration::shipped(tree, "jwt-auth")["rules"] = json!([
            {"name": "open", "match": {"path": {"prefix": "/open"}}, "require": "none"}]);
        configuration::shipped(tree, "rate-limit")["rules"] = json!([{
            "name": "all", "key": ["client_address"],
            "limits": [{"requests": 1000, "window": "1h"}]}]);
    }));
    let has_both = |response: &Response| {
        let has = |name| response.header(name).is_some();
        assert_eq!(has("x-chain"), has("ratelimit"), "both or none");
        has("x-chain")
    };
    let in_one = match Packaging::from_env().unwrap_or_else(|fault| panic!("{fault}")) {
        Packaging::Gateway => true,
        Packaging::Separate => false,
    };
    for (name, sentence, again, told) in [
        ("c1", "a hit", fresh(), "; hit"),
        ("c2", "a 304 of the origin", not_modified().tag("a"), "fwd-status=304"),
        ("c3", "a failure of the origin", status(503), "fwd-status=503"),
    ] {
        let first = if name == "c1" { fresh() } else { brief().tag("a") };
        let first = first.control("stale-if-error=3600");
        origin.script(name, vec![first, again]);
        let path = format!("/open/{name}/a");
        assert!(has_both(&gateway.get(&path, &[])), "{sentence}: a miss");
        thread::sleep(Duration::from_secs(3));
        let response = gateway.get(&path, &[]);
        let status = response.header_text("cache-status").unwrap_or_default();
        assert!(status.contains(told), "{sentence}: {status}");
        assert_eq!(
            (response.status, response.header_text("x-origin").as_deref()),
            (200, Some("1"))
        );
        let is_replaced = name != "c1";
        assert_eq!(has_both(&response), in_one || !is_replaced, "{sentence}");
        let count = response.header_all("x-chain").len();
        assert!(count <= 1, "{sentence}: {count} times");
    }
    a_refusal_of_a_refresh_is_not_stored(&gateway, &origin);
    trap::assert_none(&gateway);
}

/// A filter before the cache may refuse the refresh: what it says is not the resource.
fn a_refusal_of_a_refresh_is_not_stored(gateway: &Gateway, origin: &Origin) {
    let stale = cached("public, max-age=1, stale-while-revalidate=3600");
    origin.script("r", vec![stale, cached("public, max-age=3600")]);
    let bearer = token::bearer(&token::good("alice"));
    let get = || gateway.get("/all/r/a", &[("authorization", &bearer)]);
    assert_eq!(get().status, 200);
    thread::sleep(Duration::from_secs(3));
    for number in 0..10 {
        let response = get();
        assert_eq!(response.status, 200, "{number}: {}", response.text());
        assert!(response.header("x-origin").is_some(), "{number}");
        thread::sleep(Duration::from_millis(200));
    }
}
