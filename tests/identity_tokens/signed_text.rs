//! Good signatures, but over something else than the first two parts and the dot between (RFC 7515
//! section 5.2).

use super::Case;
use super::signer::{
    OUR_KEY, OURS, PARTNER_KEY, claims, good, header, joined, p256_key, signature, signed_by,
    signing_input, with_claims,
};
use crate::harness::token::base64url;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::sha2::{Digest as _, Sha256, Sha384};
use serde_json::json;

pub(super) fn cases() -> Vec<Case> {
    let (head, payload) = (header("ES256"), claims().to_string());
    let text = signing_input(&head, &payload);
    let (encoded_head, encoded_payload) = text.split_once('.').expect("two parts");
    let mut cases: Vec<Case> = [
        ("nothing", String::new()),
        ("the header alone", encoded_head.to_owned()),
        ("the payload alone", encoded_payload.to_owned()),
        ("header and payload without the dot", format!("{encoded_head}{encoded_payload}")),
        ("the payload before the header", format!("{encoded_payload}.{encoded_head}")),
        ("header and payload and a dot", format!("{text}.")),
        ("header and payload, not encoded", format!("{head}.{payload}")),
        ("the header encoded, the payload not", format!("{encoded_head}.{payload}")),
        ("header and payload, padded", format!("{encoded_head}=.{encoded_payload}==")),
        ("another header that says the same", signing_input(format!("{head} "), &payload)),
        ("another algorithm's header", signing_input(header("RS256"), &payload)),
    ]
    .into_iter()
    .map(|(what, over)| {
        Case::new(
            format!("signed over {what}"),
            joined(&text, signature("ES256", &over)),
            "signature_invalid",
        )
    })
    .collect();

    let by_hash = |digest: &[u8]| {
        let made: p256::ecdsa::Signature =
            p256_key(OUR_KEY).sign_prehash(digest).expect("a digest");
        joined(&text, made.to_bytes())
    };
    let invalid = "signature_invalid";
    let (alice, root) = (good("ES256"), with_claims(json!({"sub": "root", "exp": 1})));
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (alice_parts, root_parts) = (parts(&alice), parts(&root));
    cases.extend([
        Case::new("signed over the hash", by_hash(&Sha256::digest(text.as_bytes())), "allowed"),
        Case::new(
            "signed over the hash of the hash",
            by_hash(&Sha256::digest(Sha256::digest(text.as_bytes()))),
            invalid,
        ),
        Case::new("signed over another hash", by_hash(&Sha384::digest(text.as_bytes())), invalid),
        Case::new("signed over a hash of zeros", by_hash(&[0; 32]), invalid),
        Case::new(
            "the signature of another token of the same key",
            format!("{}.{}.{}", alice_parts[0], alice_parts[1], root_parts[2]),
            invalid,
        ),
        Case::new(
            "the signature of another key over the same",
            format!("{text}.{}", parts(&signed_by(PARTNER_KEY, OURS, &head))[2]),
            invalid,
        ),
        Case::new(
            "the signature of another issuer's secret",
            format!("{text}.{}", parts(&good("HS256"))[2]),
            invalid,
        ),
        Case::new("the header as the signature", format!("{text}.{}", base64url(&head)), invalid),
        Case::new(
            "a hash as the signature",
            joined(&text, Sha256::digest(text.as_bytes())),
            invalid,
        ),
        Case::new(
            "a hash twice as the signature",
            joined(&text, [Sha256::digest(text.as_bytes()); 2].concat()),
            invalid,
        ),
        Case::new("words as the signature", joined(&text, "signature"), invalid),
    ]);
    cases
}
