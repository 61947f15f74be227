use super::*;
use std::time::Duration;

const NOW: u64 = 1_790_000_000 * SECOND;
const MILLISECOND: u64 = SECOND / 1000;
const TERMS: Terms = Terms { most: 50, length: SECOND, timeout: 100 * MILLISECOND };

fn told(remaining: u32, reset: Duration) -> Option<Told> {
    Some(Told { requests: 1000, window: 60, remaining: Some(remaining), reset: Some(reset) })
}

#[test]
fn a_lease_is_stored_and_read_back() {
    let lease = Lease {
        credit: 1,
        expires: 2,
        batch: 3,
        quiet_until: 4,
        refused: true,
        window_end: 5,
        granted_at: 6,
        was_cut: true,
    };
    assert_eq!(Lease::from_arrivals(lease.arrivals().into_iter()), lease);
    assert_eq!(Lease::from_arrivals(std::iter::empty()), Lease::default());
}

#[test]
fn a_client_that_sends_now_and_then_is_counted_one_by_one() {
    let mut lease = Lease::default();
    for n in 0..20 {
        let now = NOW + n * SECOND;
        assert_eq!(lease.take(1, now, &TERMS, false), Turn::Ask(1), "{n}");
        lease.granted(1, told(100, Duration::from_millis(20_500)), now, &TERMS);
        assert_eq!(lease.take(1, now, &TERMS, false), Turn::Pass(None), "{n}");
    }
}

#[test]
fn batches_grow_with_the_rate_and_are_asked_for_ahead() {
    let mut lease = Lease::default();
    let (mut asked, mut waited) = (Vec::new(), 0);
    for n in 0..1000 {
        let now = NOW + n * MILLISECOND;
        match lease.take(1, now, &TERMS, false) {
            Turn::Pass(None) => {}
            Turn::Pass(Some(hits)) => {
                asked.push(hits);
                lease.granted(hits, None, now, &TERMS);
            }
            Turn::Ask(hits) => {
                asked.push(hits);
                waited += 1;
                lease.granted(hits, None, now, &TERMS);
                assert_eq!(lease.take(1, now, &TERMS, false), Turn::Pass(None));
            }
            Turn::Refused(_) | Turn::Wait => panic!("nothing is refused"),
        }
    }
    assert_eq!(asked[..6], [1, 2, 4, 8, 16, 32]);
    assert!(asked[6..].iter().all(|hits| *hits == 50), "{asked:?}");
    assert!(asked.len() < 30, "{} calls", asked.len());
    assert_eq!(waited, 3, "once the client sends steadily nobody waits");
}

#[test]
fn only_one_worker_asks_ahead() {
    let mut lease = Lease {
        credit: 30,
        batch: 50,
        expires: NOW + SECOND,
        granted_at: NOW - MILLISECOND,
        ..Lease::default()
    };
    let mut ahead = 0;
    for _ in 0..20 {
        if let Turn::Pass(Some(_)) = lease.take(1, NOW, &TERMS, false) {
            ahead += 1;
        }
    }
    assert_eq!(ahead, 1);
    // An answer that never came does not keep everybody quiet.
    assert!(matches!(lease.take(1, NOW + TERMS.timeout, &TERMS, false), Turn::Pass(Some(_))));
}

#[test]
fn a_worker_that_has_asked_asks_for_nothing_else_and_keeps_nobody_quiet() {
    let mut lease = Lease { batch: 50, granted_at: NOW - MILLISECOND, ..Lease::default() };
    assert_eq!(lease.take(1, NOW, &TERMS, true), Turn::Wait);
    lease.credit = 2;
    lease.expires = NOW + SECOND;
    assert_eq!(lease.take(1, NOW, &TERMS, true), Turn::Pass(None));
    // Another worker may.
    assert_eq!(lease.take(1, NOW, &TERMS, false), Turn::Pass(Some(50)));
    // And while its batch is on the way, the next asks for no second one.
    assert_eq!(lease.take(1, NOW, &TERMS, false), Turn::Ask(1));
}

#[test]
fn a_refused_batch_is_halved_before_anybody_is_refused() {
    let mut lease = Lease { batch: 40, granted_at: NOW - 500 * MILLISECOND, ..Lease::default() };
    let mut asked = Vec::new();
    loop {
        match lease.take(1, NOW, &TERMS, false) {
            Turn::Ask(hits) => {
                asked.push(hits);
                lease.refused(hits, 1, None, NOW, &TERMS);
            }
            turn => {
                assert_eq!(turn, Turn::Refused(0));
                break;
            }
        }
    }
    assert_eq!(asked, [40, 20, 10, 5, 2, 1]);
    // Who is not told when the window ends looks again soon.
    assert_eq!(lease.take(1, NOW + SECOND / 4, &TERMS, false), Turn::Ask(1));
}

