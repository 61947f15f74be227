use super::*;
use crate::{KeySet, KeySetError, verify_compact};

fn read(keys: &[Value]) -> Result<KeySet, KeySetError> {
    KeySet::from_json(json!({"keys": keys}).to_string().as_bytes())
}

fn ed25519(kid: &str) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64(&signing_key().pk[..])})
}

fn p256() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
}

fn with(mut jwk: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

#[test]
fn a_key_that_cannot_or_must_not_verify_is_skipped_and_the_rest_is_used() {
    let long_modulus = |bytes: usize| base64(&vec![0xff; bytes]);
    let rsa = |n: String, e: &str| json!({"kty": "RSA", "n": n, "e": e});
    let secret =
        |bytes: usize, alg: &str| json!({"kty": "oct", "k": base64(&vec![1; bytes]), "alg": alg});
    for (jwk, want) in [
        (with(p256(), json!({"use": "enc"})), "is for the use `enc`, not `sig`"),
        (with(p256(), json!({"key_ops": ["sign"]})), "has no `verify` in its `key_ops`"),
        (with(p256(), json!({"key_ops": "verify"})), "has no `verify` in its `key_ops`"),
        (with(p256(), json!({"alg": "ECDH-ES"})), "is for the unsupported `alg` `ECDH-ES`"),
        (with(p256(), json!({"alg": "none"})), "is for the unsupported `alg` `none`"),
        (with(p256(), json!({"alg": "ES384"})), "cannot be used with its `alg` `ES384`"),
        (with(p256(), json!({"alg": "RS256"})), "cannot be used with its `alg` `RS256`"),
        (with(p256(), json!({"alg": "HS256"})), "cannot be used with its `alg` `HS256`"),
        (with(p256(), json!({"alg": 1})), "`alg` must be text"),
        (with(p256(), json!({"kid": 1})), "`kid` must be text"),
        (with(p256(), json!({"crv": "secp256k1"})), "has the unsupported `crv` `secp256k1`"),
        (
            with(p256(), json!({"crv": "P-384"})),
            "has an `x` and `y` that are no point of its curve",
        ),
        (with(p256(), json!({"kty": "RSA"})), "has no `n`"),
        (with(p256(), json!({"kty": "AKP"})), "has the unknown `kty` `AKP`"),
        (with(p256(), json!({"kty": null})), "has no `kty`"),
        (with(p256(), json!({"y": null})), "has no `y`"),
        (
            with(p256(), json!({"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"})),
            "has an `x` and `y` that are no point of its curve",
        ),
        (
            with(p256(), json!({"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0="})),
            "`y` is not base64url without padding",
        ),
        (
            with(p256(), json!({"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"})),
            "`y` is not base64url without padding",
        ),
        (
            with(p256(), json!({"x": base64(&[0; 32]), "y": base64(&[0; 32])})),
            "has an `x` and `y` that are no point of its curve",
        ),
        (with(ed25519("a"), json!({"crv": "X25519"})), "has the unsupported `crv` `X25519`"),
        (with(ed25519("a"), json!({"crv": "Ed448"})), "has the unsupported `crv` `Ed448`"),
        (with(ed25519("a"), json!({"x": "AA"})), "has an `x` that is no Ed25519 public key"),
        // The neutral element verifies much too much.
        (
            with(ed25519("a"), json!({"x": base64(&[[1].as_slice(), &[0; 31]].concat())})),
            "has an `x` that is no Ed25519 public key",
        ),
        (rsa(long_modulus(128), "AQAB"), "has a modulus of 1024 bits; 2048 to 4096 are accepted"),
        (
            rsa(base64(&[&[0x7f][..], &[0xff; 255]].concat()), "AQAB"),
            "has a modulus of 2047 bits; 2048 to 4096 are accepted",
        ),
        (rsa(long_modulus(513), "AQAB"), "has a modulus of 4104 bits; 2048 to 4096 are accepted"),
        (rsa(long_modulus(256), "AQ"), "has another exponent than 65537 (`AQAB`)"),
        (rsa(long_modulus(256), "Aw"), "has another exponent than 65537 (`AQAB`)"),
        (rsa(base64(&[0xfe; 256]), "AQAB"), "has a modulus that is none"),
        (secret(31, "HS256"), "has a secret of 31 bytes; its algorithm needs 32 (RFC 7518 3.2)"),
        (secret(47, "HS384"), "has a secret of 47 bytes; its algorithm needs 48 (RFC 7518 3.2)"),
        (secret(63, "HS512"), "has a secret of 63 bytes; its algorithm needs 64 (RFC 7518 3.2)"),
        (secret(0, "HS256"), "has a secret of 0 bytes; its algorithm needs 32 (RFC 7518 3.2)"),
        (secret(32, "ES256"), "cannot be used with its `alg` `ES256`"),
        (json!("key"), "is not a mapping"),
    ] {
        let keys = read(&[jwk.clone(), ed25519("main")]).unwrap();
        let skipped: Vec<_> =
            keys.skipped().iter().map(|key| (key.index, key.fault.to_string())).collect();
        assert_eq!(skipped, [(0, want.to_owned())], "{jwk}");
        assert!(verify_compact(token(&claims()).as_bytes(), &keys, None).is_ok(), "{jwk}");

        let none = read(std::slice::from_ref(&jwk)).unwrap_err();
        assert_eq!(
            none.to_string(),
            format!("has no key that can verify signatures: keys[0] {want}")
        );
    }
}

#[test]
fn members_that_do_not_concern_verification_are_no_fault() {
    for jwk in [
        with(ed25519("main"), json!({"use": "sig", "key_ops": ["verify"], "alg": "EdDSA"})),
        with(ed25519("main"), json!({"alg": "Ed25519", "key_ops": ["sign", "verify"]})),
        with(
            ed25519("main"),
            json!({"d": "AAAA", "x5u": "https://a.example/x", "x5t": "AA", "ext": true, "iat": 1}),
        ),
        with(ed25519("main"), json!({"use": null, "alg": null})),
    ] {
        let keys = read(&[jwk]).unwrap();
        assert!(keys.skipped().is_empty());
        assert!(verify_compact(token(&claims()).as_bytes(), &keys, None).is_ok());
    }
}

#[test]
fn a_name_that_two_keys_share_names_neither() {
    let other = with(ed25519("main"), json!({"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
    let both = read(&[ed25519("main"), other.clone()]).unwrap_err();
    let message = "has no key that can verify signatures: keys[0] shares the `kid` `main` with another key; \
        keys[1] shares the `kid` `main` with another key";
    assert_eq!(both.to_string(), message);

    let third = with(other.clone(), json!({"kid": "third"}));
    let keys = read(&[ed25519("main"), other, third]).unwrap();
    assert_eq!(keys.skipped().len(), 2);
    let refused = verify_compact(token(&claims()).as_bytes(), &keys, None);
    assert_eq!(refused, Err(crate::Refusal::KeyUnknown));

    let broken = with(ed25519("main"), json!({"x": "AA"}));
    assert_eq!(
        read(&[ed25519("main"), broken]).unwrap_err().to_string(),
        "has no key that can verify signatures: \
        keys[0] shares the `kid` `main` with another key; keys[1] has an `x` that is no Ed25519 public key"
    );

    // Not in doubt: the same key twice, keys of other algorithms, keys for other uses.
    let encrypting = with(ed25519("main"), json!({"use": "enc"}));
    for others in [ed25519("main"), with(p256(), json!({"kid": "main"})), encrypting] {
        let keys = read(&[ed25519("main"), others]).unwrap();
        assert!(verify_compact(token(&claims()).as_bytes(), &keys, None).is_ok());
    }
}

#[test]
fn a_token_is_checked_with_the_keys_that_its_kid_may_mean() {
    let nameless = |mut jwk: Value| {
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    };
    let decoy = with(ed25519("decoy"), json!({"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
    let named = signed(r#"{"alg":"EdDSA","kid":"main"}"#, "{}");
    let unnamed = signed(r#"{"alg":"EdDSA"}"#, "{}");
    let elliptic = signed(r#"{"alg":"ES256","kid":"main"}"#, "{}");
    for (keys, token, want) in [
        (vec![decoy.clone(), ed25519("main")], &named, Ok(())),
        // Of several keys with names none is tried on a token that names none.
        (vec![decoy.clone(), ed25519("main")], &unnamed, Err("key_unknown")),
        (vec![decoy.clone(), nameless(ed25519("main"))], &unnamed, Ok(())),
        (vec![ed25519("main"), with(p256(), json!({"kid": "ec"}))], &unnamed, Ok(())),
        (vec![decoy.clone(), nameless(ed25519("main"))], &named, Ok(())),
        (vec![decoy.clone()], &named, Err("key_unknown")),
        (vec![decoy.clone()], &unnamed, Err("signature_invalid")),
        (
            vec![with(decoy.clone(), json!({"kid": "main"})), nameless(ed25519("main"))],
            &named,
            Err("signature_invalid"),
        ),
        (vec![ed25519("main")], &elliptic, Err("algorithm_not_allowed")),
        (
            vec![ed25519("main"), with(p256(), json!({"kid": "ec"}))],
            &elliptic,
            Err("algorithm_not_allowed"),
        ),
        (vec![ed25519("other"), with(p256(), json!({"kid": "ec"}))], &elliptic, Err("key_unknown")),
    ] {
        let set = read(&keys).unwrap();
        let verified = verify_compact(token.as_bytes(), &set, None);
        assert_eq!(verified.map(drop).map_err(|refusal| refusal.code().name()), want, "{keys:?}");
    }
}

#[test]
fn a_set_is_an_object_with_keys_of_one_nature() {
    for (json, want) in [
        ("", KeySetError::NotJson),
        ("[]", KeySetError::NotJson),
        (r#"{"keys": [], "keys": []}"#, KeySetError::NotJson),
        (r#"{"keys": [{"kty": "oct", "kty": "oct"}]}"#, KeySetError::NotJson),
        ("{}", KeySetError::NoList),
        (r#"{"keys": {}}"#, KeySetError::NoList),
        (r#"{"keys": []}"#, KeySetError::NoUsableKey(vec![])),
    ] {
        assert_eq!(KeySet::from_json(json.as_bytes()).unwrap_err(), want, "{json}");
    }
    let secret = json!({"kty": "oct", "kid": "secret", "k": base64(&[1; 32])});
    assert_eq!(read(&[p256(), secret.clone()]).unwrap_err(), KeySetError::Mixed);
    assert_eq!(read(&[secret, with(p256(), json!({"use": "enc"}))]).unwrap().skipped().len(), 1);
}

#[test]
fn a_secret_is_not_used_with_a_longer_hash_than_itself() {
    let keys = read(&[json!({"kty": "oct", "k": base64(&[1; 48])})]).unwrap();
    let supported: Vec<_> = crate::Algorithm::NAMES
        .iter()
        .filter(|(_, algorithm)| keys.supports(*algorithm))
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(supported, ["HS256", "HS384"]);
}

#[test]
fn a_key_set_does_not_print_its_keys() {
    let keys = read(&[json!({"kty": "oct", "kid": "secret", "k": base64(&[1; 32])})]).unwrap();
    assert_eq!(format!("{keys:?}"), r#"[Some("secret")]"#);
}

#[test]
fn keys_in_pem_have_no_names_and_verify_whatever_a_token_calls_its_key() {
    let text = signing_key().pk;
    let pem = jwt_simple::prelude::Ed25519PublicKey::from_bytes(&text[..]).unwrap().to_pem();
    let provider = |pem: &str, more: Value| {
        let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": {"pem": pem}});
        gatehouse_filter_test::change(&mut provider, &more);
        json!({"providers": [provider]})
    };
    let filter = filter(provider(&pem, json!({})));
    for header in [r#"{"alg":"EdDSA"}"#, r#"{"alg":"EdDSA","kid":"any"}"#] {
        assert_eq!(
            code_for(&filter, &signed(header, &claims().to_string())),
            "allowed",
            "{header}"
        );
    }
    let faults = |pem: &str, more: Value| {
        configured::<JwtAuth>(&provider(pem, more).to_string()).err().unwrap()
    };
    let small = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----";
    assert_eq!(
        faults(small, json!({})),
        [
            "providers[0].jwks.pem: has no key that can verify signatures: keys[0] has a modulus of 512 bits; 2048 to 4096 are accepted"
        ]
    );
    assert_eq!(
        faults("nonsense", json!({"algorithms": ["EdDSA"]})),
        ["providers[0].jwks.pem: must be PEM: -----BEGIN PUBLIC KEY-----, lines of base64, \
             -----END PUBLIC KEY-----; or the same of a CERTIFICATE"]
    );
    let both = json!({"jwks": {"pem": pem, "keys": []}});
    assert_eq!(faults(&pem, both), ["providers[0].jwks.keys: unknown field; known here: pem"]);
}
