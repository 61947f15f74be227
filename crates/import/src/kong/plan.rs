//! What is to become of each route: where it goes, and which plugins Kong would run for it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value, json};

use super::auth::Credential;
use super::consumer::Consumer;
use super::entities::{Entities, Plugin, Route};
use super::matching::{self, Conditions, Weight};
use super::options as tables;
use super::path::Wanted;
use super::upstream::{self, Destination};
use crate::carrying::Carrying;
use crate::envoy::{self, Action, Cluster, Match, Path, Rewrite, direct};
use crate::source::{Node, Read};

/// A route on its way.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) name: String,
    pub(super) node: &'a Node,
    pub(super) conditions: Conditions,
    /// None: the gateway answers it.
    destination: Option<Destination>,
    /// The plugins that run for everybody, by name.
    pub(super) plugins: BTreeMap<&'a str, Plugin<'a>>,
    /// Those that run for one consumer instead.
    pub(super) of_consumers: Vec<(&'a Consumer<'a>, Plugin<'a>)>,
    /// How clients of it are known.
    pub(super) credentials: Vec<Credential>,
    /// Who somebody is whom nobody knows: the consumer of `anonymous`.
    anonymous: Option<&'a Consumer<'a>>,
    /// Whether one of its plugins lets nobody in without.
    pub(super) needs_credential: bool,
    consumers: &'a [Consumer<'a>],
    /// What the gateway answers instead, and why.
    pub(super) answer: Option<Action>,
    pub(super) policy: Option<String>,
    pub(super) per_filter: Map<String, Value>,
}

/// Reads the routes of all services that are on.
pub(super) fn read<'a>(
    entities: &'a Entities<'a>,
    format: f32,
    clusters: &mut BTreeMap<String, Cluster>,
    carrying: &mut Carrying<'_>,
) -> Read<Vec<Plan<'a>>> {
    let mut plans = Vec::new();
    let mut destinations = BTreeMap::new();
    for (at, route) in entities.routes.iter().enumerate() {
        let service = route.service.and_then(|at| entities.services.get(at));
        if let Some(service) = service
            && !service.node.flag_of("enabled")?.unwrap_or(true)
        {
            continue;
        }
        let subject = format!("route `{}`", route.name);
        let is_closed = matching::asks_for_connection(route.node, &subject, carrying)?;
        let Some(conditions) = matching::read(route.node, format, &subject, carrying)? else {
            continue;
        };
        let destination = match (route.service, service) {
            (Some(place), Some(service)) => {
                let read = match destinations.entry(place) {
                    Entry::Occupied(there) => there.into_mut(),
                    Entry::Vacant(place) => {
                        let read = upstream::read(service, entities, carrying)?;
                        place.insert(read.map(|(mut destination, cluster)| {
                            destination.cluster = enter(clusters, &destination.cluster, cluster);
                            destination
                        }))
                    }
                };
                read.clone()
            }
            _ => None,
        };
        let mut plan = Plan {
            name: route.name.clone(),
            node: route.node,
            conditions,
            // Kong answers 503 for a route without a service, and so is one that cannot be.
            answer: (is_closed || destination.is_none()).then(|| direct(503)),
            destination,
            plugins: BTreeMap::new(),
            of_consumers: Vec::new(),
            credentials: Vec::new(),
            anonymous: None,
            needs_credential: false,
            consumers: &entities.consumers,
            policy: None,
            per_filter: Map::new(),
        };
        plan.choose(at, route, entities, carrying)?;
        plans.push(plan);
    }
    Ok(plans)
}

fn enter(clusters: &mut BTreeMap<String, Cluster>, wanted: &str, cluster: Cluster) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1_usize;
    while clusters.contains_key(&name) {
        number = number.saturating_add(1);
        name = format!("{wanted}-{number}");
    }
    clusters.insert(name.clone(), cluster);
    name
}

impl<'a> Plan<'a> {
    pub(super) fn subject(&self, plugin: &str) -> String {
        format!("route `{}`: {plugin}", self.name)
    }

    /// Where a plugin that runs for everybody stands in the file.
    pub(super) fn line(&self, name: &str) -> usize {
        self.plugins.get(name).map_or(self.node.line, |plugin| plugin.node.line)
    }

