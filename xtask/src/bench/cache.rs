//! `cargo xtask bench cache`: what an answer from the store costs, and what it costs to store one,
//! by our filter, by nginx and by Varnish, beside Envoy that passes the same answer on and Envoy
//! that has it in its configuration.
//!
//! The answers come from a small server on the core of the load, which also counts what it is asked
//! for: a hit must not reach it, a miss must. Only the gateway's processes count.

mod answer;
mod budget;
mod contenders;
mod figures;
mod kinds;
mod measurement;
mod targets;

use std::time::Duration;

use anyhow::{Result, bail};
use gatehouse_sandbox::envoy as program;
use serde_json::json;

use super::Sources;
use super::cores::Cores;
use super::options::Options;
use super::stage::Stage;
use crate::build;
use figures::Figures;

/// The bench's name.
pub(super) const NAME: &str = "cache";

/// The filter's name.
const FILTER: &str = "response-cache";

/// Requests of one kind and 1 KiB that a set-up serves in a round, unless told otherwise.
pub(super) const REQUESTS: usize = 4_000;

/// Rounds, unless told otherwise.
pub(super) const ROUNDS: usize = 3;

/// Measures every set-up that this machine has and prints a table; with `--budget`, has one store
/// filled many times over and prints what it holds meanwhile.
///
/// # Errors
/// Bad options, no Envoy, a filter that does not build, or a set-up that does not do its work.
pub(super) fn run(options: &Options, sources: &Sources) -> Result<()> {
    if !options.modules.is_empty() {
        bail!("--module is not for {NAME}: another module does not store answers");
    }
    let mut set_ups = contenders::chosen(options, sources)?;
    let skipped = contenders::skip_absent(&mut set_ups);
    let modules = if options.budget { vec![FILTER] } else { contenders::modules(&set_ups) };
    if !modules.is_empty() {
        build::modules(&modules.into_iter().map(ToOwned::to_owned).collect::<Vec<_>>())?;
    }
    let program = program::locate(|step| note!("{step}"))?;
    let stage = Stage::new(program.path(), sources, Duration::ZERO, answer::to)?;
    if options.budget {
        return budget::run(options, sources, &stage);
    }
    let figures = measurement::measure(&set_ups, options, &stage)?;
    print(&figures, &skipped, options, &stage.cores)
}

fn print(
    figures: &Figures,
    skipped: &[(String, String)],
    options: &Options,
    cores: &Cores,
) -> Result<()> {
    if options.json {
        let report = json!({
            "bench": NAME,
            "unit": "CPU microseconds a request",
            "run": {
                "requests": options.requests,
                "rounds": options.rounds,
                "cores": cores.describe(),
            },
            "rows": figures.json(),
            "targets": targets::json(figures),
            "skipped": skipped,
        });
        say!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    say!(
        "{NAME}: CPU µs a request of the gateway with one worker, 16 at once, median of {} rounds of {} \
         requests of 1 KiB, half as many of 16 KiB and a quarter of 256 KiB",
        options.rounds,
        options.requests
    );
    say!("{}", cores.describe());
    figures.lines().iter().for_each(|line| say!("{line}"));
    for (name, why) in skipped {
        say!("{name} skipped: {why}");
    }
    targets::lines(figures).iter().for_each(|line| say!("{line}"));
    Ok(())
}
