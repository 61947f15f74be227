//! Manifests for Envoy Gateway: an `EnvoyExtensionPolicy` for each filter, and an
//! `EnvoyPatchPolicy` for what that cannot say.

use anyhow::Result;
use gatehouse_gateway::FILTERS;
use gatehouse_sandbox::example::GATEWAY;

use crate::example::{Plugin, indented};
use crate::files::{File, head};
use crate::images::Images;
use crate::services::Service;

/// The namespace of the gateway and of the services.
const NAMESPACE: &str = "default";
/// The `Gateway` that is extended, and the listener in it.
const TARGET: &str = "gateway";
const LISTENER: &str = "http";
/// Where Envoy listens for the gateway's port 80: ports below 1024 are for root.
const OWN_PORT: u16 = 10080;

/// Where the flag is that an example's comment speaks of.
const FLAG_ABOVE: &str = "allow_on_headers_stop_iteration, above.";
const FLAG_BELOW: &str = "allow_on_headers_stop_iteration: a patch, below.";

/// A policy for each filter, and one for all in one module.
///
/// # Errors
/// An example cannot be read.
pub(crate) fn manifests(images: &Images) -> Result<Vec<File>> {
    let names = FILTERS.iter().map(|filter| filter.name).chain([GATEWAY]);
    let policy = |name| Ok(manifest(&Plugin::shipped(name)?, images));
    names.map(policy).collect()
}

fn manifest(plugin: &Plugin, images: &Images) -> File {
    let name = &plugin.name;
    let patches = patches(plugin);
    let text = format!(
        "{head}apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: {name}
  namespace: {NAMESPACE}
spec:
  targetRefs:
    - {{group: gateway.networking.k8s.io, kind: Gateway, name: {TARGET}}}
  wasm:
    - name: {name}
      rootID: {name}
      code:
        type: Image
        image: {{url: \"{image}\"}}
      # Refuses while the filter cannot decide.
      failOpen: false
      config:
{configuration}
{patches}",
        head = head(&plugin.example.display().to_string(), &said_of(plugin, !patches.is_empty())),
        image = images.of(name),
        configuration = indented(&plugin.configuration.replace(FLAG_ABOVE, FLAG_BELOW), 8),
    );
    File::new(format!("deploy/envoy-gateway/{name}.yaml"), text)
}

/// What the platform cannot do for this filter.
fn said_of(plugin: &Plugin, is_patched: bool) -> Vec<String> {
    let mut said = vec![
        "What Envoy Gateway cannot do here: load a filter anew after a trap (`FAIL_RELOAD`: the \
         worker then refuses all until the configuration changes), hold the module to a list of \
         capabilities, and attach two policies of one kind to one Gateway: filters that stand \
         together are one policy with a list, as in chain.yaml, or one module, as in gateway.yaml."
            .to_owned(),
    ];
    if is_patched {
        said.push(
            "The patches need `extensionApis.enableEnvoyPatchPolicy: true` in EnvoyGateway's own \
             configuration. They name what it makes of this policy and of the Gateway's listener \
             `http`."
                .to_owned(),
        );
    }
    match plugin.name.as_str() {
        "rate-limit" | "response-cache" => said.push(
            "Each proxy counts and stores for itself, and each policy apart: its name is the \
             `vm_id`."
                .to_owned(),
        ),
        "telemetry" | "audit" => said.push(
            "Labels of counters and the access log's fields are EnvoyProxy's: see \
             docs/platforms.md."
                .to_owned(),
        ),
        _ => {}
    }
    said
}

/// A flag that the policy has no field for, and the clusters that the filter calls.
fn patches(plugin: &Plugin) -> String {
    let mut patches = String::new();
    if plugin.holds_heads() {
        patches.push_str(&format!(
            "    # Lets the filter hold a head until it has seen the body (`hold_heads`).
    - type: type.googleapis.com/envoy.config.listener.v3.Listener
      name: {NAMESPACE}/{TARGET}/{LISTENER}
      operation:
        op: add
        jsonPath: \"..http_filters[?(@.name=='envoy.filters.http.wasm/envoyextensionpolicy/\\
          {NAMESPACE}/{name}/wasm/0')].typed_config.config\"
        path: /allow_on_headers_stop_iteration
        value: true
",
            name = plugin.name,
        ));
    }
    for (cluster, service) in plugin.calls.iter() {
        patches.push_str(&called(cluster, service));
    }
    if patches.is_empty() {
        return patches;
    }
    format!(
        "---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyPatchPolicy
metadata:
  name: {name}
  namespace: {NAMESPACE}
spec:
  targetRef: {{group: gateway.networking.k8s.io, kind: Gateway, name: {TARGET}}}
  type: JSONPatch
  jsonPatches:
{patches}",
        name = plugin.name,
    )
}

/// A cluster for a service that the filter calls: those that Envoy Gateway makes are of routes, and
/// named by the places of their rules.
fn called(cluster: &str, service: &Service) -> String {
    let (host, port, comment) = match service {
        Service::Other { host, port } => {
            let host = format!("{host}.{NAMESPACE}.svc.cluster.local");
            (host, port.to_string(), "A service that the filter calls.")
        }
        Service::Itself => {
            let comment = "The gateway itself, by the port of its proxy for port 80.";
            ("127.0.0.1".to_owned(), OWN_PORT.to_string(), comment)
        }
    };
    format!(
        "    # {comment}
    - type: type.googleapis.com/envoy.config.cluster.v3.Cluster
      name: {cluster}
      operation:
        op: add
        path: \"\"
        value:
          name: {cluster}
          type: STRICT_DNS
          connect_timeout: 1s
          load_assignment:
            cluster_name: {cluster}
            endpoints:
              - lb_endpoints:
                  - endpoint:
                      address: {{socket_address: {{address: {host}, port_value: {port}}}}}
"
    )
}

/// Several filters in one policy, in the order in which requests meet them.
///
/// # Errors
/// An example cannot be read.
pub(crate) fn chain(images: &Images) -> Result<File> {
    const CHAIN: [&str; 4] = ["telemetry", "jwt-auth", "rate-limit", "header-transform"];
    let mut wasm = String::new();
    for name in CHAIN {
        let plugin = Plugin::shipped(name)?;
        wasm.push_str(&format!(
            "    # Of {example}.
    - name: {name}
      rootID: {name}
      code:
        type: Image
        image: {{url: \"{image}\"}}
      failOpen: false
      config:
{configuration}
",
            example = plugin.example.display(),
            image = images.of(name),
            configuration = indented(&plugin.configuration, 8),
        ));
    }
    let said = [
        "Several filters, each its own module. A request meets them in this order, a response in \
         reverse."
            .to_owned(),
        "What Envoy Gateway cannot do here: load a filter anew after a trap (`FAIL_RELOAD`), hold a \
         module to a list of capabilities, let a filter hold heads."
            .to_owned(),
    ];
    let text = format!(
        "{head}apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: chain
  namespace: {NAMESPACE}
spec:
  targetRefs:
    - {{group: gateway.networking.k8s.io, kind: Gateway, name: {TARGET}}}
  wasm:
{wasm}",
        head = head("the examples under envoy/", &said),
    );
    Ok(File::new("deploy/envoy-gateway/chain.yaml".to_owned(), text))
}
