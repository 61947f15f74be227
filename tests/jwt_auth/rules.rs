//! What rules ask for.

use super::*;

#[test]
fn rules_say_who_needs_a_token() {
    let good = bearer(&KEYS[0].sign(&claims("alice")));
    let bad = bearer(&token::flipped(&KEYS[0].sign(&claims("alice"))));
    for (case, path, authorization, status, note) in [
        ("none asks for nothing", "/public", None, 200, "jwt_auth.not_required;rule=public"),
        ("none looks at nothing", "/public", Some(&bad), 200, "jwt_auth.not_required;rule=public"),
        ("optional without", "/optional", None, 200, "jwt_auth.anonymous;rule=optional"),
        (
            "optional with",
            "/optional",
            Some(&good),
            200,
            "jwt_auth.allowed;rule=optional;subject=alice",
        ),
        (
            "optional with a bad one",
            "/optional",
            Some(&bad),
            401,
            "jwt_auth.signature_invalid;rule=optional",
        ),
        ("the default", "/", None, 401, "jwt_auth.token_missing"),
    ] {
        let request = authorization
            .into_iter()
            .fold(Request::get(path), |request, value| request.header("authorization", value));
        let exchange = GATEWAY.ask(request);
        assert_eq!(exchange.response.status, status, "{case}");
        assert_eq!(exchange.noted("jwt_auth"), note, "{case}");
    }
    let preflight = Request::new("OPTIONS", "/orders")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET");
    let exchange = GATEWAY.ask(preflight);
    assert_eq!(exchange.response.status, 200);
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.preflight");
    GATEWAY.assert_no_trap();
}

#[test]
fn a_rule_can_need_a_token_of_each_of_several_issuers() {
    let jwks = |key: &Key| json!({"keys": [key.jwk]});
    let providers = json!([
        {"name": "users", "issuer": gatehouse_demo::ISSUER, "jwks": jwks(&KEYS[0]),
            "claims_to_headers": [{"claim": "sub", "header": "x-user"}]},
        {"name": "mesh", "issuer": PARTNER, "jwks": jwks(&KEYS[1]),
        "sources": [{"header": "x-service-token"}],
            "claims_to_headers": [{"claim": "sub", "header": "x-service"}]},
    ]);
    let rules = json!([
        {"name": "either", "match": {"path": {"prefix": "/either"}}, "require": "any"},
        {"name": "perhaps", "match": {"path": {"prefix": "/perhaps"}},
        "require": {"optional": ["mesh"]}},
    ]);
    let changes =
        json!({"providers": providers, "rules": rules, "default": {"all": ["users", "mesh"]}});
    let gateway = Shared::start(builder(changes));
    let user = bearer(&KEYS[0].sign(&claims("alice")));
    let service = KEYS[1].sign(&with(claims("billing"), json!({"iss": PARTNER})));
    let misplaced = KEYS[0].sign(&claims("alice"));
    let forged = token::flipped(&service);
    let allowed = "jwt_auth.allowed";
    for (case, path, user, service, status, note, who) in [
        (
            "both",
            "/",
            Some(&user),
            Some(&service),
            200,
            "jwt_auth.allowed;subject=alice",
            ["alice", "billing"],
        ),
        ("only the user", "/", Some(&user), None, 401, "jwt_auth.token_missing", ["", ""]),
        ("only the service", "/", None, Some(&service), 401, "jwt_auth.token_missing", ["", ""]),
        (
            "a forged second one",
            "/",
            Some(&user),
            Some(&forged),
            401,
            "jwt_auth.signature_invalid",
            ["", ""],
        ),
        (
            "the user's twice",
            "/",
            Some(&user),
            Some(&misplaced),
            401,
            "jwt_auth.issuer_unknown",
            ["", ""],
        ),
        (
            "either",
            "/either",
            None,
            Some(&service),
            200,
            "jwt_auth.allowed;rule=either;subject=billing",
            ["", "billing"],
        ),
        (
            "two of either",
            "/either",
            Some(&user),
            Some(&service),
            400,
            "jwt_auth.token_repeated;rule=either",
            ["", ""],
        ),
        (
            "none of perhaps",
            "/perhaps",
            Some(&user),
            None,
            200,
            "jwt_auth.anonymous;rule=perhaps",
            ["", ""],
        ),
        (
            "perhaps",
            "/perhaps",
            None,
            Some(&service),
            200,
            "jwt_auth.allowed;rule=perhaps;subject=billing",
            ["", "billing"],
        ),
    ] {
        let fields = [("authorization", user), ("x-service-token", service)];
        let request = fields.iter().fold(
            Request::get(path).header("x-user", "root"),
            |request, (name, value)| {
                value.iter().fold(request, |request, value| request.header(name, value.as_str()))
            },
        );
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, status, "{case}: {}", exchange.response.text());
        assert_eq!(exchange.noted("jwt_auth"), note, "{case}");
        if note.starts_with(allowed) {
            for (field, want) in ["x-user", "x-service"].iter().zip(who) {
                assert_eq!(received(&exchange.response, field).concat(), want, "{case}");
            }
        }
    }
    gateway.assert_no_trap();
}
