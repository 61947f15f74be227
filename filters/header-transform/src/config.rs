//! The configuration, read into what a request needs.

use crate::transform::Transform;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Rules;

/// What the filter does, in final form.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) rules: Rules<Transform>,
}

impl Config {
    /// Every field is read before the first `?`, so that one run tells every fault.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let rules = fields.required("rules", |node| Rules::read(node, Transform::read));
        fields.finish();
        Some(Self { rules: rules? })
    }
}
