use crate::document::{Node, Span};
use crate::string;
use std::borrow::Cow;

/// Two members of one object would have, or have, the same name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Twice;

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
pub(crate) fn twice(names: &mut [Named], text: &[u8], nodes: &[Node]) -> Option<u32> {
    if names.len() <= FEW {
        let mut rest: &[Named] = names;
        while let Some((name, others)) = rest.split_first() {
            let same = |other: &&Named| {
                other.hash == name.hash && same(text, nodes, name.node, other.node)
            };
            if let Some(other) = others.iter().find(same) {
                return Some(other.node);
            }
            rest = others;
        }
        return None;
    }
    names.sort_unstable_by(|left, right| {
        let names = || name(text, nodes, left.node).cmp(&name(text, nodes, right.node));
        left.hash.cmp(&right.hash).then_with(names)
    });
    let same = |pair: &&[Named]| match pair {
        [left, right] => left.hash == right.hash && same(text, nodes, left.node, right.node),
        _ => false,
    };
    names.windows(2).find(same).and_then(|pair| pair.last()).map(|named| named.node)
}

fn same(text: &[u8], nodes: &[Node], left: u32, right: u32) -> bool {
    equal(&name(text, nodes, left), &name(text, nodes, right))
}

/// What a member's name says.
pub(crate) fn name<'a>(text: &'a [u8], nodes: &[Node], node: u32) -> Cow<'a, [u8]> {
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
pub(crate) fn hash(name: &[u8]) -> u32 {
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
