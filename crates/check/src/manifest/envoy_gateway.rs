//! Envoy Gateway's `EnvoyExtensionPolicy`.

use gatehouse_config_file::{EnvironmentVariables, WasmPlaces, joined};
use serde_json::Value;

use super::plugin::{Fields, OPENS, Order, Part, Plugin, wasm};
use crate::found::Found;

const OF_POLICY: [&str; 8] = [
    "dynamicModule",
    "extProc",
    "lua",
    "mergeType",
    "targetRef",
    "targetRefs",
    "targetSelectors",
    "wasm",
];
const OF_PLUGIN: [&str; 6] = ["code", "config", "env", "failOpen", "name", "rootID"];
const OF_CODE: [&str; 4] = ["http", "image", "pullPolicy", "type"];
const UNALLOWED: &str = "needs `allow_on_headers_stop_iteration`, which an EnvoyExtensionPolicy \
                         cannot say: deliver this filter by an EnvoyPatchPolicy";

/// The plugins of a policy, in the order in which requests meet them.
pub(super) fn extension_policy(
    document: &Value,
    path: &str,
    found: &mut Vec<Found>,
) -> Vec<Plugin> {
    const NOTHING: &Value = &Value::Null;
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    let label =
        format!("EnvoyExtensionPolicy {}", text("/metadata/name").unwrap_or("without name"));
    let value = document.get("spec").unwrap_or(NOTHING);
    let spec = Part { label: &label, value, path: path.to_owned(), shown: "spec".to_owned() };
    found.extend(spec.unknown(&OF_POLICY));
    let list = spec.part("wasm");
    if list.value.is_null() {
        found.push(Found::good(format!("{label}: skipped, it has no wasm")));
    } else if !list.value.is_array() {
        found.push(list.fault("must be a list"));
    }
    let mut plugins = Vec::new();
    for (index, plugin) in list.items().into_iter().enumerate() {
        let Some(wasm) = of_plugin(&plugin, found) else { continue };
        plugins.push(Plugin {
            wasm,
            unallowed: UNALLOWED.to_owned(),
            host_variables: "env.hostKeys",
            attached_to: label.clone(),
            order: Order { index, ..Order::default() },
        });
    }
    plugins
}

fn of_plugin(
    plugin: &Part<'_>,
    found: &mut Vec<Found>,
) -> Option<gatehouse_config_file::WasmFilter> {
    found.extend(plugin.unknown(&OF_PLUGIN));
    let code = plugin.part("code");
    found.extend(code.unknown(&OF_CODE));
    let opens = plugin.part("failOpen");
    if opens.value == &Value::Bool(true) {
        found.push(opens.warning(&format!("{OPENS}, or its configuration is bad")));
    } else if !opens.value.is_null() && !opens.value.is_boolean() {
        found.push(opens.fault("must be true or false"));
    }
    let from = match code.part("type").text() {
        "Image" => code.part("image"),
        "HTTP" => code.part("http"),
        _ => {
            found.push(code.part("type").fault("must be one of Image, HTTP"));
            return None;
        }
    };
    let url = from.part("url");
    if url.text().is_empty() {
        found.push(url.fault("is required: where the module is"));
        return None;
    }
    let keys = plugin.part("env").part("hostKeys");
    Some(wasm(Fields {
        name: plugin.part("name").text(),
        url: url.text(),
        configuration: plugin.value.get("config"),
        environment: EnvironmentVariables {
            host_env_keys: keys.items().iter().map(|key| key.text().to_owned()).collect(),
            ..EnvironmentVariables::default()
        },
        places: WasmPlaces {
            plugin: plugin.path.clone(),
            configuration: joined(&plugin.path, "config"),
        },
    }))
}
