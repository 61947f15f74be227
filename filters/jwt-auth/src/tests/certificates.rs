//! Keys that come as certificates: which key, when it is good, and what is none.

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

/// The code for a good token at this time, in seconds since 1970.
fn code_at(filter: &JwtAuth, seconds: u64) -> &'static str {
    let token = token(&claims_with(json!({"exp": 4_000_000_000_u64, "iat": null})));
    let fields = [("authorization", format!("Bearer {token}"))];
    ask(filter, &FakeHost::at(seconds), &fields).decision.code.name()
}

/// Each way in which a certificate can be a key: in PEM, alone in a key, and under its name.
fn each_way(der: &[u8]) -> [Value; 5] {
    let (x5c, pem) = (standard(der), pem("CERTIFICATE", der));
    let set = json!({"keys": [{"kty": "OKP", "kid": "main", "x5c": [x5c, "and its issuer's"]}]});
    [
        json!({"pem": pem}),
        set.clone(),
        Value::from(set.to_string()),
        json!({"main": pem}),
        Value::from(json!({"main": pem, "other": pem}).to_string()),
    ]
}

#[test]
fn a_certificate_verifies_within_its_dates_and_no_second_longer() {
    const FROM: u64 = 1_798_761_600;
    const UNTIL: u64 = 1_801_440_000;
    for jwks in each_way(&certificate(|_| {})) {
        let filter = with_keys(jwks.clone());
        for (seconds, want) in [
            (0, "key_unknown"),
            (FROM - 1, "key_unknown"),
            (FROM, "allowed"),
            (NOW, "allowed"),
            // Both ends are part of it (RFC 5280 §4.1.2.5).
            (UNTIL, "allowed"),
            // Also of a token that was verified before, and is remembered.
            (UNTIL + 1, "key_unknown"),
            (3_000_000_000, "key_unknown"),
            (NOW, "allowed"),
        ] {
            assert_eq!(code_at(&filter, seconds), want, "{seconds} {jwks}");
        }
    }
}

#[test]
fn dates_are_read_in_both_of_their_forms() {
    for (dates, want) in [
        (DATES, Ok("2027-01-01T00:00:00Z until 2027-02-01T00:00:00Z")),
        (
            ["20270101000000Z", "99991231235959Z"],
            Ok("2027-01-01T00:00:00Z until 9999-12-31T23:59:59Z"),
        ),
        (["500101000000Z", "491231235959Z"], Ok("1970-01-01T00:00:00Z until 2049-12-31T23:59:59Z")),
        (["240229120102Z", "280229000000Z"], Ok("2024-02-29T12:01:02Z until 2028-02-29T00:00:00Z")),
        (
            ["00000101000000Z", "270101000000Z"],
            Ok("1970-01-01T00:00:00Z until 2027-01-01T00:00:00Z"),
        ),
        (["270201000000Z", "270101000000Z"], Err("ended before it began")),
        (["500101000000Z", "690101000000Z"], Err("ended before it began")),
        (["270229000000Z", "270301000000Z"], Err("without dates")),
        (["271301000000Z", "270301000000Z"], Err("without dates")),
        (["270101240000Z", "270301000000Z"], Err("without dates")),
        (["270101006000Z", "270301000000Z"], Err("without dates")),
        (["270101000060Z", "270301000000Z"], Err("without dates")),
        // Legal elsewhere in ASN.1, and not here.
        (["2701010000Z", "270301000000Z"], Err("without dates")),
        (["270101000000", "270301000000Z"], Err("without dates")),
        (["270101000000+0100", "270301000000Z"], Err("without dates")),
        (["20270101000000.5Z", "270301000000Z"], Err("without dates")),
        (["27010100000ZZ", "270301000000Z"], Err("without dates")),
        (["2701010000-1Z", "270301000000Z"], Err("without dates")),
        (["", "270301000000Z"], Err("without dates")),
    ] {
        let set = json!({"keys": [{"kty": "OKP", "x5c": [standard(&dated(dates))]}]}).to_string();
        let read = KeySet::from_json(set.as_bytes());
        match (read, want) {
            (Ok(keys), Ok(want)) => {
                let told = keys.description();
                assert_eq!(told, format!("without kid (OKP: EdDSA, certified from {want})"));
            }
            (Err(error), Err(want)) => {
                assert!(error.to_string().contains(want), "{dates:?}: {error}");
            }
            (read, _) => panic!("{dates:?}: {read:?}"),
        }
    }
}

