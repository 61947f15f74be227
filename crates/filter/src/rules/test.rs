//! What the values under one name must be, of a header field or of a parameter.

use crate::TextPattern;
use crate::config::{Fields, Node};
use std::fmt;

/// What the values under one name must be; any of them may satisfy it.
#[derive(PartialEq)]
pub(super) enum Test {
    Value(TextPattern),
    Present(bool),
}

impl Test {
    /// Reads the one test that there must be; `text` reads the texts.
    pub(super) fn read<'a>(
        fields: &mut Fields<'a>,
        text: impl Fn(&Node<'a>) -> Option<Box<str>>,
    ) -> Option<Self> {
        let exact = fields.optional("exact", |node| text(&node).map(TextPattern::Exact));
        let patterns = TextPattern::inexact(fields, text);
        let present = fields.optional("present", |node| node.boolean().map(Self::Present));
        let values = exact?.into_iter().chain(patterns?).map(Self::Value);
        let mut tests = values.chain(present?);
        match (tests.next(), tests.next()) {
            (Some(test), None) => Some(test),
            _ => fields
                .node()
                .fault("must have exactly one of exact, prefix, suffix, regex, present"),
        }
    }

    /// Whether the two can never hold of the same name.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        *self == Self::Present(false) && *other != Self::Present(false)
    }
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be the secret that tells one peer from others.
        f.write_str("***")
    }
}
