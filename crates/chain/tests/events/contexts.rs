//! Configurations, contexts, and what the host does not do for them.

use crate::fake::{Asked, GET, OK, ROOT, STREAM, Sink, World, journal, only};
use gatehouse_chain::Direction::{Request, Response};
use gatehouse_chain::{BodyFlow, HeadFlow, TrailersFlow};
use gatehouse_filter::{Answer, CallId, GrpcAnswer};
use serde_json::json;

const OTHER: u32 = 2;

/// What each callback of a context answers.
fn all_callbacks(world: &mut World, context: u32) -> [u32; 6] {
    let World { vm, proxy, .. } = world;
    let answers = [
        vm.request_head(context, false, proxy) as u32,
        vm.request_body(context, 3, true, proxy) as u32,
        vm.request_trailers(context, proxy) as u32,
        vm.response_head(context, false, proxy) as u32,
        vm.response_body(context, 3, true, proxy) as u32,
        vm.response_trailers(context, proxy) as u32,
    ];
    vm.logged(context, proxy);
    answers
}

#[test]
fn the_answers_are_the_numbers_of_the_host() {
    let heads = [HeadFlow::Continue, HeadFlow::HoldHead, HeadFlow::HoldAll].map(|flow| flow as u32);
    let bodies = [BodyFlow::Continue, BodyFlow::Hold, BodyFlow::Drop].map(|flow| flow as u32);
    let trailers = [TrailersFlow::Continue, TrailersFlow::Hold].map(|flow| flow as u32);
    assert_eq!((heads, bodies, trailers), ([0, 1, 4], [0, 1, 3], [0, 1]));
}

/// Nothing of a request passes without a configuration; its response is the reply, which does.
#[test]
fn a_request_without_a_configuration_is_answered_and_never_passes() {
    let mut world = World::empty();
    world.vm.created(ROOT, 0);
    world.open(STREAM, ROOT);
    // One that is known to have no configuration, and one that nobody has told of.
    for context in [STREAM, 99] {
        assert_eq!(all_callbacks(&mut world, context), [4, 3, 1, 0, 0, 0], "{context}");
        let want = ["error: there is no configuration", "reply 503 gatehouse.unconfigured"];
        assert_eq!(journal::take(), want, "{context}");
        world.proxy.streams.borrow_mut().get_mut(&STREAM).unwrap().reply = None;
    }
    assert_eq!(world.vm.requests(), 1);
    world.vm.deleted(STREAM, &world.proxy);
    assert_eq!(world.vm.requests(), 0);
}

#[test]
fn a_configuration_that_is_refused_is_none() {
    for (filters, faults) in [
        (json!([{"start": "fails"}]), vec!["[0]start: fails"]),
        (
            json!([{}, {"start": "fails"}, {"start": "fails"}]),
            vec!["[1]start: fails", "[2]start: fails"],
        ),
        (json!("nothing"), vec!["must be a list"]),
    ] {
        let mut world = World::empty();
        assert_eq!(
            world.configure(ROOT, &filters),
            Err(faults.iter().map(ToString::to_string).collect())
        );
        world.open(STREAM, ROOT);
        world.play(STREAM, "get");
        let client = world.sink(STREAM, Response);
        assert_eq!(client.head.unwrap()[0].1, "503", "{filters}");
        assert_eq!(world.sink(STREAM, Request).head, None, "{filters}");
    }
}

/// A filter that waits for its timer in vain would hold requests for ever.
#[test]
fn a_timer_that_is_refused_refuses_the_configuration_that_needs_it() {
    let mut world = World::empty();
    world.proxy.refuse(Asked::Timer, None);
    assert_eq!(world.configure(ROOT, &json!([{"bare": true}])), Ok(()));
    assert_eq!(world.proxy.asked(Asked::Timer), 0);
    let faults = world.configure(ROOT, &json!([{"bare": true}, {}])).unwrap_err();
    assert_eq!(faults.len(), 1);
    let line = "second: the host refused a timer, status 10: ";
    assert!(faults[0].starts_with(line), "{faults:?}");
    let faults = world.configure(ROOT, &json!([{"start": "fails"}, {}])).unwrap_err();
    assert_eq!((faults.len(), &*faults[0]), (2, "[0]start: fails"));
    assert!(faults[1].starts_with("first: the host refused"), "{faults:?}");
}

