//! The table of a run, for people.

use super::super::report::{BUSY, Spread};
use super::figures::Figures;
use super::requests::KINDS;

/// What the ratios are to.
const REFERENCE: &str = "native";

/// Prints a row a set-up: all that it costs, and what it adds for each kind of request.
pub(super) fn print(figures: &Figures<'_>) {
    for line in lines(figures) {
        say!("{line}");
    }
}

fn lines(figures: &Figures<'_>) -> Vec<String> {
    let width = figures.names().map(str::len).max().unwrap_or_default();
    let [proxied, new, direct, direct_new] = KINDS;
    let mut lines = vec![
        format!(
            "{:width$}  {:^41}  {:^31}  {:^15}",
            "", "proxied, remembered token", "proxied, new token", "direct, added"
        ),
        format!(
            "{:width$}  {:>8} {:>8} {:>7} {:>7} {:>7}  {:>7} {:>7} {:>7} {:>7}  {:>7} {:>7}",
            "set-up",
            "cost",
            "added",
            "min",
            "max",
            "x nat.",
            "added",
            "min",
            "max",
            "x nat.",
            "rem.",
            "new"
        ),
    ];
    for name in figures.names() {
        let row = format!(
            "{name:width$}  {:>8} {:>8} {} {:>7}  {:>7} {} {:>7}  {:>7} {:>7}",
            median(figures.cost(name, proxied)),
            median(figures.added(name, proxied)),
            range(figures.added(name, proxied)),
            ratio(figures.ratio(name, REFERENCE, proxied)),
            median(figures.added(name, new)),
            range(figures.added(name, new)),
            ratio(figures.ratio(name, REFERENCE, new)),
            median(figures.added(name, direct)),
            median(figures.added(name, direct_new)),
        );
        lines.push(row.trim_end().to_owned());
    }
    for name in figures.names().filter(|name| figures.is_baseline(name)) {
        let share = figures.cost(name, proxied).and_then(|cost| cost.width());
        if let Some(share) = share.filter(|share| *share > BUSY) {
            lines.push(format!(
                "the machine was busy: {name} alone varied by {:.0} %",
                share * 100.0
            ));
        }
    }
    lines
}

fn median(spread: Option<Spread>) -> String {
    spread.map(|spread| format!("{:.2}", spread.median)).unwrap_or_default()
}

fn range(spread: Option<Spread>) -> String {
    spread
        .map_or_else(|| " ".repeat(15), |spread| format!("{:>7.2} {:>7.2}", spread.min, spread.max))
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::sample;
    use super::*;

    #[test]
    fn a_row_has_what_was_measured_and_no_more() {
        let lines = lines(&sample());
        let words = |line: usize| lines[line].split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(2), "bare 30.00");
        assert_eq!(
            words(3),
            "native 40.00 10.00 10.00 10.00 1.00 10.00 10.00 10.00 1.00 10.00 10.00"
        );
        assert_eq!(words(4), "ours 38.00 8.00 8.00 8.00 0.80 8.00");
        assert_eq!(words(5), "the machine was busy: bare alone varied by 67 %");
    }
}
