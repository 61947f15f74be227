//! Keys that come as certificates: which key, when it is good, and what is none.

mod dates;

use super::*;
use crate::{KeySet, KeySetError};
use ct_codecs::Base64;
use gatehouse_filter_test::certificate::{Certificate, ed25519, p256, tlv};

/// Around [`NOW`], 2027-01-15T08:00:00Z.
const DATES: [&str; 2] = ["270101000000Z", "270201000000Z"];

fn certificate(change: impl FnOnce(&mut Certificate<'_>)) -> Vec<u8> {
    let key = ed25519(&signing_key().pk[..]);
    let mut certificate =
        Certificate { issuer: "issuer", subject: "issuer", dates: DATES, key: &key };
    change(&mut certificate);
    certificate.der()
}

fn dated(dates: [&str; 2]) -> Vec<u8> {
    let key = ed25519(&signing_key().pk[..]);
    Certificate { issuer: "issuer", subject: "issuer", dates, key: &key }.der()
}

fn standard(der: &[u8]) -> String {
    Base64::encode_to_string(der).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", standard(der))
}

fn with_keys(jwks: Value) -> JwtAuth {
    filter(json!({"providers": [{"name": "main", "issuer": ISSUER, "jwks": jwks}]}))
}

#[test]
fn a_certificate_beside_a_key_must_be_of_that_key_and_its_dates_do_not_count() {
    let x = base64(&signing_key().pk[..]);
    let ended = standard(&dated(["250101000000Z", "260101000000Z"]));
    let other = standard(&certificate(|it| it.key = OTHER.as_slice()));
    let jwk = |changes: Value| {
        let mut jwk =
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "main", "x": x, "x5c": [ended]});
        gatehouse_filter_test::change(&mut jwk, &changes);
        jwk
    };
    let (px, py) = (
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    );
    let decoded = |text: &str| crate::base64url::decode(text.as_bytes()).unwrap();
    let of_p256 = standard(&certificate(|it| it.key = p256(&decoded(px), &decoded(py)).leak()));
    let ec = json!({"kty": "EC", "crv": "P-256", "x": px, "y": py, "x5c": [of_p256]});
    let ec_with = |changes: Value| {
        let mut jwk = ec.clone();
        gatehouse_filter_test::change(&mut jwk, &changes);
        jwk
    };
    let mismatch = "has an `x5c` of another key than its other members say";
    let form = "has an `x5c` that is no list of texts in base64 (RFC 7517 4.7)";
    for (jwk, want) in [
        (jwk(json!({})), None),
        (jwk(json!({"x5c": null})), None),
        (ec.clone(), None),
        (ec_with(json!({"x": null, "y": null})), None),
        (ec_with(json!({"x": null, "y": null, "crv": null})), None),
        (ec_with(json!({"x": null, "y": null, "crv": null, "alg": "ES256"})), None),
        (jwk(json!({"x5c": [other]})), Some(mismatch)),
        (jwk(json!({"x5c": [of_p256]})), Some(mismatch)),
        (ec_with(json!({"x5c": [ended]})), Some(mismatch)),
        (ec_with(json!({"crv": "P-384"})), Some(mismatch)),
        (jwk(json!({"x": null, "kty": "EC"})), Some(mismatch)),
        (jwk(json!({"x": null, "crv": "Ed448"})), Some(mismatch)),
        (jwk(json!({"x": null, "kty": "oct"})), Some(mismatch)),
        (json!({"kty": "oct", "k": base64(&[7; 32]), "x5c": [ended]}), Some(mismatch)),
        (jwk(json!({"x": null, "kty": null})), Some("has no `kty`")),
        (jwk(json!({"x": null, "alg": "ES256"})), Some("cannot be used with its `alg` `ES256`")),
        // Half of a key is none, whatever the certificate says.
        (ec_with(json!({"y": null})), Some("has no `y`")),
        (jwk(json!({"x": 1})), Some("`x` must be text")),
        (jwk(json!({"x5c": []})), Some(form)),
        (jwk(json!({"x5c": ended})), Some(form)),
        (jwk(json!({"x5c": [1]})), Some(form)),
        (jwk(json!({"x5c": {"0": ended}})), Some(form)),
        (jwk(json!({"x5c": ["*"]})), Some(form)),
        (jwk(json!({"x5c": [""]})), Some("has an `x5c` that is no certificate (RFC 5280 4.1)")),
        (jwk(json!({"x5c": [pem("CERTIFICATE", &certificate(|_| {}))]})), Some(form)),
    ] {
        let set = json!({"keys": [jwk]}).to_string();
        match (KeySet::from_json(set.as_bytes()), want) {
            (Ok(_), None) => {}
            (Err(KeySetError::NoUsableKey(skipped)), Some(want)) => {
                assert_eq!(skipped[0].fault.to_string(), want, "{jwk}");
                assert!(!skipped[0].fault.is_foreign(), "{jwk}");
            }
            (read, want) => panic!("{jwk}: {read:?}, not {want:?}"),
        }
    }
    // As PEM is wrapped.
    let wrapped = format!("{}\r\n{}", &ended[..64], &ended[64..]);
    assert_eq!(
        code_for(&with_keys(json!({"keys": [jwk(json!({"x5c": [wrapped]}))]})), &token(&claims())),
        "allowed"
    );
    // A key that says two things spoils its name.
    let keys = json!([jwk(json!({"x5c": [other]})), jwk(json!({"x5c": null}))]);
    let set = json!({"keys": keys}).to_string();
    assert!(matches!(KeySet::from_json(set.as_bytes()), Err(KeySetError::NoUsableKey(_))));
}

