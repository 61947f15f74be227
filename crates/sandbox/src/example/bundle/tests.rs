//! What becomes of the chains of examples.

use super::*;
use crate::example::{Example, WasmFilter};
use crate::workspace;

const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";
const BYTES: &str = "type.googleapis.com/google.protobuf.BytesValue";

/// The item of a list of filters, with this configuration and the image's module.
fn filter(name: &str, configuration: Value) -> Value {
    json!({"name": name, "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": name,
            "root_id": name,
            "failure_policy": format!("policy of {name}"),
            "vm_config": {
                "vm_id": format!("gatehouse.{name}"),
                "runtime": "envoy.wasm.runtime.v8",
                "environment_variables": {"key_values": {"OF": name}},
                "code": {"local": {"filename": format!("/etc/gatehouse/filters/{name}.wasm")}},
            },
            "configuration": configuration,
        },
    }})
}

fn plain(name: &str) -> Value {
    filter(name, json!({"@type": STRUCT, "value": {"of": name}}))
}

/// The filter with one field of its `config` replaced.
fn with(mut filter: Value, field: &str, value: Value) -> Value {
    filter["typed_config"]["config"][field] = value;
    filter
}

fn config(filter: &Value) -> &Value {
    &filter["typed_config"]["config"]
}

fn router() -> Value {
    json!({"name": "router", "typed_config": {"@type": "router"}})
}

fn bundled(mut tree: Value) -> Value {
    let known = ["jwt-auth", "rate-limit", "header-transform", GATEWAY].map(str::to_owned);
    bundle(&mut tree, &known);
    tree
}

/// The list after bundling.
fn list(filters: Value) -> Vec<Value> {
    bundled(json!({"http_filters": filters}))["http_filters"].as_array().unwrap().clone()
}

/// Each filter of the list in words: `gateway(jwt-auth, outer=rate-limit)`, or its name.
fn words(list: &[Value]) -> Vec<String> {
    let word = |filter: &Value| {
        let name = filter["name"].as_str().unwrap();
        match held(filter) {
            Some(held) => format!("{name}({})", held.join(", ")),
            None => name.to_owned(),
        }
    };
    list.iter().map(word).collect()
}

/// The filters that a gateway holds.
fn held(filter: &Value) -> Option<Vec<String>> {
    let wasm = wasm_filter(&filter["typed_config"])?;
    if wasm.filter() != GATEWAY {
        return None;
    }
    let word = |entry: &Value| {
        let mut entry = entry.as_object().unwrap().clone();
        let given = entry.remove("name").map(|name| format!("{}=", name.as_str().unwrap()));
        assert_eq!(entry.len(), 1, "{entry:?}");
        format!("{}{}", given.unwrap_or_default(), entry.keys().next().unwrap())
    };
    Some(entries(&wasm).iter().map(word).collect())
}

fn entries(gateway: &WasmFilter) -> Vec<Value> {
    let whole: Value = serde_json::from_slice(&gateway.json().unwrap()).unwrap();
    whole["filters"].as_array().unwrap().clone()
}

