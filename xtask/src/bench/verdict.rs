//! Whether a target is reached.

use std::fmt::Display;

use serde_json::{Value, json};

/// The largest ratio that there should be, and the one that there is.
pub(super) struct Verdict {
    pub(super) most: f64,
    /// `None` where one of the two was not measured.
    pub(super) ratio: Option<f64>,
}

impl Verdict {
    /// `None` where it was not measured.
    pub(super) fn is_reached(&self) -> Option<bool> {
        self.ratio.map(|ratio| ratio <= self.most)
    }

    /// "header-transform: 0.93 x lua, target 1.00: reached".
    pub(super) fn line(&self, subject: impl Display, reference: impl Display) -> String {
        let most = self.most;
        let ratio = self.ratio.map(|ratio| format!("{ratio:.2} ")).unwrap_or_default();
        let word = match self.is_reached() {
            None => "not measured",
            Some(true) => "reached",
            Some(false) => "NOT reached",
        };
        format!("{subject}: {ratio}x {reference}, target {most:.2}: {word}")
    }

    /// For machines, with these fields that say of what.
    pub(super) fn json(&self, mut of: Value) -> Value {
        if let Some(fields) = of.as_object_mut() {
            fields.insert("target".to_owned(), json!(self.most));
            fields.insert("ratio".to_owned(), json!(self.ratio));
            fields.insert("reached".to_owned(), json!(self.is_reached()));
        }
        of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_reaches_its_target_up_to_the_largest_that_there_should_be() {
        for (ratio, line, reached) in [
            (Some(0.93), "ours: 0.93 x lua, target 1.00: reached", json!(true)),
            (Some(1.0), "ours: 1.00 x lua, target 1.00: reached", json!(true)),
            (Some(1.5), "ours: 1.50 x lua, target 1.00: NOT reached", json!(false)),
            (None, "ours: x lua, target 1.00: not measured", json!(null)),
        ] {
            let verdict = Verdict { most: 1.0, ratio };
            assert_eq!(verdict.line("ours", "lua"), line);
            let all = json!({"subject": "ours", "target": 1.0, "ratio": ratio, "reached": reached});
            assert_eq!(verdict.json(json!({"subject": "ours"})), all);
        }
    }
}
