//! Rounds of slices: every set-up serves some requests of each kind, in turn with all others.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::super::load::{self, Connection, Load, Requests};
use super::super::options::Options;
use super::super::process::{Process, free_port};
use super::super::rounds::{Rounds, SLICES};
use super::super::stage::Stage;
use super::super::{cost_per_request, origin, settle};
use super::answer;
use super::figures::{Figures, Sample};
use super::paced::Paced;
use super::set_ups::{Kind, SetUp};

/// Requests before each slice that do not count: caches and branches of the kind before are gone
/// then.
const WARM: usize = 16;

/// Of so many requests one is also timed, alone.
const TIMED: usize = 4;

/// A gateway that has shown that it does its work.
struct Running {
    process: Process,
    load: Load,
    /// For one request after the other.
    single: Connection,
    paced: Paced,
    kinds: Vec<Kind>,
    slowness: usize,
}

/// # Errors
/// A set-up does not start, does not do its work, or stops to answer as it must.
pub(super) fn measure(set_ups: &[SetUp], options: &Options, stage: &Stage<'_>) -> Result<Figures> {
    let mut figures = Figures::new(set_ups);
    let mut rounds = Rounds::of(set_ups, options);
    for _ in 0..options.rounds {
        let slice = |set_up: &SetUp, one: &mut Running| {
            slice(one, options, |calls, sample| figures.add(set_up.name, calls, sample))
                .with_context(|| format!("set-up {}", set_up.name))
        };
        rounds.run(|set_up| start(set_up, options, stage), slice)?;
        figures.end_round();
    }
    Ok(figures)
}

/// A gateway that is warm.
fn start(set_up: &SetUp, options: &Options, stage: &Stage<'_>) -> Result<Running> {
    let port = free_port()?;
    let process = stage.cores.start(|| set_up.spawn(stage, port))?;
    let kinds = set_up.kinds();
    for kind in &kinds {
        process.wait_for_answer(&kind.request)?;
        prove(&process, kind).with_context(|| {
            format!("set-up {}, {} calls; {}", set_up.name, kind.calls, process.log_end())
        })?;
    }
    let (load, single) =
        (Load::connect(process.address(), &[])?, Connection::open(process.address())?);
    let paced = Paced::connect(process.address())?;
    let mut running = Running { process, load, single, paced, kinds, slowness: set_up.slowness() };
    // Past lazy compilation, and past the growth of pools and tables.
    let count = options.requests.div_ceil(4).div_ceil(running.slowness);
    for kind in running.kinds.clone() {
        running.load.turn_to(Requests::new(vec![kind.request]));
        running.load.serve(count).with_context(|| format!("set-up {}", set_up.name))?;
    }
    Ok(running)
}

/// What answers from memory, or not whole, is quick.
fn prove(process: &Process, kind: &Kind) -> Result<()> {
    let before = answer::given();
    let whole = load::ask(process.address(), &kind.request)?;
    let calls = answer::given().saturating_sub(before);
    ensure!(calls == kind.calls, "{calls} calls were made");
    let (_, body) = whole.split_once("\r\n\r\n").context("an answer without a body")?;
    let body: Value = serde_json::from_str(body).context("the answer is not JSON")?;
    ensure!(body == kind.answer, "the answer is not what the calls were answered with: {whole}");
    Ok(())
}

/// One slice of each kind.
fn slice(
    running: &mut Running,
    options: &Options,
    mut add: impl FnMut(usize, Sample),
) -> Result<()> {
    let Running { process, load, single, paced, kinds, slowness } = running;
    for kind in kinds {
        let count = options.requests.div_ceil(*slowness).div_ceil(SLICES);
        load.turn_to(Requests::new(vec![kind.request.clone()]));
        load.serve(WARM)?;
        settle();
        let cost = cost_per_request(process, load, count)?;
        let mut latencies = Vec::new();
        for _ in 0..options.requests.div_ceil(SLICES).div_ceil(TIMED) {
            let sent = Instant::now();
            single.send(&kind.request)?;
            single.receive()?;
            latencies.push(sent.elapsed());
        }
        origin::late();
        // The worker can do no more requests than its one core has time for: half of them.
        let every = Duration::from_secs_f64(cost * 2.0 / 1e6);
        let at_half = paced.serve(&kind.request, count, every)?;
        let over = at_half.iter().map(|latency| latency.saturating_sub(options.delay)).collect();
        add(kind.calls, Sample { cost, latencies, over, late: origin::late() });
    }
    Ok(())
}
