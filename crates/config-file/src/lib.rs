//! Configuration files of Envoy and of Kubernetes, read as their owners read them: as trees that
//! know where in the text each value stands.
//!
//! ```
//! use gatehouse_config_file::{Format, read};
//!
//! let document = read("rules:\n- match:\n    methods: [GET]\n", Format::Yaml).unwrap();
//! assert_eq!(document.tree["rules"][0]["match"]["methods"][0], "GET");
//! assert_eq!(document.places.find("rules[0].match.methods").unwrap().to_string(), "3:5");
//! ```

mod fault;
mod labels;
mod place;
mod wasm_filter;
mod yaml;

use std::path::Path;

use gatehouse_filter::config::json_value;
use serde_json::Value;

pub use fault::Fault;
pub use labels::{label_pattern, labels};
pub use place::{Places, Position};
pub use wasm_filter::{
    EnvironmentVariables, GATEWAY, STRING, STRUCT, WasmFilter, WasmPlaces, children_mut,
    each_module, each_vm, find as wasm_filters, find_in as wasm_filters_in, joined,
    read as wasm_filter, whole,
};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As Envoy's own YAML.
    Yaml,
    /// As JSON.
    Json,
}

impl Format {
    /// As Envoy takes it: what is called `.yaml` or `.yml` is YAML, any other file JSON.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ending == "yaml" || ending == "yml" { Self::Yaml } else { Self::Json }
    }
}

/// What a text says, and where.
#[derive(Debug)]
pub struct Document {
    /// The values.
    pub tree: Value,
    /// Where they stand.
    pub places: Places,
}

/// Reads a file as Envoy does.
///
/// # Errors
/// It is not what its format says, has a name twice, or more than one document.
pub fn read(text: &str, format: Format) -> Result<Document, Fault> {
    match format {
        Format::Yaml => yaml::one(text),
        Format::Json => json(text),
    }
}

/// Reads Kubernetes manifests as `kubectl` does: the tree is the list of the documents.
///
/// # Errors
/// It is not YAML, or a mapping has a name twice.
pub fn manifests(text: &str) -> Result<Document, Fault> {
    yaml::all(text)
}

/// JSON as Envoy reads it: every name once, and no byte order mark. All JSON that people write is
/// YAML too, so that the places are found by its reader; where it does not agree, nobody knows
/// them.
fn json(text: &str) -> Result<Document, Fault> {
    if text.starts_with('\u{feff}') {
        return Err(Fault::at(Position::START, "begins with a byte order mark"));
    }
    let tree = json_value(text.as_bytes()).map_err(|error| Fault::of_json(&error.to_string()))?;
    let places = yaml::one(text).map(|document| document.places).unwrap_or_default();
    Ok(Document { tree, places })
}

#[cfg(test)]
mod tests;
