//! What a token must look like before what it says is read.

use crate::kind::Kind;
use gatehouse_filter::config::Node;
use std::ops::RangeInclusive;

/// The kinds of token that are taken.
pub(super) fn kinds(node: &Node<'_>) -> Option<Vec<Kind>> {
    let mut kinds: Vec<Kind> = Vec::new();
    node.nonempty_list(|node| {
        let kind = Kind::of(node.text()?);
        // RFC 6838 §4.2: other characters are in no media type.
        let is_of_a_type = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
        if !kind.name().bytes().all(is_of_a_type) {
            return node.fault("must be a media type, such as at+jwt");
        }
        if kinds.contains(&kind) {
            return node.fault("must be unique: an earlier one is the same");
        }
        kinds.push(kind.clone());
        Some(kind)
    })
}

/// The longest token that is looked at, in bytes.
pub(super) fn max_token_size(node: &Node<'_>) -> Option<usize> {
    match node.size()? {
        size if SIZES.contains(&size) => usize::try_from(size).ok(),
        _ => node.fault("must be from 256B to 64KiB"),
    }
}

/// A shorter one has no room for a signature and claims, a longer one comes through no Envoy that
/// is not told to let it.
const SIZES: RangeInclusive<u64> = 256..=64 * 1024;
