//! The wasm filters of a config.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Number, Value};

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
/// The name of the module that holds all filters, and of the plugin that a bundle is.
pub const GATEWAY: &str = "gateway";

/// The type of a configuration that is written as it is.
pub const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
/// The type of a configuration that is a text of JSON.
pub const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";
const BYTES: &str = "type.googleapis.com/google.protobuf.BytesValue";

/// As Envoy reads it: of either alphabet, with or without the signs that fill the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One wasm filter as a config names it.
#[derive(Debug, Clone, PartialEq)]
pub struct WasmFilter {
    /// The plugin's name, which Envoy's log and statistics carry.
    pub name: String,
    /// The module file's path as written, or the address that it is fetched from; empty when it is
    /// neither.
    pub module: String,
    /// The `configuration`, an `Any`; `Null` when the config has none.
    pub configuration: Value,
    /// `allow_on_headers_stop_iteration`: whether the filter may hold a head until it has seen the
    /// body.
    pub may_hold_heads: bool,
    /// The names in `capability_restriction_config`: all that the plugin may do. `None` where it
    /// may do everything.
    pub allowed: Option<BTreeSet<String>>,
    /// `vm_config.environment_variables`.
    pub environment: EnvironmentVariables,
    /// Where in its tree all that is.
    pub places: WasmPlaces,
}

/// The paths of what a wasm filter is made of, from the top of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WasmPlaces {
    /// Of what Envoy makes a plugin of.
    pub plugin: String,
    /// Of what the filter itself reads.
    pub configuration: String,
}

impl WasmPlaces {
    /// The path of a field of the filter's own configuration.
    #[must_use]
    pub fn of_field(&self, path: &str) -> String {
        joined(&self.configuration, path)
    }

    /// The path of a field of the plugin.
    #[must_use]
    pub fn of_plugin(&self, path: &str) -> String {
        joined(&self.plugin, path)
    }
}

/// A path that goes on with another one.
#[must_use]
pub fn joined(path: &str, rest: &str) -> String {
    let dot = if path.is_empty() || rest.is_empty() || rest.starts_with('[') { "" } else { "." };
    format!("{path}{dot}{rest}")
}

/// The variables that a VM has.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct EnvironmentVariables {
    /// Those with their values.
    pub key_values: BTreeMap<String, String>,
    /// Those that it takes over from Envoy, where Envoy has them.
    pub host_env_keys: BTreeSet<String>,
}

impl fmt::Debug for EnvironmentVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.key_values.keys()).entries(&self.host_env_keys).finish()
    }
}

impl WasmFilter {
    /// The filter that the module holds, `jwt-auth` for `/etc/gatehouse/filters/jwt-auth.wasm`, or
    /// for the image `oci://registry.example/gatehouse/jwt-auth:1.2`.
    #[must_use]
    pub fn filter(&self) -> &str {
        let file = self.module.rsplit('/').next().unwrap_or_default();
        // A tag, a digest, and what asks a server for a file.
        let file = file.split(['@', ':', '?']).next().unwrap_or_default();
        file.strip_suffix(".wasm").unwrap_or(file)
    }

    /// The configuration as JSON, which is what the filter's parser reads; empty when there is
    /// none.
    ///
    /// # Errors
    /// When the `Any` is none of `Struct`, `StringValue` and `BytesValue`, or its value is not what
    /// the type says.
    pub fn json(&self) -> Result<Vec<u8>> {
        if self.configuration.is_null() {
            return Ok(Vec::new());
        }
        let kind = self.configuration.get("@type").and_then(Value::as_str).unwrap_or_default();
        let value = self.configuration.get("value");
        let text = || {
            value
                .and_then(Value::as_str)
                .with_context(|| format!("configuration.value: must be a string in a {kind}"))
        };
        match kind {
            STRUCT => match value {
                None if self.configuration.as_object().is_some_and(|any| any.len() > 1) => {
                    bail!("configuration: its fields must be in `value`")
                }
                None => Ok(b"{}".to_vec()),
                Some(value @ Value::Object(_)) => Ok(serde_json::to_vec(&in_doubles(value))?),
                Some(_) => bail!("configuration.value: must be a mapping in a {kind}"),
            },
            STRING => Ok(text()?.as_bytes().to_vec()),
            BYTES => BASE64
                .decode(text()?.replace('-', "+").replace('_', "/"))
                .context("configuration.value: must be base64 in a BytesValue"),
            "" => bail!("configuration: needs an `@type`, for instance {STRUCT}"),
            other => bail!(
                "configuration: is a {other}; must be a Struct, a StringValue or a BytesValue"
            ),
        }
    }
}

