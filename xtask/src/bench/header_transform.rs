//! `cargo xtask bench header-transform`: two request headers read, one written, four ways, and the
//! parts of our own cost.

use anyhow::Result;
use serde_json::{Value, json};

use super::set_up::{Bench, REQUEST_ID, SetUp, Target, USER_AGENT, http_filter, wasm_filter};
use super::{Sources, probe};

/// The bench's name.
pub(super) const NAME: &str = "header-transform";

/// What a filter that edits request heads may call and be called for.
pub(super) const REQUEST_ONLY: [&str; 19] = [
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
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_delete",
    "fd_write",
    "random_get",
];

/// Envoy enters the VM for the response too.
pub(super) const ON_RESPONSE: &str = "proxy_on_response_headers";

/// `bare`, what Envoy offers itself, and the filter.
///
/// # Errors
/// The empty module cannot be written.
pub(super) fn bench(sources: &Sources) -> Result<Bench> {
    let empty = probe::write(&sources.scratch, "empty", &[], probe::Data::default())?;
    let ours = |name, configuration, more: &[&str]| {
        let module = sources.modules.join("header-transform.wasm");
        let capabilities = [&REQUEST_ONLY, more].concat();
        let filter = wasm_filter("header-transform", &module, Some(configuration), &capabilities);
        SetUp { filter: Some("header-transform".to_owned()), ..SetUp::new(name, vec![filter]) }
    };
    let writing =
        |set_up: SetUp| SetUp { writes: Some(format!("{REQUEST_ID} {USER_AGENT}")), ..set_up };
    Ok(Bench {
        name: NAME,
        set_ups: vec![
            SetUp::new("bare", vec![]),
            writing(SetUp::new("header_mutation", vec![header_mutation()])),
            writing(SetUp::new("lua", vec![lua()])),
            // Entering a VM that does nothing: the floor for any filter.
            SetUp::new("wasm-empty", vec![wasm_filter("empty", &empty, None, &[])]),
            // The shell and a rule that does not match.
            ours("no-match", transform("/nowhere"), &[]),
            writing(ours(NAME, transform("/"), &[])),
            // The same, when the configuration also lets it see responses.
            writing(ours("and-response", transform("/"), &[ON_RESPONSE])),
        ],
        targets: vec![Target { subject: NAME, reference: "lua", ratio: 0.8 }],
    })
}

fn transform(prefix: &str) -> Value {
    json!({"rules": [{
        "name": "bench",
        "match": {"path": {"prefix": prefix}},
        "request": [{"set": {"name": "x-bench", "value": "${header.x-request-id} ${header.user-agent}"}}],
    }]})
}

fn header_mutation() -> Value {
    let append = json!({
        "header": {"key": "x-bench", "value": "%REQ(x-request-id)% %REQ(user-agent)%"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    });
    http_filter(
        "envoy.filters.http.header_mutation",
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        json!({"mutations": {"request_mutations": [{"append": append}]}}),
    )
}

fn lua() -> Value {
    const SOURCE: &str = r#"
function envoy_on_request(handle)
  local headers = handle:headers()
  local id = headers:get("x-request-id") or ""
  local agent = headers:get("user-agent") or ""
  headers:replace("x-bench", id .. " " .. agent)
end
"#;
    http_filter(
        "envoy.filters.http.lua",
        "envoy.extensions.filters.http.lua.v3.Lua",
        json!({"default_source_code": {"inline_string": SOURCE}}),
    )
}