    /// The configuration of a plugin that runs for everybody.
    pub(super) fn config(&self, name: &str) -> Option<&'a Node> {
        self.plugins.get(name).map(Plugin::config)
    }

    /// Who shows nothing is the consumer of this name or id; whether there is one.
    pub(super) fn set_anonymous(&mut self, said: &str) -> bool {
        let is = |consumer: &&Consumer<'_>| {
            let known = |by: &str| consumer.node.get(by).and_then(Node::as_text) == Some(said);
            known("username") || known("id")
        };
        self.anonymous = self.consumers.iter().find(is);
        self.anonymous.is_some()
    }

    /// Who somebody is whom nobody knows, where such are let in.
    pub(super) fn nobody(&self) -> Option<&'a Consumer<'a>> {
        self.anonymous.filter(|_| !self.needs_credential)
    }

    /// Whether requests get past the gateway.
    pub(super) fn is_open(&self) -> bool {
        self.answer.is_none()
    }

    /// Answers all requests of the route.
    pub(super) fn close(&mut self, status: u16) {
        self.answer = Some(direct(status));
    }

    /// Of each plugin the most specific one counts: that of a consumer and a route before that of a
    /// consumer and a service, then of both route and service, of a consumer, of a route, of a
    /// service, of all.
    fn choose(
        &mut self,
        at: usize,
        route: &Route<'a>,
        entities: &'a Entities<'a>,
        carrying: &mut Carrying<'_>,
    ) -> Read<()> {
        let fits = |plugin: &&Plugin<'a>| {
            plugin.route.is_none_or(|of| of == at)
                && plugin.service.is_none_or(|of| Some(of) == route.service)
        };
        let rank = |plugin: &Plugin<'_>| match (plugin.consumer, plugin.route, plugin.service) {
            (Some(_), Some(_), Some(_)) => 8,
            (Some(_), Some(_), None) => 7,
            (Some(_), None, Some(_)) => 6,
            (None, Some(_), Some(_)) => 5,
            (Some(_), None, None) => 4,
            (None, Some(_), None) => 3,
            (None, None, Some(_)) => 2,
            (None, None, None) => 1,
        };
        let mut of_consumers: BTreeMap<(usize, &str), &Plugin<'a>> = BTreeMap::new();
        for plugin in entities.plugins.iter().filter(fits) {
            match plugin.consumer {
                None => {
                    let there = self.plugins.get(plugin.name).map_or(0, rank);
                    if rank(plugin) > there {
                        self.plugins.insert(plugin.name, plugin.clone());
                    }
                }
                Some(consumer) => {
                    let key = (consumer, plugin.name);
                    if of_consumers.get(&key).is_none_or(|there| rank(plugin) > rank(there)) {
                        of_consumers.insert(key, plugin);
                    }
                }
            }
        }
        for ((consumer, name), plugin) in of_consumers {
            let base = self.plugins.get(name).map_or(0, rank);
            if let Some(consumer) = entities.consumers.get(consumer)
                && rank(plugin) > base
            {
                self.of_consumers.push((consumer, plugin.clone()));
            }
        }
        let all: Vec<Plugin<'a>> = self
            .plugins
            .values()
            .cloned()
            .chain(self.of_consumers.iter().map(|(_, plugin)| plugin.clone()))
            .collect();
        for plugin in all {
            self.judge(&plugin, carrying)?;
        }
        Ok(())
    }

    /// Tells of a plugin what of it is not carried over.
    fn judge(&mut self, plugin: &Plugin<'a>, carrying: &mut Carrying<'_>) -> Read<()> {
        let subject = self.subject(plugin.name);
        let Some(table) = tables::plugin(plugin.name) else {
            let why = tables::why(plugin.name);
            if !tables::guards(plugin.name) {
                let subject = format!("plugin {}", plugin.name);
                carrying.lost(plugin.node.line, &subject, why);
            } else if carrying.cannot_guard(plugin.node.line, &subject, plugin.name, why) {
                self.close(503);
            }
            return Ok(());
        };
        if carrying.judge(plugin.config(), table, &subject, plugin.name)? {
            self.close(503);
        }
        Ok(())
    }

    /// The routes of Envoy's, each with what orders it.
    pub(super) fn routes(&self) -> Vec<(Weight, envoy::Route)> {
        let any = [Wanted::Prefix("/".to_owned())];
        let (paths, strips) = match self.conditions.paths.as_slice() {
            // Without a path there is none to strip, and `/` is no condition.
            [] => (any.as_slice(), false),
            paths => (paths, self.node.flag_of("strip_path").ok().flatten().unwrap_or(true)),
        };
        let base = self.destination.as_ref().map_or("", |destination| destination.path.as_str());
        let mut routes = Vec::new();
        for path in paths {
            let weight = match self.conditions.paths.is_empty() {
                true => self.conditions.weight(&Wanted::Prefix(String::new())),
                false => self.conditions.weight(path),
            };
            for (path, rewrite) in path.matches(base, strips) {
                let mut all = self.secured(&path);
                all.push(self.route(self.matches(path), self.action(rewrite)));
                routes.extend(all.into_iter().map(|route| (weight, route)));
            }
        }
        routes
    }

    fn matches(&self, path: Path) -> Match {
        Match { path, headers: self.conditions.headers.clone() }
    }

    fn route(&self, matches: Match, action: Action) -> envoy::Route {
        envoy::Route {
            name: self.name.clone(),
            matches,
            action,
            policy: self.policy.clone(),
            per_filter: self.per_filter.clone(),
        }
    }

    /// What plain requests get where the route is for https alone. Envoy says how a request came,
    /// and takes no client's word for it.
    fn secured(&self, path: &Path) -> Vec<envoy::Route> {
        let protocols = self.node.texts_of("protocols").unwrap_or_default();
        if protocols.is_empty() || protocols.iter().any(|it| ["http", "grpc", "ws"].contains(it)) {
            return Vec::new();
        }
        let status = self.node.number_of("https_redirect_status_code").ok().flatten();
        let action = match status {
            Some(301) => Action::Secure { code: "MOVED_PERMANENTLY" },
            Some(302) => Action::Secure { code: "FOUND" },
            Some(307) => Action::Secure { code: "TEMPORARY_REDIRECT" },
            Some(308) => Action::Secure { code: "PERMANENT_REDIRECT" },
            _ => direct(426),
        };
        let plain = json!({"name": "x-forwarded-proto", "string_match": {"exact": "https"},
            "invert_match": true});
        vec![self.route(self.matches(path.clone()).and([plain]), action)]
    }

    fn action(&self, rewrite: Rewrite) -> Action {
        if let Some(answer) = &self.answer {
            return answer.clone();
        }
        let Some(destination) = &self.destination else { return direct(503) };
        let mut more = Map::new();
        let mut set = |name: &str, value: Value| more.insert(name.to_owned(), value);
        // Kong's times are between two reads or writes, not for all of an answer.
        set("timeout", json!("0s"));
        set("idle_timeout", json!(envoy::milliseconds(destination.idle_ms)));
        if destination.retries > 0 {
            let retries = destination.retries;
            set(
                "retry_policy",
                json!({"retry_on": "connect-failure,refused-stream", "num_retries": retries}),
            );
        }
        if !self.node.flag_of("preserve_host").ok().flatten().unwrap_or(false) {
            match &destination.host {
                Some(host) => set("host_rewrite_literal", json!(host)),
                None => set("auto_host_rewrite", json!(true)),
            };
        }
        if let Some(policy) = &destination.hash_policy {
            set("hash_policy", json!([policy]));
        }
        Action::Forward { cluster: destination.cluster.clone(), rewrite, more }
    }

    /// Whether Envoy has to let names with underscores through for it.
    pub(super) fn has_underscores(&self) -> bool {
        let of_credentials =
            self.credentials.iter().flat_map(|credential| credential.fields.iter());
        self.conditions.fields.iter().chain(of_credentials).any(|name| name.contains('_'))
    }

    /// Whom a plugin of this consumer is for, as `match.identity` says it.
    pub(super) fn identity(&self, consumer: &Consumer<'_>) -> Value {
        match self.nobody() {
            Some(anonymous) if anonymous.name == consumer.name => json!({"authenticated": false}),
            _ => json!({"consumers": [consumer.name]}),
        }
    }

    /// The plugin of this name for each consumer that has one of its own, and the one for
    /// everybody else at the end.
    pub(super) fn each(&self, name: &str) -> Vec<(Option<&'a Consumer<'a>>, Plugin<'a>)> {
        let own = self.of_consumers.iter().filter(|(_, plugin)| plugin.name == name);
        let own = own.map(|(consumer, plugin)| (Some(*consumer), plugin.clone()));
        own.chain(self.plugins.get(name).cloned().map(|plugin| (None, plugin))).collect()
    }
}

impl<'a> Plugin<'a> {
    /// Its configuration; an empty one where it has none.
    pub(super) fn config(&self) -> &'a Node {
        const NOTHING: &Node = &Node { line: 0, kind: crate::source::Kind::List(Vec::new()) };
        self.node.get("config").unwrap_or(NOTHING)
    }
}
