//! The calls to the host (proxy-wasm ABI 0.2.1).
//!
//! The SDK's own wrappers panic on a status or a byte that they do not expect, and read statuses
//! into an enum that lacks some of them. Here a status is a number and a value is bytes.
#![allow(unsafe_code, reason = "the host's functions are foreign; this module is the boundary")]

mod imports;
mod refused;

use gatehouse_chain::MetricKind;
use imports::*;
pub(crate) use refused::is_refused;
use std::ptr::null_mut;

/// The host did not do it; the number is the ABI's `proxy_status_t`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed(pub(crate) u32);

impl Failed {
    pub(crate) const CAS_MISMATCH: Self = Self(8);
    pub(crate) const NOT_FOUND: Self = Self(1);
    pub(crate) const BAD_ARGUMENT: Self = Self(2);
}

#[derive(Clone, Copy)]
pub(crate) enum HeaderMap {
    Request = 0,
    RequestTrailers = 1,
    Response = 2,
    Answer = 6,
}

/// A body as far as Envoy has it.
#[derive(Clone, Copy)]
pub(crate) enum BodyBuffer {
    Request = 0,
    Response = 1,
}

const HTTP_CALL_RESPONSE_BODY: u32 = 4;
const GRPC_MESSAGE: u32 = 5;
const PLUGIN_CONFIGURATION: u32 = 7;
const REQUEST_STREAM: u32 = 0;
const COUNTER: u32 = 0;
const GAUGE: u32 = 1;
const HISTOGRAM: u32 = 2;

/// The level that the host logs at: 0 trace to 5 critical, 6 off.
pub(crate) fn log_level() -> Option<u32> {
    let mut level = 0;
    let status = unsafe { proxy_get_log_level(&raw mut level) };
    done(status).ok().map(|()| level)
}

/// Nanoseconds since 1970. A host without a clock stands at 1970.
pub(crate) fn current_time() -> u64 {
    let mut time = 0;
    let status = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    done(status).map_or(0, |()| time)
}

/// The plugin configuration; empty where there is none.
pub(crate) fn plugin_configuration(size: usize) -> Result<Vec<u8>, Failed> {
    let configuration = returned(|data, length| unsafe {
        proxy_get_buffer_bytes(PLUGIN_CONFIGURATION, 0, size, data, length)
    })?;
    Ok(configuration.unwrap_or_default())
}

/// All fields of a head in one call: the wire form of [`Headers`](gatehouse_filter::Headers).
pub(crate) fn header_map(map: HeaderMap) -> Result<Vec<u8>, Failed> {
    let pairs =
        returned(|data, length| unsafe { proxy_get_header_map_pairs(map as u32, data, length) })?;
    // A map without fields has a count, so nothing at all is no map.
    pairs.ok_or(Failed::NOT_FOUND)
}

pub(crate) fn add_header(map: HeaderMap, name: &str, value: &[u8]) -> Result<(), Failed> {
    done(unsafe {
        proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Replaces the value of a field that is there at most once.
pub(crate) fn replace_header(map: HeaderMap, name: &str, value: &[u8]) -> Result<(), Failed> {
    done(unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub(crate) fn remove_header(map: HeaderMap, name: &str) -> Result<(), Failed> {
    done(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// A property, by its path with zero bytes between the parts; `None` for absent and for empty.
pub(crate) fn property(path: &[u8]) -> Option<Vec<u8>> {
    returned(|data, length| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, length) })
        .ok()
        .flatten()
}

pub(crate) fn set_property(path: &[u8], value: &[u8]) -> Result<(), Failed> {
    done(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// A shared value and its version; `None` for a key that was never set.
pub(crate) fn shared_data(key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, Failed> {
    let mut version = 0;
    let value = returned(|data, length| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, length, &raw mut version)
    });
    match value {
        Ok(value) => Ok(Some((value.unwrap_or_default(), version))),
        Err(Failed::NOT_FOUND) => Ok(None),
        Err(failed) => Err(failed),
    }
}

/// Sets a shared value; version 0 sets it whatever is there.
pub(crate) fn set_shared_data(key: &[u8], value: &[u8], version: u32) -> Result<(), Failed> {
    done(unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version)
    })
}

/// Answers the request. `headers` are in the wire form of a header map, `details` go to the access
/// log.
pub(crate) fn send_local_response(
    status: u16,
    details: &str,
    body: &[u8],
    headers: &[u8],
    grpc: i32,
) -> Result<(), Failed> {
    done(unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc,
        )
    })
}

/// Up to `most` bytes of a body.
pub(crate) fn body(buffer: BodyBuffer, most: usize) -> Result<Vec<u8>, Failed> {
    bytes_of(buffer as u32, most)
}

/// Replaces a body of `length` bytes, all of it: Envoy knows no other replacement than from the
/// start.
pub(crate) fn replace_body(buffer: BodyBuffer, length: usize, bytes: &[u8]) -> Result<(), Failed> {
    done(unsafe { proxy_set_buffer_bytes(buffer as u32, 0, length, bytes.as_ptr(), bytes.len()) })
}

/// Up to `most` bytes of the answer to a call.
pub(crate) fn answer_body(most: usize) -> Result<Vec<u8>, Failed> {
    bytes_of(HTTP_CALL_RESPONSE_BODY, most)
}

/// Up to `most` bytes of the message that answers a gRPC call.
pub(crate) fn grpc_message(most: usize) -> Result<Vec<u8>, Failed> {
    bytes_of(GRPC_MESSAGE, most)
}

fn bytes_of(buffer: u32, most: usize) -> Result<Vec<u8>, Failed> {
    let bytes =
        returned(|data, length| unsafe { proxy_get_buffer_bytes(buffer, 0, most, data, length) })?;
    Ok(bytes.unwrap_or_default())
}

/// Makes an HTTP call: its number, under which the answer comes to the configuration. `headers` are
/// in the wire form of a header map, the timeout is in milliseconds.
pub(crate) fn http_call(
    cluster: &str,
    headers: &[u8],
    body: &[u8],
    timeout: u32,
) -> Result<u32, Failed> {
    // A header map without fields.
    let trailers = 0_u32.to_le_bytes();
    let mut token = 0;
    let status = unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout,
            &raw mut token,
        )
    };
    done(status).map(|()| token)
}

