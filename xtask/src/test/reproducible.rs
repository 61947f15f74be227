//! The step that builds a module once more, in a copy of this clone and with another home of cargo,
//! and compares: the same sources give the same bytes in any folder.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

use super::clone;
use super::steps::Outcome;
use crate::build::{self, Site};

/// The smallest one: what could differ is the same in all.
const MODULE: &str = "audit";

/// Builds it twice, each time alone. `cargo xtask build` builds it together with others, whose
/// features reach what they share: those bytes may be other ones.
pub(super) fn run() -> Result<Outcome> {
    let folder = workspace::target().join("reproducible");
    let here = Site { target: folder.join("here"), ..Site::here()? };
    let there = Site {
        root: folder.join("clone"),
        target: folder.join("there"),
        cargo_home: folder.join("home"),
    };
    // With the same home the registry's crates are the same, and need not be compiled again.
    for profile in ["release", "wasm32-wasip1/release"] {
        clone::link_registry(&workspace::target().join(profile), &here.target.join(profile))?;
    }
    clone::copy_to(&there.root)?;
    link(&here.cargo_home, &there.cargo_home)?;
    let mut built = Vec::new();
    for site in [&here, &there] {
        let wasm = build::elsewhere(MODULE, site)?;
        let path = site.target.join(format!("{MODULE}.wasm"));
        fs::write(&path, &wasm).with_context(|| format!("cannot write {}", path.display()))?;
        built.push(wasm);
    }
    let (one, other) = (here.target.display(), there.target.display());
    if built.iter().any(|wasm| Some(wasm) != built.first()) {
        bail!("{MODULE}.wasm in {one} and in {other} is of the same sources, and differs");
    }
    say!("{MODULE}.wasm is the same in {one} and in {other}");
    Ok(Outcome::Passed)
}

/// Another path to cargo's home. What it leads to is shared: nothing is fetched twice.
fn link(home: &Path, other: &Path) -> Result<()> {
    if other.exists() {
        return Ok(());
    }
    std::os::unix::fs::symlink(home, other)
        .with_context(|| format!("cannot link {} to {}", other.display(), home.display()))
}
