//! The configuration, read into what a request needs.

use gatehouse_filter::Mode;
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Rules;

/// What the filter does, in final form.
pub(crate) struct Config {
    pub(crate) mode: Mode,
    pub(crate) rules: Rules<Require>,
}

/// What a rule asks of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Require {
    /// Nothing at all.
    Nothing,
    /// The name of a tenant, once.
    Tenant,
}

const REQUIRE: [(&str, Require); 2] = [("none", Require::Nothing), ("tenant", Require::Tenant)];

impl Config {
    /// Every field is read before the first `?`, so that one run tells every fault.
    pub(crate) fn read(node: &Node<'_>) -> Option<Self> {
        let mut fields = node.fields()?;
        let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
        let rules = fields.required("rules", rules);
        fields.finish();
        Some(Self { mode: mode?, rules: rules? })
    }
}

fn rules(node: Node<'_>) -> Option<Rules<Require>> {
    Rules::read(node, |fields| {
        fields.with_default("require", Require::Tenant, |node| node.one_of(&REQUIRE))
    })
}
