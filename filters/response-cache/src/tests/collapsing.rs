//! Of many requests for one answer, one goes to the upstream.

use super::*;
use gatehouse_filter::Queue;

#[test]
fn a_follower_on_another_worker_waits_is_woken_and_answered() {
    let host = host();
    let (one, other) = (vm_with(&host, ALL, "", 1), vm_with(&host, ALL, "", 2));
    let leader = one.get("/x", &[]);
    let follower = other.get("/x", &[]);
    let beside = one.get("/x", &[]);
    let topic = follower.topic().unwrap();
    assert_eq!(beside.topic(), Some(topic));
    assert!(other.get("/y", &[]).is_at_origin(), "others do not wait");
    leader.answer(200, FRESH, "one");
    assert_eq!(host.take_wakes(), [(Queue(2), topic), (Queue(1), topic)]);
    let sent = follower.again();
    assert_eq!(sent.code, Code::Hit);
    let got = sent.hit();
    assert_eq!(
        (got.text().as_str(), got.status_of_cache().as_str()),
        ("one", "fwd=uri-miss; collapsed; ttl=60")
    );
    assert_eq!(beside.again().hit().text(), "one");
    assert_eq!(host.counted(Event::Collapsed), 2);
    assert_eq!(host.counted(Event::WaitedInVain), 0);
}

#[test]
fn a_stale_answer_is_validated_by_one() {
    let vm = vm(ALL);
    vm.fill("/x", &[("cache-control", "max-age=60"), ("etag", "\"a\"")], "one");
    vm.later(61);
    let leader = vm.get("/x", &[]);
    let follower = vm.get("/x", &[]);
    assert!(leader.sends("if-none-match").is_some() && follower.topic().is_some());
    leader.answer(304, &[("etag", "\"a\"")], "");
    let got = follower.again().hit();
    assert_eq!(got.status_of_cache(), "fwd=stale; collapsed; ttl=60");
}

#[test]
fn a_leader_that_leaves_or_breaks_off_is_followed_by_one() {
    for breaks_off in [false, true] {
        let vm = vm(ALL);
        let leader = vm.get("/x", &[]);
        let (one, other) = (vm.get("/x", &[]), vm.get("/x", &[]));
        match breaks_off {
            true => leader.breaks_off(FRESH),
            false => leader.leave(),
        }
        assert_eq!(vm.host.take_wakes().len(), 1);
        let (one, other) = (one.again(), other.again());
        assert!(one.is_at_origin() && other.topic().is_some(), "{breaks_off}");
        one.answer(200, FRESH, "one");
        assert_eq!(told(other.again()), "200 one", "{breaks_off}");
    }
}

#[test]
fn a_leader_whose_upstream_fails_is_followed_by_one_and_then_by_each() {
    let vm = vm(ALL);
    let leader = vm.get("/x", &[]);
    let others: [_; 3] = std::array::from_fn(|_| vm.get("/x", &[]));
    leader.fails("upstream_reset_before_response_started");
    let [one, two, three] = others.map(Sent::again);
    assert!(one.is_at_origin() && two.topic().is_some() && three.topic().is_some());
    one.answer(503, &[], "theirs");
    let (two, three) = (two.again(), three.again());
    assert!(two.is_at_origin() && three.is_at_origin());
    two.answer(200, FRESH, "two");
    assert_eq!(told(vm.get("/x", &[])), "200 two");
}

#[test]
fn a_follower_that_leaves_leaves_nothing_behind() {
    let vm = vm(ALL);
    let leader = vm.get("/x", &[]);
    let (one, other) = (vm.get("/x", &[]), vm.get("/x", &[]));
    one.leave();
    assert_eq!(vm.host.take_wakes(), []);
    leader.leave();
    assert!(other.again().is_at_origin());
}

