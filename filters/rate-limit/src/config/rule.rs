use super::limit::{self, Unnamed};
use crate::cost::Cost;
use crate::key::{Absent, Key};
use crate::part::{self, Networks, Part};
use crate::policy::Policy;
use crate::quota::{Pace, Quota};
use gatehouse_filter::Mode;
use gatehouse_filter::config::Fields;
use gatehouse_filter::rules::{Rules, captured_names};
use std::rc::Rc;

/// A rule before its name is known.
pub(super) struct Rule {
    parts: Vec<Part>,
    absent: Absent,
    pub(super) limits: Vec<Unnamed>,
    cost: Cost,
    mode: Mode,
    /// The limits and the cost as they were written: others count anew.
    definition: String,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Rule> {
    let captures = captured_names(fields);
    let parts = fields.optional("key", |node| node.some(|node| part::read(&node, &captures)));
    let absents = [("share", Absent::Share), ("skip", Absent::Skip)];
    let absent = fields.or("absent", Absent::Share, |node| node.one_of(&absents));
    let cost = fields.or("cost", Cost::Fixed(1), Cost::read);
    let after = cost.as_ref().is_some_and(Cost::is_told_after);
    let limits = fields.required("limits", |node| limit::read(&node, after));
    let mode = fields.or("mode", Mode::Enforce, Mode::read);
    let definition = fields.node().value().get("limits").map(ToString::to_string).unwrap_or_default();
    let (cost, limits) = (cost?, limits?);
    if let Cost::Fixed(cost) = cost
        && let Some(most) = limits.iter().map(Unnamed::most_at_once).min()
        && cost > most
    {
        let node = fields.node();
        return node.fault(format!("cost must not be more than a limit lets pass at once, {most}"));
    }
    let parts = parts?.unwrap_or_else(|| vec![Part::ClientAddress(Networks::default())]);
    Some(Rule { parts, absent: absent?, limits, cost, mode: mode?, definition })
}

impl Rule {
    /// The policy, with its counters from this index on. Limits without a name get the rule's: `orders`, then `orders-2`, `orders-3`.
    pub(super) fn named(self, rule: &str, counters: usize) -> Policy {
        let mut taken: Vec<String> = self.limits.iter().filter_map(|limit| limit.name.clone()).collect();
        let mut free_name = || {
            let numbered = (2..).map(|number: u32| format!("{rule}-{number}"));
            let mut names = std::iter::once(rule.to_owned()).chain(numbered);
            let name = names.find(|name| !taken.contains(name)).unwrap_or_default();
            taken.push(name.clone());
            name
        };
        let quota = |limit: Unnamed| Quota {
            name: limit.name.unwrap_or_else(&mut free_name),
            pace: limit.pace,
            requests: limit.requests,
        };
        let quotas = self.limits.into_iter().map(quota).collect();
        let key = Key::new(rule, self.parts, self.absent, &self.definition);
        Policy { key, quotas, cost: self.cost, mode: self.mode, counters }
    }
}

impl Unnamed {
    /// The most that passes at once, for the client that has most.
    fn most_at_once(&self) -> u32 {
        match &self.pace {
            Pace::Even { burst: Some(burst), .. } => burst.most(),
            Pace::Even { burst: None, .. } | Pace::Calendar(_) => self.requests.most(),
        }
    }
}

/// A name that two limits have.
pub(super) fn repeated_name(rules: &Rules<Rc<Policy>>) -> Option<String> {
    let names = rules.iter().flat_map(|rule| &rule.action.quotas).map(|quota| &quota.name);
    let mut seen: Vec<&String> = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Some(name.clone());
        }
        seen.push(name);
    }
    None
}
