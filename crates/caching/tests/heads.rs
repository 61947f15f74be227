//! What is kept of a head and what updates it: a row for each rule of RFC 9111 §3.1, §3.2, §4.3.4
//! and §4.3.5.

use gatehouse_caching::{Field, HeadEffect, ResponseDirectives, freshened, head_effect, kept};
use gatehouse_filter::{Headers, Timestamp};

/// Sun, 29 Nov 2026 12:00:00 GMT
const NOW: Timestamp = Timestamp::from_seconds(1_795_953_600);
const DATE: (&str, &str) = ("date", "Sun, 29 Nov 2026 11:59:00 GMT");
const RECEIVED: (&str, &str) = ("date", "Sun, 29 Nov 2026 12:00:00 GMT");

fn text<'a>(fields: &'a [Field<'_>]) -> Vec<(&'a str, &'a str)> {
    let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).unwrap_or_default();
    fields.iter().map(|(name, value)| (text(name), text(value))).collect()
}

#[test]
fn fields_of_one_connection_or_one_client_are_not_stored() {
    let cookie = ("set-cookie", "a=b");
    for (what, fields, strip, want) in [
        (
            "all others are, in their order",
            &[("b", "1"), ("a", "2"), ("b", "3"), DATE][..],
            false,
            &[("b", "1"), ("a", "2"), ("b", "3"), DATE][..],
        ),
        ("the status", &[(":status", "200"), DATE], false, &[(":status", "200"), DATE]),
        (
            "3.1 connection and what it names",
            &[("connection", "a, B"), ("a", "1"), ("b", "2"), ("c", "3"), DATE],
            false,
            &[("c", "3"), DATE],
        ),
        (
            "RFC 9110 7.6.1 others of the connection",
            &[
                ("keep-alive", "1"),
                ("proxy-connection", "x"),
                ("te", "x"),
                ("trailer", "x"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "x"),
                DATE,
            ],
            false,
            &[DATE],
        ),
        (
            "3.1 of the proxy",
            &[
                ("proxy-authenticate", "x"),
                ("proxy-authentication-info", "x"),
                ("proxy-authorization", "x"),
                DATE,
            ],
            false,
            &[DATE],
        ),
        (
            "5.1 age is of each use",
            &[("age", "5"), ("x-envoy-upstream-service-time", "3"), DATE],
            false,
            &[DATE],
        ),
        (
            "5.2.2.4 what no-cache names",
            &[("cache-control", "no-cache=\"a, B\""), ("a", "1"), ("b", "2"), DATE],
            false,
            &[("cache-control", "no-cache=\"a, B\""), DATE],
        ),
        (
            "5.2.2.7 what private names",
            &[("cache-control", "private=a"), ("a", "1"), DATE],
            false,
            &[("cache-control", "private=a"), DATE],
        ),
        (
            "what a targeted field names",
            &[("cdn-cache-control", "private=\"a\""), ("a", "1"), DATE],
            false,
            &[("cdn-cache-control", "private=\"a\""), DATE],
        ),
        ("cookies", &[cookie, DATE], false, &[cookie, DATE]),
        ("cookies, stripped", &[cookie, DATE], true, &[DATE]),
        ("RFC 9110 6.6.1 a date is added", &[("a", "1")], false, &[("a", "1"), RECEIVED]),
        (
            "RFC 9211 2 what other caches said stays",
            &[("cache-status", "other; hit"), DATE],
            false,
            &[("cache-status", "other; hit"), DATE],
        ),
    ] {
        let response = Headers::from_list(fields);
        let directives = ResponseDirectives::read(&response);
        assert_eq!(text(&kept(&response, &directives, strip, NOW)), want, "{what}");
    }
}

