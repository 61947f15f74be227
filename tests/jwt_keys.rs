//! `jwt-auth` with keys elsewhere and in other forms, on `envoy/jwt-auth-remote.yaml`.

mod certificates;
mod elsewhere;
mod refresh;
mod sent;

use gatehouse_sandbox::raw::{Request, Response};
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::configuration;
use crate::harness::identity_provider::IdentityProvider;
use crate::harness::token::{Key, bearer, claims, with};

const CONFIG: &str = "envoy/jwt-auth-remote.yaml";
const ISSUER: &str = "https://idp.example:8443/tenant";

/// The shipped config with this provider, which has these keys.
fn builder(provider: &IdentityProvider, jwks: Value) -> Builder {
    let value = json!({"providers": [{"name": "idp", "issuer": ISSUER, "jwks": jwks}]});
    Gateway::builder(CONFIG)
        .upstream("auth:8000", provider.address())
        .edit(move |tree| configuration::set(tree, "jwt-auth", value))
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

fn ask(gateway: &Gateway, key: &Key) -> Response {
    let token = key.sign(&with(claims("alice"), json!({"iss": ISSUER})));
    gateway.request(Request::get("/orders").header("authorization", bearer(&token)))
}

#[track_caller]
fn assert_refused(response: &Response, status: u16, code: &str, case: &str) {
    assert_eq!(response.status, status, "{case}: {}", response.text());
    assert!(response.text().contains(code), "{case}: {}", response.text());
}