/// A Struct has no other numbers than doubles, and what reads them takes a whole one that a double
/// holds for the integer that was written.
fn in_doubles(value: &Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Array(items) => items.iter().map(in_doubles).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| (name.clone(), in_doubles(value));
            Value::Object(fields.iter().map(field).collect())
        }
        Value::Number(number) => match number.as_f64() {
            Some(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
                let integer = number as i64;
                Value::from(integer)
            }
            number => number.and_then(Number::from_f64).map_or(Value::Null, Value::Number),
        },
        other => other.clone(),
    }
}

/// The wasm filters in a tree. Looks at every mapping, so that it makes no difference where a
/// filter is nested.
#[must_use]
pub fn find(tree: &Value) -> Vec<WasmFilter> {
    find_in(tree, "")
}

/// The wasm filters in a part of a tree that has this path.
#[must_use]
pub fn find_in(tree: &Value, path: &str) -> Vec<WasmFilter> {
    let mut found = Vec::new();
    collect(tree, path, &mut found);
    found
}

/// Calls `change` on the module path of every wasm filter.
pub fn each_module(tree: &mut Value, change: &impl Fn(&mut String)) {
    each_text(tree, "/config/vm_config/code/local/filename", change);
}

/// Calls `change` on the `vm_id` of every wasm filter that has one.
pub fn each_vm(tree: &mut Value, change: &impl Fn(&mut String)) {
    each_text(tree, "/config/vm_config/vm_id", change);
}

/// Calls `change` on the text at this place of every wasm filter that has one.
fn each_text(tree: &mut Value, place: &str, change: &impl Fn(&mut String)) {
    if is_wasm(tree)
        && let Some(Value::String(text)) = tree.pointer_mut(place)
    {
        change(text);
    }
    for child in children_mut(tree) {
        each_text(child, place, change);
    }
}

/// The first wasm filter of this module, as it is.
#[must_use]
pub fn whole<'a>(tree: &'a Value, module: &str) -> Option<&'a Value> {
    if read(tree).is_some_and(|filter| filter.filter() == module) {
        return Some(tree);
    }
    match tree {
        Value::Array(items) => items.iter().find_map(|item| whole(item, module)),
        Value::Object(fields) => fields.values().find_map(|field| whole(field, module)),
        _ => None,
    }
}

/// The wasm filter that this mapping is, if it is one.
#[must_use]
pub fn read(tree: &Value) -> Option<WasmFilter> {
    read_at(tree, "")
}

fn read_at(tree: &Value, path: &str) -> Option<WasmFilter> {
    let text =
        |path: &str| tree.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    // Envoy reads a text of a truth, too.
    let allows = |path: &str| tree.pointer(path).is_some_and(|is| *is == true || is == "true");
    is_wasm(tree).then(|| WasmFilter {
        name: text("/config/name"),
        module: match text("/config/vm_config/code/local/filename") {
            file if file.is_empty() => text("/config/vm_config/code/remote/http_uri/uri"),
            file => file,
        },
        configuration: tree.pointer("/config/configuration").cloned().unwrap_or_default(),
        may_hold_heads: allows("/config/allow_on_headers_stop_iteration"),
        allowed: ["/config", "/config/vm_config"]
            .into_iter()
            .find_map(|place| allowed(tree, place)),
        environment: tree
            .pointer("/config/vm_config/environment_variables")
            .map(environment)
            .unwrap_or_default(),
        places: WasmPlaces {
            plugin: joined(path, "config"),
            configuration: joined(path, "config.configuration.value"),
        },
    })
}

