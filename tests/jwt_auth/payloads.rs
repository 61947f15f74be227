//! What a token says, handed on as its issuer wrote it: numbers for names, and all of it in one
//! field.

use super::*;

const SECRET: [u8; 32] = [0x5a; 32];

/// One issuer with a secret, which signs any bytes, with these members besides.
fn of(changes: Value) -> Builder {
    let provider = json!({
        "name": "ours", "issuer": PARTNER, "require_expiration": false,
        "jwks": {"keys": [{"kty": "oct", "alg": "HS256", "k": token::base64url(SECRET)}]},
        "claims_to_headers": [{"claim": "sub", "header": "x-user"}],
    });
    builder(json!({"providers": [with(provider, changes)], "rules": null}))
}

/// A token with these members, as they are written here.
fn saying(members: &str) -> Request {
    with_token(&token::authenticated(&SECRET, &format!(r#"{{"iss":"{PARTNER}",{members}}}"#)))
}

#[test]
fn a_number_can_be_who_it_is() {
    let gateway = Shared::start(of(json!({"numeric_ids": true})));
    for number in ["1001", "0", "-7", "9007199254740993", "123456789012345678901234567890"] {
        let exchange = gateway.ask(saying(&format!(r#""sub":{number},"jti":{number}"#)));
        assert_eq!(exchange.response.status, 200, "{number}: {}", exchange.response.text());
        let noted = format!("jwt_auth.allowed;subject={number}");
        assert_eq!(exchange.noted("jwt_auth"), noted);
        assert_eq!(received(&exchange.response, "x-user"), [number]);
    }
    for number in ["1.0", "1e3", "-0", "1.5", "true", "null", "[1]", "{}"] {
        for claim in ["sub", "jti"] {
            let exchange = gateway.ask(saying(&format!(r#""{claim}":{number}"#)));
            exchange.assert_refused(number, 401, "jwt_auth.claim_invalid");
        }
    }
    gateway.assert_no_trap();

    // Unless told otherwise, none is.
    let gateway = Shared::start(of(json!({})));
    assert_eq!(gateway.ask(saying(r#""sub":"1001""#)).response.status, 200);
    let exchange = gateway.ask(saying(r#""sub":1001"#));
    exchange.assert_refused("a number", 401, "jwt_auth.claim_invalid");
    gateway.assert_no_trap();
}

#[test]
fn all_that_a_token_says_goes_to_one_field() {
    let forwards = json!([
        {"claim": "", "header": "x-payload"}, {"claim": "", "header": "x-json", "form": "json"},
    ]);
    let gateway =
        Shared::start(of(json!({"claims_to_headers": forwards, "max_token_size": "1KiB"})));
    for (case, members, json) in [
        ("as it stands", r#""z":1.50,"a":[1e3,{"b":null}]"#, r#""z":1.50,"a":[1e3,{"b":null}]"#),
        ("line breaks between its parts", "\r\n\"a\" :\r\n\r\n[1,\t2]\n", r#""a":[1,2]"#),
        ("line breaks in a text", r#""a":"\r\nx-user: root""#, r#""a":"\r\nx-user: root""#),
        (
            "not ASCII",
            "\"a\":\"zo\u{eb} \u{1f600} \u{7f}\"",
            r#""a":"zo\u00eb \ud83d\ude00 \u007f""#,
        ),
    ] {
        let request = saying(members).header("x-payload", "e30").header("x-json", "{}");
        let exchange = gateway.ask(request);
        assert_eq!(exchange.response.status, 200, "{case}: {}", exchange.response.text());
        let payload = format!(r#"{{"iss":"{PARTNER}",{members}}}"#);
        let encoded = received(&exchange.response, "x-payload");
        assert_eq!(encoded, [token::base64url(payload)], "{case}");
        let json = format!(r#"{{"iss":"{PARTNER}",{json}}}"#);
        assert_eq!(received(&exchange.response, "x-json"), [json], "{case}");
        assert!(received(&exchange.response, "x-user").is_empty(), "{case}");
    }
    let long = saying(&format!("\"a\":\"{}\"", "\u{eb}".repeat(200)));
    gateway.ask(long).assert_refused("too long in ASCII", 401, "jwt_auth.claim_invalid");
    gateway.assert_no_trap();
}
