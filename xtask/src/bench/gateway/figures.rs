//! What was measured, by set-up and kind of request.

use serde_json::{Value, json};

use super::super::report::Spread;
use super::contenders::Contender;
use super::requests::{KINDS, Kind};

/// The costs of all rounds, in CPU µs a request.
pub(super) struct Figures<'a> {
    contenders: Vec<(&'a str, Option<&'a str>)>,
    /// By round, set-up and kind.
    rounds: Vec<Vec<[Option<f64>; 4]>>,
}

impl<'a> Figures<'a> {
    /// None yet.
    pub(super) fn new(contenders: &'a [Contender]) -> Self {
        let contenders =
            contenders.iter().map(|contender| (contender.name, contender.over)).collect();
        Figures { contenders, rounds: Vec::new() }
    }

    /// Takes the costs of a round, in the order of the set-ups and kinds.
    pub(super) fn add_round(&mut self, costs: Vec<[Option<f64>; 4]>) {
        self.rounds.push(costs);
    }

    /// The rows of the table.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.contenders.iter().map(|(name, _)| *name)
    }

    /// Whether others are measured against it.
    pub(super) fn is_baseline(&self, name: &str) -> bool {
        self.contenders.iter().any(|(found, over)| *found == name && over.is_none())
    }

    /// All that a request costs the gateway.
    pub(super) fn cost(&self, name: &str, kind: Kind) -> Option<Spread> {
        let (index, column) = (self.index(name)?, column(kind)?);
        Spread::of(self.rounds.iter().filter_map(|costs| at(costs, index, column)))
    }

    /// What it costs more than the bare proxy of the same round, so that a slow minute cancels out.
    pub(super) fn added(&self, name: &str, kind: Kind) -> Option<Spread> {
        let (index, column) = (self.index(name)?, column(kind)?);
        let baseline = self.index(self.contenders.get(index)?.1?)?;
        let added = |costs: &Vec<_>| Some(at(costs, index, column)? - at(costs, baseline, column)?);
        Spread::of(self.rounds.iter().filter_map(added))
    }

    /// Of the medians added: the one's as a multiple of the other's.
    pub(super) fn ratio(&self, subject: &str, reference: &str, kind: Kind) -> Option<f64> {
        Some(self.added(subject, kind)?.median / self.added(reference, kind)?.median)
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let of = |spread: Option<Spread>| spread.map(|spread| spread.json());
        let row = |name: &str| {
            let kinds = KINDS.map(|kind| {
                json!({
                    "via": format!("{:?}", kind.via).to_lowercase(),
                    "token": format!("{:?}", kind.token).to_lowercase(),
                    "cost": of(self.cost(name, kind)),
                    "added": of(self.added(name, kind)),
                })
            });
            json!({"name": name, "kinds": kinds})
        };
        self.names().map(row).collect()
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.contenders.iter().position(|(found, _)| *found == name)
    }
}

fn column(kind: Kind) -> Option<usize> {
    KINDS.iter().position(|found| *found == kind)
}

fn at(costs: &[[Option<f64>; 4]], index: usize, column: usize) -> Option<f64> {
    *costs.get(index)?.get(column)?
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two rounds of `bare`, of `native`, which adds 10 for each kind, and of `ours`, which adds 8.
    pub(in super::super) fn sample() -> Figures<'static> {
        let contenders = vec![("bare", None), ("native", Some("bare")), ("ours", Some("bare"))];
        let all = |cost| [Some(cost); 4];
        let ours = |cost| [Some(cost), None, Some(cost), None];
        let rounds =
            vec![vec![all(20.0), all(30.0), ours(28.0)], vec![all(40.0), all(50.0), ours(48.0)]];
        Figures { contenders, rounds }
    }

    #[test]
    fn what_is_added_is_over_the_baseline_of_the_same_round() {
        let figures = sample();
        let [kind, new, ..] = KINDS;
        let added = figures.added("native", kind).unwrap();
        assert_eq!(added, Spread { median: 10.0, min: 10.0, max: 10.0 });
        assert_eq!(figures.cost("native", kind).unwrap().median, 40.0);
        assert_eq!(figures.added("bare", kind), None);
        assert_eq!(figures.added("ours", new), None);
        assert_eq!(figures.ratio("ours", "native", kind), Some(0.8));
        assert_eq!(figures.ratio("ours", "absent", kind), None);
    }
}
