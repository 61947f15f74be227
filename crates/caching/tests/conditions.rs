//! Preconditions of clients and of the cache itself: a row for each rule of RFC 9110 §13 and RFC
//! 9111 §4.3.

use gatehouse_caching::{
    Precondition, Validators, if_range_holds, is_conditional, not_modified_fields, precondition,
};
use gatehouse_filter::{Headers, Timestamp};

/// Sun, 29 Nov 2026 12:00:00 GMT
const NOW: Timestamp = Timestamp::from_seconds(1_795_953_600);
const EARLIER: &str = "Sun, 29 Nov 2026 11:00:00 GMT";
const DATE: &str = "Sun, 29 Nov 2026 12:00:00 GMT";
const LATER: &str = "Sun, 29 Nov 2026 13:00:00 GMT";

#[test]
fn what_a_client_has_is_not_sent_again() {
    use Precondition::{ForOrigin, Holds, NotModified};
    let tagged = &[("etag", "\"a\""), ("last-modified", EARLIER), ("date", DATE)][..];
    let weak = &[("etag", "W/\"a\"")][..];
    let dated = &[("last-modified", EARLIER), ("date", LATER)][..];
    let undated = &[("date", DATE)][..];
    let tag = |value| ("if-none-match", value);
    let since = |value| ("if-modified-since", value);
    for (what, request, status, stored, want) in [
        ("13.2.2 no precondition", &[][..], 200, tagged, Holds),
        ("13.1.2 the tag", &[tag("\"a\"")], 200, tagged, NotModified),
        ("13.1.2 another", &[tag("\"b\"")], 200, tagged, Holds),
        ("13.1.2 the first of several", &[tag("\"a\", \"b\"")], 200, tagged, NotModified),
        ("13.1.2 the last of several", &[tag("\"b\", W/\"a,b\", \"a\"")], 200, tagged, NotModified),
        ("13.1.2 in several lines", &[tag("\"b\""), tag("\"a\"")], 200, tagged, NotModified),
        ("13.1.2 any", &[tag("*")], 200, undated, NotModified),
        ("13.1.2 compared weakly", &[tag("W/\"a\"")], 200, tagged, NotModified),
        ("13.1.2 a weak tag", &[tag("W/\"a\"")], 200, weak, NotModified),
        ("13.1.2 a weak tag and a strong one", &[tag("\"a\"")], 200, weak, NotModified),
        ("13.1.2 of what has no tag", &[tag("\"a\"")], 200, dated, Holds),
        ("13.1.3 the tag over the date", &[tag("\"b\""), since(LATER)], 200, tagged, Holds),
        (
            "13.1.3 the tag over the date, the same",
            &[tag("\"a\""), since("x")],
            200,
            tagged,
            NotModified,
        ),
        ("13.1.3 the date", &[since(EARLIER)], 200, dated, NotModified),
        ("13.1.3 a later date", &[since(DATE)], 200, dated, NotModified),
        ("13.1.3 an earlier date", &[since("Sun, 29 Nov 2026 10:59:59 GMT")], 200, dated, Holds),
        (
            "5.6.7 the date in another form",
            &[since("Sunday, 29-Nov-26 11:00:00 GMT")],
            200,
            dated,
            NotModified,
        ),
        ("13.1.3 no date", &[since("yesterday")], 200, dated, Holds),
        ("13.1.3 two dates", &[since(LATER), since(LATER)], 200, dated, Holds),
        (
            "RFC 9111 4.3.2 without last-modified, its date",
            &[since(DATE)],
            200,
            undated,
            NotModified,
        ),
        ("RFC 9111 4.3.2 an earlier one", &[since(EARLIER)], 200, undated, Holds),
        ("RFC 9111 4.3.2 without a date, when it came", &[since(DATE)], 200, &[], NotModified),
        ("RFC 9111 4.3.2 before it came", &[since(EARLIER)], 200, &[], Holds),
        (
            "a date of modification that cannot be read",
            &[since(LATER)],
            200,
            &[("last-modified", "x")],
            Holds,
        ),
        ("13.2.1 no success", &[tag("\"a\"")], 404, tagged, Holds),
        ("13.2.1 a redirect", &[since(LATER)], 301, dated, Holds),
        (
            "RFC 9111 4.3.2 if-match is for the origin",
            &[("if-match", "\"a\"")],
            200,
            tagged,
            ForOrigin,
        ),
        (
            "RFC 9111 4.3.2 if-unmodified-since, too",
            &[("if-unmodified-since", LATER), tag("\"a\"")],
            200,
            tagged,
            ForOrigin,
        ),
    ] {
        let (request, stored) = (Headers::from_list(request), Headers::from_list(stored));
        assert_eq!(precondition(&request, status, &stored, NOW), want, "{what}");
        assert_eq!(is_conditional(&request), what != "13.2.2 no precondition", "{what}");
    }
}

