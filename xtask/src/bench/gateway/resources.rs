//! The memory of a set-up after a load, and how long it takes to start.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::options::Options;
use super::super::report::Spread;
use super::contenders::Contender;
use super::measurement::{requests, warm};
use super::stage::Stage;

/// The Envoys that are looked at, each with these numbers of workers.
const NAMES: [&str; 4] = ["bare", "native", "three-modules", "gateway.wasm"];
const WORKERS: [u32; 2] = [1, 4];

/// What one set-up needs.
pub(super) struct Resources {
    name: &'static str,
    workers: u32,
    /// Resident, after a load.
    mebibytes: f64,
    /// From its start to the first answer.
    first_answer_ms: f64,
    /// CPU seconds used until then.
    first_cpu: f64,
}

/// Starts each as often as there are rounds, one at a time.
///
/// # Errors
/// A set-up does not start, or stops to answer as it must.
pub(super) fn measure(
    contenders: &[Contender],
    options: &Options,
    stage: &Stage,
) -> Result<Vec<Resources>> {
    let mut all = Vec::new();
    for contender in contenders {
        let workers: &[u32] = if NAMES.contains(&contender.name) {
            &WORKERS
        } else if contender.peer().is_some() {
            &[1]
        } else {
            &[]
        };
        for &workers in workers {
            note!("memory and start of {} with {workers} workers", contender.name);
            all.push(one(contender, workers, options, stage)?);
        }
    }
    Ok(all)
}

fn one(contender: &Contender, workers: u32, options: &Options, stage: &Stage) -> Result<Resources> {
    let (mut memory, mut answers, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let mut running = stage.start(contender, workers)?;
        answers.push(running.first_answer.as_secs_f64() * 1e3);
        cpu.push(running.first_cpu.as_secs_f64());
        warm(&mut running, contender, requests(contender, options).div_ceil(2))?;
        memory.push(running.process.mebibytes()?);
    }
    let median = |values| Spread::of(values).map(|spread| spread.median).unwrap_or_default();
    Ok(Resources {
        name: contender.name,
        workers,
        mebibytes: median(memory),
        first_answer_ms: median(answers),
        first_cpu: median(cpu),
    })
}

/// Prints a row a set-up and number of workers.
pub(super) fn print(all: &[Resources]) {
    let width = all.iter().map(|one| one.name.len()).max().unwrap_or_default();
    say!("memory after a load, and from the start to the first answer, all workers on one core:");
    say!(
        "{:width$}  {:>7}  {:>8}  {:>10}  {:>6}",
        "set-up",
        "workers",
        "RSS MiB",
        "answer ms",
        "CPU s"
    );
    for one in all {
        say!(
            "{:width$}  {:>7}  {:>8.1}  {:>10.0}  {:>6.2}",
            one.name,
            one.workers,
            one.mebibytes,
            one.first_answer_ms,
            one.first_cpu
        );
    }
}

impl Resources {
    /// For machines.
    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "workers": self.workers,
            "rss_mebibytes": self.mebibytes,
            "first_answer_ms": self.first_answer_ms,
            "cpu_seconds_until_then": self.first_cpu,
        })
    }
}
