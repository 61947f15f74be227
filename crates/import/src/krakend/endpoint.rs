//! Endpoints: a path and a method, and what is behind them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::address::{self, Servers};
use super::{fields, judge_extra, module, options, shape};
use crate::carrying::Carrying;
use crate::envoy::{self, Action, Cluster, Match, Module, Path, Rewrite, Route, direct};
use crate::names::rule_name;
use crate::source::{Node, Read};

/// An endpoint on its way.
#[derive(Debug)]
pub(super) struct Endpoint<'a> {
    pub(super) node: &'a Node,
    /// What rules call it, and its route.
    pub(super) name: String,
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    pub(super) timeout_ms: u64,
    /// How long its answers may be kept, in seconds.
    pub(super) cache_ttl: u64,
    pub(super) encoding: &'a str,
    /// `input_headers`, in lower case.
    pub(super) headers: Vec<String>,
    pub(super) parameters: Vec<&'a str>,
    pub(super) backends: Vec<Backend<'a>>,
    /// The filter that validates its tokens.
    pub(super) validator: Option<String>,
    answer: Option<Action>,
}

/// A backend on its way.
#[derive(Debug)]
pub(super) struct Backend<'a> {
    pub(super) node: &'a Node,
    pub(super) cluster: String,
    pub(super) authority: String,
    pub(super) method: &'a str,
    /// The path with names in braces, and what is in the URL before it.
    pub(super) pattern: String,
    pub(super) encoding: &'a str,
}

