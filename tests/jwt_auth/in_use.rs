//! What was found in use: cookies in quotes, keys without names, names with dots.

use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::{KEYS, builder, claims, with_token};
use crate::harness::token::{self, bearer};
use crate::harness::{Shared, configuration, received, received_headers};

/// Of the demo's key.
fn good() -> String {
    KEYS[0].sign(&claims("alice"))
}

#[test]
fn a_token_is_found_where_clients_were_seen_to_put_it() {
    let sources = json!([
        {"header": "authorization", "prefix": "Bearer "}, {"cookie": "session"}, {"query": "token"},
    ]);
    let gateway = Shared::start(builder(json!({"sources": sources})));
    let (good, other) = (good(), KEYS[0].sign(&claims("bob")));
    let with_both = |first: &str, second: &str| {
        Request::get("/orders")
            .header("authorization", bearer(first))
            .header("cookie", format!("session={second}"))
    };
    for (case, request, status) in [
        (
            "a cookie in quotes",
            Request::get("/orders").header("cookie", format!("a=b; session=\"{good}\"")),
            200,
        ),
        ("a query", Request::get(format!("/orders?token={good}")), 200),
        ("the same token in two places", with_both(&good, &good), 200),
        ("two tokens", with_both(&good, &other), 400),
    ] {
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        if status == 200 {
            assert_eq!(received(&exchange.response, "x-user"), ["alice"], "{case}");
        }
    }
    gateway.assert_no_trap();
}

/// Servers of CGI's kind read `x.user` and `x--user` as the field that is written, too.
#[test]
fn a_client_cannot_say_who_it_is_with_other_marks_either() {
    let gateway = Shared::start(builder(json!({})).edit(configuration::allow_underscores));
    for name in ["x.user", "x--user", "x_user", "x._user"] {
        let exchange = gateway.ask(with_token(&good()).header(name, "root"));
        assert_eq!(exchange.response.status, 200, "{name}: {}", exchange.response.text());
        let headers = received_headers(&exchange.response);
        assert!(!headers.iter().any(|(_, value)| value == "root"), "{name}: {headers:?}");
        assert_eq!(received(&exchange.response, "x-user"), ["alice"], "{name}");
    }
    gateway.assert_no_trap();
}

/// A preflight passes without a token; one that says it has another method is none.
#[test]
fn a_preflight_that_names_another_method_is_none() {
    let gateway = Shared::start(builder(json!({})).edit(configuration::allow_underscores));
    let preflight = || {
        Request::new("OPTIONS", "/orders")
            .header("origin", "https://a.example")
            .header("access-control-request-method", "DELETE")
    };
    assert_eq!(gateway.ask(preflight()).response.status, 200);
    for name in
        ["x-http-method-override", "x_http_method_override", "X-Http-Method", "x_method_override"]
    {
        let exchange = gateway.ask(preflight().header(name, "DELETE"));
        exchange.assert_refused(name, 401, "jwt_auth.token_missing");
    }
    gateway.assert_no_trap();
}

/// A key set in a text may have URLs in it, as Entra's has.
#[test]
fn a_key_set_as_text_may_have_urls_in_it() {
    let mut jwk = KEYS[0].jwk.clone();
    jwk["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
    let provider = json!({
        "name": "ours", "issuer": gatehouse_demo::ISSUER, "audiences": [gatehouse_demo::AUDIENCE],
        "jwks": json!({"keys": [jwk]}).to_string(),
    });
    let gateway = Shared::start(builder(json!({"providers": [provider], "rules": null})));
    assert_eq!(gateway.ask(with_token(&good())).response.status, 200);
    gateway.assert_no_trap();
}

/// Operators are told why in a dry run, too.
#[test]
fn why_is_told_in_a_dry_run_too() {
    for mode in ["enforce", "shadow"] {
        let gateway = Shared::start(builder(json!({"mode": mode})));
        let expired = token::with(claims("alice"), json!({"exp": token::now() - 3600}));
        let exchange = gateway.ask(with_token(&KEYS[0].sign(&expired)));
        assert!(!exchange.why("jwt_auth").is_empty(), "{mode}: {}", exchange.log);
        gateway.assert_no_trap();
    }
}