#[test]
fn what_is_no_certificate_is_none_wherever_it_is_cut_or_changed() {
    let good = certificate(|_| {});
    let read = |der: &[u8]| {
        let set = json!({"keys": [{"kty": "OKP", "x5c": [standard(der)]}]}).to_string();
        KeySet::from_json(set.as_bytes()).is_ok()
    };
    assert!(read(&good));
    for length in 0..good.len() {
        assert!(!read(&good[..length]), "{length}");
    }
    assert!(!read(&[&good[..], &[0]].concat()), "more behind it");
    for at in 0..good.len() {
        for byte in [0, 1, 0x30, 0x7f, 0x80, 0x82, 0x84, 0xff] {
            let mut changed = good.clone();
            changed[at] = byte;
            // Whether or not it is read: nothing panics.
            let _ = read(&changed);
        }
    }
    // Lengths that say more than there is, in many bytes, or nothing at all.
    for length in [&[0x80][..], &[0x84, 0xff, 0xff, 0xff, 0xff], &[0x81, 5], &[0xff], &[0x82, 0, 9]]
    {
        assert!(!read(&[&[0x30], length, &good[4..]].concat()), "{length:x?}");
    }
    let deep = (0..5000).fold(vec![5, 0], |inner, _| tlv(0x30, &[&inner]));
    assert!(!read(&deep));
}

