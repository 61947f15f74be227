use super::*;
use gatehouse_filter_test::Numbers;

const SECOND: u64 = 1_000_000_000;
/// Some moment in 2026.
const START: u64 = 1_790_000_000 * SECOND;

/// A limit, and what is stored of one client.
struct Client {
    sliding: SlidingWindow,
    requests: u32,
    stored: Vec<Arrival>,
}

impl Client {
    fn new(requests: u32, length: u64) -> Self {
        Self { sliding: SlidingWindow::new(length, requests), requests, stored: Vec::new() }
    }

    fn level(&self, now: u64) -> Level {
        self.sliding.level(self.requests, &mut self.stored.iter().copied(), now)
    }

    fn store(&mut self, level: &Level) {
        self.stored = level.arrivals().collect();
        assert_eq!(self.stored.len(), self.sliding.entries, "a slot is always filled");
    }

    /// One request: whether it passes. What a refused one would store is stored only if it was
    /// corrected.
    fn ask(&mut self, now: u64, cost: u32) -> bool {
        let mut level = self.level(now);
        let allowed = level.allows(cost);
        if allowed {
            level.charge(cost);
        }
        if allowed || level.corrected() {
            self.store(&level);
        }
        allowed
    }

    fn passed(&mut self, now: u64, requests: u32) -> u32 {
        (0..requests).map(|_| u32::from(self.ask(now, 1))).sum()
    }
}

/// What passed, as it was: the judge.
#[derive(Default)]
struct Passed(Vec<(u64, u64)>);

impl Passed {
    /// How much passed in the window of this length that ends at a moment, its beginning excluded.
    fn until(&self, end: u64, length: u64) -> u64 {
        let is_in = |(at, _): &&(u64, u64)| *at <= end && *at + length > end;
        self.0.iter().filter(is_in).map(|(_, cost)| cost).sum()
    }
}

/// Limits of all sizes, on both sides of the number of entries.
const LIMITS: [u64; 10] = [1, 2, 3, 10, 15, 16, 17, 33, 100, 1_000];

#[test]
fn no_window_anywhere_passes_more_than_the_limit() {
    let mut fullest = 0;
    for seed in 0..1_000 {
        let mut numbers = Numbers(seed);
        let requests = LIMITS[seed as usize % LIMITS.len()];
        let length = [7, 1_000, 10 * SECOND, 2_592_000 * SECOND][numbers.below(4) as usize];
        let mut client = Client::new(requests as u32, length);
        let (mut passed, mut now) = (Passed::default(), START);
        for _ in 0..600 {
            now += match numbers.below(8) {
                0 => numbers.below(length * 2),
                1 => length - 1,
                2 => length / requests,
                3..6 => numbers.below(length / 8 + 1),
                _ => 0,
            };
            // Several workers: one may have read the clock before another that was faster to store.
            let read = now - numbers.below(length.min(SECOND) / 4 + 1);
            let cost = 1 + numbers.below(requests / 8 + 1);
            if client.ask(read, cost as u32) {
                // Who was overtaken passes when the one that overtook it did.
                let last = passed.0.last().map_or(0, |(at, _)| *at);
                passed.0.push((read.max(last), cost));
            }
        }
        // Of all windows, those that end at a request have most.
        let most = passed.0.iter().map(|(end, _)| passed.until(*end, length)).max().unwrap();
        assert!(most <= requests, "seed {seed}: {most} of {requests} in {length} ns");
        fullest += u32::from(most == requests);
    }
    assert!(fullest > 800, "in {fullest} runs a window was full: else the test shows little");
}

#[test]
fn a_limit_of_no_more_requests_than_entries_decides_as_a_log_of_all_requests_does() {
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let requests = 1 + numbers.below(MOST_ENTRIES as u64);
        let length = 1 + numbers.below(60 * SECOND);
        let mut client = Client::new(requests as u32, length);
        let (mut passed, mut now) = (Passed::default(), START);
        for step in 0..400 {
            now += numbers.below(length / requests * 3 + 2);
            let cost = 1 + numbers.below(requests);
            let may = passed.until(now, length) + cost <= requests;
            assert_eq!(client.ask(now, cost as u32), may, "seed {seed}, step {step}");
            if may {
                passed.0.push((now, cost));
            }
        }
    }
}

#[test]
fn a_larger_limit_holds_nothing_for_longer_than_a_window_and_a_pane() {
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let requests = 17 + numbers.below(1_000);
        let length = 1_000 + numbers.below(60 * SECOND);
        let pane = length.div_ceil(MOST_ENTRIES as u64 - 1);
        let mut client = Client::new(requests as u32, length);
        let (mut passed, mut now) = (Passed::default(), START);
        for step in 0..600 {
            now += numbers.below(length / requests * 40);
            let cost = 1 + numbers.below(requests / 10);
            let got = client.ask(now, cost as u32);
            let must = passed.until(now, length + pane) + cost <= requests;
            assert!(got || !must, "seed {seed}, step {step}: refused");
            if got {
                passed.0.push((now, cost));
            }
        }
    }
}

#[test]
fn from_rest_and_at_every_edge_a_window_passes_the_limit() {
    let mut client = Client::new(10, 10 * SECOND);
    let tenth = |number: u64| START + number * SECOND / 10;
    let passed: u32 = (0..100).map(|number| client.passed(tenth(number), 20)).sum();
    assert_eq!(passed, 10, "in 9.9 s, where a token bucket lets 19 pass");
    assert!(!client.ask(START + 10 * SECOND - 1, 1));
    assert_eq!(
        client.passed(START + 10 * SECOND, 20),
        10,
        "all ten came at once, and come back so"
    );
    // Spread over a window, they come back one by one.
    let mut client = Client::new(10, 10 * SECOND);
    assert!((0..10).all(|number| client.ask(START + number * SECOND, 1)));
    for number in 10..20 {
        assert!(!client.ask(START + number * SECOND - 1, 1), "{number}");
        assert!(client.ask(START + number * SECOND, 1), "{number}");
        assert!(!client.ask(START + number * SECOND, 1), "{number}");
    }
}

