//! Tokens that come with proofs (DPoP, RFC 9449): right, wrong, and under attack.

use std::sync::LazyLock;

use gatehouse_sandbox::raw::{self, Request};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::dpop::Client;
use crate::harness::token::{self, Key, claims, with};
use crate::harness::{Exchange, Shared, configuration, http2, received, trap};

/// Where the public knows the gateway.
const ORIGIN: &str = "https://api.example";
const URL: &str = "https://api.example/orders";

static KEY: LazyLock<Key> = LazyLock::new(|| token::es256("a"));

static GATEWAY: LazyLock<Shared> = LazyLock::new(|| Shared::kept(builder(json!({}))));

#[test]
fn a_proof_lets_its_token_pass_once() {
    let client = Client::new(1);
    let token = bound_to(&client);
    let proof = client.proof("once", "GET", URL, &token);
    let exchange = GATEWAY.ask(sent(&token, &proof));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    assert_eq!(exchange.noted("jwt_auth"), "jwt_auth.allowed;subject=alice");
    assert_eq!(received(&exchange.response, "x-user"), ["alice"]);
    assert_eq!(received(&exchange.response, "dpop"), [proof.as_str()]);
    refused(
        "the same again",
        &GATEWAY.ask(sent(&token, &proof)),
        "proof_used",
        "invalid_dpop_proof",
    );
    for number in 0..20 {
        let proof = client.proof(&format!("more {number}"), "GET", URL, &token);
        assert_eq!(GATEWAY.ask(sent(&token, &proof)).response.status, 200, "{number}");
    }
    GATEWAY.assert_no_trap();
}

#[test]
fn every_proof_that_is_not_of_this_request_and_token_is_refused() {
    let (client, thief) = (Client::new(2), Client::new(3));
    let token = bound_to(&client);
    let others = bound_to(&thief);
    let now = token::now();
    let good = client.claims("attack", "GET", URL, &token);
    let of = |claims: Value| client.changed(json!({}), claims, &good);
    let headed = |header: Value| client.changed(header, json!({}), &good);
    let private = with(client.jwk(), json!({"d": token::base64url([2; 32])}));
    let (invalid, proof) = ("invalid_token", "invalid_dpop_proof");
    let cases = [
        ("no proof that is one", "x".to_owned(), "proof_invalid", proof),
        ("another method", of(json!({"htm": "POST"})), "proof_invalid", proof),
        ("another path", of(json!({"htu": format!("{ORIGIN}/users")})), "proof_invalid", proof),
        ("another host", of(json!({"htu": "https://evil.example/orders"})), "proof_invalid", proof),
        ("another scheme", of(json!({"htu": "http://api.example/orders"})), "proof_invalid", proof),
        (
            "another port",
            of(json!({"htu": "https://api.example:8443/orders"})),
            "proof_invalid",
            proof,
        ),
        (
            "a path in disguise",
            of(json!({"htu": format!("{ORIGIN}/orders%2F")})),
            "proof_invalid",
            proof,
        ),
        ("too old", of(json!({"iat": now - 600})), "proof_invalid", proof),
        ("of the future", of(json!({"iat": now + 600})), "proof_invalid", proof),
        ("of no time", of(json!({"iat": null})), "proof_invalid", proof),
        ("without a number", of(json!({"jti": null})), "proof_invalid", proof),
        ("without a token's hash", of(json!({"ath": null})), "proof_invalid", proof),
        ("of another token", client.proof("a", "GET", URL, &others), "proof_invalid", proof),
        ("of another type", headed(json!({"typ": "JWT"})), "proof_invalid", proof),
        ("unsigned", headed(json!({"alg": "none"})), "proof_invalid", proof),
        ("signed with a secret", headed(json!({"alg": "HS256"})), "proof_invalid", proof),
        ("with the private key", headed(json!({"jwk": private})), "proof_invalid", proof),
        ("without a key", headed(json!({"jwk": null})), "proof_invalid", proof),
        ("critical", headed(json!({"crit": ["x"], "x": 1})), "proof_invalid", proof),
        ("a flipped bit", token::flipped(&of(json!({"jti": "bit"}))), "proof_invalid", proof),
        (
            "signed by a thief in the owner's name",
            thief.changed(json!({"jwk": client.jwk()}), json!({}), &good),
            "proof_invalid",
            proof,
        ),
        ("a thief's own", thief.proof("b", "GET", URL, &token), "proof_key_mismatch", invalid),
        ("7 KiB of a number", of(json!({"jti": "x".repeat(7_000)})), "proof_invalid", proof),
        ("20 KiB", "a".repeat(20_000), "proof_invalid", proof),
    ];
    for (case, proof, code, error) in cases {
        refused(case, &GATEWAY.ask(sent(&token, &proof)), code, error);
    }
    let twice = sent(&token, &of(json!({"jti": "1"}))).header("dpop", of(json!({"jti": "2"})));
    refused("two proofs", &GATEWAY.ask(twice), "proof_repeated", proof);
    let none = Request::get("/orders").header("authorization", format!("DPoP {token}"));
    refused("no proof", &GATEWAY.ask(none), "proof_missing", proof);
    // After all that the good one passes.
    let exchange = GATEWAY.ask(sent(&token, &of(json!({}))));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    GATEWAY.assert_no_trap();
}

