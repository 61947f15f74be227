//! Where things are: the workspace's root and cargo's target folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The workspace as cargo sees it.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that `CARGO_TARGET_DIR` and `build.target-dir` hold here too.
    ///
    /// # Errors
    /// Cargo cannot be run or does not know the workspace.
    pub(crate) fn locate() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let output = Command::new(cargo())
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(&manifest)
            .output()
            .context("cannot run `cargo metadata`")?;
        if !output.status.success() {
            bail!(
                "`cargo metadata` failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let metadata: serde_json::Value =
            serde_json::from_slice(&output.stdout).context("`cargo metadata` did not print JSON")?;
        let folder = |field: &str| {
            metadata
                .get(field)
                .and_then(serde_json::Value::as_str)
                .map(PathBuf::from)
                .with_context(|| format!("`cargo metadata` names no {field}"))
        };
        Ok(Workspace {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }

    /// The folder of the top `Cargo.toml`.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target folder.
    #[must_use]
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where the finished modules are.
    #[must_use]
    pub(crate) fn modules(&self) -> PathBuf {
        self.target.join("filters")
    }

    /// The filters, by folder name, sorted.
    ///
    /// # Errors
    /// `filters/` cannot be listed or is empty.
    pub(crate) fn filters(&self) -> Result<Vec<String>> {
        let folder = self.root.join("filters");
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            if entry.path().join("Cargo.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        if names.is_empty() {
            bail!("{} holds no filter", folder.display());
        }
        names.sort();
        Ok(names)
    }

    /// The cargo that runs this program, else the one on `PATH`.
    #[must_use]
    pub(crate) fn cargo(&self) -> PathBuf {
        cargo()
    }
}

fn cargo() -> PathBuf {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into()
}
