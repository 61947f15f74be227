//! `cargo xtask check <file>…`: what `gatehouse check` says, from a checkout.

use anyhow::{Result, bail};
use gatehouse::Outcome;
use gatehouse::check::{Check, Format};

use crate::arguments::{Command, Given, Opt};

pub(crate) const COMMAND: Command = Command {
    name: "check",
    operands: "<file>…",
    about: "Check these configurations, offline.

It is the tool's `check`, from a checkout: `cargo run -p gatehouse -- check --help` tells what a
fault is, what a warning is, and more options. Ends with 0 where there is no fault.",
    options: &[Opt { name: "--strict", value: None, about: "a warning is a fault" }],
    run,
};

/// Checks the files and prints a line for each filter that is good and each thing that is not.
///
/// # Errors
/// No file named, or any fault found.
fn run(given: &Given) -> Result<()> {
    if given.operands().is_empty() {
        bail!("check needs the configurations to check: cargo xtask check envoy/envoy.yaml");
    }
    let check = Check {
        files: given.operands().to_vec(),
        filter: None,
        format: Format::Text,
        strict: given.has("--strict"),
    };
    let answer = check.run()?;
    say!("{}", answer.text.trim_end());
    let summary = answer.summary.as_deref().unwrap_or_default();
    match answer.outcome {
        Outcome::Good => Ok(()),
        Outcome::Faults | Outcome::Unreadable => bail!("{}", summary.trim_start_matches("error: ")),
    }
}
