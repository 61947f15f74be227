//! The conditions of rules that every filter has.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::{Shared, configuration, http2, token};

/// The example of a filter with these rules.
fn builder(filter: &'static str, rules: Value) -> Builder {
    Gateway::builder(format!("envoy/{filter}.yaml"))
        .edit(move |tree| configuration::shipped(tree, filter)["rules"] = rules)
}

/// Each guard is open for `format=json` and what has no `admin`.
#[test]
fn a_query_that_upstreams_read_otherwise_opens_no_rule() {
    for (filter, open, closed) in [
        ("jwt-auth", json!({"require": "none"}), 401),
        ("api-key-auth", json!({"require": "none"}), 401),
        ("authorization", json!({"action": "allow"}), 403),
    ] {
        let query =
            json!([{"name": "format", "exact": "json"}, {"name": "admin", "present": false}]);
        let mut rule = json!({"match": {"query": query}});
        let fields = rule.as_object_mut().expect("it is an object");
        fields.extend(open.as_object().expect("it is an object").clone());
        let gateway = Shared::start(builder(filter, json!([rule])));
        for (query, status) in [
            ("format=json", 200),
            ("a=b&format=json&administrator=1", 200),
            ("f%6frmat=%6Ason", 200),
            ("format=json&format=json", 200),
            ("", closed),
            ("format=xml", closed),
            ("format=JSON", closed),
            ("format", closed),
            ("a=format%3Djson", closed),
            ("format=json&admin=1", closed),
            ("format=json&admin", closed),
            ("format=json&%61dmin=1", closed),
            ("format=xml&admin=1", closed),
            ("format=json&format=xml", 400),
            ("format=xml&format=json", 400),
            ("format=json&Format=xml", 400),
            ("FORMAT=json", 400),
            ("format[]=json", 400),
            ("format%5B%5D=json", 400),
            ("+format=json", 400),
            ("%20format=json", 400),
            ("format=xml;format=json", 400),
            ("format=json;a=b", 400),
            ("a=b;format=json", 400),
            ("format=%256Ason", 400),
            ("format=%u006ason", 400),
            ("format=json%00", 400),
            ("format=json%0a", 400),
            ("format=json&Admin=1", 400),
            ("format=json&admin[]=1", 400),
            ("format=json&a;admin=1", 400),
            ("format=json&%u0061dmin=1", 400),
            ("format=json&admin%00=1", 400),
        ] {
            let target = format!("/orders?{query}");
            let exchange = gateway.ask(Request::get(&target));
            let response = &exchange.response;
            assert_eq!(response.status, status, "{filter}, {query}: {}", response.text());
            if let Ok(request) = http2::get(&target).body(()) {
                let answer = http2::send(gateway.gateway().address(), request);
                assert_eq!(answer.status, status, "{filter}, HTTP/2, {query}");
            }
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn hostile_bytes_do_not_trap_conditions() {
    let query = json!([{"name": "a", "regex": "."}, {"name": "b[c]", "suffix": "\u{e9}"}]);
    let gateway = builder(
        "authorization",
        json!([
            {"action": "deny", "match": {"query": query}},
            {"action": "deny", "match": {"sources": ["192.0.2.0/24", "2001:db8::/32"]}},
            {"action": "deny", "match": {"identity": {"subjects": [{"regex": "^\u{e9}"}]}}},
            {"action": "allow", "match": {"not": [
                {"paths": [{"regex": "^/\u{e9}"}, {"template": "/never/{id}"}], "query": query},
                {"headers": [{"name": "x-a", "exact": "never"}]},
            ]}},
        ]),
    );
    let gateway = gateway.start().unwrap_or_else(|fault| panic!("{fault}"));
    // What a condition asks for can be read in several ways there.
    let refused = &[("CR LF in a query", 400), ("a query that ends in an escape", 400)];
    hostile::survive(&gateway, &Honest { path: "/orders", headers: &[], refused });
}

#[test]
fn authorization_goes_by_who_it_is_and_what_it_is_not() {
    let gateway = Shared::start(builder(
        "authorization",
        json!([
            {"name": "not-here", "action": "deny", "match": {"sources": ["192.0.2.0/24"]}},
            {"name": "own", "action": "allow",
             "match": {"path": {"prefix": "/own"}, "identity": {"subjects": ["alice"], "roles": {"any": ["user"]}}}},
            {"name": "others", "action": "allow",
             "match": {"path": {"prefix": "/others"}, "not": {"identity": {"subjects": ["alice"]}}}},
            {"name": "all-but-some", "action": "deny",
             "match": {"path": {"prefix": "/closed"}, "not": {"identity": {"subjects": ["alice"]}}}},
            {"name": "paths", "action": "allow",
             "match": {"paths": [{"prefix": "/closed"}, {"template": "/v2/{name}"}]}},
            {"name": "inside", "action": "allow", "match": {"path": {"exact": "/inside"}, "sources": ["127.0.0.0/8"]}},
            {"name": "reads", "action": "allow",
             "match": {"path": {"prefix": "/reads"}, "not": [{"methods": ["DELETE", "PUT"]}, {"sources": ["192.0.2.0/24"]}]}},
        ]),
    ));
    let alice = token::bearer(&token::good("alice"));
    let bob = token::bearer(&token::good("bob"));
    for (case, method, path, who, status, rule) in [
        ("herself", "GET", "/own", Some(&alice), 200, "own"),
        ("another", "GET", "/own", Some(&bob), 403, ""),
        ("nobody", "GET", "/own", None, 403, ""),
        ("not alice", "GET", "/others", Some(&bob), 200, "others"),
        ("alice", "GET", "/others", Some(&alice), 403, ""),
        ("alice without her token", "GET", "/others", None, 403, ""),
        ("all but alice are denied", "GET", "/closed", Some(&bob), 403, "all-but-some"),
        ("nobody is none of those", "GET", "/closed", None, 403, "all-but-some"),
        ("alice is not denied", "GET", "/closed", Some(&alice), 200, "paths"),
        ("the other path", "GET", "/v2/x", None, 200, "paths"),
        ("neither path", "GET", "/v2/x/y", None, 403, ""),
        ("a network", "GET", "/inside", None, 200, "inside"),
        ("a method", "GET", "/reads", None, 200, "reads"),
        ("one that is left out", "DELETE", "/reads", None, 403, ""),
    ] {
        let mut request = Request::new(method, path).header("x-forwarded-for", "192.0.2.7");
        if let Some(who) = who {
            request = request.header("authorization", who);
        }
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        let noted = exchange.noted("authorization");
        match rule {
            "" => assert!(noted.starts_with("authorization.no_rule"), "{case}: {noted}"),
            rule => assert!(noted.contains(&format!(";rule={rule}")), "{case}: {noted}"),
        }
    }
    gateway.assert_no_trap();
}

/// One limit for each: what is exempt, a network, a kind of request, a consumer, and all others.
#[test]
fn limits_are_for_networks_parameters_and_consumers_and_none_for_whom_a_rule_takes_out() {
    let once = json!([{"requests": 1, "window": "30d"}]);
    let rules = json!([
        {"name": "partners", "match": {"headers": [{"name": "x-contract", "exact": "1"}], "sources": ["127.0.0.0/8"]},
         "limits": "none"},
        {"name": "elsewhere", "match": {"path": {"prefix": "/network"}, "sources": ["192.0.2.0/24"]}, "limits": once},
        {"name": "network", "match": {"path": {"prefix": "/network"}, "sources": ["127.0.0.0/8"]}, "limits": once},
        {"name": "exports", "match": {"query": [{"name": "format", "exact": "export"}]}, "limits": once},
        {"name": "rest", "match": {"path": {"prefix": "/rest"}, "not": {"paths": [{"prefix": "/rest/health"}]}},
         "limits": once},
    ]);
    let gateway = Shared::start(builder("rate-limit", rules));
    for (case, path, header, want) in [
        ("exempt", "/rest", Some(("x-contract", "1")), [200, 200]),
        ("not exempt", "/rest", None, [200, 429]),
        ("left out", "/rest/health", None, [200, 200]),
        ("left out in disguise", "/rest/Health", None, [400, 400]),
        (
            "a network, whatever the client says",
            "/network",
            Some(("x-forwarded-for", "192.0.2.7")),
            [200, 429],
        ),
        ("a parameter", "/a?format=export", None, [200, 429]),
        ("the same in disguise", "/b?x&f%6Frmat=%65xport", None, [429, 429]),
        ("another value", "/a?format=json", None, [200, 200]),
        ("a value in disguise", "/a?format=json&format=export", None, [400, 400]),
        ("a name in disguise", "/a?Format=export", None, [400, 400]),
    ] {
        let request = || match header {
            Some((name, value)) => Request::get(path).header(name, value),
            None => Request::get(path),
        };
        let have = [(); 2].map(|()| gateway.send(request()).status);
        assert_eq!(have, want, "{case}");
    }
    gateway.assert_no_trap();
}

/// On the demo gateway, where filters before this one find out who it is.
#[test]
fn a_consumer_has_a_limit_of_its_own() {
    let rules = json!([
        {"name": "acme", "match": {"identity": {"consumers": ["acme"]}}, "key": ["consumer"],
         "limits": [{"requests": 2, "window": "30d"}]},
        {"name": "alice", "match": {"identity": {"authenticated": true, "subjects": ["alice"]}}, "limits": "none"},
        {"name": "all-but-admins", "match": {"not": {"identity": {"roles": {"any": ["admin"]}}}},
         "limits": [{"requests": 1, "window": "30d"}]},
    ]);
    let gateway = Shared::start(
        Gateway::builder("envoy/envoy.yaml")
            .edit(move |tree| configuration::shipped(tree, "rate-limit")["rules"] = rules),
    );
    let subject = |name: &str| ("authorization", token::bearer(&token::good(name)));
    let admin = token::with(token::claims("root"), json!({"roles": ["admin"]}));
    let admin = ("authorization", token::bearer(&token::demo(&admin)));
    let partner = ("x-api-key", "acme-partner-demo-key".to_owned());
    for (case, header, passing) in [
        ("a consumer", Some(partner), 2),
        ("exempt", Some(subject("alice")), 3),
        ("an admin", Some(admin), 3),
        ("whoever else", Some(subject("bob")), 1),
        // From the same address.
        ("nobody, of whom it cannot be told", None, 0),
    ] {
        let request = || match &header {
            Some((name, value)) => Request::get("/products").header(*name, value),
            None => Request::get("/products"),
        };
        let statuses = [(); 3].map(|()| gateway.send(request()).status);
        let passed = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(passed, passing, "{case}: {statuses:?}");
    }
    gateway.assert_no_trap();
}
