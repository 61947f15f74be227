//! The chart: what it makes of values, and what it refuses.

use std::collections::BTreeMap;
use std::fs;

use gatehouse_deploy::envoy_config::EnvoyConfig;
use gatehouse_deploy::helm::{Helm, Rendered};
use gatehouse_deploy::kinds::Kinds;
use gatehouse_sandbox::{envoy, workspace};
use serde_json::{Value, json};

use crate::documents::{documents, text};
use crate::{kinds, or_skipped};

/// A filter that asks for keys, and a way to a service.
fn guarded() -> Value {
    json!({
        "filters": [{
            "name": "api-key-auth",
            "config": {
                "consumers": [{"name": "acme", "keys": [{"digest":
                    "sha256:53c0bbbb0bb4c4b246b3864960657bcb300d500b1599167dabfb3e9372241898"}]}],
                "default": "key",
            },
        }],
        "upstreams": [{"name": "echo", "host": "echo", "port": 8000}],
        "routes": [{"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "echo"}}],
    })
}

/// Whatever there is to be set.
fn everything() -> Value {
    let keys = json!({"default": "key", "consumers": [
        {"name": "acme", "keys": [{"digest": {"env": "DIGEST"}}]}]});
    let limits = json!({"rules": [{"name": "payments", "key": ["client_address"],
        "limits": [{"requests": 100, "window": "60s"}],
        "counting": {"mode": "global", "cluster": "rate-limit"}}]});
    json!({
        "filters": [
            {"name": "telemetry", "config": {"requests": {}, "duration": {}}},
            {"name": "api-key-auth", "env": ["DIGEST"], "config": keys},
            {"name": "rate-limit", "config": limits},
            {"name": "header-transform", "plugin": "first", "failurePolicy": "FAIL_CLOSED",
             "config": {"rules": [{"request": [{"set": {"name": "x-first", "value": "1"}}]}]}},
            {"name": "header-transform", "plugin": "second",
             "config": {"rules": [{"request": [{"set": {"name": "x-second", "value": "1"}}]}]}},
            {"name": "body-transform", "allowOnHeadersStopIteration": true, "config": {
                "hold_heads": true,
                "rules": [{"request": {"operations": [{"case": {"to": "snake"}}]}}]}},
        ],
        "env": [{"name": "DIGEST",
                 "valueFrom": {"secretKeyRef": {"name": "partners", "key": "acme"}}}],
        "upstreams": [
            {"name": "echo", "host": "echo", "port": 8000, "healthCheck": "/healthz"},
            {"name": "far", "host": "far.example", "port": 443, "tls": true, "http2": true,
             "cluster": {"connect_timeout": "3s"}},
        ],
        "clusters": [{"name": "own", "type": "STATIC", "load_assignment": {"cluster_name": "own"}}],
        "virtualHosts": [{"name": "a", "domains": ["a.example"], "routes": [
            {"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "far"}}]}],
        "listener": {
            "tls": {"secretName": "certificate"},
            "connectionManager": {"stream_idle_timeout": "30s"},
        },
        "bootstrap": {"node": {"locality": {"zone": "a"}}},
        "envoy": {"concurrency": 4, "extraArgs": ["--component-log-level", "wasm:debug"]},
        "imagePullSecrets": [{"name": "pull"}],
        "autoscaling": {"enabled": true},
        "service": {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "port": 8443,
                    "annotations": {"a": "b"}},
        "networkPolicy": {"from": [{"podSelector": {}}], "metricsFrom": [{"namespaceSelector": {}}],
                          "egress": [{"to": [{"podSelector": {}}]}]},
        "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"}, "nodeSelector": {"e": "f"},
        "tolerations": [{"operator": "Exists"}], "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1,
                                       "whenUnsatisfiable": "DoNotSchedule"}],
        "priorityClassName": "high",
        "extraVolumes": [{"name": "x", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "x", "mountPath": "/x"}],
        "rateLimit": {"enabled": true, "redis": {"passwordSecret": "redis"}},
        "redis": {"enabled": true},
        "monitoring": {"podMonitor": {"enabled": true, "labels": {"release": "prometheus"}},
                       "prometheusRule": {"enabled": true, "labels": {"release": "prometheus"}},
                       "grafanaDashboard": {"enabled": true}},
    })
}

/// Whatever can be left out.
fn nothing() -> Value {
    json!({
        "podDisruptionBudget": {"enabled": false}, "networkPolicy": {"enabled": false},
        "serviceAccount": {"create": false}, "modules": {"source": "image"}, "resources": {},
    })
}

fn rendered(values: &[Value]) -> Option<Vec<Rendered>> {
    let helm = or_skipped(Helm::install(|step| println!("{step}")))?;
    Some(helm.render(&Helm::chart(), values).expect("the chart"))
}

#[track_caller]
fn files(case: &str, rendered: &Rendered) -> BTreeMap<String, String> {
    match rendered {
        Rendered::Files(files) => files.clone(),
        Rendered::Refused(why) => panic!("{case}: {why}"),
    }
}

/// The objects of these files.
fn objects(files: &BTreeMap<String, String>) -> Vec<Value> {
    let manifests = files.iter().filter(|(name, _)| name.ends_with(".yaml"));
    manifests.flat_map(|(_, text)| documents(text)).collect()
}

#[test]
fn what_the_chart_makes_is_what_kubernetes_takes() {
    let copied = json!({"modules": {"source": "initContainer",
        "initContainer": {"image": "registry.example/gateway:1"}}});
    let own_redis = json!({"rateLimit": {"enabled": true, "redis": {"url": "redis:6379"}}});
    let cases: [(&str, Value, usize, &[&str]); 6] = [
        // A version of Kubernetes before 1.35 has no images as volumes, or not without a switch.
        ("nothing said", json!({}), 7, &["1.35", "1.37"]),
        ("guarded", guarded(), 7, &["1.35", "1.37"]),
        ("everything", everything(), 17, &["1.35", "1.37"]),
        ("nothing that can be left out", nothing(), 4, &["1.25", "1.37"]),
        ("modules that are copied", copied, 7, &["1.25", "1.37"]),
        ("a Redis of one's own", own_redis, 10, &["1.25", "1.37"]),
    ];
    let values: Vec<Value> = cases.iter().map(|(_, values, ..)| values.clone()).collect();
    let Some(rendered) = rendered(&values) else { return };
    let known = or_skipped(Kinds::install(|step| println!("{step}")));
    for ((case, _, count, versions), rendered) in cases.iter().zip(&rendered) {
        let files = files(case, rendered);
        let objects = objects(&files);
        let names: Vec<String> = objects
            .iter()
            .map(|object| format!("{} {}", text(object, "/kind"), text(object, "/metadata/name")))
            .collect();
        assert_eq!(objects.len(), *count, "{case}: {names:#?}");
        for version in *versions {
            if let Some(known) = &known {
                kinds::assert_valid(known, case, &objects, version);
            }
        }
        for object in &objects {
            assert_hardened(case, object);
        }
    }
}

/// No container of ours runs as root, writes to its root, or has a capability.
#[track_caller]
fn assert_hardened(case: &str, object: &Value) {
    let Some(pod) = object.pointer("/spec/template/spec") else { return };
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{case}: {pod}");
    assert_eq!(pod["automountServiceAccountToken"], false, "{case}");
    for list in ["containers", "initContainers"] {
        for container in pod.get(list).and_then(Value::as_array).into_iter().flatten() {
            let security = &container["securityContext"];
            assert_eq!(security["readOnlyRootFilesystem"], true, "{case}: {container}");
            assert_eq!(security["allowPrivilegeEscalation"], false, "{case}: {container}");
            assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}), "{case}: {container}");
        }
    }
}

