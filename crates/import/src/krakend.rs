//! KrakenD's configuration, version 3.

mod address;
mod calls;
mod endpoint;
mod fields;
mod limits;
mod options;
mod shape;
mod validator;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::carrying::Carrying;
use crate::envoy::{Filter, Gateway, Match, Module, Path, Route, direct, kind, pattern_of};
use crate::options::{Options, markdown};
use crate::source::{Node, Read};
use endpoint::Endpoint;

const UNMATCHED: &str = "unmatched";
const CORS: &str = "envoy.filters.http.cors";

/// The tables of what becomes of each option, as Markdown.
pub(crate) fn tables() -> String {
    markdown(options::ALL)
}

/// Whether this is a file of KrakenD's.
pub(crate) fn is_its(root: &Node) -> bool {
    root.get("version").and_then(Node::as_text) == Some("3") && root.get("endpoints").is_some()
}

pub(crate) fn gateway(root: &Node, carrying: &mut Carrying<'_>) -> Read<Gateway> {
    carrying.judge(root, &options::FILE, "file", "file")?;
    let mut clusters = BTreeMap::new();
    let mut endpoints = endpoint::read(root, &mut clusters, carrying)?;
    let global = global(root, &mut endpoints, carrying)?;
    let authentication = validator::filters(&mut endpoints, &mut clusters, carrying)?;
    let permit = validator::permit(&endpoints)?;
    let limit = limits::filter(root, &mut endpoints, carrying)?;
    let heads = endpoint::heads(&endpoints)?;
    let bodies = endpoint::bodies(&mut endpoints, carrying)?;
    let aggregate = calls::filter(&mut endpoints, carrying)?;
    let cache = endpoint::cache(&endpoints);
    let mut filters = Vec::new();
    if global.is_some() {
        let config = json!({"@type": kind("envoy.extensions.filters.http.cors.v3.Cors")});
        filters.push(Filter::Envoy { name: CORS, config });
    }
    let names: Vec<String> = authentication.iter().map(|module| module.name.clone()).collect();
    let modules = authentication
        .into_iter()
        .chain([permit, limit, heads, bodies, aggregate, cache].into_iter().flatten());
    filters.extend(modules.map(Filter::Wasm));
    let mut routes: Vec<Route> = Vec::new();
    let mut ordered: Vec<&Endpoint<'_>> = endpoints.iter().collect();
    ordered.sort_by_key(|endpoint| endpoint.weight());
    let mut paths = BTreeSet::new();
    for endpoint in &ordered {
        let mut route = endpoint.route();
        route.per_filter = off(&names, endpoint.validator.as_deref());
        route.per_filter.extend(global.clone().map(|policy| (CORS.to_owned(), policy)));
        routes.push(route);
    }
    // A path that there is, asked for by a method that there is not.
    for endpoint in &ordered {
        let path = Path::Pattern(address::pattern(endpoint.path));
        if paths.insert(endpoint.path) {
            routes.push(unmatched(path, 405, &names));
        }
    }
    routes.push(unmatched(Path::Prefix("/".to_owned()), 404, &names));
    let port = root.number_of("port")?.unwrap_or(8080);
    let port = u16::try_from(port).map_err(|_| root.not("port", "1 to 65535"))?;
    Ok(Gateway {
        port,
        routes,
        clusters,
        underscores: endpoints
            .iter()
            .any(|endpoint| endpoint.headers.iter().any(|name| name.contains('_'))),
        filters,
        websockets: false,
    })
}

fn unmatched(path: Path, status: u16, validators: &[String]) -> Route {
    Route {
        name: UNMATCHED.to_owned(),
        matches: Match { path, headers: Vec::new() },
        action: direct(status),
        policy: None,
        per_filter: off(validators, None),
    }
}

/// Turns off the filters of other endpoints' validators.
fn off(validators: &[String], uses: Option<&str>) -> Map<String, Value> {
    let kind = kind("envoy.config.route.v3.FilterConfig");
    validators
        .iter()
        .filter(|name| uses != Some(name.as_str()))
        .map(|name| (name.clone(), json!({"@type": kind, "disabled": true})))
        .collect()
}

