//! Heads and bodies: transformers, `correlation-id`, and what upstreams are told of the consumer.

use serde_json::{Map, Value, json};

use super::consumer::Consumer;
use super::entities::Plugin;
use super::plan::Plan;
use super::transform::{self, Operations};
use super::{module, rule};
use crate::carrying::Carrying;
use crate::envoy::Module;
use crate::source::{Node, Read};

const REQUEST: &str = "request-transformer";
const RESPONSE: &str = "response-transformer";

/// header-transform and body-transform, each where something needs it.
pub(super) fn filters(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<Vec<Module>> {
    // A change of a field, or of the method, that routes ask for would be a change of the route, and
    // of the guards with it.
    let asked: Vec<String> = plans.iter().flat_map(|plan| plan.conditions.fields.clone()).collect();
    let knows_somebody = plans.iter().any(|plan| !plan.credentials.is_empty());
    let (mut heads, mut bodies) = (Vec::new(), Vec::new());
    for plan in plans.iter().filter(|plan| plan.is_open()) {
        let mut consumers: Vec<Option<&Consumer<'_>>> = Vec::new();
        for (consumer, plugin) in &plan.of_consumers {
            let is_there = consumers.iter().flatten().any(|there| there.name == consumer.name);
            if [REQUEST, RESPONSE].contains(&plugin.name) && !is_there {
                consumers.push(Some(consumer));
            }
        }
        consumers.push(None);
        for consumer in consumers {
            let find =
                |name: &str| own(plan, consumer, name).or_else(|| plan.plugins.get(name).cloned());
            let mut read = |name: &str, body: &str| match find(name) {
                Some(plugin) => {
                    transform::read(plugin.config(), body, &plan.subject(name), carrying)
                }
                None => Ok(Operations::default()),
            };
            let (mut request, response) = (read(REQUEST, "body")?, read(RESPONSE, "json")?);
            let changed = request.fields.iter().find(|field| asked.contains(field)).cloned();
            if let Some(field) = changed {
                let line = find(REQUEST).map_or(plan.node.line, |plugin| plugin.node.line);
                let why = format!(
                    "routes ask for the field `{field}`: with another value it would be \
                                   another route's request"
                );
                carrying.lost(line, &plan.subject(REQUEST), why);
                request = Operations::default();
            }
            let told = if knows_somebody { told(plan) } else { Vec::new() };
            let (correlation, echoed) = correlation(plan.config("correlation-id"))?;
            let asked: Vec<Value> = [told, correlation, request.head].concat();
            let answered: Vec<Value> = [echoed, response.head].concat();
            let base = |rule: Map<String, Value>| Value::Object(rule);
            if !asked.is_empty() || !answered.is_empty() {
                let mut rule = of(plan, consumer);
                insert(&mut rule, "request", asked);
                insert(&mut rule, "response", answered);
                if request.query {
                    rule.insert("reroute".to_owned(), json!(true));
                }
                heads.push(base(rule));
            }
            if !request.body.is_empty() || !response.body.is_empty() {
                let mut rule = of(plan, consumer);
                for (side, operations) in [("request", request.body), ("response", response.body)] {
                    if !operations.is_empty() {
                        // Kong leaves alone what it cannot read.
                        let side_of = json!({"operations": operations, "on_invalid": "pass",
                            "on_unknown_encoding": "pass", "on_misfit": "skip"});
                        rule.insert(side.to_owned(), side_of);
                    }
                }
                bodies.push(base(rule));
            }
        }
    }
    let heads = module("header-transform", json!({}), heads);
    let bodies = module("body-transform", json!({"hold_heads": true}), bodies);
    Ok(heads.into_iter().chain(bodies).collect())
}

fn own<'a>(plan: &Plan<'a>, consumer: Option<&Consumer<'_>>, name: &str) -> Option<Plugin<'a>> {
    let consumer = consumer?;
    let is = |(of, plugin): &&(&Consumer<'_>, Plugin<'_>)| {
        of.name == consumer.name && plugin.name == name
    };
    plan.of_consumers.iter().find(is).map(|(_, plugin)| plugin.clone())
}

fn of(plan: &Plan<'_>, consumer: Option<&Consumer<'_>>) -> Map<String, Value> {
    let mut rule = rule(&plan.name);
    if let Some(consumer) = consumer {
        let matches = json!({"route": plan.name, "identity": plan.identity(consumer)});
        rule.insert("match".to_owned(), matches);
    }
    rule
}

fn insert(rule: &mut Map<String, Value>, side: &str, operations: Vec<Value>) {
    if !operations.is_empty() {
        rule.insert(side.to_owned(), json!(operations));
    }
}

/// What Kong tells upstreams; what a client says of itself in these fields is removed.
fn told(plan: &Plan<'_>) -> Vec<Value> {
    let remove = |name: &str| json!({"remove": {"name": name}});
    // Consumers of `jwt` sign their tokens themselves, and may claim any `custom_id` in them.
    let signs_itself = plan.credentials.iter().any(|it| it.filter.starts_with("jwt-auth"));
    let custom_id = match signs_itself {
        true => remove("x-consumer-custom-id"),
        false => json!({"set": {"name": "x-consumer-custom-id", "value": "${claim.custom_id}"}}),
    };
    vec![
        json!({"set": {"name": "x-consumer-username", "value": "${identity.consumer}"}}),
        custom_id,
        remove("x-consumer-id"),
        remove("x-consumer-groups"),
        remove("x-credential-identifier"),
        remove("x-anonymous-consumer"),
    ]
}

fn correlation(config: Option<&Node>) -> Read<(Vec<Value>, Vec<Value>)> {
    let Some(config) = config else { return Ok((Vec::new(), Vec::new())) };
    let name = config.text_of("header_name")?.unwrap_or("Kong-Request-ID").to_ascii_lowercase();
    let asked = vec![json!({"add_if_absent": {"name": name, "value": "${uuid}"}})];
    let echoed = match config.flag_of("echo_downstream")?.unwrap_or(false) {
        true => vec![json!({"set": {"name": name, "value": format!("${{header.{name}}}")}})],
        false => Vec::new(),
    };
    Ok((asked, echoed))
}
