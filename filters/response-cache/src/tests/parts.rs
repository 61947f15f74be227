//! Ranges: of what is whole, of what is a part, and what makes a part whole.

use super::*;

const TAGGED: Fields<'static> = &[("cache-control", "max-age=60"), ("etag", "\"a\"")];
const BODY: &str = "0123456789";

#[test]
fn ranges_are_answered_from_what_is_whole() {
    let vm = vm(ALL);
    vm.fill("/x", TAGGED, BODY);
    for (range, more, status, want, content_range) in [
        ("bytes=0-3", &[][..], 206, "0123", Some("bytes 0-3/10")),
        ("bytes=7-", &[], 206, "789", Some("bytes 7-9/10")),
        ("bytes=-2", &[], 206, "89", Some("bytes 8-9/10")),
        ("bytes=5-100", &[], 206, "56789", Some("bytes 5-9/10")),
        ("bytes=10-", &[], 416, "", Some("bytes */10")),
        ("bytes=-0", &[], 416, "", Some("bytes */10")),
        ("bytes=3-2", &[], 200, BODY, None),
        ("lines=0-1", &[], 200, BODY, None),
        ("bytes=0-3", &[("if-range", "\"a\"")], 206, "0123", Some("bytes 0-3/10")),
        ("bytes=0-3", &[("if-range", "\"b\"")], 200, BODY, None),
        ("bytes=0-3", &[("if-range", "W/\"a\"")], 200, BODY, None),
        ("bytes=0-3", &[("if-none-match", "\"a\"")], 304, "", None),
    ] {
        let got = vm.get("/x", &[&[("range", range)], more].concat()).hit();
        assert_eq!((got.status, got.text().as_str()), (status, want), "{range} {more:?}");
        assert_eq!(got.field("content-range").as_deref(), content_range, "{range} {more:?}");
        assert_eq!(got.field("etag").is_some(), status != 416, "{range}");
        assert!(got.status_of_cache().starts_with("hit"), "{range}");
    }
    let head = [(":method", "HEAD"), (":path", "/x"), ("range", "bytes=0-3")];
    assert_eq!(vm.send(&head).hit().status, 200, "ranges are of GET alone (RFC 9110 \u{a7}14.2)");
}

