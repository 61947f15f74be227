//! What proofs must be, of providers whose tokens are bound to keys.

use crate::algorithm::Algorithm;
use crate::claims::Lifetime;
use crate::proof::{Nonces, Origin, Replays, Terms};
use gatehouse_filter::Hash;
use gatehouse_filter::config::Node;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How proofs are checked.
pub(crate) struct Dpop {
    pub(crate) terms: Terms,
    pub(crate) replays: Replays,
}

impl Dpop {
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        // The host that a client names is no proof of what it was told to call: a proof for a host
        // of a thief's would be good here under that host's name.
        let origins = fields.required("origins", |node| node.nonempty_list(|node| origin(&node)));
        let algorithms =
            fields.with_default("algorithms", usual_algorithms(), |node| algorithms(&node));
        let max_age = fields
            .with_default("max_age", Duration::from_secs(60), |node| between(&node, 1..=3600));
        let leeway =
            fields.with_default("leeway", Duration::from_secs(10), |node| between(&node, 0..=300));
        let nonces = fields.optional("nonce_lifetime", |node| between(&node, 10..=3600));
        let proofs = fields.with_default("proofs", PROOFS, |node| node.integer(16..=1_048_576));
        fields.finish();
        let lifetime = Lifetime {
            leeway: leeway?,
            requires_expiration: false,
            max_age: Some(max_age?),
            max_lifetime: None,
        };
        Some(Self {
            terms: Terms {
                origins: origins?,
                algorithms: algorithms?,
                lifetime,
                nonces: nonces?.map(|lifetime| Nonces { lifetime }),
            },
            replays: Replays::new(proofs?),
        })
    }
}

/// Proofs in the table, unless a configuration says otherwise: some 400 KiB, enough for 230 requests
/// a second.
const PROOFS: u64 = 16_384;

/// What the host verifies, at little cost, and what clients without a choice have.
fn usual_algorithms() -> Vec<Algorithm> {
    use crate::algorithm::Curve::{P256, P384};
    vec![
        Algorithm::Ecdsa(P256),
        Algorithm::Ecdsa(P384),
        Algorithm::RsaPkcs1(Hash::Sha256),
        Algorithm::Ed25519,
    ]
}

fn origin(node: &Node<'_>) -> Option<Origin> {
    Origin::read(node.text()?).or_else(|| {
        node.fault("must be where the public knows this gateway: https://api.example.com")
    })
}

fn algorithms(node: &Node<'_>) -> Option<Vec<Algorithm>> {
    let mut earlier = Vec::new();
    node.nonempty_list(|node| {
        let algorithm = super::providers::algorithm(&node)?;
        // RFC 9449 §4.3, point 5.
        if matches!(algorithm, Algorithm::Hmac(_)) {
            return node.fault("must be of a public key: whoever verifies a secret could sign");
        }
        if earlier.contains(&algorithm) {
            return node.fault("must be unique: an earlier one is the same");
        }
        earlier.push(algorithm);
        Some(algorithm)
    })
}

fn between(node: &Node<'_>, seconds: RangeInclusive<u64>) -> Option<Duration> {
    let duration = node.duration()?;
    let (least, most) = (*seconds.start(), *seconds.end());
    if !(Duration::from_secs(least)..=Duration::from_secs(most)).contains(&duration) {
        return node.fault(format!("must be from {least}s to {most}s"));
    }
    Some(duration)
}
