//! Keys that are in variables.

use super::*;
use gatehouse_filter_test::configured_in;

fn read(jwks: Value, variables: &[(&str, &str)]) -> Result<JwtAuth, Vec<String>> {
    let provider =
        json!({"name": "main", "issuer": ISSUER, "audiences": ["gateway"], "jwks": jwks});
    configured_in(&json!({"providers": [provider]}).to_string(), variables)
}

#[test]
fn a_key_set_a_pem_and_a_secret_may_be_in_variables() {
    let set = format!("{}\n", key_set());
    let pem = ed25519_compact::PublicKey::from_slice(&signing_key().pk[..]).unwrap().to_pem();
    let x = base64(&signing_key().pk[..]);
    let member = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "main", "env": "prod",
        "x": {"env": "X"}}]});
    let variables = [("SET", set.as_str()), ("PEM", pem.as_str()), ("X", x.as_str())];
    for jwks in [json!({"env": "SET"}), json!({"pem": {"env": "PEM"}}), member] {
        let filter =
            read(jwks.clone(), &variables).unwrap_or_else(|told| panic!("{jwks}: {told:?}"));
        assert_eq!(code_for(&filter, &token(&claims())), "allowed", "{jwks}");
    }
}

#[test]
fn what_is_wrong_with_one_is_told_and_never_repeated() {
    let short = base64(b"s3cret");
    let oct = json!({"keys": [{"kty": "oct", "alg": "HS256", "k": {"env": "SHORT"}}]});
    let variables = [
        ("SHORT", short.as_str()),
        ("URL", "https://s3cret.example/jwks.json"),
        ("TEXT", "s3cret"),
        ("PEM", "-----BEGIN s3cret"),
    ];
    for (jwks, want) in [
        (json!({"env": "JWKS"}), "providers[0].jwks: the VM has no variable `JWKS`"),
        (json!({"env": "URL"}), "providers[0].jwks: must not be a URL"),
        (json!({"env": "TEXT"}), "providers[0].jwks: "),
        (json!({"pem": {"env": "PEM"}}), "providers[0].jwks.pem: must be PEM"),
        (json!({"pem": {"env": "PEN"}}), "providers[0].jwks.pem: the VM has no variable `PEN`"),
        (oct, "providers[0].jwks: "),
        (
            json!({"keys": [{"kty": "oct", "k": {"env": "K"}}]}),
            "providers[0].jwks.keys[0].k: the VM has no variable `K`",
        ),
    ] {
        let faults = read(jwks.clone(), &variables).err().unwrap_or_default();
        assert!(matches!(&*faults, [one] if one.starts_with(want)), "{jwks}: {faults:?}");
        assert!(!faults[0].contains("s3cret") && !faults[0].contains(&short), "{faults:?}");
    }
}
