//! The schema of the files that have configurations of filters in them: Envoy's own, and the
//! manifests of Istio and Envoy Gateway. It looks at the blocks of our filters, wherever they
//! stand, and at nothing else.

use serde_json::{Value, json};

/// Where the module of a plugin is named, in each kind of file, and where its configuration is.
const PLACES: [Place; 6] = [
    // Envoy: `config` of the wasm filter, with the module in a file or fetched.
    Place {
        module: &["vm_config", "code", "local", "filename"],
        configuration: &["configuration", "value"],
    },
    Place {
        module: &["vm_config", "code", "remote", "http_uri", "uri"],
        configuration: &["configuration", "value"],
    },
    // Istio: WasmPlugin, and TrafficExtension.
    Place { module: &["url"], configuration: &["pluginConfig"] },
    // Envoy Gateway: an item of `spec.wasm` of an EnvoyExtensionPolicy.
    Place { module: &["code", "image", "url"], configuration: &["config"] },
    Place { module: &["code", "http", "url"], configuration: &["config"] },
    Place { module: &["code", "local", "filename"], configuration: &["config"] },
];

struct Place {
    module: &'static [&'static str],
    configuration: &'static [&'static str],
}

/// The schema, of the schemas of the modules by their names.
pub(crate) fn schema(dialect: &str, modules: &[(&str, String)]) -> Value {
    let anywhere = json!({"$ref": "#/$defs/anywhere"});
    let rules = PLACES.iter().flat_map(|place| {
        modules.iter().map(|(module, reference)| {
            json!({
                "if": within(place.module, json!({"type": "string", "pattern": pattern(module)}), true),
                "then": within(place.configuration, json!({"$ref": reference}), false),
            })
        })
    });
    json!({
        "$schema": dialect,
        "title": "Files with Gatehouse filters in them",
        "$ref": "#/$defs/anywhere",
        "$defs": {"anywhere": {
            "allOf": rules.collect::<Vec<_>>(),
            "additionalProperties": anywhere,
            "items": anywhere,
        }},
    })
}

/// A schema for what stands at the end of this path. Where `is_there`, it must stand there.
fn within(path: &[&str], schema: Value, is_there: bool) -> Value {
    path.iter().rev().fold(schema, |inner, name| {
        let mut outer = json!({"type": "object", "properties": {*name: inner}});
        if let (true, Value::Object(members)) = (is_there, &mut outer) {
            members.insert("required".to_owned(), json!([name]));
        } else if let Value::Object(members) = &mut outer {
            members.remove("type");
        }
        outer
    })
}

/// What the path or the address of a module looks like: `…/jwt-auth.wasm`, `oci://…/jwt-auth:1.0`.
fn pattern(module: &str) -> String {
    format!("(^|/){module}(\\.wasm)?(:[^/]*)?(@[^/]*)?$")
}
