//! A rule, as it is configured.

use super::limit::{self, Unnamed};
use super::tables::Tables;
use crate::amount::Amount;
use crate::cost::Cost;
use crate::counting::{self, Service};
use crate::in_flight::InFlight;
use crate::key::{Absent, Key};
use crate::layout::Layout;
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
    service: Option<Service>,
    /// The limits and the cost as they were written: others count anew.
    definition: String,
    /// The cost as it was written.
    price: String,
    in_flight: Option<Amount>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Rule> {
    let captures = captured_names(fields);
    let parts = fields.optional("key", |node| node.list(|node| part::read(&node, &captures)));
    let has_parts = !matches!(&parts, Some(Some(parts)) if parts.is_empty());
    let absent = fields.with_default("absent", Absent::ClientAddress, |node| {
        if !has_parts {
            return node.fault("does nothing: a key without parts lacks none");
        }
        node.one_of(&Absent::NAMES)
    });
    let cost = fields.with_default("cost", Cost::Fixed(1), Cost::read);
    let reserved = cost.as_ref().and_then(Cost::reserved);
    let counting = fields.optional("counting", |node| Some((counting::read(node.clone())?, node)));
    let is_remote = matches!(counting, Some(Some((Some(_), _))));
    let in_flight = fields.optional("in_flight", Amount::read);
    let is_bounded = matches!(in_flight, Some(Some(_)));
    let limits = fields.optional("limits", |node| match node.word(&[("none", ())]) {
        Some(()) => Some(Vec::new()),
        None => limit::read(&node, reserved.is_some(), is_remote),
    });
    let mode = fields.with_default("mode", Mode::Enforce, Mode::read);
    if let (Some(None), false) = (&limits, is_bounded) {
        return fields.node().fault("must have `limits`, `in_flight`, or both");
    }
    let exempts = matches!(&limits, Some(Some(limits)) if limits.is_empty());
    let has_limits = !matches!(limits, Some(None));
    let definition =
        fields.node().value().get("limits").map(ToString::to_string).unwrap_or_default();
    let price = fields.node().value().get("cost").map(ToString::to_string).unwrap_or_default();
    if exempts {
        idle_without_limits(fields)?;
    }
    if !has_limits {
        for name in ["cost", "counting"] {
            if fields.node().value().get(name).is_some() {
                return fields.node().fault(format!(
                    "`{name}` does nothing without `limits`: what is under way is one request each"
                ));
            }
        }
    }
    let (cost, limits, in_flight) = (cost?, limits?.unwrap_or_default(), in_flight?);
    let (service, node) = counting?.unzip();
    let service = service.flatten();
    if reserved == Some(0) && service.is_some() {
        return node?.fault(
            "a service is asked about the `default` of a cost that the response tells: it must \
             not be 0",
        );
    }
    let spent = match cost {
        Cost::Fixed(cost) => Some(("cost", cost)),
        _ => reserved.map(|default| ("cost.default", default)),
    };
    if let Some((name, spent)) = spent
        && let Some(most) = limits.iter().map(Unnamed::most_at_once).min()
        && spent > most
    {
        let node = fields.node();
        return node
            .fault(format!("{name} must not be more than a limit lets pass at once, {most}"));
    }
    let parts = parts?.unwrap_or_else(|| vec![Part::ClientAddress(Networks::default())]);
    let (absent, mode) = (absent?, mode?);
    Some(Rule { parts, absent, limits, cost, mode, service, definition, price, in_flight })
}

/// What only a rule with limits has.
fn idle_without_limits(fields: &Fields<'_>) -> Option<()> {
    let written = |name: &&&str| fields.node().value().get(name).is_some();
    match ["key", "absent", "cost", "counting", "in_flight", "mode", "refusal"].iter().find(written)
    {
        Some(name) => fields.node().fault(format!("{name} has no effect with `limits: none`")),
        None => Some(()),
    }
}

impl Rule {
    /// Whether no rule after it is for those that it is for.
    pub(super) fn limits_nothing(&self) -> bool {
        self.limits.is_empty() && self.in_flight.is_none()
    }

    /// The policy, with its counters from this index on. Limits without a name get the rule's:
    /// `orders`, then `orders-2`, `orders-3`.
    pub(super) fn named(self, rule: &str, number: usize, tables: &mut Tables) -> Policy {
        let class = format!("{} {}", self.definition, self.price);
        let gauges = self.limits.iter().map(|limit| limit.pace.gauge(&limit.requests));
        let layout = Layout::new(gauges.collect());
        let table = match self.limits.is_empty() {
            true => Tables::of_nobody(layout),
            false => tables.of(class, layout),
        };
        let in_flight = self.in_flight.clone().map(|most| {
            // Another number counts on, with what is under way.
            let table = tables.of(format!("in flight {rule}"), InFlight::layout(&most));
            Rc::new(InFlight::new(most, table))
        });
        let mut taken: Vec<String> =
            self.limits.iter().filter_map(|limit| limit.name.clone()).collect();
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
            gateways: 1,
        };
        let quotas: Vec<Quota> = self.limits.into_iter().map(quota).collect();
        let policy = |definition: &str, quotas, remote| {
            let key = Key::new(rule, self.parts.clone(), self.absent, definition);
            let (cost, table) = (self.cost.clone(), Rc::clone(&table));
            let (mode, in_flight) = (self.mode, in_flight.as_ref().map(Rc::clone));
            Policy { key, quotas, cost, mode, rule: number, remote, table, in_flight }
        };
        let remote = self.service.map(|service| {
            let requests = quotas.iter().map(|quota| quota.requests.most()).min().unwrap_or(1);
            let share = service.gateways().map(|gateways| {
                let quotas = quotas.iter().map(|quota| quota.shared_by(gateways)).collect();
                policy(&format!("{} shared by {gateways}", self.definition), quotas, None)
            });
            service.of_rule(requests, share)
        });
        // What a lease holds is no count of requests: the same rule counted otherwise is another
        // client's.
        let kind = if remote.is_some() { " leased" } else { "" };
        policy(&format!("{}{kind}", self.definition), quotas, remote)
    }
}

impl Unnamed {
    /// The most that passes at once, for the client that has most.
    fn most_at_once(&self) -> u32 {
        match &self.pace {
            Pace::Even { burst: Some(burst), .. } => burst.most(),
            Pace::Even { burst: None, .. } | Pace::Calendar(_) | Pace::Sliding(_) => {
                self.requests.most()
            }
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
