//! The fields that say how something is fetched.

pub(super) use crate::remote::Fetch;

use gatehouse_filter::config::{Fields, Node};
use std::ops::RangeInclusive;
use std::time::Duration;

/// What holds unless a field says otherwise.
pub(super) struct Limits {
    pub(super) refresh: Duration,
    pub(super) max_age: Duration,
    pub(super) max_size: usize,
    /// The most bytes that `max_size` may be.
    pub(super) most: usize,
    pub(super) retry: Duration,
}

impl Fetch {
    pub(super) fn read(fields: &mut Fields<'_>, limits: &Limits) -> Option<Self> {
        let refresh = fields.or("refresh", limits.refresh, |node| between(&node, SECOND..=minutes(24 * 60)));
        let timeout = fields.or("timeout", SECOND.saturating_mul(2), |node| {
            between(&node, Duration::from_millis(10)..=minutes(1))
        });
        let max_age =
            fields.or("max_age", limits.max_age, |node| between(&node, SECOND..=minutes(30 * 24 * 60)));
        let max_size = fields.or("max_size", limits.max_size, |node| size(&node, limits.most));
        let retry = fields.or("retry", limits.retry, |node| between(&node, SECOND..=minutes(60)));
        if let (Some(refresh), Some(max_age)) = (refresh, max_age)
            && max_age <= refresh
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

/// What can be the target of a request.
pub(super) fn path(node: &Node<'_>) -> Option<String> {
    let path = visible(node)?;
    if path.starts_with('/') { Some(path) } else { node.fault("must begin with /") }
}

/// What can stand in a request line as it is.
pub(super) fn visible(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return node.fault("must be printable ASCII without spaces");
    }
    Some(text.to_owned())
}

fn between(node: &Node<'_>, range: RangeInclusive<Duration>) -> Option<Duration> {
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
