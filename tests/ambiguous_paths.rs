//! Paths that upstreams read otherwise than the rules, where Envoy is not told to normalise them.

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use crate::harness::{Shared, configuration, http2};

/// Each guard leaves one path open, in every form, and refuses what an upstream may take for
/// another.
#[test]
fn a_path_that_upstreams_read_otherwise_opens_no_rule() {
    for (filter, rules) in [
        ("jwt-auth", json!([open(json!({"require": "none"}))])),
        ("api-key-auth", json!([open(json!({"require": "none"}))])),
        ("authorization", json!([open(json!({"action": "allow"}))])),
        ("rate-limit", json!([open(json!({"limits": [{"requests": 1_000_000, "window": "1s"}]}))])),
    ] {
        let gateway = unnormalised(filter, rules);
        for (path, status) in [
            ("/users/7", 200),
            ("/users/7?next=%2F..%2F", 200),
            ("/users/a%20b", 200),
            ("/users/%7Ealice", 200),
            ("/users/caf%c3%a9", 200),
            ("/users/100%25", 200),
            ("/users/7%2Fsecret", 400),
            ("/users/7%2fsecret", 400),
            ("/users/7%252Fsecret", 400),
            ("/users/7%25252Fsecret", 400),
            ("/users/7%5Csecret", 400),
            ("/users/7\\secret", 400),
            ("/users/7%00", 400),
            ("/users/7%2500secret", 400),
            ("/users/7%c0%afsecret", 400),
            ("/users/7%e0%80%afsecret", 400),
            ("/users/%c0%ae%c0%ae", 400),
            ("/users/7%u002fsecret", 400),
            ("/users/%u002e%u002e", 400),
            ("/users/7%EF%BC%8Fsecret", 400),
            ("/users/%EF%BC%8E%EF%BC%8E", 400),
            ("/users/%E2%80%A5", 400),
            ("/users/.%2e", 400),
            ("/users/..;x", 400),
            ("/users/%2e%2e;", 400),
            ("/%75sers/7", 400),
        ] {
            let exchange = gateway.ask(Request::get(path));
            let response = &exchange.response;
            assert_eq!(response.status, status, "{filter}, {path}: {}", response.text());
            // The client of these tests sends no backslash.
            if let Ok(request) = http2::get(path).body(()) {
                let answer = http2::send(gateway.gateway().address(), request);
                assert_eq!(answer.status, status, "{filter}, HTTP/2, {path}");
            }
        }
        gateway.assert_no_trap();
    }
}

/// Each guard is open for all but `/admin`, and refuses what an upstream may take for that.
#[test]
fn a_path_in_disguise_is_not_all_but_itself() {
    for (filter, open, closed) in [
        ("jwt-auth", json!({"require": "none"}), 401),
        ("api-key-auth", json!({"require": "none"}), 401),
        ("authorization", json!({"action": "allow"}), 403),
    ] {
        let mut rule =
            json!({"match": {"not": {"paths": [{"prefix": "/admin"}, {"exact": "/x"}]}}});
        let fields = rule.as_object_mut().expect("it is an object");
        fields.extend(open.as_object().expect("it is an object").clone());
        let gateway = unnormalised(filter, json!([rule]));
        for (path, status) in [
            ("/", 200),
            ("/orders", 200),
            ("/Orders//x;y/", 200),
            ("/administration", 200),
            ("/x/y", 200),
            ("/admin", closed),
            ("/admin/", closed),
            ("/admin/users?a=b", closed),
            ("/x", closed),
            ("/Admin", 400),
            ("/ADMIN/users", 400),
            ("//admin", 400),
            ("/;a/admin", 400),
            ("/admin;a", 400),
            ("/admin./users", 400),
            ("/admin%20", 400),
            ("/admin%09/users", 400),
            ("/admin%2Fusers", 400),
            ("/%61dmin", 400),
            ("/%41dmin", 400),
            ("/%2541dmin", 400),
            ("/orders/..;/admin", 400),
            ("/orders/%2e%2e/admin", 400),
            ("/x/", 400),
            ("/X", 400),
        ] {
            let exchange = gateway.ask(Request::get(path));
            let response = &exchange.response;
            assert_eq!(response.status, status, "{filter}, {path}: {}", response.text());
            if let Ok(request) = http2::get(path).body(()) {
                let answer = http2::send(gateway.gateway().address(), request);
                assert_eq!(answer.status, status, "{filter}, HTTP/2, {path}");
            }
        }
        gateway.assert_no_trap();
    }
}

/// The rule of the open path, with what the filter does.
fn open(action: Value) -> Value {
    let mut rule = json!({"name": "one", "match": {"path": {"template": "/users/{id}"}}});
    let fields = rule.as_object_mut().expect("it is an object");
    fields.extend(action.as_object().expect("it is an object").clone());
    rule
}

/// The filter's example without what Envoy does to paths.
fn unnormalised(filter: &'static str, rules: Value) -> Shared {
    Shared::start(Gateway::builder(format!("envoy/{filter}.yaml")).edit(move |tree| {
        let manager = tree
            .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
            .and_then(Value::as_object_mut)
            .expect("the config has a connection manager");
        for option in ["normalize_path", "merge_slashes", "path_with_escaped_slashes_action"] {
            manager.remove(option).unwrap_or_else(|| panic!("the example has {option}"));
        }
        configuration::shipped(tree, filter)["rules"] = rules;
    }))
}
