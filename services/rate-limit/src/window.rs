//! Windows: aligned to the wall clock, as those of `envoyproxy/ratelimit` are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::message;

/// How long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Unit {
    pub(crate) fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    pub(crate) fn message(self) -> message::Unit {
        match self {
            Self::Second => message::Unit::Second,
            Self::Minute => message::Unit::Minute,
            Self::Hour => message::Unit::Hour,
            Self::Day => message::Unit::Day,
        }
    }
}

/// The window of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Windows since 1970.
    pub(crate) number: u64,
    /// Until the next begins; never zero.
    pub(crate) left: Duration,
}

impl Window {
    pub(crate) fn now(unit: Unit) -> Self {
        Self::at(unit, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    fn at(unit: Unit, since_1970: Duration) -> Self {
        let number = since_1970.as_secs().checked_div(unit.seconds()).unwrap_or_default();
        let end = Duration::from_secs(number.saturating_add(1).saturating_mul(unit.seconds()));
        Self { number, left: end.saturating_sub(since_1970) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_with_the_unit_of_the_clock() {
        for (unit, at, number, left) in [
            (Unit::Second, Duration::from_millis(1_250), 1, Duration::from_millis(750)),
            (Unit::Minute, Duration::from_secs(119), 1, Duration::from_secs(1)),
            (Unit::Minute, Duration::from_secs(120), 2, Duration::from_secs(60)),
            (Unit::Day, Duration::from_secs(86_399), 0, Duration::from_secs(1)),
        ] {
            assert_eq!(Window::at(unit, at), Window { number, left }, "{unit:?} {at:?}");
        }
    }
}
