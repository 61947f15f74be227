//! `authorization`, on `envoy/authorization.yaml`: behind jwt-auth, which finds out who a request
//! is from.

mod principals;

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::{Shared, configuration, envoy_keeps_dots_with_parameters, http2, token, trap};

#[test]
fn hostile_bytes_do_not_trap_it() {
    // Everything that a rule can look at is looked at.
    let gateway = builder(json!({"rules": [
        {"name": "headers", "action": "deny", "match": {"headers": [
            {"name": "x-a", "suffix": "never"}, {"name": "cookie", "regex": "^never$"},
        ]}},
        {"name": "claims", "action": "deny", "principals": [{"claims": [{"path": "a.b", "any": [1, true, "x"]}]}]},
        {"name": "networks", "action": "deny", "principals": [{"sources": ["192.0.2.0/24", "2001:db8::/32"]}]},
        {"name": "own", "match": {"path": {"template": "/users/{id}/{rest=**}"}}, "action": "allow",
         "principals": [{"subjects": [{"capture": "id"}], "scopes": {"any": [{"prefix": "orders:"}]}}]},
        {"name": "rest", "match": {"path": {"template": "/{rest=**}"}}, "action": "deny",
         "principals": [{"subjects": [{"capture": "rest"}]}]},
    ]}));
    let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
    let authorization = token::bearer(&token::good("alice"));
    hostile::survive(
        &gateway,
        &Honest {
            path: "/users/alice",
            headers: &[("authorization", &authorization)],
            refused: &[],
        },
    );
}

/// The shipped rules.
static SHIPPED: LazyLock<Shared> =
    LazyLock::new(|| Shared::kept(Gateway::builder("envoy/authorization.yaml")));

/// A token with these claims changed; `bob`'s is `{}`.
fn bob(changes: Value) -> String {
    token::bearer(&token::demo(&token::with(token::claims("bob"), changes)))
}

#[test]
fn rules_decide_by_who_it_is() {
    let user = bob(json!({}));
    let admin = bob(json!({"roles": ["user", "admin"]}));
    let editor = bob(json!({"scope": "products:read products:write"}));
    let suspended = bob(json!({"account": {"suspended": true}, "roles": ["admin"]}));
    let (allowed, denied) = (200, 403);
    for (case, who, method, path, status, note) in [
        ("his own record", &user, "GET", "/users/bob", allowed, "allowed;rule=own-record"),
        ("another's record", &user, "GET", "/users/alice", denied, "no_rule"),
        ("an admin", &admin, "GET", "/users/alice", allowed, "allowed;rule=own-record"),
        ("an admin, another method", &admin, "DELETE", "/users/alice", denied, "no_rule"),
        ("the list", &user, "GET", "/users", denied, "no_rule"),
        ("open", &user, "GET", "/products/1", allowed, "allowed;rule=browse"),
        ("to delete needs a scope", &user, "DELETE", "/products/1", denied, "no_rule"),
        ("the scope", &editor, "DELETE", "/products/1", allowed, "allowed;rule=edit"),
        ("a role and a network", &admin, "GET", "/admin/x", allowed, "allowed;rule=back-office"),
        ("the network without the role", &user, "GET", "/admin/x", denied, "no_rule"),
        ("suspended", &suspended, "GET", "/users/bob", denied, "denied;rule=suspended"),
        ("suspended, and open", &suspended, "GET", "/products/1", denied, "denied;rule=suspended"),
    ] {
        let exchange = SHIPPED.ask(Request::new(method, path).header("authorization", who));
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        assert_eq!(exchange.noted("authorization"), format!("authorization.{note}"), "{case}");
        if status == denied {
            let code = note.split(';').next().unwrap_or_default();
            exchange.assert_refused(case, denied, &format!("authorization.{code}"));
            assert_eq!(exchange.response.header("www-authenticate"), None, "{case}");
            for secret in ["own-record", "suspended", "admin", "scope"] {
                assert!(
                    !exchange.response.text().contains(secret),
                    "{case}: {}",
                    exchange.response.text()
                );
            }
        }
    }
    SHIPPED.assert_no_trap();
}

