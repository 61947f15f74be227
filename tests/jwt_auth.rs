//! `jwt-auth`, on `envoy/jwt-auth.yaml`.

mod demands;
mod forged;
mod in_use;
mod payloads;
mod refusals;
mod rules;
mod websockets;

use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::hostile::{self, Honest};
use crate::harness::token::{self, Key, bearer, claims, with};
use crate::harness::{Shared, configuration, http2, received, received_headers, trap};

#[test]
fn hostile_bytes_do_not_trap_it() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    let authorization = bearer(&token::good("alice"));
    let honest =
        Honest { path: "/orders", headers: &[("authorization", &authorization)], refused: &[] };
    hostile::survive(&gateway, &honest);

    // And in the place where it reads most.
    let good = token::good("alice");
    for (case, value, status) in [
        ("not UTF-8", b"\xff".to_vec(), 401),
        ("a scheme that is not UTF-8", b"Bear\xff\xff a.b.c".to_vec(), 401),
        ("a token that is not UTF-8", b"Bearer \xff\xfe.\x80.\xff".to_vec(), 401),
        (
            "a good token with a byte that is not",
            [b"Bearer ", good.as_bytes(), b"\xff"].concat(),
            401,
        ),
        ("60 KiB", [b"Bearer ".to_vec(), vec![b'a'; 60 * 1024]].concat(), 401),
        ("60 KiB of dots", [b"Bearer ".to_vec(), vec![b'.'; 60 * 1024]].concat(), 401),
        ("60 KiB that are not UTF-8", [b"Bearer ".to_vec(), vec![0xff; 60 * 1024]].concat(), 401),
        ("16 KiB of nested lists", bearer(&nested(2000)).into_bytes(), 401),
        ("a tab", b"Bearer\ta.b.c".to_vec(), 401),
        ("commas", b"Bearer ,,,".to_vec(), 400),
    ] {
        let response = gateway.request(Request::get("/orders").header("authorization", value));
        assert_eq!(response.status, status, "{case}: {}", response.text());
        let good = gateway.get("/orders", &[("authorization", &authorization)]);
        assert_eq!(good.status, 200, "the good request after: {case}");
        trap::assert_none(&gateway);
    }
}