#[test]
fn several_ranges_come_in_several_parts() {
    let vm = vm(ALL);
    let body = format!("01{}89", ".".repeat(1000));
    vm.fill("/x", &[TAGGED, &[("content-type", "text/x")]].concat(), &body);
    let got = vm.get("/x", &[("range", "bytes=0-1,-2")]).hit();
    assert_eq!(got.status, 206);
    let kind = got.field("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let text = got.text().to_lowercase();
    for part in [
        "content-range: bytes 0-1/1004\r\n\r\n01\r\n",
        "content-range: bytes 1002-1003/1004\r\n\r\n89\r\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(text.matches("content-type: text/x").count(), 2, "{text}");
    assert!(text.contains(&format!("--{boundary}--")), "{text}");
    assert_eq!(got.field("content-range"), None);
    // Of what costs more than the whole, the whole.
    let many = (0..400).map(|at| format!("{}-{}", at * 2, at * 2)).collect::<Vec<_>>().join(",");
    let range = format!("bytes={many}");
    let got = vm.get("/x", &[("range", &range)]).hit();
    assert!(got.body.len() < 2 * body.len(), "{}", got.body.len());
}

/// The origin answers with a part.
fn fill_part(vm: &Vm, range: &str, content_range: &str, body: &str) -> Got {
    let fields = [TAGGED, &[("content-range", content_range)]].concat();
    vm.get("/x", &[("range", range)]).answer(206, &fields, body)
}

#[test]
fn a_part_answers_for_what_it_has() {
    let vm = vm(ALL);
    assert!(
        fill_part(&vm, "bytes=2-5", "bytes 2-5/10", "2345").status_of_cache().contains("stored")
    );
    for (range, more, want) in [
        ("bytes=2-5", &[][..], "206 2345"),
        ("bytes=3-4", &[], "206 34"),
        ("bytes=1-3", &[], "asks: Partial"),
        ("bytes=4-8", &[], "asks: Partial"),
        ("bytes=0-1,3-4", &[], "asks: Partial"),
        ("bytes=3-4", &[("if-range", "\"b\"")], "asks: Partial"),
        ("bytes=3-4", &[("if-range", "\"a\"")], "206 34"),
        ("bytes=3-4", &[("if-match", "\"a\"")], "asks: Partial"),
    ] {
        assert_eq!(
            told(vm.get("/x", &[&[("range", range)], more].concat())),
            want,
            "{range} {more:?}"
        );
    }
    assert_eq!(told(vm.send(&[(":method", "HEAD"), (":path", "/x")])), "asks: Partial");
    assert_eq!(
        vm.get("/x", &[("range", "bytes=3-4")]).hit().field("content-range").as_deref(),
        Some("bytes 3-4/10")
    );
}

#[test]
fn a_part_does_not_take_the_place_of_the_whole() {
    let vm = vm(ALL);
    vm.fill("/x", TAGGED, BODY);
    let fields = [("range", "bytes=0-1"), ("cache-control", "no-cache")];
    let part = [TAGGED, &[("content-range", "bytes 0-1/10")]].concat();
    vm.get("/x", &fields).answer(206, &part, "01");
    assert_eq!(told(vm.get("/x", &[])), format!("200 {BODY}"));
}

#[test]
fn the_rest_of_a_part_is_asked_for_and_both_are_sent_as_one() {
    let vm = vm(ALL);
    fill_part(&vm, "bytes=0-5", "bytes 0-5/10", "012345");
    let sent = vm.get("/x", &[]);
    assert_eq!(sent.code, Code::Partial);
    assert_eq!(sent.sends("range").as_deref(), Some("bytes=6-"));
    assert!(sent.sends("if-range").is_some());
    let rest = [TAGGED, &[("content-range", "bytes 6-9/10"), ("content-length", "4")]].concat();
    let got = sent.answer(206, &rest, "6789");
    assert_eq!((got.status, got.text().as_str()), (200, BODY));
    assert_eq!(got.field("content-range"), None);
    assert_eq!(got.status_of_cache(), "fwd=partial; fwd-status=206; stored; ttl=60");
    let got = vm.get("/x", &[]).hit();
    assert_eq!((got.status, got.text().as_str()), (200, BODY));
    assert_eq!((got.field("content-range"), got.field("content-length")), (None, None));
}

#[test]
fn a_rest_of_something_else_is_not_joined_and_not_taken_for_the_whole() {
    let new = [("cache-control", "max-age=60"), ("etag", "\"b\"")];
    let rest = |content_range: &'static str| [TAGGED, &[("content-range", content_range)]].concat();
    for (what, status, fields, body, want) in [
        ("it is another content", 200, new.to_vec(), "new", (200, Some("new"))),
        ("another length", 206, rest("bytes 6-9/11"), "6789", (502, None)),
        ("another place", 206, rest("bytes 7-9/10"), "789", (502, None)),
        ("a part of the rest", 206, rest("bytes 6-8/10"), "678", (502, None)),
        (
            "another tag",
            206,
            [&new[..], &[("content-range", "bytes 6-9/10")]].concat(),
            "6789",
            (502, None),
        ),
        ("no place", 206, TAGGED.to_vec(), "6789", (502, None)),
        ("nothing", 416, vec![("content-range", "bytes */10")], "", (502, None)),
    ] {
        let vm = vm(ALL);
        fill_part(&vm, "bytes=0-5", "bytes 0-5/10", "012345");
        let (sent, follower) = (vm.get("/x", &[]), vm.get("/x", &[]));
        let got = sent.answer(status, &fields, body);
        assert_eq!(got.status, want.0, "{what}");
        assert!(want.1.is_none_or(|text| got.text() == text), "{what}: {}", got.text());
        // And nobody asks for more of it.
        let next = follower.again();
        assert_eq!((next.topic(), next.sends("range")), (None, None), "{what}");
    }
}

#[test]
fn what_is_whole_then_is_for_those_for_whom_the_origin_says_it_is() {
    let public = [("cache-control", "public, max-age=60"), ("etag", "\"a\"")];
    let token = [("authorization", "Bearer a")];
    for (what, control, fields, want) in [
        ("for all", "public, max-age=60", &token[..], [true, true]),
        ("not said any more", "max-age=60", &token, [false, false]),
        ("private", "private", &token, [false, false]),
        ("no-store", "no-store", &[], [false, false]),
        (
            "the client wants none stored",
            "max-age=60",
            &[("cache-control", "no-store")],
            [false, false],
        ),
    ] {
        let vm = vm(ALL);
        let part = [&public[..], &[("content-range", "bytes 0-5/10")]].concat();
        vm.get("/x", &[("range", "bytes=0-5")]).answer(206, &part, "012345");
        let rest =
            [("cache-control", control), ("etag", "\"a\""), ("content-range", "bytes 6-9/10")];
        let got = vm.get("/x", fields).answer(206, &rest, "6789");
        assert_eq!((got.status, got.text().as_str()), (200, BODY), "{what}");
        for (fields, want) in [(&token[..], want[0]), (&[], want[1])] {
            let told = told(vm.get("/x", fields));
            assert_eq!(told == format!("200 {BODY}"), want, "{what} {fields:?}: {told}");
        }
    }
}

#[test]
fn of_what_is_too_long_to_be_joined_the_whole_is_asked_for() {
    let vm = vm(ALL);
    fill_part(&vm, "bytes=0-5", "bytes 0-5/300000", "012345");
    let sent = vm.get("/x", &[]);
    assert_eq!((sent.code, sent.sends("range")), (Code::Partial, None));
}

#[test]
fn the_answer_to_a_head_leaves_a_part_as_it_is() {
    let vm = vm(ALL);
    fill_part(&vm, "bytes=2-5", "bytes 2-5/10", "2345");
    let head = [TAGGED, &[("content-length", "10")]].concat();
    vm.send(&[(":method", "HEAD"), (":path", "/x")]).answer(200, &head, "");
    assert_eq!(told(vm.get("/x", &[("range", "bytes=2-5")])), "206 2345");
}

#[test]
fn of_a_part_of_nobody_knows_how_much_no_rest_is_asked_for() {
    let vm = vm(ALL);
    fill_part(&vm, "bytes=0-9", "bytes 0-9/*", BODY);
    let sent = vm.get("/x", &[]);
    assert_eq!((sent.code, sent.sends("range")), (Code::Partial, None));
    sent.answer(200, TAGGED, BODY);
    assert_eq!(told(vm.get("/x", &[])), format!("200 {BODY}"));
}

#[test]
fn those_who_wait_for_a_rest_get_the_whole() {
    let vm = vm(ALL);
    fill_part(&vm, "bytes=0-5", "bytes 0-5/10", "012345");
    let (leader, follower) = (vm.get("/x", &[]), vm.get("/x", &[]));
    assert!(follower.topic().is_some());
    let rest = [TAGGED, &[("content-range", "bytes 6-9/10"), ("content-length", "4")]].concat();
    leader.answer(206, &rest, "6789");
    assert_eq!(told(follower.again()), format!("200 {BODY}"));
}

#[test]
fn a_part_that_is_none_is_not_stored() {
    for content_range in ["bytes */10", "bytes 5-2/10", "lines 0-1/2", ""] {
        let vm = vm(ALL);
        fill_part(&vm, "bytes=0-1", content_range, "01");
        assert_eq!(told(vm.get("/x", &[("range", "bytes=0-1")])), "asks: Miss", "{content_range}");
    }
}
