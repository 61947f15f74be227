//! Rounds of slices: every set-up serves some requests of each kind, in turn with all others.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::super::SLICES;
use super::super::options::Options;
use super::super::report::Spread;
use super::contenders::Contender;
use super::figures::Figures;
use super::requests::{KINDS, Token};
use super::stage::{Running, Stage};

/// Requests before each slice that do not count: caches and branches of the kind before are gone
/// then.
const WARM: usize = 32;

/// # Errors
/// A set-up does not start, or stops to answer as it must.
pub(super) fn measure<'a>(
    contenders: &'a [Contender],
    options: &Options,
    stage: &Stage,
) -> Result<Figures<'a>> {
    let mut figures = Figures::new(contenders);
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    for round in 1..=options.rounds {
        note!("starting {} set-ups, round {round} of {}", contenders.len(), options.rounds);
        // Anew in each round: of two processes of one set-up, one may be slower for as long as it
        // lives.
        let mut running = Vec::new();
        for contender in contenders {
            let mut one = stage.start(contender, 1)?;
            // Past lazy compilation, and past the growth of pools and tables.
            warm(&mut one, contender, requests(contender, options).div_ceil(4))?;
            running.push(one);
        }
        let mut slices = vec![[const { Vec::new() }; 4]; contenders.len()];
        for _ in 0..SLICES {
            for &index in &order {
                if let (Some(one), Some(contender), Some(costs)) =
                    (running.get_mut(index), contenders.get(index), slices.get_mut(index))
                {
                    let count = requests(contender, options).div_ceil(SLICES);
                    slice(one, contender, count, costs)
                        .with_context(|| format!("set-up {}", contender.name))?;
                }
            }
            // Another set-up begins the next slice.
            order.rotate_left(1);
        }
        let medians = slices
            .into_iter()
            .map(|kinds| kinds.map(|costs| Some(Spread::of(costs)?.median)))
            .collect();
        figures.add_round(medians);
    }
    Ok(figures)
}

/// A peer may be so slow that fewer requests tell as much.
pub(super) fn requests(contender: &Contender, options: &Options) -> usize {
    options.requests.div_ceil(contender.peer().map_or(1, |peer| peer.slowness()))
}

/// Serves some requests of each kind.
pub(super) fn warm(running: &mut Running, contender: &Contender, count: usize) -> Result<()> {
    for (index, kind) in KINDS.iter().enumerate() {
        if kind.token == Token::Remembered || contender.reads_tokens() {
            serve(running, index, count).with_context(|| format!("set-up {}", contender.name))?;
        }
    }
    Ok(())
}

/// One slice of each kind that says something about the set-up.
fn slice(
    running: &mut Running,
    contender: &Contender,
    count: usize,
    costs: &mut [Vec<f64>; 4],
) -> Result<()> {
    for (index, (kind, costs)) in KINDS.iter().zip(costs).enumerate() {
        if kind.token == Token::New && !contender.reads_tokens() {
            continue;
        }
        serve(running, index, WARM)?;
        settle();
        let before = running.process.cpu()?;
        serve(running, index, count)?;
        settle();
        let spent = running.process.cpu()?.saturating_sub(before);
        costs.push(spent.as_secs_f64() * 1e6 / count as f64);
    }
    Ok(())
}

/// The kernel books a thread's time when it goes to sleep: let the workers get there.
fn settle() {
    std::thread::sleep(Duration::from_millis(2));
}

fn serve(running: &mut Running, kind: usize, count: usize) -> Result<()> {
    let Some(sequence) = running.kinds.get_mut(kind) else {
        return Ok(());
    };
    let load = &mut running.load;
    let others = load.turn_to(sequence.clone());
    let served = load.serve(count);
    // The next slice goes on with the token after the last one.
    *sequence = load.turn_to(others);
    served
}
