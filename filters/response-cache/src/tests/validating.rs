//! What is stale is validated with the client's own request.

use super::*;

const TAGGED: Fields<'static> =
    &[("cache-control", "max-age=60"), ("etag", "\"a\""), ("x-was", "old")];

fn stale_vm(fields: Fields<'_>) -> Vm {
    let vm = vm(ALL);
    vm.fill("/x", fields, "one");
    vm.later(61);
    vm
}

#[test]
fn a_304_brings_what_is_stored_up_to_date() {
    let vm = stale_vm(TAGGED);
    let sent = vm.get("/x", &[]);
    assert_eq!(sent.code, Code::Expired);
    assert_eq!(sent.sends("if-none-match").as_deref(), Some("\\\"a\\\""));
    let got =
        sent.answer(304, &[("etag", "\"a\""), ("cache-control", "max-age=90"), ("x-new", "1")], "");
    assert_eq!((got.code, got.status, got.text().as_str()), (Some(Code::Revalidated), 200, "one"));
    assert_eq!(got.status_of_cache(), "fwd=stale; fwd-status=304; stored; ttl=90");
    let got = vm.get("/x", &[]).hit();
    assert_eq!(got.status_of_cache(), "hit; ttl=90");
    assert_eq!(
        (got.field("x-was").as_deref(), got.field("x-new").as_deref()),
        (Some("old"), Some("1"))
    );
    assert_eq!(got.field("age").as_deref(), Some("0"));
}

#[test]
fn whoever_asks_after_what_is_stored_it_stays() {
    let no_store = [("cache-control", "no-store")];
    let head = [(":method", "HEAD")];
    let fresh = [("etag", "\"a\""), ("cache-control", "max-age=60")];
    for (what, fields, status, is_fresh) in [
        ("HEAD, and a 304", &head[..], 304, true),
        ("HEAD, and a 200 that says the same", &head, 200, true),
        // Nothing of the answer is stored (RFC 9111 §5.2.1.5).
        ("a client that says no-store, and a 304", &no_store, 304, false),
    ] {
        let vm = stale_vm(TAGGED);
        let got = vm.get("/x", fields).answer(status, &fresh, "");
        assert_eq!(got.status, 200, "{what}");
        let then = vm.get("/x", &[]);
        match is_fresh {
            true => assert_eq!(told(then), "200 one", "{what}"),
            false => assert_eq!(told(then), "asks: Expired", "{what}"),
        }
    }
}

#[test]
fn a_200_takes_the_place_of_what_is_stored() {
    let vm = stale_vm(TAGGED);
    let got =
        vm.get("/x", &[]).answer(200, &[("cache-control", "max-age=60"), ("etag", "\"b\"")], "two");
    assert_eq!(got.status_of_cache(), "fwd=stale; stored; ttl=60; detail=stale");
    assert_eq!(told(vm.get("/x", &[])), "200 two");
}

#[test]
fn a_200_that_may_not_be_stored_leaves_nothing_fresh() {
    let vm = stale_vm(TAGGED);
    vm.get("/x", &[]).answer(200, &[("cache-control", "no-store")], "two");
    assert_eq!(told(vm.get("/x", &[])), "asks: Expired");
}

#[test]
fn a_client_s_own_conditions_are_evaluated_against_the_answer() {
    for (what, fields, want) in [
        ("has it", &[("if-none-match", "\"a\"")][..], 304),
        ("has it, weakly", &[("if-none-match", "W/\"a\"")], 304),
        ("any", &[("if-none-match", "*")], 304),
        ("has another", &[("if-none-match", "\"b\"")], 200),
        ("a date before", &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], 200),
        ("a date after", &[("if-modified-since", "Sun, 06 Nov 2050 08:49:37 GMT")], 304),
        (
            "the tag counts before the date",
            &[("if-none-match", "\"b\""), ("if-modified-since", "Sun, 06 Nov 2050 08:49:37 GMT")],
            200,
        ),
    ] {
        let vm = vm(ALL);
        vm.fill("/x", TAGGED, "one");
        let fresh = vm.get("/x", fields).hit();
        assert_eq!(fresh.status, want, "fresh: {what}");
        assert_eq!(fresh.text(), if want == 304 { "" } else { "one" }, "fresh: {what}");
        vm.later(61);
        let sent = vm.get("/x", fields);
        assert_eq!(sent.sends("if-none-match").as_deref(), Some("\\\"a\\\""), "{what}");
        let got = sent.answer(304, &[("etag", "\"a\"")], "");
        assert_eq!(got.status, want, "validated: {what}");
        assert_eq!(vm.get("/x", &[]).hit().text(), "one", "{what}");
    }
}

