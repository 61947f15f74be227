//! What is found in a file, before it is known what the file is called.

use gatehouse_config_file::{WasmFilter, joined};

use super::placed::Placed;
use super::{Level, label};

/// Something found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) level: Level,
    /// What is said of it, with the path of the field before it.
    pub(super) text: String,
    /// The path of what it is about from the top of the file, where it is about one thing.
    pub(super) path: Option<String>,
}

impl Found {
    pub(super) fn good(text: impl Into<String>) -> Self {
        Self { level: Level::Good, text: text.into(), path: None }
    }

    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self { level: Level::Warning, text: text.into(), path: None }
    }

    pub(super) fn fault(text: impl Into<String>) -> Self {
        Self { level: Level::Fault, text: text.into(), path: None }
    }

    /// The same, about what is at this path of the file.
    pub(super) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// What is wrong with the field at this path, which is told.
    pub(super) fn in_file(level: Level, path: &str, what: &str) -> Self {
        Self { level, text: format!("{path}: {what}"), path: Some(path.to_owned()) }
    }

    /// What is wrong with a field of a filter's own configuration; with an empty path, with all of
    /// it.
    pub(super) fn in_filter(level: Level, filter: &Placed, field: &str, what: &str) -> Self {
        let text = told(&filter.label, field, what);
        Self { level, text, path: Some(joined(&filter.path, field)) }
    }

    /// What is wrong with a module's configuration.
    pub(super) fn in_module(level: Level, wasm: &WasmFilter, field: &str, what: &str) -> Self {
        let text = told(&label(wasm), field, what);
        Self { level, text, path: Some(wasm.places.of_field(field)) }
    }

    /// What is wrong with a field of the plugin that Envoy makes of a module.
    pub(super) fn in_plugin(level: Level, wasm: &WasmFilter, field: &str, what: &str) -> Self {
        let text = told(&label(wasm), field, what);
        Self { level, text, path: Some(wasm.places.of_plugin(field)) }
    }
}

fn told(label: &str, field: &str, what: &str) -> String {
    if field.is_empty() { format!("{label}: {what}") } else { format!("{label}: {field}: {what}") }
}
