//! A dry run: everything is stored and compared, nothing is served.

use super::*;

fn shadow() -> Vm {
    vm(r#"{"mode": "shadow"}"#)
}

fn compared(vm: &Vm) -> (u64, u64) {
    (vm.host.counted(Event::ShadowSame), vm.host.counted(Event::ShadowDiffers))
}

#[test]
fn nothing_is_served_and_what_would_have_been_is_compared() {
    let vm = shadow();
    vm.fill("/x", FRESH, "one");
    let sent = vm.get("/x", &[]);
    assert_eq!((sent.code, sent.is_at_origin()), (Code::WouldHit, true));
    let got = sent.answer(200, FRESH, "one");
    assert_eq!((got.text().as_str(), compared(&vm)), ("one", (1, 0)));
    assert_eq!(vm.get("/x", &[]).answer(200, FRESH, "two").text(), "two");
    assert_eq!(compared(&vm), (1, 1));
    assert_eq!(vm.get("/x", &[]).answer(404, &[], "two").status, 404);
    assert_eq!(compared(&vm), (1, 2));
    assert_eq!(vm.get("/x", &[]).fails("upstream_reset").status, 503);
}

#[test]
fn it_is_compared_with_what_this_request_would_have_got() {
    let tagged = [("cache-control", "max-age=60"), ("etag", "\"a\"")];
    let body = "0123456789";
    for (what, fields, status, head, answer, is_same) in [
        ("a condition", &[("if-none-match", "\"a\"")][..], 304, &tagged[..], "", true),
        (
            "a condition that does not hold any more",
            &[("if-none-match", "\"a\"")],
            200,
            &tagged,
            "new",
            false,
        ),
        ("a range", &[("range", "bytes=0-1")], 206, &tagged, "01", true),
        ("another range", &[("range", "bytes=0-1")], 206, &tagged, "12", false),
        ("a head", &[(":method", "HEAD")], 200, &tagged, "", true),
        ("a head of another status", &[(":method", "HEAD")], 404, &tagged, "", false),
        ("a whole", &[], 200, &tagged, body, true),
    ] {
        let vm = shadow();
        vm.fill("/x", &tagged, body);
        let sent = vm.get("/x", fields);
        assert_eq!(sent.code, Code::WouldHit, "{what}");
        sent.answer(status, head, answer);
        assert_eq!(compared(&vm), if is_same { (1, 0) } else { (0, 1) }, "{what}");
    }
}

#[test]
fn requests_are_as_they_came_and_nobody_waits() {
    let vm = vm(r#"{"mode": "shadow", "encodings": ["br"]}"#);
    let fields = [("accept-encoding", "gzip, br"), ("if-none-match", "\"z\"")];
    vm.fill("/x", &[("cache-control", "max-age=60"), ("etag", "\"a\"")], "one");
    vm.later(61);
    let (one, other) = (vm.get("/x", &fields), vm.get("/x", &fields));
    assert!(one.is_at_origin() && other.is_at_origin());
    assert_eq!(one.sends("accept-encoding").as_deref(), Some("gzip, br"));
    assert_eq!(one.sends("if-none-match").as_deref(), Some("\\\"z\\\""));
    let only = vm.get("/y", &[("cache-control", "only-if-cached")]);
    assert!(only.is_at_origin(), "nobody is refused");
}

#[test]
fn the_whole_filter_can_be_in_shadow() {
    let vm = vm_with(&host(), ALL, r#", "mode": "shadow""#, 1);
    vm.fill("/x", FRESH, "one");
    assert!(vm.get("/x", &[]).is_at_origin());
    vm.later(61);
    assert_eq!(vm.get("/x", &[]).fails("upstream_reset").status, 503, "stale answers neither");
}

#[test]
fn an_answer_that_breaks_off_or_is_too_large_is_not_compared() {
    let vm = shadow();
    vm.fill("/x", FRESH, "one");
    vm.get("/x", &[]).breaks_off(FRESH);
    vm.get("/x", &[]).answer_bytes(200, FRESH, &vec![0; 300 << 10]);
    assert_eq!(compared(&vm), (0, 0));
}
