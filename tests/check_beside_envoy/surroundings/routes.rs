use serde_json::json;

use super::{filter, manager, route};
use crate::check_beside_envoy::case::{Changed, Good, RefusedInWords};

pub(crate) const ALL: &[Changed] = &[
    Changed {
        case: "a route to a cluster of the file",
        filters: &["header-transform"],
        change: |tree| {
            *route(tree) = json!({"match": {"prefix": "/"}, "route": {"cluster": "echo"}})
        },
        verdict: Good,
    },
    Changed {
        case: "a route to a cluster that is not there",
        filters: &["header-transform"],
        change: |tree| {
            *route(tree) = json!({"match": {"prefix": "/"}, "route": {"cluster": "ehco"}})
        },
        verdict: RefusedInWords {
            check: "route.cluster: there is no cluster `ehco`",
            envoy: "unknown cluster 'ehco'",
        },
    },
    Changed {
        case: "a weighted route to a cluster that is not there",
        filters: &["header-transform"],
        change: |tree| {
            *route(tree) = json!({"match": {"prefix": "/"}, "route": {"weighted_clusters":
                {"clusters": [{"name": "echo", "weight": 1}, {"name": "ehco", "weight": 1}]}}});
        },
        verdict: RefusedInWords { check: "there is no cluster `ehco`", envoy: "ehco" },
    },
    Changed {
        case: "a mirror to a cluster that is not there",
        filters: &["header-transform"],
        change: |tree| {
            *route(tree) = json!({"match": {"prefix": "/"}, "route": {"cluster": "echo",
                "request_mirror_policies": [{"cluster": "ehco"}]}});
        },
        verdict: RefusedInWords { check: "there is no cluster `ehco`", envoy: "ehco" },
    },
    Changed {
        case: "a route to a cluster that is not looked for",
        filters: &["header-transform"],
        change: |tree| {
            *route(tree) = json!({"match": {"prefix": "/never"}, "route": {"cluster": "ehco"}});
            manager(tree)["route_config"]["validate_clusters"] = json!(false);
        },
        verdict: Good,
    },
    Changed {
        case: "a route that configures the filter",
        filters: &["header-transform"],
        change: |tree| {
            let other = filter(tree)["typed_config"].clone();
            route(tree)["typed_per_filter_config"] = json!({"header-transform": other});
        },
        verdict: RefusedInWords {
            check: "typed_per_filter_config.header-transform: a route cannot configure a wasm filter",
            envoy: "doesn't support virtual host or route specific configurations",
        },
    },
    Changed {
        case: "a route that goes without the filter",
        filters: &["header-transform"],
        change: |tree| {
            route(tree)["typed_per_filter_config"] = json!({"header-transform": {
                "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
                "disabled": true,
            }});
        },
        verdict: Good,
    },
    Changed {
        case: "a policy of a route",
        filters: &["authorization"],
        change: |tree| {
            route(tree)["metadata"] = json!({"filter_metadata": {"gatehouse": {"policy": "a"}}});
        },
        verdict: Good,
    },
];
