//! What a file must be, whatever is in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Level::Fault;
use super::found::Found;
use super::placed::walk;

/// Files that are no mapping, keys that merge nothing, and clusters of one name.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    match tree {
        Value::Null => return vec![Found::fault("is empty")],
        Value::Object(_) => {}
        _ => return vec![Found::fault("must be a mapping of fields").at("")],
    }
    let mut found = Vec::new();
    walk(tree, "", &mut |path, _| {
        // In a tree without a schema, and in a filter's configuration, it is a name like any other.
        let is_data = [".metadata.", ".configuration.", "json_format."];
        if path.ends_with(".<<") && !is_data.iter().any(|data| path.contains(data)) {
            let what = "Envoy merges nothing: write the fields out";
            found.push(Found::in_file(Fault, path, what));
        }
    });
    found.extend(clusters(tree));
    found
}

fn clusters(tree: &Value) -> Vec<Found> {
    let clusters = tree.pointer("/static_resources/clusters").and_then(Value::as_array);
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (index, cluster) in clusters.into_iter().flatten().enumerate() {
        let Some(name) = cluster.get("name").and_then(Value::as_str) else { continue };
        if !names.insert(name) {
            let place = format!("static_resources.clusters[{index}].name");
            let what = format!("there is a cluster `{name}` already");
            found.push(Found::in_file(Fault, &place, &what));
        }
    }
    found
}
