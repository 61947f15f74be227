//! Kubernetes manifests: the plugins that Istio and Envoy Gateway make of them, and what these
//! platforms cannot do for a filter.
//!
//! Istio reads [WasmPlugin], TrafficExtension and EnvoyFilter; Envoy Gateway reads
//! [EnvoyExtensionPolicy] and EnvoyPatchPolicy.
//!
//! [WasmPlugin]: https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/
//! [EnvoyExtensionPolicy]: https://gateway.envoyproxy.io/docs/api/extension_types/

mod envoy_gateway;
mod istio;
mod plugin;

use gatehouse_config_file::{joined, wasm_filters};
use serde_json::Value;

use super::found::Found;
use super::placed::{Chain, Placed, placed};
use super::{expressions, module, order, plugin as envoys_plugin, spelling};
use plugin::Plugin;

/// Whether one of the documents is a manifest.
pub(super) fn is_any(documents: &Value) -> bool {
    let mut documents = documents.as_array().into_iter().flatten();
    documents.any(|document| kind(document).is_some())
}

/// What there is to say of the documents.
pub(super) fn check(documents: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    let mut plugins = Vec::new();
    for (index, document) in documents.as_array().into_iter().flatten().enumerate() {
        of_document(document, &format!("[{index}]"), &mut found, &mut plugins);
    }
    found.extend(plugins.iter().flat_map(Plugin::check));
    found.extend(chains(&plugins).iter().flat_map(|chain| in_order(chain)));
    found
}

/// The group of its API, and its kind.
fn kind(document: &Value) -> Option<(&str, &str)> {
    let version = document.get("apiVersion")?.as_str()?;
    let group = version.split_once('/').map_or("", |(group, _)| group);
    Some((group, document.get("kind")?.as_str()?))
}

fn of_document(document: &Value, path: &str, found: &mut Vec<Found>, plugins: &mut Vec<Plugin>) {
    let name = document.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("without name");
    let spec = joined(path, "spec");
    match kind(document) {
        Some(("extensions.istio.io", "WasmPlugin")) => {
            plugins.extend(istio::wasm_plugin(document, &spec, found));
        }
        Some(("extensions.istio.io", "TrafficExtension")) => {
            plugins.extend(istio::traffic_extension(document, &spec, found));
        }
        Some(("gateway.envoyproxy.io", "EnvoyExtensionPolicy")) => {
            plugins.extend(envoy_gateway::extension_policy(document, &spec, found));
        }
        Some(
            ("networking.istio.io", kind @ "EnvoyFilter")
            | ("gateway.envoyproxy.io", kind @ "EnvoyPatchPolicy"),
        ) => {
            let patches = patches(document, path);
            match patches.is_empty() {
                true => {
                    found.push(Found::good(format!("{kind} {name}: ok, it has no wasm filter")))
                }
                false => found.extend(patches),
            }
        }
        Some((_, "List")) => {
            let items = document.get("items").and_then(Value::as_array).into_iter().flatten();
            for (index, item) in items.enumerate() {
                of_document(item, &joined(path, &format!("items[{index}]")), found, plugins);
            }
        }
        Some((_, kind)) => {
            found.push(Found::good(format!("{kind} {name}: skipped, it has no filter")));
        }
        None if document.is_null() => {}
        None => found.push(
            Found::fault("is no manifest: needs `apiVersion` and `kind`, as the others have")
                .at(path),
        ),
    }
}

/// What there is to say of pieces of Envoy's own configuration.
fn patches(document: &Value, path: &str) -> Vec<Found> {
    let tree = spelling::settle(document);
    let filters = wasm_filters(&tree);
    let mut found: Vec<Found> = filters.iter().flat_map(module::check).collect();
    found.extend(envoys_plugin::check(&tree));
    found.extend(expressions::check(&tree, &filters));
    let under = |found: Found| match &found.path {
        Some(inner) => {
            let path = joined(path, inner);
            found.at(path)
        }
        None => found,
    };
    found.into_iter().map(under).collect()
}

/// Plugins that requests of the same gateways meet, in that order.
fn chains(plugins: &[Plugin]) -> Vec<Vec<&Plugin>> {
    let mut chains: Vec<Vec<&Plugin>> = Vec::new();
    for plugin in plugins {
        let chain = chains.iter_mut().find(|chain| {
            chain.first().is_some_and(|first| first.attached_to == plugin.attached_to)
        });
        match chain {
            Some(chain) => chain.push(plugin),
            None => chains.push(vec![plugin]),
        }
    }
    for chain in &mut chains {
        chain.sort_by(|one, other| one.order.cmp(&other.order));
    }
    chains
}

fn in_order(plugins: &[&Plugin]) -> Vec<Found> {
    let filters: Vec<Placed> = plugins.iter().flat_map(|plugin| placed(&plugin.wasm)).collect();
    order::check(&Chain { manager: &Value::Null, path: String::new(), filters })
}

#[cfg(test)]
mod tests;