#[test]
fn who_waits_for_retry_after_gets_through() {
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let requests = LIMITS[seed as usize % LIMITS.len()];
        let length = (1 + numbers.below(100)) * SECOND;
        let mut client = Client::new(requests as u32, length);
        let mut now = START;
        for step in 0..400 {
            now += numbers.below(length / requests * 2);
            let cost = (1 + numbers.below(requests)) as u32;
            let wait = client.level(now).retry_after(cost);
            let told = client.level(now);
            assert_eq!(
                told.remaining() >= cost.into(),
                wait == Some(0),
                "seed {seed}, step {step}"
            );
            if !client.ask(now, cost) {
                let wait = wait.unwrap();
                assert!(wait <= told.reset(), "seed {seed}, step {step}");
                assert!(
                    wait > 1 && !client.level(now + (wait - 1) * SECOND).allows(cost) || wait == 1
                );
                now += wait * SECOND;
                assert!(client.ask(now, cost), "seed {seed}, step {step}: {wait}");
            }
        }
        let level = client.level(now + client.level(now).reset() * SECOND);
        assert_eq!((level.remaining(), level.reset()), (requests, 0), "seed {seed}");
    }
}

#[test]
fn the_level_tells_what_is_left_and_when() {
    let mut client = Client::new(10, 10 * SECOND);
    assert!(client.ask(START, 4) && client.ask(START + 3 * SECOND, 3));
    let level = client.level(START + 5 * SECOND);
    assert_eq!((level.requests(), level.window()), (10, 10));
    assert_eq!((level.remaining(), level.reset()), (3, 8));
    for (cost, wait) in [
        (0, Some(0)),
        (3, Some(0)),
        (4, Some(5)),
        (7, Some(5)),
        (8, Some(8)),
        (10, Some(8)),
        (11, None),
    ] {
        assert_eq!(level.retry_after(cost), wait, "{cost}");
    }
    assert_eq!(Client::new(0, SECOND).level(START).retry_after(1), None, "nothing ever passes");
}

#[test]
fn what_is_given_back_is_that_request_s_and_nothing_that_has_come_back_already() {
    let mut client = Client::new(10, 10 * SECOND);
    assert!(client.ask(START, 4) && client.ask(START + SECOND, 3));
    let mut level = client.level(START + 2 * SECOND);
    level.give_back(2, START + SECOND);
    assert_eq!((level.remaining(), level.retry_after(6)), (5, Some(8)), "of the later one");
    level.give_back(9, START + SECOND);
    assert_eq!(level.remaining(), 6, "no more than it was");
    // The request has come back before its response came, and others have passed since.
    let late = START + 12 * SECOND;
    assert!(client.ask(late, 8));
    let mut level = client.level(late + SECOND);
    level.give_back(4, START);
    assert_eq!(level.remaining(), 6, "of what is there, it takes what is not older");
    level.give_back(4, late + 1);
    assert_eq!(level.remaining(), 6);
}

#[test]
fn a_clock_set_back_an_hour_holds_what_passed_for_a_window_and_no_longer() {
    let mut client = Client::new(10, 10 * SECOND);
    assert_eq!(client.passed(START, 4), 4);
    let back = START - 3_600 * SECOND;
    assert_eq!(client.passed(back, 20), 6);
    assert_eq!(client.passed(back + 10 * SECOND - 1, 20), 0);
    assert_eq!(client.passed(back + 10 * SECOND, 20), 10);
    // Full when it was set back: what is refused stores the correction.
    assert!(!client.ask(back - 60 * SECOND, 1));
    assert_eq!(client.passed(back - 50 * SECOND, 20), 10);
}

#[test]
fn a_client_whose_limit_becomes_another_keeps_what_it_has_used() {
    let mut client = Client::new(1_000, 15 * SECOND);
    for second in 0..14 {
        assert_eq!(client.passed(START + second * SECOND, 50), 50);
    }
    client.requests = 5;
    assert!(!client.ask(START + 15 * SECOND, 1));
    assert_eq!(client.passed(START + 30 * SECOND, 10), 5);
    client.requests = 1_000;
    assert_eq!(client.passed(START + 30 * SECOND, 2_000), 995);
}

#[test]
fn times_and_costs_at_the_ends_of_their_types_saturate() {
    let most = Arrival { nanoseconds: u64::MAX, part: u32::MAX };
    for now in [0, 1, u64::MAX - 1, u64::MAX] {
        for stored in [vec![], vec![most; 16], vec![Arrival { part: u32::MAX, ..most }; 3]] {
            for (requests, length) in [(0, 1), (1, 1), (u32::MAX, 2_592_000 * SECOND)] {
                for cost in [0, 1, u32::MAX] {
                    let sliding = SlidingWindow::new(length, requests);
                    let mut level = sliding.level(requests, &mut stored.iter().copied(), now);
                    level.charge(cost);
                    level.give_back(cost, now);
                    let _ = (level.arrivals().count(), level.remaining(), level.reset());
                    let _ = (level.allows(cost), level.retry_after(cost));
                }
            }
        }
    }
}
