//! Modules without SDK and without code of their own: what is left is the host's price.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::set_up::{REQUEST_ID, USER_AGENT};

/// What a probe may do in its callback, as WebAssembly text; all on fixed bytes.
pub(super) mod call {
    /// Reads the whole request head.
    pub(in super::super) const HEAD: &str = "(drop (call $head (i32.const 0) (i32.const 0) (i32.const 4)))";
    /// Reads `x-request-id` and `user-agent`, one by one.
    pub(in super::super) const TWO_HEADERS: &str = "
        (drop (call $header (i32.const 0) (i32.const 120) (i32.const 12) (i32.const 0) (i32.const 4)))
        (drop (call $header (i32.const 0) (i32.const 140) (i32.const 10) (i32.const 0) (i32.const 4)))";
    /// Writes `x-bench`.
    pub(in super::super) const WRITE: &str =
        "(drop (call $write (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 200) (i32.const 107)))";
    /// Leaves a decision in filter state.
    pub(in super::super) const STATE: &str =
        "(drop (call $state (i32.const 400) (i32.const 26) (i32.const 440) (i32.const 35)))";
    /// Adds one to a counter.
    pub(in super::super) const COUNT: &str = "(drop (call $count (i32.load (i32.const 16)) (i64.const 1)))";
}

/// Writes the module that does `calls` for each request, and tells where it is.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(scratch: &Path, name: &str, calls: &[&str]) -> Result<PathBuf> {
    let path = scratch.join(format!("{name}.wasm"));
    let wasm = wat::parse_str(text(&calls.concat())).with_context(|| format!("probe {name}"))?;
    fs::write(&path, wasm).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Returned bytes always go to the same place: there is no allocator to pay for.
fn text(calls: &str) -> String {
    format!(
        r#"(module
  (import "env" "proxy_get_header_map_pairs" (func $head (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $write (param i32 i32 i32 i32 i32) (result i32)))
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
