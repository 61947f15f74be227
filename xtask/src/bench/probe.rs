//! Modules without SDK and without code of their own: what is left is the host's price.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::set_up::{REQUEST_ID, USER_AGENT};

/// What a probe may do in its callback, as WebAssembly text; all on fixed bytes.
pub(super) mod call {
    /// Reads the whole request head.
    pub(in super::super) const HEAD: &str =
        "(drop (call $head (i32.const 0) (i32.const 0) (i32.const 4)))";
    /// Reads `x-request-id` and `user-agent`, one by one.
    pub(in super::super) const TWO_HEADERS: &str = "
        (drop (call $header (i32.const 0) (i32.const 120) (i32.const 12) (i32.const 0) (i32.const 4)))
        (drop (call $header (i32.const 0) (i32.const 140) (i32.const 10) (i32.const 0) (i32.const 4)))";
    /// Reads `user-agent` alone: the least that a condition can ask for.
    pub(in super::super) const ONE_HEADER: &str = "
        (drop (call $header (i32.const 0) (i32.const 140) (i32.const 10) (i32.const 0) (i32.const 4)))";
    /// Reads a value of 16 bytes from the shared data and writes it, as a limit does.
    pub(in super::super) const SHARED: &str = "
        (drop (call $get (i32.const 540) (i32.const 20) (i32.const 0) (i32.const 4) (i32.const 40)))
        (drop (call $set (i32.const 540) (i32.const 20) (i32.const 560) (i32.const 16) (i32.const 0)))";
    /// Writes `x-bench`.
    pub(in super::super) const WRITE: &str = "
        (drop (call $write (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 200) (i32.const 107)))";
    /// Leaves a decision in filter state.
    pub(in super::super) const STATE: &str =
        "(drop (call $state (i32.const 400) (i32.const 26) (i32.const 440) (i32.const 35)))";
    /// Adds one to a counter.
    pub(in super::super) const COUNT: &str =
        "(drop (call $count (i32.load (i32.const 16)) (i64.const 1)))";
    /// Asks for the time.
    pub(in super::super) const TIME: &str = "(drop (call $time (i32.const 24)))";
    /// Leaves [`Data::identity`](super::Data) in filter state.
    pub(in super::super) const IDENTITY: &str = "
        (drop (call $state (i32.const 500) (i32.const 18) (i32.const 4096) (i32.load (i32.const 32))))";
    /// Has the host verify [`Data::signature`](super::Data); traps where it is not good: then the
    /// answer has an error text, and more than two bytes.
    pub(in super::super) const VERIFY: &str = "(drop (call $foreign (i32.const 520) (i32.const 16)
        (i32.const 8192) (i32.load (i32.const 36)) (i32.const 0) (i32.const 4)))
        (if (i32.ne (i32.load (i32.const 4)) (i32.const 2)) (then unreachable))";
}

/// What else a probe passes to the host; at most 4 KiB each.
#[derive(Clone, Copy, Default)]
pub(super) struct Data<'a> {
    /// An identity as JSON.
    pub(super) identity: &'a [u8],
    /// The arguments of `verify_signature`.
    pub(super) signature: &'a [u8],
}

/// Writes the module that does `calls` for each request, and tells where it is.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(scratch: &Path, name: &str, calls: &[&str], data: Data<'_>) -> Result<PathBuf> {
    let path = scratch.join(format!("{name}.wasm"));
    let wasm =
        wat::parse_str(text(&calls.concat(), data)).with_context(|| format!("probe {name}"))?;
    fs::write(&path, wasm).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Returned bytes always go to the same place: there is no allocator to pay for.
fn text(calls: &str, data: Data<'_>) -> String {
    let literal =
        |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let lengths =
        [data.identity, data.signature].map(|bytes| u32::try_from(bytes.len()).unwrap_or_default());
    let lengths = literal(lengths.map(u32::to_le_bytes).as_flattened());
    let (identity, signature) = (literal(data.identity), literal(data.signature));
    format!(
        r#"(module
  (import "env" "proxy_get_header_map_pairs" (func $head (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $write (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $state (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $count (param i32 i64) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 100) "x-bench")
  (data (i32.const 120) "x-request-id")
  (data (i32.const 140) "user-agent")
  (data (i32.const 200) "{REQUEST_ID} {USER_AGENT}")
  (data (i32.const 400) "gatehouse.header_transform")
  (data (i32.const 440) "header_transform.applied;rule=bench")
  (data (i32.const 500) "gatehouse.identity")
  (data (i32.const 520) "verify_signature")
  (data (i32.const 540) "gatehouse.rate_limit")
  (data (i32.const 560) "0123456789abcdef")
  (data (i32.const 32) "{lengths}")
  (data (i32.const 4096) "{identity}")
  (data (i32.const 8192) "{signature}")
  (func (export "_initialize"))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 65536)
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $define (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 16)))
    i32.const 1)
  (func (export "proxy_on_delete") (param i32))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    {calls}
    i32.const 0))
"#
    )
}