pub(super) fn read<'a>(
    root: &'a Node,
    clusters: &mut BTreeMap<String, Cluster>,
    carrying: &mut Carrying<'_>,
) -> Read<Vec<Endpoint<'a>>> {
    let mut endpoints = Vec::new();
    let mut taken = BTreeSet::new();
    for node in root.list_of("endpoints")? {
        node.mapping("endpoints")?;
        let Some(path) = node.text_of("endpoint")? else {
            return Err(node.not("endpoint", "there: it is the path"));
        };
        let method = node.text_of("method")?.unwrap_or("GET");
        let subject = format!("endpoint `{method} {path}`");
        if !path.starts_with('/') || path.contains('?') {
            return Err(node.not("endpoint", "a path"));
        }
        if !taken.insert((path, method)) {
            return Err(node.not("endpoint", "a path that no other has with this method"));
        }
        let mut closes = carrying.judge(node, &options::ENDPOINT, &subject, "endpoint")?;
        let known = [&options::VALIDATOR, &options::ROUTER_LIMIT, &options::PROXY];
        closes |= judge_extra(node, &known, &subject, carrying)?;
        let or = |name: &str| node.get(name).or_else(|| root.get(name));
        let timeout_ms = match address::milliseconds(node, "timeout")? {
            Some(own) => own,
            None => address::milliseconds(root, "timeout")?.unwrap_or(2000),
        };
        let cache_ttl = match address::milliseconds(node, "cache_ttl")? {
            Some(own) => own,
            None => address::milliseconds(root, "cache_ttl")?.unwrap_or(0),
        };
        let encoding = or("output_encoding").map_or(Ok("json"), |it| it.text("output_encoding"))?;
        let mut endpoint = Endpoint {
            node,
            name: name(method, path, endpoints.len()),
            path,
            method,
            timeout_ms: timeout_ms.max(1),
            cache_ttl: cache_ttl / 1000,
            encoding,
            headers: node
                .texts_of("input_headers")?
                .iter()
                .map(|it| it.to_ascii_lowercase())
                .collect(),
            parameters: node.texts_of("input_query_strings")?,
            backends: Vec::new(),
            validator: None,
            answer: None,
        };
        for backend in node.list_of("backend")? {
            closes |= endpoint.backend(backend, root, clusters, carrying)?;
        }
        if endpoint.backends.is_empty() {
            return Err(node.not("backend", "a list of one backend or more"));
        }
        if path.ends_with("/*") {
            carrying.closed(node.line, &subject, "a path with a wildcard is not known here");
            closes = true;
        }
        if !["json", "json-collection", "no-op", "fast-json", "negotiate"].contains(&encoding) {
            let why = format!("output_encoding {encoding}: answers are JSON here, or as they come");
            carrying.closed(node.line, &subject, why);
            closes = true;
        }
        if closes {
            endpoint.close(503);
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

/// A name for rules: letters, digits, `-_./`.
fn name(method: &str, path: &str, at: usize) -> String {
    let path = path.replace(['{', '}'], "");
    format!("{at}.{}", rule_name(&format!("{method}{path}")))
}

impl<'a> Endpoint<'a> {
    /// Whether a backend of it closes it.
    fn backend(
        &mut self,
        node: &'a Node,
        root: &'a Node,
        clusters: &mut BTreeMap<String, Cluster>,
        carrying: &mut Carrying<'_>,
    ) -> Read<bool> {
        let at = self.backends.len();
        let subject = format!("endpoint `{} {}`: backend {at}", self.method, self.path);
        let mut closes = carrying.judge(node, &options::BACKEND, &subject, "backend")?;
        let known = [&options::PROXY_LIMIT, &options::HTTP_CACHE, &options::PROXY];
        closes |= judge_extra(node, &known, &subject, carrying)?;
        let own = node.texts_of("host")?;
        let hosts = if own.is_empty() { root.texts_of("host")? } else { own };
        let Servers { cluster, authority, base } = address::servers(node, &hosts)?;
        let same = clusters.iter().find(|(_, there)| **there == cluster);
        let cluster_name = match same {
            Some((name, _)) => name.clone(),
            None => {
                let wanted = rule_name(authority.split(':').next().unwrap_or("backend"));
                let mut name = wanted.clone();
                let mut number = 1_usize;
                while clusters.contains_key(&name) {
                    number = number.saturating_add(1);
                    name = format!("{wanted}-{number}");
                }
                clusters.insert(name.clone(), cluster);
                name
            }
        };
        let Some(pattern) = node.text_of("url_pattern")? else {
            return Err(node.not("url_pattern", "there"));
        };
        let slash = if pattern.starts_with('/') { "" } else { "/" };
        let encoding = node.text_of("encoding")?.unwrap_or("json");
        if !["json", "safejson", "fast-json", "no-op"].contains(&encoding) {
            let why = format!("encoding {encoding}: answers are read as JSON alone");
            carrying.closed(node.line, &subject, why);
            closes = true;
        }
        self.backends.push(Backend {
            node,
            cluster: cluster_name,
            authority,
            method: node.text_of("method")?.unwrap_or(self.method),
            pattern: format!("{base}{slash}{pattern}"),
            encoding,
        });
        Ok(closes)
    }

    pub(super) fn subject(&self, what: &str) -> String {
        format!("endpoint `{} {}`: {what}", self.method, self.path)
    }

    pub(super) fn extra(&self, name: &str) -> Option<&'a Node> {
        self.node.get("extra_config")?.get(name)
    }

    pub(super) fn is_open(&self) -> bool {
        self.answer.is_none()
    }

    pub(super) fn close(&mut self, status: u16) {
        self.answer = Some(direct(status));
    }

    /// The only backend, where the request can go there as it is.
    pub(super) fn only(&self) -> Option<&Backend<'a>> {
        match self.backends.as_slice() {
            [only] if only.method == self.method => Some(only),
            _ => None,
        }
    }

    /// What orders endpoints: a plain segment goes before a name.
    pub(super) fn weight(&self) -> Vec<bool> {
        self.path.split('/').map(|segment| segment.contains('{')).collect()
    }

    pub(super) fn route(&self) -> Route {
        let method = json!({"name": ":method", "string_match": {"exact": self.method}});
        let path = Path::Pattern(address::pattern(self.path));
        Route {
            name: self.name.clone(),
            matches: Match { path, headers: vec![method] },
            action: self.action(),
            policy: None,
            per_filter: Map::new(),
        }
    }

    fn action(&self) -> Action {
        if let Some(answer) = &self.answer {
            return answer.clone();
        }
        // aggregate answers before; what it has no rule for is not here.
        let Some(backend) = self.only() else { return direct(404) };
        let path = backend.pattern.split('?').next().unwrap_or_default();
        let names = address::names(self.path);
        let to = address::with_names(
            path,
            |plain| plain.replace('\\', r"\\"),
            |name| {
                let at = names
                    .iter()
                    .position(|known| *known == name)
                    .map_or(0, |at| at.saturating_add(1));
                format!("\\{at}")
            },
        );
        let mut more = Map::new();
        more.insert("timeout".to_owned(), json!(envoy::milliseconds(self.timeout_ms)));
        more.insert("host_rewrite_literal".to_owned(), json!(backend.authority));
        Action::Forward {
            cluster: backend.cluster.clone(),
            rewrite: Rewrite::Pattern(format!("^{}$", address::pattern(self.path)), to),
            more,
        }
    }

    /// A rule for its route, with what its path captures.
    pub(super) fn rule(&self) -> Map<String, Value> {
        let mut rule = Map::new();
        rule.insert("name".to_owned(), json!(self.name));
        rule.insert("match".to_owned(), json!({"route": self.name}));
        rule
    }
}

