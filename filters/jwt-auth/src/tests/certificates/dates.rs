//! When a key that comes as a certificate is good.

use super::*;

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
