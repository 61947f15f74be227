//! Documents of issuers that are elsewhere than below the issuer.

use serde_json::{Value, json};

use super::{ISSUER, ask, assert_refused, builder, start};
use crate::harness::identity_provider::{Behaviour, IdentityProvider, key_set};
use crate::harness::token::{self, Key, with};
use crate::harness::{trap, until};

const OAUTH: &str = "/.well-known/oauth-authorization-server/tenant";
const OWN: &str = "/internal/openid.json?v=2";

fn site(path: &'static str, document: &Value, key: &Key) -> Behaviour {
    Behaviour::Site(vec![
        (path, Behaviour::Answer(document.to_string())),
        ("/certs", Behaviour::Answer(key_set(&[key]))),
    ])
}

fn document() -> Value {
    json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/certs"})
}

#[test]
fn a_document_is_asked_for_where_it_is_said_to_be() {
    for (jwks, path, host) in [
        (json!({"cluster": "auth", "discovery": "oauth"}), OAUTH, "idp.example:8443"),
        (json!({"cluster": "auth", "discovery_path": OWN}), OWN, "idp.example:8443"),
        (
            json!({"cluster": "auth", "discovery_path": OWN, "authority": "idp.internal"}),
            OWN,
            "idp.internal",
        ),
    ] {
        let key = token::es256("a");
        let provider = IdentityProvider::start(site(path, &document(), &key));
        let gateway = start(builder(&provider, jwks));
        let good = ask(&gateway, &key);
        assert_eq!(good.status, 200, "{path}: {}", good.text());
        let heads = provider.take_heads();
        assert!(heads[0].starts_with(&format!("get {path} ")), "{heads:?}");
        assert!(heads[0].contains(&format!("host: {host}\r\n")), "{heads:?}");
        assert!(heads[1].starts_with("get /certs "), "{heads:?}");
        let other = ask(&gateway, &token::es256("a"));
        assert_refused(&other, 401, "jwt_auth.signature_invalid", path);
        trap::assert_none(&gateway);
    }
}

#[test]
fn the_document_of_another_issuer_is_believed_at_neither_place() {
    for (jwks, path) in [
        (json!({"cluster": "auth", "discovery": "oauth"}), OAUTH),
        (json!({"cluster": "auth", "discovery_path": OWN}), OWN),
    ] {
        for issuer in [
            json!("https://idp.example:8443"),
            json!("https://idp.example:8443/tenant/"),
            json!("https://evil.example/tenant"),
            json!([ISSUER]),
            Value::Null,
        ] {
            let key = token::es256("a");
            let hostile = with(document(), json!({"issuer": issuer}));
            let provider = IdentityProvider::start(site(path, &hostile, &key));
            let changes = json!({"timeout": "300ms", "retry": "1s"});
            let gateway = start(builder(&provider, with(jwks.clone(), changes)));
            let case = format!("{path} {issuer}");
            assert_refused(&ask(&gateway, &key), 503, "jwt_auth.keys_unavailable", &case);
            assert!(provider.take_heads().iter().all(|head| !head.starts_with("get /certs")));
            provider.behave(site(path, &document(), &key));
            until(&case, || ask(&gateway, &key).status == 200);
            trap::assert_none(&gateway);
        }
    }
}
