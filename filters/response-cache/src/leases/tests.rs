//! Who asks the upstream, and who waits.

use super::*;
use gatehouse_filter_test::FakeHost;
use std::cell::Cell;
use std::rc::Rc;

const X: Digest = [1; 16];
const LASTS: Duration = Duration::from_secs(10);

/// Another digest in the same slot.
fn colliding() -> Digest {
    let mut digest = X;
    digest[0] = 9;
    digest
}

/// What requests of a VM may do.
struct Vm {
    leases: Leases,
    queue: Option<u32>,
}

fn vm(queue: impl Into<Option<u32>>) -> Vm {
    Vm { leases: Leases::new("c/t/"), queue: queue.into() }
}

impl Vm {
    fn turn(&self, host: &FakeHost, digest: Digest, holder: u64) -> Turn {
        self.turn_of(host, digest, holder, true)
    }

    fn turn_of(&self, host: &FakeHost, digest: Digest, holder: u64, has_other: bool) -> Turn {
        let asker = Asker { holder, queue: self.queue.map(Queue), has_other };
        self.leases.turn(host, &digest, asker, LASTS, host.clock.now()).unwrap()
    }

    fn end(&self, host: &FakeHost, holder: u64, how: End) {
        self.leases.end(Held::new(X, holder), how, host, host.clock.now());
    }
}

fn lead(holder: u64) -> Turn {
    Turn::Lead(Held::new(X, holder))
}

#[test]
fn one_leads_the_others_follow_and_each_worker_is_woken_once() {
    let host = FakeHost::at(1000);
    let (one, other) = (vm(1), vm(2));
    assert_eq!(one.turn(&host, X, 1), lead(1));
    let follow = Turn::Follow(topic(&X));
    for holder in 2..10 {
        assert_eq!(one.turn(&host, X, holder), follow);
        assert_eq!(other.turn(&host, X, 10 + holder), follow);
    }
    assert_eq!(host.take_wakes(), []);
    one.end(&host, 1, End::Free);
    assert_eq!(host.take_wakes(), [(Queue(1), topic(&X)), (Queue(2), topic(&X))]);
    assert_eq!(other.turn(&host, X, 30), lead(30), "the next one may ask");
    assert_eq!(one.turn(&host, X, 31), follow, "and only one");
}

#[test]
fn how_a_lease_ends_says_what_the_next_ones_do() {
    for (how, seconds, want) in [
        (End::Free, 0, lead(2)),
        (End::Uncacheable, 0, Turn::Alone),
        (End::Uncacheable, 9, Turn::Alone),
        (End::Uncacheable, 10, lead(2)),
        (End::Failed, 0, Turn::Failing),
        (End::Failed, 1, lead(2)),
    ] {
        let host = FakeHost::at(1000);
        let vm = vm(1);
        assert_eq!(vm.turn(&host, X, 1), lead(1));
        vm.end(&host, 1, how);
        host.clock.set_seconds(1000 + seconds);
        assert_eq!(vm.turn(&host, X, 2), want, "{how:?} {seconds}");
    }
}

#[test]
fn where_nothing_else_is_there_one_more_asks_an_upstream_that_has_failed_and_then_each() {
    let host = FakeHost::at(1000);
    let vm = vm(1);
    let turn = |holder| vm.turn_of(&host, X, holder, false);
    assert_eq!(turn(1), lead(1));
    assert_eq!(turn(2), Turn::Follow(topic(&X)));
    vm.end(&host, 1, End::Failed);
    assert_eq!((turn(2), turn(3)), (lead(2), Turn::Follow(topic(&X))));
    vm.end(&host, 2, End::Failed);
    assert_eq!((turn(3), turn(4)), (Turn::Alone, Turn::Alone));
    assert_eq!(vm.turn(&host, X, 5), Turn::Failing, "who has something else uses it");
    host.clock.set_seconds(1001);
    assert_eq!((turn(6), turn(7)), (lead(6), Turn::Follow(topic(&X))), "it may work again");
    vm.end(&host, 6, End::Failed);
    assert_eq!(turn(7), lead(7), "what was before counts no more");
    vm.end(&host, 7, End::Free);
    assert_eq!(turn(8), lead(8));
    vm.end(&host, 8, End::Failed);
    assert_eq!(turn(9), lead(9), "an answer ends the row of failures");
}