#[test]
fn values_that_would_not_work_are_refused_and_named() {
    let twice = json!({"filters": [{"name": "audit"}, {"name": "audit"}]});
    let without = json!({"filters": [{"name": "audit", "env": ["SECRET"]}]});
    let cases: [(&str, Value, &[&str]); 14] = [
        ("a name that is not known", json!({"filter": []}), &["filter", "not allowed"]),
        ("a filter that there is not", json!({"filters": [{"name": "jwt"}]}), &["/filters/0/name"]),
        ("a field of a filter", json!({"filters": [{"name": "audit", "conf": {}}]}), &["conf"]),
        ("a filter that is a text", json!({"filters": ["audit"]}), &["/filters/0"]),
        ("a filter that is there twice", twice, &["audit is there twice", "`plugin`"]),
        ("a variable that there is not", without, &["audit", "SECRET", "`env`"]),
        ("a port", json!({"upstreams": [{"name": "a", "host": "a", "port": 70_000}]}), &["/port"]),
        ("an upstream without a host", json!({"upstreams": [{"name": "a", "port": 1}]}), &["host"]),
        ("no workers", json!({"envoy": {"concurrency": 0}}), &["/envoy/concurrency"]),
        ("a digest", json!({"envoy": {"image": {"digest": "abc"}}}), &["/envoy/image/digest"]),
        ("a source of modules", json!({"modules": {"source": "file"}}), &["/modules/source"]),
        ("modules from nowhere", json!({"modules": {"source": "initContainer"}}), {
            &["modules.initContainer.image: is needed"]
        }),
        ("limits without a Redis", json!({"rateLimit": {"enabled": true}}), {
            &["rateLimit.redis.url: is needed"]
        }),
        ("a budget of none", json!({"podDisruptionBudget": {"maxUnavailable": 0}}), {
            &["/podDisruptionBudget/maxUnavailable"]
        }),
    ];
    let values: Vec<Value> = cases.iter().map(|(_, values, _)| values.clone()).collect();
    let Some(rendered) = rendered(&values) else { return };
    for ((case, _, wanted), rendered) in cases.iter().zip(&rendered) {
        let Rendered::Refused(why) = rendered else { panic!("{case} is rendered") };
        for want in *wanted {
            assert!(why.contains(want), "{case}: {want} is not in: {why}");
        }
    }
}

