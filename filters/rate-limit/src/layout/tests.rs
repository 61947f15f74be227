use super::*;
use crate::bucket::Bucket;
use crate::gcra::Arrival;

const NOW: u64 = 1_000_000;

/// What is used most of a slot with these arrivals.
fn most_used(layout: &Layout, stored: &[(u64, u32)]) -> (usize, u64) {
    let mut bucket = Bucket::new(Bucket::unused(layout), layout).unwrap();
    let digest = [7; 16];
    let place = bucket.place(&digest, NOW, layout);
    let arrivals =
        stored.iter().map(|(nanoseconds, part)| Arrival { nanoseconds: *nanoseconds, part: *part });
    bucket.write(place, &digest, arrivals);
    let own = bucket.place(&digest, NOW, layout);
    let (limit, share) = layout.most_used(bucket.arrivals(own), NOW);
    (limit, share.percent())
}

#[test]
fn the_limit_that_is_used_most_is_found_by_its_share() {
    let layout = Layout::new(vec![
        Gauge::Time { full: 1_000 },
        Gauge::Count { arrivals: 3, full: 10 },
        Gauge::Count { arrivals: 1, full: 200 },
    ]);
    assert_eq!(layout.arrivals(), 5);
    let later = NOW + 1;
    for (case, stored, want) in [
        ("nothing", [(0, 0); 5], (2, 0)),
        ("time", [(NOW + 700, 9), (later, 5), (0, 0), (0, 0), (later, 3)], (0, 70)),
        ("a log", [(NOW + 700, 9), (later, 5), (later, 3), (0, 0), (later, 3)], (1, 80)),
        ("what came back", [(NOW + 700, 9), (NOW, 5), (later, 3), (0, 0), (later, 3)], (0, 70)),
        ("a calendar", [(NOW + 700, 9), (later, 5), (0, 0), (0, 0), (later, 199)], (2, 99)),
        ("a debt", [(NOW + 700, 9), (later, 5), (0, 0), (0, 0), (later, 400)], (2, 200)),
    ] {
        assert_eq!(most_used(&layout, &stored), want, "{case}");
    }
}

#[test]
fn shares_of_other_limits_are_compared_without_rounding() {
    let share = |used, full| Share { used, full };
    assert!(share(1, 3) < share(333_333_334, 1_000_000_000));
    assert!(share(1, 3) > share(333_333_333, 1_000_000_000));
    assert_eq!(share(2, 4), share(1, 2));
    assert!(share(u64::MAX, u64::MAX - 1) > share(u64::MAX - 1, u64::MAX));
}
