use crate::{NOW, filter};
use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
use gatehouse_filter::{Codes, Filter, Step};
use gatehouse_filter_test::{FakeHost, ask};
use gatehouse_jwt_auth::JwtAuth;
use serde_json::{Map, Value};

/// Header and payload of a proof, separated by a zero byte, which the owner of a token signs as they
/// are. Whatever passes is of this request, this token and this time, and passes once.
pub fn proof(data: &[u8]) {
    thread_local! {
        static GATEWAY: (JwtAuth, FakeHost) = {
            let (filter, host) = (filter::<JwtAuth>(CONFIGURATION), FakeHost::at(NOW));
            filter.start(&host).unwrap();
            (filter, host)
        };
    }
    let zero = data.iter().position(|byte| *byte == 0);
    let usual = header();
    let (header, payload) =
        zero.map_or((usual.as_bytes(), data), |zero| (&data[..zero], &data[zero + 1..]));
    let (proof, token) = (signed(header, payload), token());
    GATEWAY.with(|(filter, host)| {
        let ask = || {
            ask(
                filter,
                host,
                &[
                    (":method", "GET".to_owned()),
                    (":path", "/orders?a=b".to_owned()),
                    ("authorization", format!("DPoP {token}")),
                    ("dpop", proof.clone()),
                ],
            )
        };
        let first = ask();
        if first.decision.step != Step::Continue {
            return;
        }
        check(header, payload, &token);
        assert_eq!(ask().decision.code.name(), "proof_used");
    });
}

fn check(header: &[u8], payload: &[u8], token: &str) {
    let object = |json: &[u8]| {
        serde_json::from_slice::<Map<String, Value>>(json).expect("serde_json reads it, too")
    };
    let (header, claims) = (object(header), object(payload));
    let typ = header["typ"].as_str().expect("a typ").to_ascii_lowercase();
    assert_eq!(typ.strip_prefix("application/").unwrap_or(&typ), "dpop+jwt");
    assert!(["EdDSA", "Ed25519"].map(Value::from).contains(&header["alg"]));
    assert_eq!(header["jwk"]["x"], Value::from(x()));
    assert_eq!(header["jwk"].get("d"), None, "nobody sends a private key");
    assert_eq!(claims["htm"], "GET");
    let url = claims["htu"].as_str().expect("a URL").to_ascii_lowercase();
    assert!(url.starts_with("https://a.example"), "{url}");
    assert_eq!(claims["ath"], Value::from(base64(&hmac_sha256::Hash::hash(token.as_bytes()))));
    let issued = claims["iat"].as_f64().expect("a time");
    assert!((issued - NOW as f64).abs() <= 70.0, "{issued}");
    assert!(claims["jti"].as_str().is_some_and(|id| !id.is_empty()));
}

fn key() -> ed25519_compact::KeyPair {
    ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([7; 32]))
}

fn x() -> String {
    base64(&key().pk[..])
}

fn header() -> String {
    let x = x();
    format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}}"#)
}

fn signed(header: &[u8], payload: &[u8]) -> String {
    let text = format!("{}.{}", base64(header), base64(payload));
    format!("{text}.{}", base64(&key().sk.sign(&text, None)[..]))
}

/// A token that is bound to the key.
fn token() -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, x());
    let thumbprint = base64(&hmac_sha256::Hash::hash(canonical.as_bytes()));
    let claims = format!(
        r#"{{"iss":"issuer","sub":"alice","exp":{},"cnf":{{"jkt":"{thumbprint}"}}}}"#,
        NOW + 600
    );
    let text = format!("{}.{}", base64(br#"{"alg":"HS256"}"#), base64(claims.as_bytes()));
    let mac = hmac_sha256::HMAC::mac(text.as_bytes(), b"0123456789abcdef0123456789abcdef");
    format!("{text}.{}", base64(&mac))
}

fn base64(bytes: &[u8]) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap()
}

const CONFIGURATION: &str = r#"{
    "providers": [{
        "name": "main",
        "issuer": "issuer",
        "binding": "dpop",
        "jwks": {"keys": [{"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}
    }],
    "dpop": {"origins": ["https://a.example"], "proofs": 16}
}"#;
