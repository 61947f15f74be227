//! The last minutes, second by second.

use std::collections::VecDeque;

use serde::Serialize;

use crate::clock::Millis;
use crate::stats::{Latency, Stats, to_f64};

/// What clients were answered until now, at all listeners that they reach.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Requests {
    pub(crate) total: u64,
    /// Under way.
    pub(crate) active: u64,
    /// 1xx, 2xx and 3xx.
    pub(crate) ok: u64,
    /// 4xx.
    pub(crate) client_errors: u64,
    /// 5xx.
    pub(crate) server_errors: u64,
}

/// Samples of the last minutes; those in which the gateway could not be asked are gaps.
#[derive(Default, Debug)]
pub(crate) struct History {
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Millis,
    requests: Option<Requests>,
    latency: Option<Latency>,
}

/// The history as the page draws it: one array for each line.
#[derive(Default, Debug, Serialize)]
pub(crate) struct Lines {
    seconds: Vec<u64>,
    ok: Vec<Option<f64>>,
    client_errors: Vec<Option<f64>>,
    server_errors: Vec<Option<f64>>,
    p50: Vec<Option<f64>>,
    p95: Vec<Option<f64>>,
    p99: Vec<Option<f64>>,
}

impl Requests {
    pub(crate) fn read(stats: &Stats, prefixes: &[String]) -> Self {
        let sum = |names: &[&str]| {
            let numbers = prefixes.iter().flat_map(|prefix| {
                names
                    .iter()
                    .map(move |name| stats.number(&format!("http.{prefix}.downstream_rq_{name}")))
            });
            numbers.fold(0_u64, u64::saturating_add)
        };
        Self {
            total: sum(&["total"]),
            active: sum(&["active"]),
            ok: sum(&["1xx", "2xx", "3xx"]),
            client_errors: sum(&["4xx"]),
            server_errors: sum(&["5xx"]),
        }
    }
}

impl History {
    /// Adds what was seen; `None` where the gateway could not be asked.
    pub(crate) fn add(&mut self, at: Millis, seen: Option<(Requests, Option<Latency>)>) {
        if self.samples.len() >= MOST {
            self.samples.pop_front();
        }
        let (requests, latency) = seen.unzip();
        self.samples.push_back(Sample { at, requests, latency: latency.flatten() });
    }

    /// Requests a second over the last ten seconds.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let last = self.samples.back()?;
        let since = last.at.saturating_sub(10_500);
        let first =
            self.samples.iter().find(|sample| sample.at >= since && sample.requests.is_some())?;
        rate(first, last, |requests| requests.total)
    }

    /// The latest latency that there was, with its age.
    pub(crate) fn latency(&self) -> Option<Latency> {
        self.samples.iter().rev().take(10).find_map(|sample| sample.latency)
    }

    pub(crate) fn lines(&self) -> Lines {
        let mut lines = Lines::default();
        for (before, sample) in self.samples.iter().zip(self.samples.iter().skip(1)) {
            lines.seconds.push(sample.at / 1000);
            lines.ok.push(rate(before, sample, |requests| requests.ok));
            lines.client_errors.push(rate(before, sample, |requests| requests.client_errors));
            lines.server_errors.push(rate(before, sample, |requests| requests.server_errors));
            lines.p50.push(sample.latency.map(|latency| latency.p50));
            lines.p95.push(sample.latency.map(|latency| latency.p95));
            lines.p99.push(sample.latency.map(|latency| latency.p99));
        }
        lines
    }
}

/// How much a count grew a second. A gateway that was started anew counts from zero.
fn rate(before: &Sample, after: &Sample, count: impl Fn(&Requests) -> u64) -> Option<f64> {
    let (first, last) = (count(&before.requests?), count(&after.requests?));
    let grown = last.checked_sub(first).unwrap_or(last);
    let millis = after.at.checked_sub(before.at).filter(|millis| *millis > 0)?;
    Some((to_f64(grown) * 10_000.0 / to_f64(millis)).round() / 10.0)
}

/// Five minutes of seconds.
const MOST: usize = 301;

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(total: u64) -> Option<(Requests, Option<Latency>)> {
        Some((Requests { total, ok: total, ..Requests::default() }, None))
    }

    #[test]
    fn rates_are_of_the_time_that_really_passed() {
        let mut history = History::default();
        for (at, seen) in [
            (1000, requests(10)),
            (2000, requests(30)),
            (4000, requests(40)),
            (5000, None),
            (6000, requests(50)),
            // Started anew.
            (7000, requests(3)),
        ] {
            history.add(at, seen);
        }
        let lines = history.lines();
        assert_eq!(lines.seconds, [2, 4, 5, 6, 7]);
        assert_eq!(lines.ok, [Some(20.0), Some(5.0), None, None, Some(3.0)]);
        assert_eq!(lines.p50, [None; 5]);
    }

    #[test]
    fn the_history_has_an_end() {
        let mut history = History::default();
        for second in 0..2000 {
            history.add(second * 1000, requests(second * 7));
        }
        assert_eq!(history.lines().seconds.len(), MOST - 1);
        assert_eq!(history.per_second(), Some(7.0));
        assert_eq!(History::default().per_second(), None);
    }
}
