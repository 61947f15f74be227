use serde_json::{Value, json};

use super::{filters, manager, plugin, route};
use crate::check_beside_envoy::case::{Changed, Good, Void, level};

pub(crate) const ALL: &[Changed] = &[
    Changed {
        case: "a cache behind everything else",
        filters: &["jwt-auth", "rate-limit", "header-transform", "response-cache"],
        change: |_| {},
        verdict: Good,
    },
    Changed {
        case: "a guard behind a cache",
        filters: &["response-cache", "jwt-auth"],
        change: |_| {},
        verdict: Void {
            level: level::WARNING,
            says: "`jwt-auth` comes after it: it is not asked about what is answered from the store",
            because: "to Envoy filters are filters",
        },
    },
    Changed {
        case: "a filter of Envoy's behind a cache",
        filters: &["response-cache"],
        change: |tree| {
            let kind = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.\
                        HeaderMutation";
            filters(tree).insert(1, json!({"name": "mutation", "typed_config": {"@type": kind}}));
        },
        verdict: Void {
            level: level::WARNING,
            says: "`mutation` comes after it",
            because: "to Envoy filters are filters",
        },
    },
    Changed {
        case: "two caches with one store, of different sizes",
        filters: &["response-cache", "response-cache"],
        change: |tree| {
            filters(tree)[1]["typed_config"]["config"]["configuration"]["value"]["store"] =
                json!({"objects": 128});
        },
        verdict: Void {
            level: level::FAULT,
            says: "store.objects: 128 in",
            because: "what filters share is their own matter",
        },
    },
    Changed {
        case: "two caches with a store each",
        filters: &["response-cache", "response-cache"],
        change: |tree| {
            filters(tree)[1]["typed_config"]["config"]["configuration"]["value"]["store"] =
                json!({"objects": 128, "name": "other"});
        },
        verdict: Good,
    },
    Changed {
        case: "purges by addresses that clients write themselves",
        filters: &["response-cache"],
        change: |tree| {
            manager(tree)["use_remote_address"] = json!(false);
            plugin(tree)["configuration"]["value"]["purge"] =
                json!({"path": "/purge", "sources": ["10.0.0.0/8"]});
        },
        verdict: Void {
            level: level::WARNING,
            says: "purge.sources: the client may write its own address",
            because: "a proxy before Envoy may write it, and be the only one that reaches Envoy",
        },
    },
    Changed {
        case: "a field that a route appends to responses",
        filters: &["response-cache"],
        change: |tree| {
            route(tree)["response_headers_to_add"] = json!([field("x-a", &json!({}))]);
        },
        verdict: Void {
            level: level::WARNING,
            says: "routes[0].response_headers_to_add[0]: is appended to what is stored, and once more",
            because: "it cannot know that a reply has been through a route",
        },
    },
    Changed {
        case: "a field that a virtual host appends, in so many words",
        filters: &["header-transform", "response-cache"],
        change: |tree| {
            manager(tree)["route_config"]["virtual_hosts"][0]["response_headers_to_add"] =
                json!([field("x-a", &json!({"append_action": "APPEND_IF_EXISTS_OR_ADD"}))]);
        },
        verdict: Void {
            level: level::WARNING,
            says: "virtual_hosts[0].response_headers_to_add[0]: is appended",
            because: "it cannot know that a reply has been through a route",
        },
    },
    Changed {
        case: "a field that all routes append, spelt in the other way",
        filters: &["response-cache"],
        change: |tree| {
            manager(tree)["route_config"]["responseHeadersToAdd"] =
                json!([field("x-a", &json!({"appendAction": "APPEND_IF_EXISTS_OR_ADD"}))]);
        },
        verdict: Void {
            level: level::WARNING,
            says: "route_config.response_headers_to_add[0]: is appended",
            because: "it cannot know that a reply has been through a route",
        },
    },
    Changed {
        case: "fields that replace, or are added where there are none",
        filters: &["response-cache"],
        change: |tree| {
            route(tree)["response_headers_to_add"] = json!([
                field("x-a", &json!({"append_action": "OVERWRITE_IF_EXISTS_OR_ADD"})),
                field("x-b", &json!({"append_action": "ADD_IF_ABSENT"})),
                field("x-c", &json!({"append_action": "OVERWRITE_IF_EXISTS"})),
            ]);
        },
        verdict: Good,
    },
    Changed {
        case: "a field that a route appends, where nothing is cached",
        filters: &["header-transform"],
        change: |tree| {
            route(tree)["response_headers_to_add"] = json!([field("x-a", &json!({}))]);
        },
        verdict: Good,
    },
    Changed {
        case: "a format of the bodies of all local replies",
        filters: &["response-cache"],
        change: |tree| {
            manager(tree)["local_reply_config"] =
                json!({"body_format": {"json_format": {"code": "%RESPONSE_CODE%"}}});
        },
        verdict: Void {
            level: level::WARNING,
            says: "local_reply_config.body_format rewrites what is answered from the store",
            because: "an answer from a store is a local reply to it",
        },
    },
    Changed {
        case: "a format from which hits are kept",
        filters: &["response-cache"],
        change: |tree| {
            manager(tree)["local_reply_config"] = json!({
                "mappers": [{
                    "filter": cel("response.code_details.startsWith('response_cache.')"),
                    "body_format_override":
                        {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}},
                }],
                "body_format": {"json_format": {"code": "%RESPONSE_CODE%"}},
            });
        },
        verdict: Good,
    },
    Changed {
        case: "errors that are mapped",
        filters: &["response-cache"],
        change: |tree| {
            manager(tree)["local_reply_config"] =
                json!({"mappers": [{"filter": errors(), "status_code": 599}]});
        },
        verdict: Void {
            level: level::WARNING,
            says: "local_reply_config.mappers[0] rewrites what is answered from the store",
            because: "an answer from a store is a local reply to it",
        },
    },
    Changed {
        case: "errors that are mapped, and hits that are not",
        filters: &["response-cache"],
        change: |tree| {
            let no_hit = cel("!response.code_details.startsWith('response_cache.')");
            let both = json!({"and_filter": {"filters": [errors(), no_hit]}});
            manager(tree)["local_reply_config"] =
                json!({"mappers": [{"filter": both, "status_code": 599}]});
        },
        verdict: Good,
    },
    Changed {
        case: "replies that are mapped, where nothing is cached",
        filters: &["header-transform"],
        change: |tree| {
            manager(tree)["local_reply_config"] =
                json!({"mappers": [{"filter": errors(), "status_code": 599}]});
        },
        verdict: Good,
    },
];

/// A field to add, with these members beside.
fn field(name: &str, beside: &Value) -> Value {
    let mut field = json!({"header": {"key": name, "value": "1"}});
    if let (Some(field), Some(beside)) = (field.as_object_mut(), beside.as_object()) {
        field.extend(beside.clone());
    }
    field
}

fn errors() -> Value {
    let value = json!({"default_value": 400, "runtime_key": "errors"});
    json!({"status_code_filter": {"comparison": {"op": "GE", "value": value}}})
}

fn cel(expression: &str) -> Value {
    let kind =
        "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter";
    json!({"extension_filter":
        {"name": "cel", "typed_config": {"@type": kind, "expression": expression}}})
}
