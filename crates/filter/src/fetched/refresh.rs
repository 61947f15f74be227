//! How old what was fetched may become, and what the answer's `Cache-Control` has to say in it.

use super::fetch::between;
use crate::Headers;
use crate::cache_control::{Directive, delta_seconds};
use crate::config::Node;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How old something is fetched anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refresh {
    usual: Duration,
    /// Where the answer has a say in it: within these bounds.
    heeded: Option<RangeInclusive<Duration>>,
}

impl Refresh {
    /// Always when it is so old.
    pub const fn every(usual: Duration) -> Self {
        Self { usual, heeded: None }
    }

    /// When the answer says, within these bounds; where it says nothing, when it is so old.
    pub const fn heeding(usual: Duration, bounds: RangeInclusive<Duration>) -> Self {
        Self { usual, heeded: Some(bounds) }
    }

    /// How old something is fetched anew of which the answer has said this.
    pub(super) fn after(&self, said: Said) -> Duration {
        match (&self.heeded, said.duration()) {
            (Some(bounds), Some(said)) => said.clamp(*bounds.start(), *bounds.end()),
            _ => self.usual,
        }
    }

    /// The longest that it can be.
    pub(super) fn longest(&self) -> Duration {
        self.heeded.as_ref().map_or(self.usual, |bounds| *bounds.end())
    }

    /// Reads a duration, or a mapping with `usual`, `least` and `most`.
    pub(super) fn read(
        node: &Node<'_>,
        usual: Duration,
        retry: Option<Duration>,
        max_age: Option<Duration>,
    ) -> Option<Self> {
        if !node.is_mapping() {
            return between(node, RANGE).map(Self::every);
        }
        let mut fields = node.fields()?;
        let usual = fields.with_default("usual", usual, |node| between(&node, RANGE));
        let least = fields.optional("least", |node| between(&node, RANGE));
        let most = fields.optional("most", |node| between(&node, RANGE));
        fields.finish();
        let (usual, retry, max_age) = (usual?, retry?, max_age?);
        let least = least?.unwrap_or_else(|| MINUTE.max(retry).min(usual));
        let most = most?.unwrap_or_else(|| {
            max_age.checked_div(2).unwrap_or(max_age).min(HALF_A_DAY).max(usual)
        });
        if least < retry {
            return node.fault("least must not be less than retry, which holds all the same");
        }
        if !(least..=most).contains(&usual) {
            return node.fault("usual must be between least and most");
        }
        Some(Self::heeding(usual, least..=most))
    }
}

/// What an answer says of how long it is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Said(u64);

impl Said {
    /// Reads `Cache-Control` and `Age` (RFC 9111 §5.1, §5.2.2). What must not be stored, or not be
    /// used unasked, is good for no time at all.
    pub(super) fn of(answer: &Headers) -> Self {
        let mut max_age = None;
        for directive in Directive::all(answer, "cache-control") {
            // With a value it is about fields.
            let is_unasked = directive.is("no-cache") && !directive.has_value();
            if directive.is("no-store") || is_unasked {
                return Self::seconds(0);
            }
            if directive.is("max-age") && max_age.is_none() {
                max_age = Some(directive.seconds_or_none_at_all());
            }
        }
        let Some(max_age) = max_age else { return Self::default() };
        let age = answer.first("age").and_then(delta_seconds).unwrap_or_default();
        Self::seconds(max_age.saturating_sub(age))
    }

    fn seconds(seconds: u32) -> Self {
        Self(u64::from(seconds).saturating_add(1))
    }

    fn duration(self) -> Option<Duration> {
        self.0.checked_sub(1).map(Duration::from_secs)
    }

    /// The number that stands for it where workers share it.
    pub(super) fn to_number(self) -> u64 {
        self.0
    }

    /// What [`to_number`](Self::to_number) made.
    pub(super) fn from_number(number: u64) -> Self {
        Self(number)
    }
}

const RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const HALF_A_DAY: Duration = Duration::from_secs(12 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_how_long_it_is_good_or_it_says_nothing() {
        for (fields, want) in [
            (&[][..], None),
            (&[("cache-control", "max-age=60")], Some(60)),
            (&[("cache-control", "public, Max-Age=60, must-revalidate")], Some(60)),
            (&[("cache-control", "public"), ("cache-control", "max-age=60")], Some(60)),
            (&[("cache-control", "max-age=\"60\"")], Some(60)),
            (&[("cache-control", "max-age=60"), ("age", "50")], Some(10)),
            (&[("cache-control", "max-age=60"), ("age", "70")], Some(0)),
            (&[("cache-control", "max-age=60"), ("age", "old")], Some(60)),
            (&[("cache-control", "max-age=60, max-age=5")], Some(60)),
            (&[("cache-control", "max-age=99999999999999999999")], Some(1 << 31)),
            (&[("cache-control", "max-age=0")], Some(0)),
            (&[("cache-control", "no-store")], Some(0)),
            (&[("cache-control", "NO-CACHE")], Some(0)),
            (&[("cache-control", "max-age=60, no-store")], Some(0)),
            (&[("cache-control", "no-cache=\"set-cookie\", max-age=60")], Some(60)),
            // What cannot be read allows nothing.
            (&[("cache-control", "max-age=-1")], Some(0)),
            (&[("cache-control", "max-age")], Some(0)),
            (&[("cache-control", "max-age=1h")], Some(0)),
            // Of other caches, and of nobody.
            (&[("cache-control", "s-maxage=60")], None),
            (&[("cache-control", "private")], None),
            (&[("cache-control", "x-max-age=60")], None),
            (&[("cache-control", "\"max-age=60\"")], None),
            (&[("expires", "Thu, 01 Dec 2044 16:00:00 GMT")], None),
            (&[("age", "50")], None),
        ] {
            let said = Said::of(&Headers::from_list(fields));
            assert_eq!(said.duration(), want.map(Duration::from_secs), "{fields:?}");
            assert_eq!(Said::from_number(said.to_number()), said);
        }
    }

    #[test]
    fn what_an_answer_says_counts_within_the_bounds() {
        let seconds = Duration::from_secs;
        let heeding = Refresh::heeding(seconds(60), seconds(10)..=seconds(600));
        for (refresh, said, want) in [
            (&heeding, Said::default(), 60),
            (&heeding, Said::seconds(0), 10),
            (&heeding, Said::seconds(9), 10),
            (&heeding, Said::seconds(100), 100),
            (&heeding, Said::seconds(601), 600),
            (&heeding, Said::from_number(u64::MAX), 600),
            (&Refresh::every(seconds(60)), Said::seconds(100), 60),
            (&Refresh::every(seconds(60)), Said::seconds(0), 60),
        ] {
            assert_eq!(refresh.after(said), seconds(want), "{refresh:?} {said:?}");
        }
    }
}
