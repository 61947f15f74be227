//! A library in Python, asked in JSON.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Runs a program, with the packages in a folder: it reads a value and writes one.
pub(crate) fn ask(packages: &Path, program: &str, asked: &Value) -> Result<Value> {
    let mut python = Command::new("python3")
        // No other packages of this user, and no files written beside these.
        .args(["-s", "-B", "-c", program])
        .env("PYTHONPATH", packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run python3")?;
    if let Some(mut stdin) = python.stdin.take() {
        stdin.write_all(asked.to_string().as_bytes()).context("python3 does not read")?;
    }
    let output = python.wait_with_output().context("cannot run python3")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("the answer is not JSON")
}
