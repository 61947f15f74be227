//! The schemas of custom resources: structural OpenAPI, which is JSON Schema once two things are
//! said as that says them. A field that a schema does not know is a fault here; an API server drops
//! it in silence.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use gatehouse_sandbox::workspace;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::documents::{documents, text};
use crate::rules;

/// By `apiVersion` and `kind`.
pub(crate) struct Schemas {
    of_kinds: BTreeMap<(String, String), Schema>,
}

struct Schema {
    open_api: Value,
    strict: Validator,
}

impl Schemas {
    /// Those that are at hand. `None`, which is said, where there are none.
    pub(crate) fn at_hand() -> Option<Self> {
        let folder = match std::env::var_os("GATEHOUSE_CRDS") {
            Some(folder) => PathBuf::from(folder),
            None => workspace::root().join("../shared/crds"),
        };
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("skipped: no CRD schemas in {}", folder.display());
            return None;
        };
        let mut of_kinds = BTreeMap::new();
        for entry in entries {
            let path = entry.expect("an entry").path();
            let definition = fs::read_to_string(&path).expect("a text");
            for definition in documents(&definition) {
                of_kinds.extend(versions(&definition));
            }
        }
        Some(Self { of_kinds })
    }

    /// What is wrong with a manifest. A kind without a schema is wrong, too.
    pub(crate) fn faults(&self, document: &Value) -> Vec<String> {
        let kind = (text(document, "/apiVersion").to_owned(), text(document, "/kind").to_owned());
        let Some(schema) = self.of_kinds.get(&kind) else {
            return vec![format!("{} {} has no schema", kind.0, kind.1)];
        };
        let mut faults: Vec<String> = schema
            .strict
            .iter_errors(document)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        rules::check(&schema.open_api, document, "", &mut faults);
        faults
    }
}

/// Each version that a definition serves.
fn versions(definition: &Value) -> Vec<((String, String), Schema)> {
    let group = text(definition, "/spec/group");
    let kind = text(definition, "/spec/names/kind");
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let version = |version: &Value| {
        let mut open_api = version.pointer("/schema/openAPIV3Schema").expect("a schema").clone();
        // What every object has.
        for (name, schema) in [
            ("apiVersion", json!({"type": "string"})),
            ("kind", json!({"type": "string"})),
            ("metadata", json!({"type": "object", "required": ["name"]})),
        ] {
            open_api["properties"][name] = schema;
        }
        let strict = jsonschema::validator_for(&strict(&open_api)).expect("a schema");
        let name = format!("{group}/{}", text(version, "/name"));
        ((name, kind.to_owned()), Schema { open_api, strict })
    };
    let versions = versions.into_iter().flatten();
    versions.filter(|version| version["served"] == true).map(version).collect()
}

/// As JSON Schema, in which a field that is not named is a fault. `oneOf` and its kin are as they
/// are: they name fields only to say which of them go together.
fn strict(schema: &Value) -> Value {
    let Some(fields) = schema.as_object() else { return schema.clone() };
    let mut strict = fields.clone();
    let of_each = |all: &Map<String, Value>| -> Value {
        all.iter().map(|(name, schema)| (name.clone(), self::strict(schema))).collect()
    };
    if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
        strict.insert("properties".to_owned(), of_each(properties));
        let is_open = fields.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
        if !is_open && !fields.contains_key("additionalProperties") {
            strict.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    for name in ["items", "additionalProperties"] {
        if let Some(schema) = fields.get(name).filter(|schema| schema.is_object()) {
            strict.insert(name.to_owned(), self::strict(schema));
        }
    }
    let strict = Value::Object(strict);
    if fields.get("nullable") == Some(&json!(true)) {
        return json!({"anyOf": [{"type": "null"}, strict]});
    }
    strict
}
