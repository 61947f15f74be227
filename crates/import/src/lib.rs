//! Makes a whole Envoy config, with the filters of Gatehouse in it, of a configuration of Kong
//! (declarative, 3.x) or of KrakenD (version 3).
//!
//! Pure: text in, text and a report out. Two things hold of every file:
//!
//! - What is not in the new file as it was is in the report, with its line and the reason.
//! - Nothing that was guarded is guarded less, unless it was named to be: what a guard stood before
//!   that cannot be carried over is answered by the gateway itself.

mod carrying;
mod envoy;
mod kong;
mod krakend;
mod names;
mod options;
mod report;
mod source;

pub use carrying::Options;
pub use report::{Entry, Fate, Report};
pub use source::Unreadable;

use carrying::Carrying;

/// What a file became.
#[derive(Debug)]
pub struct Import {
    /// The text of `envoy.yaml`.
    pub envoy: String,
    /// What became of what is not in it as it was.
    pub report: Report,
}

/// Imports a file of either; `name` is what the new file says it is from.
///
/// # Errors
/// It cannot be read, is of neither, or has a value of the wrong kind: with the line.
pub fn import(text: &[u8], name: &str, options: &Options) -> Result<Import, Unreadable> {
    let text = std::str::from_utf8(text).map_err(|fault| {
        let before = text.get(..fault.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        Unreadable::new(line, "is not UTF-8")
    })?;
    let root = source::read(text)?;
    root.mapping("the file")?;
    let mut carrying = Carrying { options, report: Report::default() };
    let gateway = if kong::is_its(&root) {
        kong::gateway(&root, &mut carrying)?
    } else if krakend::is_its(&root) {
        krakend::gateway(&root, &mut carrying)?
    } else {
        let fault = "is neither of Kong (`_format_version`) nor of KrakenD (`version: 3`)";
        return Err(Unreadable::new(0, fault));
    };
    let mut report = carrying.report;
    report.sort();
    let head = format!(
        "Made of {name} by `gatehouse import`.\n\nWhat of it is not here as it was stands in the \
         report of that command."
    );
    Ok(Import { envoy: gateway.text(&head, &options.modules), report })
}

/// The tables of the documentation: what becomes of each option of Kong's, and of KrakenD's.
#[must_use]
pub fn tables() -> [String; 2] {
    [kong::tables(), krakend::tables()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the documentation says of each option is what the code goes by.
    #[test]
    fn the_documentation_has_the_tables_that_the_code_goes_by() {
        let page = include_str!("../../../docs/import.md");
        for (tables, name) in tables().iter().zip(["kong", "krakend"]) {
            let begin = format!("<!-- begin: {name} -->\n\n");
            let end = format!("<!-- end: {name} -->");
            let there = page.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
            let there = there.map(|(there, _)| there).unwrap_or_default();
            assert!(there == tables, "docs/import.md, {name}: must be\n{tables}");
        }
    }
}
