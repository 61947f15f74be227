//! The tool of who runs a gateway, as one file that needs no other on Linux.

use std::env::consts;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use gatehouse_sandbox::workspace;

use super::places::Places;
use super::{FILTERS, Site, cargo_build, toolchain};

/// Its package, and its program.
const NAME: &str = "gatehouse";

/// Builds it, and says where it is.
///
/// # Errors
/// It does not build, or has this machine's paths in it.
pub(crate) fn build() -> Result<PathBuf> {
    let target = target()?;
    let site = Site::here()?;
    let places = Places::read(&site.cargo_home)?;
    cargo_build(&[NAME.to_owned()], &target, FILTERS, &site, &places)?;
    let path = place(&target);
    let program = std::fs::read(&path).with_context(|| format!("cargo left no {NAME}"))?;
    places.ensure_hidden(&program).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Where an earlier build has left it, if one has.
///
/// # Errors
/// The compiler does not say what it compiles for.
pub(crate) fn built() -> Result<Option<PathBuf>> {
    let places = [place(&linked_whole()), place(&toolchain::host()?)];
    Ok(places.into_iter().find(|path| path.is_file()))
}

/// Linked with its own C library, so that it runs on any Linux; with this system's, where the
/// standard library for the other cannot be had.
fn target() -> Result<String> {
    let whole = linked_whole();
    if consts::OS != "linux" {
        return toolchain::host();
    }
    match toolchain::ensure(&whole) {
        Ok(()) => Ok(whole),
        Err(error) => {
            note!("{NAME} will need a C library as this system's: {error:#}");
            toolchain::host()
        }
    }
}

fn linked_whole() -> String {
    format!("{}-unknown-linux-musl", consts::ARCH)
}

fn place(target: &str) -> PathBuf {
    workspace::target().join(target).join(FILTERS).join(NAME)
}