#[test]
fn an_update_replaces_what_it_tells() {
    for (what, stored, update, want) in [
        (
            "3.2 what is told",
            &[("a", "1"), DATE][..],
            &[("a", "2"), RECEIVED][..],
            &[("a", "2"), RECEIVED][..],
        ),
        ("3.2 what is not told stays", &[("a", "1"), DATE], &[RECEIVED], &[("a", "1"), RECEIVED]),
        (
            "3.2 all values of a field",
            &[("a", "1"), ("a", "2"), DATE],
            &[("a", "3"), RECEIVED],
            &[("a", "3"), RECEIVED],
        ),
        (
            "3.2 several new values",
            &[("a", "1"), DATE],
            &[("a", "2"), ("a", "3"), RECEIVED],
            &[("a", "2"), ("a", "3"), RECEIVED],
        ),
        (
            "3.2 not what the content depends upon",
            &[
                (":status", "200"),
                ("content-length", "5"),
                ("content-encoding", "br"),
                ("content-range", "bytes 0-4/5"),
                DATE,
            ],
            &[
                (":status", "304"),
                ("content-length", "10"),
                ("content-encoding", "gzip"),
                ("content-range", "x"),
                RECEIVED,
            ],
            &[
                (":status", "200"),
                ("content-length", "5"),
                ("content-encoding", "br"),
                ("content-range", "bytes 0-4/5"),
                RECEIVED,
            ],
        ),
        (
            "3.2 not what is not stored",
            &[("a", "1"), DATE],
            &[("connection", "a"), ("a", "2"), ("age", "3"), RECEIVED],
            &[("a", "1"), RECEIVED],
        ),
        (
            "3.2 cookies",
            &[("set-cookie", "a=b"), DATE],
            &[("set-cookie", "a=c"), RECEIVED],
            &[("set-cookie", "a=c"), RECEIVED],
        ),
        (
            "not cookies of what was stored without",
            &[("a", "1"), DATE],
            &[("set-cookie", "a=c"), RECEIVED],
            &[("a", "1"), RECEIVED],
        ),
        (
            "RFC 9110 6.6.1 the date of what has none is now",
            &[("a", "1"), DATE],
            &[("b", "2")],
            &[("a", "1"), ("b", "2"), RECEIVED],
        ),
    ] {
        let (stored, update) = (Headers::from_list(stored), Headers::from_list(update));
        let directives = ResponseDirectives::read(&update);
        assert_eq!(text(&freshened(&stored, &update, &directives, NOW)), want, "{what}");
    }
}

#[test]
fn a_head_says_whether_the_content_is_the_same() {
    use HeadEffect::{Freshens, None, Outdates};
    let stored = &[(":status", "200"), ("etag", "\"a\""), ("last-modified", "x")][..];
    for (what, head, want) in [
        (
            "4.3.5 the same validators",
            &[(":status", "200"), ("etag", "\"a\""), ("last-modified", "x")][..],
            Freshens,
        ),
        ("4.3.5 nothing said", &[(":status", "200")], Freshens),
        ("4.3.5 another tag", &[(":status", "200"), ("etag", "\"b\"")], Outdates),
        (
            "4.3.5 another date",
            &[(":status", "200"), ("etag", "\"a\""), ("last-modified", "y")],
            Outdates,
        ),
        ("4.3.5 the same length", &[(":status", "200"), ("content-length", "5")], Freshens),
        ("4.3.5 another length", &[(":status", "200"), ("content-length", "6")], Outdates),
        ("4.3.5 a length that is none", &[(":status", "200"), ("content-length", "x")], Outdates),
        ("4.3.5 an error", &[(":status", "410"), ("etag", "\"b\"")], None),
    ] {
        let (stored, head) = (Headers::from_list(stored), Headers::from_list(head));
        assert_eq!(head_effect(&stored, 5, &head), want, "{what}");
    }
    let tagged = Headers::from_list(&[(":status", "200"), ("etag", "\"a\"")]);
    let untagged = Headers::from_list(&[(":status", "200")]);
    assert_eq!(head_effect(&untagged, 5, &tagged), Outdates, "a validator that was not there");
    let error = Headers::from_list(&[(":status", "404")]);
    assert_eq!(head_effect(&error, 5, &untagged), None, "what is stored is no 200");
}
