//! What tells one client from another: the parts of a request that a rule counts by, as one digest.

use crate::part::{Facts, Networks, Part};
use gatehouse_filter::Secret;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// What a client is known by in the table. It is not kept with its parts: 112 keyed bits do not
/// collide. The last two bytes are the mark of its rule.
pub(crate) type Digest = [u8; 16];

/// Tells whose client it is that has a slot.
pub(crate) type Mark = [u8; 2];

/// The mark in a digest.
pub(crate) fn mark_of(digest: &Digest) -> Mark {
    digest.last_chunk().copied().unwrap_or_default()
}

/// A rule's key: requests with the same values for its parts share the rule's limits.
#[derive(Debug)]
pub(crate) struct Key {
    parts: Vec<Part>,
    absent: Absent,
    /// Tells apart rules, and a rule from itself with other limits or other parts: a digest of all
    /// that, which need not be secret.
    prefix: Digest,
}

/// What happens to a request that has no value for a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Absent {
    /// Absence is a value of each client address: whoever lacks a part shares a limit with those
    /// who lack it and come from where it comes from, and cannot use up another's.
    ClientAddress,
    /// Absence is a value: all such requests share a limit.
    Share,
    /// The rule does not apply.
    Skip,
}

impl Absent {
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("client_address", Self::ClientAddress), ("share", Self::Share), ("skip", Self::Skip)];
}

impl Key {
    /// The key of a rule; `limits` is any text that is another for other limits.
    pub(crate) fn new(rule: &str, parts: Vec<Part>, absent: Absent, limits: &str) -> Self {
        let mut prefix = Vec::new();
        let mut text = |text: &str| {
            prefix.extend(length(text.as_bytes()));
            prefix.extend(text.as_bytes());
        };
        text(rule);
        text(limits);
        for part in &parts {
            let (kind, name) = part.definition();
            text(kind);
            text(&name);
        }
        let mut hasher = SipHasher24::new();
        hasher.write(&prefix);
        Self { parts, absent, prefix: hasher.finish128().as_bytes() }
    }

    /// Whether one of its parts depends on the matched route.
    pub(crate) fn asks_for_route(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Route))
    }

    /// What becomes of a request without one of its parts.
    pub(crate) fn absent(&self) -> Absent {
        self.absent
    }

    /// What it is made of.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The digest of what a request has for the parts; `None` where it lacks one that the rule
    /// needs.
    pub(crate) fn digest(&self, secret: &Secret, facts: &Facts<'_>) -> Option<Digest> {
        let mut hasher = secret.hasher();
        hasher.write(&self.prefix);
        for part in &self.parts {
            // Every value is written as its kind, its length and its bytes, and every part ends
            // with a byte that is no kind: no two different lists of values are the same bytes.
            let mut absent = true;
            let is_all = part.values(facts, |kind, value| {
                absent = false;
                hasher.write(&[kind as u8]);
                hasher.write(&length(value));
                hasher.write(value);
            });
            if !is_all {
                hasher.write(&[MORE]);
            }
            if absent {
                // No browser sends credentials with a preflight (Fetch standard, "CORS-preflight
                // fetch"): it is no request of any client's account.
                let is_nobodys = part.is_clients_to_send() && facts.request.is_preflight();
                if self.absent == Absent::Skip || is_nobodys {
                    return None;
                }
                if self.absent == Absent::ClientAddress {
                    Part::ClientAddress(Networks::default()).values(facts, |kind, value| {
                        hasher.write(&[ABSENT, kind as u8]);
                        hasher.write(value);
                    });
                }
            }
            hasher.write(&[END]);
        }
        let mut digest = hasher.finish128().as_bytes();
        if let Some(mark) = digest.last_chunk_mut() {
            *mark = self.mark();
        }
        Some(digest)
    }

    /// What the digests of its clients end with. Two rules have the same by chance, once in 65536.
    pub(crate) fn mark(&self) -> Mark {
        mark_of(&self.prefix)
    }
}

const END: u8 = 0;
/// No kind of a value, so no value is taken for an absent one.
const ABSENT: u8 = 0xff;
/// There were more values than are looked at.
const MORE: u8 = 0xfe;

fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests;
