//! Clusters that are named and are not there.

use std::collections::BTreeSet;

use gatehouse_sandbox::example::WasmFilter;
use serde_json::Value;

use super::placed::{placed, texts, walk};
use super::{Found, Level};

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
    for filter in filters.iter().flat_map(placed) {
        for (path, cluster) in texts(&filter.block, "cluster") {
            if !known.contains(cluster) {
                found.push((
                    Level::Fault,
                    format!("{}: {path}: there is no cluster `{cluster}`", filter.label),
                ));
            }
        }
    }
    walk(tree, "", &mut |path, value| {
        if !path.ends_with(".route.cluster") || !path.contains("virtual_hosts[") {
            return;
        }
        if let Value::String(cluster) = value
            && !known.contains(cluster)
        {
            found.push((Level::Fault, format!("{path}: there is no cluster `{cluster}`")));
        }
    });
    found
}
