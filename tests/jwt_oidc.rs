//! `jwt-auth`, on `envoy/jwt-auth-remote.yaml`, with nothing said of the keys but the cluster: the
//! issuer's document tells where they are (OpenID Connect Discovery 1.0).

use gatehouse_sandbox::raw::Response;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{self, Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key, with};
use crate::harness::{configuration, start, trap, until};

#[test]
fn an_issuer_and_a_cluster_are_enough() {
    let key = token::es256("a");
    let provider = IdentityProvider::start(site(&document(), &[&key]));
    // Several workers: one of them does both parts of the fetch.
    let gateway =
        start(builder(&provider, json!({"cluster": "auth", "refresh": "1h"})).concurrency(4));
    assert_eq!(ask(&gateway, &key).status, 200);
    let asked: Vec<_> = provider.take_heads().iter().map(|head| line_and_host(head)).collect();
    assert_eq!(
        asked,
        [
            ["get /tenant/.well-known/openid-configuration http/1.1", "host: idp.example:8443"],
            ["get /certs?use=sig http/1.1", "host: keys.example"],
        ]
    );
    let other = token::es256("a");
    assert_eq!(ask(&gateway, &other).status, 401);
    trap::assert_none(&gateway);
}

#[test]
fn keys_can_come_through_another_cluster_and_rotate_there() {
    let (old, new) = (token::es256("old"), token::es256("new"));
    let idp = IdentityProvider::start(Behaviour::Site(vec![(
        DOCUMENT,
        Behaviour::Answer(document().to_string()),
    )]));
    let keys =
        IdentityProvider::start(Behaviour::Site(vec![(KEYS, Behaviour::Answer(key_set(&[&old])))]));
    let port = keys.address().port();
    let jwks = json!({"cluster": "auth", "jwks_cluster": "keys", "refresh": "1s", "retry": "1s"});
    let gateway =
        start(builder(&idp, jwks).edit(move |tree| configuration::add_cluster(tree, "keys", port)));
    assert_eq!(ask(&gateway, &old).status, 200);
    assert!(keys.take_heads().iter().all(|head| head.starts_with("get /certs?use=sig ")));
    keys.behave(Behaviour::Site(vec![(KEYS, Behaviour::Answer(key_set(&[&old, &new])))]));
    until("the new key", || ask(&gateway, &new).status == 200);
    assert_eq!(ask(&gateway, &old).status, 200);
    trap::assert_none(&gateway);
}

#[test]
fn a_document_that_is_not_the_issuer_s_own_leads_nowhere_and_takes_no_keys_away() {
    let (key, new) = (token::es256("a"), token::es256("b"));
    let changed = |changes: Value| with(document(), changes).to_string();
    for (case, document) in [
        ("another issuer", Behaviour::Answer(changed(json!({"issuer": "https://evil.example"})))),
        (
            "the issuer with a slash",
            Behaviour::Answer(changed(json!({"issuer": format!("{ISSUER}/")}))),
        ),
        ("no place of keys", Behaviour::Answer(changed(json!({"jwks_uri": null})))),
        ("no URL", Behaviour::Answer(changed(json!({"jwks_uri": KEYS})))),
        (
            "another scheme",
            Behaviour::Answer(changed(json!({"jwks_uri": "ftp://keys.example/certs?use=sig"}))),
        ),
        ("garbage", Behaviour::Answer("<html>".to_owned())),
        ("10 MB", Behaviour::Answer(" ".repeat(10_000_000))),
        ("not found", Behaviour::Refuse(404, self::document().to_string())),
        ("silent", Behaviour::Silent),
        ("hangs up", Behaviour::HangUp),
    ] {
        let bad = |keys: &[&Key]| {
            Behaviour::Site(vec![
                (DOCUMENT, document.clone()),
                (KEYS, Behaviour::Answer(key_set(keys))),
            ])
        };
        let provider = IdentityProvider::start(bad(&[&key]));
        let jwks = json!({"cluster": "auth", "refresh": "1s", "retry": "1s", "timeout": "300ms"});
        let gateway = start(builder(&provider, jwks));
        let refused = ask(&gateway, &key);
        assert_eq!(refused.status, 503, "{case}: {}", refused.text());
        assert!(refused.text().contains("jwt_auth.keys_unavailable"), "{case}: {}", refused.text());
        provider.behave(site(&self::document(), &[&key]));
        until(case, || ask(&gateway, &key).status == 200);
        // From here on no new key is to be had, and the old one stays.
        provider.take_heads();
        provider.behave(bad(&[&key, &new]));
        let asked = || provider.take_heads().iter().any(|head| head.contains(DOCUMENT));
        until(case, || asked() || matches!(document, Behaviour::HangUp));
        // Nobody can say that there is no such key, once a fetch has come to nothing.
        until(case, || {
            let refused = ask(&gateway, &new);
            assert!(matches!(refused.status, 401 | 503), "{case}: {}", refused.text());
            refused.status == 503
        });
        assert_eq!(ask(&gateway, &key).status, 200, "{case}");
        trap::assert_none(&gateway);
    }
}

const ISSUER: &str = "https://idp.example:8443/tenant";
const DOCUMENT: &str = "/tenant/.well-known/openid-configuration";
const KEYS: &str = "/certs?use=sig";

fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "jwks_uri": format!("https://keys.example{KEYS}"),
        "response_types_supported": ["code"],
    })
}

fn site(document: &Value, keys: &[&Key]) -> Behaviour {
    Behaviour::Site(vec![
        (DOCUMENT, Behaviour::Answer(document.to_string())),
        (KEYS, Behaviour::Answer(key_set(keys))),
    ])
}

/// The shipped config with this provider.
fn builder(provider: &IdentityProvider, jwks: Value) -> Builder {
    let value = json!({"providers": [{"name": "oidc", "issuer": ISSUER, "jwks": jwks}]});
    provider.gateway(value)
}

fn ask(gateway: &Gateway, key: &Key) -> Response {
    identity_provider::ask(gateway, key, ISSUER)
}

/// Of a request's head.
fn line_and_host(head: &str) -> [String; 2] {
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    [line, lines.find(|line| line.starts_with("host:")).unwrap_or_default().to_owned()]
}
