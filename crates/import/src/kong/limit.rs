//! `rate-limiting`: rate-limit.
//!
//! A counter of Kong's is the plugin's: all routes for which it runs share it. So routes carry the
//! plugin as their policy, and its rule is for that.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::entities::Plugin;
use super::permit::refusal;
use super::plan::Plan;
use super::{UNMATCHED, module};
use crate::carrying::Carrying;
use crate::envoy::Module;
use crate::names::rule_name;
use crate::source::Read;

const NAME: &str = "rate-limiting";

pub(super) fn filter(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    let mut shown = BTreeSet::new();
    // Consumers' own plugins come first: they take the place of those for everybody.
    for own in of_consumers(plans) {
        let Some(plan) = own.plans.first().and_then(|at| plans.get(*at)) else { continue };
        let name = format!("{}.{}", rule_name(&own.consumer), own.plugin.id);
        match rule(plan, &own.plugin, &name, &own.matches(plans), carrying)? {
            Some(rule) => {
                shown.insert(!own.plugin.config().flag_of("hide_client_headers")?.unwrap_or(false));
                rules.push(rule);
            }
            None if carrying.options.accept_weaker.contains(NAME) => {}
            None => {
                for at in &own.plans {
                    if let Some(plan) = plans.get_mut(*at) {
                        plan.close(503);
                    }
                }
            }
        }
    }
    let mut done = BTreeSet::new();
    for at in 0..plans.len() {
        let Some(plan) = plans.get(at).filter(|plan| plan.is_open()) else { continue };
        let Some(plugin) = plan.plugins.get(NAME).cloned() else { continue };
        let policy = policy(&plugin, plan);
        if done.contains(&policy) {
            if let Some(plan) = plans.get_mut(at) {
                plan.policy = Some(policy);
            }
            continue;
        }
        let made = rule(plan, &plugin, &policy, &json!({"policy": policy}), carrying)?;
        let Some(plan) = plans.get_mut(at) else { continue };
        match made {
            Some(rule) => {
                shown.insert(!plugin.config().flag_of("hide_client_headers")?.unwrap_or(false));
                rules.push(rule);
                plan.policy = Some(policy.clone());
                done.insert(policy);
            }
            None if carrying.options.accept_weaker.contains(NAME) => {}
            None => plan.close(503),
        }
    }
    let fields = if shown.contains(&true) { "draft-03" } else { "none" };
    Ok(module("rate-limit", json!({"response_fields": fields}), rules))
}

/// A consumer's own plugin, and the places of the routes for which it runs.
struct Own<'a> {
    consumer: String,
    identity: Value,
    plugin: Plugin<'a>,
    plans: Vec<usize>,
}

impl Own<'_> {
    /// One rule for all of its routes, because they share a counter: that is what is no other's.
    fn matches(&self, plans: &[Plan<'_>]) -> Value {
        if let [only] = self.plans.as_slice()
            && let Some(plan) = plans.get(*only)
        {
            return json!({"route": plan.name, "identity": self.identity});
        }
        let others = plans.iter().enumerate().filter(|(at, _)| !self.plans.contains(at));
        let others = others.map(|(_, plan)| plan.name.as_str()).chain([UNMATCHED]);
        let others: Vec<Value> = others.map(|name| json!({"route": name})).collect();
        json!({"identity": self.identity, "not": others})
    }
}

fn of_consumers<'a>(plans: &[Plan<'a>]) -> Vec<Own<'a>> {
    let mut all: Vec<Own<'a>> = Vec::new();
    for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| plan.is_open()) {
        for (consumer, plugin) in plan.of_consumers.iter().filter(|(_, it)| it.name == NAME) {
            let identity = plan.identity(consumer);
            let same = |own: &&mut Own<'_>| {
                own.plugin.id == plugin.id
                    && own.consumer == consumer.name
                    && own.identity == identity
            };
            match all.iter_mut().find(same) {
                Some(own) => own.plans.push(at),
                None => all.push(Own {
                    consumer: consumer.name.clone(),
                    identity,
                    plugin: plugin.clone(),
                    plans: vec![at],
                }),
            }
        }
    }
    all
}

/// What the routes of a plugin carry. Who may pass without a credential makes another rule of it.
fn policy(plugin: &Plugin<'_>, plan: &Plan<'_>) -> String {
    let open = if plan.nobody().is_some() { "-anonymous" } else { "" };
    format!("limit-{}{open}", plugin.id)
}

fn rule(
    plan: &Plan<'_>,
    plugin: &Plugin<'_>,
    name: &str,
    matches: &Value,
    carrying: &mut Carrying<'_>,
) -> Read<Option<Value>> {
    let config = plugin.config();
    let subject = plan.subject(NAME);
    let mut limits = Vec::new();
    for per in ["second", "minute", "hour", "day", "month"] {
        if let Some(requests) = config.number_of(per)?.filter(|requests| *requests > 0) {
            limits.push(json!({"requests": requests, "per": per}));
        }
    }
    if let Some(year) = config.number_of("year")? {
        // Twelve of them are never more than the whole.
        let month = year / 12;
        let why = format!("a limit of {year} a year is one of {month} a month");
        carrying.differs(config.line, &subject, why);
        if limits.iter().all(|limit| limit.get("per") != Some(&json!("month"))) && month > 0 {
            limits.push(json!({"requests": month, "per": "month"}));
        } else {
            let why = "limits by the year beside limits by the month, or below 12, cannot be told";
            if carrying.cannot_guard(config.line, &subject, NAME, why) {
                return Ok(None);
            }
        }
    }
    if limits.is_empty() || limits.len() > 4 {
        let why = "must have 1 to 4 limits";
        carrying.cannot_guard(config.line, &subject, NAME, why);
        return Ok(None);
    }
    let policy = config.text_of("policy")?.unwrap_or("local");
    if policy != "local" {
        let why = format!(
            "policy {policy}: each gateway counts for itself, so that several let \
                           pass more; for shared counts add a rate limit service (`counting`)"
        );
        if carrying.cannot_guard(config.line, &subject, NAME, why) {
            return Ok(None);
        }
    }
    let key = match config.text_of("limit_by")?.unwrap_or("consumer") {
        "consumer" => json!(["consumer"]),
        "credential" => {
            let why = "limit_by credential: all credentials of a consumer share its limit";
            carrying.differs(config.line, &subject, why);
            json!(["consumer"])
        }
        "ip" => json!(["client_address"]),
        "service" => json!([]),
        "header" => match config.text_of("header_name")? {
            Some(name) => json!([{"header": name.to_ascii_lowercase()}]),
            None => return Err(config.not("header_name", "there, for limit_by: header")),
        },
        other => {
            let why = format!("limit_by {other} is not known here");
            carrying.cannot_guard(config.line, &subject, NAME, why);
            return Ok(None);
        }
    };
    let mut rule = Map::new();
    rule.insert("name".to_owned(), json!(name));
    rule.insert("match".to_owned(), matches.clone());
    // All whom nobody knows are one consumer, where there is an anonymous one.
    if plan.nobody().is_some() && key == json!(["consumer"]) {
        rule.insert("absent".to_owned(), json!("share"));
    }
    rule.insert("key".to_owned(), key);
    rule.insert("limits".to_owned(), json!(limits));
    if let Some(refusal) = refusal(config, "error_code", "error_message")? {
        rule.insert("refusal".to_owned(), refusal);
    }
    Ok(Some(Value::Object(rule)))
}
