//! What is around a filter's configuration: the plugin that Envoy makes of it.

use gatehouse_sandbox::example::{GATEWAY, WasmFilter, wasm_filters};
use serde_json::{Map, Value};

use super::module_name::distance;
use super::placed::{children, walk};
use super::{Found, Level};

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
    plugins(tree, &mut found);
    of_routes(tree, &mut found);
    found
}

fn plugins(tree: &Value, found: &mut Vec<Found>) {
    if let Some(fields) = tree.as_object().filter(|fields| is_wasm(fields)) {
        let label = wasm_filters(tree).first().map(label).unwrap_or_default();
        let plugin = Plugin { label, found };
        of_filter(fields, plugin);
        return;
    }
    if let Some(what) = of_another_type(tree) {
        found.push((Level::Fault, what));
    }
    children(tree).for_each(|child| plugins(child, found));
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

fn label(wasm: &WasmFilter) -> String {
    match wasm.filter() {
        "" => format!("plugin {}", wasm.name),
        filter => format!("filter {filter}"),
    }
}

/// The faults of one plugin.
struct Plugin<'a> {
    label: String,
    found: &'a mut Vec<Found>,
}

impl Plugin<'_> {
    fn tell(&mut self, level: Level, what: &str) {
        self.found.push((level, format!("{}: {what}", self.label)));
    }

    fn fault(&mut self, what: &str) {
        self.tell(Level::Fault, what);
    }

    fn unknown(&mut self, fields: &Map<String, Value>, place: &str, known: &[&str]) {
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            let near = known.iter().find(|known| distance(known, name) <= 2);
            let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
            self.fault(&format!("{place}{name}: unknown field{near}"));
        }
    }

    fn boolean(&mut self, fields: &Map<String, Value>, name: &str) -> bool {
        match fields.get(name) {
            Some(Value::Bool(truth)) => return *truth,
            None | Some(Value::Null) => {}
            Some(_) => self.fault(&format!("{name}: must be true or false")),
        }
        false
    }
}

fn of_filter(fields: &Map<String, Value>, mut plugin: Plugin<'_>) {
    plugin.unknown(fields, "", &OF_FILTER);
    let Some(Value::Object(config)) = fields.get("config") else {
        return plugin.fault("config: is required");
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
            plugin.fault(&format!("vm_config.runtime: Envoy has no `{other}`, use `{V8}`"));
        }
    }
    of_environment(machine, &mut plugin);
    if machine.get("code").and_then(Value::as_object).is_none_or(Map::is_empty) {
        plugin.fault("vm_config.code: is required");
    }
}

/// The variables of the VM.
fn of_environment(machine: &Map<String, Value>, plugin: &mut Plugin<'_>) {
    const PLACE: &str = "vm_config.environment_variables";
    let environment = match machine.get("environment_variables") {
        None | Some(Value::Null) => return,
        Some(Value::Object(environment)) => environment,
        Some(_) => return plugin.fault(&format!("{PLACE}: must be a mapping of fields")),
    };
    plugin.unknown(environment, &format!("{PLACE}."), &OF_ENVIRONMENT);
    let values = match environment.get("key_values") {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(values)) => values,
        Some(_) => return plugin.fault(&format!("{PLACE}.key_values: must be a mapping")),
    };
    for (name, value) in values.iter().filter(|(_, value)| !value.is_string()) {
        let quoted = format!("must be text, as in {name}: \"{value}\"");
        plugin.fault(&format!("{PLACE}.key_values.{name}: {quoted}"));
    }
    let mut known = std::collections::BTreeSet::new();
    let keys = environment.get("host_env_keys").and_then(Value::as_array);
    for key in keys.into_iter().flatten().filter_map(Value::as_str) {
        if values.contains_key(key) || !known.insert(key) {
            plugin.fault(&format!("{PLACE}.host_env_keys: `{key}` is there twice"));
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
        return plugin.fault(&format!("failure_policy: must be one of {}", POLICIES.join(", ")));
    };
    let says = "lets every request pass once the filter has failed";
    match (opens, *policy) {
        (true, "UNSPECIFIED") => plugin.tell(Level::Warning, &format!("fail_open: {says}")),
        (true, _) => {
            let what = "is the old way to say `failure_policy`: give one of the two";
            plugin.fault(&format!("fail_open: {what}"));
        }
        (false, "FAIL_OPEN") => plugin.tell(Level::Warning, &format!("failure_policy: {says}")),
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
                found.push((Level::Fault, format!("{path}.{name}: {what}")));
            }
        }
    });
}