#[test]
fn a_run_of_filters_becomes_one() {
    let (jwt, rate, header) = (plain("jwt-auth"), plain("rate-limit"), plain("header-transform"));
    let named = |filter: &Value, name: &str| with(filter.clone(), "name", json!(name));
    let any = |kind, value: &str| filter("rate-limit", json!({"@type": kind, "value": value}));
    let elsewhere = |path: &str| {
        let mut filter = rate.clone();
        filter["typed_config"]["config"]["vm_config"]["code"]["local"]["filename"] = json!(path);
        filter
    };
    let built = workspace::filters().join("rate-limit.wasm").display().to_string();
    let below = workspace::filters().join("below/rate-limit.wasm").display().to_string();
    let mut disabled = rate.clone();
    disabled["disabled"] = json!(true);
    let no_file = json!({"runtime": "envoy.wasm.runtime.v8", "code": {"remote": {"sha256": "0"}}});
    for (case, filters, want) in [
        (
            "all",
            json!([jwt, rate, header, router()]),
            &["gateway(jwt-auth, rate-limit, header-transform)", "router"][..],
        ),
        ("one", json!([jwt, router()]), &["gateway(jwt-auth)", "router"]),
        ("none", json!([router()]), &["router"]),
        ("their order", json!([rate, jwt]), &["gateway(rate-limit, jwt-auth)"]),
        (
            "another filter between them",
            json!([jwt, plain("coraza"), rate, header]),
            &["gateway(jwt-auth)", "coraza", "gateway(rate-limit, header-transform)"],
        ),
        (
            "the same twice",
            json!([rate, rate, jwt]),
            &["gateway(rate-limit)", "gateway(rate-limit, jwt-auth)"],
        ),
        (
            "the same twice, under different names",
            json!([named(&rate, "outer"), rate]),
            &["gateway(outer=rate-limit, rate-limit)"],
        ),
        (
            "two under one name",
            json!([named(&rate, "ours"), named(&jwt, "ours")]),
            &["gateway(ours=rate-limit)", "gateway(ours=jwt-auth)"],
        ),
        ("no plugin name", json!([named(&rate, "")]), &["gateway(rate-limit)"]),
        ("a module here", json!([jwt, elsewhere(&built)]), &["gateway(jwt-auth, rate-limit)"]),
        ("one below it", json!([jwt, elsewhere(&below)]), &["gateway(jwt-auth)", "rate-limit"]),
        (
            "a module elsewhere",
            json!([jwt, elsewhere("/tmp/rate-limit.wasm")]),
            &["gateway(jwt-auth)", "rate-limit"],
        ),
        ("no module file", json!([with(rate.clone(), "vm_config", no_file)]), &["rate-limit"]),
        (
            "what the list treats apart",
            json!([jwt, disabled, header]),
            &["gateway(jwt-auth)", "rate-limit(rate-limit)", "gateway(header-transform)"],
        ),
        (
            "no configuration",
            json!([jwt, filter("rate-limit", Value::Null)]),
            &["gateway(jwt-auth)", "rate-limit"],
        ),
        (
            "no JSON",
            json!([jwt, any(STRING, "{"), header]),
            &["gateway(jwt-auth)", "rate-limit", "gateway(header-transform)"],
        ),
        ("empty text", json!([any(STRING, "")]), &["rate-limit"]),
        ("no base64", json!([any(BYTES, "?")]), &["rate-limit"]),
        ("another type", json!([any("x", "")]), &["rate-limit"]),
    ] {
        assert_eq!(words(&list(filters)), want, "{case}");
    }
}

#[test]
fn what_a_gateway_has_once_is_the_first_filter_s() {
    let rate = with(plain("rate-limit"), "allow_on_headers_stop_iteration", json!(true));
    let got = list(json!([plain("jwt-auth"), rate, router()]));
    let want = json!({"name": "gateway", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "gateway",
            "root_id": "gateway",
            "failure_policy": "policy of jwt-auth",
            "allow_on_headers_stop_iteration": true,
            "vm_config": {
                "vm_id": "gatehouse.gateway",
                "runtime": "envoy.wasm.runtime.v8",
                "environment_variables": {"key_values": {"OF": "jwt-auth"}},
                "code": {"local": {"filename": "/etc/gatehouse/filters/gateway.wasm"}},
            },
            "configuration": {"@type": STRUCT, "value": {"filters": [
                {"jwt-auth": {"of": "jwt-auth"}},
                {"rate-limit": {"of": "rate-limit"}},
            ]}},
        },
    }});
    assert_eq!(got, [want, router()]);
    let mut nameless = plain("jwt-auth");
    nameless["typed_config"]["config"]["vm_config"].as_object_mut().unwrap().remove("vm_id");
    let got = list(json!([nameless, plain("rate-limit")]));
    assert_eq!(config(&got[0])["vm_config"].get("vm_id"), None);
}

#[test]
fn a_gateway_has_the_variables_of_all() {
    let of = |name: &str, variables: Value| {
        let mut filter = plain(name);
        filter["typed_config"]["config"]["vm_config"]["environment_variables"] = variables;
        filter
    };
    let got = list(json!([
        of("jwt-auth", json!({"host_env_keys": ["A", "B"]})),
        of("rate-limit", json!({"key_values": {"B": "b", "C": "1"}, "host_env_keys": ["A"]})),
        of("header-transform", json!({"key_values": {"C": "2"}})),
    ]));
    let want = json!({"key_values": {"B": "b", "C": "1"}, "host_env_keys": ["A"]});
    assert_eq!(config(&got[0])["vm_config"]["environment_variables"], want);
}

