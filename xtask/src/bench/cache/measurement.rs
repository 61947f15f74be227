//! Rounds of slices: every set-up serves some requests of each kind, in turn with all others.

use anyhow::{Context as _, Result, ensure};

use super::super::load::Load;
use super::super::options::Options;
use super::super::process::{Process, free_port};
use super::super::rounds::{Rounds, SLICES};
use super::super::stage::Stage;
use super::super::{cost_per_request, settle};
use super::answer;
use super::contenders::SetUp;
use super::figures::Figures;
use super::kinds::Kind;

/// Requests before each slice that do not count: caches and branches of the kind before are gone
/// then, and an answer that had to make room is in the store again.
const WARM: usize = 16;

/// A gateway that is warm.
struct Running {
    process: Process,
    load: Load,
    /// What no miss has asked for yet.
    next: usize,
}

/// # Errors
/// A set-up does not start, does not do its work, or stops to answer as it must.
pub(super) fn measure(set_ups: &[SetUp], options: &Options, stage: &Stage<'_>) -> Result<Figures> {
    let mut figures = Figures::new(set_ups);
    let count = options.requests.div_ceil(SLICES);
    let mut rounds = Rounds::of(set_ups, options);
    for _ in 0..options.rounds {
        let slice = |set_up: &SetUp, one: &mut Running| {
            for kind in set_up.kinds() {
                figures.add(set_up.name, kind, slice(one, set_up, kind, count)?);
            }
            Ok(())
        };
        rounds.run(|set_up| start(set_up, options, stage), slice)?;
        figures.end_round();
    }
    Ok(figures)
}

/// A gateway that is warm, and whose store is full, where it has one.
fn start(set_up: &SetUp, options: &Options, stage: &Stage<'_>) -> Result<Running> {
    let port = free_port()?;
    let process = stage.cores.start(|| set_up.spawn(stage, port))?;
    let first = set_up.kinds().into_iter().next().context("a set-up that is sent nothing")?;
    process.wait_for_answer(first.requests(1, &mut 0).take())?;
    let load = Load::connect(process.address(), &[])?;
    let mut running = Running { process, load, next: 1 };
    // Past lazy compilation, and past the growth of pools and tables.
    for kind in set_up.kinds() {
        slice(&mut running, set_up, kind, options.requests.div_ceil(4))?;
    }
    Ok(running)
}

/// What one kind of request costs. What answers from memory when it must not, or asks when it must
/// not, is no set-up of this bench.
fn slice(running: &mut Running, set_up: &SetUp, kind: Kind, count: usize) -> Result<f64> {
    let of_whom = || format!("set-up {}, {kind:?}; {}", set_up.name, running.process.log_end());
    let count = count.div_ceil(kind.size.slowness());
    let load = &mut running.load;
    load.turn_to(kind.requests(WARM, &mut running.next));
    load.serve(WARM).with_context(of_whom)?;
    load.turn_to(kind.requests(count, &mut running.next));
    settle();
    let before = answer::given();
    let cost = cost_per_request(&running.process, load, count).with_context(of_whom)?;
    let (passed, expected) =
        (answer::given().saturating_sub(before), set_up.passes_on(kind, count));
    ensure!(
        passed == expected,
        "{passed} of {count} requests came to the origin, and not {expected}: {}",
        of_whom()
    );
    Ok(cost)
}
