pub(crate) mod fold;

use crate::document::Span;
use crate::string;
use gatehouse_steps::took;
use std::borrow::Cow;

/// Two members of one object would have, or have, the same name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Twice;

/// Which names are one.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Names {
    /// Those of the same characters (RFC 8259 §8.3).
    #[default]
    Exact,
    /// Those that differ in case alone too, as readers in Go, .NET and Java may take them: by
    /// simple case folding of Unicode, so `ſ` is an `s` and the Kelvin sign a `k`.
    IgnoreCase,
}

impl Names {
    /// Whether two names are one.
    pub fn same(self, left: &[u8], right: &[u8]) -> bool {
        equal(left, right) || self == Self::IgnoreCase && fold::same(left, right)
    }
}

/// A member's name, by its hash.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) hash: u32,
    /// With its quotes.
    pub(crate) key: Span,
    pub(crate) escaped: bool,
}

/// Up to this many names are compared each with each.
const FEW: usize = 24;

/// Whether two of these names are one. The list may change its order.
///
/// Many names are sorted: names made to have one hash cost a comparison more, and no more than
/// that.
pub(crate) fn twice(names: &mut [Named], text: &[u8], compare: Names) -> bool {
    let says = |named: &Named| said(text, named.key, named.escaped);
    let is_one = |left: &Named, right: &Named| {
        left.hash == right.hash && compare.same(&says(left), &says(right))
    };
    if names.len() <= FEW {
        let mut rest: &[Named] = names;
        while let Some((name, others)) = rest.split_first() {
            if others.iter().any(|other| is_one(name, other)) {
                return true;
            }
            rest = others;
        }
        return false;
    }
    names.sort_unstable_by(|left, right| {
        let names = || match compare {
            Names::Exact => says(left).cmp(&says(right)),
            Names::IgnoreCase => fold::folded(&says(left)).cmp(fold::folded(&says(right))),
        };
        left.hash.cmp(&right.hash).then_with(names)
    });
    names.array_windows().any(|[left, right]| is_one(left, right))
}

/// What a name says.
pub(crate) fn said(text: &[u8], quoted: Span, escaped: bool) -> Cow<'_, [u8]> {
    took(1);
    match escaped {
        false => Cow::Borrowed(inner(text, quoted)),
        true => Cow::Owned(decoded(text, quoted)),
    }
}

/// What a name with escapes says.
pub(crate) fn decoded(text: &[u8], quoted: Span) -> Vec<u8> {
    let inner = inner(text, quoted);
    let mut decoded = Vec::with_capacity(inner.len());
    string::push_decoded(inner, &mut decoded);
    decoded
}

/// What stands between the quotes.
pub(crate) fn inner(text: &[u8], quoted: Span) -> &[u8] {
    let (start, end) = (quoted.start as usize, quoted.end as usize);
    text.get(start.wrapping_add(1)..end.wrapping_sub(1)).unwrap_or_default()
}

/// Quick, and not meant to withstand anybody: what has the same hash is compared. Of a long name its
/// beginning and its end count.
#[inline]
pub(crate) fn hash(name: &[u8], compare: Names) -> u32 {
    match compare {
        Names::Exact => hash_exact(name),
        Names::IgnoreCase => {
            let mut folded = Vec::with_capacity(name.len());
            fold::folded(name).for_each(|char| folded.extend(u32::from(char).to_le_bytes()));
            hash_exact(&folded)
        }
    }
}

#[inline]
fn hash_exact(name: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let first = name.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first));
    let hash = (first ^ name.len() as u64).wrapping_mul(FACTOR).rotate_left(29);
    ((hash ^ tail(name)).wrapping_mul(FACTOR) >> 32) as u32
}

/// Whether two texts are the same; by words, for in wasm a comparison of unknown length goes byte
/// by byte.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .as_chunks::<8>()
            .0
            .iter()
            .zip(right.as_chunks::<8>().0)
            .all(|(left, right)| left == right)
        && tail(left) == tail(right)
}

/// The last bytes in one number: of a text of eight bytes or more the last eight, of a shorter one
/// all.
#[inline]
fn tail(text: &[u8]) -> u64 {
    if let Some(last) = text.last_chunk::<8>() {
        return u64::from_le_bytes(*last);
    }
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => text.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_made_to_have_one_hash_are_sorted_and_not_compared_each_with_each() {
        for compare in [Names::Exact, Names::IgnoreCase] {
            let text: String = (0..1000).map(|number| format!("\"{number:04}\"")).collect();
            let key = |at: u32| Span { start: at * 6, end: at * 6 + 6 };
            let mut names: Vec<Named> =
                (0..1000).map(|at| Named { hash: 7, key: key(at), escaped: false }).collect();
            // As a stranger would order them who knows how they are sorted.
            names.sort_by_key(|name| name.key.start / 6 % 37);
            let (steps, found) =
                gatehouse_steps::of(|| twice(&mut names, text.as_bytes(), compare));
            assert!(!found);
            // Ten comparisons a name, of two names each, and as many again for the sorting's sake.
            assert!(steps <= 2 * 2 * 10 * 1000, "{steps} names read");
            assert!(steps >= 1000, "it is counted");
        }
    }
}
