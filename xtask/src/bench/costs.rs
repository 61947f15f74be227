//! What one kind of request costs one set-up.

use super::report::Spread;

/// CPU µs a request, by round.
#[derive(Default)]
pub(super) struct Costs {
    /// Of the slices of this round.
    slices: Vec<f64>,
    /// The medians of the rounds before.
    rounds: Vec<f64>,
}

impl Costs {
    /// Takes a slice.
    pub(super) fn add(&mut self, cost: f64) {
        self.slices.push(cost);
    }

    /// What disturbed the machine for a slice is left out: the median counts.
    pub(super) fn end_round(&mut self) {
        let median = Spread::of(std::mem::take(&mut self.slices)).map(|spread| spread.median);
        self.rounds.extend(median);
    }

    /// Over the rounds; `None` before the first has ended.
    pub(super) fn spread(&self) -> Option<Spread> {
        Spread::of(self.rounds.iter().copied())
    }

    /// The median over the rounds of these costs to the others of the same round: a slow minute of
    /// the machine cancels out.
    pub(super) fn ratio_to(&self, others: &Self) -> Option<f64> {
        let ratios = self.rounds.iter().zip(&others.rounds).map(|(cost, other)| cost / other);
        Some(Spread::of(ratios)?.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rounds: &[&[f64]]) -> Costs {
        let mut costs = Costs::default();
        for slices in rounds {
            slices.iter().for_each(|cost| costs.add(*cost));
            costs.end_round();
        }
        costs
    }

    #[test]
    fn a_disturbed_slice_and_a_slow_round_do_not_count() {
        let (ours, theirs) = (of(&[&[1.0, 2.0, 900.0], &[8.0]]), of(&[&[4.0], &[16.0]]));
        assert_eq!(ours.spread(), Some(Spread { median: 5.0, min: 2.0, max: 8.0 }));
        assert_eq!(ours.ratio_to(&theirs), Some(0.5));
    }

    #[test]
    fn without_a_round_there_is_nothing_to_tell() {
        let mut costs = Costs::default();
        costs.add(1.0);
        assert_eq!((costs.spread(), costs.ratio_to(&of(&[&[1.0]]))), (None, None));
    }
}