#[test]
fn everything_that_a_module_may_not_do_is_told_at_once_and_once() {
    let mut world = World::empty();
    let forbidden = ["proxy_set_shared_data", "proxy_continue_stream", "proxy_grpc_call"];
    world.proxy.forbidden.borrow_mut().extend(forbidden);
    assert_eq!(world.configure(ROOT, &json!([{"bare": true}])), Ok(()));
    let faults = world.configure(ROOT, &json!([{"bare": true}, {}, {"start": "fails"}]));
    let lacks = |name: &str| {
        format!(
            "gatehouse: capability_restriction_config: must allow `{name}`, which this \
             configuration needs"
        )
    };
    assert_eq!(faults.unwrap_err(), ["proxy_continue_stream", "proxy_set_shared_data"].map(lacks));
}

/// Filters have no say in a metric that the host does not define.
#[test]
fn metrics_that_the_host_does_not_define_are_not_counted() {
    let mut world = World::empty();
    world.proxy.refuse(Asked::Metric, None);
    assert_eq!(world.configure(ROOT, &json!([{}])), Ok(()));
    world.open(STREAM, ROOT);
    world.play(STREAM, "get");
    assert!(world.sink(STREAM, Request).is_complete, "{:#?}", journal::take());
}

/// Each request belongs to the configuration that it came to, and is woken by its answers and ticks
/// only.
#[test]
fn two_configurations_of_one_vm_do_not_meet() {
    let mut world = World::of(json!([{"head": ["wait", "+of=one pass"]}]));
    let other = json!([{"head": ["wait", "+of=other pass"], "fetches": 1}]);
    assert_eq!(world.configure(OTHER, &other), Ok(()));
    for (context, root) in [(7, ROOT), (8, OTHER)] {
        world.open(context, root);
        world.head(context, Request, GET, true);
    }
    let fields = |sink: Sink| sink.head.unwrap_or_default().last().cloned();
    let of = |name: &str| Some(("of".to_owned(), name.to_owned()));
    world.tick(OTHER);
    assert_eq!(world.sink(7, Request).head, None);
    assert_eq!(fields(world.sink(8, Request)), of("other"));
    world.tick(ROOT);
    assert_eq!(fields(world.sink(7, Request)), of("one"));
    // A call is answered to the configuration that made it.
    journal::take();
    world.answer(ROOT, 1, 200);
    assert_eq!(only(&journal::take(), &["fed"]), [""; 0]);
    world.answer(OTHER, 1, 200);
    assert_eq!(only(&journal::take(), &["fed"]), ["fed ans"]);
    world.delete(7);
    world.delete(8);
    assert_eq!(world.vm.requests(), 0);
}

/// Requests that came to a configuration which is replaced are decided on by it to their end.
#[test]
fn a_configuration_that_is_gone_decides_on_the_requests_that_it_has() {
    let filters =
        json!([{"head": "read hold look", "body": "+old=1 pass", "response": "+old=2 pass"}]);
    let mut world = World::of(filters);
    world.open(STREAM, ROOT);
    world.play(STREAM, "post b:ab");
    world.vm.deleted(ROOT, &world.proxy);
    world.open(8, ROOT);
    world.head(8, Request, GET, true);
    assert_eq!(world.sink(8, Response).head.unwrap()[0].1, "503");
    world.play(STREAM, "b:c. ok r:x.");
    let [upstream, client] = [Request, Response].map(|of| world.sink(STREAM, of));
    assert_eq!(upstream.head.unwrap().last().unwrap(), &("old".to_owned(), "1".to_owned()));
    assert_eq!(client.head.unwrap().last().unwrap(), &("old".to_owned(), "2".to_owned()));
    assert!(client.is_complete);
    // Its timer and its answers are nobody's.
    world.tick(ROOT);
    let read = |_: usize| -> Answer { panic!("it is read") };
    world.vm.call_answered(ROOT, CallId(1), read, &world.proxy);
    let read = |_: usize| -> GrpcAnswer { panic!("it is read") };
    world.vm.grpc_answered(ROOT, CallId(1), read, &world.proxy);
}