#[test]
fn a_leader_that_is_not_heard_of_any_more_is_followed_by_one() {
    let host = FakeHost::at(1000);
    let vm = vm(1);
    assert_eq!(vm.turn(&host, X, 1), lead(1));
    host.clock.set_seconds(1009);
    assert_eq!(vm.turn(&host, X, 2), Turn::Follow(topic(&X)));
    host.clock.set_seconds(1010);
    assert_eq!(vm.turn(&host, X, 3), lead(3));
    assert_eq!(vm.turn(&host, X, 4), Turn::Follow(topic(&X)));
    // The first one comes late: the lease is not its any more.
    vm.end(&host, 1, End::Uncacheable);
    assert_eq!(host.take_wakes(), []);
    assert_eq!(vm.turn(&host, X, 5), Turn::Follow(topic(&X)));
    vm.end(&host, 3, End::Free);
    assert_eq!(host.take_wakes().len(), 1);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_for_a_lease_of_the_future() {
    for how in [None, Some(End::Uncacheable), Some(End::Failed)] {
        let host = FakeHost::at(100_000);
        let vm = vm(1);
        assert_eq!(vm.turn(&host, X, 1), lead(1));
        if let Some(how) = how {
            vm.end(&host, 1, how);
        }
        host.clock.set_seconds(1000);
        assert_eq!(vm.turn(&host, X, 2), lead(2), "{how:?}");
    }
}

#[test]
fn a_worker_that_has_read_the_clock_a_bit_earlier_waits_all_the_same() {
    for how in [None, Some(End::Uncacheable)] {
        let host = FakeHost::at(1000);
        let vm = vm(1);
        assert_eq!(vm.turn(&host, X, 1), lead(1));
        if let Some(how) = how {
            vm.end(&host, 1, how);
        }
        host.clock.set_seconds(998);
        let want = if how.is_none() { Turn::Follow(topic(&X)) } else { Turn::Alone };
        assert_eq!(vm.turn(&host, X, 2), want, "{how:?}");
    }
}

#[test]
fn two_keys_of_one_slot_do_not_wait_for_each_other() {
    let host = FakeHost::at(1000);
    let vm = vm(1);
    assert_eq!(vm.turn(&host, X, 1), lead(1));
    assert_eq!(vm.turn(&host, colliding(), 2), Turn::Alone);
    vm.end(&host, 2, End::Free);
    assert_eq!(vm.turn(&host, X, 3), Turn::Follow(topic(&X)), "the other one still has it");
    vm.end(&host, 1, End::Uncacheable);
    assert_eq!(
        vm.turn(&host, colliding(), 4),
        Turn::Lead(Held::new(colliding(), 4)),
        "what is remembered of one is not taken for the other"
    );
}

#[test]
fn a_worker_that_cannot_be_woken_does_not_wait_and_only_so_many_do() {
    let host = FakeHost::at(1000);
    assert_eq!(vm(1).turn(&host, X, 1), lead(1));
    assert_eq!(vm(None).turn(&host, X, 2), Turn::Alone);
    for queue in 0..400 {
        let want = if queue < 256 { Turn::Follow(topic(&X)) } else { Turn::Alone };
        assert_eq!(vm(queue).turn(&host, X, u64::from(queue)), want, "{queue}");
    }
}

#[test]
fn the_leases_are_bounded_whatever_is_asked_for() {
    let host = FakeHost::at(1000);
    let vm = vm(1);
    for number in 0..5000_u64 {
        let mut digest = X;
        digest[8..].copy_from_slice(&number.to_le_bytes());
        vm.turn(&host, digest, number);
    }
    assert!(u32::try_from(host.store.keys()).unwrap() <= SLOTS);
}

#[test]
fn conflicts_are_tried_again_and_whoever_loses_all_asks_alone() {
    for conflicts in 0..40 {
        let host = FakeHost::at(1000);
        let vm = vm(1);
        host.store.conflict_next(conflicts);
        let turn = vm.turn(&host, X, 1);
        let has_it = turn == lead(1);
        assert!(has_it || turn == Turn::Alone, "{conflicts}");
        // One conflict is spent on making the slot.
        assert_eq!(has_it, conflicts <= 16, "{conflicts}");
        host.store.conflict_next(0);
        assert_eq!(vm.turn(&host, X, 2) == lead(2), !has_it, "{conflicts}");
    }
}

#[test]
fn whatever_another_worker_does_in_between_there_is_one_leader() {
    for calls in 0.. {
        let host = Rc::new(FakeHost::at(1000));
        let seen = Rc::new(Cell::new(None));
        let (other, told) = (Rc::clone(&host), Rc::clone(&seen));
        host.store.interrupt_after(calls, move || told.set(Some(vm(2).turn(&other, X, 2))));
        let turn = vm(1).turn(&host, X, 1);
        if host.store.is_uninterrupted() {
            break;
        }
        let leaders =
            [turn, seen.get().unwrap()].iter().filter(|turn| matches!(turn, Turn::Lead(_))).count();
        assert_eq!(leaders, 1, "call {calls}");
    }
}

#[test]
fn a_follower_that_comes_while_a_lease_ends_is_woken_or_leads() {
    for calls in 0.. {
        let host = Rc::new(FakeHost::at(1000));
        assert_eq!(vm(1).turn(&host, X, 1), lead(1));
        let seen = Rc::new(Cell::new(None));
        let (other, told) = (Rc::clone(&host), Rc::clone(&seen));
        host.store.interrupt_after(calls, move || told.set(Some(vm(2).turn(&other, X, 2))));
        vm(1).end(&host, 1, End::Free);
        if host.store.is_uninterrupted() {
            break;
        }
        match seen.get().unwrap() {
            Turn::Follow(topic) => assert_eq!(host.take_wakes(), [(Queue(2), topic)], "{calls}"),
            turn => assert_eq!(turn, lead(2), "{calls}"),
        }
    }
}

#[test]
fn bytes_that_are_no_lease_are_a_free_one() {
    for bytes in [&b""[..], b"\x01", b"\x09aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &[1; 30]] {
        let host = FakeHost::at(1000);
        host.store.put(&Leases::new("c/t/").key(&X), bytes);
        assert_eq!(vm(1).turn(&host, X, 1), lead(1), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_store_that_fails_gives_no_turn_and_ends_nothing() {
    let host = FakeHost::at(1000);
    assert_eq!(vm(1).turn(&host, X, 1), lead(1));
    host.store.break_down();
    let asker = Asker { holder: 2, queue: None, has_other: false };
    let turn = vm(1).leases.turn(&host, &X, asker, LASTS, host.clock.now());
    assert_eq!(turn, Err(StoreError));
    vm(1).end(&host, 1, End::Free);
    assert_eq!(host.take_wakes(), []);
}
