//! What the items of a list must be.

use crate::config::Node;
use crate::truth::{self, Truth};

/// What the items of a list must be: `{any: [..]}`, `{all: [..]}`, or both.
#[derive(Debug, PartialEq, Eq)]
pub struct Members<P> {
    /// Empty, or one of these must be in the list.
    any: Vec<P>,
    /// Each of these must be in the list.
    all: Vec<P>,
}

impl<P> Members<P> {
    /// Reads the mapping; `item` reads each of what is wanted.
    pub fn read(node: &Node<'_>, mut item: impl FnMut(Node<'_>) -> Option<P>) -> Option<Self> {
        if !node.is_mapping() {
            return node.fault("must be {any: [..]}, {all: [..]} or both");
        }
        let mut fields = node.fields()?;
        let any = fields.with_default("any", vec![], |node| node.nonempty_list(&mut item));
        let all = fields.with_default("all", vec![], |node| node.nonempty_list(&mut item));
        fields.finish();
        Self::new(any?, all?).or_else(|| node.fault("must have any, all or both"))
    }

    /// `None` where both are empty: that would be true of every list.
    pub fn new(any: Vec<P>, all: Vec<P>) -> Option<Self> {
        (!any.is_empty() || !all.is_empty()).then_some(Self { any, all })
    }

    /// What the list would have to have as well: each of `all` that it has not, and the first of
    /// `any` where it has none. `wanted` tells whether an item is what is wanted.
    pub fn missing<'p, T, W: Fn(&T) -> Truth>(
        &'p self,
        items: &[T],
        wanted: impl Fn(&'p P) -> W,
    ) -> Vec<&'p P> {
        let has = |pattern: &&'p P| {
            let is = wanted(pattern);
            items.iter().any(|item| is(item) == Some(true))
        };
        let any =
            if self.any.iter().any(|pattern| has(&pattern)) { None } else { self.any.first() };
        any.into_iter().chain(self.all.iter().filter(|pattern| !has(pattern))).collect()
    }

    /// Whether the list has what it must have; `wanted` tells whether an item is what is wanted,
    /// which is found out once for all items.
    pub fn hold<'p, T, W: Fn(&T) -> Truth>(
        &'p self,
        items: &[T],
        wanted: impl Fn(&'p P) -> W,
    ) -> Truth {
        let has = |pattern: &'p P| truth::any(items.iter().map(wanted(pattern)));
        let any =
            if self.any.is_empty() { Some(true) } else { truth::any(self.any.iter().map(has)) };
        truth::all([any, truth::all(self.all.iter().map(has))])
    }
}