#[test]
fn a_mapping_of_names_to_keys_is_as_good_as_a_set_and_no_name_is_special() {
    let good = pem("CERTIFICATE", &certificate(|_| {}));
    let bare = pem("PUBLIC KEY", &ed25519(&signing_key().pk[..]));
    let other = pem("PUBLIC KEY", &OTHER);
    let mut named = signed(r#"{"alg":"EdDSA","kid":"keys"}"#, &claims().to_string());
    for (map, token, want) in [
        (json!({"main": good}), token(&claims()), "allowed"),
        // Google's Identity-Aware Proxy has bare keys.
        (json!({"main": bare}), token(&claims()), "allowed"),
        (json!({"a": good, "main": other}), token(&claims()), "signature_invalid"),
        (json!({"a": good}), token(&claims()), "key_unknown"),
        (json!({"keys": good}), std::mem::take(&mut named), "allowed"),
    ] {
        for jwks in [Value::from(map.to_string()), map.clone()] {
            // In the configuration, `keys` is the list.
            if jwks.get("keys").is_some() {
                continue;
            }
            assert_eq!(code_for(&with_keys(jwks), &token), want, "{map}");
        }
    }
    let read = |map: Value| KeySet::from_json(map.to_string().as_bytes());
    for map in [
        json!({}),
        json!({"main": ""}),
        json!({"main": "AAAA"}),
        json!({"main": [good]}),
        json!({"main": good, "other": 1}),
        json!({"main": good, "expires": "tomorrow"}),
        json!({"keys": good, "x": {}}),
    ] {
        assert_eq!(read(map.clone()).err(), Some(KeySetError::NoList), "{map}");
    }
    for (key, want) in [
        (format!("{good}{good}"), "keys[1] is more than one key: a chain has no place here"),
        (pem("PRIVATE KEY", b"x"), "keys[1] is a private key"),
        (pem("X", b"x"), "keys[1] is neither a PUBLIC KEY nor a CERTIFICATE"),
        (good.replace("END", "and"), "keys[1] must be PEM"),
        (pem("CERTIFICATE", b"x"), "keys[1] is no certificate (RFC 5280 4.1)"),
    ] {
        // One that is broken spoils no other.
        let keys = read(json!({"a": good, "b": key})).unwrap();
        assert!(keys.description().contains(want), "{}", keys.description());
    }
    let twice = format!("{{\"main\": {0}, \"main\": {0}}}", Value::from(good));
    assert_eq!(KeySet::from_json(twice.as_bytes()).err(), Some(KeySetError::NotJson));
}

#[test]
fn of_a_chain_only_the_end_may_be_there() {
    let ca = certificate(|it| (it.subject, it.key) = ("ca", &OTHER));
    let self_signed_ca = certificate(|it| (it.issuer, it.subject) = ("ca", "ca"));
    let leaf = certificate(|it| it.issuer = "ca");
    let text = |certificates: &[&Vec<u8>]| -> String {
        certificates.iter().map(|der| pem("CERTIFICATE", der)).collect()
    };
    let refused = |text: String| -> Vec<String> {
        let jwks = json!({"pem": text});
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": jwks});
        let configuration = json!({"providers": [provider]}).to_string();
        configured::<JwtAuth>(&configuration).err().unwrap_or_default()
    };
    let issued = |ca: usize, leaf: usize| {
        format!(
            "providers[0].jwks.pem: keys[{ca}] is the certificate of whoever issued keys[{leaf}], \
             and would verify tokens too: leave it out"
        )
    };
    for (text, want) in [
        (text(&[&leaf]), None),
        (text(&[&self_signed_ca]), None),
        (text(&[&self_signed_ca, &self_signed_ca]), None),
        (text(&[&leaf, &self_signed_ca]), Some(issued(1, 0))),
        (text(&[&ca, &leaf]), Some(issued(0, 1))),
    ] {
        assert_eq!(refused(text.clone()), want.into_iter().collect::<Vec<_>>(), "{text}");
    }
    let ended = text(&[&dated(["250101000000Z", "260101000000Z"])]);
    assert!(refused(ended).is_empty(), "the gateway starts, whatever the day");
}

/// The key of nobody's tokens.
static OTHER: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
    let pair = ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([8; 32]));
    ed25519(&pair.pk[..])
});

#[test]
fn certificates_that_openssl_made_are_read() {
    for (set, want) in [
        (
            include_str!("../../../../fuzz/seeds/key_set/certificates"),
            &["a (EC: ES256, ", "b (RSA: RS256 ", "without kid (OKP: EdDSA, "][..],
        ),
        (
            include_str!("../../../../fuzz/seeds/key_set/names"),
            &["ec (EC: ES256, ", "rsa (RSA: RS256 "],
        ),
    ] {
        let keys = KeySet::from_json(set.as_bytes()).unwrap();
        assert!(keys.skipped().is_empty());
        for want in want {
            assert!(keys.description().contains(want), "{}", keys.description());
        }
    }
}
