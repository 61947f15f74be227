//! What should be reached, in ratios of what is added to a bare proxy.

use serde_json::{Value, json};

use super::super::verdict::Verdict;
use super::figures::Figures;
use super::requests::{Kind, Token, Via};

/// "`subject` adds at most `most` times what `reference` adds."
struct Target {
    subject: &'static str,
    reference: &'static str,
    token: Token,
    most: f64,
}

const TARGETS: [Target; 6] = [
    Target { subject: "gateway.wasm", reference: "native", token: Token::Remembered, most: 1.0 },
    Target {
        subject: "gateway.wasm",
        reference: "three-modules",
        token: Token::Remembered,
        most: 0.6,
    },
    Target { subject: "gateway.wasm", reference: "native", token: Token::New, most: 0.8 },
    Target { subject: "header-transform", reference: "lua", token: Token::Remembered, most: 1.2 },
    Target {
        subject: "rate-limit-silent",
        reference: "local_ratelimit",
        token: Token::Remembered,
        most: 2.8,
    },
    Target { subject: "no-match", reference: "wasm-empty", token: Token::Remembered, most: 1.5 },
];

impl Target {
    fn verdict(&self, figures: &Figures<'_>) -> Verdict {
        let kind = Kind { via: Via::Proxy, token: self.token };
        let ratio = figures.ratio(self.subject, self.reference, kind);
        Verdict { most: self.most, ratio }
    }

    fn line(&self, figures: &Figures<'_>) -> String {
        let token = if self.token == Token::New { ", new token" } else { "" };
        let reference = format!("{}{token}", self.reference);
        self.verdict(figures).line(self.subject, reference)
    }
}

/// A line a target.
pub(super) fn print(figures: &Figures<'_>) {
    for target in &TARGETS {
        say!("{}", target.line(figures));
    }
}

/// The same for machines.
pub(super) fn json(figures: &Figures<'_>) -> Value {
    let one = |target: &Target| {
        target.verdict(figures).json(json!({
            "subject": target.subject,
            "reference": target.reference,
            "token": format!("{:?}", target.token).to_lowercase(),
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
        let target = |most, token| Target { subject: "ours", reference: "native", token, most };
        for (target, line) in [
            (target(0.8, Token::Remembered), "ours: 0.80 x native, target 0.80: reached"),
            (target(0.7, Token::Remembered), "ours: 0.80 x native, target 0.70: NOT reached"),
            (target(0.7, Token::New), "ours: x native, new token, target 0.70: not measured"),
        ] {
            assert_eq!(target.line(&sample()), line);
        }
    }
}
