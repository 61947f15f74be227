use serde_json::{Value, json};

use super::{filter, plugin};
use crate::check_beside_envoy::case::{
    Changed, Good, Refused, RefusedInWords, Void, good, level, plain,
};

const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";
const BYTES: &str = "type.googleapis.com/google.protobuf.BytesValue";

/// A header-transform whose configuration is this.
fn configuration(tree: &mut Value, configuration: Value) {
    plugin(tree)["configuration"] = configuration;
}

/// A configuration as text, so many mappings and lists one in the other.
fn nested_text(levels: usize) -> Value {
    let inner = levels - 7;
    let deep = format!("{}1{}", "[".repeat(inner), "]".repeat(inner));
    let text = format!(
        r#"{{"rules": [{{"request": {{"operations": [{{"replace": {{"value": {deep}}}}}]}}}}]}}"#
    );
    json!({"@type": STRING, "value": text})
}

pub(crate) const ALL: &[Changed] = &[
    Changed {
        case: "a plugin as it should be",
        filters: &["jwt-auth"],
        change: |_| {},
        verdict: Good,
    },
    Changed {
        case: "a configuration as text",
        filters: &["header-transform"],
        change: |tree| {
            let text = plain(good("header-transform")).to_string();
            configuration(tree, json!({"@type": STRING, "value": text}));
        },
        verdict: Good,
    },
    Changed {
        case: "a configuration as bytes",
        filters: &["header-transform"],
        change: |tree| {
            let value = "eyJydWxlcyI6W3sicmVzcG9uc2UiOlt7InJlbW92ZSI6eyJuYW1lIjoieC1hIn19XX1dfQ";
            configuration(tree, json!({"@type": BYTES, "value": value}));
        },
        verdict: Good,
    },
    Changed {
        case: "a configuration as text that has a name twice",
        filters: &["header-transform"],
        change: |tree| {
            let text = r#"{"rules": [{"response": [{"remove": {"name": "a", "name": "b"}}]}]}"#;
            configuration(tree, json!({"@type": STRING, "value": text}));
        },
        verdict: Refused("`rules[0].response[0].remove.name` comes twice"),
    },
    Changed {
        case: "a configuration as text that is YAML",
        filters: &["header-transform"],
        change: |tree| configuration(tree, json!({"@type": STRING, "value": "rules: []"})),
        verdict: Refused("expected value at line 1 column 1"),
    },
    Changed {
        case: "a configuration as text that is nested as deep as a file may be",
        filters: &["body-transform"],
        change: |tree| configuration(tree, nested_text(100)),
        verdict: Good,
    },
    Changed {
        case: "a configuration as text that is nested too deep",
        filters: &["body-transform"],
        change: |tree| configuration(tree, nested_text(200)),
        verdict: Refused("recursion limit exceeded"),
    },
    Changed {
        case: "a configuration as bytes that are none",
        filters: &["header-transform"],
        change: |tree| configuration(tree, json!({"@type": BYTES, "value": "AAAA"})),
        verdict: Refused("expected value at line 1 column 1"),
    },
    Changed {
        case: "a plugin without a configuration",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree).as_object_mut().expect("a plugin").remove("configuration");
        },
        verdict: Refused("rules: is required"),
    },
    Changed {
        case: "an empty text for a configuration",
        filters: &["header-transform"],
        change: |tree| configuration(tree, json!({"@type": STRING, "value": ""})),
        verdict: Refused("rules: is required"),
    },
    Changed {
        case: "a configuration of another type",
        filters: &["header-transform"],
        change: |tree| {
            let kind = "type.googleapis.com/google.protobuf.Duration";
            configuration(tree, json!({"@type": kind, "value": "1s"}));
        },
        verdict: RefusedInWords {
            check: "configuration: is a type.googleapis.com/google.protobuf.Duration",
            envoy: "is neither a google.protobuf.Struct nor a StringValue or BytesValue of JSON",
        },
    },
    Changed {
        case: "a filter in the form in which Istio delivers it",
        filters: &["header-transform"],
        change: |tree| {
            let config = plugin(tree).take();
            filter(tree)["typed_config"] = json!({
                "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
                "type_url": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "value": {"config": config},
            });
        },
        verdict: Good,
    },
    Changed {
        case: "a fault of a filter in that form",
        filters: &["header-transform"],
        change: |tree| {
            configuration(tree, json!({"@type": STRUCT, "value": {"rules": [{}]}}));
            let config = plugin(tree).take();
            filter(tree)["typed_config"] = json!({
                "@type": "type.googleapis.com/xds.type.v3.TypedStruct",
                "type_url": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "value": {"config": config},
            });
        },
        verdict: Refused("rules[0]: must have operations"),
    },
    Changed {
        case: "a fault of a filter whose fields are spelt as protobuf does in JSON",
        filters: &["header-transform"],
        change: |tree| {
            configuration(tree, json!({"@type": STRUCT, "value": {"rules": [{}]}}));
            let fields = plugin(tree).as_object_mut().expect("a plugin");
            let vm = fields.remove("vm_config").expect("a machine");
            fields.insert("vmConfig".to_owned(), vm);
            let fields = filter(tree).as_object_mut().expect("a filter");
            let config = fields.remove("typed_config").expect("a configuration");
            fields.insert("typedConfig".to_owned(), config);
        },
        verdict: Refused("rules[0]: must have operations"),
    },
    Changed {
        case: "another runtime",
        filters: &["header-transform"],
        change: |tree| plugin(tree)["vm_config"]["runtime"] = json!("envoy.wasm.runtime.wamr"),
        verdict: RefusedInWords {
            check: "vm_config.runtime: Envoy has no `envoy.wasm.runtime.wamr`",
            envoy: "Unable to create Wasm plugin",
        },
    },
    Changed {
        case: "no runtime, which is V8",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree)["vm_config"].as_object_mut().expect("a machine").remove("runtime");
        },
        verdict: Good,
    },
    Changed {
        case: "no module",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree)["vm_config"].as_object_mut().expect("a machine").remove("code");
        },
        verdict: RefusedInWords { check: "vm_config.code: is required", envoy: "" },
    },
    Changed {
        case: "fail_open and failure_policy",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree)["fail_open"] = json!(true);
            plugin(tree)["failure_policy"] = json!("FAIL_RELOAD");
        },
        verdict: RefusedInWords {
            check: "fail_open: is the old way to say `failure_policy`: give one of the two",
            envoy: "",
        },
    },
    Changed {
        case: "a machine that is made anew",
        filters: &["jwt-auth"],
        change: |tree| plugin(tree)["failure_policy"] = json!("FAIL_RELOAD"),
        verdict: Good,
    },
    Changed {
        case: "a failure policy in small letters",
        filters: &["jwt-auth"],
        change: |tree| plugin(tree)["failure_policy"] = json!("fail_reload"),
        verdict: Good,
    },
    Changed {
        case: "a failure policy by its number",
        filters: &["jwt-auth"],
        change: |tree| plugin(tree)["failure_policy"] = json!(1),
        verdict: Good,
    },
    Changed {
        case: "heads that are held, and the plugin may by a text",
        filters: &["body-transform"],
        change: |tree| {
            plugin(tree)["allow_on_headers_stop_iteration"] = json!("true");
            plugin(tree)["configuration"]["value"]["hold_heads"] = json!(true);
        },
        verdict: Good,
    },
    Changed {
        case: "a guard that a failure opens",
        filters: &["jwt-auth"],
        change: |tree| plugin(tree)["failure_policy"] = json!("FAIL_OPEN"),
        verdict: Void {
            level: level::WARNING,
            says: "failure_policy: lets every request pass once the filter has failed",
            because: "it is what was asked for",
        },
    },
    Changed {
        case: "a guard that a failure opens, in the old way",
        filters: &["jwt-auth"],
        change: |tree| plugin(tree)["fail_open"] = json!(true),
        verdict: Void {
            level: level::WARNING,
            says: "fail_open: lets every request pass once the filter has failed",
            because: "it is what was asked for",
        },
    },
    Changed {
        case: "a failure that opens does not open a configuration that is refused",
        filters: &["header-transform"],
        change: |tree| {
            configuration(tree, json!({"@type": STRUCT, "value": {"rules": [{}]}}));
            plugin(tree)["fail_open"] = json!(true);
        },
        verdict: Refused("rules[0]: must have operations"),
    },
    Changed {
        case: "no capability at all, which is no restriction",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree)["capability_restriction_config"] = json!({"allowed_capabilities": {}});
        },
        verdict: Good,
    },
    Changed {
        case: "two plugins of one name",
        filters: &["header-transform", "rate-limit"],
        change: |_| {},
        verdict: Good,
    },
    Changed {
        case: "a module that is nearly ours",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree)["vm_config"]["code"]["local"]["filename"] =
                json!("/etc/gatehouse/filters/header_transform.wasm");
        },
        verdict: RefusedInWords {
            check: "is nearly `header-transform.wasm`; call it that",
            envoy: "header_transform.wasm",
        },
    },
    Changed {
        case: "the same module under the name that cargo gives it",
        filters: &["header-transform"],
        change: |tree| {
            plugin(tree)["vm_config"]["code"]["local"]["filename"] =
                json!("/etc/gatehouse/filters/gatehouse_header_transform.wasm");
        },
        verdict: RefusedInWords {
            check: "is nearly `header-transform.wasm`; call it that",
            envoy: "header_transform.wasm",
        },
    },
];

