//! Schemas and readers agree: on every configuration that is shipped, and on what becomes of it by
//! the mistakes that people make.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics is a test that fails, and so is what it calls"
)]

mod mistakes;

use std::path::{Path, PathBuf};

use gatehouse_config_file::{Format, manifests, read, wasm_filters};
use gatehouse_filter::config::{ConfigError, Environment, Variable, read_value_in};
use gatehouse_gateway::Registered;
use jsonschema::{Retrieve, Uri, Validator};
use mistakes::{Mistake, mistakes};
use serde_json::Value;

/// Every file with configurations of filters in it.
fn files() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["envoy", "deploy/istio", "deploy/envoy-gateway"].map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn tree(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap();
    let is_manifest = file.components().any(|part| part.as_os_str() == "deploy");
    let document = if is_manifest { manifests(&text) } else { read(&text, Format::Yaml) };
    document.unwrap_or_else(|fault| panic!("{}: {fault:?}", file.display())).tree
}

/// The schemas beside the one that refers to them.
struct Beside;

impl Retrieve for Beside {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(".json").unwrap_or_default();
        gatehouse_schema::named(name).ok_or_else(|| format!("no schema {uri}").into())
    }
}

fn validator(name: &str) -> Validator {
    jsonschema::options()
        .with_base_uri("file:///schema/")
        .with_retriever(Beside)
        .build(&gatehouse_schema::named(name).unwrap())
        .unwrap()
}

/// What is referred to is there, and is not known.
struct Unknown;

impl Environment for Unknown {
    fn variable(&self, _name: &str) -> Variable {
        Variable::Unknown
    }
}

fn faults(filter: &Registered, value: &Value) -> Vec<ConfigError> {
    read_value_in(value, &Unknown, filter.configure).err().unwrap_or_default()
}

/// The configurations of single filters in all files.
fn shipped() -> Vec<(&'static Registered, Value)> {
    let mut shipped: Vec<(&'static Registered, Value)> = Vec::new();
    for file in files() {
        for wasm in wasm_filters(&tree(&file)) {
            let Some(filter) = gatehouse_gateway::filter(wasm.filter()) else { continue };
            let Ok(json) = wasm.json() else { continue };
            let Ok(value) = serde_json::from_slice::<Value>(&json) else { continue };
            if !shipped.iter().any(|(_, known)| *known == value) {
                shipped.push((filter, value));
            }
        }
    }
    shipped
}

#[test]
fn every_file_that_is_shipped_is_as_its_schema_says() {
    let schema = validator(gatehouse_schema::ENVOY);
    let mut looked_at = 0;
    for file in files() {
        let tree = tree(&file);
        let told: Vec<String> = schema
            .iter_errors(&tree)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(told.is_empty(), "{}: {told:#?}", file.display());
        looked_at += 1;
    }
    assert!(looked_at > 15, "{looked_at}");
}

#[test]
fn readers_and_schemas_tell_the_same_mistakes() {
    let (mut agreed, mut only_read) = (0, Vec::new());
    for (filter, good) in shipped() {
        let schema = validator(filter.name);
        assert!(faults(filter, &good).is_empty(), "{}: {:?}", filter.name, faults(filter, &good));
        for Mistake { path, kind, value } in mistakes(&good) {
            let (told, is_told) = (faults(filter, &value), !schema.is_valid(&value));
            let place = format!("{} {path}: {kind}", filter.name);
            assert!(
                !is_told || !told.is_empty(),
                "{place}: the schema refuses what the reader takes"
            );
            match told.first() {
                Some(fault) if !is_told => only_read.push(format!("{place}: {fault}")),
                _ => agreed += 1,
            }
        }
    }
    let share = only_read.len() * 100 / (agreed + only_read.len()).max(1);
    assert!(agreed > 1000, "{agreed}");
    // What only a reader sees: values that it judges together, and texts that it takes apart.
    assert!(share < 5, "{agreed} of them, {share} % not: {only_read:#?}");
}
