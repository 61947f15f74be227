use super::Refresh;
use crate::config::{Fields, Node};
use std::ops::RangeInclusive;
use std::time::Duration;

/// When something is fetched, and how long it is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// How old it is fetched anew.
    pub refresh: Refresh,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How old it is used no more.
    pub max_age: Duration,
    /// The most bytes of an answer.
    pub max_size: usize,
    /// The least time between two fetches while there is something to go on with.
    pub retry: Duration,
}

/// What holds unless a field says otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Unless `refresh` says otherwise.
    pub refresh: Duration,
    /// Unless `timeout` does.
    pub timeout: Duration,
    /// Unless `max_age` does.
    pub max_age: Duration,
    /// Unless `max_size` does.
    pub max_size: usize,
    /// The most bytes that `max_size` may be.
    pub most: usize,
    /// Unless `retry` does.
    pub retry: Duration,
}

impl Fetch {
    /// Reads `refresh`, `timeout`, `max_age`, `max_size` and `retry`.
    pub fn read(fields: &mut Fields<'_>, limits: &Limits) -> Option<Self> {
        let timeout = fields.with_default("timeout", limits.timeout, |node| {
            between(&node, Duration::from_millis(10)..=minutes(1))
        });
        let max_age = fields.with_default("max_age", limits.max_age, |node| {
            between(&node, SECOND..=minutes(30 * 24 * 60))
        });
        let max_size =
            fields.with_default("max_size", limits.max_size, |node| size(&node, limits.most));
        let retry =
            fields.with_default("retry", limits.retry, |node| between(&node, SECOND..=minutes(60)));
        let refresh = fields.with_default("refresh", Refresh::every(limits.refresh), |node| {
            Refresh::read(&node, limits.refresh, retry, max_age)
        });
        if let (Some(refresh), Some(max_age)) = (&refresh, max_age)
            && max_age <= refresh.longest()
        {
            return fields.node().fault(
                "max_age must be longer than refresh: what is in use would be too old before something new comes",
            );
        }
        Some(Self {
            refresh: refresh?,
            timeout: timeout?,
            max_age: max_age?,
            max_size: max_size?,
            retry: retry?,
        })
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn minutes(minutes: u32) -> Duration {
    SECOND.saturating_mul(60).saturating_mul(minutes)
}

pub(super) fn between(node: &Node<'_>, range: RangeInclusive<Duration>) -> Option<Duration> {
    let duration = node.duration()?;
    if !range.contains(&duration) {
        return node.fault(format!("must be from {:?} to {:?}", range.start(), range.end()));
    }
    Some(duration)
}

fn size(node: &Node<'_>, most: usize) -> Option<usize> {
    match usize::try_from(node.size()?) {
        Ok(size) if (1..=most).contains(&size) => Some(size),
        _ => node.fault(format!("must be from 1B to {}KiB", most / 1024)),
    }
}
