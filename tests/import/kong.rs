//! Files of Kong's.

use std::collections::BTreeSet;

use gatehouse_import::{Fate, Options};
use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{asked, echo, imported, report, started};
use crate::harness::token;

#[test]
fn consumers_have_keys_groups_and_passwords_as_they_had() {
    let upstream = echo();
    let names = ["auth.internal:8000", "rest.internal:8000", "meta.internal:8000"];
    let gateway = started("kong_consumers.yaml", &names, &upstream);
    let get = |path: &str| Request::get(path);
    let anon = |path: &str| get(path).header("apikey", "anon-key-of-some-length");
    let service = |path: &str| get(path).header("apikey", "service-key-of-some-length");
    let basic = |path: &str, of: &str| get(path).header("authorization", format!("Basic {of}"));
    for (case, request, status, target) in [
        ("open, and its path is joined", get("/auth/v1/verify?a=1"), 200, "/verify?a=1"),
        ("open below", get("/auth/v1/verify/x"), 200, "/verify/x"),
        ("no key", get("/rest/v1/todos"), 401, ""),
        ("a wrong key", get("/rest/v1/todos").header("apikey", "x"), 401, ""),
        ("a key in the field", anon("/rest/v1/todos"), 200, "/todos?limit=10"),
        (
            "a key in the query, which stays",
            get("/rest/v1/todos?apikey=anon-key-of-some-length"),
            200,
            "/todos?apikey=anon-key-of-some-length&limit=10",
        ),
        ("another group", anon("/pg/tables"), 403, ""),
        ("the group", service("/pg/tables"), 200, "/tables"),
        ("ended", get("/api/mcp/x"), 403, ""),
        ("closed, for it may be a guard", service("/functions/v1/a"), 503, ""),
        ("no password", get("/anything"), 401, ""),
        // supa:base-of-all-passwords
        ("the password", basic("/any", "c3VwYTpiYXNlLW9mLWFsbC1wYXNzd29yZHM="), 200, "/any"),
        // other:base-of-all-passwords
        ("another's name", basic("/any", "b3RoZXI6YmFzZS1vZi1hbGwtcGFzc3dvcmRz"), 401, ""),
        ("a key where a password is asked for", service("/any"), 401, ""),
    ] {
        let exchange = gateway.ask(request);
        let text = exchange.response.text();
        assert_eq!(exchange.response.status, status, "{case}: {text} {}", exchange.log);
        if status == 200 {
            let body = exchange.response.json();
            assert_eq!(body["target"], target, "{case}: {body}");
        }
    }
    let ended = gateway.ask(get("/api/mcp"));
    assert_eq!(ended.response.json(), json!({"message": "Access is forbidden."}));
    let told = service("/rest/v1/")
        .header("authorization", "mine")
        .header("x-secret", "s")
        .header("x-consumer-username", "forged");
    let answer = gateway.ask(told).response;
    let body = answer.json();
    for (field, want) in [
        ("x-consumer-username", Some("service_role")),
        ("x-consumer-custom-id", Some("17")),
        ("authorization", Some("replaced")),
        ("content-profile", Some("public")),
        ("x-from", Some("gateway")),
        ("x-secret", None),
        ("apikey", Some("service-key-of-some-length")),
        ("host", Some("rest.internal:8000")),
    ] {
        assert_eq!(asked(&body, field).as_deref(), want, "{field}: {body}");
    }
    assert_eq!(body["via"], "gateway");
    assert_eq!(answer.header("x-powered-by"), None);
    let shown = basic("/any", "c3VwYTpiYXNlLW9mLWFsbC1wYXNzd29yZHM=");
    let body = gateway.ask(shown).response.json();
    assert_eq!(asked(&body, "authorization"), None, "hide_credentials");
    assert_eq!(asked(&body, "x-consumer-username").as_deref(), Some("DASHBOARD"));
    let preflight = Request::new("OPTIONS", "/rest/v1/todos")
        .header("origin", "https://a.example")
        .header("access-control-request-method", "GET");
    let answer = gateway.ask(preflight).response;
    assert_eq!(answer.status, 200);
    let origin = answer.header_text("access-control-allow-origin");
    assert_eq!(origin.as_deref(), Some("https://a.example"));
    gateway.assert_no_trap();
}

