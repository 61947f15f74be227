//! The new file: a whole Envoy config, as a tree and as text.

mod cluster;
mod filter;
mod listener;
mod route;
mod yaml;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub(crate) use cluster::{Balancing, Cluster, Endpoint, Protocol, milliseconds};
pub(crate) use filter::{Filter, Module};
pub(crate) use route::{Action, Match, Path, Rewrite, Route, direct, pattern_of};

/// A gateway, as far as it is ours to say.
#[derive(Debug, Default)]
pub(crate) struct Gateway {
    pub(crate) port: u16,
    /// In the order in which Envoy tries them.
    pub(crate) routes: Vec<Route>,
    /// By name.
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// In the order in which requests meet them.
    pub(crate) filters: Vec<Filter>,
    /// Whether clients may change to WebSockets.
    pub(crate) websockets: bool,
    /// Whether names of header fields may have underscores.
    pub(crate) underscores: bool,
}

impl Gateway {
    /// The file's text. `head` says in comments where it is from.
    pub(crate) fn text(&self, head: &str, modules: &str) -> String {
        let mut text: String =
            head.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
        text.push('\n');
        text.push_str(&yaml::write(&self.tree(modules)));
        text
    }

    fn tree(&self, modules: &str) -> Value {
        let clusters: Vec<Value> =
            self.clusters.iter().map(|(name, cluster)| cluster.tree(name)).collect();
        let mut tree = Map::new();
        let address = json!({"address": "127.0.0.1", "port_value": 9901});
        tree.insert("admin".to_owned(), json!({"address": {"socket_address": address}}));
        if self.filters.iter().any(|filter| matches!(filter, Filter::Wasm(_))) {
            tree.insert("stats_config".to_owned(), filter::stats_config());
        }
        tree.insert("overload_manager".to_owned(), listener::overload_manager());
        let listeners = [listener::tree(self, modules)];
        tree.insert(
            "static_resources".to_owned(),
            json!({"listeners": listeners, "clusters": clusters}),
        );
        Value::Object(tree)
    }
}

/// `type.googleapis.com/envoy…`.
pub(crate) fn kind(name: &str) -> String {
    format!("type.googleapis.com/{name}")
}
