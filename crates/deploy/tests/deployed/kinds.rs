//! Manifests of the kinds that Kubernetes has built in.

use gatehouse_deploy::kinds::Kinds;
use serde_json::{Value, json};

use crate::documents::text;

/// Kinds of the Prometheus operator, whose schemas are not at hand.
const ELSEWHERE: &str = "monitoring.coreos.com/v1";

/// Fails unless each object is what this version of Kubernetes takes.
#[track_caller]
pub(crate) fn assert_valid(kinds: &Kinds, case: &str, objects: &[Value], version: &str) {
    let built_in: Vec<Value> =
        objects.iter().filter(|object| text(object, "/apiVersion") != ELSEWHERE).cloned().collect();
    let faults = kinds.faults(&built_in, version).expect("an answer");
    assert_eq!(faults.len(), built_in.len(), "{case}");
    for (object, fault) in built_in.iter().zip(faults) {
        let what = format!("{} {}", text(object, "/kind"), text(object, "/metadata/name"));
        assert_eq!(fault, None, "{case}: {what}");
    }
}

#[test]
fn what_kubernetes_would_refuse_is_seen() {
    let Some(kinds) = crate::or_skipped(Kinds::install(|step| println!("{step}"))) else { return };
    let service = |spec: Value| {
        let metadata = json!({"name": "a"});
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    };
    let image = |volume: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {
            "containers": [{"name": "a"}], "volumes": [volume]}})
    };
    let volume = json!({"name": "m", "image": {"reference": "a:1"}});
    for (object, version, want) in [
        (service(json!({"ports": [{"port": 80}]})), "1.37", None),
        (service(json!({"ports": [{"port": "80"}]})), "1.37", Some("spec.ports.0.port")),
        (service(json!({"port": 80})), "1.37", Some("'port' was unexpected")),
        (image(volume.clone()), "1.35", None),
        (image(volume), "1.30", Some("'image' was unexpected")),
        (
            json!({"apiVersion": "v1", "kind": "Servic"}),
            "1.37",
            Some("find schema for kind Servic"),
        ),
    ] {
        let faults = kinds.faults(std::slice::from_ref(&object), version).expect("an answer");
        match (&faults[0], want) {
            (None, None) => {}
            (Some(fault), Some(want)) if fault.contains(want) => {}
            _ => panic!("{object} in {version}: {faults:?}, not {want:?}"),
        }
    }
}
