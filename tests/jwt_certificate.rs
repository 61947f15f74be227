//! Tokens that are bound to a client's certificate (RFC 8705), over real TLS.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use crate::harness::mutual_tls::{self, Client};
use crate::harness::token::{self, bearer, claims, with};
use crate::harness::{Shared, configuration, received};

#[test]
fn a_token_is_good_on_connections_with_its_certificate_only() {
    let key = token::es256("a");
    for binding in ["certificate", "any"] {
        let mut value = json!({"providers": [
            {"name": "demo", "issuer": gatehouse_demo::ISSUER, "jwks": {"keys": [key.jwk]},
             "binding": binding, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]},
        ]});
        if binding == "any" {
            value["dpop"] = json!({"origins": ["https://api.example"]});
        }
        let gateway = Shared::start(
            mutual_tls::builder().edit(move |tree| configuration::set(tree, "jwt-auth", value)),
        );
        let sent = |client: Client, cnf: Value| {
            let token = key.sign(&with(claims("alice"), json!({"cnf": cnf})));
            client.send(Request::get("/orders").header("authorization", bearer(&token)))
        };
        let (alice, bob) = (Client::Alice.confirmation(), Client::Bob.confirmation());
        for (case, client, cnf, code) in [
            ("its own, which is validated", Client::Alice, &alice, None),
            // RFC 8705 section 6.2: whoever issued it.
            ("its own, which is not", Client::Bob, &bob, None),
            ("remembered", Client::Alice, &alice, None),
            ("another's", Client::Bob, &alice, Some("certificate_mismatch")),
            ("another's, which is validated", Client::Alice, &bob, Some("certificate_mismatch")),
            ("none", Client::Nobody, &alice, Some("certificate_missing")),
            ("a token of any bearer", Client::Alice, &Value::Null, Some("binding_missing")),
            ("nothing that is known", Client::Alice, &json!({"kid": "x"}), Some("binding_missing")),
        ] {
            // A connection of its own for each, and one that is used again.
            for _ in 0..2 {
                let exchange = gateway.ask(sent(client, cnf.clone()));
                match code {
                    None => {
                        assert_eq!(exchange.response.status, 200, "{binding}, {case}");
                        assert_eq!(received(&exchange.response, "x-user"), ["alice"]);
                    }
                    Some(code) => {
                        exchange.assert_refused(case, 401, &format!("jwt_auth.{code}"));
                        let challenge = exchange.response.header_text("www-authenticate");
                        let challenge = challenge.unwrap_or_default();
                        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
                    }
                }
            }
        }
        // What a client writes into fields of its own is no certificate.
        let digest = r#"Hash=AA;Cert="-----BEGIN";Subject="CN=alice";URI="#;
        let spoofed = sent(Client::Nobody, alice.clone())
            .header("x-forwarded-client-cert", digest)
            .header("ssl-client-cert", "x");
        gateway.ask(spoofed).assert_refused("said", 401, "jwt_auth.certificate_missing");
        gateway.assert_no_trap();
    }
}

#[test]
fn a_bound_token_is_refused_where_nobody_asks_for_certificates() {
    let key = token::es256("a");
    let jwk = key.jwk.clone();
    let start = |binding: Option<&str>| {
        let mut provider =
            json!({"name": "demo", "issuer": gatehouse_demo::ISSUER, "jwks": {"keys": [jwk]}});
        if let Some(binding) = binding {
            provider["binding"] = json!(binding);
        }
        let value = json!({"providers": [provider]});
        Shared::start(
            gatehouse_sandbox::Gateway::builder("envoy/jwt-auth.yaml")
                .edit(move |tree| configuration::set(tree, "jwt-auth", value)),
        )
    };
    let cnf = json!({"cnf": Client::Alice.confirmation()});
    let token = key.sign(&with(claims("alice"), cnf));
    let request = || Request::get("/orders").header("authorization", bearer(&token));
    for (binding, code) in [
        (None, Some("binding_unchecked")),
        (Some("ignore"), None),
        // On a connection without TLS there is no certificate.
        (Some("certificate"), Some("certificate_missing")),
    ] {
        let exchange = start(binding).ask(request());
        match code {
            None => assert_eq!(exchange.response.status, 200, "{binding:?}"),
            Some(code) => exchange.assert_refused("bound", 401, &format!("jwt_auth.{code}")),
        }
    }
}
