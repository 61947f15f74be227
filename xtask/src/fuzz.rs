//! `cargo xtask fuzz [target…]`: gives each reader of a stranger's bytes made-up ones, and watches
//! which branches they reach.
//!
//! What `cargo fuzz` does, with the compiler of this workspace: only its sanitizers need a nightly
//! one, and code without `unsafe` has little for them to find.

use std::fs::{self, File};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use gatehouse_sandbox::workspace;

use crate::arguments::{Command as Named, Given, Opt};

pub(crate) const COMMAND: Named = Named {
    name: "fuzz",
    operands: "[target…]",
    about: "Give made-up bytes to every reader of a stranger's, or to those named.",
    options: &[Opt { name: "--seconds", value: Some("N"), about: "so long each, instead of 60" }],
    run,
};

/// Counters at every branch, and calls at every comparison: how libFuzzer sees what an input does.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Fuzzes the named targets, or all.
///
/// # Errors
/// Bad options, no C++ compiler, or an input that a target fails on: it is kept, and its path told.
fn run(given: &Given) -> Result<()> {
    let time = Duration::from_secs(given.positive("--seconds")?.unwrap_or(60));
    ensure!(has_compiler(), "libFuzzer needs a C++ compiler: apt-get install g++");
    targets(given.operands(), time)
}

/// Whether there is a compiler to build libFuzzer with.
pub(crate) fn has_compiler() -> bool {
    let version =
        Command::new("c++").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Builds the targets and fuzzes each for some time, one on each core at once; all, where none is
/// named.
///
/// # Errors
/// As [`run`].
pub(crate) fn targets(names: &[String], time: Duration) -> Result<()> {
    let known = known()?;
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        bail!("no fuzz target is called `{name}`; there are: {}", known.join(", "));
    }
    let programs = build()?;
    let wanted = |name: &&String| names.is_empty() || names.contains(name);
    let chosen: Vec<&String> = known.iter().filter(wanted).collect();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    for at_once in chosen.chunks(cores) {
        let programs = programs.as_path();
        let ended: Vec<Result<String>> = thread::scope(|scope| {
            let running: Vec<_> = at_once
                .iter()
                .map(|&name| scope.spawn(move || fuzz(programs, name, time)))
                .collect();
            running
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|_| bail!("it panicked")))
                .collect()
        });
        for (name, said) in at_once.iter().zip(ended) {
            say!("{name}: {}", said?);
        }
    }
    Ok(())
}

/// The targets by name: the files in `fuzz/targets`, sorted.
fn known() -> Result<Vec<String>> {
    let folder = workspace::root().join("fuzz/targets");
    let cannot = || format!("cannot list {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The folder of the programs.
fn build() -> Result<PathBuf> {
    let host = host()?;
    let target = workspace::target().join("fuzz");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(workspace::root().join("fuzz/Cargo.toml"));
    // Named, so that build scripts and macros, which are for this machine too, are not
    // instrumented.
    cargo.args(["--target", &host]).arg("--target-dir").arg(&target);
    cargo.env("RUSTFLAGS", COVERAGE).env_remove("CARGO_ENCODED_RUSTFLAGS");
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "the fuzz targets do not build: see cargo's messages above");
    Ok(target.join(host).join("release"))
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc")
        .current_dir(workspace::root())
        .arg("-vV")
        .output()
        .context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it compiles for")
}

/// Fuzzes one target, beginning with its seeds and with what earlier runs found to reach more. What
/// the fuzzer says in the end.
fn fuzz(programs: &Path, name: &str, time: Duration) -> Result<String> {
    let folder = workspace::target().join("fuzz");
    let corpus = folder.join("corpus").join(name);
    fs::create_dir_all(&corpus).with_context(|| format!("cannot create {}", corpus.display()))?;
    let log = folder.join(format!("{name}.log"));
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;

    let mut fuzzer = Command::new(programs.join(name));
    fuzzer.arg(format!("-max_total_time={}", time.as_secs()));
    // An input that takes that long, or that much memory, would take a worker with it.
    fuzzer.args(["-timeout=10", "-rss_limit_mb=2048"]);
    fuzzer.arg(format!("-artifact_prefix={}/{name}-", folder.display()));
    fuzzer.arg(&corpus).arg(workspace::root().join("fuzz/seeds").join(name));
    fuzzer.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
    let status = fuzzer.status().with_context(|| format!("cannot run the fuzz target {name}"))?;

    let said = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
    let said = String::from_utf8_lossy(&said);
    if !status.success() {
        let telling = |line: &&str| {
            ["panicked at", "ERROR", "Test unit written"].iter().any(|sign| line.contains(sign))
        };
        said.lines().filter(telling).for_each(|line| note!("{line}"));
        bail!("the fuzz target {name} fails on an input: see {}", log.display());
    }
    Ok(said.lines().last().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_a_function() {
        let functions = fs::read_to_string(workspace::root().join("fuzz/src/lib.rs")).unwrap();
        let known = known().unwrap();
        assert!(!known.is_empty());
        for name in known {
            let seeds = workspace::root().join("fuzz/seeds").join(&name);
            assert!(fs::read_dir(seeds).unwrap().count() > 0, "{name}");
            assert!(functions.contains(&format!("pub use {name}::{name};")), "{name}");
        }
    }
}
