use super::*;

fn digest(number: u8) -> Digest {
    [number; DIGEST]
}

fn until(nanoseconds: u64) -> Arrivals {
    let mut arrivals = Arrivals::default();
    arrivals[0].nanoseconds = nanoseconds;
    arrivals
}

fn bucket(limits: usize) -> Bucket {
    Bucket::new(Bucket::unused(limits), limits).unwrap()
}

#[test]
fn a_client_finds_what_it_left() {
    for limits in 1..=MAX_LIMITS {
        let mut bucket = bucket(limits);
        let place = bucket.place(&digest(1), 10);
        assert_eq!(place, Place::Free(0));
        assert_eq!(bucket.arrivals(place), Arrivals::default());
        let mut left = Arrivals::default();
        for (index, arrival) in left.iter_mut().take(limits).enumerate() {
            *arrival = Arrival { nanoseconds: 1 << (40 + index), part: 7 + index as u32 };
        }
        bucket.write(place, &digest(1), &left);
        let stored = Bucket::new(bucket.bytes().to_vec(), limits).unwrap();
        assert_eq!(stored.place(&digest(1), 10), Place::Own(0));
        assert_eq!(stored.arrivals(Place::Own(0)), left);
        assert_eq!(stored.place(&digest(2), 10), Place::Free(1));
    }
}

#[test]
fn a_new_client_takes_a_paid_back_slot_before_a_live_one_and_the_nearest_live_one_then() {
    let mut bucket = bucket(1);
    for number in 1..=8 {
        let place = bucket.place(&digest(number), 10);
        bucket.write(place, &digest(number), &until(100 + u64::from(number)));
    }
    assert_eq!(bucket.place(&digest(9), 10), Place::Evicted(0));
    assert_eq!(bucket.place(&digest(9), 101), Place::Free(0));
    assert_eq!(bucket.place(&digest(1), 200), Place::Own(0));
    bucket.write(Place::Own(0), &digest(1), &until(500));
    assert_eq!(bucket.place(&digest(9), 10), Place::Evicted(1));
}

#[test]
fn a_slot_is_live_while_any_of_its_limits_is() {
    let mut bucket = bucket(2);
    for number in 1..=8 {
        let mut arrivals = until(50);
        arrivals[1].nanoseconds = 100;
        bucket.write(Place::Free(usize::from(number) - 1), &digest(number), &arrivals);
    }
    assert!(matches!(bucket.place(&digest(9), 99), Place::Evicted(_)));
    assert!(matches!(bucket.place(&digest(9), 100), Place::Free(_)));
}

#[test]
fn bytes_of_another_size_are_no_bucket() {
    for bytes in [vec![], vec![0; 8 * 28 - 1], vec![0; 8 * 28 + 1], vec![0; 8 * 40]] {
        assert!(Bucket::new(bytes, 1).is_none());
    }
}
