//! Buckets: what is in which slot.

use super::*;
use gatehouse_filter_test::Numbers;

fn entry(digest: u8, version: u64, used: u32) -> Entry {
    Entry { digest: [digest; 16], version, size: 100, used: Tenths(used) }
}

#[test]
fn a_bucket_is_read_as_it_was_written() {
    let mut bucket = Bucket::empty();
    for slot in 0..WAYS {
        let number = u8::try_from(slot).unwrap();
        bucket.set(slot, entry(number, u64::MAX - u64::from(number), 7));
    }
    let read = Bucket::read(bucket.as_bytes().to_vec());
    for slot in 0..WAYS {
        assert_eq!(read.at(slot), bucket.at(slot));
    }
    assert_eq!(bucket.as_bytes().len(), WAYS * ENTRY);
}

#[test]
fn any_bytes_are_a_bucket_of_at_most_so_many_objects() {
    let mut numbers = Numbers(7);
    for length in 0..WAYS * ENTRY + 100 {
        let bytes: Vec<u8> = (0..length).map(|_| numbers.below(256) as u8).collect();
        let bucket = Bucket::read(bytes.clone());
        assert!(bucket.objects().count() <= WAYS);
        assert!(bucket.place(&[1; 16], Tenths(5)) < WAYS);
    }
    assert_eq!(Bucket::read(Vec::new()).objects().count(), 0);
}

#[test]
fn an_object_is_placed_in_a_free_slot_then_in_its_own_then_in_the_oldest() {
    let mut full = Bucket::empty();
    for slot in 0..WAYS {
        let number = u8::try_from(slot).unwrap();
        full.set(slot, entry(number, u64::from(number) + 1, 1000 + u32::from(number ^ 3)));
    }
    let mut with_gap = full.clone();
    with_gap.set(5, Entry::default());
    let now = Tenths(2000);
    for (what, bucket, digest, want) in [
        ("its own", &full, 6, 6),
        ("a free one, though it has one", &with_gap, 6, 5),
        ("a free one", &with_gap, 99, 5),
        ("the oldest", &full, 99, 3),
    ] {
        assert_eq!(bucket.place(&[digest; 16], now), want, "{what}");
    }
    assert_eq!(full.find(&[99; 16]), None);
    assert_eq!(with_gap.find(&[0; 16]).map(|(slot, _)| slot), Some(0));
    // An empty slot has the digest of nothing.
    assert_eq!(Bucket::empty().find(&[0; 16]), None);
}

#[test]
fn ages_are_told_over_the_end_of_the_numbers_and_what_is_to_come_is_young() {
    for (then, now, want) in [
        (100, 110, 10),
        (100, 100, 0),
        (u32::MAX, 9, 10),
        (110, 100, 0),
        (0, u32::MAX / 2, u32::MAX / 2),
    ] {
        assert_eq!(Tenths(then).age(Tenths(now)), want, "{then} {now}");
    }
    assert_eq!(Tenths::of(1_000_000_000), Tenths(10));
    assert_eq!(Tenths::of(u64::MAX).age(Tenths::of(u64::MAX)), 0);
}
