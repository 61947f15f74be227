//! The Envoy of a set-up: the smallest gateway that proxies to the origin and answers itself
//! elsewhere.

use serde_json::{Value, json};

use super::super::set_up::http_filter;
use super::native::{LOCAL_RATELIMIT, small_limit};
use super::requests::LIMITED;

/// No admin, no access log, nothing that wakes up meanwhile.
pub(in super::super) fn configuration(port: u16, origin: u16, http_filters: &[Value]) -> Value {
    let router = http_filter(
        "envoy.filters.http.router",
        "envoy.extensions.filters.http.router.v3.Router",
        json!({}),
    );
    let all: Vec<&Value> = http_filters.iter().chain([&router]).collect();
    let limits =
        http_filters.iter().any(|filter| filter.get("name") == Some(&json!(LOCAL_RATELIMIT)));
    let per_filter = if limits { json!({LOCAL_RATELIMIT: small_limit()}) } else { json!({}) };
    let to_origin = json!({"cluster": "origin"});
    let answer = json!({"status": 200, "body": {"inline_string": "{\"id\":17}\n"}});
    let json = json!([{
        "header": {"key": "content-type", "value": "application/json"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }]);
    let connection_manager = http_filter(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": "bench",
            // The request brings its own: a set-up must not measure the making of random ids.
            "generate_request_id": false,
            "http_filters": all,
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/direct"}, "direct_response": answer, "response_headers_to_add": json},
                {"match": {"path": LIMITED}, "route": to_origin, "typed_per_filter_config": per_filter},
                {"match": {"prefix": "/"}, "route": to_origin},
            ]}]},
        }),
    );
    json!({
        "stats_flush_interval": "240s",
        "static_resources": {
            "listeners": [{
                "name": "bench",
                "address": address(port),
                "filter_chains": [{"filters": [connection_manager]}],
            }],
            "clusters": [cluster("origin", origin)],
        },
    })
}

/// A cluster of one endpoint on this machine.
pub(in super::super) fn cluster(name: &str, port: u16) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [
            {"lb_endpoints": [{"endpoint": {"address": address(port)}}]},
        ]},
    })
}

fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}
