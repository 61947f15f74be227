//! A module by itself: whether it is one of ours, and what its filter says of its configuration.

use std::collections::BTreeSet;

use gatehouse_config_file::{EnvironmentVariables, GATEWAY, STRUCT, WasmFilter, WasmPlaces};
use gatehouse_filter::config::ConfigError;
use gatehouse_gateway::Registered;
use serde_json::{Value, json};

use super::environment::Offline;
use super::found::Found;
use super::module_name::{self, Near};
use super::placed::walk;
use super::{Level, label};

/// How a file says what is around a configuration.
pub(super) struct Surroundings<'a> {
    /// What a field is told that has heads held, where that is not allowed.
    pub(super) unallowed: &'a str,
    /// The path, in the plugin, of the variables that the VM takes over.
    pub(super) host_variables: &'a str,
}

/// What there is to say of a module that Envoy loads.
pub(super) fn check(wasm: &WasmFilter) -> Vec<Found> {
    let surroundings = Surroundings {
        unallowed: "needs `allow_on_headers_stop_iteration: true` beside the configuration",
        host_variables: "vm_config.environment_variables.host_env_keys",
    };
    judged(wasm, &surroundings)
}

/// What there is to say of a module.
pub(super) fn judged(wasm: &WasmFilter, surroundings: &Surroundings<'_>) -> Vec<Found> {
    match verdict(wasm, surroundings.unallowed) {
        Verdict::Good => vec![Found::good(format!("{}: ok", label(wasm)))],
        Verdict::Bad(all) => told(wasm, Level::Fault, &all),
        Verdict::Unchecked(all) => all
            .iter()
            .map(|what| Found::in_plugin(Level::Warning, wasm, surroundings.host_variables, what))
            .collect(),
        Verdict::NotOurs => {
            let at = |found: Found| found.at(wasm.places.of_plugin("vm_config.code"));
            vec![match module_name::near(wasm.filter()) {
                Some(Near::Surely(ours)) => {
                    let text = format!("{}: is nearly `{ours}.wasm`; call it that", describe(wasm));
                    at(Found::fault(text))
                }
                Some(Near::Perhaps(ours)) => {
                    let what = format!("skipped, not ours; was `{ours}.wasm` meant?");
                    at(Found::warning(format!("{}: {what}", describe(wasm))))
                }
                None => Found::good(format!("{}: skipped, not ours", describe(wasm))),
            }]
        }
    }
}

/// What there is to say of the configuration of a filter, by itself. `None` where no filter has
/// this name.
pub(super) fn of_configuration(filter: &str, tree: &Value) -> Option<Vec<Found>> {
    if gatehouse_gateway::filter(filter).is_none() && filter != GATEWAY {
        return None;
    }
    if !tree.is_object() {
        let what = if tree.is_null() { "is empty" } else { "must be a mapping of fields" };
        return Some(vec![Found::fault(format!("filter {filter}: {what}"))]);
    }
    let wasm = WasmFilter {
        name: filter.to_owned(),
        module: format!("{filter}.wasm"),
        configuration: json!({"@type": STRUCT, "value": tree}),
        // What is around it is not here, and nobody knows what that allows.
        may_hold_heads: true,
        allowed: None,
        environment: EnvironmentVariables {
            host_env_keys: variables(tree),
            ..EnvironmentVariables::default()
        },
        places: WasmPlaces::default(),
    };
    Some(judged(&wasm, &Surroundings { unallowed: "", host_variables: "" }))
}

/// The variables that a configuration refers to: what its VM has is not known, but whoever checks
/// it may have them.
fn variables(tree: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(tree, "", &mut |_, value| {
        let name = value.as_object().filter(|fields| fields.len() == 1);
        let name = name.and_then(|fields| fields.get("env")?.as_str());
        names.extend(name.map(str::to_owned));
    });
    names
}

fn told(wasm: &WasmFilter, level: Level, faults: &[ConfigError]) -> Vec<Found> {
    faults.iter().map(|fault| Found::in_module(level, wasm, &fault.path, &fault.message)).collect()
}

enum Verdict {
    Good,
    Bad(Vec<ConfigError>),
    /// Without a fault, as far as is known.
    Unchecked(Vec<String>),
    NotOurs,
}

fn verdict(wasm: &WasmFilter, unallowed: &str) -> Verdict {
    let filter = gatehouse_gateway::filter(wasm.filter());
    if filter.is_none() && wasm.filter() != GATEWAY {
        return Verdict::NotOurs;
    }
    // To a module, no configuration is one without fields.
    let json = wasm.json().map(|json| if json.is_empty() { b"{}".to_vec() } else { json });
    let environment = Offline::of(wasm);
    let held = |field: &str| held_in_vain(wasm, field, unallowed);
    let faults = match (json, filter) {
        (Ok(json), Some(filter)) => of_filter(wasm, filter, &json, &environment, held),
        (Ok(json), None) => {
            let checked = gatehouse_gateway::check(&json, &environment);
            let held = checked.hold_heads.iter().filter_map(|field| held(field));
            let lacks = lacking(wasm, checked.needed.iter().copied());
            checked.faults.iter().cloned().chain(held).chain(lacks).collect()
        }
        (Err(error), _) => vec![whole(format!("{error:#}"))],
    };
    match (faults, environment.unchecked()) {
        (faults, unchecked) if faults.is_empty() && unchecked.is_empty() => Verdict::Good,
        (faults, unchecked) if faults.is_empty() => Verdict::Unchecked(unchecked),
        (faults, _) => Verdict::Bad(faults),
    }
}

fn of_filter(
    wasm: &WasmFilter,
    filter: &Registered,
    json: &[u8],
    environment: &Offline<'_>,
    held: impl Fn(&str) -> Option<ConfigError>,
) -> Vec<ConfigError> {
    match filter.read(json, environment) {
        Ok(link) => {
            let held = link.holds_heads().and_then(held);
            let needed = gatehouse_chain::needed(&*link);
            held.into_iter().chain(lacking(wasm, needed)).collect()
        }
        Err(faults) => faults,
    }
}

/// A filter cannot see whether Envoy lets it hold a head. If it does not, each request with a body
/// hangs.
fn held_in_vain(wasm: &WasmFilter, field: &str, unallowed: &str) -> Option<ConfigError> {
    let fault = || ConfigError { path: field.to_owned(), message: unallowed.to_owned() };
    (!wasm.may_hold_heads).then(fault)
}

/// What a filter needs and may not have. A filter cannot see that either: a body would pass unread.
fn lacking<'a>(wasm: &WasmFilter, needed: impl IntoIterator<Item = &'a str>) -> Vec<ConfigError> {
    let Some(allowed) = &wasm.allowed else { return Vec::new() };
    let lacks = |name: &&str| !allowed.contains(*name);
    needed.into_iter().filter(lacks).map(|name| whole(gatehouse_chain::lacks(name))).collect()
}

fn whole(message: String) -> ConfigError {
    ConfigError { path: String::new(), message }
}

fn describe(wasm: &WasmFilter) -> String {
    match wasm.module.as_str() {
        "" => format!("plugin {}, whose module is not a local file", wasm.name),
        module => format!("module {module}"),
    }
}
