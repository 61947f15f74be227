//! Clusters that are named and are not there.

use std::collections::BTreeSet;

use gatehouse_config_file::WasmFilter;
use serde_json::Value;

use super::Level::Fault;
use super::found::Found;
use super::placed::{placed, texts, walk};

/// Names of clusters that the file does not have. Nothing is said where clusters come from
/// elsewhere, or where the file is only a piece of a config.
pub(super) fn check(tree: &Value, filters: &[WasmFilter]) -> Vec<Found> {
    let comes_later = |field: &str| tree.pointer(&format!("/dynamic_resources/{field}")).is_some();
    if tree.get("static_resources").is_none()
        || comes_later("cds_config")
        || comes_later("ads_config")
    {
        return Vec::new();
    }
    let clusters = tree.pointer("/static_resources/clusters").and_then(Value::as_array);
    let name = |cluster: &Value| cluster.get("name").and_then(Value::as_str).map(str::to_owned);
    let known: BTreeSet<String> = clusters.into_iter().flatten().filter_map(name).collect();
    let mut found = Vec::new();
    let missing = |cluster: &str| {
        (!known.contains(cluster)).then(|| format!("there is no cluster `{cluster}`"))
    };
    for filter in filters.iter().flat_map(placed) {
        let named = ["cluster", "jwks_cluster"];
        for (path, cluster) in named.iter().flat_map(|field| texts(&filter.block, field)) {
            let told = missing(cluster);
            found.extend(told.map(|what| Found::in_filter(Fault, &filter, &path, &what)));
        }
    }
    let unchecked = unchecked(tree);
    walk(tree, "", &mut |path, value| {
        let is_checked = || !unchecked.iter().any(|config| path.starts_with(config));
        if let (true, Value::String(cluster)) = (is_of_route(path), value)
            && is_checked()
        {
            found.extend(missing(cluster).map(|what| Found::in_file(Fault, path, &what)));
        }
    });
    found
}

/// Where a route names a cluster that Envoy looks for when it reads the route.
fn is_of_route(path: &str) -> bool {
    let Some((_, place)) = path.rsplit_once("virtual_hosts[") else { return false };
    let item = |list: &str, field: &str| {
        place.ends_with(&format!("].{field}")) && place.contains(&format!(".{list}["))
    };
    place.ends_with(".route.cluster")
        || item("weighted_clusters.clusters", "name")
        || item("request_mirror_policies", "cluster")
}

/// The routes whose clusters Envoy does not look for.
fn unchecked(tree: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(tree, "", &mut |path, value| {
        if let (Some(config), Value::Bool(false)) = (path.strip_suffix("validate_clusters"), value)
        {
            found.push(config.to_owned());
        }
    });
    found
}
