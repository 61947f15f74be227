use gatehouse_sandbox::workspace;
use serde_json::json;

use super::{filter, filters, manager, plugin};
use crate::check_beside_envoy::case::{Changed, Good, Refused, RefusedInWords, Void, level};

pub(crate) const ALL: &[Changed] = &[
    Changed {
        case: "every filter, in the order of the demo",
        filters: &[
            "api-key-auth",
            "jwt-auth",
            "authorization",
            "rate-limit",
            "header-transform",
            "body-transform",
        ],
        change: |_| {},
        verdict: Good,
    },
    Changed {
        case: "a format with a decision that no filter leaves",
        filters: &["jwt-auth"],
        change: |tree| {
            manager(tree)["access_log"] = json!([{"name": "a", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
                "log_format": {"json_format": {
                    "a": "%FILTER_STATE(wasm.gatehouse.jwt_auth:PLAIN)%",
                    "b": "%FILTER_STATE(wasm.gatehouse.rate_limit:PLAIN)%",
                }},
            }}]);
        },
        verdict: Void {
            level: level::WARNING,
            says: "no filter of the file writes `wasm.gatehouse.rate_limit`: it stays empty",
            because: "to Envoy filter state is whatever is there",
        },
    },
    Changed {
        case: "telemetry behind a filter that refuses",
        filters: &["jwt-auth", "telemetry"],
        change: |_| {},
        verdict: Void {
            level: level::WARNING,
            says: "`jwt-auth` comes before it, and what that refuses is not counted; put it first",
            because: "to Envoy filters are filters",
        },
    },
    Changed {
        case: "authorization before jwt-auth",
        filters: &["authorization", "jwt-auth"],
        change: |_| {},
        verdict: Void {
            level: level::WARNING,
            says: "decides before `jwt-auth` says who calls; put it after",
            because: "to Envoy filters are filters",
        },
    },
    Changed {
        case: "rate-limit by subject before the authentication",
        filters: &["rate-limit", "jwt-auth"],
        change: |tree| {
            plugin(tree)["configuration"]["value"]["rules"][0]["key"] = json!(["subject"]);
        },
        verdict: Void {
            level: level::WARNING,
            says: "decides before `jwt-auth` says who calls; put it after",
            because: "to Envoy filters are filters",
        },
    },
    Changed {
        case: "rate-limit by address before the authentication",
        filters: &["rate-limit", "jwt-auth"],
        change: |_| {},
        verdict: Good,
    },
    Changed {
        case: "addresses that clients write themselves",
        filters: &["rate-limit"],
        change: |tree| {
            manager(tree).as_object_mut().expect("fields").remove("use_remote_address");
        },
        verdict: Void {
            level: level::WARNING,
            says: "the client may write its own address",
            because: "a proxy before Envoy may write it, and be the only one that reaches Envoy",
        },
    },
    Changed {
        case: "sources of clients that write their address themselves",
        filters: &["authorization"],
        change: |tree| {
            manager(tree)["use_remote_address"] = json!(false);
            plugin(tree)["configuration"]["value"]["rules"][0]["principals"] =
                json!([{"sources": ["10.0.0.0/8"]}]);
        },
        verdict: Void {
            level: level::WARNING,
            says: "rules[0].principals[0].sources: the client may write its own address",
            because: "a proxy before Envoy may write it, and be the only one that reaches Envoy",
        },
    },
    Changed {
        case: "addresses behind a proxy that is trusted",
        filters: &["rate-limit"],
        change: |tree| {
            manager(tree)["use_remote_address"] = json!(false);
            manager(tree)["xff_num_trusted_hops"] = json!(1);
        },
        verdict: Good,
    },
    Changed {
        case: "addresses that an extension finds out",
        filters: &["rate-limit"],
        change: |tree| {
            let kind = "type.googleapis.com/envoy.extensions.http.original_ip_detection.\
                        custom_header.v3.CustomHeaderConfig";
            manager(tree)["use_remote_address"] = json!(false);
            manager(tree)["original_ip_detection_extensions"] = json!([
                {"name": "ip", "typed_config": {"@type": kind, "header_name": "x-ip"}},
            ]);
        },
        verdict: Good,
    },
    Changed {
        case: "a chain that ends with the filter",
        filters: &["header-transform"],
        change: |tree| {
            filters(tree).pop();
        },
        verdict: RefusedInWords {
            check: "is the last filter of its chain: the router must be",
            envoy: "non-terminal filter",
        },
    },
    Changed {
        case: "a filter behind the router",
        filters: &["header-transform"],
        change: |tree| filters(tree).swap(0, 1),
        verdict: RefusedInWords {
            check: "the router must be the last filter of its chain",
            envoy: "terminal filter named router",
        },
    },
    Changed {
        case: "a filter that is disabled and configured well",
        filters: &["header-transform"],
        change: |tree| filter(tree)["disabled"] = json!(true),
        verdict: Good,
    },
    Changed {
        case: "a filter that is disabled and configured badly",
        filters: &["header-transform"],
        change: |tree| {
            filter(tree)["disabled"] = json!(true);
            plugin(tree)["configuration"]["value"] = json!({"rules": [{}]});
        },
        verdict: Refused("rules[0]: must have operations"),
    },
    Changed {
        case: "a filter that is optional and configured badly",
        filters: &["header-transform"],
        change: |tree| {
            filter(tree)["is_optional"] = json!(true);
            plugin(tree)["configuration"]["value"] = json!({"rules": [{}]});
        },
        verdict: Refused("rules[0]: must have operations"),
    },
    Changed {
        case: "a filter of HTTP among the filters of connections",
        filters: &["header-transform"],
        change: |tree| {
            let mut network = filter(tree).clone();
            network["typed_config"]["@type"] =
                json!("type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm");
            let chain = tree["filter_chains"][0]["filters"].as_array_mut();
            chain.expect("a list").insert(0, network);
        },
        verdict: Void {
            level: level::FAULT,
            says: "guards nothing: header-transform.wasm is an HTTP filter",
            because: "to Envoy a module is a module",
        },
    },
    Changed {
        case: "the same filter twice",
        filters: &["header-transform", "header-transform"],
        change: |_| {},
        verdict: Good,
    },
    Changed {
        case: "a filter without a name in the list",
        filters: &["header-transform"],
        change: |tree| {
            filter(tree).as_object_mut().expect("fields").remove("name");
        },
        verdict: RefusedInWords { check: "name", envoy: "" },
    },
    Changed {
        case: "a filter that comes from elsewhere",
        filters: &["header-transform"],
        change: |tree| {
            let kind = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
            let default = filter(tree)["typed_config"].clone();
            let one = json!({"name": "later", "config_discovery": {
                "config_source": {"path_config_source": {"path": workspace::root().join("Cargo.toml")}},
                "default_config": default,
                "apply_default_config_without_warming": true,
                "type_urls": [kind],
            }});
            filters(tree).insert(0, one);
        },
        verdict: Void {
            level: level::WARNING,
            says: "a filter that comes from elsewhere is not seen",
            because: "it comes when it comes",
        },
    },
    Changed {
        case: "a second chain of filters with a fault",
        filters: &["header-transform"],
        change: |tree| {
            let mut second = tree["filter_chains"][0].clone();
            second["filter_chain_match"] = json!({"destination_port": 1});
            second["filters"][0]["typed_config"]["http_filters"][0]["typed_config"]["config"]["configuration"]
                ["value"] = json!({"rules": [{}]});
            tree["filter_chains"].as_array_mut().expect("a list").push(second);
        },
        verdict: Refused("rules[0]: must have operations"),
    },
    Changed {
        case: "CEL that parses in an access log",
        filters: &["header-transform"],
        change: |tree| log(tree, "response.code >= 400"),
        verdict: Good,
    },
    Changed {
        case: "CEL that does not parse in an access log",
        filters: &["header-transform"],
        change: |tree| log(tree, "response.code >="),
        verdict: RefusedInWords { check: "expression: is not a CEL expression", envoy: "" },
    },
    Changed {
        case: "CEL that does not parse in a format",
        filters: &["header-transform"],
        change: |tree| format(tree, "%CEL(request.path ==)%"),
        verdict: RefusedInWords {
            check: "is not a CEL expression that the host can compile: `request.path ==`",
            envoy: "Not able to parse expression",
        },
    },
    Changed {
        case: "CEL with a function that there is not, in a format",
        filters: &["header-transform"],
        change: |tree| format(tree, "%CEL(foo(request.path))%"),
        verdict: RefusedInWords { check: "CEL has no function `foo`", envoy: "" },
    },
    Changed {
        case: "CEL in a format",
        filters: &["header-transform"],
        change: |tree| format(tree, "%CEL(size(request.path)):10% %REQ(A)%"),
        verdict: Good,
    },
];

fn log(tree: &mut serde_json::Value, expression: &str) {
    manager(tree)["access_log"] = json!([{
        "name": "log",
        "filter": {"extension_filter": {"name": "cel", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.\
                      ExpressionFilter",
            "expression": expression,
        }}},
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        },
    }]);
}

fn format(tree: &mut serde_json::Value, format: &str) {
    manager(tree)["access_log"] = json!([{
        "name": "log",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"text_format_source": {"inline_string": format}},
        },
    }]);
}