#[test]
fn who_is_unknown_is_asked_to_log_in_where_that_might_help() {
    for (method, path, status, code) in [
        ("GET", "/users/alice", 401, "unauthenticated"),
        ("DELETE", "/products/1", 401, "unauthenticated"),
        ("GET", "/admin", 401, "unauthenticated"),
        ("GET", "/users", 403, "no_rule"),
        ("GET", "/orders", 403, "no_rule"),
    ] {
        // What a client says of itself makes it nobody.
        let request = Request::new(method, path)
            .header("x-user", "alice")
            .header("x-forwarded-for", "10.0.0.1");
        let exchange = SHIPPED.ask(request);
        exchange.assert_refused(path, status, &format!("authorization.{code}"));
        let challenge = exchange.response.header_text("www-authenticate");
        assert_eq!(
            challenge.as_deref(),
            (status == 401).then_some("Bearer realm=\"gatehouse\""),
            "{path}"
        );
    }
    let open = SHIPPED.ask(Request::get("/products/1"));
    assert_eq!(open.response.status, 200, "{}", open.response.text());
    let preflight = Request::new("OPTIONS", "/users/alice")
        .header("origin", "https://a.example")
        .header("access-control-request-method", "GET");
    let exchange = SHIPPED.ask(preflight);
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(exchange.noted("authorization"), "authorization.preflight");
    SHIPPED.assert_no_trap();
}

#[test]
fn a_path_in_disguise_is_the_path_that_envoy_routes_by() {
    let with_parameters = if envoy_keeps_dots_with_parameters() { 400 } else { 403 };
    let user = bob(json!({}));
    for (path, status) in [
        ("/users/%62ob", 200),
        ("/users/x/../bob", 200),
        ("//users///bob", 200),
        ("/users/bob?/users/alice", 200),
        ("/users/bob/../alice", 403),
        ("/users/bob/%2e%2e/alice", 403),
        ("/products/../users/alice", 403),
        ("/products/%2e%2e/users/alice", 403),
        ("/users/./alice", 403),
        ("/users/%61lice", 403),
        ("/users/bob;x/../alice", 403),
        ("/users/bob;x", 403),
        ("/users/BOB", 403),
        ("/USERS/bob", 403),
        ("/users/bob/", 403),
        ("/users/bob/alice", 403),
        ("/users/bob%", 403),
        ("/users/bob%20", 403),
        ("/users/%2562ob", 403),
        ("/users/bo%C3%84", 403),
        ("/users/%ff", 403),
        ("/users/bob%01", 403),
        // Envoy 1.39 takes these for the path that is left.
        ("/products/..;/users/alice", with_parameters),
        ("/products/..;x/users/alice", with_parameters),
        // And these not, but some upstreams do.
        ("/products/%2e%2e;/users/alice", 400),
        ("/products/%2e%2e;x=1/users/alice", 400),
        ("/products/%252e%252e/users/alice", 400),
        ("/products/..%09/users/alice", 400),
        ("/products/..%20/users/alice", 400),
        // Envoy's own refusals.
        ("/users/bob%00", 400),
        ("/users/bob%2f..%2falice", 400),
        ("/users/bob%2Falice", 400),
        ("/users/bob%5c..%5calice", 400),
    ] {
        let exchange = SHIPPED.ask(Request::get(path).header("authorization", &user));
        assert_eq!(exchange.response.status, status, "{path}: {}", exchange.response.text());
    }
    SHIPPED.assert_no_trap();
}