#[test]
fn a_304_to_a_client_has_what_a_cache_needs_and_no_content() {
    let vm = vm(ALL);
    let fields =
        [TAGGED, &[("content-type", "text/css"), ("content-language", "en"), ("vary", "x-a")]]
            .concat();
    vm.fill("/x", &fields, "one");
    let got = vm.get("/x", &[("if-none-match", "\"a\"")]).hit();
    assert_eq!((got.status, got.body.len()), (304, 0));
    for (name, is_there) in [
        ("etag", true),
        ("cache-control", true),
        ("vary", true),
        ("date", true),
        ("age", true),
        ("content-type", false),
        ("content-language", false),
    ] {
        assert_eq!(got.field(name).is_some(), is_there, "{name}");
    }
}

#[test]
fn conditions_for_the_origin_alone_go_to_the_origin_and_nobody_waits_for_them() {
    let vm = vm(ALL);
    vm.fill("/x", TAGGED, "one");
    for fields in
        [&[("if-match", "\"a\"")][..], &[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]]
    {
        let (one, other) = (vm.get("/x", fields), vm.get("/x", fields));
        for sent in [&one, &other] {
            assert!(sent.is_at_origin(), "{fields:?} {:?}", sent.step);
            assert_eq!(
                sent.sends(fields[0].0).as_deref().map(str::len),
                Some(fields[0].1.escape_default().count())
            );
        }
        assert_eq!(one.answer(412, &[], "").status, 412);
        other.leave();
        assert_eq!(told(vm.get("/x", &[])), "200 one", "{fields:?}");
    }
}

#[test]
fn the_304_of_a_client_s_own_condition_is_not_taken_for_the_resource() {
    let vm = vm(ALL);
    let sent = vm.get("/x", &[("if-none-match", "\"z\"")]);
    assert_eq!((sent.code, sent.sends("if-none-match").is_some()), (Code::Miss, true));
    let other = vm.get("/x", &[]);
    assert!(other.is_at_origin(), "it need not wait for a condition of somebody else");
    assert_eq!(sent.answer(304, &[("etag", "\"z\"")], "").status, 304);
    other.answer(200, FRESH, "one");
    assert_eq!(told(vm.get("/x", &[])), "200 one");
    // Nor is the key remembered as one that cannot be stored.
    let leader = vm.get("/y", &[]);
    assert!(vm.get("/y", &[]).topic().is_some());
    leader.leave();
}

#[test]
fn a_304_without_any_validator_answers_what_was_asked_about() {
    let vm = stale_vm(&[
        ("cache-control", "max-age=60"),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ]);
    let sent = vm.get("/x", &[]);
    assert!(sent.sends("if-modified-since").is_some());
    assert_eq!(sent.answer(304, &[], "").text(), "one");
    assert_eq!(told(vm.get("/x", &[])), "200 one");
}

#[test]
fn a_304_about_something_else_freshens_nothing() {
    let vm = stale_vm(TAGGED);
    let got = vm.get("/x", &[]).answer(304, &[("etag", "\"z\"")], "");
    assert_eq!(got.text(), "one");
    assert!(!got.status_of_cache().contains("stored"));
    assert_eq!(told(vm.get("/x", &[])), "asks: Expired");
}

#[test]
fn what_must_be_validated_each_time_is_and_nobody_waits_for_it() {
    let vm = vm(ALL);
    vm.fill("/x", &[("cache-control", "no-cache"), ("etag", "\"a\"")], "one");
    let (one, other) = (vm.get("/x", &[]), vm.get("/x", &[]));
    assert!(one.is_at_origin() && other.is_at_origin());
    assert_eq!(one.answer(304, &[("etag", "\"a\"")], "").text(), "one");
    assert_eq!(other.answer(304, &[("etag", "\"a\"")], "").text(), "one");
}

#[test]
fn what_has_no_validator_is_asked_for_anew() {
    let vm = stale_vm(FRESH);
    let sent = vm.get("/x", &[]);
    assert_eq!((sent.sends("if-none-match"), sent.sends("if-modified-since")), (None, None));
    sent.answer(200, FRESH, "two");
    assert_eq!(told(vm.get("/x", &[])), "200 two");
}

#[test]
fn a_clock_that_steps_back_makes_nothing_fresh_for_long() {
    let vm = vm(ALL);
    vm.fill("/x", FRESH, "one");
    vm.host.clock.step_back(std::time::Duration::from_secs(30));
    assert_eq!(told(vm.get("/x", &[])), "200 one");
    vm.host.clock.step_back(std::time::Duration::from_secs(3600));
    assert_eq!(told(vm.get("/x", &[])), "asks: Expired");
}

#[test]
fn a_client_that_wants_nothing_stored_makes_nothing_of_what_is_stored_go() {
    let vm = stale_vm(TAGGED);
    let sent = vm.get("/x", &[("cache-control", "no-store")]);
    assert!(sent.sends("if-none-match").is_some());
    assert_eq!(sent.answer(304, &[("etag", "\"a\"")], "").text(), "one");
    let sent = vm.get("/x", &[]);
    assert_eq!(sent.code, Code::Expired, "it is as it was");
    assert!(sent.sends("if-none-match").is_some());
}
