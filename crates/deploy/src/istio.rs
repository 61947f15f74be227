//! Manifests for Istio.
//!
//! A `TrafficExtension` and a `WasmPlugin` say the same: the one supersedes the other, which is
//! still served. Neither has `allow_on_headers_stop_iteration`, capabilities or `vm_id`; where a
//! filter needs the first there is an `EnvoyFilter` instead, with all three.

mod envoy_filter;

use anyhow::Result;
use gatehouse_gateway::FILTERS;
use gatehouse_sandbox::example::GATEWAY;

use crate::example::{Plugin, indented};
use crate::files::{File, head};
use crate::images::Images;
use crate::services::Service;

/// The namespace of the gateway and of the services, as in the examples of Istio's own
/// documentation.
const NAMESPACE: &str = "default";
/// The `Gateway` that is extended, and the service that Istio makes for it.
const TARGET: &str = "gateway";

/// Where Istio puts a filter: whichever phase, those of a higher priority come first. So they come
/// in the order in which `envoy/gateway.yaml` has them.
const PLACES: [(&str, Option<&str>, u32); 10] = [
    ("telemetry", Some("AUTHN"), 100),
    ("audit", Some("AUTHN"), 90),
    ("api-key-auth", Some("AUTHN"), 80),
    ("jwt-auth", Some("AUTHN"), 70),
    ("authorization", Some("AUTHZ"), 60),
    ("rate-limit", Some("AUTHZ"), 50),
    // Without a phase: directly before the router.
    ("header-transform", None, 40),
    ("body-transform", None, 30),
    ("aggregate", None, 20),
    ("response-cache", None, 10),
];
/// All filters in one: before Istio's own that authenticate.
const OF_GATEWAY: (Option<&str>, u32) = (Some("AUTHN"), 100);

/// A manifest of each kind for each filter, and for all in one module.
///
/// # Errors
/// An example cannot be read.
pub(crate) fn manifests(images: &Images) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for filter in FILTERS {
        let plugin = Plugin::shipped(filter.name)?;
        if plugin.holds_heads() {
            files.push(envoy_filter::manifest(&plugin, images)?);
            continue;
        }
        files.extend(both_kinds(&plugin, images, &[]));
    }
    let whole = Plugin::shipped(GATEWAY)?;
    files.push(envoy_filter::manifest(&whole, images)?);
    let rest = whole.without("body-transform");
    let lacks = "Without body-transform: envoy-filter/gateway.yaml has the whole.";
    files.extend(both_kinds(&rest, images, &[lacks]));
    Ok(files)
}

/// The same plugin as either kind: a TrafficExtension has under `wasm` what a WasmPlugin has itself.
fn both_kinds(plugin: &Plugin, images: &Images, lacks: &[&str]) -> [File; 2] {
    let wasm = format!(
        "type: HTTP
pluginName: {name}
url: oci://{image}
# A trap costs the requests of one worker at that moment, not the worker.
failStrategy: FAIL_RELOAD
pluginConfig:
{configuration}",
        name = plugin.name,
        image = images.of(&plugin.name),
        configuration = indented(&configuration(plugin), 2),
    );
    let file = |folder: &str, kind: &str, wasm: &str| {
        let text = format!(
            "{}{}{}{wasm}\n",
            head(&plugin.example.display().to_string(), &said_of(plugin, lacks)),
            meta("extensions.istio.io/v1alpha1", kind, &plugin.name),
            placed(&plugin.name),
        );
        File::new(format!("deploy/istio/{folder}/{}.yaml", plugin.name), text)
    };
    let nested = format!("  wasm:\n{}", indented(&wasm, 4));
    [
        file("traffic-extension", "TrafficExtension", &nested),
        file("wasm-plugin", "WasmPlugin", &indented(&wasm, 2)),
    ]
}

fn meta(version: &str, kind: &str, name: &str) -> String {
    format!(
        "apiVersion: {version}
kind: {kind}
metadata:
  name: {name}
  namespace: {NAMESPACE}
spec:
  targetRefs:
    - {{group: gateway.networking.k8s.io, kind: Gateway, name: {TARGET}}}
"
    )
}

