//! The numbers of a run, for people and for machines.

use anyhow::Result;
use serde_json::{Value, json};

use super::cores::Cores;
use super::options::Options;
use super::set_up::{Bench, Target};
use super::verdict::Verdict;

/// A baseline that varies by more than this share says that something else ran meanwhile.
pub(super) const BUSY: f64 = 0.1;

/// A run's measurements. Costs are CPU µs a request.
pub(super) struct Report<'a> {
    bench: &'a Bench,
    requests: usize,
    cores: String,
    /// By round, then by set-up: the median of its slices.
    rounds: Vec<Vec<f64>>,
}

/// Median and range of one number over the rounds.
#[derive(Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

/// One set-up's line.
struct Row<'a> {
    name: &'a str,
    cost: Spread,
    /// Over its baseline of the same round; `None` for the first.
    added: Option<Spread>,
    /// Of the medians added: this one's to that of what it is measured against.
    ratio: Option<f64>,
}

impl<'a> Report<'a> {
    pub(super) fn new(bench: &'a Bench, options: &Options, cores: &Cores) -> Self {
        Report { bench, requests: options.requests, cores: cores.describe(), rounds: Vec::new() }
    }

    /// Takes the costs of each set-up's slices and shows the round as progress.
    pub(super) fn add_round(&mut self, slices: Vec<Vec<f64>>) {
        let costs: Vec<f64> =
            slices.into_iter().filter_map(Spread::of).map(|spread| spread.median).collect();
        let shown: Vec<String> =
            self.names().zip(&costs).map(|(name, cost)| format!("{name} {cost:.1}")).collect();
        self.rounds.push(costs);
        note!("round {}: {}", self.rounds.len(), shown.join(", "));
    }

    pub(super) fn print_table(&self) -> Result<()> {
        let rows = self.rows();
        let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
        let reference = match self.bench.targets.as_slice() {
            [] => String::new(),
            [target] => format!("x {}", target.reference),
            _ => "ratio".to_owned(),
        };
        say!(
            "{}: CPU µs a request of Envoy with one worker; median, min and max of {} rounds of {} requests",
            self.bench.name,
            self.rounds.len(),
            self.requests
        );
        say!("{}", self.cores);
        say!(
            "{:width$}  {:>7} {:>7} {:>7}  {:>7} {:>7} {:>7}  {reference:>7}",
            "set-up",
            "cost",
            "min",
            "max",
            "added",
            "min",
            "max"
        );
        for row in &rows {
            let ratio = row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            let added = row.added.as_ref().map(Spread::columns).unwrap_or_default();
            say!("{:width$}  {}  {added:>23}  {ratio:>7}", row.name, row.cost.columns());
        }
        if let Some(share) =
            rows.first().and_then(|bare| bare.cost.width()).filter(|share| *share > BUSY)
        {
            say!("the machine was busy: the baseline alone varied by {:.0} %", share * 100.0);
        }
        for line in self.bench.targets.iter().filter_map(|target| line(target, &rows)) {
            say!("{line}");
        }
        Ok(())
    }

    pub(super) fn print_json(&self) -> Result<()> {
        let rows = self.rows();
        let set_ups: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "name": row.name,
                    "cost": row.cost.json(),
                    "added": row.added.as_ref().map(Spread::json),
                    "ratio": row.ratio,
                })
            })
            .collect();
        let targets = self.bench.targets.iter().map(|target| {
            json!({
                "subject": target.subject,
                "reference": target.reference,
                "ratio": target.ratio,
                "reached": verdict(target, &rows).is_reached(),
            })
        });
        let targets: Vec<Value> = targets.collect();
        let report = json!({
            "bench": self.bench.name,
            "unit": "CPU microseconds a request",
            "requests": self.requests,
            "rounds": self.rounds,
            "cores": self.cores,
            "set_ups": set_ups,
            "targets": targets,
        });
        say!("{}", serde_json::to_string_pretty(&report)?);
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.bench.set_ups.iter().map(|set_up| set_up.name.as_str())
    }

    fn rows(&self) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = Vec::new();
        for (index, set_up) in self.bench.set_ups.iter().enumerate() {
            let costs = self.rounds.iter().filter_map(|costs| costs.get(index).copied());
            // Within a round, so that a slow minute of the machine cancels out.
            let baseline = self.bench.baseline(set_up);
            let added = self
                .rounds
                .iter()
                .filter_map(|costs| Some(costs.get(index)? - costs.get(baseline)?));
            let added = if index == baseline { None } else { Spread::of(added) };
            if let Some(cost) = Spread::of(costs) {
                rows.push(Row { name: &set_up.name, cost, added, ratio: None });
            }
        }
        let ratios: Vec<Option<f64>> = rows.iter().map(|row| self.ratio(row, &rows)).collect();
        for (row, ratio) in rows.iter_mut().zip(ratios) {
            row.ratio = ratio;
        }
        rows
    }

    /// To the reference of the row's own target, or of the only one.
    fn ratio(&self, row: &Row<'_>, rows: &[Row<'_>]) -> Option<f64> {
        let target = match self.bench.targets.as_slice() {
            [target] => target,
            targets => targets.iter().find(|target| target.subject == row.name)?,
        };
        Some(row.added.as_ref()?.median / median_added(target.reference, rows)?)
    }
}

