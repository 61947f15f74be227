//! A module without SDK and without code of its own that makes the calls of a request and answers
//! with bytes that it has: what is left is the price of the calls.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::answer;

/// Its name in the table.
pub(super) const NAME: &str = "calls";

/// Writes the module, and tells where it is.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(scratch: &Path) -> Result<PathBuf> {
    fs::create_dir_all(scratch).with_context(|| scratch.display().to_string())?;
    let path = scratch.join(format!("{NAME}.wasm"));
    let wasm = wat::parse_str(text()).context("the module of the calls alone")?;
    fs::write(&path, wasm).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Returned bytes always go to the same place. How many calls of a request are open is kept by the
/// number of its context, and which context a call is of by its token, both modulo 4096.
fn text() -> String {
    let head = pairs(&[
        (":method", "GET"),
        (":path", "/c0"),
        (":authority", "origin"),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("cdn-loop", "gatehouse"),
    ]);
    let fields = pairs(&[("content-type", "application/json"), ("cache-control", "no-cache")]);
    let [one, three, ten] = [1, 3, 10].map(|calls| answer::of(calls).to_string());
    // Where the three answers begin, and how long they are.
    let second = BODIES.saturating_add(one.len());
    let [start_1, start_3, start_10] = [BODIES, second, second.saturating_add(three.len())];
    let [length_1, length_3, length_10] = [one.len(), three.len(), ten.len()];
    format!(
        r#"(module
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $head (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $body (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_http_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $turn_to (param i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 100) ":path")
  (data (i32.const 120) "origin")
  (data (i32.const 1024) "{head}")
  (data (i32.const 2048) "{fields}")
  (data (i32.const {BODIES}) "{bodies}")
  (func (export "_initialize"))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 65536)
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 1)
  (func (export "proxy_on_delete") (param i32))
  (func $open (param $context i32) (result i32)
    (i32.add (i32.const 131072) (i32.shl (i32.and (local.get $context) (i32.const 4095)) (i32.const 3))))
  (func $owner (param $token i32) (result i32)
    (i32.add (i32.const 163840) (i32.shl (i32.and (local.get $token) (i32.const 4095)) (i32.const 2))))
  ;; `/aggregate/1`, `/aggregate/3` and `/aggregate/10`: as many calls.
  (func (export "proxy_on_request_headers") (param $context i32) (param i32 i32) (result i32)
    (local $left i32)
    (drop (call $header (i32.const 0) (i32.const 100) (i32.const 5) (i32.const 0) (i32.const 4)))
    (local.set $left (select (i32.const 10)
      (i32.sub (i32.load8_u (i32.const {DIGIT})) (i32.const 48))
      (i32.eq (i32.load (i32.const 4)) (i32.const 13))))
    (i32.store (call $open (local.get $context)) (local.get $left))
    (i32.store offset=4 (call $open (local.get $context)) (local.get $left))
    (loop $next
      (drop (call $call (i32.const 120) (i32.const 6) (i32.const 1024) (i32.const {head_length})
        (i32.const 0) (i32.const 0) (i32.const 3000) (i32.const 4) (i32.const 5000) (i32.const 8)))
      (i32.store (call $owner (i32.load (i32.const 8))) (local.get $context))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    i32.const 4)
  (func (export "proxy_on_http_call_response")
    (param i32) (param $token i32) (param i32) (param $size i32) (param i32)
    (local $context i32) (local $left i32) (local $calls i32)
    (drop (call $head (i32.const 6) (i32.const 0) (i32.const 4)))
    (drop (call $body (i32.const 4) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
    (local.set $context (i32.load (call $owner (local.get $token))))
    (local.set $left (i32.sub (i32.load (call $open (local.get $context))) (i32.const 1)))
    (i32.store (call $open (local.get $context)) (local.get $left))
    (if (i32.eqz (local.get $left)) (then
      (local.set $calls (i32.load offset=4 (call $open (local.get $context))))
      (drop (call $turn_to (local.get $context)))
      (drop (call $reply (i32.const 200) (i32.const 120) (i32.const 6)
        (select (i32.const {start_1}) (select (i32.const {start_3}) (i32.const {start_10})
          (i32.eq (local.get $calls) (i32.const 3))) (i32.eq (local.get $calls) (i32.const 1)))
        (select (i32.const {length_1}) (select (i32.const {length_3}) (i32.const {length_10})
          (i32.eq (local.get $calls) (i32.const 3))) (i32.eq (local.get $calls) (i32.const 1)))
        (i32.const 2048) (i32.const {fields_length}) (i32.const -1)))))))
"#,
        DIGIT = RETURNED.saturating_add("/aggregate/".len()),
        head_length = head.len(),
        fields_length = fields.len(),
        head = literal(&head),
        fields = literal(&fields),
        bodies = literal([one, three, ten].concat().as_bytes()),
    )
}

/// Where returned bytes go.
const RETURNED: usize = 65_536;

/// Where the answers are: beyond both tables.
const BODIES: usize = 196_608;

/// Header fields in the form in which the host takes them: how many, the lengths of each name and
/// value, then all of them with a zero behind each.
fn pairs(fields: &[(&str, &str)]) -> Vec<u8> {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or_default().to_le_bytes();
    let mut bytes = u32::try_from(fields.len()).unwrap_or_default().to_le_bytes().to_vec();
    for (name, value) in fields {
        bytes.extend(length(name));
        bytes.extend(length(value));
    }
    for text in fields.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text.bytes());
        bytes.push(0);
    }
    bytes
}

fn literal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_module() {
        assert!(wat::parse_str(text()).is_ok());
        assert_eq!(pairs(&[("a", "bc")]), b"\x01\0\0\0\x01\0\0\0\x02\0\0\0a\0bc\0");
    }
}
