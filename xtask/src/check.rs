//! `cargo xtask check <file>…`: what Envoy or a Gatehouse filter would refuse in an Envoy config,
//! and what would make a guard guard nothing. Offline.

use std::path::Path;

use anyhow::{Result, bail};
use gatehouse_check::{Level, Line};

use crate::arguments::{Command, Given, Opt};

pub(crate) const COMMAND: Command = Command {
    name: "check",
    operands: "<file>…",
    about: "Check these Envoy configs, offline.

The file is read as Envoy reads it: by the ending of its name, and with Envoy's YAML, to which `yes`
is a truth and `1.5` a text.

A fault is what stops Envoy or a filter, or what can never work: a configuration that a filter
refuses, a plugin that Envoy does not make, a module whose name is nearly one of ours, capabilities,
a variable or a permission to hold heads that a filter lacks, a cluster that is not in the file, a
chain that does not end with the router, a route that configures a wasm filter, CEL that does not
compile, nesting deeper than 100, Envoy's own limit.

A warning is what starts, and may guard nothing: a filter that decides by the caller before the one
that says who calls, client addresses that the client itself may write, a filter that lets requests
pass once it has failed, listeners and filters that come from elsewhere and are not seen, variables
of Envoy's that are not set here; and what would change the answers of a cache: filters behind it,
local_reply_config, fields that routes append, a background that leads elsewhere.

Ends with 0 where there is no fault. What only Envoy knows it does not tell: whatever is no
Gatehouse filter's, beside what is named here.",
    options: &[Opt { name: "--strict", value: None, about: "a warning is a fault" }],
    run,
};

/// Checks the files and prints a line for each filter that is good and each thing that is not.
///
/// # Errors
/// No file named, or any fault found.
fn run(given: &Given) -> Result<()> {
    if given.operands().is_empty() {
        bail!("check needs the Envoy configs to check: cargo xtask check envoy/envoy.yaml");
    }
    let lines: Vec<Line> = given
        .operands()
        .iter()
        .flat_map(|arg| gatehouse_check::file(Path::new(arg), arg))
        .collect();
    lines.iter().for_each(|line| say!("{}", line.text));
    let strict = given.has("--strict");
    let counts = |line: &&Line| line.is_fault() || strict && line.level == Level::Warning;
    match lines.iter().filter(counts).count() {
        0 => Ok(()),
        1 => bail!("1 fault found"),
        faults => bail!("{faults} faults found"),
    }
}
