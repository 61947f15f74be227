//! What stands before and around the guards: `request-termination`, `cors`, `prometheus`.

use serde_json::{Map, Value, json};

use super::plan::Plan;
use crate::carrying::Carrying;
use crate::envoy::{Action, Filter, Module, kind, pattern_of};
use crate::source::Read;

const CORS: &str = "envoy.filters.http.cors";
/// The most bytes that a route may answer with.
const LONGEST: usize = 4096;

/// Answers what `request-termination` ends for everybody; Kong's guards are asked before, and so
/// are ours.
pub(super) fn close(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<()> {
    for plan in plans {
        if plan.answer.is_some() && plan.config("request-termination").is_none() {
            continue;
        }
        let Some(config) = plan.config("request-termination") else { continue };
        let status = config.number_of("status_code")?.unwrap_or(503);
        let Some(status) = u16::try_from(status).ok().filter(|it| (200..600).contains(it)) else {
            return Err(config.not("status_code", "200 to 599"));
        };
        let message =
            config.text_of("message")?.map(|message| json!({"message": message}).to_string());
        let own = config.text_of("body")?.map(str::to_owned);
        let usual =
            if own.is_some() { "application/json; charset=utf-8" } else { "application/json" };
        let body = own.or(message).filter(|body| body.len() <= LONGEST);
        if body.is_none() && config.get("body").is_some() {
            let why = format!("a body is {LONGEST} bytes at most: the answer has none");
            carrying.lost(config.line, &plan.subject("request-termination"), why);
        }
        let content_type = config.text_of("content_type")?.unwrap_or(usual).to_owned();
        let content_type = body.is_some().then_some(content_type);
        plan.answer = Some(Action::Answer { status, body, content_type });
    }
    Ok(())
}

/// Counters, first in the chain: so also what the others refuse is counted.
pub(super) fn telemetry(plans: &[Plan<'_>]) -> Read<Option<Filter>> {
    let Some(config) = plans.iter().find_map(|plan| plan.config("prometheus")) else {
        return Ok(None);
    };
    let mut labels = vec!["route", "method", "status_class"];
    if config.flag_of("per_consumer")?.unwrap_or(false) {
        labels.push("consumer");
    }
    let mut block = Map::new();
    block.insert("requests".to_owned(), json!({"labels": labels}));
    if config.flag_of("latency_metrics")?.unwrap_or(false) {
        block.insert("duration".to_owned(), json!({}));
    }
    if config.flag_of("bandwidth_metrics")?.unwrap_or(false) {
        block.insert("bytes".to_owned(), json!({"labels": ["route"]}));
    }
    Ok(Some(Filter::Wasm(Module::new("telemetry", Value::Object(block)))))
}

pub(super) fn cors(plans: &mut [Plan<'_>], carrying: &mut Carrying<'_>) -> Read<Option<Filter>> {
    let mut is_used = false;
    for plan in plans.iter_mut() {
        let Some(config) = plan.config("cors") else { continue };
        let subject = plan.subject("cors");
        let mut origins = Vec::new();
        let texts = config.texts_of("origins")?;
        for origin in if texts.is_empty() { vec!["*"] } else { texts } {
            let is_origin =
                origin.chars().all(|it| it.is_ascii_alphanumeric() || ":/.-_".contains(it));
            origins.push(match origin {
                "*" => json!({"safe_regex": {"regex": ".*"}}),
                origin if is_origin => json!({"exact": origin}),
                pattern if regex_lite::Regex::new(pattern).is_ok() => {
                    json!({"safe_regex": {"regex": pattern}})
                }
                other => {
                    let why = format!("the origin {other} is no pattern that Envoy can match");
                    carrying.lost(config.line, &subject, why);
                    json!({"safe_regex": {"regex": pattern_of(other)}})
                }
            });
        }
        let list = |name: &str, usual: &str| -> Read<String> {
            let texts = config.texts_of(name)?;
            Ok(if texts.is_empty() { usual.to_owned() } else { texts.join(", ") })
        };
        if config.texts_of("headers")?.is_empty() {
            let why = "without `headers`, the answer to a preflight names `*` and `authorization`, \
                       and not the fields that were asked for";
            carrying.differs(plan.line("cors"), &subject, why);
        }
        let mut policy = Map::new();
        let mut set = |name: &str, value: Value| policy.insert(name.to_owned(), value);
        set("@type", json!(kind("envoy.extensions.filters.http.cors.v3.CorsPolicy")));
        set("allow_origin_string_match", json!(origins));
        let methods = "GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS, TRACE, CONNECT";
        set("allow_methods", json!(list("methods", methods)?));
        set("allow_headers", json!(list("headers", "*, authorization")?));
        let exposed = list("exposed_headers", "")?;
        if !exposed.is_empty() {
            set("expose_headers", json!(exposed));
        }
        if let Some(age) = config.number_of("max_age")? {
            set("max_age", json!(age.to_string()));
        }
        set("allow_credentials", json!(config.flag_of("credentials")?.unwrap_or(false)));
        plan.per_filter.insert(CORS.to_owned(), Value::Object(policy));
        is_used = true;
    }
    let config = json!({"@type": kind("envoy.extensions.filters.http.cors.v3.Cors")});
    Ok(is_used.then_some(Filter::Envoy { name: CORS, config }))
}