fn environment(tree: &Value) -> EnvironmentVariables {
    let values = tree.get("key_values").and_then(Value::as_object).into_iter().flatten();
    let value = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    let keys = tree.get("host_env_keys").and_then(Value::as_array).into_iter().flatten();
    EnvironmentVariables {
        key_values: values.filter_map(value).collect(),
        host_env_keys: keys.filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

/// The capabilities that are listed here: beside the VM up to Envoy 1.39, in it since 1.40. To
/// Envoy, no name at all is no restriction.
fn allowed(tree: &Value, place: &str) -> Option<BTreeSet<String>> {
    let list = format!("{place}/capability_restriction_config/allowed_capabilities");
    let allowed = tree.pointer(&list)?.as_object().filter(|allowed| !allowed.is_empty())?;
    Some(allowed.keys().cloned().collect())
}

fn collect(tree: &Value, path: &str, found: &mut Vec<WasmFilter>) {
    found.extend(read_at(tree, path));
    match tree {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| collect(item, &format!("{path}[{index}]"), found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| collect(field, &joined(path, name), found));
        }
        _ => {}
    }
}

fn is_wasm(tree: &Value) -> bool {
    tree.get("@type").and_then(Value::as_str) == Some(WASM)
}

/// The values in a value.
pub fn children_mut(tree: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match tree {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_filter_inside_a_composite_is_found_too() {
        let wasm = |name: &str| {
            json!({"name": name, "typed_config": {"@type": WASM, "config": {"name": name,
            "vm_config": {"code": {"local": {"filename": format!("/etc/gatehouse/filters/{name}.wasm")}}}}}})
        };
        let tree = json!({"http_filters": [
            wasm("jwt-auth"),
            {"typed_config": {"@type": "composite", "action": {"typed_config": wasm("rate-limit")}}},
        ]});
        let names: Vec<String> =
            find(&tree).iter().map(|found| found.filter().to_owned()).collect();
        assert_eq!(names, ["jwt-auth", "rate-limit"]);
    }

    #[test]
    fn every_form_of_configuration_becomes_json() {
        let filter = |configuration| WasmFilter {
            name: String::new(),
            module: String::new(),
            configuration,
            may_hold_heads: false,
            allowed: None,
            environment: EnvironmentVariables::default(),
            places: WasmPlaces::default(),
        };
        for (configuration, want) in [
            (Value::Null, Ok("")),
            (json!({"@type": STRUCT, "value": {"a": 1}}), Ok(r#"{"a":1}"#)),
            (json!({"@type": STRUCT}), Ok("{}")),
            (
                json!({"@type": STRUCT, "rules": []}),
                Err("configuration: its fields must be in `value`"),
            ),
            (json!({"@type": STRING, "value": "{\"a\": 1}"}), Ok(r#"{"a": 1}"#)),
            (
                json!({"@type": STRUCT, "value": {"a": [100.0, 1.5, -0.0]}}),
                Ok(r#"{"a":[100,1.5,0]}"#),
            ),
            (
                json!({"@type": STRUCT, "value": {"a": 9_007_199_254_740_993_u64}}),
                Ok(r#"{"a":9007199254740992}"#),
            ),
            (json!({"@type": BYTES, "value": "e30="}), Ok("{}")),
            (json!({"@type": BYTES, "value": "e30"}), Ok("{}")),
            (json!({"@type": BYTES, "value": "eyI_Pj4iOjF9"}), Ok(r#"{"?>>":1}"#)),
            (
                json!({"@type": BYTES, "value": "?"}),
                Err("configuration.value: must be base64 in a BytesValue"),
            ),
            (
                json!({"@type": STRING, "value": {}}),
                Err("configuration.value: must be a string in a"),
            ),
            (json!({"a": 1}), Err("configuration: needs an `@type`")),
            (
                json!({"@type": "type.googleapis.com/x.Y"}),
                Err("configuration: is a type.googleapis.com/x.Y"),
            ),
        ] {
            match (filter(configuration.clone()).json(), want) {
                (Ok(got), Ok(want)) => {
                    assert_eq!(String::from_utf8_lossy(&got), want, "{configuration}")
                }
                (Err(got), Err(want)) => {
                    assert!(got.to_string().starts_with(want), "{configuration}: {got}")
                }
                (got, _) => panic!("{configuration}: {got:?}"),
            }
        }
    }
}
