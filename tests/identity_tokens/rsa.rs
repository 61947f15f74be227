//! Signatures of RSA that are not quite signatures (RFC 8017 sections 8.1.2 and 8.2.2).

use super::Case;
use super::ecdsa::padded;
use super::signer::{RSA, claims, header, joined, pss, signature, signing_input};
use ::rsa::sha2::{Digest as _, Sha256};
use ::rsa::traits::PublicKeyParts as _;
use ::rsa::{BigUint, Pkcs1v15Sign, Pss};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = numbers("RS256");
    cases.extend(numbers("PS256"));
    cases.extend(paddings());
    cases.extend(leading_zero());
    cases
}

/// As long as the modulus, and below it.
fn numbers(algorithm: &str) -> Vec<Case> {
    let n = RSA.n();
    let one = BigUint::from(1_u8);
    let text = signing_input(header(algorithm), claims().to_string());
    let good = signature(algorithm, &text);
    let s = BigUint::from_bytes_be(&good);
    [
        ("0", vec![0; 256]),
        ("1", padded(&one, 256)),
        ("2", padded(&BigUint::from(2_u8), 256)),
        ("the modulus", n.to_bytes_be()),
        ("the modulus less one", padded(&(n - &one), 256)),
        ("the modulus and one more", padded(&(n + &one), 256)),
        ("the signature and the modulus", (&s + n).to_bytes_be()),
        ("the modulus less the signature", padded(&(n - &s), 256)),
        ("255 bytes", good[..255].to_vec()),
        ("255 bytes, without the first", good[1..].to_vec()),
        ("257 bytes, a zero before", [&[0], &good[..]].concat()),
        ("257 bytes, a zero behind", [&good[..], &[0]].concat()),
        ("512 bytes, zeros before", [&[0; 256], &good[..]].concat()),
        ("backwards", good.iter().rev().copied().collect()),
    ]
    .into_iter()
    .map(|(name, signature)| {
        Case::new(format!("{algorithm}: {name}"), joined(&text, signature), "signature_invalid")
    })
    .collect()
}

fn paddings() -> Vec<Case> {
    let text = signing_input(header("RS256"), claims().to_string());
    let digest = Sha256::digest(text.as_bytes());
    let unnamed = RSA.sign(Pkcs1v15Sign::new_unprefixed(), &digest).expect("the key signs");
    let mut cases = vec![Case::new(
        "RS256: the hash without its name",
        joined(&text, unnamed),
        "signature_invalid",
    )];
    let text = signing_input(header("PS256"), claims().to_string());
    let digest = Sha256::digest(text.as_bytes());
    // RFC 7518 section 3.5: the salt is as long as the hash.
    for length in [0, 20, 31, 33, 64] {
        let signature = pss(Pss::new_with_salt::<Sha256>(length), &digest);
        cases.push(Case::new(
            format!("PS256: a salt of {length} bytes"),
            joined(&text, signature),
            "signature_invalid",
        ));
    }
    cases
}

fn leading_zero() -> Vec<Case> {
    let (text, whole) = (0..100_000)
        .map(|spaces| {
            let text =
                signing_input(header("RS256"), format!("{}{}", claims(), " ".repeat(spaces)));
            let whole = signature("RS256", &text);
            (text, whole)
        })
        .find(|(_, whole)| whole[0] == 0)
        .expect("one of 256 is so");
    vec![
        Case::new("RS256: a signature that begins with a zero", joined(&text, &whole), "allowed"),
        Case::new(
            "RS256: a signature without the zero that it begins with",
            joined(&text, &whole[1..]),
            "signature_invalid",
        ),
    ]
}