/// What holds for all endpoints; the policy of CORS, where there is one.
fn global(
    root: &Node,
    endpoints: &mut [Endpoint<'_>],
    carrying: &mut Carrying<'_>,
) -> Read<Option<Value>> {
    let Some(extra) = root.mapping_of("extra_config")? else { return Ok(None) };
    let mut policy = None;
    for member in extra.members() {
        let (name, node) = (member.name.as_str(), &member.value);
        match name {
            "security/cors" => policy = Some(cors(node, carrying)?),
            "qos/ratelimit/service" => {}
            _ if options::is_harmless(name) => {
                let why = "is not carried over: see `telemetry`, `audit` and Envoy's own settings";
                carrying.lost(node.line, &format!("extra_config: {name}"), why);
            }
            _ if name.starts_with('@') => {}
            _ => {
                let why = "is not known here, and may guard something";
                let subject = format!("extra_config: {name}");
                // What revokes tokens guards where there are tokens.
                let is_for = |endpoint: &Endpoint<'_>| {
                    name != "auth/revoker" || endpoint.extra("auth/validator").is_some()
                };
                if carrying.cannot_guard(node.line, &subject, name, why) {
                    let all = endpoints.iter_mut().filter(|endpoint| is_for(endpoint));
                    all.for_each(|endpoint| endpoint.close(503));
                }
            }
        }
    }
    Ok(policy)
}

fn cors(node: &Node, carrying: &mut Carrying<'_>) -> Read<Value> {
    carrying.judge(node, &options::CORS, "extra_config: security/cors", "security/cors")?;
    let origins = node.texts_of("allow_origins")?;
    let origins: Vec<Value> = if origins.is_empty() { vec!["*"] } else { origins }
        .into_iter()
        .map(|origin| match origin.split_once('*') {
            None => json!({"exact": origin}),
            Some(_) => {
                let parts: Vec<String> = origin.split('*').map(pattern_of).collect();
                json!({"safe_regex": {"regex": parts.join(".*")}})
            }
        })
        .collect();
    let mut policy = Map::new();
    let mut set = |name: &str, value: Value| policy.insert(name.to_owned(), value);
    set("@type", json!(kind("envoy.extensions.filters.http.cors.v3.CorsPolicy")));
    set("allow_origin_string_match", json!(origins));
    let methods = node.texts_of("allow_methods")?;
    let methods = if methods.is_empty() { vec!["GET", "POST", "HEAD"] } else { methods };
    set("allow_methods", json!(methods.join(", ")));
    for (theirs, ours) in [("allow_headers", "allow_headers"), ("expose_headers", "expose_headers")]
    {
        let names = node.texts_of(theirs)?;
        if !names.is_empty() {
            set(ours, json!(names.join(", ")));
        }
    }
    if let Some(age) = address::milliseconds(node, "max_age")? {
        set("max_age", json!((age / 1000).to_string()));
    }
    set("allow_credentials", json!(node.flag_of("allow_credentials")?.unwrap_or(false)));
    Ok(Value::Object(policy))
}

/// A module of ours that has rules; none where there is none.
fn module(name: &'static str, config: Value, rules: Vec<Value>) -> Option<Module> {
    let Value::Object(mut config) = config else { return None };
    config.insert("rules".to_owned(), json!(rules));
    (!rules.is_empty()).then(|| Module::new(name, Value::Object(config)))
}

/// Tells of all that is in an `extra_config` and is not known; whether what it guards is closed.
fn judge_extra(
    node: &Node,
    known: &[&Options],
    subject: &str,
    carrying: &mut Carrying<'_>,
) -> Read<bool> {
    let Some(extra) = node.mapping_of("extra_config")? else { return Ok(false) };
    let mut closes = false;
    for member in extra.members() {
        let (name, block) = (member.name.as_str(), &member.value);
        let subject = format!("{subject}: {name}");
        match known.iter().find(|table| table.name == name) {
            Some(table) => closes |= carrying.judge(block, table, &subject, name)?,
            None if name.starts_with("documentation/") || name.starts_with('@') => {}
            None if options::is_harmless(name) => {
                carrying.lost(block.line, &subject, "is not known here");
            }
            None => {
                let why = "is not known here, and may guard something";
                closes |= carrying.cannot_guard(block.line, &subject, name, why);
            }
        }
    }
    Ok(closes)
}