#[test]
fn a_service_that_tells_what_remains_is_asked_for_that() {
    let mut lease = Lease { batch: 40, granted_at: NOW - 500 * MILLISECOND, ..Lease::default() };
    assert_eq!(lease.take(1, NOW, &TERMS, false), Turn::Ask(40));
    lease.refused(40, 1, told(7, Duration::from_millis(700)), NOW, &TERMS);
    assert_eq!(lease.take(1, NOW, &TERMS, false), Turn::Ask(7));
    lease.refused(7, 1, told(0, Duration::from_millis(700)), NOW, &TERMS);
    assert_eq!(lease.take(1, NOW, &TERMS, false), Turn::Refused(700 * MILLISECOND));
    assert_eq!(lease.take(1, NOW + 699 * MILLISECOND, &TERMS, false), Turn::Refused(MILLISECOND));
    assert!(matches!(lease.take(1, NOW + 700 * MILLISECOND, &TERMS, false), Turn::Ask(_)));
}

#[test]
fn a_lease_ends_with_its_window_and_with_its_length() {
    let granted = |told| {
        let mut lease = Lease::default();
        lease.granted(50, told, NOW, &TERMS);
        lease
    };
    for (case, told, good_for) in [
        ("a window told with its end", told(900, Duration::from_millis(300)), 300),
        ("a long window", told(900, Duration::from_millis(45_300)), 1000),
        ("whole seconds", told(900, Duration::from_secs(1)), 1000),
        ("no window told", None, 1000),
    ] {
        let end = NOW + good_for * MILLISECOND;
        assert_eq!(granted(told).take(1, end - 1, &TERMS, false), Turn::Pass(None), "{case}");
        assert!(matches!(granted(told).take(1, end, &TERMS, false), Turn::Ask(_)), "{case}");
    }
    // Half a second into the second that ends the window.
    let mut lease = Lease::default();
    lease.granted(50, told(900, Duration::from_secs(1)), NOW + SECOND / 2, &TERMS);
    assert!(matches!(lease.take(1, NOW + SECOND, &TERMS, false), Turn::Ask(_)));
}

#[test]
fn hits_of_a_window_do_not_pass_in_the_next() {
    let mut lease = Lease::default();
    lease.granted(50, told(900, Duration::from_millis(100)), NOW, &TERMS);
    // The answer of the next window comes before the old one was seen to end: clocks differ.
    lease.granted(10, told(990, Duration::from_millis(60_090)), NOW + 10 * MILLISECOND, &TERMS);
    let passed = (0..100)
        .filter(|_| matches!(lease.take(1, NOW + 20 * MILLISECOND, &TERMS, false), Turn::Pass(_)));
    assert_eq!(passed.count(), 10);
}

#[test]
fn a_clock_that_steps_back_neither_keeps_a_lease_nor_a_refusal() {
    let mut lease = Lease::default();
    lease.granted(50, None, NOW, &TERMS);
    assert!(matches!(lease.take(1, NOW - 3600 * SECOND, &TERMS, false), Turn::Ask(_)));
    lease.refused(1, 1, told(0, Duration::from_secs(60)), NOW, &TERMS);
    assert!(matches!(lease.take(1, NOW, &TERMS, false), Turn::Refused(_)));
    assert!(matches!(lease.take(1, NOW - 3600 * SECOND, &TERMS, false), Turn::Ask(_)));
}

/// A service with one window that never ends.
struct Service {
    used: u32,
    limit: u32,
    calls: u32,
    counts_refused: bool,
    tells: bool,
}

impl Service {
    fn answer(&mut self, hits: u32, lease: &mut Lease, now: u64) {
        self.calls += 1;
        let passed = self.used + hits <= self.limit;
        if passed || self.counts_refused {
            self.used += hits;
        }
        let told = self.tells.then(|| Told {
            remaining: Some(self.limit.saturating_sub(self.used)),
            reset: Some(Duration::from_nanos(3600 * SECOND + NOW - now)),
            ..Told::default()
        });
        match passed {
            true => lease.granted(hits, told, now, &TERMS),
            false => lease.refused(hits, 1, told, now, &TERMS),
        }
    }
}

#[test]
fn several_gateways_never_pass_more_than_the_limit_and_lose_no_more_than_their_leases() {
    for (counts_refused, tells) in [(false, false), (false, true), (true, true), (true, false)] {
        let mut service = Service { used: 0, limit: 2000, calls: 0, counts_refused, tells };
        let mut leases = [Lease::default(); 3];
        let mut passed = 0;
        // 1000 a second together, for four seconds.
        for n in 0..4000 {
            let now = NOW + n * MILLISECOND;
            let lease = &mut leases[n as usize * 7 % 3];
            for _ in 0..10 {
                match lease.take(1, now, &TERMS, false) {
                    Turn::Ask(hits) => service.answer(hits, lease, now),
                    Turn::Refused(_) | Turn::Wait => break,
                    Turn::Pass(ahead) => {
                        passed += 1;
                        ahead.into_iter().for_each(|hits| service.answer(hits, lease, now));
                        break;
                    }
                }
            }
        }
        let least = 2000 - 3 * 2 * TERMS.most;
        assert!((least..=2000).contains(&passed), "{passed} passed; {counts_refused} {tells}");
        assert!(service.calls < 200, "{} calls; {counts_refused} {tells}", service.calls);
    }
}