#[test]
fn a_host_in_disguise_is_no_host() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "back-office", "match": {"hosts": ["admin.example.com"]}, "action": "deny"},
        {"name": "ours", "match": {"hosts": ["*.example.com"]}, "action": "allow"},
    ]})));
    let (allowed, denied, no_rule) = ("allowed;rule=ours", "denied;rule=back-office", "no_rule");
    for (hosts, note) in [
        (&["shop.example.com"][..], allowed),
        (&["SHOP.example.com.:8080"], allowed),
        (&["ADMIN.example.com"], denied),
        (&["admin.example.com."], denied),
        (&["admin.example.com.:80"], denied),
        (&["example.com"], no_rule),
        // Envoy makes one value of two fields.
        (&["shop.example.com", "admin.example.com"], "target_ambiguous"),
        (&["shop@admin.example.com"], "target_ambiguous"),
        (&["[::1].example.com"], "target_ambiguous"),
    ] {
        let request =
            hosts.iter().fold(Request::get("/"), |request, host| request.header("host", host));
        let exchange = gateway.ask(request);
        assert_eq!(exchange.noted("authorization"), format!("authorization.{note}"), "{hosts:?}");
    }
    let absolute = Request::get("http://admin.example.com/").header("host", "shop.example.com");
    assert_eq!(gateway.ask(absolute).noted("authorization"), format!("authorization.{denied}"));
    gateway.assert_no_trap();
}

#[test]
fn a_client_s_network_is_where_the_connection_comes_from() {
    for (networks, status) in [
        (json!(["127.0.0.0/8"]), 200),
        (json!(["0.0.0.0/0"]), 200),
        (json!(["10.0.0.0/8", "::/0"]), 403),
    ] {
        let gateway = Shared::start(builder(
            json!({"rules": [{"action": "allow", "principals": [{"sources": networks}]}]}),
        ));
        let exchange = gateway.ask(Request::get("/").header("x-forwarded-for", "10.0.0.1"));
        assert_eq!(exchange.response.status, status, "{networks}");
        gateway.assert_no_trap();
    }
}

#[test]
fn a_dry_run_refuses_nobody_and_counts_who_would_be() {
    let gateway = Shared::start(Gateway::builder("envoy/authorization.yaml").edit(|tree| {
        configuration::shipped(tree, "authorization")["mode"] = json!("shadow");
    }));
    for (path, note) in [
        ("/users/alice", "authorization.unauthenticated;rule=own-record;mode=shadow"),
        ("/orders", "authorization.no_rule;mode=shadow"),
        ("/products", "authorization.allowed;rule=browse;mode=shadow"),
    ] {
        let exchange = gateway.ask(Request::get(path));
        assert_eq!(exchange.response.status, 200, "{path}");
        assert_eq!(exchange.noted("authorization"), note, "{path}");
    }
    let stats = gateway.gateway().stats();
    let count = |code: &str| {
        let named = |name: &&String| {
            name.contains(&format!("code={code};.mode=shadow"))
                && name.contains("filter=authorization")
        };
        stats.keys().find(named).and_then(|name| stats.get(name)).copied()
    };
    assert_eq!(count("unauthenticated"), Some(1), "{:?}", stats.keys());
    assert_eq!(count("no_rule"), Some(1));
    gateway.assert_no_trap();
}

#[test]
fn an_issuer_may_write_who_it_is_elsewhere() {
    let rules = json!({"rules": [
        {"name": "admins", "action": "allow", "match": {"path": {"prefix": "/admin"}},
         "principals": [{"roles": {"any": ["admin"]}}]},
        {"name": "gold", "action": "allow", "match": {"path": {"prefix": "/reports"}},
         "principals": [{"consumers": ["web"], "tiers": ["gold"]}]},
    ]});
    let gateway = Shared::start(builder(rules).edit(|tree| {
        let places = json!({"roles": "realm_access.roles", "consumer": "azp", "tier": "plan"});
        configuration::shipped(tree, "jwt-auth")["providers"][0]["identity"] = places;
    }));
    for (case, claims, path, status) in [
        ("a role", json!({"realm_access": {"roles": ["admin"]}}), "/admin", 200),
        ("a role that is none of these", json!({"roles": ["admin"]}), "/admin", 403),
        ("a consumer and a tier", json!({"azp": "web", "plan": "gold"}), "/reports", 200),
        ("another tier", json!({"azp": "web", "plan": "free"}), "/reports", 403),
    ] {
        let exchange = gateway.ask(Request::get(path).header("authorization", bob(claims)));
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
    }
    let exchange =
        gateway.ask(Request::get("/").header("authorization", bob(json!({"azp": "a;b"}))));
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.allowed;subject=bob;consumer=a%3Bb");
    gateway.assert_no_trap();
}

