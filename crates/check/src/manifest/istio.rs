//! Istio's `WasmPlugin`, and the `TrafficExtension` that supersedes it.

use gatehouse_config_file::{EnvironmentVariables, WasmPlaces, joined};
use serde_json::Value;

use super::plugin::{Fields, OPENS, Order, Part, Plugin, wasm};
use crate::found::Found;

/// What both know of a plugin.
const OF_PLUGIN: [&str; 10] = [
    "failStrategy",
    "imagePullPolicy",
    "imagePullSecret",
    "pluginConfig",
    "pluginName",
    "sha256",
    "type",
    "url",
    "verificationKey",
    "vmConfig",
];
/// What both know of where it is.
const OF_PLACE: [&str; 6] = ["match", "phase", "priority", "selector", "targetRef", "targetRefs"];
const OF_EXTENSION: [&str; 7] =
    ["lua", "match", "phase", "priority", "selector", "targetRefs", "wasm"];
const OF_VARIABLE: [&str; 3] = ["name", "value", "valueFrom"];
const PHASES: [&str; 5] = ["AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE", "UNSPECIFIED"];

/// The plugin of a `WasmPlugin`: its fields stand beside those of its place.
pub(super) fn wasm_plugin(document: &Value, path: &str, found: &mut Vec<Found>) -> Option<Plugin> {
    let label = label(document, "WasmPlugin");
    let spec = spec(document, path, &label);
    let known: Vec<&str> = OF_PLUGIN.iter().chain(&OF_PLACE).copied().collect();
    found.extend(spec.unknown(&known));
    of_plugin(document, &spec, &spec, "WasmPlugin", found)
}

/// The plugin of a `TrafficExtension`, which may have Lua instead.
pub(super) fn traffic_extension(
    document: &Value,
    path: &str,
    found: &mut Vec<Found>,
) -> Option<Plugin> {
    let label = label(document, "TrafficExtension");
    let spec = spec(document, path, &label);
    found.extend(spec.unknown(&OF_EXTENSION));
    let plugin = spec.part("wasm");
    if plugin.value.is_null() {
        found.push(Found::good(format!("{label}: skipped, it has no wasm")));
        return None;
    }
    found.extend(plugin.unknown(&OF_PLUGIN));
    of_plugin(document, &spec, &plugin, "TrafficExtension", found)
}

fn label(document: &Value, kind: &str) -> String {
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("without name");
    format!("{kind} {name}")
}

fn spec<'a>(document: &'a Value, path: &str, label: &'a str) -> Part<'a> {
    const NOTHING: &Value = &Value::Null;
    let value = document.get("spec").unwrap_or(NOTHING);
    Part { label, value, path: path.to_owned(), shown: "spec".to_owned() }
}

fn of_plugin(
    document: &Value,
    spec: &Part<'_>,
    plugin: &Part<'_>,
    kind: &str,
    found: &mut Vec<Found>,
) -> Option<Plugin> {
    let url = plugin.part("url");
    if url.text().is_empty() {
        found.push(url.fault("is required: where the module is, as in oci://… or https://…"));
        return None;
    }
    found.extend(spec.part("phase").other_than(&PHASES));
    found.extend(plugin.part("pluginConfig").no_mapping());
    found.extend(of_failure(&plugin.part("failStrategy")));
    let variables = plugin.part("vmConfig").part("env");
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let wasm = wasm(Fields {
        name,
        url: url.text(),
        configuration: plugin.value.get("pluginConfig"),
        environment: environment(&variables, found),
        places: WasmPlaces {
            plugin: plugin.path.clone(),
            configuration: joined(&plugin.path, "pluginConfig"),
        },
    });
    let is_ours = gatehouse_gateway::filter(wasm.filter()).is_some();
    if is_ours && plugin.part("type").text() == "NETWORK" {
        let what = format!("guards nothing: {} is an HTTP filter", wasm.filter());
        found.push(plugin.part("type").fault(&what));
    }
    let phase = spec.part("phase").text();
    let rank = |phase: &str| PHASES.iter().position(|known| *known == phase);
    Some(Plugin {
        wasm,
        unallowed: format!(
            "needs `allow_on_headers_stop_iteration`, which a {kind} cannot say: deliver this \
             filter by an EnvoyFilter"
        ),
        host_variables: "vmConfig.env",
        attached_to: attached_to(document, spec.value),
        order: Order {
            // Who says none comes last, before the router.
            phase: rank(phase).unwrap_or(PHASES.len()).min(3),
            priority: std::cmp::Reverse(
                spec.value.get("priority").and_then(Value::as_i64).unwrap_or_default(),
            ),
            name: name.to_owned(),
            index: 0,
        },
    })
}

fn of_failure(strategy: &Part<'_>) -> Option<Found> {
    let bad = strategy.other_than(&["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]);
    bad.or_else(|| (strategy.text() == "FAIL_OPEN").then(|| strategy.warning(OPENS)))
}

/// The variables of the VM.
fn environment(variables: &Part<'_>, found: &mut Vec<Found>) -> EnvironmentVariables {
    let mut environment = EnvironmentVariables::default();
    for variable in variables.items() {
        found.extend(variable.unknown(&OF_VARIABLE));
        let (name, from) = (variable.part("name"), variable.part("valueFrom"));
        found.extend(from.other_than(&["INLINE", "HOST"]));
        if name.text().is_empty() {
            found.push(name.fault("is required"));
        } else if from.text() == "HOST" {
            environment.host_env_keys.insert(name.text().to_owned());
        } else {
            let value = variable.part("value").text().to_owned();
            environment.key_values.insert(name.text().to_owned(), value);
        }
    }
    environment
}

/// The workloads that it is for.
fn attached_to(document: &Value, spec: &Value) -> String {
    let namespace = document.pointer("/metadata/namespace");
    let of = ["selector", "targetRef", "targetRefs"].map(|field| spec.get(field));
    format!("istio {namespace:?} {of:?}")
}
