//! The configuration, read into what a request needs.

use crate::transform::Transform;
use gatehouse_filter::Words;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Rules;

/// What the filter does, in final form.
#[derive(Debug)]
pub(crate) struct Config {
    /// Whether all rules apply that a request matches, not the first alone.
    pub(crate) applies_all: bool,
    pub(crate) rules: Rules<Transform>,
}

impl Config {
    /// Every field is read before the first `?`, so that one run tells every fault.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let apply = fields
            .with_default("apply", false, |node| node.one_of(&[("first", false), ("all", true)]));
        let applies_first = apply != Some(true);
        let words = Words::read(&mut fields, false);
        let rules = fields.required("rules", |node| {
            Rules::read_each(&node, &words, |_| applies_first, Transform::read)
        });
        fields.finish();
        Some(Self { applies_all: apply?, rules: rules? })
    }
}
