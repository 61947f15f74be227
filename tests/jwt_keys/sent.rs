//! Servers of keys and lists that want to know who asks.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{ISSUER, ask, assert_refused, builder, start};
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key};
use crate::harness::{configuration, trap, until};

fn keyed(behaviour: Behaviour) -> Behaviour {
    Behaviour::Keyed("x-api-key: s3cret", Box::new(behaviour))
}

fn jwks(headers: Value) -> Value {
    json!({"cluster": "auth", "path": "/keys", "headers": headers, "retry": "1s",
        "timeout": "500ms"})
}

/// With the variable that the shipped config does not have.
fn in_a_variable(provider: &IdentityProvider, jwks: Value) -> gatehouse_sandbox::Builder {
    builder(provider, jwks).edit(|tree| {
        configuration::plugin_config(tree, "jwt-auth")["vm_config"]["environment_variables"] =
            json!({"key_values": {"KEY_SERVER_KEY": "s3cret"}});
    })
}

#[test]
fn a_key_server_is_shown_its_key_and_nobody_else_is() {
    let key = token::es256("a");
    let provider = IdentityProvider::start(keyed(Behaviour::Answer(key_set(&[&key]))));
    let headers = json!([{"name": "X-Api-Key", "value": {"env": "KEY_SERVER_KEY"}}]);
    let gateway = start(in_a_variable(&provider, jwks(headers)));
    let good = ask(&gateway, &key);
    assert_eq!(good.status, 200, "{}", good.text());
    assert!(!good.text().contains("s3cret"), "{}", good.text());
    provider.behave(keyed(Behaviour::Answer("garbage".to_owned())));
    assert_refused(&ask(&gateway, &token::es256("b")), 401, "jwt_auth.key_unknown", "unknown");
    until("a fetch", || {
        let _ = ask(&gateway, &token::es256("c"));
        gateway.stderr().contains("is not a JSON object")
    });
    assert!(!gateway.stderr().contains("s3cret"));
    let other = gateway.request(Request::get("/orders").header("x-api-key", "s3cret"));
    assert_eq!(other.status, 401, "a client's field does nothing here");
    trap::assert_none(&gateway);
}

#[test]
fn without_the_right_key_there_are_no_keys() {
    let key = token::es256("a");
    for headers in [
        json!([{"name": "x-api-key", "value": "other"}]),
        json!([{"name": "x-api-keys", "value": "s3cret"}]),
    ] {
        let provider = IdentityProvider::start(keyed(Behaviour::Answer(key_set(&[&key]))));
        let gateway = start(builder(&provider, jwks(headers.clone())));
        let case = headers.to_string();
        assert_refused(&ask(&gateway, &key), 503, "jwt_auth.keys_unavailable", &case);
        until("a line that says why", || gateway.stderr().contains("status 401"));
        trap::assert_none(&gateway);
    }
}

#[test]
fn a_document_cannot_have_the_key_sent_through_another_cluster() {
    let key = token::es256("a");
    let document = json!({"issuer": ISSUER, "jwks_uri": "https://evil.example/certs"}).to_string();
    let provider = IdentityProvider::start(keyed(Behaviour::Answer(document)));
    let keys = IdentityProvider::start(Behaviour::Answer(key_set(&[&key])));
    let port = keys.address().port();
    let jwks = json!({"cluster": "auth", "jwks_cluster": "keys",
        "headers": [{"name": "x-api-key", "value": "s3cret"}]});
    let gateway = start(
        builder(&provider, jwks).edit(move |tree| configuration::add_cluster(tree, "keys", port)),
    );
    assert_eq!(ask(&gateway, &key).status, 200);
    let heads = keys.take_heads();
    assert!(!heads.is_empty() && heads.iter().all(|head| !head.contains("s3cret")), "{heads:?}");
    trap::assert_none(&gateway);
}

#[test]
fn lists_of_revocations_are_asked_for_in_the_same_way() {
    let key = token::es256("a");
    let provider =
        IdentityProvider::start(keyed(Behaviour::Answer(json!({"revoked": []}).to_string())));
    let configuration = |secret: &str| {
        json!({
            "providers": [{"name": "idp", "issuer": ISSUER, "jwks": {"keys": [key.jwk]}}],
            "revocations": {"cluster": "auth", "path": "/revoked", "timeout": "500ms",
                "headers": [{"name": "x-api-key", "value": secret}]},
        })
    };
    for (secret, status) in [("s3cret", 200), ("other", 503)] {
        let value = configuration(secret);
        let gateway = start(provider.gateway(value));
        assert_eq!(answered(&gateway, &key), status, "{secret}");
        trap::assert_none(&gateway);
    }
}

fn answered(gateway: &gatehouse_sandbox::Gateway, key: &Key) -> u16 {
    ask(gateway, key).status
}
