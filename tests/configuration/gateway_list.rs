use gatehouse_sandbox::example::{self, Example, GATEWAY};
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

use super::{check, scratch};
use crate::harness::configuration;

/// The config whose filters these cases put into one gateway.
pub(crate) const CONFIG: &str = "envoy/envoy.yaml";

/// A change that spoils the gateway's list of filters, and what must be said of it.
pub(crate) struct Spoiled {
    pub(crate) case: &'static str,
    change: fn(&mut Value),
    pub(crate) fault: &'static str,
}

pub(crate) const SPOILED: [Spoiled; 7] = [
    Spoiled {
        case: "an unknown filter",
        change: |filters| filters[3] = json!({"rate-limt": filters[3]["rate-limit"]}),
        fault: "filters[3].rate-limt: unknown field, did you mean `rate-limit`?",
    },
    Spoiled {
        case: "an empty list",
        change: |filters| *filters = json!([]),
        fault: "filters: must not be empty",
    },
    Spoiled {
        case: "an entry without a filter",
        change: |filters| filters[1] = json!({"name": "jwt-auth"}),
        fault: "filters[1]: must have one filter: ",
    },
    Spoiled {
        case: "an entry with two filters",
        change: |filters| filters[0]["jwt-auth"] = filters[1]["jwt-auth"].take(),
        fault: "filters[0]: has api-key-auth, jwt-auth: give each an entry of its own",
    },
    Spoiled {
        case: "the same filter twice",
        change: |filters| again(filters, 3),
        fault: "filters[8]: a filter before this one is called `rate-limit` too: give",
    },
    Spoiled {
        case: "the same name twice",
        change: |filters| {
            filters[3]["name"] = json!("limits");
            again(filters, 3);
        },
        fault: "filters[8].name: a filter before this one is called `limits` too: give",
    },
    Spoiled {
        case: "a fault of a filter",
        change: |filters| filters[3]["rate-limit"]["rules"][0]["limits"][0]["window"] = json!(60),
        fault: "filters[3].rate-limit.rules[0].limits[0].window: must be a duration with a unit",
    },
];

/// Adds the entry at this place once more, as the last.
fn again(filters: &mut Value, place: usize) {
    let entry = filters[place].clone();
    filters.as_array_mut().expect("the filters are a list").push(entry);
}

impl Spoiled {
    /// Puts the filters of the shipped config into one gateway, without the one that only counts:
    /// the places are those of the filters that decide. Then it spoils the list.
    pub(crate) fn spoil(&self, tree: &mut Value) {
        example::bundle(tree, &workspace::filter_names().expect("the filters"));
        let filters = &mut configuration::shipped(tree, GATEWAY)["filters"];
        let list = filters.as_array_mut().expect("the filters are a list");
        list.retain(|entry| entry.get("telemetry").is_none());
        (self.change)(filters);
    }
}

#[test]
fn check_tells_what_is_wrong_with_the_list_of_a_gateway() {
    for spoiled in &SPOILED {
        let mut example = Example::load(&workspace::root().join(CONFIG)).expect("the example");
        spoiled.spoil(example.tree_mut());
        let path = scratch(GATEWAY);
        example.write(&path).expect("the spoiled config can be written");
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stdout);
        std::fs::remove_file(&path).expect("the spoiled config can be removed");
        let Spoiled { case, fault, .. } = spoiled;
        assert_eq!(output.status.code(), Some(1), "{case}: {said}");
        let wanted = format!("filter gateway: {fault}");
        assert!(said.contains(&wanted), "{case}: `{wanted}` is not in\n{said}");
    }
}