fn placed(name: &str) -> String {
    let place = PLACES.iter().find(|(filter, ..)| *filter == name);
    let (phase, priority) = place.map_or(OF_GATEWAY, |(_, phase, priority)| (*phase, *priority));
    match phase {
        Some(phase) => format!("  phase: {phase}\n  priority: {priority}\n"),
        None => format!("  # No phase: directly before the router.\n  priority: {priority}\n"),
    }
}

/// What the platform cannot do for this filter.
fn said_of(plugin: &Plugin, lacks: &[&str]) -> Vec<String> {
    let mut said = vec![
        "What Istio cannot do here: hold heads until bodies were seen \
         (`allow_on_headers_stop_iteration`), hold the module to a list of capabilities, give it a \
         `vm_id`."
            .to_owned(),
    ];
    said.extend(lacks.iter().map(|lack| (*lack).to_owned()));
    said.extend(of_filter(&plugin.name).map(str::to_owned));
    if !plugin.calls.is_empty() {
        said.push(CALLS.to_owned());
    }
    said
}

const CALLS: &str = "It calls services by the clusters that Istio makes of them, \
                     `outbound|PORT||HOST`: a service has to be known to this proxy.";

/// What is another thing in Istio than in Envoy alone.
fn of_filter(name: &str) -> Option<&'static str> {
    match name {
        "rate-limit" => Some(
            "All plugins of a proxy have one store there: two of this kind count together where \
             their rules have one name. Each proxy counts for itself; `counting` in the filter's \
             README is for all together.",
        ),
        "response-cache" => Some(
            "All plugins of a proxy have one store there: give a second one another `store.name`.",
        ),
        "telemetry" | "audit" => Some(
            "Labels of counters, the access log's fields and histogram buckets are the mesh's: see \
             docs/platforms.md.",
        ),
        _ => None,
    }
}

/// With Istio's names for the clusters.
fn configuration(plugin: &Plugin) -> String {
    let text = format!("{}\n", plugin.configuration);
    let text = plugin.calls.renamed(&text, |service| match service {
        Service::Other { host, port } => {
            format!("outbound|{port}||{host}.{NAMESPACE}.svc.cluster.local")
        }
        // What Istio calls the service that it makes for a Gateway.
        Service::Itself => format!("outbound|80||{TARGET}-istio.{NAMESPACE}.svc.cluster.local"),
    });
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_sandbox::example::Example;
    use gatehouse_sandbox::workspace;

    #[test]
    fn the_places_are_the_order_of_the_whole_gateway() {
        let whole = Example::load(&workspace::root().join("envoy/gateway.yaml")).unwrap();
        let wasm = &whole.filters()[0];
        let list = wasm.configuration["value"]["filters"].as_array().unwrap();
        let names: Vec<&String> =
            list.iter().flat_map(|item| item.as_object().unwrap().keys()).collect();
        let phase =
            |phase: Option<&str>| ["AUTHN", "AUTHZ"].iter().position(|it| Some(*it) == phase);
        let mut places = PLACES.to_vec();
        places.sort_by_key(|(_, of, priority)| {
            (phase(*of).unwrap_or(2), std::cmp::Reverse(*priority))
        });
        let placed: Vec<&str> = places.iter().map(|(name, ..)| *name).collect();
        assert_eq!(placed, PLACES.map(|(name, ..)| name), "the table is in its own order");
        let in_list: Vec<&str> =
            placed.into_iter().filter(|name| names.iter().any(|it| it == name)).collect();
        assert_eq!(in_list, names);
    }

    #[test]
    fn every_filter_has_a_place() {
        for filter in FILTERS {
            assert!(PLACES.iter().any(|(name, ..)| *name == filter.name), "{}", filter.name);
        }
        assert_eq!(PLACES.len(), FILTERS.len());
    }
}