/// A token whose claims are lists in lists.
fn nested(depth: usize) -> String {
    let claims = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let header = json!({"alg": "RS256", "kid": gatehouse_demo::KEY_ID}).to_string();
    format!("{}.{}.AAAA", token::base64url(header), token::base64url(claims))
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(token::a_key_for_every_algorithm);

/// Two issuers, because public keys and secrets in one set are refused: one with a key for each
/// public algorithm, one with secrets. Two paths that are not for everybody.
static GATEWAY: LazyLock<Shared> = LazyLock::new(|| Shared::kept(builder(json!({}))));

#[test]
fn every_algorithm_is_verified_and_one_flipped_bit_is_noticed() {
    for key in KEYS.iter() {
        let name = key.algorithm;
        let claims = claims_for(name);
        let good = key.sign(&claims);
        let exchange = GATEWAY.ask(with_token(&good));
        assert_eq!(exchange.response.status, 200, "{name}: {}", exchange.response.text());
        assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.allowed;subject=alice", "{name}");
        assert_eq!(received(&exchange.response, "x-user"), ["alice"], "{name}");
        GATEWAY.ask(with_token(&token::flipped(&good))).assert_refused(
            name,
            401,
            "jwt_auth.signature_invalid",
        );

        // The same signature under other claims.
        let (head, rest) = good.split_once('.').expect("three parts");
        let signature = rest.split_once('.').expect("three parts").1;
        let root = token::base64url(with(claims, json!({"sub": "root"})).to_string());
        let forged = format!("{head}.{root}.{signature}");
        GATEWAY.ask(with_token(&forged)).assert_refused(name, 401, "jwt_auth.signature_invalid");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn envoy_itself_verifies_what_it_can() {
    // At this level Envoy logs what the filter calls.
    let gateway = Shared::start(builder(json!({})).arg("--component-log-level").arg("wasm:trace"));
    let calls = || gateway.gateway().stderr().matches("env.proxy_call_foreign_function").count();
    for key in KEYS.iter() {
        let name = key.algorithm;
        let before = calls();
        assert_eq!(
            gateway.ask(with_token(&key.sign(&claims_for(name)))).response.status,
            200,
            "{name}"
        );
        let by_envoy = name.starts_with("RS") || name.starts_with("ES");
        assert_eq!(calls() > before, by_envoy, "{name}");
    }
}

#[test]
fn without_envoy_s_help_the_verdicts_are_the_same() {
    let alone = |tree: &mut Value| {
        configuration::forbid(tree, &["proxy_call_foreign_function"]);
    };
    let gateway = Shared::start(builder(json!({})).edit(alone));
    for key in
        KEYS.iter().filter(|key| key.algorithm.starts_with("RS") || key.algorithm.starts_with("ES"))
    {
        let name = key.algorithm;
        let good = key.sign(&claims_for(name));
        assert_eq!(gateway.ask(with_token(&good)).response.status, 200, "{name}");
        let bad = token::flipped(&good);
        gateway.ask(with_token(&bad)).assert_refused(name, 401, "jwt_auth.signature_invalid");
    }
    gateway.assert_no_trap();
}

#[test]
fn what_is_good_enough_passes() {
    let now = token::now();
    let base = claims("alice");
    let key = &KEYS[0];
    for (case, changes) in [
        ("expired, but within the leeway", json!({"exp": now - 20})),
        ("valid in a moment", json!({"nbf": now + 20})),
        ("several audiences", json!({"aud": ["other", gatehouse_demo::AUDIENCE]})),
        ("no subject", json!({"sub": null})),
        ("issued in the future", json!({"iat": now + 600})),
        ("a subject that is not ASCII", json!({"sub": "zo\u{eb}"})),
        ("claims nobody knows", json!({"a": {"b": [1, null, {}]}})),
    ] {
        let token = key.sign(&with(base.clone(), changes));
        let exchange = GATEWAY.ask(with_token(&token));
        assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {}", key.sign(&base));
        let exchange = GATEWAY.ask(Request::get("/").header("authorization", value));
        assert_eq!(exchange.response.status, 200, "{scheme}");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn a_client_cannot_say_who_it_is() {
    let good = bearer(&KEYS[0].sign(&claims("alice")));
    let no_roles = bearer(&KEYS[0].sign(&with(claims("alice"), json!({"roles": null}))));
    for (case, path, authorization, user, roles) in [
        ("with a token", "/", Some(&good), vec!["alice"], vec!["user"]),
        ("with a token without roles", "/", Some(&no_roles), vec!["alice"], vec![]),
        ("anonymous", "/optional", None, vec![], vec![]),
        ("where no token is needed", "/public", None, vec![], vec![]),
        ("where a token is not looked at", "/public", Some(&good), vec![], vec![]),
    ] {
        let mut request = Request::get(path)
            .header("x-user", "root")
            .header("X-USER", "admin")
            .header("x-roles", "admin")
            .header("X-Roles", "owner");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let exchange = GATEWAY.ask(request);
        assert_eq!(exchange.response.status, 200, "{case}");
        assert_eq!(received(&exchange.response, "x-user"), user, "{case}");
        assert_eq!(received(&exchange.response, "x-roles"), roles, "{case}");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn a_claim_below_a_name_with_dots_reaches_the_upstream() {
    let access = json!({
        "my.client": {"roles": ["viewer", "editor"]}, "my": {"client": {"roles": ["owner"]}},
    });
    let token = KEYS[0].sign(&with(claims("alice"), json!({"resource_access": access})));
    let exchange = GATEWAY.ask(with_token(&token));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(received(&exchange.response, "x-client-roles"), ["viewer,editor"]);
}

#[test]
fn a_client_cannot_say_who_it_is_with_an_underscore_either() {
    // As Envoy is unless it is told otherwise.
    let gateway = Shared::start(builder(json!({})).edit(|tree| {
        let options = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/common_http_protocol_options";
        *tree.pointer_mut(options).expect("the config has these options") = json!({});
    }));
    let spoofed =
        |path: &str| Request::get(path).header("x_user", "root").header("X_Roles", "admin");
    let good = bearer(&KEYS[0].sign(&claims("alice")));
    for (case, request, user) in [
        ("anonymous", spoofed("/optional"), vec![]),
        ("no token is needed", spoofed("/public"), vec![]),
        ("a token", spoofed("/").header("authorization", good), vec!["alice"]),
    ] {
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, 200, "{case}");
        assert_eq!(received(&exchange.response, "x-user"), user, "{case}");
        // Names only: a signature in base64url may well have `x_` in it.
        let headers = received_headers(&exchange.response);
        assert!(!headers.iter().any(|(name, _)| name.contains('_')), "{case}: {headers:?}");
    }
    gateway.assert_no_trap();
}

#[test]
fn the_shipped_config_takes_the_demo_s_tokens() {
    let gateway = Shared::start(Gateway::builder(CONFIG));
    gateway.ask(Request::get("/")).assert_refused("no token", 401, "jwt_auth.token_missing");
    let exchange = gateway.ask(with_token(&token::good("bob")));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(received(&exchange.response, "x-user"), ["bob"]);
    gateway.assert_no_trap();
}

#[test]
fn in_shadow_mode_nobody_is_refused_and_nobody_is_believed() {
    let gateway = Shared::start(builder(json!({"mode": "shadow"})));
    let bad = token::flipped(&KEYS[0].sign(&claims("alice")));
    for (case, request, note) in [
        ("no token", Request::get("/"), "jwt_auth.token_missing;mode=shadow"),
        ("a forged token", with_token(&bad), "jwt_auth.signature_invalid;mode=shadow"),
    ] {
        let exchange = gateway.ask(request.header("x-user", "root"));
        assert_eq!(exchange.response.status, 200, "{case}");
        assert_eq!(exchange.noted("jwt_auth"), note, "{case}");
        assert!(received(&exchange.response, "x-user").is_empty(), "{case}");
    }
    let metrics = gateway.gateway().admin("/stats/prometheus");
    let counted = |code: &str| {
        let parts = [format!("code=\"{code}\""), "mode=\"shadow\"".to_owned(), "} 1".to_owned()];
        metrics.lines().any(|line| parts.iter().all(|part| line.contains(part)))
    };
    assert!(counted("token_missing") && counted("signature_invalid"), "{metrics}");
    gateway.assert_no_trap();
}

#[test]
fn json_in_a_string_configures_it_too_and_so_does_a_key_set_in_text() {
    let jwks = json!({"keys": [KEYS[0].jwk]}).to_string();
    let provider = json!({"name": "demo", "issuer": gatehouse_demo::ISSUER, "jwks": jwks});
    let text = json!({"providers": [provider]}).to_string();
    let gateway = Shared::start(
        Gateway::builder(CONFIG).edit(move |tree| configuration::set_json(tree, "jwt-auth", &text)),
    );
    gateway.ask(Request::get("/")).assert_refused("no token", 401, "jwt_auth.token_missing");
    let good = with_token(&KEYS[0].sign(&claims("alice")));
    assert_eq!(gateway.ask(good).response.status, 200);
    gateway.assert_no_trap();
}

#[test]
fn a_route_can_be_for_a_claim() {
    let gateway = Shared::start(Gateway::builder(CONFIG).edit(|tree| {
        let routes = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts/0/routes";
        let matched = json!({"prefix": "/", "headers": [{"name": "x-user", "string_match": {"exact": "alice"}}]});
        let route = json!({"name": "alice", "match": matched, "direct_response": {"status": 299}});
        let routes = tree.pointer_mut(routes).and_then(Value::as_array_mut);
        routes.expect("the config has routes").insert(0, route);
    }));
    for (case, request, status) in [
        ("hers", with_token(&token::good("alice")), 299),
        ("another's", with_token(&token::good("bob")), 200),
        ("who says so", Request::get("/products/1").header("x-user", "alice"), 200),
    ] {
        assert_eq!(gateway.ask(request).response.status, status, "{case}");
    }
    gateway.assert_no_trap();
}

#[test]
fn a_public_key_in_pem_verifies_the_demo_s_tokens() {
    let pem =
        gatehouse_demo::signing_key().public_key().to_pem().expect("the demo key can be written");
    let gateway = Shared::start(Gateway::builder(CONFIG).edit(move |tree| {
        configuration::shipped(tree, "jwt-auth")["providers"][0]["jwks"] = json!({"pem": pem});
    }));
    assert_eq!(gateway.ask(with_token(&token::good("bob"))).response.status, 200);
    let flipped = gateway.ask(with_token(&token::flipped(&token::good("bob"))));
    flipped.assert_refused("a flipped bit", 401, "jwt_auth.signature_invalid");
    gateway.assert_no_trap();
}

const CONFIG: &str = "envoy/jwt-auth.yaml";
const PARTNER: &str = "https://partner.example";

/// The shipped config with the keys of this file, and these further members of the configuration.
fn builder(changes: Value) -> Builder {
    let (secret, public): (Vec<&Key>, Vec<&Key>) =
        KEYS.iter().partition(|key| key.algorithm.starts_with("HS"));
    let jwks = |keys: Vec<&Key>| -> Value { keys.iter().map(|key| key.jwk.clone()).collect() };
    let headers = json!([
        {"claim": "sub", "header": "x-user"},
        {"claim": "roles", "header": "x-roles"},
        {"claim": "/resource_access/my.client/roles", "header": "x-client-roles"},
    ]);
    let provider = |name: &str, issuer: &str, keys: Value| {
        json!({"name": name, "issuer": issuer, "audiences": [gatehouse_demo::AUDIENCE], "jwks": {"keys": keys},
            "claims_to_headers": headers})
    };
    let rule = |name: &str, require: Value| json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "require": require});
    let value = with(
        json!({
            "providers": [
                provider("ours", gatehouse_demo::ISSUER, jwks(public)),
                provider("partner", PARTNER, jwks(secret)),
            ],
            "rules": [
                rule("public", json!("none")),
                rule("optional", json!("optional")),
                rule("own", json!(["ours"])),
            ],
        }),
        changes,
    );
    Gateway::builder(CONFIG).edit(move |tree| configuration::set(tree, "jwt-auth", value))
}

/// Good claims, from the issuer whose keys are of this algorithm.
fn claims_for(algorithm: &str) -> Value {
    let issuer = if algorithm.starts_with("HS") { PARTNER } else { gatehouse_demo::ISSUER };
    with(claims("alice"), json!({"iss": issuer}))
}

fn with_token(token: &str) -> Request {
    Request::get("/orders").header("authorization", bearer(token))
}
