//! Whether the host refuses a call to this module, whatever it is asked.

use super::imports::*;
use std::ptr::{null_mut, without_provenance};

/// What Envoy answers instead of a call that a plugin may not make
/// (`capability_restriction_config`).
const RESTRICTED: u32 = 10;

/// The same of WASI: `ENOTCAPABLE`.
const NOT_CAPABLE: u32 = 76;

/// No stream, no context, no metric, no map and no buffer has this number.
const NONE: u32 = u32::MAX;

/// Whether the call of this name is refused. Each is asked for what cannot be had: a host that may
/// do it says that an address, a stream or a context does not exist, and has done nothing. `false`
/// for what is no call of this module.
pub(crate) fn is_refused(name: &str) -> bool {
    // An address past all memory; one byte would be there.
    let nowhere = without_provenance::<u8>(usize::MAX);
    let (result, length) = (null_mut::<*mut u8>(), null_mut::<usize>());
    let status = unsafe {
        match name {
            "proxy_log" => proxy_log(0, nowhere, 1),
            "proxy_get_log_level" => proxy_get_log_level(nowhere.cast_mut().cast()),
            "proxy_get_current_time_nanoseconds" => {
                proxy_get_current_time_nanoseconds(nowhere.cast_mut().cast())
            }
            "proxy_get_buffer_bytes" => proxy_get_buffer_bytes(NONE, 0, 1, result, length),
            "proxy_set_buffer_bytes" => proxy_set_buffer_bytes(NONE, 0, 1, nowhere, 1),
            "proxy_get_header_map_pairs" => proxy_get_header_map_pairs(NONE, result, length),
            "proxy_add_header_map_value" => {
                proxy_add_header_map_value(NONE, nowhere, 1, nowhere, 1)
            }
            "proxy_replace_header_map_value" => {
                proxy_replace_header_map_value(NONE, nowhere, 1, nowhere, 1)
            }
            "proxy_remove_header_map_value" => proxy_remove_header_map_value(NONE, nowhere, 1),
            "proxy_get_property" => proxy_get_property(nowhere, 1, result, length),
            "proxy_set_property" => proxy_set_property(nowhere, 1, nowhere, 1),
            "proxy_get_shared_data" => {
                proxy_get_shared_data(nowhere, 1, result, length, null_mut())
            }
            "proxy_set_shared_data" => proxy_set_shared_data(nowhere, 1, nowhere, 1, 0),
            "proxy_send_local_response" => {
                proxy_send_local_response(0, nowhere, 1, nowhere, 1, nowhere, 1, -1)
            }
            // None runs yet: it stays so.
            "proxy_set_tick_period_milliseconds" => proxy_set_tick_period_milliseconds(0),
            "proxy_set_effective_context" => proxy_set_effective_context(NONE),
            "proxy_continue_stream" => proxy_continue_stream(NONE),
            "proxy_define_metric" => proxy_define_metric(NONE, nowhere, 1, null_mut()),
            "proxy_increment_metric" => proxy_increment_metric(NONE, 1),
            "proxy_http_call" => {
                proxy_http_call(nowhere, 1, nowhere, 1, nowhere, 1, nowhere, 1, 0, null_mut())
            }
            "proxy_grpc_call" => proxy_grpc_call(
                nowhere,
                1,
                nowhere,
                1,
                nowhere,
                1,
                nowhere,
                1,
                nowhere,
                1,
                0,
                null_mut(),
            ),
            "proxy_record_metric" => proxy_record_metric(NONE, 1),
            "proxy_register_shared_queue" => proxy_register_shared_queue(nowhere, 1, null_mut()),
            "proxy_enqueue_shared_queue" => proxy_enqueue_shared_queue(NONE, nowhere, 1),
            "proxy_dequeue_shared_queue" => proxy_dequeue_shared_queue(NONE, result, length),
            "proxy_call_foreign_function" => {
                proxy_call_foreign_function(nowhere, 1, nowhere, 1, result, length)
            }
            "random_get" => random_get(nowhere.cast_mut(), 1),
            "environ_sizes_get" => {
                environ_sizes_get(nowhere.cast_mut().cast(), nowhere.cast_mut().cast())
            }
            "environ_get" => environ_get(nowhere.cast_mut().cast(), nowhere.cast_mut()),
            _ => return false,
        }
    };
    status == RESTRICTED || status == NOT_CAPABLE
}
