//! The configuration: what is allowed, and what is wrong with what is not.

use crate::Authorization;
use crate::rule::{Action, Rule};
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Challenge, Mode, Words};

pub(crate) fn read(node: &Node<'_>) -> Option<Authorization> {
    let mut fields = node.fields()?;
    let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
    let challenge = Challenge::read(&mut fields, "Bearer", &[]);
    let tells_scopes = fields.with_default("tell_scopes", false, |node| node.boolean());
    let words = Words::read(&mut fields, false);
    let skip_preflight = fields.with_default("skip_preflight", true, |node| node.boolean());
    let rules = fields
        .required("rules", |node| Rules::read_each(&node, &words, Rule::decides_alone, Rule::read));
    let default = fields.with_default("default", Action::Deny, |node| node.one_of(&Action::NAMES));
    fields.finish();
    Some(Authorization {
        mode: mode?,
        challenge: challenge?,
        tells_scopes: tells_scopes?,
        skip_preflight: skip_preflight?,
        rules: numbered(rules?),
        default: default?,
    })
}

/// The rules, those in shadow mode with their numbers among these.
fn numbered(rules: Rules<Rule>) -> Rules<Rule> {
    let mut number = 0_usize;
    rules.map(|_, mut rule| {
        rule.number = number;
        number = number.saturating_add(usize::from(rule.is_shadow()));
        rule
    })
}