#[test]
fn ranges_are_wanted_of_the_very_response_alone() {
    let strong = &[("etag", "\"a\""), ("last-modified", EARLIER), ("date", DATE)][..];
    for (what, request, stored, want) in [
        ("13.1.5 no condition", &[][..], strong, true),
        ("13.1.5 the tag", &["\"a\""], strong, true),
        ("13.1.5 another", &["\"b\""], strong, false),
        ("13.1.5 compared strongly", &["W/\"a\""], &[("etag", "W/\"a\"")], false),
        ("13.1.5 the date", &[EARLIER], strong, true),
        ("13.1.5 another date, also a later one", &[LATER], strong, false),
        (
            "8.8.2.2 a date of the same second",
            &[DATE],
            &[("last-modified", DATE), ("date", DATE)],
            false,
        ),
        ("8.8.2.2 without a date", &[EARLIER], &[("last-modified", EARLIER)], false),
        ("13.1.5 what is neither", &["a"], strong, false),
        ("13.1.5 two", &["\"a\"", "\"a\""], strong, false),
    ] {
        let fields: Vec<_> = request.iter().map(|value| ("if-range", *value)).collect();
        let (request, stored) = (Headers::from_list(&fields), Headers::from_list(stored));
        assert_eq!(if_range_holds(&request, &stored, NOW), want, "{what}");
    }
}

#[test]
fn a_304_has_what_guides_caches_and_not_what_describes_content() {
    let names = |fields: &[(&str, &str)]| -> Vec<String> {
        not_modified_fields(&Headers::from_list(fields))
            .iter()
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect()
    };
    let stored = [
        (":status", "200"),
        ("content-type", "text/plain"),
        ("content-length", "5"),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("content-location", "/a"),
        ("date", DATE),
        ("vary", "a"),
        ("cache-control", "max-age=1"),
        ("expires", LATER),
        ("last-modified", EARLIER),
        ("x-other", "1"),
        ("etag", "\"a\""),
    ];
    let must = ["content-location", "date", "vary", "cache-control", "expires"];
    assert_eq!(names(&stored), [&must[..], &["x-other", "etag"]].concat());
    let without_tag = &stored[..stored.len() - 1];
    assert_eq!(names(without_tag), [&must[..], &["last-modified", "x-other"]].concat());
}

fn validators(etag: Option<&str>, last_modified: Option<&str>) -> Validators {
    let bytes = |text: &str| text.as_bytes().to_vec();
    Validators { etag: etag.map(bytes), last_modified: last_modified.map(bytes) }
}

#[test]
fn a_stored_response_is_asked_about_with_its_own_validators() {
    let (tag, date) = ("if-none-match", "if-modified-since");
    for (what, stored, want) in [
        (
            "4.3.1 both",
            &[validators(Some("\"a\""), Some(EARLIER))][..],
            &[(tag, "\"a\""), (date, EARLIER)][..],
        ),
        ("4.3.1 a weak tag stays one", &[validators(Some("W/\"a\""), None)], &[(tag, "W/\"a\"")]),
        ("4.3.1 as it was received", &[validators(Some("a"), None)], &[(tag, "a")]),
        ("4.3.1 a date", &[validators(None, Some("1 Jan"))], &[(date, "1 Jan")]),
        (
            "4.3.1 several",
            &[
                validators(Some("\"a\""), Some(EARLIER)),
                validators(None, Some(DATE)),
                validators(Some("\"b\""), None),
                validators(Some("\"a\""), None),
            ],
            &[(tag, "\"a\", \"b\"")],
        ),
        ("4.3.1 none", &[validators(None, None)], &[]),
        ("4.3.1 nothing", &[], &[]),
    ] {
        let have: Vec<_> = Validators::conditions(stored)
            .into_iter()
            .map(|(name, value)| {
                let value = String::from_utf8(value.as_bytes().to_vec()).unwrap();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let want: Vec<_> =
            want.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(have, want, "{what}");
    }
}

#[test]
fn a_304_selects_what_it_is_about() {
    let all = [
        validators(Some("W/\"w\""), Some(EARLIER)),
        validators(Some("\"a\""), Some(EARLIER)),
        validators(Some("W/\"w\""), None),
        validators(Some("\"a\""), None),
        validators(Some("\"b\""), Some(DATE)),
    ];
    for (what, stored, told, want) in [
        ("4.3.4 a strong tag: all that have it", &all[..], &[("etag", "\"a\"")][..], &[1, 3][..]),
        ("4.3.4 a weak tag: the newest", &all, &[("etag", "W/\"w\"")], &[0]),
        ("4.3.4 a date: the newest", &all, &[("last-modified", EARLIER)], &[0]),
        ("4.3.4 a tag over a date", &all, &[("etag", "\"b\""), ("last-modified", EARLIER)], &[4]),
        ("4.3.4 a tag that none has", &all, &[("etag", "\"c\"")], &[]),
        (
            "4.3.4 another tag, also where one was asked about",
            &all[1..2],
            &[("etag", "\"c\"")],
            &[],
        ),
        ("4.3.4 nothing told, of several", &all, &[], &[]),
        ("4.3.4 nothing told, of one", &all[1..2], &[], &[0]),
        ("4.3.4 nothing asked", &[], &[], &[]),
    ] {
        assert_eq!(Validators::selected(stored, &Headers::from_list(told)), want, "{what}");
    }
}

#[test]
fn validators_are_read_where_there_is_one_of_each() {
    let of = |fields: &[(&str, &str)]| Validators::of(&Headers::from_list(fields));
    let both = of(&[("etag", "\"a\""), ("last-modified", EARLIER)]);
    assert_eq!(both, validators(Some("\"a\""), Some(EARLIER)));
    assert!(both.is_any());
    assert!(!of(&[("etag", "\"a\""), ("etag", "\"b\"")]).is_any());
}
