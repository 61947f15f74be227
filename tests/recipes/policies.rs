//! A route's policy, which all filters read: `policies.yaml`; and `envoy/short.yaml`.

use gatehouse_sandbox::Gateway;
use serde_json::json;

use super::{assert_told, of, of_admin, recipe, request};
use crate::harness::{received, start, trap};

#[test]
fn a_route_says_once_for_whom_it_is_and_one_that_does_not_is_for_nobody() {
    let gateway = start(recipe("policies"));
    let (alice, root) = (of("alice", json!({})), of_admin("root"));
    let nobody = ("x-nothing", "");
    let user = ("authorization", alice.as_str());
    let admin = ("authorization", root.as_str());
    let partner = ("x-api-key", "acme-demo-key-1");
    let no_rule = "authorization.no_rule";
    for (case, path, who, status, code) in [
        ("a stranger at a public route", "/catalogue/1", nobody, 200, ""),
        ("a stranger at a partner's", "/orders", nobody, 401, "jwt_auth.token_missing"),
        ("a stranger at an admin's", "/reports", nobody, 401, "jwt_auth.token_missing"),
        ("a partner", "/orders", partner, 200, ""),
        ("a partner at an admin's", "/reports", partner, 403, no_rule),
        ("a user at a partner's", "/orders", user, 403, no_rule),
        ("an admin at a partner's", "/orders", admin, 200, ""),
        ("an admin", "/reports", admin, 200, ""),
        ("an admin at a route without a policy", "/new", admin, 403, no_rule),
        ("a partner there", "/new", partner, 403, no_rule),
        ("a path that no route is for", "/cataloguex", admin, 403, no_rule),
    ] {
        let response = gateway.request(request("GET", path, &[who]));
        assert_told(case, &response, status, code);
    }
    let limits = |path: &str, who| {
        let response = gateway.request(request("GET", path, &[who]));
        response.header_text("ratelimit-policy").unwrap_or_default()
    };
    assert_eq!(limits("/catalogue", nobody), r#""public";q=60;w=60"#);
    assert_eq!(limits("/orders", partner), r#""partner";q=600;w=60"#);
    assert_eq!(limits("/reports", admin), "", "no rule is for admins");
    trap::assert_none(&gateway);
}

#[test]
fn the_short_gateway_does_all_seven() {
    let gateway = start(Gateway::builder("envoy/short.yaml"));
    let alice = of("alice", json!({}));
    let user = ("authorization", alice.as_str());
    let partner = ("x-api-key", "acme-partner-demo-key");
    let path = "/products?header=cache-control:public,max-age=60";
    for (case, method, path, fields, status, code) in [
        ("nobody", "GET", path, vec![], 401, "jwt_auth.token_missing"),
        (
            "a key that is none",
            "GET",
            path,
            vec![("x-api-key", "x")],
            401,
            "api_key_auth.key_invalid",
        ),
        ("a partner", "GET", path, vec![partner], 200, ""),
        ("a user", "GET", path, vec![user], 200, ""),
        ("what no rule allows", "DELETE", path, vec![user], 403, "authorization.no_rule"),
        ("another path", "GET", "/orders", vec![user], 403, "authorization.no_rule"),
    ] {
        let response = gateway.request(request(method, path, &fields));
        assert_told(case, &response, status, code);
    }
    let hit = gateway.request(request("GET", path, &[user]));
    let cache = hit.header_text("cache-status").unwrap_or_default();
    assert!(cache.contains("hit"), "the cache: {cache}");
    assert_eq!(received(&hit, "authorization"), [""; 0], "the heads");
    assert_eq!(hit.header_text("ratelimit-policy").as_deref(), Some(r#""rules[0]";q=60;w=60"#));
    let log = gateway.access_log_after(7);
    let last = log.last().expect("a line");
    assert_eq!(last["details"], "response_cache.hit", "{last}");
    assert_eq!(last["jwt_auth"], "jwt_auth.allowed;subject=alice", "{last}");
    let metrics = gateway.admin("/stats/prometheus");
    let counted = |name: &str, labels: &[&str]| {
        let is_meant =
            |line: &&str| line.contains(name) && labels.iter().all(|label| line.contains(label));
        metrics.lines().find(is_meant).map(str::to_owned)
    };
    let requests = counted("gatehouse_requests_total", &[r#"consumer="acme""#, r#"route="all""#]);
    assert!(requests.is_some_and(|line| line.ends_with(" 1")), "telemetry: {metrics}");
    let decisions = [r#"filter="authorization""#, r#"code="no_rule""#];
    let denied = counted("gatehouse_decisions_total", &decisions);
    assert!(denied.is_some_and(|line| line.ends_with(" 2")), "labels: {metrics}");
    trap::assert_none(&gateway);
}