#[test]
fn nobody_waits_longer_than_the_rule_says() {
    let vm = vm(r#"{"collapse": {"wait": "3s"}}"#);
    let _leader = vm.get("/x", &[]);
    vm.later(2);
    let follower = vm.get("/x", &[]);
    assert!(follower.topic().is_some());
    vm.later(1);
    let follower = follower.again();
    assert!(follower.is_at_origin(), "the leader is given up, and this one leads");
    let late = vm.get("/x", &[]);
    vm.later(2);
    let late = late.again();
    assert!(late.topic().is_some(), "it waits for the new leader");
    vm.later(1);
    assert!(late.again().is_at_origin());
}

#[test]
fn a_follower_whose_time_is_over_goes_on_for_itself() {
    let vm = vm(r#"{"collapse": {"wait": "3s"}}"#);
    let first = vm.get("/x", &[]);
    let follower = vm.get("/x", &[]);
    vm.later(2);
    first.leave();
    assert_eq!(vm.host.take_wakes().len(), 1);
    let second = vm.get("/x", &[]);
    assert!(second.is_at_origin());
    let follower = follower.again();
    assert!(follower.topic().is_some());
    vm.later(1);
    let follower = follower.again();
    assert!(follower.is_at_origin());
    assert_eq!(vm.host.counted(Event::WaitedInVain), 1);
    // What it brings is stored, and what it was not to end goes on.
    follower.answer(200, FRESH, "one");
    assert_eq!(vm.host.take_wakes(), []);
    assert_eq!(told(vm.get("/x", &[])), "200 one");
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_for_ever() {
    let vm = vm(ALL);
    let leader = vm.get("/x", &[]);
    let (one, other) = (vm.get("/x", &[]), vm.get("/x", &[]));
    vm.host.clock.step_back(std::time::Duration::from_secs(3600));
    let (one, other) = (one.again(), other.again());
    assert!(one.is_at_origin() && other.topic().is_some(), "one follows");
    one.leave();
    assert!(other.again().is_at_origin());
    leader.leave();
}

#[test]
fn what_cannot_be_stored_is_not_waited_for_for_a_while() {
    let vm = vm(ALL);
    let leader = vm.get("/x", &[]);
    let (one, other) = (vm.get("/x", &[]), vm.get("/x", &[]));
    leader.answer(200, &[("cache-control", "no-store")], "one");
    assert_eq!(vm.host.take_wakes().len(), 1);
    let (one, other) = (one.again(), other.again());
    assert!(one.is_at_origin() && other.is_at_origin(), "all go on, each for itself");
    one.answer(200, &[("cache-control", "no-store")], "two");
    assert!(vm.get("/x", &[]).is_at_origin());
    // It becomes one that can be stored.
    other.answer(200, FRESH, "three");
    assert_eq!(told(vm.get("/x", &[])), "200 three");
}

#[test]
fn what_is_too_large_is_not_waited_for_either() {
    let vm = vm(ALL);
    let leader = vm.get("/x", &[]);
    let follower = vm.get("/x", &[]);
    leader.answer_bytes(200, FRESH, &vec![b'x'; 300 << 10]);
    assert!(follower.again().is_at_origin());
    assert!(vm.get("/x", &[]).is_at_origin());
}

#[test]
fn an_answer_for_nobody_keeps_nobody_waiting_who_is_somebody() {
    let vm = vm(ALL);
    let token = [("authorization", "Bearer a")];
    let nobody = vm.get("/x", &[]);
    let somebody = vm.get("/x", &token);
    assert!(somebody.is_at_origin(), "{:?}", somebody.step);
    let second = vm.get("/x", &token);
    assert!(second.topic().is_some());
    somebody.answer(200, FRESH, "for one");
    assert!(vm.get("/x", &[]).topic().is_some(), "the other lease still stands");
    nobody.leave();
    assert!(second.again().is_at_origin());
}

#[test]
fn those_that_fill_no_store_neither_lead_nor_wait() {
    for (what, fields) in [
        ("a part", &[("range", "bytes=0-1")][..]),
        ("a head", &[(":method", "HEAD")]),
        ("no-store", &[("cache-control", "no-store")]),
        ("a condition of its own", &[("if-none-match", "\"a\"")]),
        ("a condition for the origin", &[("if-match", "\"a\"")]),
    ] {
        let vm = vm(ALL);
        let first = vm.get("/x", fields);
        let leader = vm.get("/x", &[]);
        assert!(first.is_at_origin() && leader.is_at_origin(), "{what}");
        let beside = vm.get("/x", fields);
        assert!(beside.is_at_origin(), "{what}");
        beside.leave();
        first.leave();
        assert_eq!(vm.host.take_wakes(), [], "{what}");
        let follower = vm.get("/x", &[]);
        assert!(follower.topic().is_some(), "{what}");
    }
}

#[test]
fn a_rule_or_a_worker_without_a_queue_has_nobody_wait() {
    let off = vm(r#"{"collapse": "off"}"#);
    assert!(off.get("/x", &[]).is_at_origin() && off.get("/x", &[]).is_at_origin());
    assert!(!off.cache.waits_for_others());
    let vm = vm(ALL);
    assert!(vm.cache.waits_for_others());
    let _leader = vm.get("/x", &[]);
    vm.host.set_queue(None);
    let head = Headers::from_list(&[
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.example"),
        (":path", "/x"),
    ]);
    let mut state = State::default();
    let decision = vm.cache.on_request(&mut Request::new(head, &*vm.host), &mut state);
    assert_eq!(decision.step, FilterStep::Continue);
}

#[test]
fn variants_of_one_url_are_asked_for_one_after_the_other() {
    let vm = vm(ALL);
    let leader = vm.get("/x", &[("x-a", "1")]);
    let (same, other) = (vm.get("/x", &[("x-a", "1")]), vm.get("/x", &[("x-a", "2")]));
    leader.answer(200, &[("cache-control", "max-age=60"), ("vary", "x-a")], "one");
    assert_eq!(told(same.again()), "200 one");
    let other = other.again();
    assert_eq!((other.is_at_origin(), other.code), (true, Code::VaryMiss));
}
