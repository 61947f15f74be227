//! What rules ask of tokens beyond what their providers do: audiences, types and claims, which may
//! be what the request says.

use super::*;

/// Rules for tenants, by everything of a request that can say one, and for audiences and types.
fn tenants(changes: Value) -> Builder {
    let of = |name: &str, more: Value| {
        let rule = json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}});
        with(with(rule, json!({"require": ["ours"]})), more)
    };
    let tenant = |says: Value| json!({"required_claims": [with(json!({"claim": "tenant"}), says)]});
    let rules = json!([
        with(
            of("path", tenant(json!({"capture": "tenant"}))),
            json!({"match": {"path": {"template": "/path/{tenant}/{rest=**}"}}})
        ),
        of("header", tenant(json!({"header": "x-tenant"}))),
        of("query", tenant(json!({"query": "tenant"}))),
        of("host", tenant(json!({"host": "*.example.com"}))),
        of("staff", json!({"required_claims": [{"claim": "email", "suffix": "@example.com"}]})),
        of("either", tenant(json!({"any_of": ["root", {"header": "x-tenant"}]}))),
        of("orders", json!({"audiences": ["orders"]})),
        of("typed", json!({"types": ["at+jwt"]})),
        of("perhaps", json!({"require": {"lenient": ["ours"]}, "audiences": ["orders"]})),
    ]);
    builder(with(json!({"rules": rules}), changes))
}

fn request(path: &str, host: &str, tenant: Option<&str>, token: &str) -> Request {
    let request = Request::get(path).header("host", host).header("authorization", bearer(token));
    tenant.into_iter().fold(request, |request, tenant| request.header("x-tenant", tenant))
}

#[test]
fn a_token_is_good_for_its_own_tenant_only() {
    let gateway = Shared::start(tenants(json!({})));
    let good = KEYS[0].sign(&with(claims("alice"), json!({"tenant": "acme"})));
    let number = KEYS[0].sign(&with(claims("alice"), json!({"tenant": 42})));
    let several = KEYS[0].sign(&with(claims("alice"), json!({"tenant": ["acme", "other"]})));
    let root = KEYS[0].sign(&with(claims("alice"), json!({"tenant": "root"})));
    let none = KEYS[0].sign(&claims("alice"));
    let staff = KEYS[0].sign(&with(claims("alice"), json!({"email": "alice@example.com"})));
    let outside =
        KEYS[0].sign(&with(claims("alice"), json!({"email": "alice@example.com.evil.example"})));
    let any = "gateway.example";
    for (case, path, host, tenant, token, status) in [
        ("its path", "/path/acme/orders", any, None, &good, 200),
        ("an escaped letter of its path", "/path/%61cme/orders", any, None, &good, 200),
        ("another's path", "/path/other/orders", any, None, &good, 401),
        ("another's path, remembered", "/path/other/orders", any, None, &good, 401),
        ("a path in capitals", "/path/ACME/orders", any, None, &good, 401),
        ("a number in its path", "/path/42/orders", any, None, &number, 200),
        ("one of several", "/path/other/orders", any, None, &several, 200),
        ("nobody's token", "/path/acme/orders", any, None, &none, 401),
        ("its field", "/header", any, Some("acme"), &good, 200),
        ("another's field", "/header", any, Some("other"), &good, 401),
        ("a list in the field", "/header", any, Some("acme,other"), &good, 401),
        ("no field", "/header", any, None, &good, 401),
        ("its parameter", "/query?tenant=acme", any, None, &good, 200),
        ("another's parameter", "/query?tenant=other", any, None, &good, 401),
        ("two parameters", "/query?tenant=acme&tenant=other", any, None, &good, 401),
        (
            "a parameter in capitals beside",
            "/query?tenant=acme&TENANT=other",
            any,
            None,
            &good,
            401,
        ),
        ("an escape in an escape", "/query?tenant=%2561cme", any, None, &good, 401),
        ("its host", "/host", "acme.example.com", None, &good, 200),
        ("its host in capitals", "/host", "ACME.example.com:8080", None, &good, 200),
        ("another's host", "/host", "other.example.com", None, &good, 401),
        ("a host below its own", "/host", "acme.other.example.com", None, &good, 401),
        ("of the staff", "/staff", any, None, &staff, 200),
        ("not quite of the staff", "/staff", any, None, &outside, 401),
        ("one of two things", "/either", any, Some("acme"), &good, 200),
        ("the other of two things", "/either", any, Some("acme"), &root, 200),
        ("neither", "/either", any, Some("other"), &good, 401),
    ] {
        let exchange = gateway.ask(request(path, host, tenant, token));
        match status {
            200 => {
                assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text())
            }
            _ => {
                exchange.assert_refused(case, 401, "jwt_auth.claim_mismatch");
                let challenge = exchange.response.header_text("www-authenticate");
                let challenge = challenge.unwrap_or_default();
                assert!(challenge.contains("error=\"invalid_token\""), "{case}: {challenge}");
                assert!(!exchange.why("jwt_auth").is_empty(), "{case}");
            }
        }
    }
    // Whoever sends two is nobody's.
    let two = request("/header", any, Some("acme"), &good).header("x-tenant", "other");
    let exchange = gateway.ask(two);
    exchange.assert_refused("two fields", 401, "jwt_auth.claim_mismatch");
    assert_eq!(
        exchange.why("jwt_auth"),
        "`tenant` is `\"acme\"`, and the request says in several ways what it must be; provider \
         `ours`"
    );
    // Envoy itself refuses what would be one segment here and two for others.
    let exchange = gateway.ask(request("/path/acme%2Fother/x", any, None, &good));
    assert_eq!(exchange.response.status, 400, "{}", exchange.response.text());
    gateway.assert_no_trap();
}

