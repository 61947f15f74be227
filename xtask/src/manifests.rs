//! `cargo xtask manifests`: writes what in `deploy/` is made of the examples and of the chart.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use gatehouse_deploy::{Images, helm::Helm, kustomize_base, manifests, write};
use gatehouse_sandbox::workspace;

use crate::arguments::{Command, Given, Opt};

pub(crate) const COMMAND: Command = Command {
    name: "manifests",
    operands: "",
    about: "Write the manifests for Istio and Envoy Gateway, and the Kustomize base.

They are made of the examples under envoy/ and of the Helm chart; a test holds those in deploy/ to
that. For images of your own, write them elsewhere:

    cargo xtask manifests --registry registry.example/gatehouse --tag 1.2.3 --out /tmp/manifests",
    options: &[
        Opt {
            name: "--registry",
            value: Some("ADDRESS"),
            about: "where the images are, instead of ghcr.io/OWNER/gatehouse",
        },
        Opt { name: "--tag", value: Some("TAG"), about: "their tag, instead of this version" },
        Opt {
            name: "--out",
            value: Some("DIR"),
            about: "write below it, instead of into the clone",
        },
    ],
    run,
};

/// Writes them.
///
/// # Errors
/// An example or the chart cannot be read, Helm cannot be had, or a file cannot be written.
fn run(given: &Given) -> Result<()> {
    let mut images = Images::default();
    if let Some(registry) = given.value("--registry") {
        registry.trim_end_matches('/').clone_into(&mut images.registry);
    }
    if let Some(tag) = given.value("--tag") {
        tag.clone_into(&mut images.version);
    }
    let root = given.value("--out").map_or_else(workspace::root, PathBuf::from);
    let mut files = manifests(&images)?;
    let helm = Helm::install(|step| say!("{step}")).context("the Kustomize base needs Helm")?;
    files.extend(kustomize_base(&helm)?);
    write(&files, &root)?;
    say!("{} files below {}", files.len(), shown(&root));
    Ok(())
}

fn shown(root: &Path) -> String {
    root.join("deploy").display().to_string()
}
