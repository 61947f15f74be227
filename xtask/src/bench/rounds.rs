//! Rounds of slices: every set-up serves some requests, in turn with all others.

use anyhow::Result;

use super::options::Options;

/// In how many slices a set-up serves its requests of a round, the others in between: what disturbs
/// the machine for a second hits all of them, and the median of the slices leaves it out.
pub(super) const SLICES: usize = 20;

/// Set-ups that are measured beside each other.
pub(super) struct Rounds<'a, S> {
    set_ups: &'a [S],
    /// Their positions, in the order of the next slice.
    order: Vec<usize>,
    begun: usize,
    all: usize,
}

impl<'a, S> Rounds<'a, S> {
    /// None yet.
    pub(super) fn of(set_ups: &'a [S], options: &Options) -> Self {
        Self { set_ups, order: (0..set_ups.len()).collect(), begun: 0, all: options.rounds }
    }

    /// Starts all set-ups and has them serve their slices; what `slice` returned, by set-up.
    ///
    /// # Errors
    /// Those of `start` and `slice`.
    pub(super) fn run<R, T>(
        &mut self,
        start: impl FnMut(&'a S) -> Result<R>,
        mut slice: impl FnMut(&'a S, &mut R) -> Result<T>,
    ) -> Result<Vec<Vec<T>>> {
        self.begun = self.begun.saturating_add(1);
        note!("starting {} set-ups, round {} of {}", self.set_ups.len(), self.begun, self.all);
        // Anew in each round: of two processes of one set-up, one may be slower by a tenth for as
        // long as it lives.
        let mut running = self.set_ups.iter().map(start).collect::<Result<Vec<_>>>()?;
        let mut slices: Vec<Vec<T>> = running.iter().map(|_| Vec::new()).collect();
        for _ in 0..SLICES {
            for &index in &self.order {
                if let (Some(set_up), Some(one), Some(slices)) =
                    (self.set_ups.get(index), running.get_mut(index), slices.get_mut(index))
                {
                    slices.push(slice(set_up, one)?);
                }
            }
            // Another set-up begins the next slice.
            self.order.rotate_left(1);
        }
        Ok(slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_starts_all_anew_and_each_slice_begins_with_another() {
        let options = Options::of_line("--rounds 2").unwrap();
        let mut rounds = Rounds::of(&["a", "b", "c"], &options);
        let (mut started, mut served) = (Vec::new(), String::new());
        for round in 0..2 {
            let start = |name: &&'static str| {
                started.push(*name);
                Ok(0)
            };
            let slice = |name: &&str, count: &mut usize| {
                served.push_str(name);
                *count += 1;
                Ok(*count)
            };
            let slices = rounds.run(start, slice).unwrap();
            let counts: Vec<usize> = (1..=SLICES).collect();
            assert_eq!(slices, [counts.clone(), counts.clone(), counts], "{round}");
        }
        assert_eq!(started, ["a", "b", "c", "a", "b", "c"]);
        // The second round goes on where the first ended: 40 slices, three by three.
        assert_eq!(served, "abcbcacab".repeat(13) + "abc");
    }

    #[test]
    fn what_does_not_start_or_does_not_serve_ends_the_round() {
        let options = Options::of_line("").unwrap();
        let mut rounds = Rounds::of(&["a", "b"], &options);
        let fails = |name: &&str| if *name == "b" { anyhow::bail!("no {name}") } else { Ok(()) };
        let error = rounds.run(fails, |_, ()| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "no b");
        let error = rounds.run(|_| Ok(()), |name, ()| fails(name)).unwrap_err();
        assert_eq!(error.to_string(), "no b");
    }
}
