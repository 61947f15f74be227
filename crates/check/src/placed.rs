//! Where Gatehouse's filters are: the chain of each connection manager, in the order in which
//! requests meet them.

use gatehouse_config_file::{GATEWAY, WasmFilter, joined, wasm_filters_in};
use serde_json::Value;

/// The filters of one connection manager.
pub(super) struct Chain<'a> {
    /// The connection manager, or what else has a list of filters.
    pub(super) manager: &'a Value,
    /// Its path from the top of the file.
    pub(super) path: String,
    pub(super) filters: Vec<Placed>,
}

/// A filter of ours with its own configuration.
pub(super) struct Placed {
    /// The filter's name, whatever module it is in.
    pub(super) filter: String,
    /// How lines call it: `filter gateway: filters[1].rate-limit`.
    pub(super) label: String,
    /// The path of its configuration from the top of the file.
    pub(super) path: String,
    pub(super) block: Value,
}

/// The chains of a tree that has this path in the file.
pub(super) fn chains<'a>(tree: &'a Value, path: &str) -> Vec<Chain<'a>> {
    let mut found = Vec::new();
    walk(tree, path, &mut |path, value| {
        if let Some(list) = value.get("http_filters") {
            let modules = wasm_filters_in(list, &joined(path, "http_filters"));
            let filters = modules.iter().flat_map(placed).collect();
            found.push(Chain { manager: value, path: path.to_owned(), filters });
        }
    });
    found
}

/// The filters of a module, each with its block; none where that is not JSON or not ours.
pub(super) fn placed(wasm: &WasmFilter) -> Vec<Placed> {
    let json = wasm.json().ok().and_then(|json| serde_json::from_slice(&json).ok());
    let Some(block): Option<Value> = json else { return Vec::new() };
    let filter = wasm.filter();
    if filter != GATEWAY {
        let ours = gatehouse_gateway::filter(filter).is_some();
        let label = format!("filter {filter}");
        return ours
            .then(|| Placed {
                filter: filter.to_owned(),
                label,
                path: wasm.places.configuration.clone(),
                block,
            })
            .into_iter()
            .collect();
    }
    let entries = block.get("filters").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut filters = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        for known in gatehouse_gateway::FILTERS {
            if let Some(block) = entry.get(known.name) {
                let place = format!("filters[{index}].{}", known.name);
                filters.push(Placed {
                    filter: known.name.to_owned(),
                    label: format!("filter {GATEWAY}: {place}"),
                    path: wasm.places.of_field(&place),
                    block: block.clone(),
                });
            }
        }
    }
    filters
}

/// The values in a value.
pub(super) fn children(tree: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match tree {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Every text below this field name, with its path.
pub(super) fn texts<'a>(tree: &'a Value, field: &str) -> Vec<(String, &'a str)> {
    let mut found = Vec::new();
    walk(tree, "", &mut |path, value| {
        let name = path.rsplit('.').next().unwrap_or_default();
        if let (true, Value::String(text)) = (name == field, value) {
            found.push((path.to_owned(), text.as_str()));
        }
    });
    found
}

/// Calls `visit` with every value and its path.
pub(super) fn walk<'a>(tree: &'a Value, path: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(path, tree);
    match tree {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| walk(item, &format!("{path}[{index}]"), visit)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            walk(value, &joined(path, name), visit);
        }),
        _ => {}
    }
}
