//! What should be reached, in ratios of what it costs without a cache.

use serde_json::{Value, json};

use super::super::verdict::Verdict;
use super::FILTER;
use super::contenders::{DIRECT, GATEWAY, PROXY};
use super::figures::Figures;
use super::kinds::{Kind, Size, Work};

/// "This work costs at most `most` times what the reference costs."
struct Target {
    subject: &'static str,
    work: Work,
    reference: &'static str,
    most: f64,
}

/// All of answers of 1 KiB.
const TARGETS: [Target; 6] = [
    Target { subject: FILTER, work: Work::Hit, reference: PROXY, most: 0.6 },
    Target { subject: FILTER, work: Work::Hit, reference: DIRECT, most: 1.4 },
    Target { subject: FILTER, work: Work::Miss, reference: PROXY, most: 1.15 },
    Target { subject: GATEWAY, work: Work::Hit, reference: PROXY, most: 0.6 },
    Target { subject: GATEWAY, work: Work::Hit, reference: DIRECT, most: 1.4 },
    Target { subject: GATEWAY, work: Work::Miss, reference: PROXY, most: 1.15 },
];

impl Target {
    fn verdict(&self, figures: &Figures) -> Verdict {
        let kind = Kind { work: self.work, size: Size::Small };
        // A miss is compared with passing on the same.
        Verdict { most: self.most, ratio: figures.ratio(self.subject, self.reference, kind) }
    }

    fn line(&self, figures: &Figures) -> String {
        let subject = format!("{}, {}, {}", self.subject, self.work.name(), Size::Small.name());
        self.verdict(figures).line(subject, self.reference)
    }
}

/// A line a target.
pub(super) fn lines(figures: &Figures) -> Vec<String> {
    TARGETS.iter().map(|target| target.line(figures)).collect()
}

/// The same for machines.
pub(super) fn json(figures: &Figures) -> Value {
    let one = |target: &Target| {
        target.verdict(figures).json(json!({
            "subject": target.subject,
            "work": target.work.name(),
            "reference": target.reference,
        }))
    };
    TARGETS.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::sample;
    use super::*;

    #[test]
    fn a_verdict_says_whether_the_target_is_reached_or_was_not_measured() {
        let lines = lines(&sample());
        assert_eq!(lines[0], "response-cache, hit, 1KiB: 0.50 x proxy, target 0.60: reached");
        assert_eq!(lines[1], "response-cache, hit, 1KiB: 1.33 x direct, target 1.40: reached");
        assert_eq!(lines[2], "response-cache, miss, 1KiB: 1.25 x proxy, target 1.15: NOT reached");
        assert_eq!(lines[3], "gateway.wasm, hit, 1KiB: x proxy, target 0.60: not measured");
    }
}