/// header-transform: fields and parameters that are not named stay here.
pub(super) fn heads(endpoints: &[Endpoint<'_>]) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.is_open()) {
        let Some(backend) = endpoint.only() else { continue };
        let mut asked = Vec::new();
        let names: Vec<&str> = endpoint.headers.iter().map(String::as_str).collect();
        asked.extend(fields::all_but(&names).map(|others| json!({"remove": {"regex": others}})));
        let mut reroutes = false;
        if !endpoint.parameters.contains(&"*") {
            asked.push(json!({"query": {"keep_only": endpoint.parameters}}));
            reroutes = true;
        }
        let query = backend.pattern.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let plain = |text: &str| {
                let bytes: Vec<u8> = gatehouse_filter::percent_decoded(text.as_bytes()).collect();
                String::from_utf8_lossy(&bytes).replace('$', "$$")
            };
            let value = address::with_names(value, plain, |name| format!("${{path.{name}}}"));
            asked.push(json!({"query": {"set": {"name": name, "value": value}}}));
            reroutes = true;
        }
        let mut rule = endpoint.rule();
        if query.contains('{') {
            let matches = json!({"route": endpoint.name, "path": {"template": endpoint.path}});
            rule.insert("match".to_owned(), matches);
        }
        if !asked.is_empty() {
            rule.insert("request".to_owned(), json!(asked));
        }
        if reroutes {
            rule.insert("reroute".to_owned(), json!(true));
        }
        if endpoint.cache_ttl > 0 && endpoint.encoding != "no-op" {
            let value = format!("public, max-age={}", endpoint.cache_ttl);
            let set = json!({"set": {"name": "cache-control", "value": value}, "when": {"status": ["2xx"]}});
            rule.insert("response".to_owned(), json!([set]));
        }
        if rule.len() > 2 {
            rules.push(Value::Object(rule));
        }
    }
    Ok(module("header-transform", json!({}), rules))
}

/// body-transform: the answers of endpoints with one backend.
pub(super) fn bodies(
    endpoints: &mut [Endpoint<'_>],
    carrying: &mut Carrying<'_>,
) -> Read<Option<Module>> {
    let mut rules = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.is_open()) {
        let Some(backend) = endpoint.only() else { continue };
        if endpoint.encoding == "no-op" || backend.encoding == "no-op" {
            continue;
        }
        let subject = endpoint.subject("backend 0");
        let mut operations = shape::operations(backend.node, &subject, carrying)?;
        if let Some(group) = backend.node.text_of("group")?.filter(|group| !group.is_empty()) {
            operations.push(json!({"wrap": {"name": group}}));
        }
        if endpoint.encoding == "json-collection" {
            operations.push(json!({"unwrap": {"path": "collection"}}));
        }
        if operations.is_empty() {
            continue;
        }
        let mut rule = endpoint.rule();
        rule.insert(
            "response".to_owned(),
            json!({"statuses": ["2xx"], "on_misfit": "skip", "operations": operations}),
        );
        rules.push(Value::Object(rule));
    }
    Ok(module("body-transform", json!({"hold_heads": true}), rules))
}

/// response-cache: endpoints with one backend that is cached.
pub(super) fn cache(endpoints: &[Endpoint<'_>]) -> Option<Module> {
    let is_cached = |endpoint: &&Endpoint<'_>| {
        let backend = endpoint.only().filter(|_| endpoint.is_open());
        let extra = backend.and_then(|backend| backend.node.get("extra_config"));
        extra.is_some_and(|extra| extra.get("qos/http-cache").is_some())
    };
    let rules = endpoints.iter().filter(is_cached).map(|it| Value::Object(it.rule())).collect();
    module("response-cache", json!({}), rules)
}
