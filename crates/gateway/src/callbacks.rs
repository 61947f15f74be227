//! The callbacks that a configured filter needs.

use gatehouse_chain::Link;

/// What every filter needs: to be configured, to have its contexts made and freed, to see requests,
/// and to refuse them.
const EVERY: [&str; 8] = [
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_delete",
    "proxy_on_request_headers",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_get_property",
    "proxy_send_local_response",
];

/// What a filter needs that has something fetched.
const FETCHING: [&str; 8] = [
    "proxy_http_call",
    "proxy_on_http_call_response",
    "proxy_on_tick",
    "proxy_set_tick_period_milliseconds",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_continue_stream",
    "proxy_set_effective_context",
];

/// The callbacks without which this filter, so configured, would guard nothing, or hold what it
/// never lets go: where the host may not make them, a body passes unread and an answer never comes.
/// What only a response's head is seen for is not among them: a configuration may have no use for
/// it.
pub fn needed_callbacks(link: &dyn Link) -> Vec<&'static str> {
    let phases = link.phases();
    let has_fetched = !link.fetched().is_empty();
    let mut needed = EVERY.to_vec();
    for (is_needed, callbacks) in [
        (phases.request_body, &["proxy_on_request_body"][..]),
        (phases.request_body || phases.request_trailers, &["proxy_on_request_trailers"]),
        (
            phases.response_body,
            &["proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"],
        ),
        (phases.answers, &["proxy_http_call", "proxy_on_http_call_response"]),
        (has_fetched, &FETCHING),
        (phases.log, &["proxy_on_log"]),
    ] {
        if is_needed {
            needed.extend(callbacks);
        }
    }
    needed
}