#[test]
fn routes_limits_and_caches_are_as_they_were() {
    let upstream = echo();
    let names = ["orders-1.internal:8000", "files.internal:8000"];
    let gateway = started("kong_traffic.yaml", &names, &upstream);
    let with = |key: &str, path: &str| Request::get(path).header("apikey", key);
    let (free, gold) = ("free-key-of-some-length", "gold-key-of-some-length");
    // Three a minute for each; the one that pays has five, by a plugin of its own.
    let statuses = |key: &str, times: usize| -> Vec<u16> {
        (0..times).map(|_| gateway.ask(with(key, "/orders/17")).response.status).collect()
    };
    assert_eq!(statuses(free, 4), [200, 200, 200, 429]);
    assert_eq!(statuses(gold, 6), [200, 200, 200, 200, 200, 429]);
    let old = |host: &str, version: &str| {
        Request::exact(format!(
            "GET /orders/17 HTTP/1.1\r\nhost: {host}\r\nx-version: {version}\r\nconnection: close\r\n\r\n"
        ))
    };
    for (case, request, status, target, host) in [
        (
            "hosts and headers go first",
            old("old.example.com", "v2"),
            200,
            "/v1/17",
            "old.example.com",
        ),
        ("a host below", old("a.old.example.com:80", "V1"), 200, "/v1/17", "a.old.example.com:80"),
        ("another version needs a key", old("old.example.com", "v3"), 401, "", ""),
        ("another method is no route's", Request::new("DELETE", "/orders/1"), 404, "", ""),
        ("no route", Request::get("/nothing"), 404, "", ""),
        (
            "a small body",
            Request::new("POST", "/upload").body("a".repeat(900)),
            200,
            "/",
            "files.internal:8000",
        ),
        ("a large body", Request::new("POST", "/upload").body("a".repeat(2000)), 413, "", ""),
        ("an address that is not allowed", Request::get("/office"), 404, "", ""),
        ("plain, where https is asked for", Request::get("/secure"), 426, "", ""),
        ("plain, and sent on", Request::get("/moved"), 301, "", ""),
    ] {
        let exchange = gateway.ask(request);
        let text = exchange.response.text();
        assert_eq!(exchange.response.status, status, "{case}: {text} {}", exchange.log);
        if status == 200 {
            let body = exchange.response.json();
            assert_eq!(body["target"], target, "{case}");
            assert_eq!(asked(&body, "host").as_deref(), Some(host), "{case}");
        }
    }
    let hidden = gateway.ask(with("free-key-of-some-length", "/office")).response;
    assert!(hidden.text().contains("nothing here"), "{}", hidden.text());
    for hit in [false, true] {
        let answer = gateway.ask(Request::get("/cached?a=1")).response;
        let status = answer.header_text("cache-status").unwrap_or_default();
        assert_eq!(status.contains("; hit"), hit, "{status}");
        assert!(answer.header("x-correlation-id").is_some(), "it is echoed");
    }
    let counted = gateway.gateway().stats();
    assert!(counted.keys().any(|name| name.contains("gatehouse_requests_total")));
    gateway.assert_no_trap();
}

#[test]
fn tokens_of_consumers_are_good_as_they_were() {
    let upstream = echo();
    let gateway = started("kong_tokens.yaml", &["admin.internal:8000"], &upstream);
    let secret = |who: &str| format!("a-secret-of-{who}-that-has-forty-two-letters");
    let signed = |who: &str, claims: Value| {
        token::authenticated(secret(who).as_bytes(), &claims.to_string())
    };
    let good =
        |who: &str| signed(who, json!({"iss": format!("{who}-issuer"), "exp": token::now() + 600}));
    let with =
        |path: &str, token: &str| Request::get(path).header("authorization", token::bearer(token));
    let expired = signed("ann", json!({"iss": "ann-issuer", "exp": token::now() - 5}));
    let endless = signed("ann", json!({"iss": "ann-issuer"}));
    let forged = signed("bob", json!({"iss": "ann-issuer", "exp": token::now() + 600}));
    let key = "ann-key-of-some-length";
    for (case, request, status) in [
        ("no token", Request::get("/admin-api"), 401),
        ("a token of the group", with("/admin-api/x", &good("ann")), 200),
        ("in the query", Request::get(format!("/admin-api?jwt={}", good("ann"))), 200),
        ("a token of nobody in it", with("/admin-api", &good("bob")), 403),
        ("five seconds late", with("/admin-api", &expired), 401),
        ("without an end", with("/admin-api", &endless), 401),
        ("signed by another", with("/admin-api", &forged), 401),
        ("neither", Request::get("/either"), 401),
        ("a token", with("/either", &good("bob")), 200),
        ("a key", Request::get("/either").header("apikey", key), 200),
        ("by another claim, which is closed", with("/by-kid", &good("ann")), 503),
        ("counted by Redis, which is closed", Request::get("/shared"), 503),
    ] {
        let exchange = gateway.ask(request);
        let text = exchange.response.text();
        assert_eq!(exchange.response.status, status, "{case}: {text} {}", exchange.log);
    }
    gateway.assert_no_trap();
}

#[test]
fn what_is_not_carried_over_is_told_with_its_line() {
    let entry = |line, fate, subject: &str| (line, fate, subject.to_owned());
    for (name, want) in [
        (
            "kong_consumers.yaml",
            vec![
                entry(22, Fate::Differs, "consumer `DASHBOARD`: password"),
                entry(31, Fate::Differs, "route `auth-open`: cors"),
                entry(37, Fate::Differs, "route `rest-all`: cors"),
                entry(69, Fate::Closed, "route `functions-all`: post-function"),
            ],
        ),
        (
            "kong_tokens.yaml",
            vec![
                entry(31, Fate::Closed, "route `by-kid`: jwt"),
                entry(35, Fate::Closed, "route `shared`: rate-limiting"),
                entry(50, Fate::Lost, "consumer `short`: jwt"),
            ],
        ),
    ] {
        assert_eq!(report(&imported(name, &Options::default())), want, "{name}");
    }
}

#[test]
fn a_guard_is_weaker_only_where_it_is_named() {
    let accept: BTreeSet<String> =
        ["post-function", "rate-limiting"].map(str::to_owned).into_iter().collect();
    let options = Options { accept_weaker: accept, ..Options::default() };
    for (name, line, subject) in [
        ("kong_consumers.yaml", 69, "route `functions-all`: post-function"),
        ("kong_tokens.yaml", 35, "route `shared`: rate-limiting"),
    ] {
        let import = imported(name, &options);
        let told = report(&import);
        assert!(told.contains(&(line, Fate::Weaker, subject.to_owned())), "{told:?}");
        assert!(!import.report.is_whole(), "{name}");
    }
    let import = imported("kong_tokens.yaml", &options);
    assert!(import.envoy.contains("requests: 10"), "the limit holds in each gateway");
    assert!(
        report(&import).contains(&(31, Fate::Closed, "route `by-kid`: jwt".to_owned())),
        "what was not named stays closed"
    );
}
