use super::*;
use crate::bucket::MAX_LIMITS;
use crate::layout::Gauge;
use crate::sliding_window::MOST_ENTRIES;
use gatehouse_filter_test::FakeHost;

const NOW: u64 = 1_000;

fn digest(number: u64) -> Digest {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&number.to_le_bytes());
    digest[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    digest
}

/// Adds one to what the slot remembers, and tells the sum.
fn add(table: &Table, host: &FakeHost, number: u64) -> Result<(u64, Stored), Unavailable> {
    table.update(host, &digest(number), NOW, |mut stored| {
        let mut arrival = stored.next().unwrap_or_default();
        arrival.nanoseconds = arrival.nanoseconds.max(NOW) + 1;
        (arrival.nanoseconds - NOW, Some([arrival]))
    })
}

fn layout(limits: usize) -> Layout {
    Layout::new(vec![Gauge::Time { full: 1_000 }; limits])
}

#[test]
fn the_table_has_the_asked_number_of_slots_and_never_grows() {
    let host = FakeHost::default();
    let table = Table::new(1, 1_000, layout(2));
    table.prepare(&host).unwrap();
    let (keys, bytes) = (host.store.keys(), host.store.bytes());
    assert_eq!((keys, bytes), (125 + 1, 1_000 * (16 + 2 * 12) + 1));
    let evicted = (0..20_000)
        .filter(|number| add(&table, &host, *number).unwrap().1.evicted.is_some())
        .count();
    assert_eq!((host.store.keys(), host.store.bytes()), (keys, bytes));
    assert_eq!(evicted, 19_000, "numbers in a row fill every bucket evenly");
}

#[test]
fn preparing_again_keeps_what_is_there() {
    let host = FakeHost::default();
    let table = Table::new(1, 64, layout(1));
    table.prepare(&host).unwrap();
    add(&table, &host, 5).unwrap();
    table.prepare(&host).unwrap();
    assert_eq!(add(&table, &host, 5).unwrap().0, 2);
}

#[test]
fn a_preparation_that_did_not_end_is_ended_by_the_next_without_loss() {
    let host = FakeHost::default();
    let table = Table::new(1, 64, layout(1));
    let bucket = table.buckets.key_of(&digest(5));
    host.create(bucket.as_bytes(), &Bucket::unused(&layout(1))).unwrap();
    add(&table, &host, 5).unwrap();
    table.prepare(&host).unwrap();
    assert_eq!(add(&table, &host, 5).unwrap().0, 2);
    assert_eq!(host.store.keys(), 8 + 1);
}

#[test]
fn a_host_that_wants_no_version_for_a_new_key_is_served_too() {
    let host = FakeHost::default();
    host.store.conflict_next(1);
    host.create(b"key", b"value").unwrap();
    assert_eq!(host.store.keys(), 1);
}

#[test]
fn conflicts_are_tried_again_and_not_for_ever() {
    let host = FakeHost::default();
    let table = Table::new(1, 64, layout(1));
    table.prepare(&host).unwrap();
    host.store.conflict_next(ATTEMPTS - 1);
    assert_eq!(add(&table, &host, 5).unwrap().0, 1);
    host.store.conflict_next(ATTEMPTS);
    assert_eq!(add(&table, &host, 5).err(), Some(Unavailable::Contended));
    assert_eq!(add(&table, &host, 5).unwrap().0, 2);
}

#[test]
fn a_change_that_changes_nothing_is_not_written() {
    let host = FakeHost::default();
    let table = Table::new(1, 64, layout(1));
    table.prepare(&host).unwrap();
    host.store.conflict_next(1);
    let looked = table.update(&host, &digest(5), NOW, |_| ((), None::<[Arrival; 0]>));
    assert!(looked.is_ok());
    let mut tries = 0;
    let changed = table.update(&host, &digest(5), NOW, |_| {
        tries += 1;
        ((), Some([Arrival::default()]))
    });
    assert!(changed.is_ok());
    assert_eq!(tries, 2, "the conflict was still waiting");
}

#[test]
fn a_missing_a_foreign_and_a_broken_table_are_unavailable() {
    let host = FakeHost::default();
    let table = Table::new(1, 64, layout(1));
    assert_eq!(add(&table, &host, 5).err(), Some(Unavailable::Store));
    let bucket = table.buckets.key_of(&digest(5));
    host.create(bucket.as_bytes(), b"not a bucket").unwrap();
    assert_eq!(add(&table, &host, 5).err(), Some(Unavailable::Store));
    host.store.break_down();
    assert!(table.prepare(&host).is_err());
    assert_eq!(add(&table, &host, 5).err(), Some(Unavailable::Store));
}

#[test]
fn the_longest_key_fits_into_a_short_string_of_the_host() {
    let logs = vec![Gauge::Count { arrivals: MOST_ENTRIES, full: 1_000 }; MAX_LIMITS];
    let table = Table::new(NAME, 1_048_576, Layout::new(logs));
    assert_eq!(table.buckets.count(), 131_072);
    let mut last = [0; 16];
    last[..8].copy_from_slice(&(table.buckets.count() - 1).to_le_bytes());
    assert!(table.buckets.key_of(&last).len() <= 22);
}
