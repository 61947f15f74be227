//! What comes from elsewhere, and is not in the file.

use serde_json::Value;

use super::placed::walk;
use super::{Found, Level};

/// Listeners and filters that a server sends: a file that has them is not the whole config.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    for (place, what) in [
        ("/dynamic_resources/lds_config", "listeners that come from `lds_config` are not seen"),
        ("/dynamic_resources/ads_config", "what comes from `ads_config` is not seen"),
    ] {
        if tree.pointer(place).is_some() {
            found.push((Level::Warning, what.to_owned()));
        }
    }
    walk(tree, "", &mut |path, value| {
        if path.ends_with(".config_discovery") && value.is_object() {
            let what = "a filter that comes from elsewhere is not seen";
            found.push((Level::Warning, format!("{path}: {what}")));
        }
    });
    found
}
