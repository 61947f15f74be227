//! `jwt-auth` with keys elsewhere and in other forms, on `envoy/jwt-auth-remote.yaml`.

mod certificates;
mod elsewhere;
mod refresh;
mod sent;

use gatehouse_sandbox::raw::Response;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use crate::harness::identity_provider::{self, IdentityProvider};
use crate::harness::start;
use crate::harness::token::Key;

const ISSUER: &str = "https://idp.example:8443/tenant";

/// The shipped config with this provider, which has these keys.
fn builder(provider: &IdentityProvider, jwks: Value) -> Builder {
    let value = json!({"providers": [{"name": "idp", "issuer": ISSUER, "jwks": jwks}]});
    provider.gateway(value)
}

fn ask(gateway: &Gateway, key: &Key) -> Response {
    identity_provider::ask(gateway, key, ISSUER)
}

#[track_caller]
fn assert_refused(response: &Response, status: u16, code: &str, case: &str) {
    assert_eq!(response.status, status, "{case}: {}", response.text());
    assert!(response.text().contains(code), "{case}: {}", response.text());
}
