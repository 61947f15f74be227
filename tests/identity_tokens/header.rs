//! Headers: `alg`, `crit`, `typ` and the like.

use super::Case;
use super::signer::{claims, signature, signing_input, with_header, with_members};
use crate::harness::token::base64url;
use serde_json::{Value, json};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = unsigned();
    cases.extend(algorithm());
    cases.extend(critical());
    cases.extend(others());
    cases
}

/// RFC 8725 section 3.2: `none` is for nobody who does not ask for it.
fn unsigned() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 0..16 {
        let cased: String = "none"
            .char_indices()
            .map(
                |(index, letter)| {
                    if bits >> index & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
                },
            )
            .collect();
        let text =
            signing_input(json!({"alg": cased, "kid": "p256"}).to_string(), claims().to_string());
        cases.push(Case::new(
            format!("alg {cased}, no signature"),
            format!("{text}."),
            "algorithm_not_allowed",
        ));
    }
    let text = signing_input(r#"{"alg":"none"}"#, claims().to_string());
    cases.extend([
        Case::new("alg none without a kid", format!("{text}."), "algorithm_not_allowed"),
        Case::new(
            "alg none and a typ",
            with_members(json!({"alg": "none", "typ": "JWT"})),
            "algorithm_not_allowed",
        ),
        Case::new("alg none, without its dot", text, "token_malformed"),
        Case::new(
            "alg none, a good signature",
            with_members(json!({"alg": "none"})),
            "algorithm_not_allowed",
        ),
        Case::new(
            "alg none in escapes",
            with_header(r#"{"alg":"n\u006fne","kid":"p256"}"#),
            "algorithm_not_allowed",
        ),
    ]);
    cases
}

/// RFC 7515 section 4.1.1: a text, compared with regard to case, and it must be there.
fn algorithm() -> Vec<Case> {
    let of = |name: &str, value: Value, want| {
        Case::new(name, with_members(json!({"alg": value, "kid": "p256"})), want)
    };
    let raw = |name: &str, header: &str, want| Case::new(name, with_header(header), want);
    let unknown = "algorithm_not_allowed";
    let malformed = "token_malformed";
    vec![
        raw("no alg", r#"{"kid":"p256"}"#, malformed),
        raw("no alg, but a typ", r#"{"typ":"JWT","kid":"p256"}"#, malformed),
        raw("alg null", r#"{"alg":null,"kid":"p256"}"#, malformed),
        raw("ALG instead of alg", r#"{"ALG":"ES256","kid":"p256"}"#, malformed),
        raw(
            "alg as it should be, in escapes",
            r#"{"\u0061lg":"\u0045S256","kid":"p256"}"#,
            "allowed",
        ),
        of("alg empty", json!(""), unknown),
        of("alg a number", json!(256), malformed),
        of("alg true", json!(true), malformed),
        of("alg a list", json!(["ES256"]), malformed),
        of("alg an object", json!({"ES256": true}), malformed),
        of("alg in lower case", json!("es256"), unknown),
        of("alg with a space before", json!(" ES256"), unknown),
        of("alg with a space behind", json!("ES256 "), unknown),
        of("alg with a NUL behind", json!("ES256\0"), unknown),
        of("alg of nobody", json!("XX256"), unknown),
        of("alg ES257", json!("ES257"), unknown),
        of("alg ES256K, another curve", json!("ES256K"), unknown),
        of("alg RS1, with SHA-1", json!("RS1"), unknown),
        of("alg HS1, with SHA-1", json!("HS1"), unknown),
        of("alg A128KW, of encryption", json!("A128KW"), unknown),
        of("alg dir, of encryption", json!("dir"), unknown),
        Case::new(
            "alg PBES2, with two thousand million rounds",
            with_members(json!({"alg": "PBES2-HS256+A128KW", "p2s": "AAAA", "p2c": 2_000_000_000})),
            unknown,
        ),
        of("alg Ed448", json!("Ed448"), unknown),
        of("alg of 8 000 letters", json!("A".repeat(8_000)), unknown),
    ]
}

/// RFC 7515 section 4.1.11: what is in `crit` must be understood, and here nothing is.
fn critical() -> Vec<Case> {
    let crit =
        |name: &str, more: Value| Case::new(name, with_members(more), "critical_unsupported");
    vec![
        crit(
            "crit with an extension of nobody",
            json!({"crit": ["urn:example:x"], "urn:example:x": 1}),
        ),
        crit("crit with an extension that is not there", json!({"crit": ["urn:example:x"]})),
        // RFC 7797 section 6, and section 7: not for JWTs.
        crit("crit with b64, which is false", json!({"crit": ["b64"], "b64": false})),
        crit("crit with b64, which is true", json!({"crit": ["b64"], "b64": true})),
        crit("crit with exp, which is there", json!({"crit": ["exp"], "exp": 4_102_444_800_u64})),
        crit("crit with exp, which is past", json!({"crit": ["exp"], "exp": 1})),
        // The same section: not what RFC 7515 itself defines, not an empty list, nothing twice,
        // nothing but texts.
        crit("crit with alg", json!({"crit": ["alg"]})),
        crit("crit with kid and typ", json!({"crit": ["kid", "typ"], "typ": "JWT"})),
        crit("crit with itself", json!({"crit": ["crit"]})),
        crit("crit an empty list", json!({"crit": []})),
        crit("crit with an empty text", json!({"crit": [""], "": 1})),
        crit("crit a text", json!({"crit": "exp"})),
        crit("crit an object", json!({"crit": {}})),
        crit("crit false", json!({"crit": false})),
        crit("crit 0", json!({"crit": 0})),
        crit("crit with a number", json!({"crit": [1]})),
        crit("crit with the same twice", json!({"crit": ["a", "a"], "a": 1})),
        Case::new(
            "crit null",
            with_header(r#"{"alg":"ES256","kid":"p256","crit":null}"#),
            "critical_unsupported",
        ),
        Case::new(
            "crit in escapes",
            with_header(r#"{"alg":"ES256","kid":"p256","cr\u0069t":["x"],"x":1}"#),
            "critical_unsupported",
        ),
        // RFC 7515 section 4: names are compared with regard to case, and what is not understood is
        // ignored.
        Case::new(
            "CRIT in capitals, which is another name",
            with_members(json!({"CRIT": ["x"]})),
            "allowed",
        ),
        Case::new(
            "a member of nobody, not critical",
            with_members(json!({"urn:example:x": 1})),
            "allowed",
        ),
    ]
}

fn others() -> Vec<Case> {
    let with = |name: &str, more: Value| Case::new(name, with_members(more), "allowed");
    let unencoded = {
        let text =
            format!("{}.{}", base64url(r#"{"alg":"ES256","kid":"p256","b64":false}"#), claims());
        let signature = signature("ES256", &text);
        let payload = base64url(claims().to_string());
        let (head, _) = text.split_once('.').expect("there is one");
        format!("{head}.{payload}.{}", base64url(signature))
    };
    vec![
        // RFC 7515 section 4.1.9: for applications that want to tell objects apart. What says that
        // it is something else than an access token is none (RFC 8725 section 3.11).
        with("typ JWT", json!({"typ": "JWT"})),
        with("typ jwt", json!({"typ": "jwt"})),
        with("typ at+jwt", json!({"typ": "at+jwt"})),
        with("typ application/at+jwt", json!({"typ": "application/at+jwt"})),
        with("typ JOSE", json!({"typ": "JOSE"})),
        with("typ empty", json!({"typ": ""})),
        with("typ of nobody", json!({"typ": "urn:example:x"})),
        Case::new("typ logout+jwt", with_members(json!({"typ": "logout+jwt"})), "type_not_allowed")
            .open(),
        Case::new("typ dpop+jwt", with_members(json!({"typ": "dpop+jwt"})), "type_not_allowed")
            .open(),
        Case::new("typ a number", with_members(json!({"typ": 1})), "token_malformed").open(),
        Case::new("typ a list", with_members(json!({"typ": ["JWT"]})), "token_malformed").open(),
        Case::new(
            "typ null",
            with_header(r#"{"alg":"ES256","kid":"p256","typ":null}"#),
            "token_malformed",
        )
        .open(),
        // RFC 7519 section 5.2 has it for a token in a token; these are claims all the same.
        with("cty JWT", json!({"cty": "JWT"})).open(),
        with("cty of nobody", json!({"cty": "urn:example:x"})),
        with("enc, of encryption", json!({"enc": "A256GCM"})),
        with("zip, of encryption", json!({"zip": "DEF"})),
        with("exp in the header, past", json!({"exp": 1})),
        with("iss in the header, of somebody else", json!({"iss": "https://attacker.example"})),
        // Without `crit` it is a member of nobody: RFC 7515 section 4.
        with("b64 false without crit, signed as if it were not there", json!({"b64": false})),
        Case::new(
            "b64 false without crit, signed over the payload unencoded",
            unencoded,
            "signature_invalid",
        ),
        Case::new("an empty header", with_header("{}"), "token_malformed"),
        Case::new(
            "alg twice, the same",
            with_header(r#"{"alg":"ES256","alg":"ES256","kid":"p256"}"#),
            "token_malformed",
        ),
        Case::new(
            "alg twice, the second none",
            with_header(r#"{"alg":"ES256","alg":"none","kid":"p256"}"#),
            "token_malformed",
        ),
        Case::new(
            "alg twice, the first none",
            with_header(r#"{"alg":"none","alg":"ES256","kid":"p256"}"#),
            "token_malformed",
        ),
        Case::new(
            "alg twice, once in escapes",
            with_header(r#"{"\u0061lg":"none","alg":"ES256","kid":"p256"}"#),
            "token_malformed",
        ),
        Case::new(
            "kid twice",
            with_header(r#"{"alg":"ES256","kid":"rsa","kid":"p256"}"#),
            "token_malformed",
        ),
        Case::new(
            "a member of nobody twice",
            with_header(r#"{"alg":"ES256","kid":"p256","x":1,"x":2}"#),
            "token_malformed",
        ),
    ]
}
