//! The parameters of a query that conditions ask for.

use super::Folded;
use super::spelling::{decoded, folded};
use crate::query_value;
use crate::target::halves;
use std::rc::Rc;

/// The parameters of a query that conditions ask for, found in one pass for all of them: a query
/// may have tens of thousands.
pub(in crate::rules) struct Parameters<'a> {
    /// What is asked for, in order.
    names: Rc<[Folded]>,
    /// For each name, the pairs whose names some upstreams read as it.
    found: Vec<Vec<Pair<'a>>>,
}

/// A `name=value` of a query.
#[derive(Clone, Copy)]
struct Pair<'a> {
    text: &'a [u8],
    /// Whether it ends at a `&`, as the WHATWG URL standard has it, and not at a `;`, which HTML
    /// 4.01 §B.2.2 recommended and some upstreams still take for one.
    is_whole: bool,
}

impl<'a> Parameters<'a> {
    /// Finds in a query what these names ask for, which are in order.
    pub(in crate::rules) fn find(query: &'a [u8], names: Rc<[Folded]>) -> Self {
        let longest = names.iter().map(|name| name.len()).max().unwrap_or_default();
        let found = names.iter().map(|_| Vec::new()).collect();
        let mut parameters = Self { names, found };
        let mut name = Vec::new();
        for whole in query.split(|byte| *byte == b'&') {
            parameters.add(Pair { text: whole, is_whole: true }, longest, &mut name);
            if whole.contains(&b';') {
                for text in whole.split(|byte| *byte == b';') {
                    parameters.add(Pair { text, is_whole: false }, longest, &mut name);
                }
            }
        }
        parameters
    }

    /// The values of a parameter, still encoded, its name compared decoded.
    pub(super) fn values(&self, folded: &Folded, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let pairs = self.pairs(folded).iter().filter(|pair| pair.is_whole);
        pairs.filter_map(move |pair| query_value(pair.text, name))
    }

    /// The values, still encoded, of all that some upstreams take for the parameter.
    pub(super) fn spelt(&self, folded: &Folded) -> impl Iterator<Item = &'a [u8]> {
        self.pairs(folded).iter().map(|pair| halves(pair.text).1)
    }

    fn pairs(&self, folded: &Folded) -> &[Pair<'a>] {
        let index = self.names.binary_search(folded).ok();
        index.and_then(|index| self.found.get(index)).map_or(&[], Vec::as_slice)
    }

    /// Adds a pair to all names that its own may be read as: its own, and what stands before a
    /// bracket, as `tags[]` is `tags` to PHP, Rails and others. `name` is room for that.
    fn add(&mut self, pair: Pair<'a>, longest: usize, name: &mut Vec<u8>) {
        name.clear();
        // A bracket may follow the longest.
        name.extend(folded(decoded(halves(pair.text).0)).take(longest.saturating_add(1)));
        let brackets = name.iter().enumerate().filter(|(_, byte)| **byte == b'[');
        let ends = brackets.map(|(end, _)| end).chain([name.len()]);
        for end in ends {
            let known = self.names.binary_search_by(|known| {
                let start = name.get(..end).unwrap_or_default();
                known.as_ref().cmp(start)
            });
            if let Some(found) = known.ok().and_then(|index| self.found.get_mut(index)) {
                found.push(pair);
            }
        }
    }
}
