//! Spellings of a good token: base64url without padding, and each byte string in one way (RFC 7515
//! section 2, RFC 4648 sections 3.2 to 3.5).

use super::Case;
use super::signer::{claims, good, header, joined, signature, signed, signing_input};
use crate::harness::token::base64url;

pub(super) fn cases() -> Vec<Case> {
    let good = good("ES256");
    let parts: Vec<&str> = good.split('.').collect();
    let (head, payload, sign) = (parts[0], parts[1], parts[2]);
    let of = |name: &str, token: String| Case::new(name, token, "token_malformed");
    let mut cases = vec![
        of("padding behind the signature", format!("{good}==")),
        of("one more sign of padding behind the signature", format!("{good}=")),
        of("too much padding behind the signature", format!("{good}====")),
        of("padding behind the header", format!("{head}=.{payload}.{sign}")),
        of("padding behind the payload", format!("{head}.{payload}=.{sign}")),
        of("padding in escapes", format!("{good}%3D%3D")),
        of("dots in escapes", good.replace('.', "%2E")),
        of("a letter in an escape", format!("%65{}", &good[1..])),
        of("a space in the payload", format!("{head}.{} {}.{sign}", &payload[..8], &payload[8..])),
        of("a space behind a dot", format!("{head}. {payload}.{sign}")),
        of("a tab in the signature", format!("{head}.{payload}.{}\t{}", &sign[..8], &sign[8..])),
        of("something behind a space", format!("{good} x")),
        of("an exclamation mark behind", format!("{good}!")),
        of("a tilde before", format!("~{good}")),
        of(
            "an asterisk in the signature",
            format!("{head}.{payload}.{}*{}", &sign[..8], &sign[8..]),
        ),
        of(
            "a soft hyphen in the payload",
            format!("{head}.{}\u{ad}{}.{sign}", &payload[..8], &payload[8..]),
        ),
        of("a quote before and one behind", format!("\"{good}\"")),
        of("an apostrophe before and one behind", format!("'{good}'")),
        of("angle brackets around", format!("<{good}>")),
        // 65 bytes, and 64 and a bit.
        Case::new(
            "one character more behind the signature",
            format!("{good}A"),
            "signature_invalid",
        ),
        of("one character more behind the signature, not A", format!("{good}B")),
        of("the token in lower case", good.to_lowercase()),
        of("the token in upper case", good.to_uppercase()),
        of("the token backwards", good.chars().rev().collect()),
        of("four characters less in the header", format!("{}.{payload}.{sign}", &head[4..])),
    ];
    cases.extend(unused_bits());
    cases.extend(other_alphabet());

    // Signed as they are: the spelling of what was signed is no better.
    let text = signing_input(header("ES256"), claims().to_string());
    let (head, payload) = text.split_once('.').expect("two parts");
    for (name, text) in [
        (
            "padding behind the header, signed so",
            format!("{head}={}.{payload}", "=".repeat(head.len() % 2)),
        ),
        ("padding behind the payload, signed so", format!("{head}.{payload}=")),
        (
            "a space in the payload, signed so",
            format!("{head}.{} {}", &payload[..8], &payload[8..]),
        ),
    ] {
        cases.push(of(name, joined(&text, signature("ES256", &text))));
    }
    cases
}

/// Bits that no byte needs, set. RFC 4648 section 3.5: a decoder may refuse them.
fn unused_bits() -> Vec<Case> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let respelled = |part: &str| {
        let last = part.chars().last().and_then(|last| ALPHABET.find(last)).expect("base64url");
        format!("{}{}", &part[..part.len() - 1], &ALPHABET[last + 1..last + 2])
    };
    // Four unused bits at the end of each part.
    let (mut head, mut payload) = (header("ES256"), claims().to_string());
    while head.len() % 3 != 1 {
        head.push(' ');
    }
    while payload.len() % 3 != 1 {
        payload.push(' ');
    }
    let token = signed("ES256", head, payload);
    let parts: Vec<&str> = token.split('.').collect();
    let (head, payload, sign) = (parts[0], parts[1], parts[2]);
    let of = |name: &str, token: String| Case::new(name, token, "token_malformed").open();
    let mut cases = vec![
        Case::new("spaces behind header and payload, signed so", &token, "allowed"),
        of("an unused bit set in the signature", format!("{head}.{payload}.{}", respelled(sign))),
        of("an unused bit set in the header", format!("{}.{payload}.{sign}", respelled(head))),
        of("an unused bit set in the payload", format!("{head}.{}.{sign}", respelled(payload))),
    ];
    let text = format!("{}.{}", respelled(head), respelled(payload));
    cases.push(of(
        "unused bits set in header and payload, signed so",
        joined(&text, signature("ES256", &text)),
    ));
    cases
}

/// `+` and `/` for `-` and `_`.
fn other_alphabet() -> Vec<Case> {
    // Of so many payloads one has a signature with both.
    let token = (0..1_000)
        .map(|number| {
            signed("ES256", header("ES256"), format!("{}{}", claims(), " ".repeat(number)))
        })
        .find(|token| {
            let sign = token.rsplit_once('.').expect("a token has dots").1;
            sign.contains('-') && sign.contains('_')
        })
        .expect("one of a thousand");
    let (text, sign) = token.rsplit_once('.').expect("a token has dots");
    let standard = sign.replace('-', "+").replace('_', "/");
    vec![
        Case::new("a signature with a hyphen and an underscore", &token, "allowed"),
        Case::new("the signature in plain base64", format!("{text}.{standard}"), "token_malformed"),
        Case::new(
            "the signature in plain base64, with padding",
            format!("{text}.{standard}=="),
            "token_malformed",
        ),
        Case::new(
            "the signature in both alphabets",
            format!("{text}.{}", sign.replacen('-', "+", 1)),
            "token_malformed",
        ),
        Case::new(
            "the signature in hexadecimal",
            format!("{text}.{}", hexadecimal(sign)),
            "signature_invalid",
        ),
        Case::new(
            "the signature encoded twice",
            format!("{text}.{}", base64url(sign)),
            "signature_invalid",
        ),
    ]
}

/// A signature has 64 bytes, so this is 128 letters: base64url of 96 bytes.
fn hexadecimal(sign: &str) -> String {
    use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _};
    let bytes = Base64UrlSafeNoPadding::decode_to_vec(sign, None).expect("it was encoded");
    gatehouse_filter::hex::text(&bytes)
}
