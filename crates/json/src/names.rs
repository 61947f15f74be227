mod fold;

use crate::document::{Node, Span};
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
    pub(crate) node: u32,
}

/// Up to this many names are compared each with each.
const FEW: usize = 24;

/// A member whose name another one of the list has too. The list may change its order.
///
/// Many names are sorted: names made to have one hash cost a comparison more, and no more than
/// that.
pub(crate) fn twice(
    names: &mut [Named],
    text: &[u8],
    nodes: &[Node],
    compare: Names,
) -> Option<u32> {
    let same =
        |left: u32, right: u32| compare.same(&name(text, nodes, left), &name(text, nodes, right));
    if names.len() <= FEW {
        let mut rest: &[Named] = names;
        while let Some((name, others)) = rest.split_first() {
            let is_one = |other: &&Named| other.hash == name.hash && same(name.node, other.node);
            if let Some(other) = others.iter().find(is_one) {
                return Some(other.node);
            }
            rest = others;
        }
        return None;
    }
    names.sort_unstable_by(|left, right| {
        let (own, other) = (|| name(text, nodes, left.node), || name(text, nodes, right.node));
        let names = || match compare {
            Names::Exact => own().cmp(&other()),
            Names::IgnoreCase => fold::folded(&own()).cmp(fold::folded(&other())),
        };
        left.hash.cmp(&right.hash).then_with(names)
    });
    let is_one = |pair: &&[Named]| match pair {
        [left, right] => left.hash == right.hash && same(left.node, right.node),
        _ => false,
    };
    names.windows(2).find(is_one).and_then(|pair| pair.last()).map(|named| named.node)
}

/// What a member's name says.
pub(crate) fn name<'a>(text: &'a [u8], nodes: &[Node], node: u32) -> Cow<'a, [u8]> {
    took(1);
    let Some(node) = nodes.get(node as usize) else { return Cow::Borrowed(b"") };
    let inner = inner(text, node.key);
    if node.flags & Node::KEY_ESCAPED == 0 {
        return Cow::Borrowed(inner);
    }
    Cow::Owned(decoded(text, node.key))
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

/// Quick, and not meant to withstand anybody: what has the same hash is compared.
pub(crate) fn hash(name: &[u8], compare: Names) -> u32 {
    if compare == Names::IgnoreCase {
        let mut folded = Vec::with_capacity(name.len());
        fold::folded(name).for_each(|char| folded.extend(u32::from(char).to_le_bytes()));
        return hash(&folded, Names::Exact);
    }
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = name.len() as u64;
    for word in name.as_chunks::<8>().0 {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(29);
    }
    hash = (hash ^ tail(name)).wrapping_mul(FACTOR);
    (hash >> 32) as u32
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
            let nodes: Vec<Node> =
                (0..1000).map(|at| Node { key: key(at), ..Node::EMPTY }).collect();
            let mut names: Vec<Named> = (0..1000).map(|node| Named { hash: 7, node }).collect();
            // As a stranger would order them who knows how they are sorted.
            names.sort_by_key(|name| name.node % 37);
            let (steps, found) =
                gatehouse_steps::of(|| twice(&mut names, text.as_bytes(), &nodes, compare));
            assert_eq!(found, None);
            // Ten comparisons a name, of two names each, and as many again for the sorting's sake.
            assert!(steps <= 2 * 2 * 10 * 1000, "{steps} names read");
            assert!(steps >= 1000, "it is counted");
        }
    }
}
