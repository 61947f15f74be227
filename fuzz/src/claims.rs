use crate::{NOW, filter};
use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use gatehouse_filter::{Codes, Step};
use gatehouse_filter_test::{FakeHost, Outcome, ask};
use gatehouse_jwt_auth::JwtAuth;
use serde_json::{Map, Value};

/// Header and payload of a token, separated by a zero byte, which an issuer signs as they are. What
/// this filter hands on of them is what another reader of JSON finds in them, and the same when the
/// token is remembered.
pub fn claims(data: &[u8]) {
    thread_local! {
        static FILTER: JwtAuth = filter(CONFIGURATION);
    }
    let zero = data.iter().position(|byte| *byte == 0);
    let (header, payload) = zero.map_or((HEADER, data), |zero| (&data[..zero], &data[zero + 1..]));
    let token = signed(header, payload);
    FILTER.with(|filter| {
        let host = FakeHost::at(NOW);
        let ask = || {
            ask(
                filter,
                &host,
                &[("authorization", format!("Bearer {token}")), ("x-sub", "root".to_owned())],
            )
        };
        let first = ask();
        check(&first, payload);
        let again = ask();
        assert_eq!(first.decision.code.name(), again.decision.code.name());
        check(&again, payload);
    });
}

fn check(outcome: &Outcome<JwtAuth>, payload: &[u8]) {
    if outcome.decision.step != Step::Continue {
        assert!(outcome.decision.caller.is_none(), "whoever is refused is nobody");
        return;
    }
    let identity = outcome.identity().expect("whoever passes is known");
    let claims: Map<String, Value> =
        serde_json::from_slice(payload).expect("serde_json reads it, too");
    assert_eq!(identity.claims, claims);
    assert_eq!(identity.issuer.as_deref(), Some("issuer"));
    assert_eq!(identity.subject.as_deref(), claims.get("sub").and_then(Value::as_str));
    let consumer = claims.get("azp").and_then(Value::as_str).filter(|name| !name.is_empty());
    assert_eq!(identity.consumer.as_deref(), consumer);
    let expires = claims.get("exp").and_then(Value::as_f64).expect("exp is required");
    assert!(expires > NOW as f64 - 60.0, "{expires}");
    let sub: Vec<&[u8]> = identity.subject.iter().map(String::as_bytes).collect();
    assert_eq!(outcome.headers.values("x-sub").collect::<Vec<_>>(), sub, "nobody else's word");
    assert_eq!(outcome.headers.values("authorization").count(), 0, "forward_token: false");
}

fn signed(header: &[u8], payload: &[u8]) -> String {
    let base64 = |bytes: &[u8]| Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap();
    let text = format!("{}.{}", base64(header), base64(payload));
    let mac = hmac_sha256::HMAC::mac(text.as_bytes(), SECRET);
    format!("{text}.{}", base64(&mac))
}

const HEADER: &[u8] = br#"{"alg":"HS256"}"#;

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

const CONFIGURATION: &str = r#"{
    "forward_token": false,
    "providers": [{
        "name": "main",
        "issuer": "issuer",
        "jwks": {"keys": [{"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]},
        "required_claims": [{"claim": "level", "type": "number"}],
        "identity": {"consumer": "azp", "roles": "realm.roles", "groups": "/a/b.c"},
        "claims_to_headers": [
            {"claim": "sub", "header": "x-sub"},
            {"claim": "roles", "header": "x-roles"},
            {"claim": "realm.roles", "header": "x-realm-roles", "form": "repeated"},
            {"claim": "/a/b.c", "header": "x-a", "form": "json"}
        ]
    }]
}"#;
