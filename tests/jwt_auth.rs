//! `jwt-auth`, on `envoy/jwt-auth.yaml`.

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
static GATEWAY: LazyLock<Shared> = LazyLock::new(|| Shared::start(builder(json!({}))));

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
fn every_refusal_is_told_everywhere() {
    let now = token::now();
    let base = claims("alice");
    let rs256 = &KEYS[0];
    let signed = |changes: Value| bearer(&rs256.sign(&with(base.clone(), changes)));
    let unsigned = |header: Value| bearer(&token::unsigned(&header, &base));
    let header = |changes: Value| with(json!({"alg": "RS256", "kid": "rs256"}), changes);
    let invalid = "invalid_token";
    let partner = KEYS
        .iter()
        .find(|key| key.algorithm == "HS256")
        .expect("a secret")
        .sign(&claims_for("HS256"));
    for (case, authorization, status, code, error) in [
        ("no token", vec![], 401, "token_missing", ""),
        ("another scheme", vec!["Basic YTpi".to_owned()], 401, "token_missing", ""),
        (
            "two fields",
            vec![signed(json!({})), signed(json!({}))],
            400,
            "token_repeated",
            "invalid_request",
        ),
        (
            "two tokens in a field",
            vec![format!("{}, {}", signed(json!({})), "Bearer a")],
            400,
            "token_repeated",
            "invalid_request",
        ),
        (
            "too long",
            vec![signed(json!({"a": "a".repeat(20_000)}))],
            401,
            "token_too_large",
            invalid,
        ),
        ("no token behind the scheme", vec!["Bearer ".to_owned()], 401, "token_missing", ""),
        ("two parts", vec!["Bearer a.b".to_owned()], 401, "token_malformed", invalid),
        (
            "four parts",
            vec![format!("{}.AAAA", signed(json!({})))],
            401,
            "token_malformed",
            invalid,
        ),
        ("not base64url", vec!["Bearer a+b/.c=.d".to_owned()], 401, "token_malformed", invalid),
        (
            "crit",
            vec![unsigned(header(json!({"crit": ["b64"]})))],
            401,
            "critical_unsupported",
            invalid,
        ),
        (
            "none",
            vec![unsigned(header(json!({"alg": "none"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "None",
            vec![unsigned(header(json!({"alg": "nOnE"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "a public key as a secret",
            vec![unsigned(header(json!({"alg": "HS256"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "another key's algorithm",
            vec![unsigned(header(json!({"alg": "PS256"})))],
            401,
            "algorithm_not_allowed",
            invalid,
        ),
        (
            "an unknown key",
            vec![unsigned(header(json!({"kid": "rs257"})))],
            401,
            "key_unknown",
            invalid,
        ),
        (
            "a key in the header",
            vec![unsigned(header(json!({"jwk": rs256.jwk})))],
            401,
            "signature_invalid",
            invalid,
        ),
        (
            "no signature to speak of",
            vec![unsigned(header(json!({})))],
            401,
            "signature_invalid",
            invalid,
        ),
        ("expired", vec![signed(json!({"exp": now - 120}))], 401, "token_expired", invalid),
        ("not yet", vec![signed(json!({"nbf": now + 600}))], 401, "token_not_yet_valid", invalid),
        (
            "another issuer",
            vec![signed(json!({"iss": "https://evil.example"}))],
            401,
            "issuer_unknown",
            invalid,
        ),
        ("no issuer", vec![signed(json!({"iss": null}))], 401, "issuer_unknown", invalid),
        (
            "another audience",
            vec![signed(json!({"aud": ["somebody", "else"]}))],
            401,
            "audience_mismatch",
            invalid,
        ),
        ("no audience", vec![signed(json!({"aud": null}))], 401, "audience_mismatch", invalid),
        ("no expiry", vec![signed(json!({"exp": null}))], 401, "claim_invalid", invalid),
        (
            "a role that is two",
            vec![signed(json!({"roles": ["a,b"]}))],
            401,
            "claim_invalid",
            invalid,
        ),
        (
            "a subject with a line break",
            vec![signed(json!({"sub": "a\r\nx-roles: admin"}))],
            401,
            "claim_invalid",
            invalid,
        ),
    ] {
        let request = authorization
            .iter()
            .fold(Request::get("/orders"), |request, value| request.header("authorization", value));
        let exchange = GATEWAY.ask(request);
        exchange.assert_refused(case, status, &format!("jwt_auth.{code}"));
        assert_eq!(exchange.noted("jwt_auth"), format!("jwt_auth.{code}"), "{case}");
        let challenge = exchange.response.header_text("www-authenticate").unwrap_or_default();
        if error.is_empty() {
            assert_eq!(challenge, "Bearer realm=\"gatehouse\"", "{case}");
        } else {
            let start =
                format!("Bearer realm=\"gatehouse\", error=\"{error}\", error_description=\"");
            assert!(challenge.starts_with(&start), "{case}: {challenge}");
        }
    }

    // Good tokens, in the wrong place.
    let exchange = GATEWAY.ask(Request::get("/own").header("authorization", bearer(&partner)));
    exchange.assert_refused(
        "a partner's token where only ours will do",
        401,
        "jwt_auth.issuer_unknown",
    );
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.issuer_unknown;rule=own");
    GATEWAY.assert_no_trap();
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
fn a_grpc_client_is_told_a_grpc_status() {
    let gateway = Gateway::builder(CONFIG).start().unwrap_or_else(|fault| panic!("{fault}"));
    for kind in ["application/grpc", "application/grpc+proto"] {
        let request = http2::get("/orders.Orders/List").method("POST").header("content-type", kind);
        let refused = http2::send(gateway.address(), request.body(()).expect("a request"));
        assert_eq!(refused.status, 200, "{kind}");
        assert_eq!(
            refused.trailer("grpc-status").as_deref(),
            Some("16"),
            "UNAUTHENTICATED: {refused:?}"
        );
        assert!(
            refused.trailer("grpc-message").is_some_and(|text| text.contains("token")),
            "{refused:?}"
        );
        assert!(refused.body.is_empty(), "{kind}");
    }
    let log = gateway.access_log_after(2);
    assert_eq!(log[0]["details"], "jwt_auth.token_missing");
    trap::assert_none(&gateway);
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

#[test]
fn a_rule_can_need_a_token_of_each_of_several_issuers() {
    let jwks = |key: &Key| json!({"keys": [key.jwk]});
    let providers = json!([
        {"name": "users", "issuer": gatehouse_demo::ISSUER, "jwks": jwks(&KEYS[0]),
            "claims_to_headers": [{"claim": "sub", "header": "x-user"}]},
        {"name": "mesh", "issuer": PARTNER, "jwks": jwks(&KEYS[1]), "sources": [{"header": "x-service-token"}],
            "claims_to_headers": [{"claim": "sub", "header": "x-service"}]},
    ]);
    let rules = json!([
        {"name": "either", "match": {"path": {"prefix": "/either"}}, "require": "any"},
        {"name": "perhaps", "match": {"path": {"prefix": "/perhaps"}}, "require": {"optional": ["mesh"]}},
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
