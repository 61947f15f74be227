//! What verifying may take, and what keys are for that do not say so.

use crate::algorithm::Algorithm;
use crate::trial::Bounds;
use gatehouse_filter::Hash;
use gatehouse_filter::config::Node;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How tokens are verified.
pub(super) struct Verification {
    /// What a key that does not say its `alg` may verify, of what the host does not.
    pub(super) without_alg: Vec<Algorithm>,
    pub(super) bounds: Bounds,
}

impl Default for Verification {
    /// A key of a kind that can do one thing only says enough by its kind. An RSA key is usually
    /// for what the host verifies, and costs the module most.
    fn default() -> Self {
        Self {
            without_alg: vec![
                Algorithm::Ed25519,
                Algorithm::Hmac(Hash::Sha256),
                Algorithm::Hmac(Hash::Sha384),
                Algorithm::Hmac(Hash::Sha512),
            ],
            bounds: Bounds {
                per_request: Duration::from_millis(3),
                per_second: Duration::from_millis(250),
            },
        }
    }
}

impl Verification {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        let usual = Self::default();
        let mut fields = node.fields()?;
        let without_alg = fields.with_default("without_alg", usual.without_alg, |node| {
            node.list(|node| super::providers::algorithm(&node))
        });
        let milliseconds = Duration::from_millis;
        let per_request = fields.with_default("per_request", usual.bounds.per_request, |node| {
            between(&node, milliseconds(1)..=milliseconds(100))
        });
        let per_second = fields.with_default("per_second", usual.bounds.per_second, |node| {
            between(&node, milliseconds(10)..=milliseconds(1000))
        });
        fields.finish();
        let bounds = Bounds { per_request: per_request?, per_second: per_second? };
        Some(Self { without_alg: without_alg?, bounds })
    }
}

fn between(node: &Node<'_>, range: RangeInclusive<Duration>) -> Option<Duration> {
    let duration = node.duration()?;
    if !range.contains(&duration) {
        return node.fault(format!("must be from {:?} to {:?}", range.start(), range.end()));
    }
    Some(duration)
}
