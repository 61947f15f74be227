use super::*;

fn code_of(filter: &JwtAuth, changes: Value) -> &'static str {
    code_for(filter, &token(&claims_with(changes)))
}

/// The code for claims that are written as JSON, so that numbers can have any form.
fn code_of_raw(filter: &JwtAuth, members: &str) -> &'static str {
    let payload = format!(r#"{{"iss":"{ISSUER}","aud":"gateway",{members}}}"#);
    code_for(filter, &signed(r#"{"alg":"EdDSA","kid":"main"}"#, &payload))
}

#[test]
fn a_token_is_valid_from_nbf_until_before_exp_give_or_take_the_leeway() {
    for (leeway, slack) in [("0s", 0), ("60s", 60), ("1h", 3600)] {
        let mut provider =
            json!({"name": "main", "issuer": ISSUER, "jwks": key_set(), "leeway": leeway});
        provider["audiences"] = json!(["gateway"]);
        let filter = filter(json!({"providers": [provider]}));
        for (changes, want) in [
            (json!({"exp": NOW - slack + 1}), "allowed"),
            (json!({"exp": NOW - slack}), "token_expired"),
            (json!({"exp": NOW - slack - 1}), "token_expired"),
            (json!({"nbf": NOW + slack}), "allowed"),
            (json!({"nbf": NOW + slack + 1}), "token_not_yet_valid"),
            (json!({"iat": 0, "nbf": 0}), "allowed"),
        ] {
            assert_eq!(code_of(&filter, changes.clone()), want, "{leeway} {changes}");
        }
    }
    // 60 s where nothing else is said.
    let filter = filter(json!({}));
    assert_eq!(code_of(&filter, json!({"exp": NOW - 59})), "allowed");
    assert_eq!(code_of(&filter, json!({"exp": NOW - 60})), "token_expired");
}

#[test]
fn a_time_is_a_number_of_seconds_in_any_form_that_json_has() {
    let filter = filter(json!({}));
    for (exp, want) in [
        ("1800000600", "allowed"),
        ("1800000600.0", "allowed"),
        ("1800000600.5", "allowed"),
        ("1.8000006e9", "allowed"),
        ("1.8000006E+9", "allowed"),
        ("18000006e2", "allowed"),
        ("253402300799", "allowed"),
        // However late: RFC 7519 §4.1.4 has no end.
        ("1800000600000", "allowed"),
        ("9007199254740993", "allowed"),
        ("9223372036854775807", "allowed"),
        ("9223372036854775808", "allowed"),
        // Past.
        ("0", "token_expired"),
        ("0.0", "token_expired"),
        ("-0.0", "token_expired"),
        ("1e-9", "token_expired"),
        ("1799999939.5", "token_expired"),
        // Not a time: more than 64 bits, negative, not a number.
        ("18446744073709551615", "claim_invalid"),
        ("18446744073709551616", "claim_invalid"),
        ("1e300", "claim_invalid"),
        ("-1", "claim_invalid"),
        ("-1800000600", "claim_invalid"),
        ("-0.5", "claim_invalid"),
        ("\"1800000600\"", "claim_invalid"),
        ("\"\"", "claim_invalid"),
        ("null", "claim_invalid"),
        ("true", "claim_invalid"),
        ("[1800000600]", "claim_invalid"),
        ("{}", "claim_invalid"),
        // Not JSON.
        ("1e400", "token_malformed"),
        ("NaN", "token_malformed"),
        ("Infinity", "token_malformed"),
        ("01800000600", "token_malformed"),
        ("0x6b49d200", "token_malformed"),
        ("+1800000600", "token_malformed"),
    ] {
        assert_eq!(code_of_raw(&filter, &format!("\"exp\":{exp}")), want, "exp {exp}");
        let want = match want {
            "token_expired" => "allowed",
            "allowed" => "token_not_yet_valid",
            fault => fault,
        };
        let members = |claim: &str| format!("\"exp\":1800000600,\"{claim}\":{exp}");
        assert_eq!(code_of_raw(&filter, &members("nbf")), want, "nbf {exp}");
        // `iat` says how old a token is, not whether it is good already.
        let want = if want == "token_not_yet_valid" { "allowed" } else { want };
        assert_eq!(code_of_raw(&filter, &members("iat")), want, "iat {exp}");
    }
}

#[test]
fn a_token_without_expiry_is_refused_unless_the_provider_says_otherwise() {
    let refusing = filter(json!({}));
    assert_eq!(code_of(&refusing, json!({"exp": null})), "claim_invalid");
    let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
    provider["require_expiration"] = json!(false);
    let accepting = filter(json!({"providers": [provider]}));
    assert_eq!(code_of(&accepting, json!({"exp": null})), "allowed");
    assert_eq!(code_of(&accepting, json!({"exp": NOW - 60})), "token_expired");
}

#[test]
fn a_token_is_for_one_of_the_audiences() {
    let filter = |audiences: Value| {
        let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set()});
        gatehouse_filter_test::change(&mut provider, &json!({"audiences": audiences}));
        filter(json!({"providers": [provider]}))
    };
    let two = filter(json!(["gateway", "other"]));
    for (aud, want) in [
        (json!("gateway"), "allowed"),
        (json!("other"), "allowed"),
        (json!(["gateway"]), "allowed"),
        (json!(["elsewhere", "other"]), "allowed"),
        (json!("elsewhere"), "audience_mismatch"),
        (json!(["elsewhere", "nowhere"]), "audience_mismatch"),
        (json!([]), "audience_mismatch"),
        (json!(""), "audience_mismatch"),
        (json!("Gateway"), "audience_mismatch"),
        (json!("gateway "), "audience_mismatch"),
        (json!("gateway,other"), "audience_mismatch"),
        (json!(null), "audience_mismatch"),
        (json!(1), "claim_invalid"),
        (json!(["gateway", 1]), "claim_invalid"),
        (json!({"gateway": true}), "claim_invalid"),
    ] {
        assert_eq!(code_of(&two, json!({"aud": aud})), want, "{aud}");
    }
    let any = filter(json!(null));
    assert_eq!(code_of(&any, json!({"aud": "elsewhere"})), "allowed");
    assert_eq!(code_of(&any, json!({"aud": null})), "allowed");
}

#[test]
fn issuer_subject_and_token_number_are_text_and_the_issuer_is_compared_exactly() {
    let filter = filter(json!({}));
    for (changes, want) in [
        (json!({"iss": "https://issuer.example/"}), "issuer_unknown"),
        (json!({"iss": "HTTPS://issuer.example"}), "issuer_unknown"),
        (json!({"iss": "https://issuer.example.attacker.example"}), "issuer_unknown"),
        (json!({"iss": ""}), "issuer_unknown"),
        (json!({"iss": null}), "issuer_unknown"),
        (json!({"iss": [ISSUER]}), "claim_invalid"),
        (json!({"iss": 1}), "claim_invalid"),
        (json!({"sub": null}), "allowed"),
        (json!({"sub": 1}), "claim_invalid"),
        (json!({"sub": {"id": "alice"}}), "claim_invalid"),
        (json!({"jti": "a"}), "allowed"),
        (json!({"jti": 1}), "claim_invalid"),
        (json!({"jti": ["a"]}), "claim_invalid"),
    ] {
        assert_eq!(code_of(&filter, changes.clone()), want, "{changes}");
    }
}
