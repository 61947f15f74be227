//! `jwt-auth` with a table that says whose tokens are, written or polled, and the same table for
//! keys.

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{Behaviour, IdentityProvider};
use crate::harness::token::{self, Key, bearer, claims, with};
use crate::harness::{Shared, configuration, trap, until};

#[test]
fn a_token_has_the_plan_and_the_rights_of_its_consumer() {
    let key = token::es256("a");
    let gateway = Shared::start(builder(&key, json!({"claim": "azp"}), &table()));
    let sent = |path: &str, changes: Value| {
        let base = with(claims("alice"), json!({"scope": null, "roles": null}));
        let token = key.sign(&with(base, changes));
        Request::get(path).header("authorization", bearer(&token))
    };
    for (case, path, changes, want) in [
        ("the tier of the table", "/gold", json!({"azp": "client-1"}), Ok("acme")),
        ("a group of the table", "/partners", json!({"azp": "client-1"}), Ok("acme")),
        ("a scope of the table", "/write", json!({"azp": "client-1"}), Ok("acme")),
        ("whose it is", "/web", json!({"azp": "client-2"}), Ok("web")),
        ("remembered", "/gold", json!({"azp": "client-1"}), Ok("acme")),
        (
            "another's tier",
            "/gold",
            json!({"azp": "client-2"}),
            Err((403, "authorization.no_rule")),
        ),
        ("disabled", "/web", json!({"azp": "client-9"}), Err((403, "jwt_auth.consumer_disabled"))),
        ("nobody", "/web", json!({"azp": "client-3"}), Err((403, "jwt_auth.consumer_unknown"))),
        ("no claim", "/web", json!({}), Err((403, "jwt_auth.consumer_unknown"))),
        (
            "a consumer's name",
            "/web",
            json!({"azp": "web"}),
            Err((403, "jwt_auth.consumer_unknown")),
        ),
        ("a list", "/web", json!({"azp": ["client-2"]}), Err((403, "jwt_auth.consumer_unknown"))),
        ("a number", "/web", json!({"azp": 17}), Err((403, "jwt_auth.consumer_unknown"))),
        ("empty", "/web", json!({"azp": ""}), Err((403, "jwt_auth.consumer_unknown"))),
        (
            "a huge one",
            "/web",
            json!({"azp": "client-2".repeat(500)}),
            Err((403, "jwt_auth.consumer_unknown")),
        ),
        (
            "another spelling",
            "/web",
            json!({"AZP": "client-2", "azp ": "client-2"}),
            Err((403, "jwt_auth.consumer_unknown")),
        ),
        (
            "another's word for the same",
            "/web",
            json!({"iss": "https://other.example", "azp": "client-2"}),
            Err((403, "jwt_auth.consumer_unknown")),
        ),
        ("that one's own", "/web", json!({"iss": "https://other.example", "azp": "x"}), Ok("web")),
    ] {
        let exchange = gateway.ask(sent(path, changes));
        match want {
            Ok(name) => {
                assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
                let noted = exchange.noted("jwt_auth");
                assert!(noted.ends_with(&format!(";consumer={name}")), "{case}: {noted}");
            }
            Err((status, code)) => {
                assert_eq!(exchange.response.status, status, "{case}");
                assert!(
                    exchange.response.text().contains(code),
                    "{case}: {}",
                    exchange.response.text()
                );
            }
        }
    }
    let refused = gateway.ask(sent("/web", json!({"azp": "client-3"})));
    assert_eq!(refused.why("jwt_auth"), "`azp` is `client-3`; provider `demo`");
    assert!(refused.response.header_text("www-authenticate").is_none(), "no token would help");
    gateway.assert_no_trap();
}

#[test]
fn who_is_not_in_the_table_passes_where_that_is_wanted_and_has_nothing_of_it() {
    let key = token::es256("a");
    let mapping = json!({"claim": "azp", "unknown": "pass"});
    let gateway = Shared::start(builder(&key, mapping, &table()));
    for (path, azp, status) in [
        ("/anybody", "client-3", 200),
        ("/web", "client-3", 403),
        ("/gold", "client-3", 403),
        ("/gold", "client-1", 200),
        ("/anybody", "client-9", 403),
    ] {
        let token = key.sign(&with(claims("alice"), json!({"azp": azp})));
        let exchange = gateway.ask(Request::get(path).header("authorization", bearer(&token)));
        assert_eq!(exchange.response.status, status, "{path} {azp}");
        let noted = exchange.noted("jwt_auth");
        assert_eq!(noted.contains(";consumer="), azp == "client-1", "{path} {azp}: {noted}");
    }
    gateway.assert_no_trap();
}