#[test]
fn a_filter_configured_in_text_makes_the_whole_text() {
    let text = filter("rate-limit", json!({"@type": STRING, "value": "\n{\"a\": 1.5}"}));
    let bytes = filter("header-transform", json!({"@type": BYTES, "value": "eyJiIjogW119"}));
    let jwt = json!({"jwt-auth": {"of": "jwt-auth"}});
    let rate = json!({"rate-limit": {"a": 1.5}});
    let header = json!({"header-transform": {"b": []}});
    for (case, filters, want) in [
        ("a StringValue", json!([plain("jwt-auth"), text]), json!([jwt, rate])),
        ("a BytesValue", json!([bytes, plain("jwt-auth")]), json!([header, jwt])),
        ("both", json!([text, bytes]), json!([rate, header])),
    ] {
        let got = list(filters);
        let configuration = &config(&got[0])["configuration"];
        assert_eq!(configuration["@type"], STRING, "{case}");
        let whole: Value = serde_json::from_str(configuration["value"].as_str().unwrap()).unwrap();
        assert_eq!(whole, json!({"filters": want}), "{case}");
    }
    let empty = list(json!([filter("rate-limit", json!({"@type": STRUCT}))]));
    let want = json!({"@type": STRUCT, "value": {"filters": [{"rate-limit": {}}]}});
    assert_eq!(config(&empty[0])["configuration"], want);
}

#[test]
fn a_gateway_may_do_what_any_of_its_filters_may() {
    // As Envoy 1.40 has it: of the VM, and so is what they may do together.
    let of_machine = |name: &str, allowed: Value| {
        let mut filter = plain(name);
        let machine = &mut filter["typed_config"]["config"]["vm_config"];
        machine["capability_restriction_config"] = json!({"allowed_capabilities": allowed});
        filter
    };
    let both = [
        of_machine("jwt-auth", json!({"proxy_log": {}})),
        of_machine("rate-limit", json!({"proxy_get_shared_data": {}})),
    ];
    let got = list(json!(both));
    let of_plugin = config(&got[0]);
    assert_eq!(
        of_plugin["vm_config"]["capability_restriction_config"],
        json!({"allowed_capabilities": {"proxy_log": {}, "proxy_get_shared_data": {}}})
    );
    assert!(of_plugin.get("capability_restriction_config").is_none());

    let with_allowed = |name: &str, allowed: Value| {
        with(plain(name), "capability_restriction_config", json!({"allowed_capabilities": allowed}))
    };
    let jwt = || with_allowed("jwt-auth", json!({"proxy_log": {}, "proxy_http_call": {}}));
    for (case, second, want) in [
        (
            "both are restricted",
            with_allowed("rate-limit", json!({"proxy_log": {}, "proxy_get_shared_data": {}})),
            Some(json!({"proxy_log": {}, "proxy_http_call": {}, "proxy_get_shared_data": {}})),
        ),
        ("one may do everything", plain("rate-limit"), None),
        ("one has an empty list", with_allowed("rate-limit", json!({})), None),
    ] {
        let got = list(json!([jwt(), second]));
        let want = want.map(|allowed| json!({"allowed_capabilities": allowed}));
        assert_eq!(config(&got[0]).get("capability_restriction_config"), want.as_ref(), "{case}");
    }
}

#[test]
fn a_filter_elsewhere_than_in_a_list_is_a_gateway_of_its_own() {
    let rate = plain("rate-limit");
    let composite = json!({"@type": "composite", "action": rate});
    let composite = json!({"name": "composite", "typed_config": composite});
    let upstream = json!({"name": "router", "typed_config": {"@type": "router",
        "upstream_http_filters": [rate, plain("header-transform"), {"name": "codec"}]}});
    let got = list(json!([plain("jwt-auth"), composite, plain("jwt-auth"), upstream]));
    assert_eq!(words(&got), ["gateway(jwt-auth)", "composite", "gateway(jwt-auth)", "router"]);
    let inside = &got[1]["typed_config"]["action"];
    assert_eq!(words(std::slice::from_ref(inside)), ["rate-limit(rate-limit)"]);
    let upstream = got[3]["typed_config"]["upstream_http_filters"].as_array().unwrap();
    assert_eq!(words(upstream), ["gateway(rate-limit, header-transform)", "codec"]);
}

