//! What comes from elsewhere, and is not in the file.

use serde_json::Value;

use super::Level::Warning;
use super::found::Found;
use super::placed::walk;

/// Listeners and filters that a server sends: a file that has them is not the whole config.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    for (place, what) in [
        ("/dynamic_resources/lds_config", "listeners that come from `lds_config` are not seen"),
        ("/dynamic_resources/ads_config", "what comes from `ads_config` is not seen"),
    ] {
        if tree.pointer(place).is_some() {
            let path = place.trim_start_matches('/').replace('/', ".");
            found.push(Found::warning(what).at(path));
        }
    }
    walk(tree, "", &mut |path, value| {
        if path.ends_with(".config_discovery") && value.is_object() {
            let what = "a filter that comes from elsewhere is not seen";
            found.push(Found::in_file(Warning, path, what));
        }
    });
    found
}
