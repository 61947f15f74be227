//! `proxy-cache`: response-cache.

use serde_json::{Map, Value, json};

use super::plan::Plan;
use super::{module, rule};
use crate::carrying::Carrying;
use crate::envoy::Module;
use crate::source::{Node, Read};

const NAME: &str = "proxy-cache";

pub(super) fn filter(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    for plan in plans.iter().filter(|plan| plan.is_open()) {
        for (consumer, plugin) in plan.each(NAME) {
            let mut rule = rule(&plan.name);
            if let Some(consumer) = consumer {
                let matches = json!({"route": plan.name, "identity": plan.identity(consumer)});
                rule.insert("match".to_owned(), matches);
            }
            let config = plugin.config();
            for method in config.texts_of("request_method")? {
                if !["GET", "HEAD"].contains(&method) {
                    let why = format!("answers to {method} are not stored");
                    carrying.lost(config.line, &plan.subject(NAME), why);
                }
            }
            // Kong has an answer for each consumer.
            rule.insert("identified".to_owned(), json!("own"));
            let goes_by_fields = config.flag_of("cache_control")?.unwrap_or(false);
            let directives = if goes_by_fields { "honour" } else { "ignore" };
            rule.insert("client_directives".to_owned(), json!(directives));
            rule.insert("freshness".to_owned(), freshness(config, goes_by_fields)?);
            let mut key = Map::new();
            let headers = config.texts_of("vary_headers")?;
            if !headers.is_empty() {
                let names: Vec<_> = headers.iter().map(|name| name.to_ascii_lowercase()).collect();
                key.insert("headers".to_owned(), json!(names));
            }
            let parameters = config.texts_of("vary_query_params")?;
            if !parameters.is_empty() {
                key.insert("query".to_owned(), json!({"only": parameters}));
            }
            key.insert("sort_query".to_owned(), json!(true));
            rule.insert("key".to_owned(), Value::Object(key));
            rules.push(Value::Object(rule));
        }
    }
    Ok(module("response-cache", json!({}), rules))
}

fn freshness(config: &Node, goes_by_fields: bool) -> Read<Value> {
    let ttl = format!("{}s", config.number_of("cache_ttl")?.unwrap_or(300).max(1));
    let mut freshness = Map::new();
    let of_good = if goes_by_fields { "default" } else { "override" };
    freshness.insert(of_good.to_owned(), json!(ttl));
    let mut statuses = Map::new();
    let listed = config.list_of("response_code")?;
    for status in listed {
        let status = status.number("response_code")?;
        if (400..600).contains(&status) {
            statuses.insert(status.to_string(), json!(ttl));
        }
    }
    if listed.is_empty() {
        statuses.insert("404".to_owned(), json!(ttl));
    }
    if !statuses.is_empty() {
        freshness.insert("statuses".to_owned(), Value::Object(statuses));
    }
    Ok(Value::Object(freshness))
}
