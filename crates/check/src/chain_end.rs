//! The end of a chain of filters, and the names in it.

use serde_json::Value;

use super::found::Found;
use super::placed::walk;

const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/// Chains in which the router, which ends them, is not the last one, and filters without a name.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    walk(tree, "", &mut |path, value| {
        if path.ends_with(".http_filters")
            && let Value::Array(filters) = value
        {
            found.extend(of_chain(path, filters));
        }
    });
    found
}

fn of_chain(path: &str, filters: &[Value]) -> Vec<Found> {
    let mut found = Vec::new();
    let last = filters.len().saturating_sub(1);
    for (index, filter) in filters.iter().enumerate() {
        let kind = filter.pointer("/typed_config/@type").and_then(Value::as_str);
        let name = filter.get("name").and_then(Value::as_str).unwrap_or_default();
        let at = format!("{path}[{index}]");
        let mut fault = |what: &str| {
            found.push(Found::fault(format!("{at}{what}")).at(at.clone()));
        };
        if name.is_empty() {
            fault(".name: is required");
        }
        let is_router = kind == Some(ROUTER);
        if is_router && index != last {
            fault(": the router must be the last filter of its chain");
        }
        // What a filter of another kind is, only Envoy knows.
        if index == last && kind.is_some_and(|kind| kind.ends_with(".wasm.v3.Wasm")) {
            fault(": is the last filter of its chain: the router must be");
        }
    }
    found
}
