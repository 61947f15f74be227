//! A limit as it is configured: its name, its pace, and how many requests it lets pass for whom.

use crate::amount::Amount;
use crate::calendar::{self, Calendar};
use crate::gcra::{self, Arrival, Limit};
use crate::layout::Gauge;
use crate::sliding_window::{self, SlidingWindow};
use gatehouse_filter::Request;

/// A limit with the name that clients know it by.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    pub(crate) name: String,
    pub(crate) pace: Pace,
    pub(crate) requests: Amount,
    /// How many share it: each has its part, rounded down, and one request at least unless there is
    /// none.
    pub(crate) gateways: u32,
}

/// When what was used comes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// All the time, at an even rate.
    Even {
        /// In nanoseconds.
        window: u64,
        /// How many may come at once; `None` for as many as in a window.
        burst: Option<Amount>,
        /// How far, in nanoseconds, a stored arrival can be from now.
        ahead: u64,
    },
    /// All at once, when the next window begins.
    Calendar(Calendar),
    /// Each when a window has gone by since it passed.
    Sliding(SlidingWindow),
}

/// A quota for one client: the numbers that may be others for the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    requests: u32,
    burst: u32,
}

/// How far a client has used up a quota at a moment.
#[derive(Clone, Debug)]
pub(crate) enum Level {
    Even(gcra::Level),
    Calendar(calendar::Level),
    Sliding(sliding_window::Level),
}

impl Pace {
    /// What is stored of a limit of so many requests.
    pub(crate) fn gauge(&self, requests: &Amount) -> Gauge {
        let full = requests.most();
        match self {
            Self::Even { window, burst, .. } => {
                let burst = burst.as_ref().map_or(full, Amount::most);
                let fill = Limit { requests: full, window: *window, burst }.fill_time();
                Gauge::Time { full: u64::try_from(fill).unwrap_or(u64::MAX) }
            }
            Self::Calendar(_) => Gauge::Count { arrivals: 1, full },
            Self::Sliding(sliding) => Gauge::Count { arrivals: sliding.entries, full },
        }
    }
}

impl Quota {
    /// The share that one of so many gateways has of it.
    pub(crate) fn shared_by(&self, gateways: u32) -> Self {
        Self { gateways, ..self.clone() }
    }

    /// What the quota is for the client that sent the request.
    pub(crate) fn terms(&self, request: &Request<'_>) -> Terms {
        let requests = self.requests.of(request);
        let burst = match &self.pace {
            // Else the burst would pass, and come back, if slowly.
            _ if requests == 0 => 0,
            Pace::Even { burst: Some(burst), .. } => burst.of(request),
            Pace::Even { burst: None, .. } | Pace::Calendar(_) | Pace::Sliding(_) => requests,
        };
        let share = |all: u32| all.checked_div(self.gateways).unwrap_or(all).max(all.min(1));
        Terms { requests: share(requests), burst: share(burst) }
    }

    /// The level at `now` (nanoseconds since 1970) for what was stored before, which is taken from
    /// what a slot remembers.
    pub(crate) fn level(
        &self,
        terms: Terms,
        stored: &mut impl Iterator<Item = Arrival>,
        now: u64,
    ) -> Level {
        match &self.pace {
            Pace::Even { window, ahead, .. } => {
                let limit = Limit { requests: terms.requests, window: *window, burst: terms.burst };
                Level::Even(limit.level(stored.next().unwrap_or_default(), now, *ahead))
            }
            Pace::Calendar(calendar) => {
                let stored = stored.next().unwrap_or_default();
                Level::Calendar(calendar.level(terms.requests, stored, now))
            }
            Pace::Sliding(sliding) => Level::Sliding(sliding.level(terms.requests, stored, now)),
        }
    }
}

/// Calls the method of the same name on any level.
macro_rules! of_any {
    ($level:expr, $method:ident($($argument:expr)?)) => {
        match $level {
            Level::Even(level) => level.$method($($argument)?),
            Level::Calendar(level) => level.$method($($argument)?),
            Level::Sliding(level) => level.$method($($argument)?),
        }
    };
}

impl Level {
    /// Whether a request of this cost may pass.
    pub(crate) fn allows(&self, cost: u32) -> bool {
        of_any!(self, allows(cost))
    }

    /// Adds to what was used.
    pub(crate) fn charge(&mut self, cost: u32) {
        match self {
            Self::Even(level) => level.charge(cost.into()),
            Self::Calendar(level) => level.charge(cost.into()),
            Self::Sliding(level) => level.charge(cost),
        }
    }

    /// Takes from what was used at a moment: what has come back meanwhile is not given back again.
    pub(crate) fn give_back(&mut self, cost: u32, spent: u64) {
        match self {
            Self::Even(level) => level.charge(i64::from(cost).saturating_neg()),
            Self::Calendar(level) => level.give_back(cost, spent),
            Self::Sliding(level) => level.give_back(cost, spent),
        }
    }

    /// Whether what was stored comes from before the clock was set back, and must be stored anew.
    pub(crate) fn corrected(&self) -> bool {
        of_any!(self, corrected())
    }

    /// What to store.
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = Arrival> {
        let (one, log) = match self {
            Self::Even(level) => (Some(level.arrival()), None),
            Self::Calendar(level) => (Some(level.arrival()), None),
            Self::Sliding(level) => (None, Some(level.arrivals())),
        };
        one.into_iter().chain(log.into_iter().flatten())
    }

    /// How many requests a window has.
    pub(crate) fn requests(&self) -> u32 {
        of_any!(self, requests())
    }

    /// The window in seconds.
    pub(crate) fn window(&self) -> u64 {
        of_any!(self, window())
    }

    /// How many requests may pass now.
    pub(crate) fn remaining(&self) -> u64 {
        of_any!(self, remaining())
    }

    /// Seconds until everything is available again, rounded up.
    pub(crate) fn reset(&self) -> u64 {
        of_any!(self, reset())
    }

    /// Seconds until a request of this cost may pass, rounded up: 0 where one may now, `None` where
    /// none ever may.
    pub(crate) fn retry_after(&self, cost: u32) -> Option<u64> {
        of_any!(self, retry_after(cost))
    }
}
