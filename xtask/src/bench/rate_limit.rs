//! `cargo xtask bench rate-limit`: a client told by a header, limited by Envoy's own
//! `local_ratelimit` and by the filter.

use anyhow::Result;
use serde_json::{Value, json};

use super::set_up::{Bench, PROOF_PATH, REQUEST_ID, SetUp, Target, http_filter, wasm_filter};
use super::{Sources, probe};

/// The bench's name.
pub(super) const NAME: &str = "rate-limit";

/// What the filter may call and be called for.
pub(super) const CAPABILITIES: [&str; 21] = [
    "proxy_log",
    "proxy_get_log_level",
    "proxy_get_buffer_bytes",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_get_property",
    "proxy_set_property",
    "proxy_get_header_map_pairs",
    "proxy_send_local_response",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_request_headers",
    "proxy_on_delete",
    "fd_write",
    "random_get",
];

/// Envoy enters the VM for the response too: only so can the filter tell what is left.
const ON_RESPONSE: &str = "proxy_on_response_headers";

/// A second's requests: more than any run sends.
const PLENTY: u32 = 1_000_000;

/// `bare`, Envoy's own filter with the client's descriptor known beforehand and found at the
/// request, and ours.
///
/// # Errors
/// The empty module cannot be written.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let empty = probe::write(&sources.scratch, "empty", &[], probe::Data::default())?;
    let refusing = |name, filter| SetUp { limits_proof: true, ..SetUp::new(name, vec![filter]) };
    let ours = |name, response_fields, capabilities: &[&str]| {
        let module = sources.modules.join("rate-limit.wasm");
        let configuration = configuration(response_fields);
        let filter = wasm_filter("rate-limit", &module, Some(configuration), capabilities);
        SetUp { filter: Some("rate-limit".to_owned()), ..refusing(name, filter) }
    };
    Ok(Bench {
        name: NAME,
        set_ups: vec![
            SetUp::new("bare", vec![]),
            // Entering a VM that does nothing: the floor for any filter of ours.
            SetUp::new("wasm-empty", vec![wasm_filter("empty", &empty, None, &[])]),
            refusing("local_ratelimit", local_ratelimit(REQUEST_ID)),
            // A descriptor without a value stands for every value: each gets a bucket when it first
            // comes.
            refusing("any-descriptor", local_ratelimit("")),
            ours(NAME, "draft", &[&CAPABILITIES[..], &[ON_RESPONSE]].concat()),
            // Nothing is told, and responses do not enter the VM.
            ours("tells-nothing", "none", &CAPABILITIES),
            // Without a list of capabilities, Envoy enters the VM for each part of a body too.
            ours("without-a-list", "draft", &[]),
        ],
        targets: vec![Target { subject: NAME, reference: "any-descriptor", ratio: 1.5 }],
    })
}

/// One request to the path that proves that it limits, as many as wanted elsewhere.
fn configuration(response_fields: &str) -> Value {
    let rule = |name, path: Value, requests, window| {
        json!({
            "name": name,
            "match": {"path": path},
            "key": [{"header": "x-request-id"}],
            "limits": [{"requests": requests, "window": window}],
        })
    };
    json!({
        "keys": 65536,
        "response_fields": response_fields,
        "rules": [
            rule("proof", json!({"exact": PROOF_PATH}), 1, "3600s"),
            rule("bench", json!({"prefix": "/orders"}), PLENTY, "1s"),
        ],
    })
}

fn local_ratelimit(client: &str) -> Value {
    let by = |header: &str, key: &str| json!({"actions": [{"request_headers": {"header_name": header, "descriptor_key": key}}]});
    let bucket = |key: &str, value: &str, tokens: u32, fill: &str| {
        let entry = if value.is_empty() {
            json!({"key": key})
        } else {
            json!({"key": key, "value": value})
        };
        let token_bucket =
            json!({"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": fill});
        json!({"entries": [entry], "token_bucket": token_bucket})
    };
    let all = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
    http_filter(
        "envoy.filters.http.local_ratelimit",
        "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        json!({
            "stat_prefix": "bench",
            "filter_enabled": all,
            "filter_enforced": all,
            "token_bucket": {"max_tokens": PLENTY, "tokens_per_fill": PLENTY, "fill_interval": "1s"},
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
            "max_dynamic_descriptors": 65536,
            "rate_limits": [by(":path", "path"), by("x-request-id", "client")],
            "descriptors": [bucket("path", PROOF_PATH, 1, "3600s"), bucket("client", client, PLENTY, "1s")],
        }),
    )
}
