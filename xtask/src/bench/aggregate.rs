//! `cargo xtask bench aggregate`: one answer made of several, by our filter and by FastAPI with
//! httpx, beside one request that Envoy only passes on.
//!
//! The calls go to a small server on the core of the load, which answers 1.25 KiB of JSON to each,
//! after a while where `--delay` says so. Only the gateway's processes count. With `--before FOLDER`
//! the module in it is measured beside ours.

mod answer;
mod calls_alone;
mod figures;
mod measurement;
mod paced;
mod set_ups;

use anyhow::{Result, bail};
use gatehouse_sandbox::envoy as program;
use serde_json::json;

use super::cores::Cores;
use super::options::Options;
use super::stage::Stage;
use super::{Sources, python};
use crate::build;
use figures::Figures;
use set_ups::SetUp;

/// The bench's name, and the filter's.
pub(super) const NAME: &str = "aggregate";

/// Requests of one kind that a set-up serves in a round, unless told otherwise.
pub(super) const REQUESTS: usize = 2_000;

/// Rounds, unless told otherwise.
pub(super) const ROUNDS: usize = 3;

/// Measures every set-up that this machine has, and prints a table.
///
/// # Errors
/// Bad options, no Envoy, a filter that does not build, or a set-up that does not do its work.
pub(super) fn run(options: &Options, sources: &Sources) -> Result<()> {
    if !options.modules.is_empty() {
        bail!("--module is not for {NAME}: another module does not make an answer of others");
    }
    let mut set_ups = set_ups::chosen(options, sources)?;
    if set_ups.iter().any(|set_up| set_up.name == NAME) {
        build::modules(&[NAME.to_owned()])?;
    }
    let mut skipped = None;
    if set_ups.iter().any(SetUp::is_python)
        && let Err(error) = python::install(&sources.scratch)
    {
        skipped = Some(format!("{error:#}"));
        set_ups.retain(|set_up| !set_up.is_python());
    }
    let program = program::locate(|step| note!("{step}"))?;
    let stage = Stage::new(program.path(), sources, options.delay, answer::to)?;
    let figures = measurement::measure(&set_ups, options, &stage)?;
    print(&figures, skipped.as_deref(), options, &stage.cores)
}

fn print(figures: &Figures, skipped: Option<&str>, options: &Options, cores: &Cores) -> Result<()> {
    if options.json {
        let report = json!({
            "bench": NAME,
            "run": {
                "requests": options.requests,
                "rounds": options.rounds,
                "delay_ms": options.delay.as_millis(),
                "answer_bytes": answer::BYTES,
                "cores": cores.describe(),
            },
            "rows": figures.json(),
            "skipped": skipped,
        });
        say!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    say!(
        "{NAME}: CPU µs a request of the gateway with one worker, 16 at once, median of {} rounds of {} \
         requests; µs from a request to its answer, one after the other; the same at half of the rate at \
         which the worker has no time left, less the delay of the calls; and how late those were",
        options.rounds,
        options.requests
    );
    say!(
        "{}; each call is answered with {} bytes after {} ms",
        cores.describe(),
        answer::BYTES,
        options.delay.as_millis()
    );
    figures.lines().iter().for_each(|line| say!("{line}"));
    if let Some(why) = skipped {
        say!("fastapi skipped: {why}");
    }
    Ok(())
}
