//! Changing what a filter is configured with, in a parsed Envoy config.

use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::{Packaging, workspace};
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::{Map, Value, json};

/// Replaces the filter's configuration by this `google.protobuf.Struct`.
#[track_caller]
pub(crate) fn set(tree: &mut Value, filter: &str, value: Value) {
    *configuration(tree, filter) =
        json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": value});
}

/// Replaces the filter's configuration by a `google.protobuf.StringValue` that holds JSON.
#[track_caller]
pub(crate) fn set_json(tree: &mut Value, filter: &str, text: &str) {
    *configuration(tree, filter) =
        json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text});
}

/// The shipped configuration of the filter, to be changed.
#[track_caller]
pub(crate) fn shipped<'a>(tree: &'a mut Value, filter: &str) -> &'a mut Value {
    configuration(tree, filter).get_mut("value").expect("a configuration has a value")
}

/// The filter as its own example has it, for a chain of several.
#[track_caller]
pub(crate) fn of_example(filter: &str) -> Value {
    let path = workspace::root().join(format!("envoy/{filter}.yaml"));
    let example = Example::load(&path).expect("the example");
    let list = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let filters = example.tree().pointer(list).and_then(Value::as_array);
    let named = filters.and_then(|filters| filters.iter().find(|it| it["name"] == filter));
    named.expect("the filter of the example").clone()
}

/// Replaces the filter's configuration by a `google.protobuf.BytesValue` that holds JSON.
#[track_caller]
pub(crate) fn set_bytes(tree: &mut Value, filter: &str, text: &str) {
    let bytes = Base64::encode_to_string(text).expect("it fits");
    *configuration(tree, filter) =
        json!({"@type": "type.googleapis.com/google.protobuf.BytesValue", "value": bytes});
}

/// Lets every filter do everything but this. All of them, because a module is restricted as a
/// whole: what one filter of a gateway may do, all may.
#[track_caller]
pub(crate) fn forbid(tree: &mut Value, capabilities: &[&str]) {
    for name in capabilities {
        assert!(CAPABILITIES.contains(name), "there is no capability {name}");
    }
    let allowed: Map<String, Value> = CAPABILITIES
        .iter()
        .filter(|name| !capabilities.contains(name))
        .map(|name| ((*name).to_owned(), json!({})))
        .collect();
    restrict(tree, &json!({"allowed_capabilities": allowed}));
}

fn restrict(tree: &mut Value, restriction: &Value) {
    if tree.get("vm_config").is_some() {
        tree["capability_restriction_config"] = restriction.clone();
    }
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| restrict(item, restriction)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| restrict(field, restriction));
        }
        _ => {}
    }
}

/// All that a module of ours may ask of Envoy, and Envoy of it.
const CAPABILITIES: [&str; 46] = [
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "random_get",
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_grpc_call",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_done",
    "proxy_on_grpc_close",
    "proxy_on_grpc_receive",
    "proxy_on_http_call_response",
    "proxy_on_log",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_response_body",
    "proxy_on_response_headers",
    "proxy_on_response_trailers",
    "proxy_on_tick",
    "proxy_on_vm_start",
];

/// Adds a cluster of one endpoint on this machine.
#[track_caller]
pub(crate) fn add_cluster(tree: &mut Value, name: &str, port: u16) {
    let address = json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let endpoints = json!([{"lb_endpoints": [{"endpoint": {"address": address}}]}]);
    let cluster = json!({"name": name, "type": "STATIC", "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints}});
    let clusters = tree.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
    clusters.expect("the config has clusters").push(cluster);
}

/// The same of one that is spoken to in HTTP/2, for all requests that ask for it: with
/// `x-upstream`, and its name for a value.
#[track_caller]
pub(crate) fn route_to_http2(tree: &mut Value, name: &str, port: u16) {
    add_cluster(tree, name, port);
    let clusters = tree.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
    let cluster = clusters.and_then(|clusters| clusters.last_mut()).expect("it was added");
    cluster["typed_extension_protocol_options"] = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        },
    });
    let routes = tree
        .pointer_mut(
            "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config\
             /virtual_hosts/0/routes",
        )
        .and_then(Value::as_array_mut);
    let asks = json!({"name": "x-upstream", "string_match": {"exact": name}});
    routes.expect("the config has routes").insert(
        0,
        json!({"match": {"prefix": "/", "headers": [asks]}, "route": {"cluster": name}}),
    );
}

/// The same of one that is spoken to in TLS.
#[track_caller]
pub(crate) fn add_tls_cluster(tree: &mut Value, name: &str, port: u16) {
    add_cluster(tree, name, port);
    let clusters = tree.pointer_mut("/static_resources/clusters").and_then(Value::as_array_mut);
    let cluster = clusters.and_then(|clusters| clusters.last_mut()).expect("it was added");
    cluster["transport_socket"] = json!({"name": "envoy.transport_sockets.tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    }});
}

/// Has Envoy keep trailers of HTTP/1.1, those of clients and those for the first cluster.
#[track_caller]
pub(crate) fn keep_trailers(tree: &mut Value) {
    let manager = tree
        .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .expect("a connection manager");
    manager["http_protocol_options"] = json!({"enable_trailers": true});
    tree["static_resources"]["clusters"][0]["typed_extension_protocol_options"] = json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http_protocol_options": {"enable_trailers": true}},
        },
    });
}

/// Has Envoy let names with an underscore through, as it does unless told otherwise.
#[track_caller]
pub(crate) fn allow_underscores(tree: &mut Value) {
    let manager = tree
        .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .expect("a connection manager");
    manager["common_http_protocol_options"] = json!({"headers_with_underscores_action": "ALLOW"});
}

/// The `PluginConfig` of the filter.
#[track_caller]
pub(crate) fn plugin_config<'a>(tree: &'a mut Value, filter: &str) -> &'a mut Map<String, Value> {
    plugin(tree, filter)
        .and_then(Value::as_object_mut)
        .unwrap_or_else(|| panic!("the config has {filter}"))
}

/// The path of the filter's module.
#[track_caller]
pub(crate) fn module<'a>(tree: &'a mut Value, filter: &str) -> &'a mut Value {
    plugin(tree, filter)
        .and_then(|plugin| plugin.pointer_mut("/vm_config/code/local/filename"))
        .unwrap_or_else(|| panic!("the config has a module of {filter}"))
}

/// What Envoy's log says of this fault in the filter's configuration. A gateway says before it in
/// which entry of its list the filter is.
#[track_caller]
pub(crate) fn fault_in_log(filter: &str, fault: &str) -> String {
    match Packaging::from_env().unwrap_or_else(|fault| panic!("{fault}")) {
        Packaging::Separate => format!("{filter}: {fault}"),
        Packaging::Gateway => format!("].{filter}.{fault}"),
    }
}

#[track_caller]
fn configuration<'a>(tree: &'a mut Value, filter: &str) -> &'a mut Value {
    plugin(tree, filter)
        .and_then(|plugin| plugin.get_mut("configuration"))
        .unwrap_or_else(|| panic!("the config configures {filter}"))
}

/// The `PluginConfig` with this name, wherever it is.
fn plugin<'a>(tree: &'a mut Value, filter: &str) -> Option<&'a mut Value> {
    if tree.get("vm_config").is_some() && tree.get("name").is_some_and(|name| name == filter) {
        return Some(tree);
    }
    match tree {
        Value::Array(items) => items.iter_mut().find_map(|item| plugin(item, filter)),
        Value::Object(fields) => fields.values_mut().find_map(|field| plugin(field, filter)),
        _ => None,
    }
}
