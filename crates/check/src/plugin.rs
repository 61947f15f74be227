//! What is around a filter's configuration: the plugin that Envoy makes of it.

use gatehouse_config_file::{GATEWAY, WasmFilter, joined, wasm_filters_in};
use serde_json::{Map, Value};

use super::Level;
use super::found::Found;
use super::module_name::distance;
use super::placed::walk;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
/// Where Envoy has plugins beside those of HTTP.
const ELSEWHERE: [&str; 4] = [
    "type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm",
    "type.googleapis.com/envoy.extensions.access_loggers.wasm.v3.WasmAccessLog",
    "type.googleapis.com/envoy.extensions.stat_sinks.wasm.v3.Wasm",
    "type.googleapis.com/envoy.extensions.wasm.v3.WasmService",
];
const ROUTE_FILTER: &str = "type.googleapis.com/envoy.config.route.v3.FilterConfig";

const OF_FILTER: [&str; 2] = ["@type", "config"];
const OF_PLUGIN: [&str; 9] = [
    "allow_on_headers_stop_iteration",
    "capability_restriction_config",
    "configuration",
    "fail_open",
    "failure_policy",
    "name",
    "reload_config",
    "root_id",
    "vm_config",
];
const OF_MACHINE: [&str; 8] = [
    "allow_precompiled",
    "capability_restriction_config",
    "code",
    "configuration",
    "environment_variables",
    "nack_on_code_cache_miss",
    "runtime",
    "vm_id",
];
const OF_ENVIRONMENT: [&str; 2] = ["host_env_keys", "key_values"];
const POLICIES: [&str; 4] = ["UNSPECIFIED", "FAIL_RELOAD", "FAIL_CLOSED", "FAIL_OPEN"];
const V8: &str = "envoy.wasm.runtime.v8";

/// Plugins that Envoy does not make, those that guard nothing once they have failed, and routes
/// that would configure them.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    plugins(tree, "", &mut found);
    of_routes(tree, &mut found);
    found
}

fn plugins(tree: &Value, path: &str, found: &mut Vec<Found>) {
    let wasm = tree.as_object().filter(|fields| is_wasm(fields));
    if let (Some(fields), Some(wasm)) = (wasm, wasm_filters_in(tree, path).into_iter().next()) {
        of_filter(fields, Plugin { wasm, found });
        return;
    }
    found.extend(of_another_type(tree).map(|what| Found::fault(what).at(path)));
    match tree {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                plugins(item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| plugins(field, &joined(path, name), found));
        }
        _ => {}
    }
}

/// A plugin that is no HTTP filter.
fn of_another_type(tree: &Value) -> Option<String> {
    let file = tree.pointer("/config/vm_config")?.pointer("/code/local/filename");
    let file = file.and_then(Value::as_str).unwrap_or_default();
    let module = file.rsplit('/').next().unwrap_or_default();
    let Some(kind) = tree.get("@type").and_then(Value::as_str) else {
        return Some(format!("plugin of {module}: needs an `@type`, {WASM}"));
    };
    if !ELSEWHERE.contains(&kind) {
        return Some(format!("{kind}: Envoy has no such type; a filter has {WASM}"));
    }
    let name = module.strip_suffix(".wasm").unwrap_or(module);
    let is_ours = name == GATEWAY || gatehouse_gateway::filter(name).is_some();
    is_ours.then(|| format!("{kind}: guards nothing: {module} is an HTTP filter, {WASM}"))
}

fn is_wasm(fields: &Map<String, Value>) -> bool {
    fields.get("@type").is_some_and(|kind| kind == WASM)
}

/// The fields that are none of the known ones, and what to say of each.
pub(super) fn unknown<'a>(
    fields: &'a Map<String, Value>,
    known: &[&str],
) -> Vec<(&'a str, String)> {
    let unknown = fields.keys().filter(|name| !known.contains(&name.as_str()));
    let told = |name: &'a String| {
        let near = known.iter().find(|known| distance(known, name) <= 2);
        let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        (name.as_str(), format!("unknown field{near}"))
    };
    unknown.map(told).collect()
}

/// The faults of one plugin.
struct Plugin<'a> {
    wasm: WasmFilter,
    found: &'a mut Vec<Found>,
}

impl Plugin<'_> {
    fn tell(&mut self, level: Level, field: &str, what: &str) {
        self.found.push(Found::in_plugin(level, &self.wasm, field, what));
    }

    fn fault(&mut self, field: &str, what: &str) {
        self.tell(Level::Fault, field, what);
    }

    fn unknown(&mut self, fields: &Map<String, Value>, place: &str, known: &[&str]) {
        for (name, what) in unknown(fields, known) {
            self.fault(&format!("{place}{name}"), &what);
        }
    }

    fn boolean(&mut self, fields: &Map<String, Value>, name: &str) -> bool {
        match fields.get(name) {
            Some(Value::Bool(truth)) => return *truth,
            None | Some(Value::Null) => {}
            Some(_) => self.fault(name, "must be true or false"),
        }
        false
    }
}