/// A configuration is replaced by another in the same context, and requests come to the new one.
#[test]
fn a_request_comes_to_the_configuration_that_there_is() {
    let mut world = World::of(json!([{"head": "+of=old pass"}]));
    world.open(7, ROOT);
    assert_eq!(world.configure(ROOT, &json!([{"head": "+of=new pass"}])), Ok(()));
    world.open(8, ROOT);
    for (context, of) in [(7, "old"), (8, "new")] {
        world.head(context, Request, GET, true);
        let head = world.sink(context, Request).head.unwrap();
        assert_eq!(head.last().unwrap(), &("of".to_owned(), of.to_owned()), "{context}");
    }
}

/// The host's calls concern the configuration again when its requests have been asked.
#[test]
fn the_focus_is_given_back_to_the_configuration() {
    for (script, event, want) in [
        (json!({"head": ["wait", "pass"]}), "tick", &["focus 7", "focus 1"][..]),
        (json!({"head": ["wait-call", "pass"]}), "answer:1", &["focus 7", "focus 1"]),
        (json!({"head": ["wait-grpc", "pass"]}), "message:1", &["focus 7", "focus 1"]),
        (json!({"head": "call 1", "answers": "pass"}), "answer:1", &["focus 7", "focus 1"]),
        (json!({"head": "call 1", "answers": "refuse"}), "answer:1", &["focus 7", "focus 1"]),
        (json!({"head": "call 2", "answers": "pass"}), "answer:1", &["focus 7", "focus 1"]),
        // Nobody is asked, so it never went away.
        (json!({"head": "pass"}), "tick", &[]),
        (json!({"head": "pass", "fetches": 1}), "tick answer:1", &[]),
    ] {
        let mut world = World::of(json!([script]));
        world.open(STREAM, ROOT);
        world.play(STREAM, "get");
        journal::take();
        world.play(STREAM, event);
        assert_eq!(only(&journal::take(), &["focus"]), want, "{script}");
    }
}

/// Two requests wait for the same; the first has left.
#[test]
fn a_request_that_has_left_does_not_keep_others_from_being_asked() {
    for (script, event) in [
        (json!({"head": ["wait", "pass"]}), "tick"),
        (json!({"head": "call 1", "answers": "pass"}), "answer:2"),
    ] {
        let mut world = World::of(json!([script]));
        for context in [7, 8] {
            world.open(context, ROOT);
            world.head(context, Request, GET, true);
        }
        world.delete(7);
        world.play(8, "answer:1");
        journal::take();
        world.play(8, event);
        assert!(world.sink(8, Request).is_complete, "{script}: {:#?}", journal::take());
        assert_eq!(only(&journal::take(), &["focus 7"]), [""; 0]);
    }
}

#[test]
fn a_request_that_the_host_does_not_let_go_on_is_told_of() {
    for (script, event) in [
        (json!({"head": ["wait", "pass"]}), "tick"),
        (json!({"head": "call 1", "answers": "pass"}), "answer:1"),
    ] {
        let mut world = World::of(json!([script]));
        world.proxy.refuse(Asked::Resume, None);
        world.open(STREAM, ROOT);
        world.play(STREAM, "get");
        world.play(STREAM, event);
        let line = "error: the host did not let a request go on, status 10";
        assert_eq!(only(&journal::take(), &["error"]), [line], "{script}");
        assert_eq!(world.sink(STREAM, Request).head, None);
    }
}