#[test]
fn operators_are_told_when_a_key_was_good() {
    for (jwks, want) in [
        (
            json!({"pem": pem("CERTIFICATE", &dated(["250101000000Z", "260101000000Z"]))}),
            "kid `main`, and the keys are without kid (certified from 2025-01-01T00:00:00Z until \
             2026-01-01T00:00:00Z); provider `main`",
        ),
        (
            json!({"main": pem("CERTIFICATE", &dated(["280101000000Z", "290101000000Z"]))}),
            "kid `main`, and the keys are main (certified from 2028-01-01T00:00:00Z until \
             2029-01-01T00:00:00Z); provider `main`",
        ),
    ] {
        let outcome = ask_with(&with_keys(jwks), &token(&claims()));
        assert_eq!(outcome.decision.code.name(), "key_unknown");
        assert_eq!(outcome.decision.why.as_deref(), Some(want));
    }
}

#[test]
fn nothing_stands_in_for_a_key_that_is_no_longer_good() {
    let old = json!({"kty": "OKP", "kid": "main", "x5c": [
        standard(&dated(["250101000000Z", "260101000000Z"]))]});
    let x = base64(&signing_key().pk[..]);
    let bare = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    let without_kid = signed(r#"{"alg":"EdDSA"}"#, &claims().to_string());
    let other_kid = signed(r#"{"alg":"EdDSA","kid":"b"}"#, &claims().to_string());
    for (keys, token, want) in [
        // The same key without a name is there, and is not meant.
        (json!([old, bare]), token(&claims()), "key_unknown"),
        (json!([old, bare]), without_kid.clone(), "allowed"),
        (json!([old, bare]), other_kid, "allowed"),
        (json!([old]), without_kid, "key_unknown"),
        // The same key under the same name, without a certificate, is good always.
        (
            json!([old, {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "main"}]),
            token(&claims()),
            "allowed",
        ),
        // And one whose certificate was renewed.
        (
            json!([old, {"kty": "OKP", "kid": "main", "x5c": [standard(&dated(DATES))]}]),
            token(&claims()),
            "allowed",
        ),
        // An algorithm that no key has is that, whatever the dates are.
        (
            json!([old]),
            signed(r#"{"alg":"ES256","kid":"main"}"#, &claims().to_string()),
            "algorithm_not_allowed",
        ),
    ] {
        let filter = with_keys(json!({"keys": keys}));
        assert_eq!(code_for(&filter, &token), want, "{keys}");
    }
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

#[test]
fn the_dates_of_fetched_certificates_count_too_and_another_set_is_looked_for() {
    let host = FakeHost::at(NOW);
    let provider = json!({"name": "main", "issuer": ISSUER,
        "jwks": {"cluster": "auth", "path": "/x509", "refresh": "1d", "max_age": "30d"}});
    let filter: JwtAuth = configured(&json!({"providers": [provider]}).to_string()).unwrap();
    gatehouse_filter_test::prepare(&filter, &host);
    let answer = |dates| gatehouse_filter::Answer {
        headers: gatehouse_filter::Headers::from_list(&[(":status", "200")]),
        body: json!({"main": pem("CERTIFICATE", &dated(dates))}).to_string().into_bytes(),
        ..Default::default()
    };
    gatehouse_filter_test::tick(&filter, &host);
    gatehouse_filter_test::answer(
        &filter,
        host.take_calls()[0].0,
        &answer(["270101000000Z", "270115080010Z"]),
        &host,
    );
    let code = || {
        let fields = [("authorization", format!("Bearer {}", token(&claims())))];
        let decision = ask(&filter, &host, &fields).decision;
        if matches!(decision.step, Step::Wait(_)) { "wait" } else { decision.code.name() }
    };
    assert_eq!(code(), "allowed");
    host.clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(code(), "wait");
    gatehouse_filter_test::tick(&filter, &host);
    gatehouse_filter_test::answer(&filter, host.take_calls()[0].0, &answer(DATES), &host);
    assert_eq!(code(), "allowed");
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