fn of_filter(fields: &Map<String, Value>, mut plugin: Plugin<'_>) {
    for name in fields.keys().filter(|name| !OF_FILTER.contains(&name.as_str())) {
        let around = plugin.wasm.places.plugin.strip_suffix("config").unwrap_or_default();
        let told = Found::in_plugin(Level::Fault, &plugin.wasm, name, "unknown field");
        plugin.found.push(told.at(format!("{around}{name}")));
    }
    let Some(Value::Object(config)) = fields.get("config") else {
        let told = Found::in_plugin(Level::Fault, &plugin.wasm, "config", "is required");
        return plugin.found.push(told.at(&plugin.wasm.places.plugin));
    };
    plugin.unknown(config, "", &OF_PLUGIN);
    plugin.boolean(config, "allow_on_headers_stop_iteration");
    of_failure(config, &mut plugin);
    let empty = Map::new();
    let machine = config.get("vm_config").and_then(Value::as_object).unwrap_or(&empty);
    plugin.unknown(machine, "vm_config.", &OF_MACHINE);
    match machine.get("runtime").map(|runtime| runtime.as_str().unwrap_or("?")) {
        None | Some("" | V8) => {}
        Some(other) => {
            plugin.fault("vm_config.runtime", &format!("Envoy has no `{other}`, use `{V8}`"));
        }
    }
    of_environment(machine, &mut plugin);
    if machine.get("code").and_then(Value::as_object).is_none_or(Map::is_empty) {
        plugin.fault("vm_config.code", "is required");
    }
}

/// The variables of the VM.
fn of_environment(machine: &Map<String, Value>, plugin: &mut Plugin<'_>) {
    const PLACE: &str = "vm_config.environment_variables";
    let environment = match machine.get("environment_variables") {
        None | Some(Value::Null) => return,
        Some(Value::Object(environment)) => environment,
        Some(_) => return plugin.fault(PLACE, "must be a mapping of fields"),
    };
    plugin.unknown(environment, &format!("{PLACE}."), &OF_ENVIRONMENT);
    let values = match environment.get("key_values") {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(values)) => values,
        Some(_) => return plugin.fault(&format!("{PLACE}.key_values"), "must be a mapping"),
    };
    for (name, value) in values.iter().filter(|(_, value)| !value.is_string()) {
        let quoted = format!("must be text, as in {name}: \"{value}\"");
        plugin.fault(&format!("{PLACE}.key_values.{name}"), &quoted);
    }
    let mut known = std::collections::BTreeSet::new();
    let keys = environment.get("host_env_keys").and_then(Value::as_array);
    for key in keys.into_iter().flatten().filter_map(Value::as_str) {
        if values.contains_key(key) || !known.insert(key) {
            let what = format!("`{key}` is there twice");
            plugin.fault(&format!("{PLACE}.host_env_keys"), &what);
        }
    }
}

/// What happens to requests once the filter has failed.
fn of_failure(config: &Map<String, Value>, plugin: &mut Plugin<'_>) {
    let opens = plugin.boolean(config, "fail_open");
    let policy = match config.get("failure_policy") {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(word)) => POLICIES.iter().position(|policy| policy == word),
        Some(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
    };
    let policy = policy.and_then(|policy| POLICIES.get(policy));
    let Some(policy) = policy else {
        let what = format!("must be one of {}", POLICIES.join(", "));
        return plugin.fault("failure_policy", &what);
    };
    let says = "lets every request pass once the filter has failed";
    match (opens, *policy) {
        (true, "UNSPECIFIED") => plugin.tell(Level::Warning, "fail_open", says),
        (true, _) => {
            let what = "is the old way to say `failure_policy`: give one of the two";
            plugin.fault("fail_open", what);
        }
        (false, "FAIL_OPEN") => plugin.tell(Level::Warning, "failure_policy", says),
        (false, _) => {}
    }
}

/// A route may leave a wasm filter out, and no more.
fn of_routes(tree: &Value, found: &mut Vec<Found>) {
    walk(tree, "", &mut |path, value| {
        let (true, Value::Object(filters)) = (path.ends_with("typed_per_filter_config"), value)
        else {
            return;
        };
        for (name, config) in filters {
            let inner = match config.get("@type") {
                Some(kind) if kind == ROUTE_FILTER => config.get("config"),
                _ => Some(config),
            };
            if inner.and_then(Value::as_object).is_some_and(is_wasm) {
                let what = "a route cannot configure a wasm filter: give it a rule, with the \
                            route's name or policy in its `match`";
                found.push(Found::in_file(Level::Fault, &joined(path, name), what));
            }
        }
    });
}
