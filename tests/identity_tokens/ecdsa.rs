//! Signatures of ECDSA that are not quite signatures (RFC 7518 section 3.4).

use super::Case;
use super::signer::{claims, good, header, joined, signature, signing_input};
use ::rsa::BigUint;

/// The order of P-256.
const ORDER: &[u8; 64] = b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
/// The prime of its field, which is larger.
const PRIME: &[u8; 64] = b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

pub(super) fn cases() -> Vec<Case> {
    let number = |digits: &[u8]| BigUint::parse_bytes(digits, 16).expect("digits");
    let (n, p) = (number(ORDER), number(PRIME));
    let (zero, one) = (BigUint::from(0_u8), BigUint::from(1_u8));
    let all = number(&[b'f'; 64]);
    let text = signing_input(header("ES256"), claims().to_string());
    let good_one = signature("ES256", &text);
    let (r, s) = (BigUint::from_bytes_be(&good_one[..32]), BigUint::from_bytes_be(&good_one[32..]));
    let of = |name: &str, r: &BigUint, s: &BigUint| {
        Case::new(name, joined(&text, [padded(r, 32), padded(s, 32)].concat()), "signature_invalid")
    };
    let raw = |name: &str, signature: Vec<u8>| {
        Case::new(name, joined(&text, signature), "signature_invalid")
    };
    let mut cases = vec![
        // CVE-2022-21449.
        of("ES256: r and s 0", &zero, &zero),
        of("ES256: r 0", &zero, &s),
        of("ES256: s 0", &r, &zero),
        of("ES256: r and s 1", &one, &one),
        of("ES256: r the order", &n, &s),
        of("ES256: s the order", &r, &n),
        of("ES256: r and s the order", &n, &n),
        of("ES256: r the order and one more", &(&n + &one), &s),
        of("ES256: s the order and one more", &r, &(&n + &one)),
        of("ES256: r the order less one", &(&n - &one), &s),
        of("ES256: s the order less one", &r, &(&n - &one)),
        of("ES256: r the field's prime", &p, &s),
        of("ES256: r and s of ones", &all, &all),
        of("ES256: r and s exchanged", &s, &r),
        of("ES256: r on the other side", &(&n - &r), &s),
        of("ES256: r and s on the other side", &(&n - &r), &(&n - &s)),
        // (r, -s) is a signature too: RFC 7518 section 3.4 wants nothing else of s, and half of all
        // signers make it.
        Case::new(
            "ES256: s on the other side",
            joined(&text, [padded(&r, 32), padded(&(&n - &s), 32)].concat()),
            "allowed",
        ),
        raw("ES256: DER", der(&r, &s)),
        raw("ES256: r alone", padded(&r, 32)),
        raw("ES256: 63 bytes", good_one[..63].to_vec()),
        raw("ES256: 63 bytes, without the first", good_one[1..].to_vec()),
        raw("ES256: 65 bytes, a zero before", [&[0], &good_one[..]].concat()),
        raw("ES256: 65 bytes, a zero behind", [&good_one[..], &[0]].concat()),
        raw("ES256: 65 bytes, a recovery number behind", [&good_one[..], &[27]].concat()),
        raw(
            "ES256: a zero before each half",
            [&[0], &good_one[..32], &[0], &good_one[32..]].concat(),
        ),
        raw("ES256: as long as ES384's", [padded(&r, 48), padded(&s, 48)].concat()),
        raw("ES256: each half backwards", {
            let backwards = |half: &[u8]| half.iter().rev().copied().collect::<Vec<u8>>();
            [backwards(&good_one[..32]), backwards(&good_one[32..])].concat()
        }),
    ];
    for (algorithm, length) in [("ES384", 48), ("ES512", 66)] {
        let token = good(algorithm);
        let (text, _) = token.rsplit_once('.').expect("a token has dots");
        let whole = signature(algorithm, text);
        let half = |first: u8| [&vec![0; length - 1][..], &[first]].concat();
        for (what, signature) in [
            ("r and s 0", [half(0), half(0)].concat()),
            ("r 0", [half(0), whole[length..].to_vec()].concat()),
            ("s 0", [whole[..length].to_vec(), half(0)].concat()),
            ("r and s 1", [half(1), half(1)].concat()),
            (
                "DER",
                der(
                    &BigUint::from_bytes_be(&whole[..length]),
                    &BigUint::from_bytes_be(&whole[length..]),
                ),
            ),
            ("a byte less", whole[..length * 2 - 1].to_vec()),
            ("a zero before", [&[0], &whole[..]].concat()),
        ] {
            cases.push(Case::new(
                format!("{algorithm}: {what}"),
                joined(text, signature),
                "signature_invalid",
            ));
        }
    }
    cases.extend(leading_zeros());
    cases
}

/// Each half has its full length, zeros before it included.
fn leading_zeros() -> Vec<Case> {
    let mut cases = Vec::new();
    for (half, at) in [("r", 0), ("s", 32)] {
        let (text, whole) = (0..100_000)
            .map(|spaces| {
                let text =
                    signing_input(header("ES256"), format!("{}{}", claims(), " ".repeat(spaces)));
                let whole = signature("ES256", &text);
                (text, whole)
            })
            .find(|(_, whole)| whole[at] == 0)
            .expect("one of 256 is so");
        let mut cut = whole.clone();
        cut.remove(at);
        cases.push(Case::new(
            format!("ES256: {half} that begins with a zero"),
            joined(&text, whole),
            "allowed",
        ));
        cases.push(Case::new(
            format!("ES256: {half} without the zero that it begins with"),
            joined(&text, cut),
            "signature_invalid",
        ));
    }
    cases
}

/// Big-endian, so many bytes.
pub(super) fn padded(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length - bytes.len()], bytes].concat()
}

/// `SEQUENCE { INTEGER r, INTEGER s }`.
fn der(r: &BigUint, s: &BigUint) -> Vec<u8> {
    let integer = |number: &BigUint| {
        let bytes = number.to_bytes_be();
        let sign = if bytes[0] >= 0x80 { &[0][..] } else { &[] };
        let length = u8::try_from(sign.len() + bytes.len()).expect("it is short");
        [&[2, length], sign, &bytes].concat()
    };
    let content = [integer(r), integer(s)].concat();
    let length = u8::try_from(content.len()).expect("it is short");
    let start = if length >= 0x80 { vec![0x30, 0x81, length] } else { vec![0x30, length] };
    [start, content].concat()
}
