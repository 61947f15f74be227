//! The upstream fails, or the store does.

use super::*;

#[test]
fn what_is_stale_answers_for_an_upstream_that_fails_where_that_is_allowed() {
    let unreachable = "upstream_reset_before_response_started{connection_termination}";
    for (what, head, seconds, own, theirs) in [
        ("nothing said", "max-age=60", 61, true, false),
        ("stale-if-error", "max-age=60, stale-if-error=100", 61, true, true),
        ("stale-if-error that is over", "max-age=60, stale-if-error=100", 161, false, false),
        ("must-revalidate", "max-age=60, must-revalidate", 61, false, false),
        ("proxy-revalidate", "max-age=60, proxy-revalidate", 61, false, false),
        ("s-maxage", "s-maxage=60", 61, false, false),
        ("both", "max-age=60, stale-if-error=100, must-revalidate", 61, false, false),
    ] {
        for (is_own, want) in [(true, own), (false, theirs)] {
            let vm = vm(ALL);
            vm.fill("/x", &[("cache-control", head), ("etag", "\"a\"")], "one");
            vm.later(seconds);
            let sent = vm.get("/x", &[]);
            let got = match is_own {
                true => sent.fails(unreachable),
                false => sent.answer(503, &[], "theirs"),
            };
            assert_eq!(got.status, if want { 200 } else { 503 }, "{what}, Envoy's own: {is_own}");
            if want {
                let detail = if is_own { "unreachable" } else { "failed" };
                assert_eq!((got.code, got.text().as_str()), (Some(Code::StaleOnError), "one"));
                let told = got.status_of_cache();
                assert!(told.starts_with("fwd=stale; fwd-status=503; ttl=-"), "{told}");
                assert!(told.ends_with(detail), "{told}");
            } else {
                assert!(!got.status_of_cache().contains("stored"), "{what}");
            }
        }
    }
}

#[test]
fn the_rule_and_the_client_can_allow_a_stale_answer_for_an_error() {
    let stale = |rule: &str, fields: Fields<'_>, status: u16| {
        let vm = vm(rule);
        vm.fill("/x", FRESH, "one");
        vm.later(70);
        vm.get("/x", fields).answer(status, &[], "theirs").status
    };
    let rule = r#"{"freshness": {"stale_if_error": "20s"}}"#;
    let client = [("cache-control", "stale-if-error=20")];
    for (what, rule, fields, status, want) in [
        ("nobody", ALL, &[][..], 500, 500),
        ("the rule", rule, &[], 500, 200),
        ("the rule, of another error", rule, &[], 502, 200),
        ("the rule, of what is no failure", rule, &[], 404, 404),
        ("the client", ALL, &client, 500, 200),
        ("the client wants none", rule, &[("cache-control", "no-cache")], 500, 500),
    ] {
        assert_eq!(stale(rule, fields, status), want, "{what}");
    }
}

