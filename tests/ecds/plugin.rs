//! A plugin as Istio makes it of a `WasmPlugin` or a `TrafficExtension`.

use gatehouse_sandbox::Packaging;
use gatehouse_sandbox::example::{Example, Placement};
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

/// A resource of this name with the filter, whose configuration is JSON in a `StringValue`: pilot
/// marshals `pluginConfig`, and gives the VM no `vm_id`. The module is a file, which Istio's agent
/// has fetched. In the packaging that the environment says.
#[track_caller]
pub(super) fn extension(filter: &str, name: &str, configuration: &Value) -> Value {
    let path = workspace::root().join(format!("envoy/{filter}.yaml"));
    let mut example = Example::load(&path).expect("the example");
    let wasm = &mut list_of_filters(example.tree_mut())[0]["typed_config"]["config"];
    wasm["configuration"]["value"] = configuration.clone();
    if Packaging::from_env().expect("a packaging") == Packaging::Gateway {
        example.bundle().expect("filters that can be listed");
    }
    example.place(&Placement {
        port: 0,
        admin_port: 0,
        upstreams: Default::default(),
        filters: workspace::filters(),
    });
    let mut plugin = list_of_filters(example.tree_mut())[0]["typed_config"].take();
    let config = &mut plugin["config"];
    config["name"] = json!(name);
    config["vm_config"].as_object_mut().expect("a mapping").remove("vm_id");
    let json = config["configuration"]["value"].to_string();
    config["configuration"] =
        json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json});
    json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": name,
        "typed_config": plugin,
    })
}

/// The filters of the first listener.
#[track_caller]
pub(super) fn list_of_filters(tree: &mut Value) -> &mut Vec<Value> {
    filters_of(&mut tree["static_resources"]["listeners"][0])
}

/// The filters of a listener.
#[track_caller]
pub(super) fn filters_of(listener: &mut Value) -> &mut Vec<Value> {
    let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
    manager["http_filters"].as_array_mut().expect("a list of filters")
}
