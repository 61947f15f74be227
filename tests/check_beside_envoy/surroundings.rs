/// The plugin of a filter, and the machine that it runs in.
mod plugins;

/// What the VM of a plugin has in its environment.
mod environment;

/// What a plugin may do of Envoy, and may not.
mod capabilities;

/// Chains of filters, and what they are behind.
mod chains;

/// Caches, and what would change their answers.
mod caches;

/// Routes and clusters.
mod routes;

use serde_json::Value;

use super::case::Changed;

/// Every change.
pub(crate) fn all() -> Vec<&'static Changed> {
    [plugins::ALL, environment::ALL, capabilities::ALL, chains::ALL, caches::ALL, routes::ALL]
        .into_iter()
        .flatten()
        .collect()
}

/// Those that only JSON can say.
pub(crate) fn in_json() -> &'static [Changed] {
    plugins::IN_JSON
}

/// The connection manager.
fn manager(tree: &mut Value) -> &mut Value {
    &mut tree["filter_chains"][0]["filters"][0]["typed_config"]
}

/// The first filter.
fn filter(tree: &mut Value) -> &mut Value {
    &mut manager(tree)["http_filters"][0]
}

/// Its plugin.
fn plugin(tree: &mut Value) -> &mut Value {
    &mut filter(tree)["typed_config"]["config"]
}

/// The list of filters.
fn filters(tree: &mut Value) -> &mut Vec<Value> {
    manager(tree)["http_filters"].as_array_mut().expect("a list")
}

/// The route.
fn route(tree: &mut Value) -> &mut Value {
    &mut manager(tree)["route_config"]["virtual_hosts"][0]["routes"][0]
}