#[test]
fn an_upstream_that_has_just_failed_is_left_alone_for_a_second() {
    let vm = vm(r#"{"freshness": {"stale_if_error": "1h"}}"#);
    vm.fill("/x", FRESH, "one");
    vm.later(61);
    let (leader, follower) = (vm.get("/x", &[]), vm.get("/x", &[]));
    leader.answer(500, &[], "");
    let follower = follower.again();
    assert_eq!(follower.code, Code::StaleOnError);
    assert!(follower.hit().status_of_cache().ends_with("detail=failing"));
    vm.later(1);
    assert_eq!(told(vm.get("/x", &[])), "asks: Expired");
}

#[test]
fn an_error_without_anything_stored_goes_to_the_client_and_is_not_stored() {
    let vm = vm(ALL);
    let got = vm.get("/x", &[]).fails("no_healthy_upstream");
    assert_eq!((got.status, got.text().as_str()), (503, "upstream connect error"));
    assert_eq!(got.status_of_cache(), "fwd=uri-miss; detail=not-of-the-upstream");
    // Not even where the rule keeps errors: this one is Envoy's.
    let vm = vm_with(&host(), r#"{"freshness": {"statuses": {"5xx": "5s"}}}"#, "", 1);
    vm.get("/x", &[]).fails("no_healthy_upstream");
    assert_eq!(told(vm.get("/x", &[])), "asks: Miss");
    vm.later(1);
    vm.get("/x", &[]).answer(500, &[], "theirs");
    assert_eq!(told(vm.get("/x", &[])), "500 theirs");
}

#[test]
fn what_was_purged_meanwhile_does_not_answer_for_an_upstream_that_fails() {
    let vm = vm(r#"{"freshness": {"stale_if_error": "1h"}}"#);
    vm.fill("/x", FRESH, "one");
    vm.later(61);
    let sent = vm.get("/x", &[]);
    vm.cache.config.purges.purge(&*vm.host, &crate::purges::Purged::All).unwrap();
    assert_eq!(sent.fails("upstream_reset").status, 503);
}

/// Requests of all kinds, and what comes back, while the store works for so many calls.
fn all_sorts(vm: &Vm) {
    let answer = [
        ("cache-control", "max-age=1, stale-while-revalidate=5"),
        ("etag", "\"a\""),
        ("vary", "x-a"),
    ];
    let reply = |sent: Sent<'_>, status: u16, body: &str| match sent.step {
        FilterStep::Continue => drop(sent.answer(status, &answer, body)),
        FilterStep::Reply(_) => drop(sent.hit()),
        _ => sent.leave(),
    };
    for _ in 0..2 {
        reply(vm.get("/x", &[]), 200, "one");
        reply(vm.get("/x", &[("range", "bytes=0-1")]), 206, "on");
        reply(vm.send(&[(":method", "HEAD"), (":path", "/x")]), 200, "");
        reply(vm.get("/x", &[("authorization", "a")]), 200, "one");
        let (leader, follower) = (vm.get("/y", &[]), vm.get("/y", &[]));
        reply(leader, 200, "y");
        reply(follower.again(), 200, "y");
        vm.later(3);
        reply(vm.get("/x", &[]), 304, "");
        reply(vm.get("/x", &[("cache-control", "no-cache")]), 500, "");
        vm.later(9);
        reply(vm.get("/x", &[]), 304, "");
        reply(vm.send_with(&[(":method", "POST"), (":path", "/x")], Some(b"p")), 200, "done");
        reply(vm.send_with(&[(":method", "QUERY"), (":path", "/q")], Some(b"q")), 200, "found");
        reply(
            vm.send(&[
                (":method", "POST"),
                (":path", "/purge?url=/x&tag=a"),
                ("authorization", "Bearer k"),
            ]),
            200,
            "",
        );
    }
}

#[test]
fn a_store_that_breaks_down_at_any_step_lets_requests_go_on() {
    let key = gatehouse_filter::api_key::Digest::sha256(b"k").to_string();
    let members = format!(
        r#", "purge": {{"path": "/purge", "keys": ["{key}"]}}, "background": {{"cluster": "self"}}"#
    );
    let rule = r#"{"methods": ["GET", "HEAD", "QUERY"]}"#;
    let mut calls = 0;
    loop {
        let vm = vm_with(&host(), rule, &members, 1);
        vm.host.store.break_down_after(calls);
        let before = vm.host.store.calls();
        all_sorts(&vm);
        let used = vm.host.store.calls() - before;
        vm.host.store.mend();
        vm.later(100);
        // And when it works again, so does the cache.
        for path in ["/x", "/y"] {
            let got = vm.get(path, &[]).answer(200, FRESH, "new");
            assert_eq!(got.text(), "new", "{calls}");
        }
        if used < calls {
            break;
        }
        calls += 1;
    }
    assert!(calls > 150, "{calls}");
}

#[test]
fn a_store_that_is_broken_from_the_start_is_told_and_nothing_waits() {
    let host = host();
    host.store.break_down();
    let vm = vm_with(&host, ALL, "", 1);
    for _ in 0..2 {
        let sent = vm.get("/x", &[]);
        assert_eq!(sent.code, Code::StoreFailed);
        let got = sent.answer(200, FRESH, "one");
        assert_eq!(got.status_of_cache(), "fwd=bypass; detail=store-failed");
    }
}

#[test]
fn conflicts_at_any_write_lose_at_most_what_is_stored() {
    for conflicts in 0..60 {
        let vm = vm(ALL);
        vm.fill("/x", FRESH, "one");
        vm.host.store.conflict_next(conflicts);
        vm.later(61);
        let sent = vm.get("/x", &[]);
        assert!(sent.is_at_origin(), "{conflicts}");
        assert_eq!(sent.answer(200, FRESH, "two").text(), "two", "{conflicts}");
        vm.host.store.conflict_next(0);
        let after = told(vm.get("/x", &[]));
        assert!(after == "200 two" || after.starts_with("asks: "), "{conflicts}: {after}");
    }
}
