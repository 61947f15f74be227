//! All that a token says, in a header field.

use super::*;

/// A filter that writes all claims to two fields, with these members of the provider besides.
fn filter_with(changes: Value) -> JwtAuth {
    let mut provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
    "claims_to_headers": [
        {"claim": "", "header": "X-Payload"},
        {"claim": "", "header": "x-json", "form": "json"},
        {"claim": "sub", "header": "x-user"},
    ]});
    gatehouse_filter_test::change(&mut provider, &changes);
    filter(json!({"providers": [provider]}))
}

#[test]
fn all_that_a_token_says_is_handed_on_as_its_issuer_wrote_it() {
    let filter = filter_with(json!({}));
    let exp = NOW + 600;
    for (payload, want) in [
        (
            format!(r#"{{"iss":"{ISSUER}","exp":{exp},"z":1.50,"a":[1e3,{{"b":null}}]}}"#),
            format!(
                r#"{{\"iss\":\"{ISSUER}\",\"exp\":{exp},\"z\":1.50,\"a\":[1e3,{{\"b\":null}}]}}"#
            ),
        ),
        // Line breaks between its parts would end the field, or the head.
        (
            format!("{{\r\n\t\"iss\": \"{ISSUER}\",\n\"exp\": {exp}\r\n}}"),
            format!(r#"{{\"iss\":\"{ISSUER}\",\"exp\":{exp}}}"#),
        ),
        (
            format!(
                "{{\"iss\":\"{ISSUER}\",\"exp\":{exp},\"n\":\"\u{e9}\u{7f}\",\"\":\" \\r\\nx: y\"}}"
            ),
            format!(
                r#"{{\"iss\":\"{ISSUER}\",\"exp\":{exp},\"n\":\"\\u00e9\\u007f\",\"\":\" \\r\\nx: y\"}}"#
            ),
        ),
    ] {
        let token = signed(r#"{"alg":"EdDSA","kid":"main"}"#, &payload);
        // A client's own are taken out, in every spelling, and what is remembered is the same.
        let authorization = format!("Bearer {token}");
        let host = FakeHost::at(NOW);
        for round in 0..2 {
            let head = [
                ("authorization", authorization.as_str()),
                ("x_payload", "e30"),
                ("x-payload", "e30"),
                ("x-json", "{}"),
            ];
            let outcome = ask(&filter, &host, &head);
            assert_eq!(outcome.decision.code.name(), "allowed", "{payload} {round}");
            assert_eq!(outcome.values("x-payload"), [base64(payload.as_bytes())], "{payload}");
            assert_eq!(outcome.values("x_payload"), [""; 0], "{payload}");
            assert_eq!(outcome.values("x-json"), [want.as_str()], "{payload}");
        }
    }
}

#[test]
fn nothing_of_a_token_that_is_no_good_is_handed_on() {
    let filter = filter_with(json!({"audiences": ["else"]}));
    let outcome = ask_with(&filter, &token(&claims()));
    assert_eq!(outcome.decision.code.name(), "audience_mismatch");
    for name in ["x-payload", "x-json", "x-user"] {
        assert_eq!(outcome.values(name), [""; 0], "{name}");
    }
}

#[test]
fn all_that_a_token_says_is_no_longer_than_a_token_may_be() {
    // Each of these characters takes three times as much in ASCII as in UTF-8.
    let long = claims_with(json!({"name": "\u{e9}".repeat(200)}));
    for (most, want) in [("1KiB", "claim_invalid"), ("2KiB", "allowed")] {
        let outcome = ask_with(&filter_with(json!({"max_token_size": most})), &token(&long));
        assert_eq!(outcome.decision.code.name(), want, "{most}");
        assert_eq!(outcome.values("x-json").is_empty(), want != "allowed", "{most}");
    }
    // Base64url never takes more than the token did.
    let only = json!({"claims_to_headers": [{"claim": "", "header": "x-payload"}],
        "max_token_size": "1KiB"});
    assert_eq!(code_for(&filter_with(only), &token(&long)), "allowed");
}

#[test]
fn a_form_that_all_claims_or_one_cannot_have_is_told() {
    for (entry, want) in [
        (
            json!({"claim": "", "header": "x-a", "form": "csv"}),
            "form: must be one of base64url, json",
        ),
        (
            json!({"claim": "", "header": "x-a", "form": "repeated"}),
            "form: must be one of base64url, json",
        ),
        (
            json!({"claim": "sub", "header": "x-a", "form": "base64url"}),
            "form: is for all claims, `claim: \"\"`",
        ),
        (
            json!({"claim": "sub", "header": "x-a", "form": "xml"}),
            "form: must be one of csv, json, repeated",
        ),
        (json!({"claim": 7, "header": "x-a"}), "claim: must be text"),
        (json!({"header": "x-a", "form": "json"}), "claim: is required"),
        (
            json!({"claim": "", "header": "cookie"}),
            "header: must not be a field that authenticates the request",
        ),
    ] {
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
            "claims_to_headers": [entry]});
        let faults = configured::<JwtAuth>(&json!({"providers": [provider]}).to_string());
        let want = format!("providers[0].claims_to_headers[0].{want}");
        assert_eq!(faults.err().unwrap(), [want], "{entry}");
    }
}
