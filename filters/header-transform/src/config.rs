//! The configuration, read into what a request needs.

use crate::transform::Transform;
use gatehouse_filter::Wording;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Rules;

/// What the filter does, in final form.
#[derive(Debug)]
pub(crate) struct Config {
    /// Whether all rules apply that a request matches, not the first alone.
    pub(crate) applies_all: bool,
    pub(crate) rules: Rules<Transform>,
    /// Own words for requests that are refused.
    pub(crate) wording: Option<Wording>,
}

impl Config {
    /// Every field is read before the first `?`, so that one run tells every fault.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let apply = fields
            .with_default("apply", false, |node| node.one_of(&[("first", false), ("all", true)]));
        let applies_first = apply != Some(true);
        let rules = fields
            .required("rules", |node| Rules::read_each(node, |_| applies_first, Transform::read));
        let wording = fields.optional("refusal", |node| Wording::read(&node, false));
        fields.finish();
        Some(Self { applies_all: apply?, rules: rules?, wording: wording? })
    }
}
