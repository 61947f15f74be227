//! The compiler, and the part of it that a Rust installation may lack: the standard library for
//! another target.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

/// What Envoy's wasm runtime loads: std with clock and random numbers, which
/// `wasm32-unknown-unknown` lacks.
pub(crate) const TARGET: &str = "wasm32-wasip1";

/// Installs the standard library of a target when the toolchain of this workspace does not have it.
///
/// # Errors
/// No `rustc`, or the target is missing and `rustup` is missing too or fails.
pub(super) fn ensure(target: &str) -> Result<()> {
    if library_folder(target)?.is_dir() {
        return Ok(());
    }
    note!("the Rust target {target} is not installed; running: rustup target add {target}");
    match Command::new("rustup")
        .current_dir(workspace::root())
        .args(["target", "add", target])
        .status()
    {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!(
            "`rustup target add {target}` failed: see its message above (it needs the network)"
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "this needs the Rust target {target}, and rustup, which could install it, is not on PATH; \
             install rustup from https://rustup.rs, or add the target with the tool that installed Rust"
        ),
        Err(error) => Err(error).context("cannot run rustup"),
    }
}

/// What the compiler compiles for unless it is told otherwise.
///
/// # Errors
/// As [`rustc`].
pub(super) fn host() -> Result<String> {
    let told = rustc(&["-vV"])?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` has no line `host: …`")?.to_owned())
}

fn library_folder(target: &str) -> Result<PathBuf> {
    let folder = rustc(&["--print", "target-libdir", "--target", target])?;
    Ok(PathBuf::from(folder))
}

/// What the compiler of this workspace answers.
///
/// # Errors
/// It cannot be run, or does not know.
pub(crate) fn rustc(args: &[&str]) -> Result<String> {
    let output = Command::new("rustc").current_dir(workspace::root()).args(args).output();
    let output = output.context("cannot run rustc: is Rust installed (https://rustup.rs)?")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`rustc {}`: {}", args.join(" "), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