/// Makes a gRPC call, in the same way. `upstream` is a serialised `GrpcService`.
pub(crate) fn grpc_call(
    upstream: &str,
    service: &str,
    method: &str,
    metadata: &[u8],
    message: &[u8],
    timeout: u32,
) -> Result<u32, Failed> {
    let mut token = 0;
    let status = unsafe {
        proxy_grpc_call(
            upstream.as_ptr(),
            upstream.len(),
            service.as_ptr(),
            service.len(),
            method.as_ptr(),
            method.len(),
            metadata.as_ptr(),
            metadata.len(),
            message.as_ptr(),
            message.len(),
            timeout,
            &raw mut token,
        )
    };
    done(status).map(|()| token)
}

/// Runs the timer of the configuration at hand; 0 stops it.
pub(crate) fn set_tick_period(milliseconds: u32) -> Result<(), Failed> {
    done(unsafe { proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Makes the calls that follow concern another context: a request that waits, or the configuration.
pub(crate) fn set_effective_context(context: u32) -> Result<(), Failed> {
    done(unsafe { proxy_set_effective_context(context) })
}

/// Lets a held request go on. Only for a request that its own request-headers callback paused.
pub(crate) fn continue_request() -> Result<(), Failed> {
    done(unsafe { proxy_continue_stream(REQUEST_STREAM) })
}

pub(crate) fn define_metric(kind: MetricKind, name: &str) -> Result<u32, Failed> {
    let kind = match kind {
        MetricKind::Counter => COUNTER,
        MetricKind::Histogram => HISTOGRAM,
        MetricKind::Gauge => GAUGE,
    };
    let mut id = 0;
    let status = unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) };
    done(status).map(|()| id)
}

/// Adds to a counter. Not 0, which the host refuses.
pub(crate) fn increment(counter: u32, by: u64) -> Result<(), Failed> {
    done(unsafe { proxy_increment_metric(counter, i64::try_from(by).unwrap_or(i64::MAX)) })
}

/// Puts a value into a histogram, or makes it a gauge's.
pub(crate) fn record(histogram: u32, value: u64) -> Result<(), Failed> {
    done(unsafe { proxy_record_metric(histogram, value) })
}

/// Registers a queue of this VM under a name: its number, for all VMs of the process.
pub(crate) fn register_queue(name: &[u8]) -> Result<u32, Failed> {
    let mut queue = 0;
    let status = unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), &raw mut queue) };
    done(status).map(|()| queue)
}

pub(crate) fn enqueue(queue: u32, message: &[u8]) -> Result<(), Failed> {
    done(unsafe { proxy_enqueue_shared_queue(queue, message.as_ptr(), message.len()) })
}

/// The next message of a queue; `None` where there is none.
pub(crate) fn dequeue(queue: u32) -> Option<Vec<u8>> {
    returned(|data, length| unsafe { proxy_dequeue_shared_queue(queue, data, length) })
        .ok()
        .flatten()
}

pub(crate) fn call_foreign_function(name: &str, arguments: &[u8]) -> Result<Vec<u8>, Failed> {
    let result = returned(|data, length| unsafe {
        proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            arguments.as_ptr(),
            arguments.len(),
            data,
            length,
        )
    })?;
    Ok(result.unwrap_or_default())
}

pub(crate) fn random(bytes: &mut [u8]) -> Result<(), Failed> {
    done(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) })
}

/// The VM's environment: every `NAME=value`, with a zero byte behind each. Not by the standard
/// library: it ends the module where the host refuses.
pub(crate) fn environment() -> Result<Vec<u8>, Failed> {
    let (mut count, mut length) = (0_usize, 0_usize);
    done(unsafe { environ_sizes_get(&raw mut count, &raw mut length) })?;
    let mut entries = vec![null_mut::<u8>(); count];
    let mut bytes = vec![0_u8; length];
    // SAFETY: both are as long as the host has just said that it writes.
    done(unsafe { environ_get(entries.as_mut_ptr(), bytes.as_mut_ptr()) })?;
    Ok(bytes)
}

fn done(status: u32) -> Result<(), Failed> {
    if status == 0 { Ok(()) } else { Err(Failed(status)) }
}

/// Takes over what the host returns: it calls the module's own allocator, which boxes a slice of
/// just that length, so the bytes become a `Vec` without a copy.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Option<Vec<u8>>, Failed> {
    let mut data: *mut u8 = null_mut();
    let mut length = 0_usize;
    done(call(&raw mut data, &raw mut length))?;
    if data.is_null() {
        return Ok(None);
    }
    // SAFETY: the host got `data` from `proxy_on_memory_allocate(length)`, which leaks a boxed
    // slice of that length, filled it whole, and gave it away.
    Ok(Some(unsafe { Vec::from_raw_parts(data, length, length) }))
}
