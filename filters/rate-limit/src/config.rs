//! The configuration: what is allowed, and what is wrong with what is not.

mod limit;
mod rule;
mod tables;

use crate::evictions::Evictions;
use crate::fields::Form;
use crate::global::Calls;
use crate::hybrid::Lease;
use crate::refusal::Manner;
use crate::table::Table;
use crate::{Apply, OnError, RateLimit};
use gatehouse_filter::config::Node;
use gatehouse_filter::rules::Rules;
use gatehouse_filter::{Mode, Words};
use rule::Rule;
use std::cell::OnceCell;
use std::rc::Rc;
use tables::Tables;

/// Clients in the table, unless `keys` says otherwise: 2.7 MB with one limit a rule.
const KEYS: u64 = 65_536;

pub(crate) fn read(node: Node<'_>) -> Option<RateLimit> {
    let mut fields = node.fields()?;
    let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
    let errors = [("deny", OnError::Deny), ("allow", OnError::Allow)];
    let on_error = fields.with_default("on_error", OnError::Deny, |node| node.one_of(&errors));
    let keys = fields.with_default("keys", KEYS, |node| node.integer(8..=1_048_576));
    let applies = [("first", Apply::First), ("all", Apply::All)];
    let apply = fields.with_default("apply", Apply::First, |node| node.one_of(&applies));
    let status = fields.optional("status", |node| node.integer(400..=599));
    let tells_wait = fields.with_default("retry_after", true, |node| node.boolean());
    let has_status = matches!(status, Some(Some(_)));
    let words = Words::read(&mut fields, false);
    if let Some(wording) = fields.given("refusal")
        && has_status
        && wording.value().get("status").is_some()
    {
        wording.fault::<()>("has the `status` that is said beside it: say it once");
    }
    let forms = fields.with_default("response_fields", vec![Form::Draft], forms);
    let tells_costs = fields.with_default("tell_costs", false, |node| node.boolean());
    let slots = keys.and_then(|keys| u32::try_from(keys).ok());
    let mut tables = Tables::new(slots.unwrap_or(1));
    let rules = fields.required("rules", |node| {
        if node.value().as_array().is_some_and(Vec::is_empty) {
            return node.fault("must not be empty");
        }
        let rules = Rules::read_each(&node, &words, Rule::limits_nothing, rule::read)?;
        let mut number = 0_usize;
        let rules = rules.map(|name, rule| {
            let policy = rule.named(name, number, &mut tables);
            number = number.saturating_add(1);
            Rc::new(policy)
        });
        if rules.iter().last().is_some_and(|rule| rule.action.limits_nothing()) {
            return node.fault(
                "the last one has no effect: `limits: none` takes requests out of rules after it",
            );
        }
        // Fields that tell the limits of several rules tell them apart by name.
        if apply == Some(Apply::All)
            && let Some(name) = rule::repeated_name(&rules)
        {
            return node.fault(format!(
                "with `apply: all`, two limits cannot have the same name: `{name}`"
            ));
        }
        if apply == Some(Apply::All) && rules.iter().any(|rule| rule.action.remote.is_some()) {
            return node.fault(
                "with `apply: all`, every rule counts locally: `counting` has no other mode then",
            );
        }
        Some(rules)
    });
    fields.finish();
    let rules = rules?;
    Some(RateLimit {
        mode: mode?,
        on_error: on_error?,
        apply: apply?,
        manner: Manner {
            status: u16::try_from(status?.unwrap_or(429)).ok()?,
            tells_wait: tells_wait?,
        },
        forms: forms?,
        tells_costs: tells_costs?,
        leases: Table::new(LEASES, slots?, Lease::layout()),
        tables: tables.made(),
        calls: Calls::default(),
        rules,
        secret: OnceCell::new(),
        evictions: Evictions::default(),
    })
}

/// The name of the table of leases.
const LEASES: u32 = 0;

/// What clients are told: one form, a list of them, or nothing.
fn forms(node: Node<'_>) -> Option<Vec<Form>> {
    const NONE: [(&str, Option<Form>); 1] = [("none", None)];
    if node.is_list() {
        return node.nonempty_list(|node| node.one_of(&Form::NAMES));
    }
    let words = Form::NAMES.map(|(name, form)| (name, Some(form)));
    let words: Vec<_> = words.into_iter().chain(NONE).collect();
    node.one_of(&words).map(|form| form.into_iter().collect())
}

#[cfg(test)]
mod tests;
