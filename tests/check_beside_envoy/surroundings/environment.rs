use serde_json::{Value, json};

use super::plugin;
use crate::check_beside_envoy::case::{Changed, Good, Refused, RefusedInWords};
use crate::harness::configuration;

/// A header-transform that refers to `KEY`, in a VM with these variables.
fn refers(tree: &mut Value, variables: Value) {
    plugin(tree)["vm_config"]["environment_variables"] = variables;
    plugin(tree)["configuration"]["value"]["rules"][0]["request"][0]["set"]["value"] =
        json!({"env": "KEY"});
}

pub(crate) const ALL: &[Changed] = &[
    Changed {
        case: "a variable with its value",
        filters: &["header-transform"],
        change: |tree| refers(tree, json!({"key_values": {"KEY": "a"}})),
        verdict: Good,
    },
    Changed {
        case: "a variable that Envoy has",
        filters: &["header-transform"],
        change: |tree| {
            refers(tree, json!({"host_env_keys": ["PATH"]}));
            plugin(tree)["configuration"]["value"]["rules"][0]["request"][0]["set"]["value"] =
                json!({"env": "PATH"});
        },
        verdict: Good,
    },
    Changed {
        case: "a variable in another spelling of the fields",
        filters: &["header-transform"],
        change: |tree| {
            refers(tree, Value::Null);
            let machine = plugin(tree)["vm_config"].as_object_mut().expect("a machine");
            machine.remove("environment_variables");
            machine.insert("environmentVariables".to_owned(), json!({"keyValues": {"KEY": "a"}}));
        },
        verdict: Good,
    },
    Changed {
        case: "a variable that is not there",
        filters: &["header-transform"],
        change: |tree| refers(tree, json!({"key_values": {"KEYS": "a"}})),
        verdict: Refused("rules[0].request[0].set.value: the VM has no variable `KEY`"),
    },
    Changed {
        case: "a variable whose name has another case",
        filters: &["header-transform"],
        change: |tree| refers(tree, json!({"key_values": {"key": "a"}})),
        verdict: Refused("rules[0].request[0].set.value: the VM has no variable `KEY`"),
    },
    Changed {
        case: "a variable that is empty",
        filters: &["header-transform"],
        change: |tree| refers(tree, json!({"key_values": {"KEY": ""}})),
        verdict: Refused("rules[0].request[0].set.value: the variable `KEY` is empty"),
    },
    Changed {
        case: "a variable with a line in it",
        filters: &["header-transform"],
        change: |tree| refers(tree, json!({"key_values": {"KEY": "a\nb"}})),
        verdict: Refused("rules[0].request[0].set.value: must not contain CR, LF"),
    },
    Changed {
        case: "a variable that the plugin may not read",
        filters: &["header-transform"],
        change: |tree| {
            refers(tree, json!({"key_values": {"KEY": "a"}}));
            configuration::forbid(tree, &["environ_sizes_get"]);
        },
        verdict: Refused("capability_restriction_config must allow `environ_sizes_get`"),
    },
    Changed {
        case: "a variable of both kinds",
        filters: &["header-transform"],
        change: |tree| {
            refers(tree, json!({"key_values": {"KEY": "a"}, "host_env_keys": ["KEY"]}));
        },
        verdict: RefusedInWords {
            check: "vm_config.environment_variables.host_env_keys: `KEY` is there twice",
            envoy: "is duplicated in",
        },
    },
    Changed {
        case: "a key set in a variable",
        filters: &["jwt-auth"],
        change: |tree| {
            let keys = plugin(tree)["configuration"]["value"]["providers"][0]["jwks"].take();
            let variables = json!({"key_values": {"JWKS": keys.to_string()}});
            plugin(tree)["vm_config"]["environment_variables"] = variables;
            plugin(tree)["configuration"]["value"]["providers"][0]["jwks"] = json!({"env": "JWKS"});
        },
        verdict: Good,
    },
];
