//! Principals that are compared with what the request says, or by what they are not, and rules in
//! shadow mode.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{bob, builder};
use crate::harness::{Shared, http2, token};

#[test]
fn a_tenant_s_users_see_their_own_tenant_alone_whichever_way_it_is_named() {
    let rule = |name: &str, path: Value, says: Value| {
        json!({"name": name, "match": {"path": path}, "action": "allow",
            "principals": [{"claims": [{"path": "tenant", "any": [says]}]}]})
    };
    let gateway = Shared::start(builder(json!({"rules": [
        rule("header", json!({"prefix": "/header"}), json!({"header": "x-tenant"})),
        rule("query", json!({"prefix": "/query"}), json!({"query": "tenant"})),
        rule("capture", json!({"template": "/tenants/{id}/{rest=**}"}), json!({"capture": "id"})),
        rule("host", json!({"prefix": "/host"}), json!({"host": "*.example.com"})),
    ]})));
    let acme = bob(json!({"tenant": "acme"}));
    let several = bob(json!({"tenant": ["acme", "other"]}));
    let nothing = bob(json!({}));
    let header = |value: &str| Request::get("/header").header("x-tenant", value);
    let host = |value: &str| Request::get("/host").header("host", value);
    for (case, who, request, status) in [
        ("the header", &acme, header("acme"), 200),
        ("one of his", &several, header("other"), 200),
        ("another's", &acme, header("other"), 403),
        ("no tenant", &nothing, header("acme"), 403),
        ("no header", &acme, Request::get("/header"), 403),
        ("an empty one", &bob(json!({"tenant": ""})), header(""), 403),
        ("two of them", &acme, header("acme").header("x-tenant", "other"), 403),
        ("a list", &acme, header("acme,other"), 403),
        ("another case", &acme, header("Acme"), 403),
        ("the parameter", &acme, Request::get("/query?a=b&tenant=acme"), 200),
        ("the parameter, encoded", &acme, Request::get("/query?ten%61nt=%61cme"), 200),
        ("another's parameter", &acme, Request::get("/query?tenant=other"), 403),
        ("none", &acme, Request::get("/query"), 403),
        ("two", &acme, Request::get("/query?tenant=acme&tenant=other"), 403),
        ("two, one in disguise", &acme, Request::get("/query?tenant=acme&Tenant=other"), 403),
        ("in brackets", &acme, Request::get("/query?tenant[]=acme"), 403),
        ("behind a semicolon", &acme, Request::get("/query?tenant=acme;tenant=other"), 403),
        ("encoded twice", &acme, Request::get("/query?tenant=%2561cme"), 403),
        ("a byte of value 0", &acme, Request::get("/query?tenant=acme%00other"), 403),
        ("the path", &acme, Request::get("/tenants/acme/orders"), 200),
        ("another's path", &acme, Request::get("/tenants/other/orders"), 403),
        ("the host", &acme, host("acme.example.com"), 200),
        ("the host, with port and case", &acme, host("ACME.example.com:8080"), 200),
        ("another's host", &acme, host("other.example.com"), 403),
        ("a host below another's", &acme, host("acme.other.example.com"), 403),
        ("no tenant's host", &acme, host("example.com"), 403),
    ] {
        let exchange = gateway.ask(request.header("authorization", who));
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
    }
    // HTTP/2 lets fields through that nobody else may take for this one.
    let request = http2::get("/header").header("authorization", &acme).header("x-tenant", "acme");
    let request = request.header("x--tenant", "other").body(()).expect("a request");
    assert_eq!(http2::send(gateway.gateway().address(), request).status, 403);
    gateway.assert_no_trap();
}

#[test]
fn who_is_something_else_and_whose_permissions_are_in_a_list() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "not", "match": {"path": {"prefix": "/not"}}, "action": "allow",
         "principals": [{"not": [{"claims": [{"path": "account.state", "any": ["suspended"]}]}, {"subjects": ["mallory"]}]}]},
        {"name": "permissions", "match": {"path": {"template": "/resources/{name}"}}, "action": "allow",
         "principals": [{"claims": [{"path": "authorization.permissions[*].rsname", "any": [{"capture": "name"}]}]}]},
        {"name": "text", "match": {"path": {"prefix": "/text"}}, "action": "allow",
         "principals": [{"claims": [{"path": "groups", "separator": ",", "any": [{"regex": "^team-[0-9]+$"}]}]}]},
    ]})));
    let plain = bob(json!({}));
    let suspended = bob(json!({"account": {"state": "suspended"}}));
    let permitted = bob(json!({"authorization": {"permissions": [
        {"rsname": "orders"}, {"rsname": "users", "scopes": ["read"]}, null, 7, {"rsname": {"a": 1}},
    ]}}));
    let grouped = bob(json!({"groups": "all, team-17,x"}));
    let similar = bob(json!({"groups": "all,team-17x,xteam-1"}));
    for (case, who, path, status) in [
        ("somebody", Some(&plain), "/not", 200),
        ("suspended", Some(&suspended), "/not", 403),
        ("nobody", None, "/not", 401),
        ("a permission", Some(&permitted), "/resources/users", 200),
        ("another", Some(&permitted), "/resources/products", 403),
        ("no permissions", Some(&plain), "/resources/users", 403),
        ("a group", Some(&grouped), "/text", 200),
        ("one that looks like it", Some(&similar), "/text", 403),
    ] {
        let request = Request::get(path);
        let exchange = gateway.ask(match who {
            Some(who) => request.header("authorization", who),
            None => request,
        });
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
    }
    let mallory = token::bearer(&token::good("mallory"));
    let refused = gateway.ask(Request::get("/not").header("authorization", mallory));
    refused.assert_refused("not mallory", 403, "authorization.no_rule");
    gateway.assert_no_trap();
}

#[test]
fn a_rule_in_shadow_is_told_of_and_lets_requests_go_on() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "dry", "match": {"path": {"prefix": "/orders"}}, "action": "deny", "mode": "shadow",
         "principals": [{"not": {"roles": {"any": ["admin"]}}}]},
        {"name": "known", "action": "allow", "principals": [{"authenticated": true}]},
    ]})));
    let user = bob(json!({}));
    let admin = bob(json!({"roles": ["admin"]}));
    for (case, who, path, status, note) in [
        ("would be denied", Some(&user), "/orders", 200, "shadow_denied;rule=dry"),
        ("would not", Some(&admin), "/orders", 200, "allowed;rule=known"),
        ("another path", Some(&user), "/users", 200, "allowed;rule=known"),
        ("refused by what stays", None, "/orders", 401, "unauthenticated;rule=known"),
    ] {
        let request = Request::get(path);
        let exchange = gateway.ask(match who {
            Some(who) => request.header("authorization", who),
            None => request,
        });
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        let noted = exchange.noted("authorization");
        assert!(noted.starts_with(&format!("authorization.{note}")), "{case}: {noted}");
        if note.starts_with("shadow") {
            assert_eq!(exchange.why("authorization"), "allowed by `known`", "{case}");
        }
    }
    let counted = gateway.gateway().stats().into_iter().filter(|(name, _)| {
        name.contains("rule_events") && name.contains("dry") && name.contains("would_deny")
    });
    assert_eq!(counted.map(|(_, count)| count).sum::<u64>(), 2);
    gateway.assert_no_trap();
}
