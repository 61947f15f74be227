//! Where things are in this clone.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The root of the clone: the folder that holds the workspace's `Cargo.toml`.
#[must_use]
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// Where everything built goes: `CARGO_TARGET_DIR`, or `target` in the root.
#[must_use]
pub fn target() -> PathBuf {
    // A relative CARGO_TARGET_DIR is relative to where cargo was called: the root, in every
    // documented use.
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if !dir.is_empty() => root().join(dir),
        _ => root().join("target"),
    }
}

/// Where `cargo xtask build` puts the modules.
#[must_use]
pub fn filters() -> PathBuf {
    target().join("filters")
}

/// The filters by name, which is the name of their folder; sorted.
///
/// # Errors
/// When the folder `filters` cannot be read.
pub fn filter_names() -> Result<Vec<String>> {
    let folder = root().join("filters");
    let cannot = || format!("cannot list {}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
