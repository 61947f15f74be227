//! One filter on its way into a gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gatehouse_config_file::{EnvironmentVariables, GATEWAY, STRING, STRUCT, WasmFilter};
use serde_json::{Map, Value, json};

use crate::example::render::IMAGE_FILTERS;
use crate::workspace;

/// A filter whose configuration has been read, with the `PluginConfig` that it is from.
pub(super) struct Plugin {
    filter: String,
    /// The plugin's name, where it is not the filter's.
    given: Option<String>,
    /// What the filter's own module would get.
    block: Value,
    is_struct: bool,
    may_hold_heads: bool,
    environment: EnvironmentVariables,
    config: Value,
}

impl Plugin {
    /// `None` where there is no configuration that could be part of another.
    pub(super) fn read(wasm: WasmFilter, config: &Value) -> Option<Self> {
        let block = serde_json::from_slice(&wasm.json().ok()?).ok()?;
        let filter = wasm.filter().to_owned();
        Some(Self {
            is_struct: wasm.configuration.get("@type").is_some_and(|kind| kind == STRUCT),
            may_hold_heads: wasm.may_hold_heads,
            environment: wasm.environment,
            given: Some(wasm.name).filter(|name| !name.is_empty() && *name != filter),
            filter,
            block,
            config: config.clone(),
        })
    }

    /// The name that no other filter of the gateway may have.
    pub(super) fn name(&self) -> &str {
        self.given.as_deref().unwrap_or(&self.filter)
    }

    /// What it may do; `None` where that is everything, which is what an empty list means too.
    fn capabilities(&self) -> Option<&Map<String, Value>> {
        let machine = self.config.get("vm_config");
        let restriction = self.config.get(RESTRICTION).or_else(|| machine?.get(RESTRICTION))?;
        restriction.get(ALLOWED)?.as_object().filter(|allowed| !allowed.is_empty())
    }

    /// Whether that is said as Envoy 1.40 has it: of the VM.
    fn restricts_machine(&self) -> bool {
        self.config.get("vm_config").is_some_and(|machine| machine.get(RESTRICTION).is_some())
    }

    /// Its entry in the list `filters`.
    fn entry(&self) -> Value {
        let mut entry = Map::new();
        if let Some(name) = &self.given {
            entry.insert("name".to_owned(), json!(name));
        }
        entry.insert(self.filter.clone(), self.block.clone());
        Value::Object(entry)
    }
}

/// What a plugin may do: beside `vm_config` up to Envoy 1.39, and in it from 1.40 on.
const RESTRICTION: &str = "capability_restriction_config";
const ALLOWED: &str = "allowed_capabilities";

/// Whether a module is where the examples have theirs, or where the sandbox has them.
pub(super) fn is_in_a_known_folder(module: &str) -> bool {
    let folder = Path::new(module).parent();
    [Path::new(IMAGE_FILTERS), &workspace::filters()].iter().any(|known| folder == Some(known))
}

/// The `PluginConfig` of a gateway with these filters. What it has but once, such as the runtime and
/// the failure policy, is the first filter's. Its environment is that of all; where two have a
/// variable of one name, the first one's.
pub(super) fn joined(plugins: &[Plugin]) -> Value {
    let Some(first) = plugins.first() else { return Value::Null };
    let mut config = first.config.clone();
    if let Some(Value::String(path)) = config.pointer_mut("/vm_config/code/local/filename") {
        *path = Path::new(path).with_file_name(format!("{GATEWAY}.wasm")).display().to_string();
    }
    if let Some(id) = config.pointer_mut("/vm_config/vm_id") {
        *id = json!(format!("gatehouse.{GATEWAY}"));
    }
    let allowed = union(plugins).map(|allowed| json!({ALLOWED: allowed}));
    let (of_machine, of_plugin) = match plugins.iter().any(Plugin::restricts_machine) {
        true => (allowed, None),
        false => (None, allowed),
    };
    if let Some(machine) = config.get_mut("vm_config").and_then(Value::as_object_mut) {
        machine.extend(environment(plugins).map(|of| ("environment_variables".to_owned(), of)));
        machine.remove(RESTRICTION);
        machine.extend(of_machine.map(|of| (RESTRICTION.to_owned(), of)));
    }
    let Some(fields) = config.as_object_mut() else { return Value::Null };
    let mut set = |name: &str, value: Option<Value>| match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
    set("name", Some(json!(GATEWAY)));
    set("root_id", Some(json!(GATEWAY)));
    set("configuration", Some(configuration(plugins)));
    let may_hold_heads = plugins.iter().any(|plugin| plugin.may_hold_heads);
    set("allow_on_headers_stop_iteration", may_hold_heads.then_some(Value::Bool(true)));
    set(RESTRICTION, of_plugin);
    config
}

/// A Struct, unless a filter has its configuration as text: JSON says more than a Struct can hold.
fn configuration(plugins: &[Plugin]) -> Value {
    let filters: Vec<Value> = plugins.iter().map(Plugin::entry).collect();
    let whole = json!({"filters": filters});
    if plugins.iter().all(|plugin| plugin.is_struct) {
        return json!({"@type": STRUCT, "value": whole});
    }
    json!({"@type": STRING, "value": whole.to_string()})
}

/// The variables of all of them; `None` where there are none. What one of them has twice stays there
/// twice: it is for Envoy to refuse.
fn environment(plugins: &[Plugin]) -> Option<Value> {
    let (mut values, mut keys) = (BTreeMap::new(), BTreeSet::new());
    for (index, plugin) in plugins.iter().enumerate() {
        for (name, value) in &plugin.environment.key_values {
            values.entry(name).or_insert((index, value));
        }
    }
    for (index, plugin) in plugins.iter().enumerate() {
        let is_free = |name: &&String| values.get(name).is_none_or(|(of, _)| *of == index);
        keys.extend(plugin.environment.host_env_keys.iter().filter(is_free));
    }
    let values: BTreeMap<_, _> = values.iter().map(|(name, (_, value))| (name, value)).collect();
    let mut joined = Map::new();
    if !values.is_empty() {
        joined.insert("key_values".to_owned(), json!(values));
    }
    if !keys.is_empty() {
        joined.insert("host_env_keys".to_owned(), json!(keys));
    }
    (!joined.is_empty()).then_some(Value::Object(joined))
}

/// What any of them may do; `None` where one of them may do everything.
fn union(plugins: &[Plugin]) -> Option<Map<String, Value>> {
    let all: Option<Vec<_>> = plugins.iter().map(Plugin::capabilities).collect();
    Some(all?.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect())
}
