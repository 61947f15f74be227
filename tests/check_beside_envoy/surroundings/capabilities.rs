use serde_json::{Value, json};

use super::plugin;
use crate::check_beside_envoy::case::{Changed, Good, RefusedForAll, Void, level};
use crate::harness::configuration;

const UNSEEN: &str = "a module cannot see what Envoy may not ask of it";

/// Each lacks what it needs, in every filter and in the gateway.
pub(crate) const ALL: &[Changed] = &[
    Changed {
        case: "jwt-auth without the clock and without filter state",
        filters: &["jwt-auth"],
        change: |tree| {
            configuration::forbid(
                tree,
                &["proxy_get_current_time_nanoseconds", "proxy_set_property"],
            );
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_get_current_time_nanoseconds`, which this configuration needs",
            "must allow `proxy_set_property`, which this configuration needs",
        ]),
    },
    Changed {
        case: "jwt-auth that fetches keys and may neither call nor go on",
        filters: &["jwt-auth"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["providers"][0]["jwks"] =
                json!({"cluster": "keys", "path": "/jwks"});
            configuration::forbid(tree, &["proxy_http_call", "proxy_continue_stream"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_http_call`, which this configuration needs",
            "must allow `proxy_continue_stream`, which this configuration needs",
        ]),
    },
    Changed {
        case: "jwt-auth that fetches keys and may neither tick nor write what it fetched",
        filters: &["jwt-auth"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["providers"][0]["jwks"] =
                json!({"cluster": "keys", "path": "/jwks"});
            configuration::forbid(
                tree,
                &["proxy_set_tick_period_milliseconds", "proxy_set_shared_data"],
            );
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_set_tick_period_milliseconds`, which this configuration needs",
            "must allow `proxy_set_shared_data`, which this configuration needs",
        ]),
    },
    Changed {
        case: "api-key-auth that polls and may not come back to requests or read what it fetched",
        filters: &["api-key-auth"],
        change: |tree| {
            plugin(tree)["configuration"]["value"] =
                json!({"consumers_from": {"cluster": "keys", "path": "/c"}});
            configuration::forbid(tree, &["proxy_set_effective_context", "proxy_get_shared_data"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_set_effective_context`, which this configuration needs",
            "must allow `proxy_get_shared_data`, which this configuration needs",
        ]),
    },
    Changed {
        case: "api-key-auth that may not change heads",
        filters: &["api-key-auth"],
        change: |tree| {
            configuration::forbid(
                tree,
                &["proxy_remove_header_map_value", "proxy_get_header_map_pairs"],
            );
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_remove_header_map_value`, which this configuration needs",
            "must allow `proxy_get_header_map_pairs`, which this configuration needs",
        ]),
    },
    Changed {
        case: "authorization with a condition that it may not evaluate, and no attributes",
        filters: &["authorization"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["rules"][0]["condition"] = json!("true");
            configuration::forbid(tree, &["proxy_call_foreign_function", "proxy_get_property"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_call_foreign_function`, which this configuration needs",
            "must allow `proxy_get_property`, which this configuration needs",
        ]),
    },
    Changed {
        case: "authorization that may neither answer nor count",
        filters: &["authorization"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_send_local_response", "proxy_increment_metric"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_send_local_response`, which this configuration needs",
            "must allow `proxy_increment_metric`, which this configuration needs",
        ]),
    },
    Changed {
        case: "rate-limit without what workers share",
        filters: &["rate-limit"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_get_shared_data", "proxy_set_shared_data"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_get_shared_data`, which this configuration needs",
            "must allow `proxy_set_shared_data`, which this configuration needs",
        ]),
    },
    Changed {
        case: "rate-limit that counts with a service and may neither call nor go on",
        filters: &["rate-limit"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["rules"][0]["counting"] =
                json!({"mode": "global", "cluster": "keys"});
            configuration::forbid(tree, &["proxy_grpc_call", "proxy_continue_stream"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_grpc_call`, which this configuration needs",
            "must allow `proxy_continue_stream`, which this configuration needs",
        ]),
    },
    Changed {
        case: "header-transform that may not write",
        filters: &["header-transform"],
        change: |tree| {
            configuration::forbid(
                tree,
                &["proxy_add_header_map_value", "proxy_replace_header_map_value"],
            );
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_add_header_map_value`, which this configuration needs",
            "must allow `proxy_replace_header_map_value`, which this configuration needs",
        ]),
    },
    Changed {
        case: "body-transform that may write neither bodies nor heads",
        filters: &["body-transform"],
        change: |tree| {
            configuration::forbid(
                tree,
                &["proxy_set_buffer_bytes", "proxy_remove_header_map_value"],
            );
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_set_buffer_bytes`, which this configuration needs",
            "must allow `proxy_remove_header_map_value`, which this configuration needs",
        ]),
    },
    Changed {
        case: "gateway that may do neither what one nor what the other of its filters does",
        filters: &["gateway"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_set_shared_data", "proxy_add_header_map_value"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_set_shared_data`, which this configuration needs",
            "must allow `proxy_add_header_map_value`, which this configuration needs",
        ]),
    },
    Changed {
        case: "a filter without random numbers and without its configuration",
        filters: &["header-transform"],
        change: |tree| {
            configuration::forbid(tree, &["random_get", "proxy_get_buffer_bytes"]);
        },
        verdict: RefusedForAll(&[
            "must allow `random_get`, which this configuration needs",
            "must allow `proxy_get_buffer_bytes`, which this configuration needs",
        ]),
    },
    Changed {
        case: "a filter that may neither define metrics nor ask for the level of the log",
        filters: &["header-transform"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_define_metric", "proxy_get_log_level"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_define_metric`, which this configuration needs",
            "must allow `proxy_get_log_level`, which this configuration needs",
        ]),
    },
    Changed {
        case: "jwt-auth that verifies with its own code, where it may not have Envoy do it",
        filters: &["jwt-auth"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_call_foreign_function"]);
        },
        verdict: Good,
    },
    Changed {
        case: "rate-limit that is not entered for responses",
        filters: &["rate-limit"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_on_response_headers"]);
        },
        verdict: Good,
    },
    Changed {
        case: "rate-limit that counts requests under way, and may neither call nor hold",
        filters: &["rate-limit"],
        change: |tree| {
            count_requests_under_way(tree);
            configuration::forbid(
                tree,
                &[
                    "proxy_http_call",
                    "proxy_on_http_call_response",
                    "proxy_continue_stream",
                    "proxy_set_effective_context",
                    "proxy_record_metric",
                ],
            );
        },
        verdict: Good,
    },
    Changed {
        case: "rate-limit that counts requests under way, and has no timer",
        filters: &["rate-limit"],
        change: |tree| {
            count_requests_under_way(tree);
            configuration::forbid(tree, &["proxy_on_tick", "proxy_set_tick_period_milliseconds"]);
        },
        verdict: RefusedForAll(&[
            "must allow `proxy_set_tick_period_milliseconds`, which this configuration needs",
        ]),
    },
    Changed {
        case: "a filter that sees no requests",
        filters: &["header-transform"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_on_request_headers"]);
        },
        verdict: Void {
            level: level::FAULT,
            says: "must allow `proxy_on_request_headers`, which this configuration needs",
            because: UNSEEN,
        },
    },
    Changed {
        case: "body-transform that sees no bodies",
        filters: &["body-transform"],
        change: |tree| {
            configuration::forbid(tree, &["proxy_on_request_body"]);
        },
        verdict: Void {
            level: level::FAULT,
            says: "must allow `proxy_on_request_body`, which this configuration needs",
            because: UNSEEN,
        },
    },
    Changed {
        case: "jwt-auth that fetches keys and is given no answer",
        filters: &["jwt-auth"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["providers"][0]["jwks"] =
                json!({"cluster": "keys", "path": "/jwks"});
            configuration::forbid(tree, &["proxy_on_http_call_response"]);
        },
        verdict: Void {
            level: level::FAULT,
            says: "must allow `proxy_on_http_call_response`, which this configuration needs",
            because: UNSEEN,
        },
    },
    Changed {
        case: "jwt-auth that fetches keys and whose timer does not run",
        filters: &["jwt-auth"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["providers"][0]["jwks"] =
                json!({"cluster": "keys", "path": "/jwks"});
            configuration::forbid(tree, &["proxy_on_tick"]);
        },
        verdict: Void {
            level: level::FAULT,
            says: "must allow `proxy_on_tick`, which this configuration needs",
            because: UNSEEN,
        },
    },
];

fn count_requests_under_way(tree: &mut Value) {
    plugin(tree)["configuration"]["value"]["rules"][0]["in_flight"] = json!(10);
}
