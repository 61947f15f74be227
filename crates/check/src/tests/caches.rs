//! What the whole file makes of a cache.

use super::*;

#[test]
fn what_the_whole_file_makes_of_a_cache_is_told() {
    use serde_json::{Value, json};
    type Case = (&'static str, fn(&mut Value), Option<&'static str>);
    fn background(tree: &mut Value) -> &mut Value {
        let clusters = tree["static_resources"]["clusters"].as_array_mut().unwrap();
        clusters.iter_mut().find(|cluster| cluster["name"] == "gateway").unwrap()
    }
    let cases: [Case; 8] = [
        ("as it is shipped", |_| {}, None),
        (
            "its background is not there",
            |tree| background(tree)["name"] = json!("gatewey"),
            Some("filter response-cache: background.cluster: there is no cluster `gateway`"),
        ),
        (
            "its background is an upstream",
            |tree| {
                let path = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address\
                            /socket_address";
                background(tree).pointer_mut(path).unwrap()["port_value"] = json!(8000);
            },
            Some("background.cluster: `gateway` leads to no listener of this file"),
        ),
        (
            "its background has addresses that come later",
            |tree| drop(background(tree).as_object_mut().unwrap().remove("load_assignment")),
            None,
        ),
        (
            "a filter comes after it",
            |tree| {
                let list = tree.pointer_mut(&format!("{MANAGER}/http_filters")).unwrap();
                let mut other = list[0].clone();
                other["name"] = json!("coraza");
                other["typed_config"]["config"]["vm_config"]["code"]["local"]["filename"] =
                    json!("coraza.wasm");
                list.as_array_mut().unwrap().insert(1, other);
            },
            Some("filter response-cache: `coraza` comes after it"),
        ),
        (
            "the list of routes comes from elsewhere",
            |tree| {
                let manager = tree.pointer_mut(MANAGER).unwrap();
                drop(manager.as_object_mut().unwrap().remove("route_config"));
            },
            None,
        ),
        (
            "a weighted cluster appends to responses",
            |tree| {
                let routes = format!("{MANAGER}/route_config/virtual_hosts/0/routes/0/route");
                *tree.pointer_mut(&routes).unwrap() = json!({"weighted_clusters": {"clusters": [{
                    "name": "echo", "weight": 1,
                    "response_headers_to_add": [{"header": {"key": "x-a", "value": "1"}}],
                }]}});
            },
            Some("weighted_clusters.clusters[0].response_headers_to_add[0]: is appended"),
        ),
        (
            "hits are told by a field that they do not have",
            |tree| {
                let manager = tree.pointer_mut(MANAGER).unwrap();
                let value = "/http_filters/0/typed_config/config/configuration/value";
                manager.pointer_mut(value).unwrap()["cache_status"] = json!(false);
                let cel = json!({"extension_filter": {"name": "cel", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3\
                              .ExpressionFilter",
                    "expression": "!('cache-status' in response.headers)",
                }}});
                manager["local_reply_config"] =
                    json!({"mappers": [{"filter": cel, "status_code": 599}]});
            },
            Some("local_reply_config.mappers[0] rewrites what is answered from the store"),
        ),
    ];
    for (case, change, told) in cases {
        let lines = changed("response-cache.yaml", change);
        let bad: Vec<&Line> = lines.iter().filter(|line| line.level != Level::Good).collect();
        let is_told = told.is_some_and(|told| bad.iter().any(|line| line.text.contains(told)));
        assert!(is_told || (told.is_none() && bad.is_empty()), "{case}: {lines:#?}");
    }
}

#[test]
fn two_caches_of_one_store_that_would_empty_it_for_each_other_are_told() {
    use serde_json::{Value, json};
    // What the second listener's cache has otherwise than the first one's, and what is told.
    let differs = "store.objects: 128 in static_resources.listeners[1]";
    type Case = (&'static str, fn(&mut Value), Option<&'static str>);
    let cases: [Case; 6] = [
        ("nothing", |_| {}, None),
        ("the slots", |cache| store(cache)["objects"] = json!(128), Some(differs)),
        (
            "the size, from which the slots come",
            |cache| store(cache)["size"] = json!("1MiB"),
            Some("store.objects: 256 in static_resources.listeners[1]"),
        ),
        (
            "the size, and not the slots",
            |cache| *store(cache) = json!({"size": "128MiB", "objects": 16384}),
            None,
        ),
        (
            "the slots and the store's name",
            |cache| *store(cache) = json!({"objects": 128, "name": "b"}),
            None,
        ),
        (
            "the slots and the machine",
            |cache| {
                store(cache)["objects"] = json!(128);
                cache["vm_config"]["vm_id"] = json!("another");
            },
            None,
        ),
    ];
    fn store(cache: &mut Value) -> &mut Value {
        &mut cache["configuration"]["value"]["store"]
    }
    for (case, change, told) in cases {
        for is_bundled in [false, true] {
            let lines = changed("response-cache.yaml", |tree| {
                let path = format!("{MANAGER}/http_filters/0/typed_config/config");
                let mut other = tree["static_resources"]["listeners"][0].clone();
                other["name"] = json!("other");
                let listeners = tree["static_resources"]["listeners"].as_array_mut().unwrap();
                listeners.push(other);
                change(tree.pointer_mut(&path.replace("listeners/0", "listeners/1")).unwrap());
                for path in [path.clone(), path.replace("listeners/0", "listeners/1")] {
                    let cache = tree.pointer_mut(&path).unwrap();
                    if is_bundled {
                        let block = cache["configuration"]["value"].take();
                        cache["configuration"]["value"] =
                            json!({"filters": [{"response-cache": block}]});
                        cache["vm_config"]["code"]["local"]["filename"] = json!("gateway.wasm");
                    }
                }
            });
            let is_bad = |line: &&Line| line.is_fault() && line.text.contains("store.objects");
            let bad: Vec<&Line> = lines.iter().filter(is_bad).collect();
            let is_told = told.is_none_or(|told| bad.iter().any(|line| line.text.contains(told)));
            assert!(is_told && bad.is_empty() == told.is_none(), "{case}: {lines:#?}");
        }
    }
}

#[test]
fn filters_of_one_module_may_come_after_a_cache_too() {
    let value = "{filters: [{response-cache: {rules: [{}]}}, \
                 {rate-limit: {rules: [{limits: [{requests: 1, window: 1s}]}]}}]}";
    let report = report(&format!(
        "gateway.wasm}}}}}}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {value}"
    ));
    // Only a list of filters has an order.
    assert!(report.iter().all(|line| line.level == Level::Good), "{report:?}");
    let lines = changed("rate-limit.yaml", |tree| {
        let wasm = format!("{MANAGER}/http_filters/0/typed_config/config");
        let wasm = tree.pointer_mut(&wasm).unwrap();
        let limits = wasm["configuration"]["value"].clone();
        wasm["vm_config"]["code"]["local"]["filename"] = serde_json::json!("gateway.wasm");
        wasm["configuration"]["value"] = serde_json::json!({"filters":
            [{"response-cache": {"rules": [{}]}}, {"rate-limit": limits}]});
    });
    let told = "filter gateway: filters[0].response-cache: `rate-limit` comes after it";
    assert!(lines.iter().any(|line| line.text.contains(told)), "{lines:#?}");
}