#[test]
fn a_field_in_another_spelling_is_no_way_to_another_tenant() {
    let gateway = Shared::start(tenants(json!({})).edit(configuration::allow_underscores));
    let good = KEYS[0].sign(&with(claims("alice"), json!({"tenant": "acme"})));
    for name in ["x_tenant", "x.tenant", "x--tenant"] {
        let asked = request("/header", "gateway.example", Some("acme"), &good);
        let exchange = gateway.ask(asked.header(name, "other"));
        exchange.assert_refused(name, 401, "jwt_auth.claim_mismatch");
    }
    gateway.assert_no_trap();
}

#[test]
fn one_token_is_good_for_one_audience_and_no_other() {
    for mode in ["enforce", "shadow"] {
        let gateway = Shared::start(tenants(json!({"mode": mode})));
        let base = || claims("alice");
        let both = json!({"aud": [gatehouse_demo::AUDIENCE, "orders"]});
        let (one, two) = (KEYS[0].sign(&base()), KEYS[0].sign(&with(base(), both)));
        let ask = |path: &str, token: &str| {
            gateway.ask(request(path, "gateway.example", None, token).header("x-user", "root"))
        };
        for (path, token, code) in [
            ("/orders", &two, "allowed"),
            ("/orders", &one, "audience_mismatch"),
            ("/", &one, "allowed"),
            ("/orders", &one, "audience_mismatch"),
            // These tokens say no type.
            ("/typed", &two, "type_not_allowed"),
            ("/perhaps", &two, "allowed"),
            ("/perhaps", &one, "token_ignored"),
        ] {
            let exchange = ask(path, token);
            let noted = exchange.noted("jwt_auth");
            assert!(noted.starts_with(&format!("jwt_auth.{code}")), "{mode} {path}: {noted}");
            let passes = mode == "shadow" || matches!(code, "allowed" | "token_ignored");
            assert_eq!(exchange.response.status, if passes { 200 } else { 401 }, "{mode} {path}");
            if passes {
                let user: &[&str] = if code == "allowed" { &["alice"] } else { &[] };
                assert_eq!(received(&exchange.response, "x-user"), user, "{mode} {path} {code}");
            }
        }
        gateway.assert_no_trap();
    }
}
