//! Parts and dots (RFC 7515 section 7.1), and sizes.

use super::Case;
use super::signer::{
    appended, claims, good, header, joined, signature, signing_input, with_payload,
};
use crate::harness::token::base64url;
use serde_json::json;

pub(super) fn cases() -> Vec<Case> {
    let good = good("ES256");
    let parts: Vec<&str> = good.split('.').collect();
    let (head, payload, sign) = (parts[0], parts[1], parts[2]);
    let of = |name: &str, token: String| Case::new(name, token, "token_malformed");
    let encrypted = base64url(json!({"alg": "dir", "enc": "A256GCM"}).to_string());
    let empty = signing_input(header("ES256"), "");
    let mut cases = vec![
        Case::new("a good token", &good, "allowed"),
        of("a letter", "a".to_owned()),
        of("a dot", ".".to_owned()),
        of("two dots", "..".to_owned()),
        of("three dots", "...".to_owned()),
        of("ten thousand dots", ".".repeat(10_000)),
        of("words", "not-a-token".to_owned()),
        of("one part", head.to_owned()),
        of("two parts", format!("{head}.{payload}")),
        of("four parts", format!("{good}.{sign}")),
        of("four parts, the last empty", format!("{good}.")),
        of("five parts", format!("{good}.{payload}.{sign}")),
        of(
            "five parts, of an encrypted token",
            format!("{encrypted}..{}.{payload}.{sign}", base64url([0; 12])),
        ),
        Case::new(
            "three parts, the header of an encrypted token",
            format!("{encrypted}.{payload}.{sign}"),
            "algorithm_not_allowed",
        ),
        of("a dot before", format!(".{good}")),
        of("two dots before", format!("..{good}")),
        of("two dots behind", format!("{good}..")),
        of("a dot before and one behind", format!(".{good}.")),
        of("two dots after the header", format!("{head}..{payload}.{sign}")),
        of("two dots after the payload", format!("{head}.{payload}..{sign}")),
        of("two dots, twice", format!("{head}..{payload}..{sign}")),
        of("no header", format!(".{payload}.{sign}")),
        of("no payload", format!("{head}..{sign}")),
        of("a payload of nothing, signed", joined(&empty, signature("ES256", &empty))),
        of("a signature alone", format!("..{sign}")),
        of("the payload before the header", format!("{payload}.{head}.{sign}")),
        of("no dots", format!("{head}{payload}{sign}")),
        of("commas for dots, percent-encoded", good.replace('.', "%2C")),
        of("colons for dots", good.replace('.', ":")),
        of("the token in the token", base64url(&good)),
        Case::new(
            "a JSON serialization",
            json!({"protected": head, "payload": payload, "signature": sign}).to_string(),
            "token_repeated",
        ),
    ];
    // Nested tokens (RFC 7519 section 5.2): the payload is a token and no object.
    cases.push(of("a token as the payload", with_payload(&good)));
    cases.extend(sizes());
    cases
}

/// As long as a token may be here, and a little longer.
fn sizes() -> Vec<Case> {
    const MOST: usize = 16 * 1024;
    let of_length = |length: usize| {
        // Three bytes of the payload are four characters, so not every length can be had.
        let token = |pad: usize| {
            with_payload(appended(&claims(), &format!("\"pad\":\"{}\"", "x".repeat(pad))))
        };
        let short = token(0).len();
        let pads = (length - short) * 3 / 4;
        (pads.saturating_sub(3)..=pads + 3).map(token).find(|token| token.len() == length)
    };
    let mut cases = Vec::new();
    let fits = (MOST - 3..=MOST).rev().find_map(of_length).expect("some length can be had");
    cases.push(Case::new(format!("a token of {} bytes", fits.len()), fits, "allowed"));
    let longer = (MOST + 1..MOST + 4).find_map(of_length).expect("some length can be had");
    cases.push(
        Case::new(format!("a token of {} bytes", longer.len()), longer, "token_too_large").open(),
    );
    let long = of_length(40_000).or_else(|| of_length(40_001)).expect("some length can be had");
    cases.push(Case::new("a token of 40 000 bytes", long, "token_too_large").open());
    cases.push(Case::new("40 000 letters", "a".repeat(40_000), "token_too_large"));
    cases.push(Case::new(
        "a token of 8 KiB",
        of_length(8_192).or_else(|| of_length(8_193)).expect("some length"),
        "allowed",
    ));
    cases
}
