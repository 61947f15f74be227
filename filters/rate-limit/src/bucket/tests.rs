use super::*;
use crate::layout::Gauge;

fn digest(number: u8) -> Digest {
    [number; DIGEST]
}

fn until(nanoseconds: u64) -> [Arrival; 1] {
    [Arrival { nanoseconds, part: 0 }]
}

fn layout(limits: usize) -> Layout {
    Layout::new(vec![Gauge::Time { full: 1_000 }; limits])
}

fn bucket(layout: &Layout) -> Bucket {
    Bucket::new(Bucket::unused(layout), layout).unwrap()
}

fn evicted(place: Place) -> usize {
    let Place::Evicted(index, _) = place else { panic!("{place:?}") };
    index
}

#[test]
fn a_client_finds_what_it_left() {
    for limits in 1..=MAX_LIMITS {
        let layout = layout(limits);
        let mut bucket = bucket(&layout);
        let place = bucket.place(&digest(1), 10, &layout);
        assert_eq!(place, Place::Free(0));
        assert_eq!(bucket.arrivals(place).next(), None);
        let left: Vec<_> = (0..limits)
            .map(|index| Arrival { nanoseconds: 1 << (40 + index), part: 7 + index as u32 })
            .collect();
        bucket.write(place, &digest(1), left.iter().copied());
        let stored = Bucket::new(bucket.bytes().to_vec(), &layout).unwrap();
        assert_eq!(stored.place(&digest(1), 10, &layout), Place::Own(0));
        assert_eq!(stored.arrivals(Place::Own(0)).collect::<Vec<_>>(), left);
        assert_eq!(stored.place(&digest(2), 10, &layout), Place::Free(1));
    }
}

#[test]
fn a_new_client_takes_a_paid_back_slot_before_a_live_one_and_the_nearest_live_one_then() {
    let layout = layout(1);
    let mut bucket = bucket(&layout);
    for number in 1..=8 {
        let place = bucket.place(&digest(number), 10, &layout);
        bucket.write(place, &digest(number), until(100 + u64::from(number)));
    }
    assert_eq!(evicted(bucket.place(&digest(9), 10, &layout)), 0);
    assert_eq!(bucket.place(&digest(9), 101, &layout), Place::Free(0));
    assert_eq!(bucket.place(&digest(1), 200, &layout), Place::Own(0));
    bucket.write(Place::Own(0), &digest(1), until(500));
    let place = bucket.place(&digest(9), 10, &layout);
    let Place::Evicted(1, whose) = place else { panic!("{place:?}") };
    assert_eq!((whose.rule, whose.limit, whose.used.percent()), ([2, 2], 0, 9));
}

#[test]
fn of_two_that_have_used_as_much_the_one_that_has_paid_back_first_loses_its_slot() {
    let layout = Layout::new(vec![Gauge::Count { arrivals: 2, full: 4 }]);
    let mut bucket = bucket(&layout);
    for number in 0..8 {
        let used = if number == 0 { 3 } else { 1 };
        let first = Arrival { nanoseconds: 100 - u64::from(number), part: used };
        bucket.write(Place::Free(usize::from(number)), &digest(number + 1), [first]);
    }
    assert_eq!(evicted(bucket.place(&digest(9), 10, &layout)), 7);
    // What came back counts no more: the first has used nothing then, but is not paid back.
    let back = Arrival { nanoseconds: 9, part: 3 };
    let live = Arrival { nanoseconds: 200, part: 0 };
    bucket.write(Place::Own(0), &digest(1), [back, live]);
    assert_eq!(evicted(bucket.place(&digest(9), 10, &layout)), 0);
}

#[test]
fn a_slot_is_live_while_any_of_its_limits_is() {
    let layout = layout(2);
    let mut bucket = bucket(&layout);
    for number in 1..=8 {
        let arrivals = [until(50), until(100)].concat();
        bucket.write(Place::Free(usize::from(number) - 1), &digest(number), arrivals);
    }
    assert!(matches!(bucket.place(&digest(9), 99, &layout), Place::Evicted(..)));
    assert!(matches!(bucket.place(&digest(9), 100, &layout), Place::Free(_)));
}

#[test]
fn bytes_of_another_size_are_no_bucket() {
    for bytes in [vec![], vec![0; 8 * 28 - 1], vec![0; 8 * 28 + 1], vec![0; 8 * 40]] {
        assert!(Bucket::new(bytes, &layout(1)).is_none());
    }
}
