//! Methods beside `GET`: what they are answered with, and what they change.

use super::*;

const HEAD: Fields<'static> = &[(":method", "HEAD"), (":path", "/x")];

#[test]
fn a_head_is_answered_from_what_a_get_has_brought_and_is_not_stored_itself() {
    let vm = vm(ALL);
    assert_eq!(vm.send(HEAD).code, Code::Miss);
    let got =
        vm.send(HEAD).answer(200, &[("cache-control", "max-age=60"), ("content-length", "3")], "");
    assert!(got.status_of_cache().contains("detail=method"), "{}", got.status_of_cache());
    assert_eq!(told(vm.get("/x", &[])), "asks: Miss");
    vm.fill("/x", FRESH, "one");
    let got = vm.send(HEAD).hit();
    // The host sends its length and not the body.
    assert_eq!((got.code, got.text().as_str()), (Some(Code::Hit), "one"));
}

#[test]
fn a_rule_can_leave_heads_to_the_origin() {
    let vm = vm(r#"{"methods": ["GET"]}"#);
    vm.fill("/x", FRESH, "one");
    let sent = vm.send(HEAD);
    assert_eq!(sent.code, Code::BypassMethod);
    assert_eq!(sent.answer(200, &[], "").status_of_cache(), "fwd=method; detail=method");
    assert_eq!(told(vm.get("/x", &[])), "200 one", "it is safe");
}

#[test]
fn the_answer_to_a_head_tells_whether_what_is_stored_still_holds() {
    let tagged = [("cache-control", "max-age=60"), ("etag", "\"a\"")];
    for (what, fields, want) in [
        (
            "the same",
            &[("cache-control", "max-age=60"), ("etag", "\"a\""), ("content-length", "3")][..],
            "200 one",
        ),
        (
            "another tag",
            &[("cache-control", "max-age=60"), ("etag", "\"b\""), ("content-length", "3")],
            "asks: Miss",
        ),
        (
            "another length",
            &[("cache-control", "max-age=60"), ("etag", "\"a\""), ("content-length", "4")],
            "asks: Miss",
        ),
    ] {
        let vm = vm(ALL);
        vm.fill("/x", &tagged, "one");
        vm.later(61);
        vm.send(&[HEAD, &[("cache-control", "no-cache")]].concat()).answer(200, fields, "");
        assert_eq!(told(vm.get("/x", &[])), want, "{what}");
    }
}

#[test]
fn a_query_is_answered_by_its_content() {
    let vm = vm(r#"{"methods": ["GET", "QUERY"]}"#);
    let query = |content: &'static str, fields: Fields<'_>| {
        let fields = [&[(":method", "QUERY"), (":path", "/q")], fields].concat();
        vm.send_with(&fields, Some(content.as_bytes()))
    };
    let json = [("content-type", "application/json")];
    query("a", &json).answer(200, FRESH, "found a");
    for (what, sent, want) in [
        ("the same", query("a", &json), "200 found a"),
        ("other content", query("b", &json), "asks: Miss"),
        ("another type", query("a", &[("content-type", "text/plain")]), "asks: Miss"),
        (
            "another coding",
            query("a", &[("content-type", "application/json"), ("content-encoding", "gzip")]),
            "asks: Miss",
        ),
        ("no content", query("", &json), "asks: Miss"),
        ("a get", vm.get("/q", &[]), "asks: Miss"),
    ] {
        assert_eq!(told(sent), want, "{what}");
    }
    let large = "x".repeat((64 << 10) + 1);
    let fields = [(":method", "QUERY"), (":path", "/q"), ("content-length", "65537")];
    for fields in [&fields[..], &fields[..2]] {
        let sent = vm.send_with(fields, Some(large.as_bytes()));
        // A body that is announced as too large is not read.
        let want = if fields.len() == 3 { Code::BypassContent } else { Code::Miss };
        assert_eq!(sent.code, want);
        sent.leave();
    }
}

#[test]
fn queries_for_the_same_wait_for_each_other() {
    let vm = vm(r#"{"methods": ["GET", "QUERY"]}"#);
    let query = || vm.send_with(&[(":method", "QUERY"), (":path", "/q")], Some(b"a"));
    let (leader, follower) = (query(), query());
    assert!(follower.topic().is_some());
    leader.answer(200, FRESH, "found");
    assert_eq!(told(follower.again()), "200 found");
}

#[test]
fn a_post_that_the_rule_takes_for_a_question_needs_a_lifetime_that_the_origin_gives() {
    for (what, rule, head, want) in [
        (
            "a lifetime",
            r#"{"methods": ["GET", "POST"]}"#,
            &[("cache-control", "max-age=60")][..],
            "200 one",
        ),
        (
            "the operator's",
            r#"{"methods": ["GET", "POST"], "freshness": {"default": "60s"}}"#,
            &[],
            "asks: Miss",
        ),
        ("not in the rule", ALL, &[("cache-control", "max-age=60")], "asks: BypassMethod"),
    ] {
        let vm = vm(rule);
        let post = |content: &str| {
            vm.send_with(&[(":method", "POST"), (":path", "/p")], Some(content.as_bytes()))
        };
        post("a").answer(200, head, "one");
        assert_eq!(told(post("a")), want, "{what}");
        let other = if rule == ALL { "asks: BypassMethod" } else { "asks: Miss" };
        assert_eq!(told(post("b")), other, "{what}");
        assert_eq!(told(vm.get("/p", &[])), "asks: Miss", "{what}");
    }
}

#[test]
fn a_post_whose_answer_is_what_a_get_would_get_is_one() {
    let head = [("cache-control", "max-age=60"), ("content-location", "/x")];
    for (what, status, fields, want) in [
        ("it says so", 200, &head[..], "200 posted"),
        (
            "by a whole URL",
            200,
            &[("cache-control", "max-age=60"), ("content-location", "https://a.example/x")],
            "200 posted",
        ),
        (
            "of another",
            200,
            &[("cache-control", "max-age=60"), ("content-location", "/y")],
            "asks: Miss",
        ),
        ("it does not", 200, &[("cache-control", "max-age=60")], "asks: Miss"),
        ("without a lifetime", 200, &[("content-location", "/x")], "asks: Miss"),
        ("another status", 201, &head, "asks: Miss"),
        (
            "private",
            200,
            &[("cache-control", "private, max-age=60"), ("content-location", "/x")],
            "asks: Miss",
        ),
    ] {
        let vm = vm(ALL);
        vm.fill("/x", FRESH, "old");
        vm.send_with(&[(":method", "POST"), (":path", "/x")], Some(b"p"))
            .answer(status, fields, "posted");
        assert_eq!(told(vm.get("/x", &[])), want, "{what}");
    }
}

#[test]
fn a_request_that_changes_something_invalidates_what_is_stored_of_it() {
    for (what, method, status, fields, gone) in [
        ("a post", "POST", 200, &[][..], &["/x"][..]),
        ("a put", "PUT", 204, &[], &["/x"]),
        ("a delete", "DELETE", 200, &[], &["/x"]),
        ("what nobody knows", "FROB", 200, &[], &["/x"]),
        ("a redirect", "POST", 303, &[], &["/x"]),
        ("an error", "POST", 400, &[], &[]),
        ("a failure", "POST", 500, &[], &[]),
        ("where it leads", "POST", 201, &[("location", "/y?a=1")], &["/x", "/y?a=1"]),
        (
            "what it is",
            "POST",
            200,
            &[("content-location", "https://a.example/y?a=1")],
            &["/x", "/y?a=1"],
        ),
        ("another origin's", "POST", 200, &[("location", "https://b.example/y?a=1")], &["/x"]),
        ("a group", "POST", 200, &[("cache-group-invalidation", "\"g\"")], &["/x", "/z"]),
        ("a safe method", "OPTIONS", 200, &[("location", "/x")], &[]),
    ] {
        let vm = vm(r#"{"key": {"query": {"without": ["utm"]}, "sort_query": true}}"#);
        vm.fill("/x", FRESH, "x");
        vm.fill("/y?a=1&utm=2", FRESH, "y");
        vm.fill("/z", &[FRESH, &[("cache-groups", "\"g\", \"h\"")]].concat(), "z");
        vm.send(&[(":method", method), (":path", "/x")]).answer(status, fields, "done");
        for path in ["/x", "/y?a=1", "/z"] {
            let want = gone.contains(&path);
            let sent = vm.get(path, &[]);
            assert_eq!(sent.is_at_origin(), want, "{what}: {path}");
            sent.leave();
        }
    }
}

#[test]
fn what_was_asked_for_before_a_change_is_not_stored_after_it() {
    let vm = vm(ALL);
    let under_way = vm.get("/x", &[]);
    vm.send(&[(":method", "PUT"), (":path", "/x")]).answer(204, &[], "");
    under_way.answer(200, FRESH, "old");
    assert_eq!(told(vm.get("/x", &[])), "asks: Miss");
    assert_eq!(vm.host.counted(Event::PurgedOnItsWay), 1);
}

#[test]
fn a_group_is_the_origin_s_own() {
    let vm = vm(ALL);
    vm.fill("/z", &[FRESH, &[("cache-groups", "\"g\"")]].concat(), "z");
    let other = [(":method", "POST"), (":path", "/"), (":authority", "b.example")];
    vm.send(&other).answer(200, &[("cache-group-invalidation", "\"g\"")], "");
    assert_eq!(told(vm.get("/z", &[])), "200 z");
}
