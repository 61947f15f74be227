use super::*;
use gatehouse_filter::protobuf::put_bytes;

fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    put_bytes(&mut message, 1, name.as_bytes());
    put_bytes(&mut message, 2, value);
    message
}

fn added<N: AsRef<str>, V: AsRef<[u8]>>(head: Head, fields: &[(N, V)]) -> Added {
    let mut added = Added::new(head);
    let read = |(name, value): &(N, V)| added.read(&field(name.as_ref(), value.as_ref()));
    assert!(fields.iter().map(read).all(|read| read.is_some()));
    added
}

fn names(added: &Added) -> Vec<&str> {
    added.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn what_the_proxy_owns_or_says_what_the_message_is_never_comes_from_a_service() {
    for (name, heads) in [
        ("X-RateLimit-Limit", [true, true]),
        ("x-a", [true, true]),
        ("set-cookie", [true, true]),
        ("date", [true, true]),
        ("retry-after", [true, true]),
        ("server", [false, true]),
        ("x-forwarded-proto", [true, false]),
        ("x-envoy-expected-rq-timeout-ms", [true, false]),
        ("host", [false, false]),
        ("Host", [false, false]),
        (":status", [false, false]),
        (":path", [false, false]),
        (":authority", [false, false]),
        ("connection", [false, false]),
        ("Transfer-Encoding", [false, false]),
        ("upgrade", [false, false]),
        ("te", [false, false]),
        ("trailer", [false, false]),
        ("keep-alive", [false, false]),
        ("content-length", [false, false]),
        ("content-type", [false, false]),
        ("content-encoding", [false, false]),
        ("grpc-status", [false, false]),
        ("grpc-message", [false, false]),
        ("", [false, false]),
        ("a b", [false, false]),
        ("x-\u{e4}", [false, false]),
        ("x-a\r\nx-b", [false, false]),
    ] {
        let got = [Head::Response, Head::Request]
            .map(|head| names(&added(head, &[(name, "1")])).len() == 1);
        assert_eq!(got, heads, "{name:?}");
    }
}

#[test]
fn a_value_is_bytes_without_control_characters() {
    for (value, is_taken) in [
        (&b"1"[..], true),
        (b"", true),
        (b"\xff\xfe", true),
        (b"a\tb", true),
        (b"a\r\nx-b: c", false),
        (b"a\0", false),
    ] {
        let added = added(Head::Response, &[("x-a", value)]);
        assert_eq!(added.iter().count(), usize::from(is_taken), "{}", value.escape_ascii());
    }
    // Envoy's newer form.
    let mut message = Vec::new();
    put_bytes(&mut message, 1, b"X-A");
    put_bytes(&mut message, 3, b"raw");
    let mut added = Added::new(Head::Request);
    assert!(added.read(&message).is_some());
    assert_eq!(added.iter().next().map(|(_, value)| value.as_bytes()), Some(&b"raw"[..]));
}

#[test]
fn there_are_not_more_of_them_and_no_larger_ones_than_may_be() {
    let many: Vec<_> = (0..100).map(|number| (format!("x-{number}"), "1")).collect();
    assert_eq!(names(&added(Head::Response, &many)).len(), MOST);
    let large = "a".repeat(MOST_BYTES - 3);
    let fields = [("x-a", large.as_str()), ("x-b", "1")];
    assert_eq!(names(&added(Head::Response, &fields)), ["x-a"]);
    let larger = "a".repeat(MOST_BYTES - 2);
    let fields = [("x-a", larger.as_str()), ("x-b", "1")];
    assert_eq!(names(&added(Head::Response, &fields)), ["x-b"]);
}

#[test]
fn the_end_of_the_window_is_read_where_it_is_seconds_from_now() {
    for (fields, want) in [
        (&[("x-ratelimit-reset", "17")][..], Some(17)),
        (&[("X-RateLimit-Reset", " 17 ")], Some(17)),
        (&[("ratelimit-reset", "17")], Some(17)),
        (&[("x-ratelimit-reset", "17"), ("retry-after", "3")], Some(3)),
        (&[("x-ratelimit-reset", "0")], None),
        (&[("x-ratelimit-reset", "-1")], None),
        (&[("x-ratelimit-reset", "1.5")], None),
        // A moment, and no time from now.
        (&[("x-ratelimit-reset", "1790000000")], None),
        (&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        (&[("retry-after", "soon"), ("x-ratelimit-reset", "9")], Some(9)),
        (&[("x-a", "17")], None),
    ] {
        let want = want.map(Duration::from_secs);
        assert_eq!(added(Head::Response, fields).reset(), want, "{fields:?}");
    }
}
