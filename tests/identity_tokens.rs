//! A list of tokens, most of them not quite right, and what is to become of each: sent to
//! `jwt-auth`, and to Envoy's own `jwt_authn` with the same keys, in one Envoy.
//!
//! Of ours every answer is asserted. What `jwt_authn` decides otherwise is printed:
//! `cargo test -p gatehouse-e2e identity_tokens -- --nocapture`.
#![expect(
    clippy::string_slice,
    reason = "tokens and their claims are ASCII; a test that panics is a test that fails"
)]

mod algorithms;
mod base64;
mod claims;
mod confusion;
mod ecdsa;
mod ed25519;
mod header;
mod json;
mod key_name;
mod lifetime;
mod rsa;
mod scheme;
mod signed_text;
mod signer;
mod structure;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use gatehouse_sandbox::raw::{self, Request};
use gatehouse_sandbox::{Builder, Gateway, workspace};
use serde_json::{Value, json};

use crate::harness::token::bearer;
use crate::harness::{configuration, trap};
use signer::AUDIENCE;

/// One of the list.
struct Case {
    /// What is sent, in words.
    name: String,
    request: Request,
    /// The code of the answer: `allowed`, or why not.
    want: &'static str,
    /// The RFCs leave the answer to whoever verifies: it says nothing about another filter.
    is_open: bool,
}

impl Case {
    /// A token, sent as it should be.
    fn new(name: impl Into<String>, token: impl AsRef<str>, want: &'static str) -> Self {
        Self::sent(name, [bearer(token.as_ref())], want)
    }

    /// Fields `authorization` with these values.
    fn sent<V: AsRef<[u8]>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        want: &'static str,
    ) -> Self {
        let request = values
            .into_iter()
            .fold(Request::get("/"), |request, value| request.header("authorization", value));
        Self::asked(name, request, want)
    }

    /// A request.
    fn asked(name: impl Into<String>, request: Request, want: &'static str) -> Self {
        Self { name: name.into(), request, want, is_open: false }
    }

    /// The same, where the RFCs do not say what is right.
    fn open(mut self) -> Self {
        self.is_open = true;
        self
    }
}

/// The whole list.
fn cases() -> Vec<Case> {
    [
        algorithms::cases(),
        header::cases(),
        key_name::cases(),
        confusion::cases(),
        structure::cases(),
        base64::cases(),
        json::cases(),
        signed_text::cases(),
        ecdsa::cases(),
        ed25519::cases(),
        rsa::cases(),
        lifetime::cases(),
        claims::cases(),
        scheme::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

#[test]
fn every_token_of_the_list_is_decided_as_the_rfcs_ask() {
    let names: BTreeSet<&str> = CASES.iter().map(|case| &*case.name).collect();
    assert_eq!(names.len(), CASES.len(), "two cases of one name");

    let gateway = start(builder().edit(add_native));
    let native = gateway.listener("native").expect("the second listener");
    let mut misses = Vec::new();
    for case in CASES.iter() {
        let response = raw::send(native, &case.request)
            .unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        if (response.status == 200) != (case.want == "allowed") {
            misses.push((case, response));
        }
    }
    let decided = CASES.iter().filter(|case| !case.is_open).count();
    let missed = misses.iter().filter(|(case, _)| !case.is_open).count();
    let right = decided - missed;
    println!(
        "{} tokens; of the {decided} that the RFCs decide, jwt_authn decides {right} so",
        CASES.len()
    );
    for (case, response) in misses {
        let verdict = if response.status == 200 { "lets pass".to_owned() } else { response.text() };
        println!(
            "jwt_authn: {}: {verdict}{}",
            case.name,
            if case.is_open { " (open)" } else { "" }
        );
    }
    assert_decided(&gateway);

    let readme = std::fs::read_to_string(workspace::root().join("filters/jwt-auth/README.md"));
    let readme = readme.expect("jwt-auth has a README");
    for told in [format!("send {} tokens", CASES.len()), format!("Of the {decided} whose")] {
        assert!(readme.contains(&told), "the README of jwt-auth does not say: {told}");
    }
}

#[test]
fn without_envoy_s_help_every_answer_is_the_same() {
    let alone = |tree: &mut Value| {
        configuration::forbid(tree, &["proxy_call_foreign_function"]);
    };
    assert_decided(&start(builder().edit(alone)));
}

/// Sends the whole list to `jwt-auth`.
#[track_caller]
fn assert_decided(gateway: &Gateway) {
    let mut wrong = Vec::new();
    for case in CASES.iter() {
        let status = match case.want {
            "allowed" => 200,
            // RFC 6750 section 3.1: the request is malformed, rather than the token.
            "token_repeated" => 400,
            _ => 401,
        };
        // The second time, what was good is remembered.
        for time in ["", ", again"] {
            let response = gateway.request(case.request.clone());
            let problem: Value = serde_json::from_str(&response.text()).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or(if response.status == 200 {
                "allowed"
            } else {
                ""
            });
            let code = code.trim_start_matches("jwt_auth.");
            if (response.status, code) != (status, case.want) {
                let (name, want) = (&case.name, case.want);
                wrong.push(format!(
                    "{name}{time}: wanted {status} {want}, got {} {code}",
                    response.status
                ));
            }
        }
    }
    trap::assert_none(gateway);
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len() * 2, wrong.join("\n"));
}

fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

fn builder() -> Builder {
    Gateway::builder("envoy/jwt-auth.yaml")
        .edit(|tree| configuration::set(tree, "jwt-auth", ours()))
}

/// `jwt-auth` with the list's issuers.
fn ours() -> Value {
    let providers: Vec<Value> = signer::providers()
        .into_iter()
        .map(|(name, issuer, keys)| {
            json!({"name": name, "issuer": issuer, "audiences": [AUDIENCE], "jwks": {"keys": keys}})
        })
        .collect();
    // The list is of what a token proves, whatever that costs.
    let verification = json!({"without_alg": ["PS256", "PS384", "PS512", "EdDSA", "Ed25519", "HS256",
        "HS384", "HS512"], "per_second": "1s"});
    json!({"providers": providers, "verification": verification})
}

/// A second listener, with `jwt_authn` in place of `jwt-auth` and otherwise like the first.
fn add_native(tree: &mut Value) {
    let names: Vec<Value> =
        signer::providers().iter().map(|(name, ..)| json!({"provider_name": name})).collect();
    let providers: serde_json::Map<String, Value> = signer::providers()
        .into_iter()
        .map(|(name, issuer, keys)| {
            let keys = json!({"inline_string": json!({"keys": keys}).to_string()});
            let place = json!([{"name": "authorization", "value_prefix": "Bearer "}]);
            let provider = json!({"issuer": issuer, "audiences": [AUDIENCE], "local_jwks": keys,
                "from_headers": place, "forward": true, "require_expiration": true});
            (name.to_owned(), provider)
        })
        .collect();
    let rules =
        json!([{"match": {"prefix": "/"}, "requires": {"requires_any": {"requirements": names}}}]);
    let filter = json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": providers,
            "rules": rules,
        },
    });
    let listeners = tree.pointer_mut("/static_resources/listeners").and_then(Value::as_array_mut);
    let listeners = listeners.expect("the config has listeners");
    let mut listener = listeners[0].clone();
    listener["name"] = json!("native");
    let manager =
        listener.pointer_mut("/filter_chains/0/filters/0/typed_config").expect("a manager");
    manager["http_filters"][0] = filter;
    // Its lines would be among those of the first.
    manager.as_object_mut().expect("a mapping").remove("access_log");
    listeners.push(listener);
}
