//! Manifests for Istio and Envoy Gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use gatehouse_deploy::Images;
use gatehouse_filter::config::Nowhere;
use gatehouse_gateway::FILTERS;
use gatehouse_sandbox::example::{Example, GATEWAY};
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

use crate::documents::{documents, files, in_folder, text};
use crate::schemas::Schemas;

const FOLDERS: [&str; 2] = ["deploy/istio", "deploy/envoy-gateway"];

#[test]
fn the_manifests_are_made_of_the_examples() {
    let made = gatehouse_deploy::manifests(&Images::default()).expect("the examples");
    for file in &made {
        let path = workspace::root().join(&file.path);
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == file.text,
            "{} is not what it is made of: run `cargo xtask manifests`",
            file.path.display()
        );
    }
    let paths: BTreeSet<PathBuf> =
        made.iter().map(|file| workspace::root().join(&file.path)).collect();
    let there: BTreeSet<PathBuf> =
        FOLDERS.iter().flat_map(|folder| files(&workspace::root().join(folder))).collect();
    assert_eq!(there, paths, "a manifest is left over");
}

#[test]
fn an_image_is_where_it_is_asked_for() {
    let images = Images { registry: "registry.example/g".to_owned(), version: "1.2".to_owned() };
    for file in gatehouse_deploy::manifests(&images).expect("the examples") {
        for line in file.text.lines().filter(|line| line.contains("url:") || line.contains("uri:"))
        {
            let is_ours = line.contains("registry.example/g/") && line.contains(":1.2");
            assert!(is_ours, "{}: {line}", file.path.display());
        }
        assert!(!file.text.contains("OWNER"), "{}", file.path.display());
    }
}

#[test]
fn every_manifest_keeps_to_its_schema_and_its_rules() {
    let Some(schemas) = Schemas::at_hand() else { return };
    for folder in FOLDERS {
        for (path, document) in in_folder(folder) {
            let faults = schemas.faults(&document);
            assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
        }
    }
}

/// One thing is made wrong, in a manifest that is right.
#[test]
fn what_a_platform_would_refuse_is_seen() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change, &str); 14] = [
        ("istio/traffic-extension/jwt-auth", |it| it["spec"]["wasm"]["failPolicy"] = json!("x"), {
            "Additional properties are not allowed ('failPolicy' was unexpected)"
        }),
        ("istio/traffic-extension/jwt-auth", |it| it["spec"]["phase"] = json!("FIRST"), {
            "\"FIRST\" is not one of"
        }),
        ("istio/traffic-extension/jwt-auth", |it| it["spec"]["priority"] = json!("9"), "priority"),
        ("istio/traffic-extension/jwt-auth", |it| it["spec"]["selector"] = json!({}), {
            "only one of targetRefs or selector can be set"
        }),
        (
            "istio/traffic-extension/jwt-auth",
            |it| it["spec"]["lua"] = json!({"inlineCode": "x"}),
            { "exactly one of wasm or lua must be set" },
        ),
        ("istio/traffic-extension/jwt-auth", |it| it["spec"]["wasm"]["url"] = json!("ftp://a"), {
            "url must have schema one of"
        }),
        (
            "istio/traffic-extension/jwt-auth",
            |it| {
                let env = json!([{"name": "A", "valueFrom": "HOST", "value": "b"}]);
                it["spec"]["wasm"]["vmConfig"] = json!({"env": env});
            },
            "value may only be set when valueFrom is INLINE",
        ),
        ("istio/wasm-plugin/jwt-auth", |it| it["spec"]["sha256"] = json!("ABC"), "does not match"),
        (
            "istio/wasm-plugin/jwt-auth",
            |it| _ = it["spec"].as_object_mut().unwrap().remove("url"),
            { "\"url\" is a required property" },
        ),
        (
            "istio/envoy-filter/gateway",
            |it| {
                it["spec"]["configPatches"][0]["applyTo"] = json!("FILTER");
            },
            "\"FILTER\" is not one of",
        ),
        ("istio/envoy-filter/gateway", |it| it["spec"]["workloadSelector"] = json!({}), {
            "only one of targetRefs or workloadSelector can be set"
        }),
        (
            "envoy-gateway/jwt-auth",
            |it| {
                it["spec"]["wasm"][0]["code"]["type"] = json!("HTTP");
            },
            "If type is HTTP, http field needs to be set.",
        ),
        ("envoy-gateway/jwt-auth", |it| it["spec"]["wasm"][0]["failOpens"] = json!(false), {
            "'failOpens' was unexpected"
        }),
        ("envoy-gateway/jwt-auth", |it| it["spec"]["targetRefs"][0]["group"] = json!("apps"), {
            "this policy can only have a targetRefs[*].group of gateway.networking.k8s.io"
        }),
    ];
    let Some(schemas) = Schemas::at_hand() else { return };
    for (manifest, change, want) in cases {
        let path = workspace::root().join(format!("deploy/{manifest}.yaml"));
        let mut document = documents(&fs::read_to_string(path).expect("a manifest")).remove(0);
        change(&mut document);
        let faults = schemas.faults(&document).join("\n");
        assert!(faults.contains(want), "{manifest}, {want}: {faults}");
    }
    let unknown = json!({"apiVersion": "v1", "kind": "Wasm"});
    assert_eq!(schemas.faults(&unknown), ["v1 Wasm has no schema"]);
}

