//! The listener: what is taken from clients, and what is refused before any filter.

use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::{Gateway, kind};

pub(super) fn tree(gateway: &Gateway, modules: &str) -> Value {
    let mut filters: Vec<Value> =
        gateway.filters.iter().map(|filter| filter.tree(modules)).collect();
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": kind("envoy.extensions.filters.http.router.v3.Router")},
    }));
    let routes: Vec<Value> = gateway.routes.iter().map(super::Route::tree).collect();
    let mut manager = Map::new();
    let mut set = |name: &str, value: Value| manager.insert(name.to_owned(), value);
    set(
        "@type",
        json!(kind(
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
        )),
    );
    set("stat_prefix", json!("gateway"));
    set("codec_type", json!("AUTO"));
    // A client's word for its own address is not taken.
    set("use_remote_address", json!(true));
    // Routes and filters decide on the path that the upstream will see.
    set("normalize_path", json!(true));
    set("merge_slashes", json!(true));
    set("path_with_escaped_slashes_action", json!("REJECT_REQUEST"));
    let underscores = if gateway.underscores { "ALLOW" } else { "REJECT_REQUEST" };
    set(
        "common_http_protocol_options",
        json!({"headers_with_underscores_action": underscores, "idle_timeout": "300s"}),
    );
    set(
        "http2_protocol_options",
        json!({"max_concurrent_streams": 100, "initial_stream_window_size": 65536,
            "initial_connection_window_size": 1_048_576}),
    );
    set("request_headers_timeout", json!("10s"));
    set("stream_idle_timeout", json!("60s"));
    set("request_timeout", json!("60s"));
    set("always_set_request_id_in_response", json!(true));
    if gateway.websockets {
        set("upgrade_configs", json!([{"upgrade_type": "websocket"}]));
    }
    set("access_log", access_log(gateway));
    set("http_filters", json!(filters));
    set(
        "route_config",
        json!({"name": "gateway",
            "virtual_hosts": [{"name": "gateway", "domains": ["*"], "routes": routes}]}),
    );
    json!({
        "name": "gateway",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": gateway.port}},
        "per_connection_buffer_limit_bytes": 1_048_576,
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        }]}],
    })
}

fn access_log(gateway: &Gateway) -> Value {
    let mut format = Map::new();
    for (name, value) in [
        ("time", "%START_TIME%"),
        ("request_id", "%REQ(X-REQUEST-ID)%"),
        ("client", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
        ("method", "%REQ(:METHOD)%"),
        ("path", "%PATH(NQ:ORIG_OR_PATH)%"),
        ("host", "%REQ(:AUTHORITY)%"),
        ("route", "%ROUTE_NAME%"),
        ("status", "%RESPONSE_CODE%"),
        ("details", "%RESPONSE_CODE_DETAILS%"),
        ("flags", "%RESPONSE_FLAGS%"),
        ("upstream", "%UPSTREAM_HOST%"),
        ("duration_ms", "%DURATION%"),
    ] {
        format.insert(name.to_owned(), json!(value));
    }
    for filter in &gateway.filters {
        // telemetry decides nothing, and leaves nothing behind.
        if let Filter::Wasm(module) = filter
            && module.module != "telemetry"
        {
            let name = module.module.replace('-', "_");
            format.insert(
                name.clone(),
                json!(format!("%FILTER_STATE(wasm.gatehouse.{name}:PLAIN)%")),
            );
        }
    }
    json!([{
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": kind("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"),
            "log_format": {"json_format": format},
        },
    }])
}

/// Connections are refused before the process runs out of memory or file descriptors.
pub(super) fn overload_manager() -> Value {
    let name = "envoy.resource_monitors.global_downstream_max_connections";
    json!({"resource_monitors": [{"name": name, "typed_config": {
        "@type": kind(
            "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
        ),
        "max_active_downstream_connections": 10000,
    }}]})
}
