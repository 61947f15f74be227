//! Stale while revalidate: with the gateway's own request in the background, and without.

use super::*;
use gatehouse_filter::{CallRefused, Callout};

const HEAD: Fields<'static> =
    &[("cache-control", "max-age=60, stale-while-revalidate=30"), ("etag", "\"a\"")];
const MARK: &str = "x-gatehouse-cache-refresh";
const BACKGROUND: &str = r#", "background": {"cluster": "self"}"#;

/// A VM with something stale in its store that may still be used.
fn stale_vm(members: &str) -> Vm {
    let vm = vm_with(&host(), ALL, members, 1);
    vm.get("/x?q", &[("x-a", "1")]).answer(200, HEAD, "one");
    vm.later(61);
    vm
}

fn call_of(vm: &Vm) -> Callout {
    let [(_, call)] = vm.host.take_calls().try_into().unwrap();
    call
}

/// The gateway's own request, as it comes in at its own listener.
fn loop_back<'v>(vm: &'v Vm, call: &Callout) -> Sent<'v> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut fields = vec![
        (":method".to_owned(), call.method.to_string()),
        // The listener may speak another scheme than the client's.
        (":scheme".to_owned(), "http".to_owned()),
        (":authority".to_owned(), call.authority.clone()),
        (":path".to_owned(), call.path.clone()),
    ];
    fields.extend(
        call.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))),
    );
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    vm.send(&fields)
}

#[test]
fn without_a_background_the_client_s_request_validates() {
    let vm = stale_vm("");
    let sent = vm.get("/x?q", &[]);
    assert_eq!((sent.code, sent.is_at_origin()), (Code::Expired, true));
    assert_eq!(sent.answer(304, &[("etag", "\"a\"")], "").text(), "one");
    assert_eq!(vm.host.take_calls().len(), 0);
}

#[test]
fn with_a_background_the_stale_answer_goes_out_and_one_request_brings_it_up_to_date() {
    let vm = stale_vm(BACKGROUND);
    let fields = [
        ("x-a", "1"),
        ("authorization", "Bearer a"),
        ("cookie", "c=1"),
        ("range", "bytes=0-1"),
        ("if-none-match", "\"z\""),
        ("cache-control", "max-stale"),
        ("x-request-id", "r"),
        ("x-envoy-attempt-count", "1"),
        ("accept", "text/plain"),
    ];
    let anonymous: Vec<_> =
        fields.iter().copied().filter(|(name, _)| *name != "authorization").collect();
    let got = vm.get("/x?q", &anonymous).hit();
    assert_eq!((got.code, got.status_of_cache().as_str()), (Some(Code::Stale), "hit; ttl=-1"));
    let call = call_of(&vm);
    assert_eq!(
        (call.cluster.as_str(), &*call.method, call.authority.as_str(), call.path.as_str()),
        ("self", "GET", "a.example", "/x?q")
    );
    let names: Vec<_> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-a", "cookie", "accept", MARK], "what selects the answer, and the mark");
    for _ in 0..3 {
        assert_eq!(vm.get("/x?q", &[]).code, Code::Stale);
    }
    assert_eq!(vm.host.take_calls().len(), 0, "one is enough");
    let sent = loop_back(&vm, &call);
    assert_eq!((sent.code, sent.is_at_origin()), (Code::Expired, true));
    assert_eq!(sent.sends(MARK), None, "the origin does not see the mark");
    assert_eq!(sent.sends("if-none-match").as_deref(), Some("\\\"a\\\""));
    sent.answer(
        304,
        &[("etag", "\"a\""), ("cache-control", "max-age=60, stale-while-revalidate=30")],
        "",
    );
    let got = vm.get("/x?q", &[]).hit();
    assert_eq!((got.code, got.status_of_cache().as_str()), (Some(Code::Hit), "hit; ttl=60"));
    assert_eq!(vm.host.counted(Event::Refreshed), 1);
    // And again, when it is stale again.
    vm.later(61);
    assert_eq!(vm.get("/x?q", &[]).code, Code::Stale);
    assert_eq!(vm.host.take_calls().len(), 1);
}

#[test]
fn credentials_go_with_the_request_in_the_background() {
    let vm = vm_with(&host(), ALL, BACKGROUND, 1);
    let head = [("cache-control", "public, max-age=60, stale-while-revalidate=30")];
    let token = [("authorization", "Bearer a")];
    vm.get("/x", &token).answer(200, &head, "one");
    vm.later(61);
    assert_eq!(vm.get("/x", &token).code, Code::Stale);
    let call = call_of(&vm);
    let sent = call.headers.iter().find(|(name, _)| name.as_str() == "authorization");
    assert_eq!(sent.map(|(_, value)| value.as_bytes()), Some(&b"Bearer a"[..]));
}