#[test]
fn a_filter_that_a_route_configures_keeps_its_name_and_is_alone() {
    let kind = "type.googleapis.com/envoy.config.route.v3.FilterConfig";
    let off = json!({"@type": kind, "disabled": true});
    let tree = bundled(json!({
        "http_filters": [plain("jwt-auth"), plain("rate-limit"), plain("header-transform")],
        "route_config": {"virtual_hosts": [{"typed_per_filter_config": {"rate-limit": off}}]},
    }));
    let list = tree["http_filters"].as_array().unwrap();
    let want = ["gateway(jwt-auth)", "rate-limit(rate-limit)", "gateway(header-transform)"];
    assert_eq!(words(list), want);
}

#[test]
fn bundling_again_changes_nothing() {
    let once = bundled(json!({"http_filters": [plain("jwt-auth"), plain("rate-limit"), router()]}));
    assert_eq!(bundled(once.clone()), once);
}

#[test]
fn every_shipped_example_bundles_with_the_same_filters_in_the_same_order() {
    let mut seen = 0;
    for entry in std::fs::read_dir(workspace::root().join("envoy")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let example = Example::load(&path).unwrap();
        if example.filters().iter().all(|wasm| wasm.filter() == GATEWAY) {
            // It is one already: held to what it is made of below.
            continue;
        }
        let mut one = example.clone();
        one.bundle().unwrap();
        let apart: Vec<Value> = example
            .filters()
            .iter()
            .map(|wasm| {
                let block: Value = serde_json::from_slice(&wasm.json().unwrap()).unwrap();
                json!({wasm.filter(): block})
            })
            .collect();
        let gateways = one.filters();
        // Those that follow each other are one, in each listener.
        let name = path.display();
        assert_eq!(gateways.len(), chains(example.tree()), "{name}");
        let module = "/etc/gatehouse/filters/gateway.wasm";
        assert!(gateways.iter().all(|gateway| gateway.module == module), "{name}");
        let together: Vec<Value> = gateways.iter().flat_map(entries).collect();
        assert_eq!(together, apart, "{name}");
        let holds = |filters: &[WasmFilter]| filters.iter().any(|wasm| wasm.may_hold_heads);
        assert_eq!(holds(&gateways), holds(&example.filters()), "{name}");
        let (one, apart_tree) = (without_filters(one.tree()), without_filters(example.tree()));
        assert_eq!(one, apart_tree, "{}", path.display());
        seen += apart.len();
    }
    assert!(seen >= 15, "{seen} filters");
}

/// How many lists have filters of ours.
fn chains(tree: &Value) -> usize {
    let here = tree
        .get("http_filters")
        .is_some_and(|list| !gatehouse_config_file::wasm_filters(list).is_empty());
    let children: Vec<&Value> = match tree {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    };
    children.into_iter().map(chains).chain([usize::from(here)]).sum()
}

/// The config without Gatehouse's filters, for what bundling must leave alone.
fn without_filters(tree: &Value) -> Value {
    let mut tree = tree.clone();
    take_filters_out(&mut tree);
    tree
}

fn take_filters_out(tree: &mut Value) {
    for list in LISTS {
        if let Some(Value::Array(filters)) = tree.get_mut(list) {
            filters.retain(|filter| wasm_filter(&filter["typed_config"]).is_none());
        }
    }
    children_mut(tree).for_each(take_filters_out);
}

#[test]
fn the_shipped_gateway_is_the_shipped_filters_in_one_module() {
    let load =
        |file: &str| crate::example::Example::load(&crate::workspace::root().join(file)).unwrap();
    let mut separate = load("envoy/envoy.yaml");
    separate.bundle().unwrap();
    assert_eq!(separate.tree(), load("envoy/gateway.yaml").tree());
}
