//! A bar chart of what the set-ups add, as SVG.

use std::fmt::Write as _;

use super::figures::Figures;
use super::requests::KINDS;

/// The widths of names and bars, and the heights of a bar and a row, in pixels.
const NAMES: f64 = 190.0;
const BARS: f64 = 460.0;
const BAR: f64 = 10.0;
const ROW: f64 = 28.0;
const TOP: f64 = 58.0;

const COLOURS: [&str; 2] = ["#1f6f8b", "#e0a458"];

/// One row a set-up that adds something: a bar for a remembered token, one for a new token, both
/// proxied.
pub(super) fn svg(figures: &Figures<'_>, token: &str) -> String {
    let [remembered, new, ..] = KINDS;
    let rows: Vec<(&str, [Option<f64>; 2])> = figures
        .names()
        .filter(|name| !figures.is_baseline(name))
        .map(|name| (name, [remembered, new].map(|kind| Some(figures.added(name, kind)?.median))))
        .collect();
    let most =
        rows.iter().flat_map(|(_, values)| values).flatten().fold(1.0, |most, it| it.max(most));
    let (width, height) = (NAMES + BARS + 70.0, TOP + ROW * rows.len() as f64 + 8.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\">CPU µs added to a proxied request, {token} token</text>\n"
    );
    let legend = ["remembered token", "new token"];
    for ((colour, text), x) in COLOURS.iter().zip(legend).zip([8.0, 160.0]) {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"32\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"42\">{text}</text>",
            x + 18.0
        );
    }
    for (index, (name, values)) in rows.iter().enumerate() {
        let y = TOP + ROW * index as f64;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            NAMES - 8.0,
            y + 14.0,
            escaped(name)
        );
        for ((value, colour), top) in values.iter().zip(COLOURS).zip([y, y + BAR + 1.0]) {
            let Some(value) = value else { continue };
            let length = (value.max(0.0) / most * BARS).max(1.0);
            let _ = writeln!(
                svg,
                "<rect x=\"{NAMES}\" y=\"{top}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{}\" font-size=\"10\">{value:.1}</text>",
                NAMES + length + 5.0,
                top + 9.0
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::sample;
    use super::*;

    #[test]
    fn every_set_up_that_adds_something_has_its_bars() {
        let svg = svg(&sample(), "usual");
        assert_eq!(svg.matches(&format!("height=\"{BAR}\"")).count(), 3);
        assert!(svg.contains(">native</text>") && svg.contains(">8.0</text>"), "{svg}");
        assert!(!svg.contains(">bare</text>"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escaped("a<b&c"), "a&lt;b&amp;c");
    }
}
