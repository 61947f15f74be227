//! Kong's declarative configuration, 3.x (and what is the same in 1.1 and 2.1).

mod auth;
mod cache;
mod consumer;
mod edge;
mod entities;
mod heads;
mod limit;
mod matching;
mod options;
mod path;
mod permit;
mod plan;
mod size;
mod transform;
mod upstream;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::carrying::Carrying;
use crate::envoy::{Filter, Gateway, Match, Module, Path, Route, direct};
use crate::source::{Node, Read, Unreadable};
use entities::Entities;
use plan::Plan;

/// The name of the route for what no route of the file's is for.
const UNMATCHED: &str = "unmatched";

/// The tables of what becomes of each option, as Markdown.
pub(crate) fn tables() -> String {
    crate::options::markdown(options::ALL)
}

/// Whether this is a file of Kong's.
pub(crate) fn is_its(root: &Node) -> bool {
    root.get("_format_version").is_some()
}

pub(crate) fn gateway(root: &Node, carrying: &mut Carrying<'_>) -> Read<Gateway> {
    let format = root.get("_format_version").and_then(Node::as_text).unwrap_or_default();
    let format: f32 = match format {
        "1.1" | "2.1" | "3.0" => format.parse().unwrap_or(3.0),
        other => {
            let line = root.get("_format_version").map_or(root.line, |node| node.line);
            let fault = format!("_format_version: `{other}` is not known: 1.1, 2.1 and 3.0 are");
            return Err(Unreadable::new(line, fault));
        }
    };
    let entities = entities::read(root, carrying)?;
    let mut clusters = BTreeMap::new();
    let mut plans = plan::read(&entities, format, &mut clusters, carrying)?;
    let is_plain = root.flag_of("_transform")?.unwrap_or(true);
    let filters = filters(&mut plans, &entities, is_plain, carrying)?;
    let mut weighed: Vec<_> = plans.iter().flat_map(Plan::routes).collect();
    weighed.sort_by_key(|(weight, _)| *weight);
    let mut routes: Vec<Route> = weighed.into_iter().map(|(_, route)| route).collect();
    // Envoy would answer 404 as well; but then no filter could tell that no rule is missing.
    routes.push(Route {
        name: UNMATCHED.to_owned(),
        matches: Match { path: Path::Prefix("/".to_owned()), headers: Vec::new() },
        action: direct(404),
        policy: None,
        per_filter: auth::off(&filters, |_| false),
    });
    Ok(Gateway {
        port: 8000,
        routes,
        clusters,
        underscores: plans.iter().any(Plan::has_underscores),
        filters,
        websockets: true,
    })
}

/// All filters, in the order in which requests meet them.
fn filters(
    plans: &mut [Plan<'_>],
    entities: &Entities<'_>,
    is_plain: bool,
    carrying: &mut Carrying<'_>,
) -> Read<Vec<Filter>> {
    let authentication = auth::filters(plans, &entities.consumers, is_plain, carrying)?;
    edge::close(plans, carrying)?;
    let mut filters = Vec::new();
    filters.extend(edge::telemetry(plans)?);
    filters.extend(edge::cors(plans, carrying)?);
    filters.extend(authentication.iter().cloned().map(Filter::Wasm));
    let later = [
        permit::filter(plans, carrying)?.map(Filter::Wasm),
        size::filter(plans, carrying)?,
        limit::filter(plans, carrying)?.map(Filter::Wasm),
    ];
    filters.extend(later.into_iter().flatten());
    filters.extend(heads::filters(plans, carrying)?.into_iter().map(Filter::Wasm));
    filters.extend(cache::filter(plans, carrying)?.map(Filter::Wasm));
    for plan in plans.iter_mut() {
        let used: Vec<String> = plan.credentials.iter().map(|it| it.filter.clone()).collect();
        plan.per_filter.extend(auth::off(&filters, |name| used.iter().any(|used| used == name)));
    }
    Ok(filters)
}

/// A rule for the routes of this name alone.
fn rule(route: &str) -> Map<String, Value> {
    let mut rule = Map::new();
    rule.insert("name".to_owned(), json!(route));
    rule.insert("match".to_owned(), json!({"route": route}));
    rule
}

/// A module of ours that has rules; none where there is none. Rules of one route have its name, and
/// a number from the second on.
fn module(name: &'static str, mut config: Value, mut rules: Vec<Value>) -> Option<Module> {
    if rules.is_empty() {
        return None;
    }
    let mut taken = BTreeSet::new();
    for rule in &mut rules {
        let Some(wanted) = rule.get("name").and_then(Value::as_str).map(str::to_owned) else {
            continue;
        };
        let mut name = wanted.clone();
        let mut number = 1_usize;
        while !taken.insert(name.clone()) {
            number = number.saturating_add(1);
            name = format!("{wanted}.{number}");
        }
        if let Some(rule) = rule.as_object_mut() {
            rule.insert("name".to_owned(), json!(name));
        }
    }
    if let Some(config) = config.as_object_mut() {
        config.insert("rules".to_owned(), json!(rules));
    }
    Some(Module::new(name, config))
}
