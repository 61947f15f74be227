//! The Kustomize base and its overlay.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use gatehouse_deploy::helm::Helm;
use gatehouse_deploy::kinds::Kinds;
use gatehouse_deploy::kubectl::Kubectl;
use gatehouse_sandbox::workspace;
use serde_json::{Value, json};

use crate::documents::{documents, files, text};
use crate::{kinds, or_skipped};

#[test]
fn the_base_is_made_of_the_chart() {
    let Some(helm) = or_skipped(Helm::install(|step| println!("{step}"))) else { return };
    let made = gatehouse_deploy::kustomize_base(&helm).expect("the chart");
    for file in &made {
        let there = fs::read_to_string(workspace::root().join(&file.path)).unwrap_or_default();
        assert!(
            there == file.text,
            "{} is not what it is made of: run `cargo xtask manifests`",
            file.path.display()
        );
    }
    let paths: BTreeSet<PathBuf> =
        made.iter().map(|file| workspace::root().join(&file.path)).collect();
    let there: BTreeSet<PathBuf> =
        files(&workspace::root().join("deploy/kustomize/base")).into_iter().collect();
    assert_eq!(there, paths, "a file is left over");
}

#[test]
fn kubectl_makes_of_base_and_overlay_what_kubernetes_takes() {
    let Some(kubectl) = or_skipped(Kubectl::install(|step| println!("{step}"))) else { return };
    let built = |folder: &str| {
        let folder = workspace::root().join("deploy/kustomize").join(folder);
        documents(&kubectl.kustomize(&folder).expect("a folder"))
    };
    let (base, production) = (built("base"), built("overlays/production"));
    if let Some(known) = or_skipped(Kinds::install(|step| println!("{step}"))) {
        kinds::assert_valid(&known, "base", &base, "1.37");
        kinds::assert_valid(&known, "production", &production, "1.37");
    }
    let kind = |objects: &[Value], kind: &str| -> Vec<Value> {
        objects.iter().filter(|object| text(object, "/kind") == kind).cloned().collect()
    };

    // A bootstrap has a name of its own for each content, what Envoy reads again has one name.
    let maps = kind(&base, "ConfigMap");
    let names: Vec<&str> = maps.iter().map(|map| text(map, "/metadata/name")).collect();
    let bootstrap = names.iter().find(|name| name.starts_with("gatehouse-bootstrap-"));
    let bootstrap = bootstrap.expect("a digest in its name");
    assert!(names.contains(&"gatehouse"), "{names:?}");
    let deployment = kind(&base, "Deployment").remove(0);
    let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array().expect("volumes");
    let of = |name: &str| volumes.iter().find(|volume| volume["name"] == name).expect(name);
    assert_eq!(of("bootstrap")["configMap"]["name"], *bootstrap);
    assert_eq!(of("dynamic")["configMap"]["name"], "gatehouse");

    // The overlay changes what it says, and nothing else of the filters.
    assert!(production.iter().all(|object| object["metadata"]["namespace"] == "gateways"));
    assert_eq!(kind(&production, "HorizontalPodAutoscaler").len(), 1);
    let deployment = kind(&production, "Deployment").remove(0);
    assert_eq!(deployment["spec"].get("replicas"), None, "the autoscaler says how many");
    let volumes = deployment["spec"]["template"]["spec"]["volumes"].to_string();
    assert!(volumes.contains("registry.example/gatehouse/telemetry:0.1.0"), "{volumes}");
    assert!(!volumes.contains("OWNER"), "{volumes}");
    let dynamic = |objects: &[Value]| {
        let maps = kind(objects, "ConfigMap");
        maps.into_iter().find(|map| text(map, "/metadata/name") == "gatehouse").expect("a map")
    };
    let (before, after) = (dynamic(&base)["data"].clone(), dynamic(&production)["data"].clone());
    let timeout = |data: &Value| {
        let routes: Value = serde_json::from_str(text(data, "/rds.json")).expect("JSON");
        routes.pointer("/resources/0/virtual_hosts/0/routes/0/route/timeout").cloned()
    };
    assert_eq!((timeout(&before), timeout(&after)), (Some(json!("15s")), Some(json!("5s"))));
    for file in ["lds.json", "cds.json", "filter-api-key-auth.json"] {
        assert!(before[file].is_string() && before[file] == after[file], "{file}");
    }
}