#[test]
fn a_client_s_own_mark_is_removed_and_believed_by_nobody() {
    let vm = stale_vm(BACKGROUND);
    vm.get("/x?q", &[]).hit();
    let call = call_of(&vm);
    let ours = call.headers.iter().find(|(name, _)| name.as_str() == MARK).unwrap();
    let ours = String::from_utf8(ours.1.as_bytes().to_vec()).unwrap();
    let token = ours.split(' ').next().unwrap();
    let wrong = format!("{}0 https 1", &token.get(1..).unwrap());
    for (what, mark) in [
        ("made up", "00000000000000000000000000000000 https 1"),
        ("of the right length", &wrong),
        ("cut", token),
        ("empty", ""),
        ("without a holder", &format!("{token} https")),
        ("with a holder that is none", &format!("{token} https xyz")),
    ] {
        let fields = [(MARK, mark)];
        assert_eq!(vm.get("/x?q", &fields).code, Code::Stale, "{what}");
        let sent = vm.get("/other", &fields);
        assert_eq!(sent.sends(MARK), None, "{what}");
        sent.leave();
    }
    assert_eq!(vm.get("/x?q", &[(MARK, &ours), (MARK, &ours)]).code, Code::Stale, "twice");
}

#[test]
fn a_mark_goes_to_no_origin_on_whatever_way_a_request_takes() {
    for members in ["", BACKGROUND] {
        for (what, rule, fields) in [
            ("a miss", ALL, &[][..]),
            ("a method", ALL, &[(":method", "DELETE")]),
            ("a protocol", ALL, &[("upgrade", "h2c")]),
            ("no rule", r#"{"match": {"path": {"prefix": "/none"}}}"#, &[]),
            ("a part", ALL, &[("range", "bytes=0-1")]),
        ] {
            let vm = vm_with(&host(), rule, members, 1);
            let sent = vm.get("/x", &[fields, &[(MARK, "a https 1")]].concat());
            assert_eq!((sent.sends(MARK), sent.is_at_origin()), (None, true), "{what} {members}");
        }
        // Nor after waiting, nor where the store is broken.
        let vm = vm_with(&host(), ALL, members, 1);
        let leader = vm.get("/x", &[]);
        let follower = vm.get("/x", &[(MARK, "a https 1")]);
        assert!(follower.topic().is_some());
        leader.leave();
        let follower = follower.again();
        assert_eq!((follower.sends(MARK), follower.is_at_origin()), (None, true), "{members}");
        vm.host.store.break_down();
        assert_eq!(vm.get("/y", &[(MARK, "a https 1")]).sends(MARK), None, "{members}");
        let broken = host();
        broken.store.break_down();
        let vm = vm_with(&broken, ALL, members, 1);
        assert_eq!(vm.get("/y", &[(MARK, "a https 1")]).sends(MARK), None, "{members}");
    }
}

#[test]
fn a_call_that_is_refused_leaves_it_to_the_client_s_request() {
    let vm = stale_vm(BACKGROUND);
    vm.host.refuse_calls(Some(CallRefused::Failed));
    for _ in 0..2 {
        let sent = vm.get("/x?q", &[]);
        assert_eq!((sent.code, sent.is_at_origin()), (Code::Expired, true));
        sent.leave();
    }
    assert_eq!(vm.host.counted(Event::Refreshed), 0);
    vm.host.refuse_calls(None);
    assert_eq!(vm.get("/x?q", &[]).code, Code::Stale);
    assert_eq!(vm.host.take_calls().len(), 1);
}

#[test]
fn a_refresh_that_fails_or_is_lost_is_tried_again() {
    for (what, fails, seconds) in [("it fails", true, 2), ("it is lost", false, 10)] {
        let vm = stale_vm(BACKGROUND);
        assert_eq!(vm.get("/x?q", &[]).code, Code::Stale, "{what}");
        let call = call_of(&vm);
        if fails {
            let got = loop_back(&vm, &call).answer(500, &[], "");
            assert_eq!(got.status, 500);
        }
        assert_eq!(vm.get("/x?q", &[]).code, Code::Stale, "{what}");
        assert_eq!(vm.host.take_calls().len(), 0, "{what}: not at once");
        vm.later(seconds);
        assert_eq!(vm.get("/x?q", &[]).code, Code::Stale, "{what}");
        assert_eq!(vm.host.take_calls().len(), 1, "{what}");
    }
}

#[test]
fn when_its_window_is_over_the_client_s_request_validates() {
    let vm = stale_vm(BACKGROUND);
    vm.later(29);
    let sent = vm.get("/x?q", &[]);
    assert!(sent.is_at_origin());
    sent.leave();
    assert_eq!(vm.host.take_calls().len(), 0);
}

#[test]
fn heads_are_refreshed_by_a_get_and_queries_by_nobody() {
    let vm = stale_vm(BACKGROUND);
    assert_eq!(vm.send(&[(":method", "HEAD"), (":path", "/x?q")]).code, Code::Stale);
    assert_eq!(&*call_of(&vm).method, "GET");
    let vm = vm_with(&host(), r#"{"methods": ["GET", "QUERY"]}"#, BACKGROUND, 1);
    let query = || vm.send_with(&[(":method", "QUERY"), (":path", "/q")], Some(b"a"));
    query().answer(200, HEAD, "found");
    vm.later(61);
    assert_eq!(query().code, Code::Expired);
    assert_eq!(vm.host.take_calls().len(), 0);
}

#[test]
fn what_a_refresh_is_told_is_private_is_nobody_s_any_more() {
    let vm = stale_vm(BACKGROUND);
    vm.get("/x?q", &[]).hit();
    let call = call_of(&vm);
    loop_back(&vm, &call).answer(304, &[("etag", "\"a\""), ("cache-control", "private")], "");
    assert_eq!(told(vm.get("/x?q", &[])), "asks: Miss");
}