/// With numbers that YAML has not.
pub(crate) const IN_JSON: &[Changed] = &[
    Changed {
        case: "whole numbers with a point, in JSON",
        filters: &["rate-limit"],
        change: |tree| {
            let block = json!({"rules": [{"limits": [{"requests": 100.0, "window": "60s"}]}]});
            configuration(tree, json!({"@type": STRUCT, "value": block}));
        },
        verdict: Good,
    },
    Changed {
        case: "whole numbers with a point, in a text",
        filters: &["rate-limit"],
        change: |tree| {
            let text = r#"{"rules": [{"limits": [{"requests": 100.0, "window": "60s"}]}]}"#;
            configuration(tree, json!({"@type": STRING, "value": text}));
        },
        verdict: Refused("rules[0].limits[0].requests: must be written in digits alone, as 100"),
    },
    Changed {
        case: "a number that is none, in JSON",
        filters: &["rate-limit"],
        change: |tree| {
            let block = json!({"rules": [{"limits": [{"requests": 1.5, "window": "60s"}]}]});
            configuration(tree, json!({"@type": STRUCT, "value": block}));
        },
        verdict: Refused("rules[0].limits[0].requests: must be a whole number"),
    },
    Changed {
        case: "a number beyond 2^53, which no double holds",
        filters: &["rate-limit"],
        change: |tree| {
            let requests = json!(9_007_199_254_740_993_u64);
            let block = json!({"rules": [{"limits": [{"requests": requests, "window": "60s"}]}]});
            configuration(tree, json!({"@type": STRUCT, "value": block}));
        },
        verdict: Refused("rules[0].limits[0].requests: must be from 1 to 1000000000"),
    },
];
