//! Copies in a VM: bounded, and of what is asked for.

use super::*;
use crate::object::{Fixed, Kind, Parts};
use gatehouse_caching::{Arrival, FreshnessOptions, Lifetime, ResponseDirectives};
use gatehouse_filter::{Headers, Timestamp};

fn kept(version: u64, size: usize) -> Kept {
    let now = Timestamp::from_seconds(1000);
    let (head, options) = (Headers::default(), FreshnessOptions::default());
    let arrival = Arrival { asked: now, received: now };
    let lifetime = Lifetime::of(200, &head, &ResponseDirectives::read(&head), &options, arrival);
    let (kind, status) = (Kind::Response, 200);
    let fixed = Fixed { version, purges: 0, kind, status, is_public: true, lifetime };
    let body = vec![0; size];
    let bytes = Object::write(&fixed, &Parts { body: &body, ..Parts::default() });
    Kept { object: Rc::new(Object::read_unchecked(bytes).unwrap()), checked: None }
}

fn bytes(hot: &Hot) -> usize {
    let all = hot.young.objects.values().chain(hot.old.objects.values());
    all.map(|kept| kept.object.size()).sum()
}

#[test]
fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
    let mut hot = Hot::default();
    hot.keep(kept(1, 1000));
    for version in 2..2000 {
        hot.keep(kept(version, 40 << 10));
        assert!(hot.get(1).is_some(), "{version}");
        assert!(bytes(&hot) <= 2 * MOST, "{version}");
    }
    assert!(hot.get(2).is_none(), "what nobody asks for goes");
}

#[test]
fn what_is_kept_again_counts_once() {
    let mut hot = Hot::default();
    for _ in 0..1000 {
        hot.keep(kept(1, 40 << 10));
    }
    assert!(hot.old.objects.is_empty());
    assert_eq!(hot.young.bytes, bytes(&hot));
}

#[test]
fn what_is_large_is_not_kept() {
    let mut hot = Hot::default();
    hot.keep(kept(1, LARGEST));
    assert!(hot.get(1).is_none());
    hot.keep(kept(2, LARGEST / 2));
    assert!(hot.get(2).is_some());
}

#[test]
fn how_far_it_was_compared_is_known_of_what_is_kept() {
    let mut hot = Hot::default();
    hot.keep(kept(1, 10));
    hot.checked(1, 7);
    hot.checked(2, 7);
    assert_eq!(hot.get(1).and_then(|kept| kept.checked), Some(7));
    hot.keep(kept(1, 10));
    assert_eq!(hot.get(1).and_then(|kept| kept.checked), None, "a new copy is compared anew");
}