#[test]
fn envoys_configuration_has_no_fault() {
    let cases = [("nothing said", json!({})), ("guarded", guarded()), ("everything", everything())];
    let values: Vec<Value> = cases.iter().map(|(_, values)| values.clone()).collect();
    let Some(rendered) = rendered(&values) else { return };
    let folder = workspace::target().join("deploy");
    fs::create_dir_all(&folder).expect("a folder");
    for ((case, values), rendered) in cases.iter().zip(&rendered) {
        let config = EnvoyConfig::of_chart(&files(case, rendered)).expect("ConfigMaps");
        let path = folder.join(format!("{}.json", case.replace(' ', "-")));
        for (what, tree) in [("as one", config.as_one()), ("bootstrap", config.bootstrap().clone())]
        {
            fs::write(&path, tree.to_string()).expect("a file");
            let lines = gatehouse_check::file(&path, case);
            let bad: Vec<&String> =
                lines.iter().filter(|line| line.is_fault()).map(|line| &line.text).collect();
            assert!(bad.is_empty(), "{case}, {what}: {bad:#?}");
        }
        let wanted = values["filters"].as_array().map_or(0, Vec::len);
        let found = gatehouse_sandbox::example::wasm_filters(&config.as_one()).len();
        assert_eq!(found, wanted, "{case}");
    }
}

#[test]
fn the_notes_say_what_is_left_to_do() {
    let open = json!({"routes": [{"name": "a", "match": {"prefix": "/"}, "redirect": {}}]});
    let mut ready = guarded();
    ready["modules"] = json!({"registry": "registry.example/gatehouse"});
    let Some(rendered) = rendered(&[json!({}), open, ready]) else { return };
    let note = |index: usize| files("notes", &rendered[index])["NOTES.txt"].clone();
    let (routes, open, owner) = ("It has no routes yet", "No filter asks", "the word OWNER");
    assert!(note(0).contains(routes) && !note(0).contains(open), "{}", note(0));
    assert!(note(1).contains(open) && !note(1).contains(routes), "{}", note(1));
    for what in [routes, open, owner] {
        assert!(!note(2).contains(what), "{what}: {}", note(2));
    }
}

#[test]
fn the_chart_has_the_versions_of_the_project() {
    let read = |path: &str| -> Value {
        let text = fs::read_to_string(Helm::chart().join(path)).expect("a file");
        documents(&text).remove(0)
    };
    let pinned = envoy::pinned_version().expect("a version");
    assert_eq!(read("values.yaml")["envoy"]["image"]["tag"], format!("v{pinned}"));
    for version in ["version", "appVersion"] {
        assert_eq!(read("Chart.yaml")[version], env!("CARGO_PKG_VERSION"), "{version}");
    }
    let schema: Value = read("values.schema.json");
    let filters = schema["definitions"]["filter"]["properties"]["name"]["enum"].clone();
    let mut known: Vec<&str> = gatehouse_gateway::FILTERS.iter().map(|it| it.name).collect();
    known.push("gateway");
    known.sort_unstable();
    assert_eq!(filters, json!(known));
}
