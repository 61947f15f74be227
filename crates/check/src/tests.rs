//! Whole files, and what is said of them.

use super::*;

fn report(configuration: &str) -> Vec<Line> {
    let yaml = format!(
        "filter:
  '@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
  config:
    name: demo
    vm_config: {{code: {{local: {{filename: /etc/gatehouse/filters/{configuration}"
    );
    static FILES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path =
        std::env::temp_dir().join(format!("gatehouse-check-{}-{number}.yaml", std::process::id()));
    std::fs::write(&path, yaml).unwrap();
    let lines = file(&path, "envoy.yaml");
    std::fs::remove_file(&path).unwrap();
    lines
}

#[test]
fn a_typo_is_reported_with_filter_and_path() {
    let report = report(
            "jwt-auth.wasm}}}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {providers: [{name: demo, issuer: https://a.example, audience: [x], jwks: {keys: []}}]}",
        );
    let wanted = "envoy.yaml: filter jwt-auth: providers[0].audience: unknown field, \
             did you mean `audiences`?";
    assert!(report.iter().any(|line| line.text == wanted && line.is_fault()), "{report:?}");
}

#[test]
fn heads_that_would_be_held_for_ever_are_told() {
    let body = |allow: &str| {
        report(&format!(
            "body-transform.wasm}}}}}}
    {allow}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {{hold_heads: true, rules: [{{request: {{}}}}]}}"
        ))
    };
    let report = body("fail_open: false");
    assert!(
        report[0].is_fault() && report[0].text.contains("hold_heads: needs `allow_on"),
        "{report:?}"
    );
    let report = body("allow_on_headers_stop_iteration: true");
    assert!(!report[0].is_fault(), "{report:?}");
}

#[test]
fn a_callback_that_a_guard_needs_and_may_not_have_is_told() {
    let with = |module: &str, allowed: &[&str], value: &str| {
        let allowed: Vec<String> = allowed.iter().map(|name| format!("{name}: {{}}")).collect();
        let allowed = allowed.join(", ");
        report(&format!(
            "{module}.wasm}}}}}}
    capability_restriction_config: {{allowed_capabilities: {{{allowed}}}}}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {value}"
        ))
    };
    let mut allowed = vec![
        "random_get",
        "proxy_log",
        "proxy_get_log_level",
        "proxy_define_metric",
        "proxy_increment_metric",
        "proxy_set_property",
        "proxy_set_buffer_bytes",
        "proxy_add_header_map_value",
        "proxy_remove_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_on_context_create",
        "proxy_on_configure",
        "proxy_on_delete",
        "proxy_on_request_headers",
        "proxy_get_buffer_bytes",
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_send_local_response",
        "proxy_on_request_trailers",
        "proxy_on_response_headers",
        "proxy_on_response_body",
        "proxy_on_response_trailers",
    ];
    let wanted = "capability_restriction_config: must allow `proxy_on_request_body`";
    for (module, value) in [
        ("body-transform", "{rules: [{request: {}}]}"),
        ("gateway", "{filters: [{body-transform: {rules: [{request: {}}]}}]}"),
    ] {
        let report = with(module, &allowed, value);
        assert_eq!(report.len(), 1, "{report:?}");
        assert!(report[0].is_fault() && report[0].text.contains(wanted), "{report:?}");
    }
    allowed.push("proxy_on_request_body");
    let report = with("body-transform", &allowed, "{rules: [{request: {}}]}");
    assert!(report.iter().all(|line| !line.is_fault()), "{report:?}");
}

#[test]
fn the_filters_of_a_gateway_are_read_by_their_own_parsers() {
    let gateway = |allow: &str, entries: &str| {
        report(&format!(
            "gateway.wasm}}}}}}
    {allow}
    configuration:
      '@type': type.googleapis.com/google.protobuf.Struct
      value: {{filters: [{entries}]}}"
        ))
    };
    let body = "body-transform: {hold_heads: true, rules: [{request: {}}]}";
    let both = format!("{{{body}}}, {{rate-limit: {{rules: [{{limits: [{{window: 60s}}]}}]}}}}");
    let report = gateway("fail_open: false", &both);
    for wanted in [
        "filter gateway: filters[0].body-transform.hold_heads: needs `allow_on",
        "filter gateway: filters[1].rate-limit.rules[0].limits[0].requests: is required",
    ] {
        assert!(
            report.iter().any(|line| line.is_fault() && line.text.contains(wanted)),
            "{report:?}"
        );
    }
    let report = gateway("allow_on_headers_stop_iteration: true", &format!("{{{body}}}"));
    let good = Line { text: "envoy.yaml: filter gateway: ok".to_owned(), level: Level::Good };
    assert_eq!(report, [good]);
}

/// An example of `envoy/`, changed.
fn changed(example: &str, change: impl Fn(&mut serde_json::Value)) -> Vec<Line> {
    let folder = gatehouse_sandbox::workspace::root().join("envoy");
    let mut example = Example::load(&folder.join(example)).unwrap();
    change(example.tree_mut());
    static FILES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir()
        .join(format!("gatehouse-changed-{}-{number}.json", std::process::id()));
    example.write(&path).unwrap();
    let lines = file(&path, "envoy.yaml");
    std::fs::remove_file(&path).unwrap();
    lines
}

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

#[test]
fn what_the_whole_file_makes_of_a_filter_is_told() {
    use serde_json::{Value, json};
    type Case = (&'static str, &'static str, fn(&mut Value), Level, &'static str);
    let cases: [Case; 9] = [
        (
            "a filter fetches through a cluster that is not there",
            "jwt-auth-remote.yaml",
            |tree| tree["static_resources"]["clusters"] = json!([]),
            Level::Fault,
            "filter jwt-auth: providers[0].jwks.cluster: there is no cluster `",
        ),
        (
            "a route goes to one",
            "rate-limit.yaml",
            |tree| tree["static_resources"]["clusters"] = json!([]),
            Level::Fault,
            ".route.cluster: there is no cluster `",
        ),
        (
            "the gateway's limits are before its tokens",
            "gateway.yaml",
            |tree| {
                let list = format!(
                    "{MANAGER}/http_filters/0/typed_config/config/configuration/value/filters"
                );
                tree.pointer_mut(&list).unwrap().as_array_mut().unwrap().reverse();
            },
            Level::Warning,
            "].authorization: decides before `",
        ),
        (
            "authorization is before the token",
            "authorization.yaml",
            |tree| {
                let list = tree.pointer_mut(&format!("{MANAGER}/http_filters")).unwrap();
                list.as_array_mut().unwrap().swap(0, 1);
            },
            Level::Warning,
            "filter authorization: decides before `jwt-auth` says who calls",
        ),
        (
            "clients write their own address",
            "rate-limit.yaml",
            |tree| tree.pointer_mut(MANAGER).unwrap()["use_remote_address"] = json!(false),
            Level::Warning,
            "the client may write its own address",
        ),
        (
            "listeners come from elsewhere",
            "rate-limit.yaml",
            |tree| tree["dynamic_resources"] = json!({"lds_config": {}}),
            Level::Warning,
            "listeners that come from `lds_config` are not seen",
        ),
        (
            "a module is called nearly as ours",
            "rate-limit.yaml",
            |tree| {
                let wasm = format!("{MANAGER}/http_filters/0/typed_config/config");
                tree.pointer_mut(&wasm).unwrap()["vm_config"]["code"]["local"]["filename"] =
                    json!("/etc/gatehouse/filters/rate_limit.wasm");
            },
            Level::Fault,
            "is nearly `rate-limit.wasm`; call it that",
        ),
        (
            "the access log has nonsense for CEL",
            "rate-limit.yaml",
            |tree| {
                tree.pointer_mut(MANAGER).unwrap()["x"] = json!("%CEL(request.path ==)%");
            },
            Level::Fault,
            "is not a CEL expression that the host can compile: `request.path ==`",
        ),
        (
            "capabilities are listed where Envoy 1.40 has them",
            "rate-limit.yaml",
            |tree| {
                let wasm = format!("{MANAGER}/http_filters/0/typed_config/config");
                tree.pointer_mut(&wasm).unwrap()["vm_config"]["capability_restriction_config"] =
                    json!({"allowed_capabilities": {"proxy_log": {}}});
            },
            Level::Fault,
            "must allow `proxy_on_request_headers`",
        ),
    ];
    for (case, example, change, level, told) in cases {
        let lines = changed(example, change);
        let is_told = |line: &Line| line.level == level && line.text.contains(told);
        assert!(lines.iter().any(is_told), "{case}: {lines:#?}");
    }
}

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

#[test]
fn every_shipped_example_in_one_module_is_as_good_as_in_several() {
    let folder = gatehouse_sandbox::workspace::root().join("envoy");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let mut example = Example::load(&path).unwrap();
        example.bundle().unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bundled = format!("gatehouse-check-{}-{name}.json", std::process::id());
        let bundled = std::env::temp_dir().join(bundled);
        example.write(&bundled).unwrap();
        let lines = file(&bundled, &name);
        std::fs::remove_file(&bundled).unwrap();
        let good = Line { text: format!("{name}: filter gateway: ok"), level: Level::Good };
        assert_eq!(lines, [good]);
    }
}

#[test]
fn a_configuration_that_is_not_one_is_a_fault() {
    let report = report("rate-limit.wasm}}}\n    configuration: {rules: []}");
    let start = "envoy.yaml: filter rate-limit: configuration: needs an `@type`";
    assert!(report[0].is_fault() && report[0].text.starts_with(start), "{report:?}");
}

#[test]
fn a_module_of_somebody_else_is_skipped() {
    let report = report("coraza.wasm}}}");
    let text =
        "envoy.yaml: module /etc/gatehouse/filters/coraza.wasm: skipped, not ours".to_owned();
    assert_eq!(report, [Line { text, level: Level::Good }]);
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let text = "cannot read /nowhere/envoy.yaml: No such file or directory (os error 2)".to_owned();
    assert_eq!(
        file(Path::new("/nowhere/envoy.yaml"), "envoy.yaml"),
        [Line { text, level: Level::Fault }]
    );
}