#[test]
fn the_filters_read_the_configurations_as_those_of_their_examples() {
    let mut read: BTreeMap<String, u32> = BTreeMap::new();
    for folder in FOLDERS {
        for (path, document) in in_folder(folder) {
            for (name, configuration) in plugins(&document) {
                let json = configuration.to_string();
                let faults = match gatehouse_gateway::filter(&name) {
                    Some(filter) => {
                        filter.read(json.as_bytes(), &Nowhere).err().unwrap_or_default()
                    }
                    None => gatehouse_gateway::check(json.as_bytes(), &Nowhere).faults,
                };
                assert!(faults.is_empty(), "{}: {name}: {faults:?}", path.display());
                assert_as_in_the_example(&path, &name, &configuration);
                *read.entry(name).or_default() += 1;
            }
        }
    }
    // Two kinds of Istio's and one of Envoy Gateway's, beside its chain; one of each for a filter
    // that holds heads.
    for filter in FILTERS {
        let count = read.get(filter.name).copied().unwrap_or(0);
        let want = match filter.name {
            "body-transform" => 2,
            "telemetry" | "jwt-auth" | "rate-limit" | "header-transform" => 4,
            _ => 3,
        };
        assert_eq!(count, want, "{}", filter.name);
    }
    assert_eq!(read.get(GATEWAY), Some(&4));
}

/// But for the names of clusters, and for what Istio's gateway leaves out.
fn assert_as_in_the_example(path: &std::path::Path, name: &str, configuration: &Value) {
    let example = workspace::root().join(format!("envoy/{name}.yaml"));
    let example = Example::load(&example).expect("an example");
    let wasm = example.filters().into_iter().find(|wasm| wasm.filter() == name).expect("a filter");
    let mut want = wasm.configuration["value"].clone();
    let mut have = configuration.clone();
    let is_partial = name == GATEWAY && !have.to_string().contains("hold_heads");
    if is_partial && let Some(filters) = want["filters"].as_array_mut() {
        filters.retain(|filter| filter.get("body-transform").is_none());
    }
    for tree in [&mut want, &mut have] {
        each_cluster(tree, &mut |cluster| *cluster = json!("a cluster"));
    }
    assert_eq!(have, want, "{}", path.display());
}

#[test]
fn the_clusters_that_filters_call_are_those_of_the_platform() {
    let mut called = 0;
    for folder in FOLDERS {
        let all = in_folder(folder);
        for (path, document) in &all {
            let made: BTreeSet<&str> = all
                .iter()
                .filter(|(other, _)| other == path)
                .flat_map(|(_, other)| other.pointer("/spec/jsonPatches").and_then(Value::as_array))
                .flatten()
                .map(|patch| text(patch, "/operation/value/name"))
                .collect();
            for (name, mut configuration) in plugins(document) {
                each_cluster(&mut configuration, &mut |cluster| {
                    let cluster = cluster.as_str().expect("a name");
                    called += 1;
                    let is_known = if folder == "deploy/istio" {
                        cluster.starts_with("outbound|") && cluster.ends_with(".svc.cluster.local")
                    } else {
                        made.contains(cluster)
                    };
                    assert!(is_known, "{}: {name} calls {cluster}", path.display());
                });
            }
        }
    }
    assert!(called > 10, "{called}");
}

#[test]
fn a_filter_that_holds_heads_may() {
    for (path, document) in in_folder("deploy/istio") {
        let told = document.to_string();
        let holds = told.contains("\"hold_heads\":true");
        let may = told.contains("\"allow_on_headers_stop_iteration\":true");
        assert_eq!(holds, may, "{}", path.display());
    }
    let of_gateway = in_folder("deploy/envoy-gateway");
    let named = |kind: &str, what: &str| -> BTreeSet<&PathBuf> {
        let is = |(_, document): &&(PathBuf, Value)| {
            text(document, "/kind") == kind && document.to_string().contains(what)
        };
        of_gateway.iter().filter(is).map(|(path, _)| path).collect()
    };
    let holds = named("EnvoyExtensionPolicy", "\"hold_heads\":true");
    assert_eq!(holds, named("EnvoyPatchPolicy", "/allow_on_headers_stop_iteration"));
    assert_eq!(holds.len(), 2);
}

#[test]
fn every_manifest_says_what_its_platform_cannot_do() {
    for path in FOLDERS.iter().flat_map(|folder| files(&workspace::root().join(folder))) {
        let text = fs::read_to_string(&path).expect("a text");
        let head = text.split("\n\n").next().unwrap_or_default().replace("\n# ", " ");
        assert!(head.contains("cannot do here: "), "{}: {head}", path.display());
    }
}

/// The filters of a manifest, with their configurations.
fn plugins(document: &Value) -> Vec<(String, Value)> {
    let at = |name: &str, configuration: &str| {
        let name = text(document, name).to_owned();
        (name, document.pointer(configuration).expect("a configuration").clone())
    };
    match text(document, "/kind") {
        "TrafficExtension" => vec![at("/spec/wasm/pluginName", "/spec/wasm/pluginConfig")],
        "WasmPlugin" => vec![at("/spec/pluginName", "/spec/pluginConfig")],
        "EnvoyFilter" => {
            let config = "/spec/configPatches/1/patch/value/typed_config/config";
            vec![at(&format!("{config}/root_id"), &format!("{config}/configuration/value"))]
        }
        "EnvoyExtensionPolicy" => {
            let list = document.pointer("/spec/wasm").and_then(Value::as_array).expect("a list");
            let plugin = |wasm: &Value| (text(wasm, "/rootID").to_owned(), wasm["config"].clone());
            list.iter().map(plugin).collect()
        }
        "EnvoyPatchPolicy" => Vec::new(),
        other => panic!("a {other}"),
    }
}

fn each_cluster(tree: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(|item| each_cluster(item, visit)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "cluster" { visit(value) } else { each_cluster(value, visit) }
            }
        }
        _ => {}
    }
}
