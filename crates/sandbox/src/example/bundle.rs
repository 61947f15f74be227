//! Filters that follow each other, as one: the module `gateway.wasm` holds them all.
//!
//! ```text
//! http_filters: jwt-auth, rate-limit, fault, header-transform, router
//!            →  gateway (jwt-auth, rate-limit), fault, gateway (header-transform), router
//! ```
//!
//! A filter that Envoy treats apart from its neighbours becomes a gateway of one: it is inside a
//! composite filter, a route configures it, or its list does (`disabled`).

mod plugin;

use std::collections::BTreeSet;

use gatehouse_config_file::{GATEWAY, children_mut, wasm_filter};
use serde_json::{Value, json};

use plugin::Plugin;

/// The lists whose filters see a request one after the other.
const LISTS: [&str; 2] = ["http_filters", "upstream_http_filters"];

/// Makes every run of these filters one `gateway`. What cannot be bundled stays as it is: a filter
/// without a configuration or with one that is not JSON, and a module that is neither in the
/// image's folder nor in the sandbox's.
pub fn bundle(tree: &mut Value, filters: &[String]) {
    let mut routed = BTreeSet::new();
    of_routes(tree, &mut routed);
    Bundler { filters, routed }.walk(tree);
}

struct Bundler<'a> {
    filters: &'a [String],
    /// What routes configure, by the names in the lists.
    routed: BTreeSet<String>,
}

impl Bundler<'_> {
    fn walk(&self, tree: &mut Value) {
        if let Some(plugin) = self.plugin(tree) {
            set_config(tree, plugin::joined(&[plugin]));
            return;
        }
        if let Value::Object(fields) = tree {
            for name in LISTS {
                if let Some(Value::Array(list)) = fields.get_mut(name) {
                    *list = self.bundled(std::mem::take(list));
                }
            }
        }
        children_mut(tree).for_each(|child| self.walk(child));
    }

    fn bundled(&self, list: Vec<Value>) -> Vec<Value> {
        let mut bundled = Vec::new();
        let mut run: Option<Run> = None;
        for filter in list {
            let Some(plugin) = self.plugin_of_run(&filter) else {
                bundled.extend(run.take().map(Run::finish));
                bundled.push(filter);
                continue;
            };
            match &mut run {
                Some(run) if !run.has(plugin.name()) => run.plugins.push(plugin),
                _ => {
                    let next = Run { first: filter, plugins: vec![plugin] };
                    bundled.extend(run.replace(next).map(Run::finish));
                }
            }
        }
        bundled.extend(run.map(Run::finish));
        bundled
    }

    /// The plugin of a filter that may be bundled with its neighbours.
    fn plugin_of_run(&self, filter: &Value) -> Option<Plugin> {
        let fields = filter.as_object()?;
        let name = fields.get("name")?.as_str()?;
        let is_plain = fields.keys().all(|field| field == "name" || field == "typed_config");
        (is_plain && !self.routed.contains(name))
            .then(|| self.plugin(fields.get("typed_config")?))?
    }

    fn plugin(&self, tree: &Value) -> Option<Plugin> {
        let wasm = wasm_filter(tree)?;
        let is_ours = self.filters.iter().any(|name| name == wasm.filter() && name != GATEWAY);
        (is_ours && plugin::is_in_a_known_folder(&wasm.module))
            .then(|| Plugin::read(wasm, tree.get("config")?))?
    }
}

/// Filters that follow each other.
struct Run {
    /// The item of the list that becomes the gateway.
    first: Value,
    plugins: Vec<Plugin>,
}

impl Run {
    /// One gateway has no two filters of the same name.
    fn has(&self, name: &str) -> bool {
        self.plugins.iter().any(|plugin| plugin.name() == name)
    }

    fn finish(self) -> Value {
        let mut gateway = self.first;
        if let Some(fields) = gateway.as_object_mut() {
            fields.insert("name".to_owned(), json!(GATEWAY));
        }
        if let Some(wasm) = gateway.get_mut("typed_config") {
            set_config(wasm, plugin::joined(&self.plugins));
        }
        gateway
    }
}

fn set_config(wasm: &mut Value, config: Value) {
    if let Some(fields) = wasm.as_object_mut() {
        fields.insert("config".to_owned(), config);
    }
}

fn of_routes(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::Array(items) => items.iter().for_each(|item| of_routes(item, names)),
        Value::Object(fields) => {
            if let Some(Value::Object(filters)) = fields.get("typed_per_filter_config") {
                names.extend(filters.keys().cloned());
            }
            fields.values().for_each(|field| of_routes(field, names));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
