use super::*;
use gatehouse_filter_test::Numbers;

const SECOND: u64 = 1_000_000_000;
/// Some moment in 2026.
const START: u64 = 1_790_000_000 * SECOND;

fn limit(requests: u32, seconds: u64, burst: u32) -> Limit {
    Limit { requests, window: seconds * SECOND, burst }
}

/// The level where nobody owes anything.
fn level(limit: &Limit, stored: Arrival, now: u64) -> Level {
    limit.level(stored, now, limit.fill_time() as u64)
}

/// One request: whether it passes. What a refused one would store is stored only if it was
/// corrected.
fn ask(limit: &Limit, stored: &mut Arrival, now: u64) -> bool {
    let mut level = level(limit, *stored, now);
    let allowed = level.allows(1);
    if allowed {
        level.charge(1);
    }
    if allowed || level.corrected() {
        *stored = level.arrival();
    }
    allowed
}

fn passed(limit: &Limit, stored: &mut Arrival, now: u64, requests: u32) -> u32 {
    (0..requests).map(|_| u32::from(ask(limit, stored, now))).sum()
}

#[test]
fn exactly_the_burst_passes_at_once_and_the_next_after_one_interval() {
    for limit in [
        limit(1, 1, 1),
        limit(100, 60, 100),
        limit(7, 1, 3),
        limit(3, 60, 10),
        limit(1, 2_592_000, 1),
        limit(1_000_000_000, 1, 5),
        limit(999_999_999, 1, 1),
    ] {
        let mut stored = Arrival::default();
        assert_eq!(passed(&limit, &mut stored, START, limit.burst + 50), limit.burst, "{limit:?}");
        let interval = limit.window.div_ceil(limit.requests.into());
        if interval > 1 {
            assert!(!ask(&limit, &mut stored, START + interval - 1), "{limit:?}");
        }
        assert!(ask(&limit, &mut stored, START + interval), "{limit:?}");
        assert!(!ask(&limit, &mut stored, START + interval), "{limit:?}");
    }
}

#[test]
fn a_window_that_requests_do_not_divide_passes_them_exactly_window_after_window() {
    // Asked 20 times an interval: often enough that a burst of two loses nothing.
    for limit in [limit(7, 1, 7), limit(3, 10, 2), limit(13, 60, 5)] {
        let mut stored = Arrival::default();
        passed(&limit, &mut stored, START, limit.burst);
        let step = limit.window / u64::from(limit.requests) / 20;
        let mut total = 0;
        let mut now = START;
        for window in 1..=1_000 {
            let end = START + window * limit.window;
            while now + step < end {
                now += step;
                total += u64::from(ask(&limit, &mut stored, now));
            }
            now = end;
            total += u64::from(ask(&limit, &mut stored, now));
            assert_eq!(total, window * u64::from(limit.requests), "{limit:?}, window {window}");
        }
    }
}

#[test]
fn from_rest_a_window_passes_the_burst_and_what_comes_back_in_it() {
    let limit = limit(10, 10, 10);
    let mut stored = Arrival::default();
    let passed: u32 =
        (0..100).map(|tenth| passed(&limit, &mut stored, START + tenth * SECOND / 10, 20)).sum();
    assert_eq!(passed, 19, "in 9.9 s");
}

#[test]
fn the_level_tells_what_is_left_and_when() {
    // (used at the start, seconds later) -> (remaining, reset, retry after)
    for (used, later, want) in [
        (0, 0, (100, 0, 0)),
        (1, 0, (99, 1, 0)),
        (50, 0, (50, 30, 0)),
        (50, 10, (66, 20, 0)),
        (99, 0, (1, 60, 0)),
        (100, 0, (0, 60, 1)),
        (100, 60, (100, 0, 0)),
        (100, 3_600, (100, 0, 0)),
    ] {
        let limit = limit(100, 60, 100);
        let mut stored = Arrival::default();
        passed(&limit, &mut stored, START, used);
        let level = level(&limit, stored, START + later * SECOND);
        let told = (level.remaining(), level.reset(), level.retry_after(1).unwrap());
        assert_eq!(told, want, "{used} used, {later} s later");
    }
    let slow = limit(1, 60, 1);
    let mut stored = Arrival::default();
    passed(&slow, &mut stored, START, 1);
    assert_eq!(level(&slow, stored, START).retry_after(1), Some(60));
    assert_eq!(level(&slow, stored, START + SECOND / 2).retry_after(1), Some(60));
    assert_eq!(level(&slow, stored, START + SECOND).retry_after(1), Some(59));
}

