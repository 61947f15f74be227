use gatehouse_check::Level;

use serde_json::{Value, json};

use super::case::{Good, RefusedInWords, Verdict, Void, Whole, level, listener, plain};

pub(crate) const ALL: &[Whole] = &[
    Whole {
        case: "a file of nothing but an admin",
        ending: "yaml",
        text: || "admin: {}".to_owned(),
        verdict: Good,
    },
    Whole {
        case: "an open list",
        ending: "yaml",
        text: || "admin: {}\nx: [".to_owned(),
        verdict: RefusedInWords { check: "is not valid YAML", envoy: "yaml-cpp: error" },
    },
    Whole {
        case: "an alias of nothing",
        ending: "yaml",
        text: || "admin: *x".to_owned(),
        verdict: RefusedInWords { check: "is not valid YAML", envoy: "anchor is not defined" },
    },
    Whole {
        case: "nothing",
        ending: "yaml",
        text: String::new,
        verdict: RefusedInWords { check: "is empty", envoy: "Unable to convert YAML as JSON" },
    },
    Whole {
        case: "a list",
        ending: "yaml",
        text: || "- admin: {}".to_owned(),
        verdict: RefusedInWords {
            check: "must be a mapping of fields",
            envoy: "Unable to parse JSON",
        },
    },
    Whole {
        case: "YAML in a file that is not called so",
        ending: "conf",
        text: || "admin: {}".to_owned(),
        verdict: RefusedInWords { check: "is not valid JSON", envoy: "Unable to parse JSON" },
    },
    Whole {
        case: "JSON in a file that is called YAML",
        ending: "yml",
        text: || r#"{"admin": {}}"#.to_owned(),
        verdict: Good,
    },
    Whole {
        case: "a name twice in JSON",
        ending: "json",
        text: || r#"{"node": {"metadata": {"a": 1, "a": 2}}}"#.to_owned(),
        verdict: RefusedInWords { check: "`node.metadata.a` comes twice", envoy: "repeated" },
    },
    Whole {
        case: "a name twice in YAML",
        ending: "yaml",
        text: || "admin: {}\nadmin: {}".to_owned(),
        verdict: Void {
            level: level::FAULT,
            says: "`admin` comes twice: Envoy would take the last one",
            because: "its YAML takes the last of two, whatever was meant by the first",
        },
    },
    Whole {
        case: "a second document",
        ending: "yaml",
        text: || "admin: {}\n---\nnode: {}".to_owned(),
        verdict: Void {
            level: level::FAULT,
            says: "has another document: Envoy reads the first one only",
            because: "its YAML reads the first, whatever is in the second",
        },
    },
    Whole {
        case: "a byte order mark before JSON",
        ending: "json",
        text: || "\u{feff}{\"admin\": {}}".to_owned(),
        verdict: RefusedInWords { check: "begins with a byte order mark", envoy: "invalid JSON" },
    },
    Whole {
        case: "a byte order mark before YAML",
        ending: "yaml",
        text: || "\u{feff}admin: {}".to_owned(),
        verdict: Good,
    },
    Whole {
        case: "a list for a name",
        ending: "yaml",
        text: || "? [a]\n: 1".to_owned(),
        verdict: RefusedInWords { check: "a name must be a word", envoy: "bad conversion" },
    },
    Whole {
        case: "a merge key outside filters",
        ending: "yaml",
        text: || "admin: {<<: {ignore_global_conn_limit: true}}".to_owned(),
        verdict: RefusedInWords { check: "admin.<<: Envoy merges nothing", envoy: "<<" },
    },
    Whole { case: "64 levels in JSON", ending: "json", text: || nested(64), verdict: Good },
    Whole { case: "65 levels in JSON", ending: "json", text: || nested(65), verdict: Good },
    Whole { case: "99 levels in JSON", ending: "json", text: || nested(99), verdict: Good },
    Whole { case: "100 levels in JSON", ending: "json", text: || nested(100), verdict: Good },
    Whole { case: "101 levels in JSON", ending: "json", text: || nested(101), verdict: TOO_DEEP },
    Whole { case: "64 levels in YAML", ending: "yaml", text: || nested(64), verdict: Good },
    Whole { case: "65 levels in YAML", ending: "yaml", text: || nested(65), verdict: Good },
    Whole { case: "99 levels in YAML", ending: "yaml", text: || nested(99), verdict: Good },
    Whole { case: "100 levels in YAML", ending: "yaml", text: || nested(100), verdict: Good },
    Whole { case: "101 levels in YAML", ending: "yaml", text: || nested(101), verdict: TOO_DEEP },
    Whole {
        case: "64 levels, with the value that a filter writes",
        ending: "json",
        text: || nested_in_filter(64),
        verdict: Good,
    },
    Whole {
        case: "99 levels, with the value that a filter writes",
        ending: "json",
        text: || nested_in_filter(99),
        verdict: Good,
    },
    Whole {
        case: "100 levels, with the value that a filter writes",
        ending: "json",
        text: || nested_in_filter(100),
        verdict: Good,
    },
    Whole {
        case: "101 levels, with the value that a filter writes",
        ending: "json",
        text: || nested_in_filter(101),
        verdict: TOO_DEEP,
    },
    Whole {
        case: "a plugin's field that is nearly known",
        ending: "json",
        text: || plugin("allow_on_headers_stop_iteraton", "true"),
        verdict: RefusedInWords {
            check: "allow_on_headers_stop_iteraton: unknown field, did you mean \
             `allow_on_headers_stop_iteration`?",
            envoy: "allow_on_headers_stop_iteraton",
        },
    },
    Whole {
        case: "a plugin's field that is a text where a truth is meant",
        ending: "json",
        text: || plugin("allow_on_headers_stop_iteration", "\"maybe\""),
        verdict: RefusedInWords {
            check: "allow_on_headers_stop_iteration: must be true or false",
            envoy: "allow_on_headers_stop_iteration",
        },
    },
    Whole {
        case: "a failure policy that there is not",
        ending: "json",
        text: || plugin("failure_policy", "\"FAIL_RELAOD\""),
        verdict: RefusedInWords {
            check: "failure_policy: must be one of UNSPECIFIED, FAIL_RELOAD, FAIL_CLOSED, FAIL_OPEN",
            envoy: "unknown enum value: 'FAIL_RELAOD'",
        },
    },
    Whole {
        case: "a configuration of no type",
        ending: "json",
        text: || plugin("configuration", "{\"rules\": []}"),
        verdict: RefusedInWords {
            check: "configuration: needs an `@type`",
            envoy: "configuration",
        },
    },
    Whole {
        case: "a configuration that is a list",
        ending: "json",
        text: || {
            plugin(
                "configuration",
                r#"{"@type": "type.googleapis.com/google.protobuf.Struct", "value": []}"#,
            )
        },
        verdict: RefusedInWords {
            check: "configuration.value: must be a mapping",
            envoy: "configuration",
        },
    },
    Whole {
        case: "a configuration whose fields are not in a value",
        ending: "json",
        text: || {
            plugin(
                "configuration",
                r#"{"@type": "type.googleapis.com/google.protobuf.Struct", "rules": []}"#,
            )
        },
        verdict: RefusedInWords {
            check: "configuration: its fields must be in `value`",
            envoy: "configuration",
        },
    },
    Whole {
        case: "a text of a configuration that is a mapping",
        ending: "json",
        text: || {
            plugin(
                "configuration",
                r#"{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": {}}"#,
            )
        },
        verdict: RefusedInWords {
            check: "configuration.value: must be a string",
            envoy: "configuration",
        },
    },
    Whole {
        case: "bytes of a configuration that are no base64",
        ending: "json",
        text: || {
            plugin(
                "configuration",
                r#"{"@type": "type.googleapis.com/google.protobuf.BytesValue", "value": "?"}"#,
            )
        },
        verdict: RefusedInWords {
            check: "configuration.value: must be base64",
            envoy: "configuration",
        },
    },
    Whole {
        case: "a configuration of a type that there is not",
        ending: "json",
        text: || {
            plugin(
                "configuration",
                r#"{"@type": "type.googleapis.com/google.protobuf.Strukt", "value": {}}"#,
            )
        },
        verdict: RefusedInWords {
            check: "configuration: is a type.googleapis.com/google.protobuf.Strukt",
            envoy: "Strukt",
        },
    },
    Whole {
        case: "a filter of a type that there is not",
        ending: "json",
        text: || plugin("configuration", "{}").replace("wasm.v3.Wasm", "wasm.v2.Wasm"),
        verdict: RefusedInWords {
            check: "wasm.v2.Wasm: Envoy has no such type",
            envoy: "wasm.v2.Wasm",
        },
    },
    Whole {
        case: "two clusters of one name",
        ending: "yaml",
        text: || "static_resources: {clusters: [{name: a}, {name: a}]}".to_owned(),
        verdict: RefusedInWords {
            check: "static_resources.clusters[1].name: there is a cluster `a` already",
            envoy: "duplicate cluster",
        },
    },
    Whole {
        case: "listeners that come from elsewhere",
        ending: "yaml",
        text: || {
            let path = gatehouse_sandbox::workspace::root().join("Cargo.toml");
            format!(
                "node: {{id: a, cluster: b}}\ndynamic_resources: {{lds_config: \
                 {{path_config_source: {{path: {}}}}}}}",
                path.display()
            )
        },
        verdict: Void {
            level: Level::Warning,
            says: "listeners that come from `lds_config` are not seen",
            because: "they come when they come",
        },
    },
    Whole {
        case: "a variable that is a number",
        ending: "json",
        text: || {
            let variables = r#"{"key_values": {"KEY": 1}}"#;
            plugin("vm_config", &format!(r#"{{"environment_variables": {variables}}}"#))
        },
        verdict: RefusedInWords {
            check: "vm_config.environment_variables.key_values.KEY: must be text",
            envoy: "key_values",
        },
    },
    Whole {
        case: "variables under another name",
        ending: "json",
        text: || {
            let variables = r#"{"key_value": {"KEY": "1"}}"#;
            plugin("vm_config", &format!(r#"{{"environment_variables": {variables}}}"#))
        },
        verdict: RefusedInWords {
            check: "vm_config.environment_variables.key_value: unknown field, did you mean \
                    `key_values`?",
            envoy: "key_value",
        },
    },
];

/// Envoy's own limit is 100.
const TOO_DEEP: Verdict = RefusedInWords {
    check: "is nested deeper than 100, Envoy's own limit",
    envoy: "Unable to parse JSON",
};

/// So many mappings, one in the other.
fn nested(levels: usize) -> String {
    let inner = levels.saturating_sub(2);
    format!(r#"{{"node": {{"metadata": {}1{}}}}}"#, r#"{"a": "#.repeat(inner), "}".repeat(inner))
}

/// The same, most of them in the configuration of a filter.
fn nested_in_filter(levels: usize) -> String {
    let file = |value: Value| {
        let block =
            json!({"rules": [{"request": {"operations": [{"replace": {"value": value}}]}}]});
        let mut listener = listener("one", &[("body-transform", block)]);
        listener.as_object_mut().expect("a listener").remove("@type");
        json!({"static_resources": {"listeners": [listener]}})
    };
    let inner = levels.saturating_sub(depth(&file(json!(1))));
    file((0..inner).fold(json!(1), |inner, _| json!([inner]))).to_string()
}

/// How many mappings and lists stand one in the other.
fn depth(tree: &Value) -> usize {
    let deepest = match tree {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or_default() + 1
}

/// A file with a plugin in which this field is this.
fn plugin(field: &str, value: &str) -> String {
    let block = plain("{rules: [{response: [{remove: {name: x-a}}]}]}");
    let mut listener = listener("one", &[("header-transform", block)]);
    listener.as_object_mut().expect("a listener").remove("@type");
    let chain = &mut listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"];
    chain[0]["typed_config"]["config"][field] = serde_json::from_str(value).expect("JSON");
    json!({"static_resources": {"listeners": [listener]}}).to_string()
}
