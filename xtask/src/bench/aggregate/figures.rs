//! What was measured, by set-up and number of calls.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::costs::Costs;
use super::super::report::Spread;
use super::NAME;
use super::set_ups::SetUp;

/// All rows.
pub(super) struct Figures {
    rows: Vec<Row>,
}

/// One slice of one kind of request.
pub(super) struct Sample {
    /// CPU µs a request.
    pub(super) cost: f64,
    /// From a request to its whole answer, one after the other.
    pub(super) latencies: Vec<Duration>,
    /// The same at half of the highest rate, less the delay of the calls.
    pub(super) over: Vec<Duration>,
    /// How much later than after that delay the calls were answered meanwhile.
    pub(super) late: Vec<Duration>,
}

struct Row {
    set_up: &'static str,
    calls: usize,
    costs: Costs,
    /// Of the slices of all rounds.
    all: Vec<f64>,
    /// Of all rounds: a hundredth of those of one would be few.
    latencies: Vec<Duration>,
    over: Vec<Duration>,
    late: Vec<Duration>,
}

impl Figures {
    /// None yet.
    pub(super) fn new(set_ups: &[SetUp]) -> Self {
        let row = |set_up, calls| Row {
            set_up,
            calls,
            costs: Costs::default(),
            all: Vec::new(),
            latencies: Vec::new(),
            over: Vec::new(),
            late: Vec::new(),
        };
        let rows = set_ups
            .iter()
            .flat_map(|set_up| set_up.kinds().into_iter().map(|kind| row(set_up.name, kind.calls)));
        Figures { rows: rows.collect() }
    }

    /// Takes a slice.
    pub(super) fn add(&mut self, set_up: &str, calls: usize, sample: Sample) {
        let is_it = |row: &&mut Row| row.set_up == set_up && row.calls == calls;
        if let Some(row) = self.rows.iter_mut().find(is_it) {
            row.costs.add(sample.cost);
            row.all.push(sample.cost);
            row.latencies.extend(sample.latencies);
            row.over.extend(sample.over);
            row.late.extend(sample.late);
        }
    }

    /// All slices of the round were taken.
    pub(super) fn end_round(&mut self) {
        self.rows.iter_mut().for_each(|row| row.costs.end_round());
    }

    /// The table, for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let width = self.rows.iter().map(|row| row.set_up.len()).max().unwrap_or_default();
        let mut lines = vec![format!(
            "{:width$}  {:>5}  {:>9} {:>9} {:>9}  {:>8}  {:>9} {:>9}  {:>9} {:>9} {:>9}",
            "set-up",
            "calls",
            "CPU",
            "min",
            "max",
            "x ours",
            "p50",
            "p99",
            "half p50",
            "half p99",
            "late p99"
        )];
        for row in &self.rows {
            let Some(cost) = row.costs.spread() else { continue };
            let ratio = self.ratio(row).map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            lines.push(format!(
                "{:width$}  {:>5}  {:>9.1} {:>9.1} {:>9.1}  {:>8}  {:>9.0} {:>9.0}  {:>9.0} {:>9.0} {:>9.0}",
                row.set_up,
                row.calls,
                cost.median,
                cost.min,
                cost.max,
                ratio,
                percentile(&row.latencies, 50),
                percentile(&row.latencies, 99),
                percentile(&row.over, 50),
                percentile(&row.over, 99),
                percentile(&row.late, 99),
            ));
        }
        lines
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "set_up": row.set_up,
                "calls": row.calls,
                "cpu_us": row.costs.spread().map(|spread| spread.json()),
                "ratio_to_ours": self.ratio(row),
                "p50_us": percentile(&row.latencies, 50),
                "p99_us": percentile(&row.latencies, 99),
                "half_load_p50_us": percentile(&row.over, 50),
                "half_load_p99_us": percentile(&row.over, 99),
                "late_p99_us": percentile(&row.late, 99),
            })
        };
        self.rows.iter().map(row).collect()
    }

    /// This one's cost to that of our filter for as many calls: the median over the slices, each
    /// beside the one of ours that came next to it. The machine is often slower for seconds; for
    /// two slices in a row it mostly is the same.
    fn ratio(&self, row: &Row) -> Option<f64> {
        let ours = self.rows.iter().find(|it| it.set_up == NAME && it.calls == row.calls)?;
        let ratios = row.all.iter().zip(&ours.all).map(|(cost, ours)| cost / ours);
        Some(Spread::of(ratios)?.median)
    }
}

/// So many of a hundred took these µs or less.
fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    let found = sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default();
    found.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::super::set_ups::Program;
    use super::*;

    /// Two rounds of the proxy and of FastAPI, and of ours where it is there.
    fn sample(has_ours: bool) -> Figures {
        let mut set_ups = vec![
            SetUp { name: "proxy", program: Program::Proxy },
            SetUp { name: "fastapi", program: Program::FastApi },
        ];
        if has_ours {
            set_ups.push(SetUp { name: NAME, program: Program::Envoy(Value::Null) });
        }
        let mut figures = Figures::new(&set_ups);
        for round in [1.0, 3.0] {
            for (set_up, cost) in [("proxy", 10.0), ("fastapi", 400.0), (NAME, 20.0)] {
                for (slice, calls) in [(0.0, 1), (1.0, 1), (900.0, 1), (0.0, 3), (0.0, 10)] {
                    let latencies: Vec<Duration> = (1..=50)
                        .map(|number| Duration::from_micros(calls).saturating_mul(number))
                        .collect();
                    let calls = usize::try_from(calls).unwrap();
                    let over = latencies.iter().map(|latency| latency.saturating_mul(2)).collect();
                    let late = vec![Duration::from_micros(7)];
                    let cost = cost * round + slice;
                    figures.add(set_up, calls, Sample { cost, latencies, over, late });
                }
            }
            figures.end_round();
        }
        figures
    }

    #[test]
    fn a_row_is_the_median_of_rounds_of_the_medians_of_slices_beside_ours() {
        let lines = sample(true).lines();
        let words = |line: &String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let proxy = words(&lines[1]);
        let want = ["proxy", "1", "21.0", "11.0", "31.0", "0.52", "25", "50", "50", "100", "7"];
        assert_eq!(proxy, want, "{lines:#?}");
        let tens = words(&lines[4]);
        assert_eq!(tens[..6], ["fastapi", "10", "800.0", "400.0", "1200.0", "20.00"], "{lines:#?}");
        assert_eq!(tens[6..], ["250", "500", "500", "1000", "7"], "{lines:#?}");
        assert_eq!(lines.len(), 8, "{lines:#?}");
    }

    #[test]
    fn without_ours_there_is_nothing_to_compare_with() {
        let rows = sample(false).json();
        assert_eq!(rows.as_array().unwrap().len(), 4, "{rows}");
        assert_eq!(rows[0]["ratio_to_ours"], Value::Null, "{rows}");
        assert_eq!(rows[1]["cpu_us"]["median"], 801.0, "{rows}");
    }
}
