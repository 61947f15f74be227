//! A module with one callback that does nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// No SDK, no code: what is left is the host's price for entering a VM once a request.
const TEXT: &str = r#"
(module
  (memory (export "memory") 2)
  (func (export "_initialize"))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 65536)
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 1)
  (func (export "proxy_on_delete") (param i32))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 0))
"#;

/// Where the module is written.
pub(super) fn path(scratch: &Path) -> PathBuf {
    scratch.join("empty.wasm")
}

/// # Errors
/// The file cannot be written.
pub(super) fn write(scratch: &Path) -> Result<()> {
    let path = path(scratch);
    let wasm = wat::parse_str(TEXT).context("the empty module")?;
    fs::write(&path, wasm).with_context(|| format!("cannot write {}", path.display()))
}
