//! A limit of a rule, as it is configured.

use crate::amount::Amount;
use crate::bucket::MAX_LIMITS;
use crate::calendar::{Calendar, Period};
use crate::gcra::Limit;
use crate::quota::Pace;
use crate::sliding_window::SlidingWindow;
use gatehouse_filter::config::{Fields, Node};
use std::time::Duration;

/// A limit that may still need a name.
pub(super) struct Unnamed {
    pub(super) name: Option<String>,
    pub(super) pace: Pace,
    pub(super) requests: Amount,
}

/// The shortest window: response fields tell windows in whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 86_400;

/// So that an arrival time, in nanoseconds, stays far from the end of its type.
const LONGEST_FILL: Duration = Duration::from_secs(3_650 * DAY);

/// Reads the limits of a rule; `owing` where a client may use more than it has, because its
/// requests tell their cost when they have passed; `is_remote` where a service counts.
pub(super) fn read(node: &Node<'_>, owing: bool, is_remote: bool) -> Option<Vec<Unnamed>> {
    let mut names: Vec<String> = Vec::new();
    let limits = node.nonempty_list(|node| {
        let mut fields = node.fields()?;
        let name = fields.optional("name", |node| policy_name(&node, &names));
        let requests = fields.required("requests", Amount::read);
        let pace = pace(&mut fields, requests.as_ref(), owing, is_remote);
        fields.finish();
        let name = name?;
        names.extend(name.clone());
        Some(Unnamed { name, pace: pace?, requests: requests? })
    })?;
    if limits.len() > MAX_LIMITS {
        return node.fault(format!("must have at most {MAX_LIMITS} limits"));
    }
    Some(limits)
}

/// How the requests of a window come back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    TokenBucket,
    SlidingWindow,
}

/// How the requests come back: over a window, or at the end of a period of the calendar.
fn pace(
    fields: &mut Fields<'_>,
    requests: Option<&Amount>,
    owing: bool,
    is_remote: bool,
) -> Option<Pace> {
    let periods = [
        ("second", Period::Second),
        ("minute", Period::Minute),
        ("hour", Period::Hour),
        ("day", Period::Day),
        ("month", Period::Month),
    ];
    let period = fields.optional("per", |node| node.one_of(&periods));
    let offset = fields.optional("offset", |node| offset(&node));
    let window = fields.optional("window", window);
    let burst = fields.optional("burst", |node| Some((Amount::read(node.clone())?, node)));
    let algorithm = fields.optional("algorithm", |node| {
        let names = [
            ("token_bucket", Algorithm::TokenBucket),
            ("sliding_window", Algorithm::SlidingWindow),
        ];
        let algorithm = node.one_of(&names)?;
        if is_remote {
            return node.fault(
                "goes with `counting: {mode: local}`: a rate limit service counts in its own way",
            );
        }
        Some(algorithm)
    });
    let (period, offset, window, burst) = (period?, offset?, window?, burst?);
    let algorithm = algorithm?;
    let node = fields.node();
    match (period, window) {
        (Some(_), None) if burst.is_some() => node
            .fault("`burst` goes with `window`: in a period of the calendar, all may come at once"),
        (Some(_), None) if algorithm.is_some() => node.fault(
            "`algorithm` goes with `window`: a period of the calendar begins and ends for all",
        ),
        (Some(period), None) => {
            Some(Pace::Calendar(Calendar { period, offset: offset.unwrap_or(0) }))
        }
        (None, Some(_)) if offset.is_some() => {
            node.fault("`offset` goes with `per`: a window begins whenever a client comes")
        }
        (None, Some(_)) if burst.is_some() && algorithm == Some(Algorithm::SlidingWindow) => node
            .fault(
                "`burst` goes with `algorithm: token_bucket`: of a sliding window, all may come \
                 at once",
            ),
        (None, Some(window)) if algorithm == Some(Algorithm::SlidingWindow) => {
            let length = u64::try_from(window.as_nanos()).ok()?;
            Some(Pace::Sliding(SlidingWindow::new(length, requests?.most())))
        }
        (None, Some(window)) => even(window, requests?, burst, owing),
        _ => node.not_exactly_one(&["window", "per"]),
    }
}

fn even(
    window: Duration,
    requests: &Amount,
    burst: Option<(Amount, Node<'_>)>,
    owing: bool,
) -> Option<Pace> {
    let window = u64::try_from(window.as_nanos()).ok()?;
    let mut fill = u128::from(window);
    if let Some((burst, node)) = &burst {
        let limit = Limit { requests: requests.least(), window, burst: burst.most() };
        fill = limit.fill_time();
        if fill > LONGEST_FILL.as_nanos() {
            let days = LONGEST_FILL.as_secs() / DAY;
            return node.fault(format!(
                "must be less: at this rate it takes more than {days} days to fill"
            ));
        }
    }
    let ahead = if owing { fill.saturating_mul(2) } else { fill };
    Some(Pace::Even {
        window,
        burst: burst.map(|(burst, _)| burst),
        ahead: u64::try_from(ahead).ok()?,
    })
}

fn window(node: Node<'_>) -> Option<Duration> {
    let window = node.duration()?;
    if !(SHORTEST..=LONGEST).contains(&window) || window.subsec_nanos() != 0 {
        return node.fault("must be whole seconds, from 1s to 30d");
    }
    Some(window)
}

/// The distance of a local time from UTC, as RFC 3339 writes it: `+02:00`. Seconds.
fn offset(node: &Node<'_>) -> Option<i32> {
    let text = node.text()?;
    let seconds = || {
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let number = |digits: &str, most: i32| {
            let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            two.then(|| digits.parse::<i32>().ok()).flatten().filter(|number| *number <= most)
        };
        let (hours, minutes) = (number(hours, 14)?, number(minutes, 59)?);
        Some(
            hours
                .saturating_mul(3_600)
                .saturating_add(minutes.saturating_mul(60))
                .saturating_mul(sign),
        )
    };
    seconds().or_else(|| node.fault("must be a distance from UTC such as +02:00, at most 14:59"))
}

/// The name of a limit in the response fields, where it is a structured field's string.
fn policy_name(node: &Node<'_>, taken: &[String]) -> Option<String> {
    let name = node.quotable()?;
    if taken.iter().any(|taken| taken == name) {
        return node.fault("must be unique: an earlier limit of the rule has this name");
    }
    Some(name.to_owned())
}
