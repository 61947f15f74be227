//! The steps, in the order in which they run.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gatehouse_sandbox::{Packaging, envoy, workspace};

use super::{configs, new_filter, reproducible};
use crate::{book, build, fuzz};

/// How a step ended that did not fail.
pub(super) enum Outcome {
    Passed,
    /// It could not run here, and why.
    Skipped(String),
}

/// One step.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Left out by `--fast`.
    pub(super) slow: bool,
    pub(super) run: fn() -> Result<Outcome>,
}

/// Building comes before Clippy for wasm because it installs the target when it is missing.
pub(super) static STEPS: [Step; 16] = [
    Step { name: "format", title: "cargo fmt --check", slow: false, run: format },
    Step { name: "build", title: "every filter to wasm", slow: false, run: build },
    Step {
        name: "reproducible",
        title: "a module in another folder, the same bytes",
        slow: true,
        run: reproducible::run,
    },
    Step { name: "clippy", title: "all targets, natively, no warnings", slow: false, run: clippy },
    Step {
        name: "clippy-wasm",
        title: "the filters and their shell for wasm, no warnings",
        slow: false,
        run: clippy_wasm,
    },
    Step { name: "docs", title: "cargo doc, no broken links", slow: false, run: docs },
    Step { name: "links", title: "every link of every page", slow: false, run: links },
    Step { name: "book", title: "the pages as a book, and its links", slow: false, run: book },
    Step { name: "unit", title: "tests without Envoy", slow: false, run: unit },
    Step {
        name: "configs",
        title: "every Envoy config through check and `envoy --mode validate`",
        slow: false,
        run: configs::run,
    },
    Step { name: "e2e", title: "tests against a real Envoy", slow: false, run: e2e },
    Step {
        name: "e2e-gateway",
        title: "the same tests, all filters in gateway.wasm",
        slow: false,
        run: e2e_gateway,
    },
    Step {
        name: "new",
        title: "a filter of `cargo xtask new`, from nothing to a real request",
        slow: true,
        run: new_filter::run,
    },
    Step {
        name: "fuzz",
        title: "some seconds of made-up input for every reader",
        slow: true,
        run: fuzz,
    },
    Step {
        name: "deny",
        title: "licences and advisories of the dependencies",
        slow: false,
        run: deny,
    },
    Step { name: "compose", title: "docker-compose.yml for real", slow: true, run: compose },
];

/// The step that runs only where it is named: it takes an hour.
pub(super) static MATRIX: Step = Step {
    name: "matrix",
    title: "the end-to-end tests on every version of Envoy that the modules are tested on",
    slow: true,
    run: matrix,
};

pub(super) const E2E: &str = "gatehouse-e2e";
/// How long each target is fuzzed.
const FUZZ_EACH: Duration = Duration::from_secs(5);
const WASM: &str = "wasm32-wasip1";

fn format() -> Result<Outcome> {
    match cargo(&["fmt", "--all", "--check"])? {
        // A workspace of its own.
        Outcome::Passed => cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
        other => Ok(other),
    }
}

fn build() -> Result<Outcome> {
    build::report(&[]).map(|()| Outcome::Passed)
}

