//! Rounds of slices: every set-up serves some requests of each kind, in turn with all others.

use anyhow::{Context as _, Result};

use super::super::options::Options;
use super::super::report::Spread;
use super::super::rounds::{Rounds, SLICES};
use super::super::settle;
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
    let start = |contender| {
        let mut one = stage.start(contender, 1)?;
        // Past lazy compilation, and past the growth of pools and tables.
        warm(&mut one, contender, requests(contender, options).div_ceil(4))?;
        Ok(one)
    };
    let slice = |contender: &Contender, one: &mut Running| {
        let count = requests(contender, options).div_ceil(SLICES);
        slice(one, contender, count).with_context(|| format!("set-up {}", contender.name))
    };
    let mut rounds = Rounds::of(contenders, options);
    for _ in 0..options.rounds {
        let slices = rounds.run(start, slice)?;
        figures.add_round(slices.iter().map(|slices| medians(slices)).collect());
    }
    Ok(figures)
}

/// By kind, over the slices of one set-up.
fn medians(slices: &[[Option<f64>; 4]]) -> [Option<f64>; 4] {
    std::array::from_fn(|kind| {
        let costs = slices.iter().filter_map(|costs| costs.get(kind).copied().flatten());
        Some(Spread::of(costs)?.median)
    })
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

/// What a request costs in one slice of each kind that says something about the set-up.
fn slice(running: &mut Running, contender: &Contender, count: usize) -> Result<[Option<f64>; 4]> {
    let mut costs = [None; 4];
    for (index, (kind, cost)) in KINDS.iter().zip(&mut costs).enumerate() {
        if kind.token == Token::New && !contender.reads_tokens() {
            continue;
        }
        serve(running, index, WARM)?;
        settle();
        let before = running.process.cpu()?;
        serve(running, index, count)?;
        settle();
        let spent = running.process.cpu()?.saturating_sub(before);
        *cost = Some(spent.as_secs_f64() * 1e6 / count as f64);
    }
    Ok(costs)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_median_of_its_own_slices_and_none_without_any() {
        let slices = [
            [Some(1.0), None, Some(7.0), None],
            [Some(2.0), None, Some(8.0), Some(5.0)],
            [Some(900.0), None, Some(6.0), None],
        ];
        assert_eq!(medians(&slices), [Some(2.0), None, Some(7.0), Some(5.0)]);
    }
}
