//! An Envoy under measurement.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::process::{Process, free_port};
use super::set_up::{PROOF_HEADER, PROOF_PATH, SetUp, Tracing, http_filter};

/// Starts one worker on a free port of the loopback, on the core of the calling thread.
///
/// # Errors
/// No free port, an unwritable `scratch`, or a binary that cannot be started.
pub(super) fn start(envoy: &Path, scratch: &Path, set_up: &SetUp) -> Result<Process> {
    let port = free_port()?;
    run(envoy, scratch, &set_up.name, port, 1, &configuration(port, set_up))
}

/// Starts an Envoy on a configuration that makes it listen on `port`.
///
/// # Errors
/// As [`start`].
pub(super) fn run(
    envoy: &Path,
    scratch: &Path,
    name: &str,
    port: u16,
    workers: u32,
    configuration: &Value,
) -> Result<Process> {
    let config = scratch.join(format!("{name}.json"));
    fs::write(&config, format!("{configuration:#}"))
        .with_context(|| format!("cannot write {}", config.display()))?;
    let mut command = Command::new(envoy);
    command.args(["--disable-hot-restart", "--log-level", "warn", "--concurrency"]);
    command.arg(workers.to_string()).arg("--config-path").arg(&config);
    Process::start(name, scratch, port, &mut command)
}

/// The smallest gateway: no admin, no access log, nothing that wakes up meanwhile, an answer
/// without upstream.
fn configuration(port: u16, set_up: &SetUp) -> Value {
    let router = http_filter(
        "envoy.filters.http.router",
        "envoy.extensions.filters.http.router.v3.Router",
        json!({}),
    );
    let http_filters: Vec<&Value> = set_up.http_filters.iter().chain([&router]).collect();
    let body = set_up.answer.as_deref().unwrap_or("{\"id\":17}\n");
    let answer = json!({"status": 200, "body": {"inline_string": body}});
    let json = json!([{
        "header": {"key": "content-type", "value": "application/json"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }]);
    let proof = json!([{"header": {"key": PROOF_HEADER, "value": "%REQ(x-bench)%"}}]);
    let connection_manager = http_filter(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": "bench",
            // The request brings its own: a set-up must not measure the making of random ids.
            "generate_request_id": false,
            "tracing": set_up.tracing.as_ref().map(|tracing| &tracing.tracer),
            "http_filters": http_filters,
            "route_config": {"max_direct_response_body_size_bytes": 2 << 20, "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/orders"}, "direct_response": answer, "response_headers_to_add": json},
                {"match": {"path": PROOF_PATH}, "direct_response": answer, "response_headers_to_add": proof},
            ]}]},
        }),
    );
    json!({
        "stats_flush_interval": "240s",
        "static_resources": {"listeners": [{
            "name": "bench",
            "per_connection_buffer_limit_bytes": 4 << 20,
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            "filter_chains": [{"filters": [connection_manager]}],
        }], "clusters": set_up.tracing.iter().map(collector).collect::<Vec<_>>()},
    })
}

/// The cluster that spans are sent to.
fn collector(tracing: &Tracing) -> Value {
    let (address, port) = (tracing.collector.ip().to_string(), tracing.collector.port());
    let address = json!({"socket_address": {"address": address, "port_value": port}});
    json!({
        "name": "collector",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            },
        },
        "load_assignment": {"cluster_name": "collector", "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": address}}]},
        ]},
    })
}
