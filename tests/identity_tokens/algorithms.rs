//! Every algorithm, and the same tokens with one bit flipped.

use super::Case;
use super::signer::{claims_for, good, header, joined, signature, signing_input};
use crate::harness::token::with;
use serde_json::json;

const NAMES: [&str; 14] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519", "HS256", "HS384", "HS512",
];

pub(super) fn cases() -> Vec<Case> {
    NAMES.into_iter().flat_map(of).collect()
}

fn of(name: &str) -> Vec<Case> {
    let good = good(name);
    let (text, _) = good.rsplit_once('.').expect("a token has dots");
    let (head, payload) = (header(name), claims_for(name).to_string());
    let signature = signature(name, text);
    let flipped = |at: usize, bit: u8| {
        let mut bytes = signature.clone();
        bytes[at] ^= bit;
        joined(text, bytes)
    };
    // The same signature over something else.
    let moved = |header: &str, payload: &str| joined(&signing_input(header, payload), &signature);
    let last = signature.len() - 1;
    let root = with(claims_for(name), json!({"sub": "root"})).to_string();
    let case = |what: &str, token: String, want| {
        let case = Case::new(format!("{name}: {what}"), token, want);
        // RFC 9864 names it; nobody has to know the name.
        if name == "Ed25519" { case.open() } else { case }
    };
    let invalid = "signature_invalid";
    vec![
        case("a good token", good.clone(), "allowed"),
        case("the first bit of the signature flipped", flipped(0, 0x80), invalid),
        case(
            "a bit in the middle of the signature flipped",
            flipped(signature.len() / 2, 8),
            invalid,
        ),
        case("the last bit of the signature flipped", flipped(last, 1), invalid),
        case("another subject", moved(&head, &root), invalid),
        case(
            "one letter of the payload changed",
            moved(&head, &payload.replace("alice", "alicf")),
            invalid,
        ),
        case("a space more in the header", moved(&head.replace(':', ": "), &payload), invalid),
        case("no signature", format!("{text}."), invalid),
        case("a signature without its last byte", joined(text, &signature[..last]), invalid),
        case("a signature and a zero", joined(text, [&signature[..], &[0]].concat()), invalid),
        case("a signature of zeros", joined(text, vec![0; signature.len()]), invalid),
        case("a signature of ones", joined(text, vec![0xff; signature.len()]), invalid),
        case("the signature twice", joined(text, [&signature[..], &signature].concat()), invalid),
    ]
}