fn clippy() -> Result<Outcome> {
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn clippy_wasm() -> Result<Outcome> {
    let clippy = |packages: &[String]| {
        let mut args = vec!["clippy".to_owned(), "--target".to_owned(), WASM.to_owned()];
        args.extend(packages.iter().map(|package| format!("--package={package}")));
        args.extend(["--", "-D", "warnings"].map(str::to_owned));
        cargo(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut filters = vec!["gatehouse-host".to_owned()];
    filters.extend(workspace::filter_names()?.iter().map(|filter| format!("gatehouse-{filter}")));
    clippy(&filters)?;
    // Not in one run with them: see `cargo xtask build`.
    clippy(&["gatehouse-gateway".to_owned()])
}

fn docs() -> Result<Outcome> {
    let mut command = command(&["doc", "--workspace", "--no-deps"]);
    finish(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn links() -> Result<Outcome> {
    book::check().map(|()| Outcome::Passed)
}

fn book() -> Result<Outcome> {
    Ok(match book::build()? {
        Some(_) => Outcome::Passed,
        None => Outcome::Skipped(format!("mdbook is not installed ({})", book::INSTALL)),
    })
}

fn unit() -> Result<Outcome> {
    cargo(&["test", "--workspace", "--exclude", E2E])
}

fn e2e() -> Result<Outcome> {
    e2e_in(Packaging::Separate)
}

fn e2e_gateway() -> Result<Outcome> {
    e2e_in(Packaging::Gateway)
}

/// All versions to their end, whichever fail.
fn matrix() -> Result<Outcome> {
    let mut failed = Vec::new();
    for version in envoy::TESTED_VERSIONS {
        say!("\n--> Envoy {version}");
        let binary = envoy::of_version(version, |sentence| say!("{sentence}"))?;
        let tested = finish(e2e_command().env("ENVOY", binary.path()));
        if let Err(error) = tested {
            say!("Envoy {version}: {error:#}");
            failed.push(version);
        }
    }
    if !failed.is_empty() {
        bail!("tests failed on Envoy {}", failed.join(", "));
    }
    Ok(Outcome::Passed)
}

/// Whatever the environment says: each of the two steps is about one packaging.
fn e2e_in(packaging: Packaging) -> Result<Outcome> {
    finish(e2e_command().env(Packaging::VARIABLE, packaging.word()))
}

/// A case waits more than half of its time for what is to come to pass: with two at once for each
/// core both are idle half the time (434 cases: 861 s, of them 870 s of a core).
fn e2e_command() -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut tests = command(&["test", "--package", E2E]);
    tests.env("RUST_TEST_THREADS", cores.saturating_mul(3).to_string());
    // Cases ask this program. `cargo run` would compile every filter anew for it, and the next step
    // once more: a module's library has one name, whatever its features.
    let this =
        std::env::args_os().next().map(PathBuf::from).and_then(|path| path.canonicalize().ok());
    if let Some(this) = this {
        tests.env("GATEHOUSE_XTASK", this);
    }
    tests
}

fn fuzz() -> Result<Outcome> {
    if !fuzz::has_compiler() {
        return Ok(Outcome::Skipped("there is no C++ compiler to build libFuzzer with".to_owned()));
    }
    fuzz::targets(&[], FUZZ_EACH).map(|()| Outcome::Passed)
}

fn deny() -> Result<Outcome> {
    let installed = Command::new(program()).args(["deny", "--version"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed (cargo install cargo-deny)".to_owned(),
        ));
    }
    cargo(&["deny", "check"])
}

fn compose() -> Result<Outcome> {
    let script = workspace::root().join("docker/compose-test");
    if !script.is_file() {
        return Ok(Outcome::Skipped("there is no docker/compose-test".to_owned()));
    }
    let (status, skipped) = run_script(&workspace::root(), &script)?;
    match skipped {
        _ if !status.success() => bail!("{} ended with {status}", script.display()),
        Some(why) => Ok(Outcome::Skipped(why)),
        None => Ok(Outcome::Passed),
    }
}

/// Passes the script's output on, and looks in it for its own word that it skipped.
fn run_script(root: &Path, script: &Path) -> Result<(ExitStatus, Option<String>)> {
    let cannot = || format!("cannot run {}", script.display());
    let mut child = Command::new(script)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(cannot)?;
    let mut skipped = None;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.with_context(cannot)?;
            say!("{line}");
            skipped = line.strip_prefix("skipped: ").map(str::to_owned).or(skipped);
        }
    }
    Ok((child.wait().with_context(cannot)?, skipped))
}

/// The cargo that runs this program.
pub(super) fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn cargo(args: &[&str]) -> Result<Outcome> {
    finish(&mut command(args))
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(workspace::root()).args(args).stdin(Stdio::null());
    command
}

pub(super) fn finish(command: &mut Command) -> Result<Outcome> {
    let words: Vec<String> = std::iter::once("cargo".into())
        .chain(command.get_args().map(|arg| arg.to_string_lossy().into_owned()))
        .collect();
    let words = words.join(" ");
    let status = command.status().with_context(|| format!("cannot run `{words}`"))?;
    if !status.success() {
        bail!("`{words}` ended with {status}");
    }
    Ok(Outcome::Passed)
}