#[test]
fn a_token_that_is_bound_to_a_key_is_no_bearer_s() {
    let client = Client::new(4);
    let (token, unbound) = (bound_to(&client), KEY.sign(&claims("alice")));
    let either = Shared::start(builder(json!({"binding": "any"})));
    let ask = |gateway: &Shared, scheme: &str, token: &str, id: &str| {
        let proof = client.proof(id, "GET", URL, token);
        gateway.ask(
            Request::get("/orders")
                .header("authorization", format!("{scheme} {token}"))
                .header("dpop", proof),
        )
    };
    let asked = ask(&GATEWAY, "Bearer", &token, "b1");
    asked.assert_refused("as a bearer's", 401, "jwt_auth.token_missing");
    let challenge = asked.response.header_text("www-authenticate").unwrap_or_default();
    assert_eq!(challenge, r#"DPoP realm="gatehouse", algs="ES256 ES384 RS256 EdDSA""#);
    let downgraded = ask(&either, "Bearer", &token, "b2");
    downgraded.assert_refused("with its proof, as a bearer's", 401, "jwt_auth.scheme_mismatch");
    assert_eq!(ask(&either, "dpop", &token, "b3").response.status, 200);
    for (scheme, id) in [("Bearer", "b4"), ("DPoP", "b5")] {
        let exchange = ask(&either, scheme, &unbound, id);
        exchange.assert_refused("of any bearer", 401, "jwt_auth.binding_missing");
    }
    either.assert_no_trap();
}

#[test]
fn of_a_hundred_replays_over_four_workers_one_passes() {
    let gateway =
        builder(json!({})).concurrency(4).start().unwrap_or_else(|fault| panic!("{fault}"));
    let client = Client::new(5);
    let token = bound_to(&client);
    for round in 0..5 {
        let proof = client.proof(&format!("replay {round}"), "GET", URL, &token);
        let request = sent(&token, &proof);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let sending: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        (0..5)
                            .map(|_| {
                                raw::send(gateway.address(), &request).expect("an answer").status
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            sending.into_iter().flat_map(|thread| thread.join().expect("it sent")).collect()
        });
        let passed = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!((passed, statuses.len()), (1, 100), "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 401)), "{statuses:?}");
    }
    trap::assert_none(&gateway);
}

#[test]
fn a_table_that_is_too_small_never_lets_a_proof_pass_twice() {
    let gateway = Shared::start(builder(json!({"dpop": {"proofs": 16}})));
    let client = Client::new(6);
    let token = bound_to(&client);
    let proofs: Vec<String> = (0..100)
        .map(|number| client.proof(&format!("flood {number}"), "GET", URL, &token))
        .collect();
    let passed: Vec<bool> = proofs
        .iter()
        .map(|proof| gateway.ask(sent(&token, proof)).response.status == 200)
        .collect();
    assert!(passed.iter().filter(|passed| **passed).count() >= 16, "{passed:?}");
    for (proof, _) in proofs.iter().zip(&passed).filter(|(_, passed)| **passed) {
        refused("again", &gateway.ask(sent(&token, proof)), "proof_used", "invalid_dpop_proof");
    }
    gateway.assert_no_trap();
}

#[test]
fn a_nonce_is_asked_for_and_given() {
    let gateway = Shared::start(builder(json!({"dpop": {"nonce_lifetime": "5m"}})));
    let client = Client::new(7);
    let token = bound_to(&client);
    let base = client.claims("nonce", "GET", URL, &token);
    let exchange = gateway.ask(sent(&token, &client.changed(json!({}), json!({}), &base)));
    refused("no nonce", &exchange, "nonce_needed", "use_dpop_nonce");
    let field = |name: &str| exchange.response.header_text(name).unwrap_or_default();
    assert_eq!(field("cache-control"), "no-store");
    let nonce = field("dpop-nonce");
    let with_nonce = |nonce: &str| client.changed(json!({}), json!({"nonce": nonce}), &base);
    assert_eq!(gateway.ask(sent(&token, &with_nonce(&nonce))).response.status, 200);
    let again = gateway.ask(sent(&token, &with_nonce(&nonce)));
    refused("the same again", &again, "proof_used", "invalid_dpop_proof");
    let made_up = gateway.ask(sent(&token, &with_nonce("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
    refused("made up", &made_up, "nonce_needed", "use_dpop_nonce");
    gateway.assert_no_trap();
}

/// As the README has it: Envoy makes fields of what the filter leaves.
#[test]
fn the_next_nonce_comes_with_an_answer() {
    let gateway = Shared::start(builder(json!({"dpop": {"nonce_lifetime": "20s"}})).edit(|tree| {
        let field = |name: &str, state: &str, action: &str| {
            let value = format!("%FILTER_STATE(wasm.gatehouse.{state}:PLAIN)%");
            json!({"append": {"header": {"key": name, "value": value}, "append_action": action}})
        };
        let mutations = [
            field("dpop-nonce", "dpop_nonce", "ADD_IF_ABSENT"),
            field("cache-control", "dpop_cache_control", "OVERWRITE_IF_EXISTS_OR_ADD"),
        ];
        let filter = json!({"name": "dpop-nonce", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"response_mutations": mutations}}});
        let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
        let filters = tree.pointer_mut(&format!("{manager}/http_filters"));
        filters.and_then(Value::as_array_mut).expect("a list of filters").insert(0, filter);
    }));
    let client = Client::new(7);
    let token = bound_to(&client);
    let base = client.claims("next", "GET", URL, &token);
    let mut number = 0_u32;
    let mut ask = |nonce: &str| {
        number += 1;
        let own = json!({"nonce": nonce, "jti": format!("next {number}")});
        gateway.ask(sent(&token, &client.changed(json!({}), own, &base)))
    };
    let field =
        |exchange: &Exchange, name: &str| exchange.response.header_text(name).unwrap_or_default();
    let mut nonce = String::new();
    // On a slow machine a nonce may be over before an answer has told the next one.
    for _ in 0..200 {
        let exchange = ask(&nonce);
        let told = field(&exchange, "dpop-nonce");
        if exchange.response.status == 401 {
            refused("no nonce, or an old one", &exchange, "nonce_needed", "use_dpop_nonce");
            assert_eq!(exchange.response.header_all("dpop-nonce").len(), 1, "one nonce");
            nonce = told;
        } else if told.is_empty() {
            assert_ne!(field(&exchange, "cache-control"), "no-store", "a fresh one tells nothing");
            std::thread::sleep(std::time::Duration::from_millis(500));
        } else {
            assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
            assert_eq!(field(&exchange, "cache-control"), "no-store");
            assert_ne!(told, nonce, "the next one");
            let next = ask(&told);
            assert_eq!(next.response.status, 200, "{}", next.response.text());
            // A stranger, whose proof is none, is told of no nonce but where one is asked for.
            let forged = token::flipped(&client.changed(json!({}), json!({"nonce": told}), &base));
            let forged = gateway.ask(sent(&token, &forged));
            refused("a forged proof", &forged, "proof_invalid", "invalid_dpop_proof");
            assert_eq!(field(&forged, "dpop-nonce"), "");
            return gateway.assert_no_trap();
        }
    }
    panic!("no answer has told the next nonce");
}

#[test]
fn proofs_of_every_kind_of_key_are_verified_and_those_not_named_are_refused() {
    // Another library's proof, signed with Ed25519.
    let pair = ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([9; 32]));
    let x = token::base64url(&pair.pk[..]);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let thumbprint = {
        use rsa::sha2::{Digest as _, Sha256};
        token::base64url(Sha256::digest(canonical))
    };
    let token = KEY.sign(&with(claims("alice"), json!({"cnf": {"jkt": thumbprint}})));
    let header = json!({"typ": "dpop+jwt", "alg": "EdDSA",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}});
    let claims = Client::new(1).claims("ed", "GET", URL, &token);
    let text = format!(
        "{}.{}",
        token::base64url(header.to_string()),
        token::base64url(claims.to_string())
    );
    let proof = format!("{text}.{}", token::base64url(&pair.sk.sign(&text, None)[..]));
    let exchange = GATEWAY.ask(sent(&token, &proof));
    assert_eq!(exchange.response.status, 200, "{}", exchange.response.text());
    let narrow = Shared::start(builder(json!({"dpop": {"algorithms": ["ES256"]}})));
    let exchange = narrow.ask(sent(&token, &proof));
    refused("not among algs", &exchange, "proof_invalid", "invalid_dpop_proof");
    let challenge = exchange.response.header_text("www-authenticate").unwrap_or_default();
    assert!(challenge.contains(r#"algs="ES256""#), "{challenge}");
}

#[test]
fn a_client_over_http_2_has_its_proof_for_the_same_url() {
    let gateway = builder(json!({})).start().unwrap_or_else(|fault| panic!("{fault}"));
    let client = Client::new(8);
    let token = bound_to(&client);
    let post = |id: &str| {
        let proof = client.proof(id, "POST", URL, &token);
        let request = http2::get("/orders?page=2")
            .method("POST")
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", proof);
        http2::send(gateway.address(), request.body(()).expect("a request")).status
    };
    assert_eq!([post("h2"), post("h2"), post("h2 more")], [200, 401, 200]);
    trap::assert_none(&gateway);
}

#[test]
fn hostile_bytes_in_a_proof_do_not_trap_it() {
    let client = Client::new(10);
    let token = bound_to(&client);
    let good = client.proof("hostile", "GET", URL, &token);
    for (case, value) in [
        ("not UTF-8", b"\xff\xfe.\x80.\xff".to_vec()),
        ("a good one with a byte that is not", [good.as_bytes(), b"\xff"].concat()),
        ("dots", vec![b'.'; 60 * 1024]),
        ("a tab", b"a\tb.c.d".to_vec()),
        ("commas", b",,,".to_vec()),
        ("two in a field", format!("{good}, {good}").into_bytes()),
    ] {
        let request = Request::get("/orders").header("authorization", format!("DPoP {token}"));
        let exchange = GATEWAY.ask(request.header("dpop", value));
        refused(case, &exchange, "proof_invalid", "invalid_dpop_proof");
    }
    assert_eq!(GATEWAY.ask(sent(&token, &good)).response.status, 200);
    GATEWAY.assert_no_trap();
}

#[test]
fn the_upstream_gets_no_proof_where_it_gets_no_token() {
    let gateway = Shared::start(builder(json!({"forward_token": false})));
    let client = Client::new(11);
    let token = bound_to(&client);
    let exchange = gateway.ask(sent(&token, &client.proof("f", "GET", URL, &token)));
    assert_eq!(exchange.response.status, 200);
    assert_eq!(received(&exchange.response, "dpop"), [""; 0]);
    assert_eq!(received(&exchange.response, "authorization"), [""; 0]);
}

/// `envoy/jwt-auth.yaml` with tokens that come with proofs; `binding` is the provider's, `dpop` is
/// merged into that of the filter, and the rest is the filter's.
fn builder(mut changes: Value) -> Builder {
    let mut take = |name: &str| changes.as_object_mut().and_then(|all| all.remove(name));
    let binding = take("binding").unwrap_or_else(|| json!("dpop"));
    let dpop = with(json!({"origins": [ORIGIN]}), take("dpop").unwrap_or_else(|| json!({})));
    let value = with(
        json!({
            "providers": [
                {"name": "demo", "issuer": gatehouse_demo::ISSUER, "jwks": {"keys": [KEY.jwk]},
                 "binding": binding, "claims_to_headers": [{"claim": "sub", "header": "x-user"}]},
            ],
            "dpop": dpop,
        }),
        changes,
    );
    Gateway::builder("envoy/jwt-auth.yaml")
        .edit(move |tree| configuration::set(tree, "jwt-auth", value))
}

/// A token of Alice's that is bound to this client's key.
fn bound_to(client: &Client) -> String {
    KEY.sign(&with(claims("alice"), json!({"cnf": client.confirmation()})))
}

fn sent(token: &str, proof: &str) -> Request {
    Request::get("/orders").header("authorization", format!("DPoP {token}")).header("dpop", proof)
}

#[track_caller]
fn refused(case: &str, exchange: &Exchange, code: &str, error: &str) {
    exchange.assert_refused(case, 401, &format!("jwt_auth.{code}"));
    let challenge = exchange.response.header_text("www-authenticate").unwrap_or_default();
    let start = format!(r#"DPoP realm="gatehouse", error="{error}", error_description=""#);
    assert!(challenge.starts_with(&start), "{case}: {challenge}");
}
