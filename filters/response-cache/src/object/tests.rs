//! Objects in the form in which they are stored.

use super::*;
use gatehouse_caching::{Arrival, FreshnessOptions, ResponseDirectives};
use gatehouse_filter::Timestamp;
use gatehouse_filter_test::Numbers;

fn fixed() -> Fixed {
    let head = Headers::from_list(&[("cache-control", "max-age=60, stale-if-error=5")]);
    let now = Timestamp::from_seconds(1_800_000_000);
    let arrival = Arrival { asked: now, received: now };
    let options = FreshnessOptions::default();
    let lifetime = Lifetime::of(200, &head, &ResponseDirectives::read(&head), &options, arrival);
    Fixed { version: 7, purges: 3, kind: Kind::Response, status: 404, is_public: true, lifetime }
}

fn written(parts: &Parts<'_>) -> Vec<u8> {
    Object::write(&fixed(), parts)
}

#[test]
fn an_object_is_read_as_it_was_written() {
    let head = Headers::to_pairs(&[("a", "1"), ("b", "\u{e9}")]);
    for parts in [
        Parts::default(),
        Parts { key: b"https://a/\nfor x", labels: b"tag a\ntag b\n", head: &head, body: b"abc" },
        Parts { body: &[0; 100_000], ..Parts::default() },
    ] {
        let object = Object::read(written(&parts)).unwrap();
        assert_eq!(object.fixed(), &fixed());
        assert_eq!(
            (object.key(), object.labels(), object.head_bytes(), object.body().as_slice()),
            (parts.key, parts.labels, parts.head, parts.body)
        );
        assert_eq!(
            object.head().iter_received().count(),
            if parts.head.is_empty() { 0 } else { 2 }
        );
    }
    let variants = Fixed { kind: Kind::Variants, is_public: false, ..fixed() };
    let object = Object::read(Object::write(&variants, &Parts::default())).unwrap();
    assert_eq!(object.fixed(), &variants);
}

#[test]
fn an_object_that_was_changed_cut_or_torn_is_none() {
    let head = Headers::to_pairs(&[("a", "1")]);
    let parts = Parts { key: b"k", labels: b"tag a\n", head: &head, body: b"the body" };
    let bytes = written(&parts);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(Object::read(changed).is_none(), "byte {at} bit {bit}");
        }
        assert!(Object::read(bytes[..at].to_vec()).is_none(), "{at} bytes");
    }
    let other = written(&Parts { body: b"the BODY", ..parts });
    for at in 1..bytes.len() {
        let torn = [&bytes[..at], &other[at..]].concat();
        let is_one = torn == bytes || torn == other;
        assert_eq!(Object::read(torn).is_some(), is_one, "torn at {at}");
    }
    assert!(Object::read([&bytes[..], b"x"].concat()).is_none());
}

#[test]
fn no_bytes_panic_also_where_the_checksum_is_not_asked() {
    let mut numbers = Numbers(3);
    let bytes = written(&Parts { key: b"key", labels: b"l\n", head: b"head", body: b"body" });
    for _ in 0..20_000 {
        let mut changed = bytes.clone();
        for _ in 0..=numbers.below(4) {
            let at = usize::try_from(numbers.below(changed.len() as u64)).unwrap();
            changed[at] = numbers.below(256) as u8;
        }
        changed.truncate(usize::try_from(numbers.below(2 * bytes.len() as u64)).unwrap());
        if let Some(object) = Object::read_unchecked(changed) {
            let _ = (object.key(), object.labels(), object.body().as_slice(), object.size());
            let _ = object.head().iter_received().count();
        }
    }
    for length in 0..200 {
        let bytes: Vec<u8> = (0..length).map(|_| numbers.below(256) as u8).collect();
        assert!(Object::read(bytes.clone()).is_none());
        let _ = Object::read_unchecked(bytes);
    }
    assert!(Object::read(vec![0; 200]).is_none(), "nothing but zeros");
}
