//! The other spellings of what a config says, made the one that is looked for.

use serde_json::{Map, Value};

/// Fields of Envoy's that are looked for. Envoy takes `vmConfig` for `vm_config`, as protobuf does
/// in JSON.
const FIELDS: [&str; 63] = [
    "access_log",
    "ads_config",
    "allow_on_headers_stop_iteration",
    "allow_precompiled",
    "allowed_capabilities",
    "and_filter",
    "append_action",
    "body_format",
    "body_format_override",
    "capability_restriction_config",
    "cds_config",
    "cluster_name",
    "config_discovery",
    "configuration",
    "default_filter_chain",
    "direct_response",
    "dynamic_resources",
    "environment_variables",
    "envoy_grpc",
    "extension_filter",
    "fail_open",
    "failure_policy",
    "filter_chains",
    "google_grpc",
    "headers_to_add",
    "host_env_keys",
    "http_filters",
    "http_uri",
    "inline_bytes",
    "inline_string",
    "is_optional",
    "key_values",
    "lds_config",
    "load_assignment",
    "local_reply_config",
    "nack_on_code_cache_miss",
    "or_filter",
    "original_ip_detection_extensions",
    "path_config_source",
    "per_request_buffer_limit_bytes",
    "port_value",
    "reload_config",
    "request_mirror_policies",
    "response_headers_to_add",
    "root_id",
    "route_config",
    "scoped_routes",
    "socket_address",
    "static_resources",
    "status_code",
    "text_format",
    "text_format_source",
    "type_url",
    "typed_config",
    "typed_per_filter_config",
    "upstream_http_filters",
    "use_remote_address",
    "validate_clusters",
    "virtual_hosts",
    "vm_config",
    "vm_id",
    "weighted_clusters",
    "xff_num_trusted_hops",
];

/// Fields of truths, in which Envoy reads texts as well.
const TRUTHS: [&str; 4] =
    ["allow_on_headers_stop_iteration", "fail_open", "use_remote_address", "validate_clusters"];

/// Messages that hold another one as a tree: the form in which Istio delivers filters.
const TYPED_STRUCTS: [&str; 2] =
    ["type.googleapis.com/xds.type.v3.TypedStruct", "type.googleapis.com/udpa.type.v1.TypedStruct"];

/// The same config in the spelling that is looked for. What a filter is configured with stays as it
/// is: there a name is a name.
pub(super) fn settle(tree: &Value) -> Value {
    match tree {
        Value::Array(items) => items.iter().map(settle).collect(),
        Value::Object(fields) => Value::Object(mapping(&typed(fields))),
        other => other.clone(),
    }
}

fn mapping(fields: &Map<String, Value>) -> Map<String, Value> {
    let is_plugin = fields.contains_key("vm_config") || fields.contains_key("vmConfig");
    let settled = |(name, value): (&String, &Value)| {
        let name = field(name);
        let value = match (name.as_str(), value) {
            ("configuration", value) if is_plugin => value.clone(),
            // Names of variables are names.
            ("key_values", value) => value.clone(),
            ("failure_policy", Value::String(word)) => {
                Value::from(word.to_ascii_uppercase().replace('-', "_"))
            }
            ("xff_num_trusted_hops", Value::String(digits)) => {
                digits.parse::<u32>().map_or_else(|_| value.clone(), Value::from)
            }
            (field, Value::String(word)) if TRUTHS.contains(&field) => {
                truth(word).map_or_else(|| value.clone(), Value::from)
            }
            _ => settle(value),
        };
        (name, value)
    };
    fields.iter().map(settled).collect()
}

/// The message that a tree stands for.
fn typed(fields: &Map<String, Value>) -> Map<String, Value> {
    let kind = fields.get("@type").and_then(Value::as_str).unwrap_or_default();
    let url = fields.get("type_url").or_else(|| fields.get("typeUrl"));
    match (url, fields.get("value")) {
        (Some(url), Some(Value::Object(value))) if TYPED_STRUCTS.contains(&kind) => {
            let mut message = value.clone();
            message.insert("@type".to_owned(), url.clone());
            message
        }
        _ => fields.clone(),
    }
}

/// `vm_config` for `vmConfig`.
fn field(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    if FIELDS.contains(&snake.as_str()) { snake } else { name.to_owned() }
}

/// A text that Envoy reads as a truth.
fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}