#[test]
fn a_grpc_client_is_told_a_grpc_status() {
    let gateway = Gateway::builder("envoy/authorization.yaml")
        .start()
        .unwrap_or_else(|fault| panic!("{fault}"));
    for (authorization, status) in [(None, "16"), (Some(bob(json!({}))), "7")] {
        let mut request = http2::get("/users/alice")
            .method("GET")
            .header("content-type", "application/grpc+proto");
        if let Some(authorization) = &authorization {
            request = request.header("authorization", authorization);
        }
        let refused = http2::send(gateway.address(), request.body(()).expect("a request"));
        assert_eq!(refused.status, 200);
        assert_eq!(refused.trailer("grpc-status").as_deref(), Some(status), "{refused:?}");
        assert!(refused.body.is_empty());
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_condition_in_cel_is_judged_by_envoy() {
    let gateway = Shared::start(builder(json!({"rules": [
        {"name": "fails", "match": {"path": {"prefix": "/deny"}}, "action": "deny",
         "condition": "request.headers['x-a'] == '1'"},
        {"name": "all", "match": {"path": {"prefix": "/deny"}}, "action": "allow"},
        {"name": "header", "match": {"path": {"prefix": "/allow"}}, "action": "allow",
         "condition": "request.headers['x-a'] == '1' && source.address.startsWith('127.0.0.1:')"},
        {"name": "text", "match": {"path": {"prefix": "/text"}}, "action": "allow", "condition": "request.path"},
        {"name": "number", "match": {"path": {"prefix": "/number"}}, "action": "allow", "condition": "1"},
    ]})));
    for (case, path, header, note) in [
        ("true", "/allow", Some("1"), "allowed;rule=header"),
        ("false", "/allow", Some("2"), "no_rule"),
        ("it fails, and does not allow", "/allow", None, "no_rule"),
        ("true, and denies", "/deny", Some("1"), "denied;rule=fails"),
        ("false, and does not deny", "/deny", Some("2"), "allowed;rule=all"),
        ("it fails, and denies", "/deny", None, "denied;rule=fails"),
        ("text is not true", "/text", None, "no_rule"),
        ("a number is not true", "/number", None, "no_rule"),
    ] {
        let request = Request::get(path);
        let exchange = gateway.ask(match header {
            Some(value) => request.header("x-a", value),
            None => request,
        });
        assert_eq!(exchange.noted("authorization"), format!("authorization.{note}"), "{case}");
        let status = if note.starts_with("allowed") { 200 } else { 403 };
        assert_eq!(exchange.response.status, status, "{case}");
    }
    let hostile = gateway.ask(Request::get("/allow").header("x-a", b"\xff\xfe"));
    assert_eq!(hostile.response.status, 403);
    gateway.assert_no_trap();
}

#[test]
fn a_condition_that_is_no_cel_stops_the_start() {
    let nonsense = json!({"rules": [{"action": "deny", "condition": "request.path =="}]});
    let fault = "rules[0].condition: is not a CEL expression that the host can compile";
    let fault = configuration::fault_in_log("authorization", fault);
    let Err(refused) = builder(nonsense).start() else { panic!("Envoy started") };
    assert!(refused.log().contains(&fault), "{refused}");
    assert!(!refused.log().contains("panicked"), "{refused}");
}

/// The shipped config with another configuration of the filter.
fn builder(value: Value) -> Builder {
    Gateway::builder("envoy/authorization.yaml")
        .edit(move |tree| configuration::set(tree, "authorization", value))
}
