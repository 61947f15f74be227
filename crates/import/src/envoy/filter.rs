//! HTTP filters: modules of ours, and Envoy's own.

use gatehouse_config_file::{label_pattern, labels};
use serde_json::{Map, Value, json};

use super::kind;

/// An HTTP filter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    Wasm(Module),
    /// One of Envoy's, with its whole `typed_config`.
    Envoy {
        name: &'static str,
        config: Value,
    },
}

/// A module of ours with its configuration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Module {
    /// What tells it from others of the same module.
    pub(crate) name: String,
    pub(crate) module: &'static str,
    pub(crate) config: Value,
}

impl Module {
    /// The only one of its module.
    pub(crate) fn new(module: &'static str, config: Value) -> Self {
        Self { name: module.to_owned(), module, config }
    }
}

impl Filter {
    pub(super) fn tree(&self, modules: &str) -> Value {
        match self {
            Self::Envoy { name, config } => json!({"name": name, "typed_config": config}),
            Self::Wasm(module) => module.tree(modules),
        }
    }
}

impl Module {
    fn tree(&self, modules: &str) -> Value {
        let file = format!("{}/{}.wasm", modules.trim_end_matches('/'), self.module);
        let mut config = Map::new();
        let mut set = |name: &str, value: Value| config.insert(name.to_owned(), value);
        set("name", json!(self.name));
        set("root_id", json!(self.name));
        set("failure_policy", json!("FAIL_RELOAD"));
        if ["body-transform", "aggregate"].contains(&self.module) {
            set("allow_on_headers_stop_iteration", json!(true));
        }
        set(
            "vm_config",
            json!({"vm_id": format!("gatehouse.{}", self.name), "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": file}}}),
        );
        set(
            "configuration",
            json!({"@type": kind("google.protobuf.Struct"), "value": self.config}),
        );
        json!({
            "name": self.name,
            "typed_config": {
                "@type": kind("envoy.extensions.filters.http.wasm.v3.Wasm"),
                "config": config,
            },
        })
    }
}

pub(super) fn stats_config() -> Value {
    let tag = |label: &&str| json!({"tag_name": label, "regex": label_pattern(label)});
    let tags: Vec<Value> = labels(|_| true).iter().map(tag).collect();
    json!({"stats_tags": tags})
}