#[test]
fn a_clock_set_back_an_hour_takes_the_burst_and_leaves_the_rate() {
    let limit = limit(10, 10, 10);
    let mut stored = Arrival::default();
    assert!(ask(&limit, &mut stored, START));
    let back = START - 3_600 * SECOND;
    assert!(
        !ask(&limit, &mut stored, back),
        "what was used is not known: the client waits one interval"
    );
    assert_eq!(passed(&limit, &mut stored, back + SECOND, 10), 1);
    assert_eq!(passed(&limit, &mut stored, back + 5 * SECOND, 10), 4);
}

#[test]
fn a_clock_set_forward_an_hour_and_back_gives_one_burst_at_most() {
    let limit = limit(10, 10, 10);
    let mut stored = Arrival::default();
    assert_eq!(passed(&limit, &mut stored, START, 20), 10);
    assert_eq!(passed(&limit, &mut stored, START + 3_600 * SECOND, 20), 10);
    assert_eq!(passed(&limit, &mut stored, START, 20), 0);
    assert_eq!(passed(&limit, &mut stored, START + SECOND, 20), 1);
}

#[test]
fn times_at_the_ends_of_their_type_saturate() {
    for now in [0, 1, u64::MAX - 1, u64::MAX] {
        for stored in [Arrival::default(), Arrival { nanoseconds: u64::MAX, part: u32::MAX }] {
            for limit in
                [limit(1, 1, 1), limit(1_000_000_000, 1, 1_000_000_000), limit(1, 2_592_000, 100)]
            {
                for cost in [1, -1, i64::MAX, i64::MIN] {
                    for ahead in [0, u64::MAX] {
                        let mut level = limit.level(stored, now, ahead);
                        level.charge(cost);
                        let _ = (
                            level.arrival(),
                            level.remaining(),
                            level.reset(),
                            level.retry_after(1),
                        );
                    }
                }
            }
        }
    }
}

/// A token bucket, as it is usually written: tokens fill with time, a request takes one. In units
/// of 1 / window of a token, so that it is exact too.
struct Tokens {
    level: i128,
    at: u64,
}

impl Tokens {
    fn ask(&mut self, limit: &Limit, now: u64) -> bool {
        let window = i128::from(limit.window);
        let elapsed = i128::from(now) - i128::from(self.at);
        let full = i128::from(limit.burst) * window;
        self.level = (self.level + elapsed * i128::from(limit.requests)).clamp(0, full);
        self.at = now;
        if self.level < window {
            return false;
        }
        self.level -= window;
        true
    }
}

#[test]
fn it_decides_as_an_exact_token_bucket_does() {
    for seed in 0..200 {
        let mut numbers = Numbers(seed);
        let requests = 1 + numbers.below([3, 100, 1_000_000_000][seed as usize % 3]);
        let window = 1 + numbers.below(100);
        let burst = 1 + numbers.below(20);
        let limit = limit(requests as u32, window, burst as u32);
        let interval = (limit.window / requests).max(1);
        let mut stored = Arrival::default();
        let mut tokens = Tokens { level: i128::from(burst) * i128::from(limit.window), at: START };
        assert!(ask(&limit, &mut stored, START) && tokens.ask(&limit, START));
        let mut now = START;
        for step in 0..2_000 {
            match numbers.below(40) {
                0 => now += numbers.below(limit.window * 3),
                1 => now -= numbers.below(limit.window * 3),
                2..20 => now += numbers.below(interval * 2),
                _ => {}
            }
            let got = ask(&limit, &mut stored, now);
            assert_eq!(got, tokens.ask(&limit, now), "seed {seed}, step {step}, {limit:?}");
        }
    }
}

#[test]
fn after_a_pause_a_window_passes_the_burst_and_what_fills_meanwhile() {
    for (burst, want) in [(10, 19), (5, 14), (1, 10)] {
        let (limit, mut stored) = (limit(10, 10, burst), Arrival::default());
        // Every tenth of a second, from the first to 9.9 s later.
        let times = (0..100).map(|tenth| START + tenth * SECOND / 10);
        let all: u32 = times.map(|now| passed(&limit, &mut stored, now, 20)).sum();
        assert_eq!(all, want, "burst {burst}");
    }
}
