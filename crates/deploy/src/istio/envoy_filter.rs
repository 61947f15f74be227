//! An `EnvoyFilter`: a piece of Envoy's own configuration, for what the kinds that are made for
//! extensions lack.

use anyhow::Result;

use super::{CALLS, NAMESPACE, TARGET, configuration, of_filter};
use crate::example::{Plugin, indented};
use crate::files::{File, head};
use crate::images::Images;

/// What a module may do beside what its configuration needs: answers that only its head is seen of,
/// Envoy's cryptography, and what a backtrace takes. See docs/capabilities.md.
const BESIDE: [&str; 6] = [
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "proxy_call_foreign_function",
    "proxy_on_response_headers",
];

/// The plugin as Envoy takes it, fetched by Istio's agent, before the router.
pub(super) fn manifest(plugin: &Plugin, images: &Images) -> Result<File> {
    let name = &plugin.name;
    let mut capabilities = plugin.capabilities()?;
    capabilities.extend(BESIDE);
    let capabilities: String =
        capabilities.iter().map(|capability| format!("{capability}: {{}}\n")).collect();
    let mut said = vec![
        "For a flag that TrafficExtension and WasmPlugin lack, with which a head waits for its body."
            .to_owned(),
        "What Istio cannot do here: tell in a `.status` that it is applied. It stands directly \
         before the router, so behind all that has a phase; two EnvoyFilters that insert at one \
         place come in the order in which they were made."
            .to_owned(),
        "Envoy 1.40 says that this place of the capabilities is deprecated; Istio's, up to 1.39, \
         knows no other. See docs/capabilities.md."
            .to_owned(),
    ];
    said.extend(of_filter(name).map(str::to_owned));
    if !plugin.calls.is_empty() {
        said.push(CALLS.to_owned());
    }
    let text = format!(
        "{head}apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: {name}
  namespace: {NAMESPACE}
spec:
  targetRefs:
    - {{group: gateway.networking.k8s.io, kind: Gateway, name: {TARGET}}}
  configPatches:
    # The filter: its configuration comes by a stream of its own (ECDS), so that a change ends no
    # connection.
    - applyTo: HTTP_FILTER
      match:
        context: GATEWAY
        listener:
          filterChain:
            filter:
              name: envoy.filters.network.http_connection_manager
              subFilter: {{name: envoy.filters.http.router}}
      patch:
        operation: INSERT_BEFORE
        value:
          name: {NAMESPACE}.{name}
          config_discovery:
            # Without a limit of time: no request passes before the filter is there.
            config_source: {{ads: {{}}, initial_fetch_timeout: 0s, resource_api_version: V3}}
            type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
    - applyTo: EXTENSION_CONFIG
      match: {{context: GATEWAY}}
      patch:
        operation: ADD
        value:
          name: {NAMESPACE}.{name}
          typed_config:
            \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
            config:
              name: {name}
              root_id: {name}
              # A trap costs the requests of one worker at that moment, not the worker.
              failure_policy: FAIL_RELOAD
              # Lets the filter hold a head until it has seen the body (`hold_heads`).
              allow_on_headers_stop_iteration: true
              # All that it may do of the proxy.
              capability_restriction_config:
                allowed_capabilities:
{capabilities}
              vm_config:
                vm_id: gatehouse.{name}
                runtime: envoy.wasm.runtime.v8
                code:
                  remote:
                    # Istio's agent fetches the image and gives Envoy a file: the cluster is never
                    # asked.
                    http_uri: {{uri: \"oci://{image}\", timeout: 30s, cluster: _}}
              configuration:
                \"@type\": type.googleapis.com/google.protobuf.Struct
                value:
{configuration}
",
        head = head(&plugin.example.display().to_string(), &said),
        capabilities = indented(capabilities.trim_end(), 18),
        image = images.of(name),
        configuration = indented(&configuration(plugin), 18),
    );
    Ok(File::new(format!("deploy/istio/envoy-filter/{name}.yaml"), text))
}
