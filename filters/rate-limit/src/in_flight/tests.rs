use super::*;
use gatehouse_filter_test::FakeHost;
use std::time::Duration;

const CLIENT: Digest = [7; 16];
const NOW: u64 = 1_790_000_000;

/// A VM with a table of eight slots that it shares with those of the same host.
fn vm(host: &FakeHost) -> Rc<InFlight> {
    let most = Amount::Fixed(10);
    let table = Rc::new(Table::new(1, 8, InFlight::layout(&most)));
    table.prepare(host).unwrap();
    let vm = InFlight::new(most, table);
    vm.make(host).unwrap();
    Rc::new(vm)
}

fn enter(vm: &Rc<InFlight>, most: u32, host: &FakeHost) -> Option<Entered> {
    match vm.enter(&CLIENT, most, host).unwrap() {
        Entry::Entered(entered, _) => Some(entered),
        Entry::Full => None,
    }
}

/// How many more could come now.
fn left(vm: &Rc<InFlight>, most: u32, host: &FakeHost) -> usize {
    let entered: Vec<Entered> = std::iter::from_fn(|| enter(vm, most, host)).collect();
    let left = entered.len();
    entered.into_iter().for_each(|entered| entered.leave(host));
    left
}

/// The timer runs for so long.
fn wait(vms: &[&Rc<InFlight>], seconds: u64, host: &FakeHost) {
    for _ in 0..seconds * 2 {
        host.clock.advance(Duration::from_millis(500));
        vms.iter().for_each(|vm| vm.tick(host));
    }
}

#[test]
fn so_many_are_under_way_at_once_over_all_workers_and_each_that_ends_makes_room() {
    let host = FakeHost::at(NOW);
    let vms = [(); 4].map(|()| vm(&host));
    let mut entered: Vec<Entered> = Vec::new();
    for number in 0..10 {
        entered.push(enter(&vms[number % 4], 10, &host).unwrap());
    }
    for vm in &vms {
        assert!(enter(vm, 10, &host).is_none());
    }
    for _ in 0..3 {
        entered.swap_remove(0).leave(&host);
    }
    assert_eq!(left(&vms[3], 10, &host), 3);
    entered.into_iter().for_each(|entered| entered.leave(&host));
    for vm in &vms {
        assert_eq!(left(vm, 10, &host), 10);
        assert!(vm.held.borrow().is_empty());
    }
    assert!(enter(&vms[0], 0, &host).is_none(), "nothing passes");
}

#[test]
fn what_takes_long_stays_counted_and_what_a_vm_held_that_is_no_more_comes_back() {
    let host = FakeHost::at(NOW);
    let (alive, trapped) = (vm(&host), vm(&host));
    let _long = [(); 2].map(|()| enter(&alive, 5, &host).unwrap());
    let _lost = [(); 3].map(|()| enter(&trapped, 5, &host).unwrap());
    wait(&[&alive, &trapped], 600, &host);
    assert!(enter(&alive, 5, &host).is_none(), "all are under way still");
    wait(&[&alive], 14, &host);
    assert!(enter(&alive, 5, &host).is_none(), "the other may be late");
    wait(&[&alive], 7, &host);
    assert_eq!(left(&alive, 5, &host), 3);
    // The VM that takes its place has nothing to do with what it held.
    let anew = vm(&host);
    assert_eq!(left(&anew, 5, &host), 3);
    wait(&[&alive, &anew], 60, &host);
    assert_eq!(left(&anew, 5, &host), 3);
}

#[test]
fn a_worker_that_was_late_is_counted_again() {
    let host = FakeHost::at(NOW);
    let (late, other) = (vm(&host), vm(&host));
    let long = [(); 3].map(|()| enter(&late, 3, &host).unwrap());
    host.clock.advance(Duration::from_secs(3600));
    let one = enter(&other, 3, &host).unwrap();
    wait(&[&late, &other], 2, &host);
    assert!(enter(&other, 3, &host).is_none());
    long.into_iter().for_each(|entered| entered.leave(&host));
    assert_eq!(left(&late, 3, &host), 2);
    one.leave(&host);
    assert_eq!(left(&late, 3, &host), 3);
}

/// Workers ask for the time once a callback: one that has asked before another writes after it.
#[test]
fn what_another_worker_says_by_a_later_time_counts() {
    let host = FakeHost::at(NOW);
    let vms = [(); 4].map(|()| vm(&host));
    for (number, vm) in vms.iter().enumerate() {
        // Each next one is a millisecond behind.
        host.clock.set_seconds(NOW);
        host.clock.advance(Duration::from_millis(10 - number as u64));
        assert!(enter(vm, 4, &host).is_some());
    }
    host.clock.set_seconds(NOW);
    let lanes: std::collections::BTreeSet<usize> =
        vms.iter().map(|vm| vm.lane.get().unwrap().number).collect();
    assert_eq!(lanes.len(), 4, "each has its own");
    assert!(vms.iter().all(|vm| enter(vm, 4, &host).is_none()));
}

#[test]
fn a_clock_that_was_set_back_locks_nobody_out() {
    let host = FakeHost::at(NOW);
    let (alive, trapped) = (vm(&host), vm(&host));
    let _long = enter(&alive, 3, &host).unwrap();
    let _lost = [(); 2].map(|()| enter(&trapped, 3, &host).unwrap());
    host.clock.set_seconds(NOW - 86_400);
    wait(&[&alive], 2, &host);
    assert_eq!(left(&alive, 3, &host), 2);
}

#[test]
fn a_store_that_fails_loses_nothing_for_long() {
    let host = FakeHost::at(NOW);
    let vm = vm(&host);
    let entered = [(); 2].map(|()| enter(&vm, 3, &host).unwrap());
    host.store.break_down();
    entered.into_iter().for_each(|entered| entered.leave(&host));
    assert!(matches!(vm.enter(&CLIENT, 3, &host), Err(Unavailable::Store)));
    host.store.mend();
    assert_eq!(left(&vm, 3, &host), 3, "what could not be taken back is said anew");
}

#[test]
fn more_workers_than_lanes_count_together() {
    let host = FakeHost::at(NOW);
    let vms: Vec<_> = (0..30).map(|_| vm(&host)).collect();
    let mut entered: Vec<Entered> = vms.iter().map(|vm| enter(vm, 30, &host).unwrap()).collect();
    assert!(vms.iter().all(|vm| enter(vm, 30, &host).is_none()));
    let all: Vec<&Rc<InFlight>> = vms.iter().collect();
    wait(&all, 60, &host);
    assert!(vms.iter().all(|vm| enter(vm, 30, &host).is_none()), "all are under way still");
    entered.pop().unwrap().leave(&host);
    assert_eq!(left(&vms[29], 30, &host), 1);
    entered.into_iter().for_each(|entered| entered.leave(&host));
    assert!(vms.iter().all(|vm| left(vm, 30, &host) == 30));
}

#[test]
fn nobody_waits_for_a_timer_that_has_nothing_to_do() {
    let host = FakeHost::at(NOW);
    let vm = vm(&host);
    enter(&vm, 3, &host).unwrap().leave(&host);
    let calls = host.store.calls();
    wait(&[&vm], 60, &host);
    assert_eq!(host.store.calls(), calls);
}
