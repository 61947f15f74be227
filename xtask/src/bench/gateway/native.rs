//! Envoy's own filters for the job.

use gatehouse_demo::{AUDIENCE, ISSUER};
use serde_json::{Value, json};

use super::super::identity::token::Signed;
use super::super::set_up::http_filter;

/// The name by which a route turns the limit into a small one.
pub(super) const LOCAL_RATELIMIT: &str = "envoy.filters.http.local_ratelimit";

const LOCAL_RATELIMIT_TYPE: &str =
    "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

/// A second's requests of a client: more than any run sends.
pub(super) const PLENTY: u32 = 1_000_000;

/// Checks what ours does, writes the subject to `x-user` and keeps the payload for the filters
/// after it.
pub(super) fn jwt_authn(key: &Signed, cache: bool) -> Value {
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": json!({"keys": [key.jwk]}).to_string()},
        "forward": true,
        "claim_to_headers": [{"claim_name": "sub", "header_name": "x-user"}],
        "payload_in_metadata": "payload",
    });
    if let Some(fields) = provider.as_object_mut().filter(|_| cache) {
        fields.insert("jwt_cache_config".to_owned(), json!({"jwt_cache_size": 1024}));
    }
    http_filter(
        "envoy.filters.http.jwt_authn",
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        json!({
            "providers": {"bench": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
        }),
    )
}

/// A bucket for each value of the header `client`.
pub(super) fn local_ratelimit(client: &str, tells: bool) -> Value {
    let action = json!({"request_headers": {"header_name": client, "descriptor_key": "client"}});
    let mut fields = json!({
        "stat_prefix": "bench",
        "filter_enabled": always(),
        "filter_enforced": always(),
        "token_bucket": bucket(PLENTY, "1s"),
        "max_dynamic_descriptors": 65536,
        "rate_limits": [{"actions": [action]}],
        // A descriptor without a value stands for every value: each gets a bucket when it first
        // comes.
        "descriptors": [{"entries": [{"key": "client"}], "token_bucket": bucket(PLENTY, "1s")}],
    });
    if let Some(fields) = fields.as_object_mut().filter(|_| tells) {
        fields.insert("enable_x_ratelimit_headers".to_owned(), json!("DRAFT_VERSION_03"));
    }
    http_filter(
        LOCAL_RATELIMIT,
        LOCAL_RATELIMIT_TYPE.trim_start_matches("type.googleapis.com/"),
        fields,
    )
}

/// What a route has in place of the limit above: one request an hour.
pub(super) fn small_limit() -> Value {
    json!({
        "@type": LOCAL_RATELIMIT_TYPE,
        "stat_prefix": "small",
        "filter_enabled": always(),
        "filter_enforced": always(),
        "token_bucket": bucket(1, "3600s"),
    })
}

fn always() -> Value {
    json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}})
}

fn bucket(tokens: u32, fill: &str) -> Value {
    json!({"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": fill})
}

/// One field of the request made of two, and one of the response.
pub(super) fn header_mutation() -> Value {
    let append = |name: &str, value: &str| {
        let header = json!({"key": name, "value": value});
        json!([{"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}])
    };
    http_filter(
        "envoy.filters.http.header_mutation",
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
        json!({"mutations": {
            "request_mutations": append("x-bench", "%REQ(x-request-id)% %REQ(user-agent)%"),
            "response_mutations": append("x-content-type-options", "nosniff"),
        }}),
    )
}

/// The same in Lua.
pub(super) fn lua() -> Value {
    const SOURCE: &str = r#"
function envoy_on_request(handle)
  local headers = handle:headers()
  local id = headers:get("x-request-id") or ""
  local agent = headers:get("user-agent") or ""
  headers:replace("x-bench", id .. " " .. agent)
end
function envoy_on_response(handle)
  handle:headers():replace("x-content-type-options", "nosniff")
end
"#;
    http_filter(
        "envoy.filters.http.lua",
        "envoy.extensions.filters.http.lua.v3.Lua",
        json!({"default_source_code": {"inline_string": SOURCE}}),
    )
}
