//! What a configured filter needs of its host, by the host's names: host calls, and callbacks.

use crate::{Link, Proxy};
use gatehouse_filter::Need;
use std::collections::BTreeSet;

/// What every filter needs: to be configured, to have its contexts made and freed, to see requests,
/// to refuse them, and to tell operators. Without `random_get` no table of a configuration can be
/// made.
pub const EVERY: [&str; 14] = [
    "proxy_define_metric",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_get_log_level",
    "proxy_get_property",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_request_headers",
    "proxy_send_local_response",
    "proxy_set_property",
    "random_get",
];

const WAITING: [&str; 2] = ["proxy_continue_stream", "proxy_set_effective_context"];

const HTTP_CALLS: [&str; 2] = ["proxy_http_call", "proxy_on_http_call_response"];

/// What a filter needs that has something shared to be looked at tick by tick.
const POLLED: [&str; 4] = [
    "proxy_get_shared_data",
    "proxy_on_tick",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
];

/// What a filter needs that holds requests until others are done.
const QUEUES: [&str; 6] = [
    "proxy_dequeue_shared_queue",
    "proxy_enqueue_shared_queue",
    "proxy_on_queue_ready",
    "proxy_on_tick",
    "proxy_register_shared_queue",
    "proxy_set_tick_period_milliseconds",
];

/// What this filter, so configured, needs of its host. Without it the filter would guard nothing,
/// or hold what it never lets go: where the host may not make a callback, a body passes unread and
/// an answer never comes. What only a response's head is seen for is not among it: a configuration
/// may have no use for it.
pub fn needed(link: &dyn Link) -> BTreeSet<&'static str> {
    let phases = link.phases();
    let polled = link.fetched();
    let (is_polled, has_fetched) =
        (!polled.is_empty(), polled.iter().any(|polled| polled.makes_calls()));
    let needs = link.needs();
    let is_needed = |need| needs.contains(&need);
    let calls_by_grpc = is_needed(Need::GrpcCalls);
    let waits_for_others = link.waits_for_others();
    let waits = has_fetched || phases.answers || calls_by_grpc || waits_for_others;
    let trailers = phases.request_body || phases.request_trailers;
    let mut all = BTreeSet::from(EVERY);
    for (is_needed, names) in [
        (phases.request_body, &["proxy_on_request_body"][..]),
        (trailers, &["proxy_on_request_trailers"]),
        (
            link.asks_for_response_bodies(),
            &["proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"],
        ),
        (phases.log, &["proxy_on_log"]),
        (waits, &WAITING),
        (has_fetched || phases.answers, &HTTP_CALLS),
        (is_polled, &POLLED),
        (waits_for_others, &QUEUES),
        (is_polled || is_needed(Need::Clock), &["proxy_get_current_time_nanoseconds"]),
        (calls_by_grpc, &["proxy_grpc_call", "proxy_on_grpc_receive", "proxy_on_grpc_close"]),
        (is_needed(Need::Store), &["proxy_get_shared_data", "proxy_set_shared_data"]),
        (is_needed(Need::Expressions), &["proxy_call_foreign_function"]),
        (is_needed(Need::Bodies), &["proxy_set_buffer_bytes"]),
        // When it was fetched is a gauge.
        (has_fetched || is_needed(Need::Gauges), &["proxy_record_metric"]),
        (
            is_needed(Need::Edits),
            &[
                "proxy_add_header_map_value",
                "proxy_remove_header_map_value",
                "proxy_replace_header_map_value",
            ],
        ),
    ] {
        if is_needed {
            all.extend(names);
        }
    }
    all
}

/// Which of these the host refuses to this module, each as a line for operators. Of callbacks a
/// module cannot see it.
pub fn lacking(needed: impl IntoIterator<Item = &'static str>, proxy: &dyn Proxy) -> Vec<String> {
    needed.into_iter().filter(|name| proxy.refuses(name)).map(lacks).collect()
}

/// What is told of one that is lacking.
pub fn lacks(capability: &str) -> String {
    format!(
        "capability_restriction_config: must allow `{capability}`, which this configuration needs"
    )
}