#[test]
fn a_polled_table_is_waited_for_heard_by_all_workers_and_kept_while_it_cannot_be_had() {
    let key = token::es256("a");
    let list = |tier: &str, is_disabled: bool| {
        let tokens = json!([{"provider": "demo", "value": "client-1"}]);
        let consumer =
            json!({"name": "acme", "tier": tier, "disabled": is_disabled, "tokens": tokens});
        Behaviour::Answer(json!({"consumers": [consumer]}).to_string())
    };
    let mut server = IdentityProvider::start(list("gold", false));
    let gateway = polling(&key, &server);
    let token = key.sign(&with(claims("alice"), json!({"azp": "client-1"})));
    let ask =
        |path: &str| gateway.request(Request::get(path).header("authorization", bearer(&token)));
    assert_eq!(ask("/gold").status, 200, "the first request waits for the table");
    // Often enough for every worker to remember the token.
    let all = |path: &str, status: u16| (0..16).all(|_| ask(path).status == status);
    for (case, behaviour, path, status) in [
        ("another plan", list("free", false), "/gold", 403),
        ("disabled", list("gold", true), "/anybody", 403),
        ("nobody", Behaviour::Answer(r#"{"consumers": []}"#.to_owned()), "/anybody", 403),
        ("as before", list("gold", false), "/gold", 200),
    ] {
        server.behave(behaviour);
        until(case, || all(path, status));
    }
    let two = json!({"consumers": [
        {"name": "a", "tokens": [{"provider": "demo", "value": "client-1"}]},
        {"name": "b", "tokens": [{"provider": "demo", "value": "client-1"}]},
    ]});
    for (case, bad) in [
        ("two who are called the same", Behaviour::Answer(two.to_string())),
        ("no credentials", Behaviour::Answer(r#"{"consumers": [{"name": "a"}]}"#.to_owned())),
        ("garbage", Behaviour::Answer("<html>".to_owned())),
        ("10 MB", Behaviour::Answer(" ".repeat(10_000_000))),
        ("silent", Behaviour::Silent),
        ("hangs up", Behaviour::HangUp),
    ] {
        let before = server.requests();
        server.behave(bad);
        until(case, || server.requests() >= before + 2);
        assert!(all("/gold", 200), "{case}");
    }
    server.stop();
    assert!(all("/gold", 200), "down");
    trap::assert_none(&gateway);
}

#[test]
fn without_any_table_good_tokens_are_told_to_come_again() {
    let key = token::es256("a");
    let mut server = IdentityProvider::start(Behaviour::HangUp);
    server.stop();
    let gateway = polling(&key, &server);
    let ask = |changes: Value| {
        let token = key.sign(&with(claims("alice"), changes));
        gateway.request(Request::get("/gold").header("authorization", bearer(&token)))
    };
    let refused = ask(json!({"azp": "client-1"}));
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("jwt_auth.consumers_unavailable"), "{}", refused.text());
    assert_eq!(refused.header_text("retry-after").as_deref(), Some("5"));
    assert_eq!(ask(json!({"exp": 1})).status, 401, "whoever has no good token does not wait");
    server.restart();
    server.behave(Behaviour::Answer(json!({"consumers": table()}).to_string()));
    until("it is there", || ask(json!({"azp": "client-1"})).status == 200);
    trap::assert_none(&gateway);
}

#[test]
fn one_document_says_whose_keys_and_whose_tokens_there_are() {
    let digest = gatehouse_api_key_auth::Digest::sha256(b"acme-key").to_string();
    let document = json!({"consumers": [
        {"name": "acme", "keys": [{"digest": digest}],
         "tokens": [{"provider": "demo", "value": "alice"}], "scopes": ["products:read"]},
        {"name": "gone", "keys": [], "tokens": [{"provider": "demo", "value": "bob"}], "disabled": true},
    ]});
    let server = IdentityProvider::start(Behaviour::Answer(document.to_string()));
    let port = server.address().port();
    let start = |filter: &'static str, mut value: Value| {
        value["consumers_from"] = json!({"cluster": "people", "path": "/consumers.json"});
        Shared::start(Gateway::builder(format!("envoy/{filter}.yaml")).edit(move |tree| {
            configuration::set(tree, filter, value);
            configuration::add_cluster(tree, "people", port);
        }))
    };
    let key = token::es256("a");
    let (by_key, by_token) = (
        start("api-key-auth", json!({})),
        start(
            "jwt-auth",
            json!({"providers": [{"name": "demo", "issuer": gatehouse_demo::ISSUER,
                "jwks": {"keys": [key.jwk]}, "consumer": {"claim": "sub"}}]}),
        ),
    );
    for (sent, status, noted) in [
        ("acme-key", 200, "api_key_auth.allowed;consumer=acme"),
        ("alice", 401, "api_key_auth.key_invalid"),
        ("bob", 401, "api_key_auth.key_invalid"),
    ] {
        let exchange = by_key.ask(Request::get("/orders").header("x-api-key", sent));
        assert_eq!(exchange.response.status, status, "{sent}");
        assert_eq!(exchange.noted("api_key_auth"), noted, "{sent}");
    }
    for (subject, status, noted) in [
        ("alice", 200, "jwt_auth.allowed;subject=alice;consumer=acme"),
        ("bob", 403, "jwt_auth.consumer_disabled"),
        ("acme-key", 403, "jwt_auth.consumer_unknown"),
    ] {
        let token = key.sign(&claims(subject));
        let exchange =
            by_token.ask(Request::get("/orders").header("authorization", bearer(&token)));
        assert_eq!(exchange.response.status, status, "{subject}");
        assert_eq!(exchange.noted("jwt_auth"), noted, "{subject}");
    }
    by_key.assert_no_trap();
    by_token.assert_no_trap();
}

fn table() -> Value {
    let token = |provider: &str, value: &str| json!({"provider": provider, "value": value});
    json!([
        {"name": "acme", "tokens": [token("demo", "client-1")], "tier": "gold",
         "groups": ["partners"], "scopes": ["orders:write"]},
        {"name": "web", "tokens": [token("demo", "client-2"), token("other", "x")], "tier": "free"},
        {"name": "gone", "tokens": [token("demo", "client-9")], "disabled": true},
    ])
}

/// Two providers of one key whose tokens name their consumers so, and rules by what those have.
fn providers(key: &Key, mapping: Value) -> Value {
    let provider = |name: &str, issuer: &str| {
        json!({
            "name": name, "issuer": issuer, "jwks": {"keys": [key.jwk]}, "consumer": mapping,
        })
    };
    json!([provider("demo", gatehouse_demo::ISSUER), provider("other", "https://other.example")])
}

fn builder(key: &Key, mapping: Value, consumers: &Value) -> Builder {
    let value = json!({"providers": providers(key, mapping), "consumers": consumers});
    behind(Gateway::builder("envoy/authorization.yaml"), value)
}

#[track_caller]
fn polling(key: &Key, server: &IdentityProvider) -> Gateway {
    let value = json!({
        "providers": providers(key, json!({"claim": "azp"})),
        "consumers_from": {"cluster": "people", "path": "/consumers.json", "refresh": "1s",
                           "timeout": "1s", "retry": "1s"},
    });
    let port = server.address().port();
    let builder = behind(Gateway::builder("envoy/authorization.yaml"), value).concurrency(4);
    let builder = builder.edit(move |tree| configuration::add_cluster(tree, "people", port));
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

fn behind(builder: Builder, value: Value) -> Builder {
    let allow = |path: &str, principal: Value| {
        json!({
            "match": {"path": {"prefix": path}}, "action": "allow", "principals": [principal],
        })
    };
    let rules = json!({"rules": [
        allow("/gold", json!({"tiers": ["gold"]})),
        allow("/partners", json!({"groups": {"any": ["partners"]}})),
        allow("/write", json!({"scopes": {"all": ["orders:write"]}})),
        allow("/web", json!({"consumers": ["web"]})),
        allow("/anybody", json!({"authenticated": true})),
    ]});
    builder.edit(move |tree| {
        configuration::set(tree, "jwt-auth", value);
        configuration::set(tree, "authorization", rules);
    })
}
