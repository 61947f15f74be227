//! The step that walks `cargo xtask new`: makes a filter in a copy of this clone, and takes it to a
//! real request.
//!
//! The copy has a target folder of its own: in a shared one, cargo would take the crates of the two
//! clones for the same, because it names them by their paths from the root, and each would undo
//! what the other built. What comes from the registry is linked from this clone's target folder, so
//! only the project's own crates are compiled. The copy stays, with the times of its files: the
//! next run compiles only what has changed.

use std::process::{Command, Stdio};

use anyhow::Result;
use gatehouse_sandbox::{Packaging, envoy, workspace};

use super::clone;
use super::steps::{self, Outcome};

const NAME: &str = "tenant-check";
const PACKAGE: &str = "gatehouse-tenant-check";
const CASES: &str = "tenant_check";
/// Where a build for the host, for speed, and for wasm leaves what it made.
const PROFILES: [&str; 4] = ["debug", "release", "wasm32-wasip1/debug", "wasm32-wasip1/release"];

/// Makes the copy and walks through what `cargo xtask new` says remains.
pub(super) fn run() -> Result<Outcome> {
    let copy = workspace::target().join("new-filter");
    let target = copy.join("target");
    clone::copy_to(&copy)?;
    for profile in PROFILES {
        clone::link_registry(&workspace::target().join(profile), &target.join(profile))?;
    }
    let envoy = envoy::locate(|line| say!("{line}"))?;
    let cargo = |args: &[&str]| {
        say!("$ cargo {}", args.join(" "));
        let mut command = Command::new(steps::program());
        command.current_dir(&copy).args(args).stdin(Stdio::null());
        command.env("CARGO_TARGET_DIR", &target).env("ENVOY", envoy.path());
        steps::finish(command.env(Packaging::VARIABLE, Packaging::Separate.word()))
    };
    let example = format!("envoy/{NAME}.yaml");
    let module = ["--package", PACKAGE];
    for args in [
        &["xtask", "new", NAME][..],
        &["fmt", module[0], module[1], "-p", "gatehouse-gateway", "-p", steps::E2E, "--check"],
        &["xtask", "build", NAME],
        &["xtask", "check", &example],
        &["clippy", module[0], module[1], "--all-targets", "--", "-D", "warnings"],
        &["test", module[0], module[1]],
    ] {
        cargo(args)?;
    }
    // In a module of its own only: `gateway.wasm` is linked whole for every change of one filter,
    // which takes longer than all of this. The step `e2e-gateway` has it for the filters that stay.
    cargo(&["test", "--package", steps::E2E, CASES])?;
    Ok(Outcome::Passed)
}