/// "header-transform: 0.93 x lua, target 1.00: reached"; `None` when one of the two was not
/// measured.
fn line(target: &Target, rows: &[Row]) -> Option<String> {
    let verdict = verdict(target, rows);
    verdict.ratio.map(|_| verdict.line(target.subject, target.reference))
}

fn verdict(target: &Target, rows: &[Row]) -> Verdict {
    let (ours, others) = (median_added(target.subject, rows), median_added(target.reference, rows));
    let ratio = ours.zip(others).map(|(ours, others)| ours / others);
    Verdict { most: target.ratio, ratio }
}

fn median_added(name: &str, rows: &[Row]) -> Option<f64> {
    let row = rows.iter().find(|row| row.name == name)?;
    row.added.as_ref().map(|added| added.median)
}

impl Spread {
    /// `None` without values.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let upper = sorted.get(sorted.len() / 2)?;
        let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
        Some(Spread {
            median: f64::midpoint(*lower, *upper),
            min: *sorted.first()?,
            max: *sorted.last()?,
        })
    }

    /// The range as a share of the median.
    pub(super) fn width(&self) -> Option<f64> {
        (self.median > 0.0).then(|| (self.max - self.min) / self.median)
    }

    fn columns(&self) -> String {
        format!("{:>7.2} {:>7.2} {:>7.2}", self.median, self.min, self.max)
    }

    pub(super) fn json(&self) -> Value {
        json!({"median": self.median, "min": self.min, "max": self.max})
    }
}

#[cfg(test)]
mod tests {
    use super::super::set_up::SetUp;
    use super::*;

    fn report_of<'a>(bench: &'a Bench, rounds: &[[f64; 3]]) -> Report<'a> {
        let rounds = rounds.iter().map(|round| round.to_vec()).collect();
        Report { bench, requests: 1, cores: String::new(), rounds }
    }

    fn bench() -> Bench {
        let set_ups = ["bare", "lua", "ours"].map(|name| SetUp::new(name, vec![])).into();
        let targets = vec![Target { subject: "ours", reference: "lua", ratio: 1.0 }];
        Bench { name: "test", set_ups, targets }
    }

    #[test]
    fn the_median_of_an_even_count_is_between_the_middle_two() {
        let spread = Spread::of([4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.5, min: 1.0, max: 4.0 });
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_slow_round_does_not_change_what_is_added() {
        let bench = bench();
        let rows = report_of(&bench, &[[20.0, 30.0, 25.0], [40.0, 50.0, 45.0]]).rows();
        assert_eq!(rows[1].added, Some(Spread { median: 10.0, min: 10.0, max: 10.0 }));
        assert_eq!(rows[2].ratio, Some(0.5));
        assert_eq!(rows[0].added, None);
    }

    #[test]
    fn a_set_up_adds_to_its_own_baseline_and_is_compared_by_its_own_target() {
        let mut bench = bench();
        bench.set_ups[2].over = Some("lua");
        bench.targets.push(Target { subject: "lua", reference: "ours", ratio: 3.0 });
        let rows = report_of(&bench, &[[20.0, 30.0, 35.0]]).rows();
        let added: Vec<Option<f64>> =
            rows.iter().map(|row| row.added.as_ref().map(|added| added.median)).collect();
        assert_eq!(added, [None, Some(10.0), Some(5.0)]);
        assert_eq!([rows[1].ratio, rows[2].ratio], [Some(2.0), Some(0.5)]);
        bench.keep(&["ours".to_owned()]).unwrap();
        let kept: Vec<&str> = bench.set_ups.iter().map(|set_up| set_up.name.as_str()).collect();
        assert_eq!(kept, ["bare", "lua", "ours"]);
    }

    #[test]
    fn the_verdict_says_whether_the_target_is_reached() {
        let bench = bench();
        let target = bench.targets.first().unwrap();
        for (ours, want) in [
            (29.0, "ours: 0.90 x lua, target 1.00: reached"),
            (30.0, "ours: 1.00 x lua, target 1.00: reached"),
            (35.0, "ours: 1.50 x lua, target 1.00: NOT reached"),
        ] {
            let rows = report_of(&bench, &[[20.0, 30.0, ours]]).rows();
            assert_eq!(line(target, &rows).unwrap(), want);
        }
    }

    #[test]
    fn without_the_reference_there_is_no_verdict() {
        let mut bench = bench();
        bench.keep(&["ours".to_owned()]).unwrap();
        let rows = report_of(&bench, &[[20.0, 30.0, 0.0]]).rows();
        assert!(line(bench.targets.first().unwrap(), &rows).is_none());
    }
}
