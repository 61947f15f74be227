//! Signatures of Ed25519 that are not quite signatures (RFC 8032 section 5.1.7).

use super::Case;
use super::signer::{claims, header, joined, signature, signing_input};
use ::rsa::BigUint;

/// The order of the group, big-endian.
const ORDER: &[u8; 64] = b"1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

pub(super) fn cases() -> Vec<Case> {
    let text = signing_input(header("EdDSA"), claims().to_string());
    let good = signature("EdDSA", &text);
    let (r, s) = good.split_at(32);
    let order = BigUint::parse_bytes(ORDER, 16).expect("digits");
    let number = BigUint::from_bytes_le(s);
    let scalar = |number: &BigUint| {
        let mut bytes = number.to_bytes_le();
        bytes.resize(32, 0);
        bytes
    };
    // Of a point: its y, and the sign of its x in the last bit.
    let point = |first: u8, rest: u8, last: u8| [&[first][..], &[rest; 30], &[last]].concat();
    let (zero, identity) = (point(0, 0, 0), point(1, 0, 0));
    [
        // "s is in the range 0 <= s < L": otherwise each signature has several spellings.
        ("s and the order", [r, &scalar(&(&number + &order))].concat()),
        ("s and the order seven times", [r, &scalar(&(&number + &order * 7_u8))].concat()),
        ("s on the other side", [r, &scalar(&(&order - &number))].concat()),
        ("s the order", [r, &scalar(&order)].concat()),
        ("s 0", [r, &zero].concat()),
        ("r 0 and s 0", [zero.clone(), zero.clone()].concat()),
        ("r the neutral point and s 0", [identity.clone(), zero.clone()].concat()),
        (
            "r the neutral point, spelled otherwise, and s 0",
            [point(0xee, 0xff, 0x7f), zero.clone()].concat(),
        ),
        ("r the neutral point of another sign and s 0", [point(1, 0, 0x80), zero.clone()].concat()),
        ("r of order two and s 0", [point(0xec, 0xff, 0x7f), zero].concat()),
        ("r of another sign", [&[r, s].concat()[..31], &[r[31] ^ 0x80], s].concat()),
        ("r and s exchanged", [s, r].concat()),
        ("r alone", r.to_vec()),
    ]
    .into_iter()
    .map(|(name, signature)| {
        Case::new(format!("EdDSA: {name}"), joined(&text, signature), "signature_invalid")
    })
    .collect()
}
