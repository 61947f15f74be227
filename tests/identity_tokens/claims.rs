//! `iss`, `aud`, `sub` and `jti` (RFC 7519 section 4.1): of their types, and compared character by
//! character.

use super::Case;
use super::signer::{
    AUDIENCE, OUR_KEY, OURS, PARTNER, claims, signed_by, with_claim, with_claims, with_payload,
};
use serde_json::{Value, json};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = issuers();
    cases.extend(audiences());
    cases.extend(subjects());
    cases
}

fn issuers() -> Vec<Case> {
    let of = |name: &str, iss: Value| {
        Case::new(name, with_claims(json!({"iss": iss})), "issuer_unknown")
    };
    let no_text =
        |value: &str| Case::new(format!("iss {value}"), with_claim("iss", value), "claim_invalid");
    let list = json!([OURS]).to_string();
    vec![
        of("no iss", Value::Null),
        of("iss of nobody", json!("https://attacker.example")),
        of("iss empty", json!("")),
        of("iss with a slash behind", json!(format!("{OURS}/"))),
        of("iss in capitals", json!(OURS.to_uppercase())),
        of("iss with its scheme in capitals", json!(OURS.replace("https", "HTTPS"))),
        of("iss over http", json!(OURS.replace("https", "http"))),
        of("iss without its scheme", json!(OURS.replace("https://", ""))),
        of("iss with a port", json!(format!("{OURS}:443"))),
        of("iss with a space before", json!(format!(" {OURS}"))),
        of("iss with a space behind", json!(format!("{OURS} "))),
        of("iss with a line break behind", json!(format!("{OURS}\n"))),
        of("iss with a NUL behind", json!(format!("{OURS}\0"))),
        of("iss that begins like ours", json!(format!("{OURS}.attacker.example"))),
        of("iss that ends like ours", json!(format!("https://attacker.example/{OURS}"))),
        of("iss that is the beginning of ours", json!(OURS[..OURS.len() - 1])),
        of("iss with a query", json!(format!("{OURS}?"))),
        of("iss in escapes of an URL", json!(OURS.replace("auth", "%61uth"))),
        of("iss a pattern", json!("*")),
        of("iss with a letter of another alphabet", json!(OURS.replace('a', "\u{430}"))),
        Case::new(
            "iss one level down",
            with_claims(json!({"iss": null, "claims": {"iss": OURS}})),
            "issuer_unknown",
        ),
        Case::new(
            "every claim one level down",
            with_payload(json!({"payload": claims()}).to_string()),
            "issuer_unknown",
        ),
        of("iss two issuers in a text", json!(format!("{OURS} {PARTNER}"))),
        Case::new(
            "iss of another provider, our key",
            signed_by(OUR_KEY, PARTNER, r#"{"alg":"ES256"}"#),
            "signature_invalid",
        ),
        Case::new(
            "iss in escapes of JSON",
            with_claim("iss", &json!(OURS).to_string().replace('/', "\\/")),
            "allowed",
        ),
        no_text("1"),
        no_text("null"),
        no_text("true"),
        no_text("{}"),
        no_text("[]"),
        no_text(&list),
    ]
}

fn audiences() -> Vec<Case> {
    let of = |name: &str, aud: Value, want| Case::new(name, with_claims(json!({"aud": aud})), want);
    let raw =
        |value: &str| Case::new(format!("aud {value}"), with_claim("aud", value), "claim_invalid");
    let other = "audience_mismatch";
    let with_number = json!([AUDIENCE, 1]).to_string();
    let with_null = json!([AUDIENCE, null]).to_string();
    let in_list = json!([[AUDIENCE]]).to_string();
    vec![
        of("no aud", Value::Null, other),
        of("aud of somebody else", json!("somebody"), other),
        of("aud empty", json!(""), other),
        of("aud a list with ours", json!([AUDIENCE]), "allowed"),
        of("aud a list with ours at its end", json!(["somebody", "else", AUDIENCE]), "allowed"),
        of("aud a list with ours twice", json!([AUDIENCE, AUDIENCE]), "allowed"),
        of("aud a list with ours and an empty text", json!(["", AUDIENCE]), "allowed"),
        of("aud a list without ours", json!(["somebody", "else"]), other),
        of("aud a list of a thousand, without ours", json!(vec!["somebody"; 1_000]), other),
        of("aud an empty list", json!([]), other),
        of("aud in capitals", json!(AUDIENCE.to_uppercase()), other),
        of("aud that is the beginning of ours", json!(AUDIENCE[..AUDIENCE.len() - 1]), other),
        of("aud that begins like ours", json!(format!("{AUDIENCE}-2")), other),
        of("aud with a slash behind", json!(format!("{AUDIENCE}/")), other),
        of("aud with a space behind", json!(format!("{AUDIENCE} ")), other),
        of("aud with a NUL behind", json!(format!("{AUDIENCE}\0")), other),
        of("aud several in a text", json!(format!("somebody {AUDIENCE}")), other),
        of("aud several in a text with a comma", json!(format!("{AUDIENCE},somebody")), other),
        of("aud a list in a text", json!(json!([AUDIENCE]).to_string()), other),
        of("aud with a letter of another alphabet", json!(AUDIENCE.replace('a', "\u{430}")), other),
        of("aud a pattern", json!("*"), other),
        of("aud a list with a pattern", json!([".*"]), other),
        raw("1"),
        raw("null"),
        raw("true"),
        raw("{}"),
        raw(&json!({AUDIENCE: true}).to_string()),
        raw("[1]"),
        raw("[null]"),
        raw(&with_number),
        raw(&with_null),
        raw(&in_list),
    ]
}

fn subjects() -> Vec<Case> {
    let of = |name: &str, changes: Value| Case::new(name, with_claims(changes), "allowed");
    let no_text = |name: &str, value: &str| {
        Case::new(format!("{name} {value}"), with_claim(name, value), "claim_invalid")
    };
    vec![
        // Optional: RFC 7519 section 4.1.2.
        of("no sub", json!({"sub": null})),
        of("sub empty", json!({"sub": ""})),
        of("sub not ASCII", json!({"sub": "zo\u{eb}"})),
        of("sub with a line break", json!({"sub": "alice\r\nx-user: root"})),
        of("sub of 4 KiB", json!({"sub": "a".repeat(4_096)})),
        no_text("sub", "1"),
        no_text("sub", "null"),
        no_text("sub", "true"),
        no_text("sub", "[\"alice\"]"),
        no_text("sub", "{\"id\":\"alice\"}"),
        of("jti a text", json!({"jti": "3f0c9a"})),
        of("jti empty", json!({"jti": ""})),
        of("jti that was used before", json!({"jti": "3f0c9a", "nonce": 2})),
        // Section 4.1.7: case-sensitive text.
        no_text("jti", "1"),
        no_text("jti", "null"),
        no_text("jti", "true"),
        no_text("jti", "[\"3f0c9a\"]"),
        no_text("jti", "{}"),
        of(
            "a thousand claims of nobody",
            (0..1_000).map(|n| (format!("c{n}"), json!(n))).collect(),
        ),
        of("claims of nobody", json!({"x": {"y": [1, null, {}]}, "admin": true})),
        of("scope a list", json!({"scope": ["a", "b"]})),
        of("scope a number", json!({"scope": 1})),
        of("typ among the claims", json!({"typ": "refresh"})),
        // RFC 7800 section 4: whoever takes such a token checks that.
        Case::new(
            "cnf, of a token that is bound to a key",
            with_claims(json!({"cnf": {"jkt": "AAAA"}})),
            "binding_unchecked",
        )
        .open(),
        // RFC 8417 section 2.2 and OpenID Connect Back-Channel Logout 1.0 section 2.4.
        Case::new(
            "events, of a logout token",
            with_claims(
                json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
            ),
            "type_not_allowed",
        )
        .open(),
    ]
}
