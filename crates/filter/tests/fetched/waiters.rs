//! Requests that wait for what is fetched.

use super::*;
use gatehouse_filter::fetched::{Awaits, MAX_WAITERS, Slot, Waiters};

#[test]
fn a_request_waits_for_what_may_still_come() {
    let host = FakeHost::at(NOW);
    let (worker, room) = (worker(&host), Waiters::default());
    let may_wait =
        |slot: &mut Option<Slot<u8>>, awaits| room.may_wait(slot, 0, &worker, awaits, host.now());
    let mut slot = None;
    assert!(may_wait(&mut slot, Awaits::Any));
    host.clock.advance(Duration::from_millis(1999));
    assert!(may_wait(&mut slot, Awaits::Any));
    host.clock.advance(Duration::from_millis(1));
    assert!(!may_wait(&mut slot, Awaits::Any), "for as long as an answer may take");
    assert!(
        room.may_wait(&mut slot, 1, &worker, Awaits::Any, host.now()),
        "for another thing, anew"
    );

    // Something newer: what a fetch brings that begins now.
    fetch(&host, &worker, &answer("200", "list"));
    let mut slot = None;
    assert!(
        !may_wait(&mut slot, Awaits::Newer),
        "none may begin before the request has to be answered"
    );
    host.clock.advance(seconds(4));
    assert!(may_wait(&mut slot, Awaits::Newer));
    worker.tick(&host);
    assert!(host.take_calls().is_empty(), "not within `retry`");
    host.clock.advance(seconds(1));
    worker.tick(&host);
    let (id, _) = call(&host);
    assert!(may_wait(&mut slot, Awaits::Newer), "it is under way");
    worker.answered(id, &answer("200", "list"), &host);
    assert!(!may_wait(&mut slot, Awaits::Newer), "it brought nothing");
}

#[test]
fn so_many_requests_wait_and_no_more() {
    let host = FakeHost::at(NOW);
    let (worker, room) = (worker(&host), Waiters::default());
    let may_wait =
        |slot: &mut Option<Slot<()>>| room.may_wait(slot, (), &worker, Awaits::Any, host.now());
    let mut places: Vec<Option<Slot<()>>> = (0..MAX_WAITERS).map(|_| None).collect();
    assert!(places.iter_mut().all(may_wait));
    assert!(!may_wait(&mut None));
    places.pop();
    assert!(may_wait(&mut None), "somebody went");
}
