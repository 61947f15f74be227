//! Requests that wait for others.

use crate::fake::{Asked, ROOT, STREAM, World, journal, only};
use gatehouse_chain::Direction::Request;
use gatehouse_filter::Topic;
use serde_json::json;

/// One that waits for the topic 5, and when asked again for it still, or goes on.
fn waiting(then: &str) -> World {
    let mut world = World::of(json!([{"head": ["wait-topic 5", then], "wakes": 5}]));
    for stream in [STREAM, STREAM + 1] {
        world.open(stream, ROOT);
        world.play(stream, "get");
    }
    journal::take();
    world
}

fn has_gone(world: &World, stream: u32) -> bool {
    world.sink(stream, Request).head.is_some()
}

#[test]
fn whoever_waits_for_a_topic_is_asked_again_when_it_comes_and_in_the_order_of_coming() {
    let mut world = waiting("pass");
    world.proxy.topics.borrow_mut().extend([Topic(4), Topic(5), Topic(5)]);
    world.queue_ready(ROOT);
    let lines = only(&journal::take(), &["focus", "first is asked", "resume"]);
    assert_eq!(
        lines,
        ["focus 7", "first is asked", "resume", "focus 8", "first is asked", "resume", "focus 1"]
    );
    assert!(has_gone(&world, STREAM) && has_gone(&world, STREAM + 1));
}

#[test]
fn another_topic_and_another_configuration_s_queue_wake_nobody() {
    let mut world = waiting("pass");
    world.proxy.topics.borrow_mut().push_back(Topic(6));
    world.queue_ready(ROOT);
    world.proxy.topics.borrow_mut().push_back(Topic(5));
    world.vm.queue_ready(ROOT + 50, &world.proxy);
    assert!(!has_gone(&world, STREAM) && !has_gone(&world, STREAM + 1));
}

#[test]
fn a_tick_asks_those_who_wait_so_that_they_can_give_up() {
    let mut world = waiting("pass");
    world.tick(ROOT);
    assert!(has_gone(&world, STREAM) && has_gone(&world, STREAM + 1));
}

#[test]
fn one_that_waits_on_is_woken_again() {
    let mut world = waiting("wait-topic 5");
    for _ in 0..3 {
        world.proxy.topics.borrow_mut().push_back(Topic(5));
        world.queue_ready(ROOT);
        assert_eq!(only(&journal::take(), &["first is asked"]).len(), 2);
    }
    assert!(!has_gone(&world, STREAM));
}

#[test]
fn a_request_that_is_no_more_tells_its_filters_and_they_can_wake_the_others() {
    let mut world = waiting("pass");
    world.play(STREAM, "leave");
    assert_eq!(only(&journal::take(), &["first ends", "wake"]), ["first ends", "wake 77 for 5"]);
    world.queue_ready(ROOT);
    assert!(has_gone(&world, STREAM + 1));
}

#[test]
fn whoever_waits_for_others_is_not_configured_without_a_queue_or_a_timer() {
    for (asked, wants) in [(Asked::Queue, "refused a queue"), (Asked::Timer, "refused a timer")] {
        let mut world = World::empty();
        world.proxy.refuse(asked, None);
        let faults = world.configure(ROOT, &json!([{"head": "wait-topic 5"}])).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(wants)), "{faults:?}");
    }
}

#[test]
fn who_does_not_wait_for_others_cannot_wait_for_a_topic() {
    let mut world = World::of(json!([{"bare": true, "head": "wait-topic 5"}]));
    world.open(STREAM, ROOT);
    world.play(STREAM, "get");
    let lines = journal::take();
    assert!(lines.iter().any(|line| line.starts_with("reply 500")), "{lines:#?}");
}
