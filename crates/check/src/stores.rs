//! Response caches that have one store and take it for stores of different sizes.

use std::collections::BTreeMap;

use gatehouse_config_file::{joined, wasm_filters_in};
use serde_json::Value;

use super::environment::Offline;
use super::found::Found;
use super::placed::{placed, walk};

const CACHE: &str = "response-cache";

/// A cache, where the file has it.
struct Cache {
    label: String,
    /// The path of its configuration.
    path: String,
    place: String,
    slots: u32,
}

/// What has one `vm_id` and one name is one store: whoever starts with another number of slots
/// empties what the others have stored.
pub(super) fn check(tree: &Value) -> Vec<Found> {
    let mut stores: BTreeMap<(String, String), Cache> = BTreeMap::new();
    let mut found = Vec::new();
    walk(tree, "", &mut |place, value| {
        // A plugin, whatever is around it.
        let Some(machine) = value.pointer("/config/vm_config") else { return };
        let machine = machine.get("vm_id").and_then(Value::as_str).unwrap_or_default();
        let Some(wasm) = wasm_filters_in(value, place).into_iter().next() else { return };
        let environment = Offline::of(&wasm);
        for placed in placed(&wasm) {
            let store = (placed.filter == CACHE)
                .then(|| gatehouse_response_cache::shared_store(&placed.block, &environment))
                .flatten();
            let Some((name, slots)) = store else { continue };
            let cache =
                Cache { label: placed.label, path: placed.path, place: place.to_owned(), slots };
            let store = (machine.to_owned(), name);
            match stores.get(&store) {
                Some(other) if other.slots != cache.slots => {
                    let fault = Found::fault(other.differs(&cache, &store));
                    found.push(fault.at(joined(&cache.path, "store.objects")));
                }
                Some(_) => {}
                None => drop(stores.insert(store, cache)),
            }
        }
    });
    found
}

impl Cache {
    fn differs(&self, other: &Self, (machine, name): &(String, String)) -> String {
        format!(
            "{}: store.objects: {} in {}, and {} in {}: both have the store `{name}` of the vm_id \
             `{machine}`, and each empties it for the other; give both one number, or one of them \
             another `store.name`",
            other.label, other.slots, other.place, self.slots, self.place
        )
    }
}
