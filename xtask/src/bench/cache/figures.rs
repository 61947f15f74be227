//! What was measured, by set-up, size and work.

use serde_json::{Value, json};

use super::super::costs::Costs;
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
    costs: Costs,
}

impl Figures {
    /// None yet.
    pub(super) fn new(set_ups: &[SetUp]) -> Self {
        let row = |set_up, kind| Row { set_up, kind, costs: Costs::default() };
        let rows = set_ups
            .iter()
            .flat_map(|set_up| set_up.kinds().into_iter().map(|kind| row(set_up.name, kind)));
        Figures { rows: rows.collect() }
    }

    /// Takes a slice.
    pub(super) fn add(&mut self, set_up: &str, kind: Kind, cost: f64) {
        let is_it = |row: &&mut Row| row.set_up == set_up && row.kind == kind;
        if let Some(row) = self.rows.iter_mut().find(is_it) {
            row.costs.add(cost);
        }
    }

    /// All slices of the round were taken.
    pub(super) fn end_round(&mut self) {
        self.rows.iter_mut().for_each(|row| row.costs.end_round());
    }

    /// The table, for people: a block a size, a row a set-up.
    pub(super) fn lines(&self) -> Vec<String> {
        let width = self.rows.iter().map(|row| row.set_up.len()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for size in Size::ALL {
            lines.push(format!(
                "{:6}  {:width$}  {:>8} {:>8} {:>7} {:>7} {:>7}  {:>8} {:>7}  \
                 {:>8} {:>8} {:>7} {:>7}  {:>8} {:>7}",
                "",
                "set-up",
                "hit",
                "min",
                "max",
                "x proxy",
                "x dir.",
                "variant",
                "x proxy",
                "miss",
                "min",
                "max",
                "x proxy",
                "unstor.",
                "x proxy"
            ));
            for name in self.names() {
                lines.push(self.line(name, size, width));
            }
        }
        if let Some(share) = self
            .spread(PROXY, Kind { work: Work::Hit, size: Size::Small })
            .and_then(|spread| spread.width())
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
        let spread = |work| self.spread(name, Kind { work, size });
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

    /// This one's cost to the other's.
    pub(super) fn ratio(&self, name: &str, to: &str, kind: Kind) -> Option<f64> {
        self.row(name, kind)?.costs.ratio_to(&self.row(to, kind)?.costs)
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "set_up": row.set_up,
                "work": row.kind.work.name(),
                "bytes": row.kind.size.bytes(),
                "cpu_us": row.costs.spread().map(|spread| spread.json()),
                "ratio_to_proxy": self.ratio(row.set_up, PROXY, row.kind),
                "ratio_to_direct": self.ratio(row.set_up, DIRECT, row.kind),
            })
        };
        self.rows.iter().map(row).collect()
    }

    fn spread(&self, name: &str, kind: Kind) -> Option<Spread> {
        self.row(name, kind)?.costs.spread()
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
            "1KiB response-cache 60.0 40.0 80.0 0.50 1.33 60.0 0.50 \
             150.0 100.0 200.0 1.25 150.0 1.25"
        );
        assert_eq!(lines.len(), 13, "{lines:#?}");
        assert_eq!(lines[12], "the machine was busy: proxy alone varied by 67 %");
    }
}