#[test]
fn a_reply_that_the_host_refuses_is_told_of_and_nothing_passes() {
    let line = "error: the host refused to answer first.refused, status 10";
    for (script, events) in [
        (json!({"head": "refuse"}), "get"),
        (json!({"head": "refuse"}), "post b:ab."),
        (json!({"head": ["wait", "refuse"]}), "get tick"),
        (json!({"response": "refuse"}), "get ok."),
        (json!({"response": "refuse"}), "get ok r:ab."),
    ] {
        let mut world = World::of(json!([script]));
        world.proxy.refuse(Asked::Reply, None);
        world.open(STREAM, ROOT);
        world.play(STREAM, events);
        let (lines, is_response) = (journal::take(), events.contains("ok"));
        assert_eq!(only(&lines, &["error"]), [line], "{script}: {lines:#?}");
        let refused = world.sink(STREAM, if is_response { Response } else { Request });
        assert_eq!(refused.head, None, "{script}: {lines:#?}");
    }
}

#[test]
fn a_focus_that_the_host_refuses_lets_nothing_pass() {
    for (script, event) in [
        (json!({"head": ["wait", "pass"]}), "tick"),
        (json!({"head": ["wait-grpc", "pass"]}), "message:1"),
        (json!({"head": "call 1", "answers": "pass"}), "answer:1"),
    ] {
        let mut world = World::of(json!([script]));
        world.proxy.refuse(Asked::Focus, Some(0));
        world.open(STREAM, ROOT);
        world.play(STREAM, "get");
        journal::take();
        world.play(STREAM, event);
        let lines = journal::take();
        assert_eq!(only(&lines, &["first is asked", "first has answers"]), [""; 0], "{lines:#?}");
        assert_eq!(world.sink(STREAM, Request).head, None, "{lines:#?}");
    }
}

#[test]
fn a_focus_that_the_host_refuses_is_told_of() {
    for (script, event) in [
        (json!({"head": ["wait", "pass"]}), "tick"),
        (json!({"head": ["wait-grpc", "pass"]}), "message:1"),
        (json!({"head": "call 1", "answers": "pass"}), "answer:1"),
    ] {
        let mut world = World::of(json!([script]));
        world.proxy.refuse(Asked::Focus, Some(0));
        world.open(STREAM, ROOT);
        world.play(STREAM, "get");
        world.play(STREAM, event);
        let lines = journal::take();
        assert_eq!(only(&lines, &["error"]).len(), 1, "{script}: {lines:#?}");
    }
}

/// A head that comes a second time is nobody's.
#[test]
fn a_second_head_of_a_request_is_held_and_one_of_a_response_passes() {
    let mut world = World::of(json!([{}]));
    world.open(STREAM, ROOT);
    world.play(STREAM, "get");
    assert_eq!(world.vm.request_head(STREAM, true, &world.proxy), HeadFlow::HoldAll);
    world.head(STREAM, Response, OK, true);
    journal::take();
    assert_eq!(world.vm.response_head(STREAM, true, &world.proxy), HeadFlow::Continue);
    assert_eq!(journal::take(), [""; 0]);
}

/// Contexts count up, and may be far apart.
#[test]
fn requests_are_told_apart_by_their_contexts() {
    let mut world = World::of(json!([{"head": ["field x pass"]}]));
    let contexts = [2, 3, 256, 65_536, 16_777_216, 33_554_432, u32::MAX];
    contexts.iter().for_each(|context| world.open(*context, ROOT));
    assert_eq!(world.vm.requests(), contexts.len());
    for context in contexts {
        let name = context.to_string();
        world.head(context, Request, &[GET, &[("x", &*name)]].concat(), true);
        let lines = journal::take();
        assert_eq!(only(&lines, &["first sees"]), [format!("first sees x={name}")]);
    }
    contexts.iter().for_each(|context| world.delete(*context));
    assert_eq!(world.vm.requests(), 0);
}
