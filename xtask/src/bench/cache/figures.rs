//! What was measured, by set-up, size and work.

use serde_json::{Value, json};

use super::super::report::{BUSY, Spread};
use super::contenders::{DIRECT, PROXY, SetUp};
use super::kinds::{Kind, Size, Work};

/// All rows.
pub(super) struct Figures {
    rows: Vec<Row>,
}

struct Row {
    set_up: &'static str,
    kind: Kind,
    /// Of the slices of this round.
    slices: Vec<f64>,
    /// The medians of the rounds before.
    rounds: Vec<f64>,
}

impl Figures {
    /// None yet.
    pub(super) fn new(set_ups: &[SetUp]) -> Self {
        let row = |set_up: &'static str, kind| Row {
            set_up,
            kind,
            slices: Vec::new(),
            rounds: Vec::new(),
        };
        let kinds = set_ups
            .iter()
            .flat_map(|set_up| set_up.kinds().into_iter().map(|kind| (set_up.name, kind)));
        Figures { rows: kinds.map(|(name, kind)| row(name, kind)).collect() }
    }

    /// Takes a slice.
    pub(super) fn add(&mut self, set_up: &str, kind: Kind, cost: f64) {
        let is_it = |row: &&mut Row| row.set_up == set_up && row.kind == kind;
        if let Some(row) = self.rows.iter_mut().find(is_it) {
            row.slices.push(cost);
        }
    }

    /// What disturbed the machine for a slice is left out: the median counts.
    pub(super) fn end_round(&mut self) {
        for row in &mut self.rows {
            let median = Spread::of(std::mem::take(&mut row.slices)).map(|spread| spread.median);
            row.rounds.extend(median);
        }
    }

    /// The table, for people: a block a size, a row a set-up.
    pub(super) fn lines(&self) -> Vec<String> {
        let width = self.rows.iter().map(|row| row.set_up.len()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for size in Size::ALL {
            lines.push(format!(
                "{:6}  {:width$}  {:>8} {:>8} {:>7} {:>7} {:>7}  {:>8} {:>7}  {:>8} {:>8} {:>7} {:>7}  {:>8} {:>7}",
                "", "set-up", "hit", "min", "max", "x proxy", "x dir.", "variant", "x proxy",
                "miss", "min", "max", "x proxy", "unstor.", "x proxy"
            ));
            for name in self.names() {
                lines.push(self.line(name, size, width));
            }
        }
        if let Some(share) = self
            .row(PROXY, Kind { work: Work::Hit, size: Size::Small })
            .and_then(|row| Spread::of(row.rounds.clone())?.width())
            .filter(|share| *share > BUSY)
        {
            lines.push(format!(
                "the machine was busy: {PROXY} alone varied by {:.0} %",
                share * 100.0
            ));
        }
        lines
    }

    fn line(&self, name: &str, size: Size, width: usize) -> String {
        let spread = |work| Spread::of(self.row(name, Kind { work, size })?.rounds.clone());
        let wide = |work| {
            spread(work).map_or_else(
                || " ".repeat(25),
                |it| format!("{:>8.1} {:>8.1} {:>7.1}", it.median, it.min, it.max),
            )
        };
        let narrow = |work| spread(work).map(|it| format!("{:.1}", it.median)).unwrap_or_default();
        let ratio = |work, to| {
            let ratio = self.ratio(name, to, Kind { work, size });
            ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default()
        };
        let line = format!(
            "{:6}  {name:width$}  {} {:>7} {:>7}  {:>8} {:>7}  {} {:>7}  {:>8} {:>7}",
            size.name(),
            wide(Work::Hit),
            ratio(Work::Hit, PROXY),
            ratio(Work::Hit, DIRECT),
            narrow(Work::Variant),
            ratio(Work::Variant, PROXY),
            wide(Work::Miss),
            ratio(Work::Miss, PROXY),
            narrow(Work::Unstorable),
            ratio(Work::Unstorable, PROXY),
        );
        line.trim_end().to_owned()
    }

    /// The median over the rounds of this one's cost to the other's of the same round: a slow
    /// minute of the machine cancels out.
    pub(super) fn ratio(&self, name: &str, to: &str, kind: Kind) -> Option<f64> {
        let (row, other) = (self.row(name, kind)?, self.row(to, kind)?);
        let ratios = row.rounds.iter().zip(&other.rounds).map(|(cost, other)| cost / other);
        Some(Spread::of(ratios)?.median)
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "set_up": row.set_up,
                "work": row.kind.work.name(),
                "bytes": row.kind.size.bytes(),
                "cpu_us": Spread::of(row.rounds.clone()).map(|spread| spread.json()),
                "ratio_to_proxy": self.ratio(row.set_up, PROXY, row.kind),
                "ratio_to_direct": self.ratio(row.set_up, DIRECT, row.kind),
            })
        };
        self.rows.iter().map(row).collect()
    }

    fn row(&self, name: &str, kind: Kind) -> Option<&Row> {
        self.rows.iter().find(|row| row.set_up == name && row.kind == kind)
    }

    fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self.rows.iter().map(|row| row.set_up).collect();
        names.dedup();
        names
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::FILTER;
    use super::super::contenders::Program;
    use super::*;

    /// Two rounds, the second of which was twice as slow; three slices each, of which one was
    /// disturbed.
    pub(in super::super) fn sample() -> Figures {
        let set_ups = [
            SetUp { name: PROXY, program: Program::Proxy },
            SetUp { name: DIRECT, program: Program::Direct },
            SetUp { name: FILTER, program: Program::Envoy(Value::Null) },
        ];
        let mut figures = Figures::new(&set_ups);
        for round in [1.0, 2.0] {
            for (set_up, hit, others) in
                [(PROXY, 80.0, 80.0), (DIRECT, 30.0, 0.0), (FILTER, 40.0, 100.0)]
            {
                for kind in Kind::all() {
                    let cost = if kind.work.is_of_the_store() { hit } else { others };
                    for noise in [0.0, 1.0, 900.0] {
                        figures.add(set_up, kind, cost * round + noise - 1.0);
                    }
                }
            }
            figures.end_round();
        }
        figures
    }

    #[test]
    fn a_row_is_the_median_of_rounds_of_the_medians_of_slices_beside_both_baselines() {
        let lines = sample().lines();
        let words = |line: usize| lines[line].split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(2), "1KiB direct 45.0 30.0 60.0 0.38 1.00");
        assert_eq!(
            words(3),
            "1KiB response-cache 60.0 40.0 80.0 0.50 1.33 60.0 0.50 150.0 100.0 200.0 1.25 150.0 1.25"
        );
        assert_eq!(lines.len(), 13, "{lines:#?}");
        assert_eq!(lines[12], "the machine was busy: proxy alone varied by 67 %");
    }
}
