//! Endpoints of several backends: aggregate, one call for each.

use serde_json::{Map, Value, json};

use super::address;
use super::endpoint::{Backend, Endpoint};
use super::{module, shape};
use crate::carrying::Carrying;
use crate::envoy::{self, Module};
use crate::source::Read;

/// The most parameters of which each may be there or not: a rule is made for each set of them.
const MOST_PARAMETERS: usize = 4;

pub(super) fn filter(
    endpoints: &mut [Endpoint<'_>],
    carrying: &mut Carrying<'_>,
) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    for endpoint in endpoints.iter_mut() {
        if !endpoint.is_open() || endpoint.only().is_some() {
            continue;
        }
        if endpoint.encoding == "no-op" {
            let why = "output_encoding no-op: the answer to another method or to several backends \
                       is JSON here";
            carrying.closed(endpoint.node.line, &endpoint.subject("backend"), why);
            endpoint.close(503);
            continue;
        }
        let mut parameters = endpoint.parameters.clone();
        if parameters.contains(&"*") || parameters.len() > MOST_PARAMETERS {
            let why = format!(
                "input_query_strings: of `*`, and of more than {MOST_PARAMETERS}, calls \
                               have none"
            );
            carrying.lost(endpoint.node.line, &endpoint.subject("backend"), why);
            parameters.clear();
        }
        let mut headers = endpoint.headers.clone();
        if headers.iter().any(|name| name == "*") {
            let why = "input_headers: of `*`, calls have none; name them";
            carrying.lost(endpoint.node.line, &endpoint.subject("backend"), why);
            headers.clear();
        }
        let calls = calls(endpoint, carrying)?;
        // The sets of parameters, the largest first: the first rule whose parameters are all there
        // is the request's.
        let mut sets: Vec<Vec<&str>> = vec![Vec::new()];
        for name in &parameters {
            let with: Vec<Vec<&str>> =
                sets.iter().map(|set| [set.as_slice(), &[*name]].concat()).collect();
            sets.extend(with);
        }
        sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
        for (at, set) in sets.iter().enumerate() {
            let mut matches = json!({"route": endpoint.name, "path": {"template": endpoint.path}});
            if let (Some(matches), false) = (matches.as_object_mut(), set.is_empty()) {
                let query = set.iter().map(|name| json!({"name": name, "present": true}));
                matches.insert("query".to_owned(), query.collect());
            }
            let name = match at {
                0 => endpoint.name.clone(),
                at => format!("{}.{at}", endpoint.name),
            };
            let calls: Vec<Value> = calls.iter().map(|call| with_query(call, set)).collect();
            let mut rule = Map::new();
            rule.insert("name".to_owned(), json!(name));
            rule.insert("match".to_owned(), matches);
            let timeout = envoy::milliseconds(endpoint.timeout_ms);
            rule.insert("timeout".to_owned(), json!(milliseconds(&timeout, endpoint.timeout_ms)));
            if !headers.is_empty() {
                rule.insert("pass_headers".to_owned(), json!(headers));
            }
            rule.insert("headers".to_owned(), json!({}));
            if meets(&calls) {
                rule.insert("merge".to_owned(), json!({"on_conflict": "last"}));
            }
            rule.insert("calls".to_owned(), json!(calls));
            if endpoint.cache_ttl > 0 {
                let value = format!("public, max-age={}", endpoint.cache_ttl);
                rule.insert("response_headers".to_owned(), json!({"cache-control": value}));
            }
            if endpoint.encoding == "json-collection" {
                let unwrap = json!([{"unwrap": {"path": "collection"}}]);
                rule.insert("operations".to_owned(), unwrap);
            }
            rules.push(Value::Object(rule));
        }
    }
    Ok(module("aggregate", json!({}), rules))
}

/// Whether the answers of two calls can have something in one place: the later one counts then.
fn meets(calls: &[Value]) -> bool {
    let into = |call: &Value| call.get("into").and_then(Value::as_str).unwrap_or("$").to_owned();
    let places: Vec<String> = calls.iter().map(into).collect();
    let leads_through = |one: &str, other: &str| {
        one == "$" || one == other || other.strip_prefix(one).is_some_and(|it| it.starts_with('.'))
    };
    places.iter().enumerate().any(|(at, one)| {
        let others = places.iter().enumerate().filter(|(other, _)| *other != at);
        others.into_iter().any(|(_, other)| leads_through(one, other))
    })
}

/// Our durations are whole numbers of one unit.
fn milliseconds(seconds: &str, all: u64) -> String {
    if seconds.contains('.') { format!("{all}ms") } else { seconds.to_owned() }
}

fn calls(endpoint: &Endpoint<'_>, carrying: &mut Carrying<'_>) -> Read<Vec<Map<String, Value>>> {
    let proxy = endpoint.extra("proxy");
    let is_sequential =
        proxy.map_or(Ok(None), |proxy| proxy.flag_of("sequential"))?.unwrap_or(false);
    let mut calls = Vec::new();
    for (at, backend) in endpoint.backends.iter().enumerate() {
        let subject = endpoint.subject(&format!("backend {at}"));
        let mut call = Map::new();
        let mut set = |name: &str, value: Value| call.insert(name.to_owned(), value);
        set("name", json!(format!("b{at}")));
        set("cluster", json!(backend.cluster));
        set("authority", json!(backend.authority));
        set("method", json!(backend.method));
        set("path", json!(path(backend)));
        set("timeout", json!(format!("{}ms", endpoint.timeout_ms)));
        let has_body = ["POST", "PUT", "PATCH", "DELETE"];
        if has_body.contains(&backend.method) && has_body.contains(&endpoint.method) {
            set("forward_body", json!(true));
        }
        if is_sequential && at > 0 {
            set("after", json!([format!("b{}", at.saturating_sub(1))]));
        }
        let group = backend.node.text_of("group")?.filter(|group| !group.is_empty());
        set("into", json!(group.map_or_else(|| "$".to_owned(), shape::path)));
        let operations = shape::operations(backend.node, &subject, carrying)?;
        if !operations.is_empty() {
            set("operations", json!(operations));
        }
        // One that fails is left out, and the answer says so, as long as there is another.
        if endpoint.backends.len() > 1 && !is_sequential {
            set("optional", json!(true));
        }
        calls.push(call);
    }
    Ok(calls)
}

/// The path of a call: `{id}` is what the endpoint's path captured, `{resp0_a.b}` what the first
/// call answered.
fn path(backend: &Backend<'_>) -> String {
    address::with_names(
        &backend.pattern,
        |plain| plain.replace('$', "$$"),
        |name| {
            let answered = name.strip_prefix("resp").and_then(|rest| rest.split_once('_'));
            match answered {
                Some((at, member)) if at.parse::<usize>().is_ok() => {
                    format!("${{call.b{at}.{}}}", shape::path(member))
                }
                _ => format!("${{path.{name}}}"),
            }
        },
    )
}

/// The call with these parameters of the request.
fn with_query(call: &Map<String, Value>, parameters: &[&str]) -> Value {
    let mut call = call.clone();
    if let Some(Value::String(path)) = call.get_mut("path") {
        for name in parameters {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&format!("{name}=${{query.{name}}}"));
        }
    }
    Value::Object(call)
}
