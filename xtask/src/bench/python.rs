//! Gateways in Python, of `tests/peers/fastapi`: one environment for all of them, one worker each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::workspace;

use super::process::program;

/// What has an application of `tests/peers/fastapi` listen on `port`.
pub(super) fn serve(scratch: &Path, application: &str, port: u16) -> Command {
    let mut command = Command::new(environment(scratch).join("bin/python"));
    command
        .args(["-m", "uvicorn", application, "--log-level", "warning", "--no-access-log"])
        .args(["--workers", "1", "--timeout-keep-alive", "3600", "--app-dir"])
        .arg(peers().join("fastapi"))
        .args(["--port", &port.to_string()])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Where the other gateways are configured.
pub(super) fn peers() -> PathBuf {
    workspace::root().join("tests/peers")
}

/// The virtual environment of the Python peer.
fn environment(scratch: &Path) -> PathBuf {
    scratch.join("fastapi")
}

/// Installs its packages where they are not yet.
///
/// # Errors
/// There is no Python, or the packages cannot be had.
pub(super) fn install(scratch: &Path) -> Result<()> {
    let requirements = peers().join("fastapi/requirements.txt");
    let wanted = fs::read(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let environment = environment(scratch);
    // Written last: an environment without it is not complete.
    let mark = environment.join("installed.txt");
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    note!("installing the Python peer into {}", environment.display());
    said_well(Command::new(program("python3")?).args(["-m", "venv"]).arg(&environment))?;
    let python = environment.join("bin/python");
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r"];
    said_well(Command::new(python).args(pip).arg(&requirements))?;
    fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))
}

/// Runs a command to its end; its last words are the error.
fn said_well(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("{program} failed: {}", said.trim().lines().last().unwrap_or_default())
}
