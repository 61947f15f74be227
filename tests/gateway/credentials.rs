//! Tokens and keys: which do where, and what is told of those that do not.

use super::*;
use crate::harness::configuration;

#[test]
fn every_401_names_what_would_do_and_operators_are_told_what_was_wrong() {
    let expired = token::with(token::claims("alice"), json!({"exp": token::now() - 100}));
    let bearer = "Bearer realm=\"gatehouse\"";
    let key = "ApiKey realm=\"gatehouse\"";
    let told = |error: &str, description: &str| {
        format!("{bearer}, error=\"{error}\", error_description=\"{description}\"")
    };
    let stranger = token::es256("stranger");
    for (case, request, challenges, filter, why) in [
        ("nothing", Request::get("/orders"), [bearer.to_owned(), key.to_owned()], "jwt_auth", ""),
        (
            "a key of nobody's",
            Request::get("/orders").header("x-api-key", "wrong"),
            [key.to_owned(), bearer.to_owned()],
            "api_key_auth",
            "a key of nobody's",
        ),
        (
            "an unknown key's token",
            Request::get("/orders")
                .header("authorization", token::bearer(&stranger.sign(&token::claims("alice")))),
            [told("invalid_token", "The token's kid names no key of its issuer"), key.to_owned()],
            "jwt_auth",
            "kid `stranger`, and the keys are ",
        ),
        (
            "an expired token",
            Request::get("/orders")
                .header("authorization", token::bearer(&stranger.sign(&expired))),
            [told("invalid_token", "The token has expired"), key.to_owned()],
            "jwt_auth",
            " s ago, leeway 60 s; provider `demo`",
        ),
    ] {
        let exchange = GATEWAY.ask(request);
        assert_eq!(exchange.response.status, 401, "{case}");
        let sent = exchange.response.header_all("www-authenticate");
        let challenges = challenges.each_ref().map(|challenge| challenge.as_bytes());
        assert_eq!(sent, challenges, "{case}");
        let told = exchange.why(filter);
        assert!(told.contains(why) && told.is_empty() == why.is_empty(), "{case}: {told}");
    }
    let exchange =
        GATEWAY.ask(Request::get("/orders").header("x-api-key", "acme-partner-demo-key"));
    assert_eq!(exchange.why("authorization"), "nearest rule `orders`: issuers, and there is none",);
    GATEWAY.assert_no_trap();
}

#[test]
fn a_partner_s_key_is_as_good_as_a_token_where_its_scope_goes() {
    const KEY: &str = "acme-partner-demo-key";
    let key = |method: &str, path: &str| Request::new(method, path).header("x-api-key", KEY);
    for (case, request, status, notes) in [
        (
            "what it is for",
            key("GET", "/products"),
            200,
            ("allowed;consumer=acme", "identified", "allowed;rule=browse"),
        ),
        (
            "to delete needs more",
            key("DELETE", "/products/KB-75"),
            403,
            ("allowed;consumer=acme", "identified", "no_rule"),
        ),
        (
            "orders are the users'",
            key("GET", "/orders"),
            403,
            ("allowed;consumer=acme", "identified", "no_rule"),
        ),
        (
            "a wrong key",
            Request::get("/products").header("x-api-key", "wrong"),
            401,
            ("key_invalid", "", ""),
        ),
        ("neither", Request::get("/products"), 401, ("anonymous", "token_missing", "")),
        (
            "who says whose key it was",
            Request::get("/products").header("x-consumer", "acme"),
            401,
            ("anonymous", "token_missing", ""),
        ),
        (
            "a key, and a token that is none",
            key("GET", "/products").header("authorization", "Bearer a.b.c"),
            401,
            ("allowed;consumer=acme", "token_malformed", ""),
        ),
        (
            "a key and a token",
            key("GET", "/users/bob").header("authorization", token::bearer(bob())),
            200,
            ("allowed;consumer=acme", "allowed;subject=bob", "allowed;rule=own-record"),
        ),
        (
            "a token",
            Request::get("/products").header("authorization", token::bearer(bob())),
            200,
            ("anonymous", "allowed;subject=bob", "allowed;rule=browse"),
        ),
    ] {
        let exchange = GATEWAY.ask(request);
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        for (filter, note) in
            [("api_key_auth", notes.0), ("jwt_auth", notes.1), ("authorization", notes.2)]
        {
            let note = if note.is_empty() { String::new() } else { format!("{filter}.{note}") };
            assert_eq!(exchange.noted(filter), note, "{case}");
        }
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn a_path_in_disguise_does_not_get_past_the_token() {
    let with_parameters = if envoy_keeps_dots_with_parameters() { 400 } else { 401 };
    // Only `/auth` needs no token: what reads like it and is routed elsewhere must not.
    for (path, status) in [
        ("/auth/../orders", 401),
        ("/auth/%2e%2e/orders", 401),
        ("//orders", 401),
        ("/auth/..%2forders", 400),
        ("/auth%2f..%2forders", 400),
        ("/AUTH/../orders", 401),
        // Envoy 1.39 takes `..;` for a step up too, so that this is `/orders` to routes and filters
        // alike.
        ("/auth/..;/orders", with_parameters),
        ("/authx/../orders", 401),
        ("/authx", 401),
    ] {
        let exchange = GATEWAY.ask(Request::get(path));
        assert_eq!(
            exchange.response.status,
            status,
            "{path}: {} {}",
            exchange.response.text(),
            exchange.log
        );
    }
    GATEWAY.assert_no_trap();
}

/// With both, `on_both` says whose rules hold.
#[test]
fn who_has_a_key_and_a_token_is_who_the_configuration_says() {
    for (on_both, orders, products) in
        [("token", 200, 200), ("key", 403, 200), ("refuse", 400, 400)]
    {
        let gateway = Shared::start(builder().edit(move |tree| {
            configuration::shipped(tree, "jwt-auth")["on_both"] = json!(on_both);
        }));
        let both = |path: &str| {
            Request::get(path)
                .header("x-api-key", "acme-partner-demo-key")
                .header("authorization", token::bearer(&token::good("alice")))
        };
        // Orders are for users, products for partners, too.
        for (path, status) in [("/orders", orders), ("/products", products)] {
            let exchange = gateway.ask(both(path));
            assert_eq!(
                exchange.response.status,
                status,
                "{on_both}, {path}: {}",
                exchange.response.text()
            );
        }
        gateway.assert_no_trap();
    }
}
