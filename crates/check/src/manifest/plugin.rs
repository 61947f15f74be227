//! A plugin as a manifest of a platform has it.

use gatehouse_config_file::{EnvironmentVariables, STRUCT, WasmFilter, WasmPlaces, joined};
use serde_json::{Map, Value, json};

use crate::found::Found;
use crate::module::{self, Surroundings};
use crate::plugin;

/// A plugin, and where requests meet it.
pub(super) struct Plugin {
    pub(super) wasm: WasmFilter,
    /// What a field is told that has heads held: no platform allows that.
    pub(super) unallowed: String,
    /// The path, in the plugin, of its variables.
    pub(super) host_variables: &'static str,
    /// The gateways that it is for.
    pub(super) attached_to: String,
    /// When requests meet it, among others there.
    pub(super) order: Order,
}

/// The phase, the priority (the highest comes first), the name and the place in a list.
#[derive(PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Order {
    pub(super) phase: usize,
    pub(super) priority: std::cmp::Reverse<i64>,
    pub(super) name: String,
    pub(super) index: usize,
}

impl Plugin {
    /// What its filter says of it.
    pub(super) fn check(&self) -> Vec<Found> {
        let surroundings =
            Surroundings { unallowed: &self.unallowed, host_variables: self.host_variables };
        module::judged(&self.wasm, &surroundings)
    }
}

/// What platforms have under different names.
pub(super) struct Fields<'a> {
    pub(super) name: &'a str,
    /// Where the module comes from.
    pub(super) url: &'a str,
    pub(super) configuration: Option<&'a Value>,
    pub(super) environment: EnvironmentVariables,
    pub(super) places: WasmPlaces,
}

/// The plugin that Envoy will have. No platform restricts what it may do, or lets it hold heads.
pub(super) fn wasm(fields: Fields<'_>) -> WasmFilter {
    let configuration = match fields.configuration {
        None | Some(Value::Null) => Value::Null,
        Some(value) => json!({"@type": STRUCT, "value": value}),
    };
    WasmFilter {
        name: fields.name.to_owned(),
        module: fields.url.to_owned(),
        configuration,
        may_hold_heads: false,
        allowed: None,
        environment: fields.environment,
        places: fields.places,
    }
}

/// One part of a manifest, whose faults are told with its path.
pub(super) struct Part<'a> {
    /// The manifest: `WasmPlugin jwt-auth`.
    pub(super) label: &'a str,
    pub(super) value: &'a Value,
    /// Its path from the top of the file.
    pub(super) path: String,
    /// Its path from the top of its document.
    pub(super) shown: String,
}

impl<'a> Part<'a> {
    /// A member; `Null` where there is none.
    pub(super) fn part(&self, name: &str) -> Part<'a> {
        const NOTHING: &Value = &Value::Null;
        Part {
            label: self.label,
            value: self.value.get(name).unwrap_or(NOTHING),
            path: joined(&self.path, name),
            shown: joined(&self.shown, name),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Part<'a>> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        let item = |(index, value): (usize, &'a Value)| Part {
            label: self.label,
            value,
            path: format!("{}[{index}]", self.path),
            shown: format!("{}[{index}]", self.shown),
        };
        items.map(item).collect()
    }

    pub(super) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(super) fn fault(&self, what: &str) -> Found {
        Found::fault(self.told(what)).at(self.path.clone())
    }

    pub(super) fn warning(&self, what: &str) -> Found {
        Found::warning(self.told(what)).at(self.path.clone())
    }

    fn told(&self, what: &str) -> String {
        format!("{}: {}: {what}", self.label, self.shown)
    }

    /// Fields that the platform does not know: it drops them, and says nothing.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<Found> {
        let empty = Map::new();
        let fields = self.value.as_object().unwrap_or(&empty);
        let told = |(name, what): (&str, String)| self.part(name).fault(&what);
        plugin::unknown(fields, known).into_iter().map(told).collect()
    }

    /// A word that is none of those that it may be.
    pub(super) fn other_than(&self, words: &[&str]) -> Option<Found> {
        let is_one = self.value.is_null() || words.contains(&self.text());
        (!is_one).then(|| self.fault(&format!("must be one of {}", words.join(", "))))
    }

    /// What is there and is no mapping.
    pub(super) fn no_mapping(&self) -> Option<Found> {
        let is_good = self.value.is_null() || self.value.is_object();
        (!is_good).then(|| self.fault("must be a mapping of fields"))
    }
}

/// What happens to requests once a filter has failed, where that is that they pass.
pub(super) const OPENS: &str = "lets every request pass once the filter has failed";
