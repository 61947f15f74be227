//! `exp`, `nbf` and `iat` (RFC 7519 sections 4.1.4 to 4.1.6): numbers of seconds, whole or not
//! (section 2).

use super::Case;
use super::signer::{claims, with_claim, with_claims};
use crate::harness::token::now;
use serde_json::json;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = exp();
    cases.extend(nbf());
    cases.extend(iat());
    for name in ["exp", "nbf", "iat"] {
        cases.extend(no_times(name));
    }
    cases
}

fn exp() -> Vec<Case> {
    let now = now();
    let of = |value: &str, want| Case::new(format!("exp {value}"), with_claim("exp", value), want);
    let at = |name: &str, value: String, want| {
        Case::new(format!("exp {name}"), with_claim("exp", &value), want)
    };
    let expired = "token_expired";
    vec![
        // Optional in RFC 7519; here it is required unless a provider says otherwise.
        Case::new("no exp", with_claims(json!({"exp": null})), "claim_invalid").open(),
        Case::new(
            "no times at all",
            with_claims(json!({"exp": null, "iat": null})),
            "claim_invalid",
        )
        .open(),
        Case::new("no iat", with_claims(json!({"iat": null})), "allowed"),
        of("0", expired),
        of("-0", expired),
        of("0.0", expired),
        of("0e5", expired),
        of("1", expired),
        of("0.5", expired),
        of("1e-400", expired),
        of("1e9", expired),
        of("1e10", "allowed"),
        of("1E+10", "allowed"),
        of("4102444800.0", "allowed"),
        of("4102444800.5", "allowed"),
        of("4.1024448e9", "allowed"),
        at("an hour ago", (now - 3_600).to_string(), expired),
        at("two minutes ago", (now - 120).to_string(), expired),
        at("two minutes and a half second ago", format!("{}.5", now - 121), expired),
        // "Implementers MAY provide for some small leeway": 60 s.
        at("five seconds ago", (now - 5).to_string(), "allowed").open(),
        at("nine and a half seconds ago", format!("{}.5", now - 10), "allowed").open(),
        at("in a minute", (now + 60).to_string(), "allowed"),
        at("in a minute and a half second", format!("{}.5", now + 60), "allowed"),
        at("now, in milliseconds", format!("{now}000"), "allowed"),
        // Not before now, however far: no other rule is given.
        of("253402300799", "allowed"),
        of("253402300800", "allowed"),
        of("2147483647", "allowed"),
        of("2147483648", "allowed"),
        of("4294967296", "allowed"),
        of("9007199254740991", "allowed"),
        of("9007199254740992", "allowed"),
        of("9007199254740993", "allowed"),
        of("9223372036854775807", "allowed"),
        of("9223372036854775808", "allowed"),
        of("9223372036854775808.5", "allowed"),
        of("1e19", "allowed"),
    ]
}

fn nbf() -> Vec<Case> {
    let now = now();
    let of = |value: &str, want| Case::new(format!("nbf {value}"), with_claim("nbf", value), want);
    let at = |name: &str, value: String, want| {
        Case::new(format!("nbf {name}"), with_claim("nbf", &value), want)
    };
    let early = "token_not_yet_valid";
    vec![
        of("0", "allowed"),
        of("0.5", "allowed"),
        of("1e9", "allowed"),
        at("an hour ago", (now - 3_600).to_string(), "allowed"),
        at("now", now.to_string(), "allowed"),
        at("a half second ago", format!("{}.5", now - 1), "allowed"),
        at("in half a minute", (now + 30).to_string(), "allowed").open(),
        at("in five minutes", (now + 300).to_string(), early),
        at("in five minutes and a half second", format!("{}.5", now + 300), early),
        at("in an hour", (now + 3_600).to_string(), early),
        at("now, in milliseconds", format!("{now}000"), early),
        of("1e10", early),
        of("9007199254740992", early),
        of("9223372036854775807", early),
        Case::new("nbf behind exp", with_claims(json!({"nbf": 4_102_444_801_u64})), early),
    ]
}

/// When a token was issued says how old it is. That it is from the future is no reason to refuse it
/// in RFC 7519.
fn iat() -> Vec<Case> {
    let now = now();
    let of = |value: &str, want| Case::new(format!("iat {value}"), with_claim("iat", value), want);
    vec![
        of("0", "allowed"),
        of("1700000000.5", "allowed"),
        Case::new("iat an hour ago", with_claims(json!({"iat": now - 3_600})), "allowed"),
        Case::new("iat in half a minute", with_claims(json!({"iat": now + 30})), "allowed"),
        Case::new("iat in an hour", with_claims(json!({"iat": now + 3_600})), "allowed").open(),
        Case::new(
            "iat behind exp",
            with_claims(json!({"iat": claims()["exp"].as_u64().map(|exp| exp + 1)})),
            "allowed",
        )
        .open(),
        Case::new("iat now, in milliseconds", with_claim("iat", &format!("{now}000")), "allowed")
            .open(),
    ]
}

/// What is no time, wherever it is.
fn no_times(name: &str) -> Vec<Case> {
    let of =
        |value: &str, want| Case::new(format!("{name} {value}"), with_claim(name, value), want);
    let no_claim = "claim_invalid";
    let malformed = "token_malformed";
    // RFC 8259 section 6: whoever reads may set limits to numbers.
    let too_large = |value: &str, want| of(value, want).open();
    vec![
        of("-1", no_claim),
        of("-0.5", no_claim),
        of("-1e10", no_claim),
        of("-9223372036854775808", no_claim),
        of("-9223372036854775809", no_claim),
        // 2^64 and more, by the numbers that JSON's readers have.
        too_large("18446744073709551615", no_claim),
        too_large("18446744073709551616", no_claim),
        too_large("1e20", no_claim),
        too_large("1e300", no_claim),
        too_large(&"9".repeat(300), no_claim),
        too_large("1e400", malformed),
        too_large("-1e400", malformed),
        of("\"4102444800\"", no_claim),
        of("\"1\"", no_claim),
        of("\"\"", no_claim),
        of("\"never\"", no_claim),
        of("\"2100-01-01T00:00:00Z\"", no_claim),
        of("null", no_claim),
        of("true", no_claim),
        of("false", no_claim),
        of("[]", no_claim),
        of("[4102444800]", no_claim),
        of("{}", no_claim),
        of("{\"seconds\":4102444800}", no_claim),
        of("04102444800", malformed),
        of("+4102444800", malformed),
        of("4102444800.", malformed),
        of(".5", malformed),
        of("4_102_444_800", malformed),
        of("0xf4865700", malformed),
        of("NaN", malformed),
        of("Infinity", malformed),
        of("-Infinity", malformed),
        of("4102444800n", malformed),
    ]
}
