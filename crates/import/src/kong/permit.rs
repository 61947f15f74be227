//! `acl` and `ip-restriction`: authorization, which refuses what no rule allows.

use serde_json::{Map, Value, json};

use super::consumer::Consumer;
use super::entities::Plugin;
use super::plan::Plan;
use super::{UNMATCHED, module, rule};
use crate::carrying::Carrying;
use crate::envoy::Module;
use crate::source::{Node, Read, Unreadable};
use gatehouse_filter::Network;

pub(super) fn filter(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<Option<Module>> {
    let has_some = plans.iter().any(|plan| {
        !plan.each("acl").is_empty()
            || !plan.each("ip-restriction").is_empty()
            || !ended(plan).is_empty()
    });
    if !has_some {
        return Ok(None);
    }
    let mut rules = Vec::new();
    for plan in plans.iter_mut().filter(|plan| plan.is_open()) {
        let mut of_route = Vec::new();
        for consumer in ended(plan) {
            let mut rule = allowing(plan, Some(consumer));
            rule.insert("action".to_owned(), json!("deny"));
            // Nobody is asked to log in where it is not a matter of who it is.
            if plan.nobody().is_some_and(|nobody| nobody.name == consumer.name) {
                rule.insert("match".to_owned(), json!({"route": plan.name}));
                rule.insert("principals".to_owned(), json!([{"authenticated": false}]));
            }
            of_route.push(Value::Object(rule));
        }
        let own: Vec<_> = plan.each("ip-restriction");
        for (consumer, plugin) in &own {
            of_route.extend(addresses(plan, *consumer, plugin)?);
            // Whoever has one of its own is not asked by the one for everybody.
            if consumer.is_some() {
                of_route.extend(groups(plan, *consumer)?);
            }
        }
        of_route.extend(groups(plan, None)?);
        rules.extend(of_route);
    }
    let mut rest = rule(UNMATCHED);
    rest.insert("action".to_owned(), json!("allow"));
    rules.push(Value::Object(rest));
    // What the gateway answers itself, it answers to everybody.
    for plan in plans.iter().filter(|plan| !plan.is_open()) {
        let mut rule = rule(&plan.name);
        rule.insert("action".to_owned(), json!("allow"));
        rules.push(Value::Object(rule));
    }
    for plan in plans.iter() {
        if let Some(config) = plan.config("ip-restriction")
            && let Some(status) = config.number_of("status")?
            && !is_own(status)
        {
            let why = format!("a refusal has the status 403, not {status}");
            carrying.differs(plan.line("ip-restriction"), &plan.subject("ip-restriction"), why);
        }
    }
    // Preflights that a guard of Kong's lets pass are answered by the filter `cors` before.
    let config = json!({"default": "deny", "skip_preflight": false,
        "schemes": ["Bearer", "ApiKey"]});
    Ok(module("authorization", config, rules))
}

/// The consumers to whom `request-termination` is all that there is.
fn ended<'a>(plan: &Plan<'a>) -> Vec<&'a Consumer<'a>> {
    let all = plan.of_consumers.iter().filter(|(_, plugin)| plugin.name == "request-termination");
    all.map(|(consumer, _)| *consumer).collect()
}

/// A rule for this consumer's requests, or for everybody's.
fn allowing(plan: &Plan<'_>, consumer: Option<&Consumer<'_>>) -> Map<String, Value> {
    let mut rule = rule(&plan.name);
    if let Some(consumer) = consumer {
        let identity = plan.identity(consumer);
        rule.insert("match".to_owned(), json!({"route": plan.name, "identity": identity}));
    }
    rule.insert("action".to_owned(), json!("allow"));
    rule
}

fn addresses(
    plan: &Plan<'_>,
    consumer: Option<&Consumer<'_>>,
    plugin: &Plugin<'_>,
) -> Read<Vec<Value>> {
    let config = plugin.config();
    let mut rules = Vec::new();
    let (allow, deny) = (networks(config, "allow")?, networks(config, "deny")?);
    if !deny.is_empty() {
        rules.push(json!({"sources": deny}));
    }
    if !allow.is_empty() {
        rules.push(json!({"not": {"sources": allow}}));
    }
    let refusal = refusal(config, "status", "message")?;
    let rule = |condition: Value| {
        let mut rule = allowing(plan, consumer);
        if let (Some(Value::Object(matches)), Value::Object(condition)) =
            (rule.get_mut("match"), condition)
        {
            matches.extend(condition);
        }
        rule.insert("action".to_owned(), json!("deny"));
        if let Some(refusal) = &refusal {
            rule.insert("refusal".to_owned(), refusal.clone());
        }
        Value::Object(rule)
    };
    Ok(rules.into_iter().map(rule).collect())
}

fn networks<'a>(config: &'a Node, name: &str) -> Read<Vec<&'a str>> {
    let mut networks = Vec::new();
    for node in config.list_of(name)? {
        let text = node.text(name)?;
        if Network::parse(text).is_err() {
            return Err(node.not(name, "an address or a network, such as 10.0.0.0/8"));
        }
        networks.push(text);
    }
    Ok(networks)
}

/// What `acl` lets through, and whom.
fn groups(plan: &Plan<'_>, consumer: Option<&Consumer<'_>>) -> Read<Vec<Value>> {
    let mut allow = allowing(plan, consumer);
    let Some(config) = plan.config("acl") else { return Ok(vec![Value::Object(allow)]) };
    let (allowed, denied) = (config.texts_of("allow")?, config.texts_of("deny")?);
    if allowed.is_empty() && denied.is_empty() {
        return Err(Unreadable::new(plan.line("acl"), "acl: must have allow or deny"));
    }
    let nobody = plan.nobody();
    let nobody_is = |groups: &[&str]| {
        nobody.is_some_and(|nobody| groups.iter().any(|group| nobody.groups.contains(group)))
    };
    if !allowed.is_empty() {
        let mut principals = vec![json!({"groups": {"any": allowed}})];
        if nobody_is(&allowed) {
            principals.push(json!({"authenticated": false}));
        }
        allow.insert("principals".to_owned(), json!(principals));
        return Ok(vec![Value::Object(allow)]);
    }
    let mut deny = allow.clone();
    let mut principals = vec![json!({"groups": {"any": denied}})];
    if nobody.is_none() || nobody_is(&denied) {
        principals.push(json!({"authenticated": false}));
    }
    deny.insert("action".to_owned(), json!("deny"));
    deny.insert("principals".to_owned(), json!(principals));
    Ok(vec![Value::Object(deny), Value::Object(allow)])
}

/// Own words for a refusal, as far as a filter of ours may have them.
pub(super) fn refusal(config: &Node, status: &str, message: &str) -> Read<Option<Value>> {
    let mut refusal = Map::new();
    if let Some(status) = config.number_of(status)?.filter(|status| is_own(*status)) {
        refusal.insert("status".to_owned(), json!(status));
    }
    if let Some(message) = config.text_of(message)? {
        refusal.insert("detail".to_owned(), json!(message.replace('$', "$$")));
    }
    Ok((!refusal.is_empty()).then_some(Value::Object(refusal)))
}

/// Whether a filter may answer with a status: some need a field that none has.
fn is_own(status: u64) -> bool {
    (400..600).contains(&status) && ![401, 407, 426].contains(&status)
}
