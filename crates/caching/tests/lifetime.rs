//! How long responses are fresh and how old they are: a row for each rule of RFC 9111 §4.2.

use gatehouse_caching::{Arrival, FreshnessOptions, Lifetime, ResponseDirectives, Source};
use gatehouse_filter::{Headers, Statuses, Timestamp, config};
use std::time::Duration;

/// Sun, 29 Nov 2026 12:00:00 GMT
const NOW: Timestamp = Timestamp::from_seconds(1_795_953_600);
const DATE: (&str, &str) = ("date", "Sun, 29 Nov 2026 12:00:00 GMT");
const IN_AN_HOUR: &str = "Sun, 29 Nov 2026 13:00:00 GMT";
const YESTERDAY: (&str, &str) = ("last-modified", "Sat, 28 Nov 2026 12:00:00 GMT");

fn of(status: u16, fields: &[(&str, &str)], options: &FreshnessOptions) -> Lifetime {
    let response = Headers::from_list(fields);
    let directives = ResponseDirectives::read(&response);
    let arrival = Arrival { asked: NOW, received: NOW };
    Lifetime::of(status, &response, &directives, options, arrival)
}

fn in_seconds(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

#[test]
fn a_lifetime_is_from_the_first_that_says_one() {
    let heuristic = FreshnessOptions { heuristic: true, ..FreshnessOptions::default() };
    let expires = ("expires", IN_AN_HOUR);
    let cc = |value| ("cache-control", value);
    for (what, status, fields, want) in [
        ("4.2.1 s-maxage", 200, &[cc("max-age=1, s-maxage=2"), expires][..], (2, Source::SMaxAge)),
        (
            "4.2.1 s-maxage over max-age=0",
            200,
            &[cc("max-age=0, s-maxage=2")],
            (2, Source::SMaxAge),
        ),
        ("4.2.1 max-age", 200, &[cc("max-age=1"), expires], (1, Source::MaxAge)),
        (
            "5.3 max-age over expires that is none",
            200,
            &[cc("max-age=9"), ("expires", "0")],
            (9, Source::MaxAge),
        ),
        (
            "5.3 max-age=0 over expires to come",
            200,
            &[cc("max-age=0"), expires],
            (0, Source::MaxAge),
        ),
        ("4.2.1 expires", 200, &[expires, DATE], (3600, Source::Expires)),
        ("4.2.1 expires without a date", 200, &[expires], (3600, Source::Expires)),
        (
            "4.2.1 expires with a date that is none",
            200,
            &[expires, ("date", "foo")],
            (3600, Source::Expires),
        ),
        (
            "4.2.1 expires, whatever the clocks say",
            200,
            &[expires, ("date", "Sun, 29 Nov 2026 12:59:50 GMT")],
            (10, Source::Expires),
        ),
        (
            "4.2.1 expires before the date",
            200,
            &[("expires", DATE.1), ("date", IN_AN_HOUR)],
            (0, Source::Expires),
        ),
        ("5.3 expires that is no date", 200, &[("expires", "0")], (0, Source::Expires)),
        ("4.2.1 expires twice", 200, &[expires, expires], (0, Source::Expires)),
        (
            "5.3 expires far away",
            200,
            &[("expires", "Fri, 31 Dec 9999 23:59:59 GMT")],
            (1 << 31, Source::Expires),
        ),
        ("4.2.2 a tenth of the time unchanged", 200, &[YESTERDAY, DATE], (8640, Source::Heuristic)),
        (
            "4.2.2 a day at most",
            200,
            &[("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT")],
            (86_400, Source::Heuristic),
        ),
        ("4.2.2 changed in the future", 200, &[("last-modified", IN_AN_HOUR)], (0, Source::None)),
        ("4.2.2 not with a lifetime", 200, &[YESTERDAY, cc("max-age=0")], (0, Source::MaxAge)),
        ("4.2.2 an error of a status that may", 404, &[YESTERDAY, DATE], (8640, Source::Heuristic)),
        ("4.2.2 a status that may not", 403, &[YESTERDAY, DATE], (0, Source::None)),
        (
            "5.2.2.9 any status, with public",
            599,
            &[YESTERDAY, DATE, cc("public")],
            (8640, Source::Heuristic),
        ),
        ("nothing", 200, &[DATE], (0, Source::None)),
        (
            "RFC 9213 2.2 targeted over all",
            200,
            &[("cdn-cache-control", "max-age=7"), cc("max-age=1"), expires],
            (7, Source::MaxAge),
        ),
        (
            "RFC 9213 2.2 targeted without a lifetime",
            200,
            &[("cdn-cache-control", "public"), cc("max-age=1"), expires],
            (0, Source::None),
        ),
    ] {
        let lifetime = of(status, fields, &heuristic);
        assert_eq!((lifetime.fresh_for, lifetime.source), want, "{what}");
    }
    let lifetime = of(200, &[YESTERDAY, DATE], &FreshnessOptions::default());
    assert_eq!(lifetime.source, Source::None, "4.2.2 is an option");
}

#[test]
fn heuristics_are_for_these_statuses() {
    let heuristic = FreshnessOptions { heuristic: true, ..FreshnessOptions::default() };
    let may: Vec<u16> = (100..=599)
        .filter(|status| of(*status, &[YESTERDAY, DATE], &heuristic).source != Source::None)
        .collect();
    // RFC 9110 §15.1
    assert_eq!(may, [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
}

#[test]
fn an_operator_says_what_responses_do_not() {
    let statuses =
        |json: &str| config::read(json.as_bytes(), |node| Statuses::read(&node)).unwrap();
    let options = FreshnessOptions {
        default: Some(60),
        statuses: vec![(statuses("404"), 10), (statuses("\"5xx\""), 1)],
        most: Some(3600),
        heuristic: true,
        ..FreshnessOptions::default()
    };
    let instead = FreshnessOptions { instead: Some(300), ..options.clone() };
    let cc = |value| ("cache-control", value);
    for (what, options, status, fields, want) in [
        ("a default", &options, 200, &[DATE][..], (60, Source::Default)),
        (
            "a default counts from now",
            &options,
            200,
            &[DATE, ("age", "1000")],
            (1060, Source::Default),
        ),
        (
            "no default where a lifetime is said",
            &options,
            200,
            &[cc("max-age=0")],
            (0, Source::MaxAge),
        ),
        (
            "a heuristic before the default",
            &options,
            200,
            &[DATE, ("last-modified", "Sun, 29 Nov 2026 11:00:00 GMT")],
            (360, Source::Heuristic),
        ),
        ("no default for errors", &options, 410, &[DATE], (0, Source::None)),
        ("no default for statuses that may not", &options, 302, &[DATE], (0, Source::None)),
        ("a status", &options, 404, &[DATE], (10, Source::Status)),
        ("a status before a heuristic", &options, 404, &[DATE, YESTERDAY], (10, Source::Status)),
        ("a class of statuses", &options, 503, &[DATE], (1, Source::Status)),
        ("a status that says its lifetime", &options, 404, &[cc("max-age=5")], (5, Source::MaxAge)),
        ("a bound", &options, 200, &[cc("max-age=7200")], (3600, Source::MaxAge)),
        (
            "a bound counts from now",
            &options,
            200,
            &[cc("max-age=7200"), ("age", "1000")],
            (4600, Source::MaxAge),
        ),
        ("another instead", &instead, 200, &[cc("max-age=7200")], (300, Source::Instead)),
        ("instead of no-cache", &instead, 200, &[cc("no-cache")], (300, Source::Instead)),
        ("instead of nothing", &instead, 200, &[DATE], (300, Source::Instead)),
        (
            "instead of what a redirect says",
            &instead,
            302,
            &[cc("max-age=1")],
            (300, Source::Instead),
        ),
        ("not of a redirect that says nothing", &instead, 302, &[DATE], (0, Source::None)),
        ("not of an error", &instead, 500, &[cc("max-age=5")], (5, Source::MaxAge)),
    ] {
        let lifetime = of(status, fields, options);
        assert_eq!((lifetime.fresh_for, lifetime.source), want, "{what}");
        assert!(!lifetime.always_validate || options.instead.is_none(), "{what}");
    }
}

#[test]
fn the_age_is_what_rfc_9111_4_2_3_says() {
    for (what, fields, delay, want) in [
        ("5.1 none", &[DATE][..], 0, 0),
        ("5.1 what came before", &[DATE, ("age", "30")], 0, 30),
        ("4.2.3 the time that the answer took", &[DATE, ("age", "30")], 5, 35),
        ("4.2.3 the time that it took, without an age", &[], 5, 5),
        ("4.2.3 a date in the past", &[("date", "Sun, 29 Nov 2026 11:59:50 GMT")], 0, 10),
        (
            "4.2.3 the greater of both",
            &[("date", "Sun, 29 Nov 2026 11:59:50 GMT"), ("age", "25")],
            0,
            25,
        ),
        ("4.2.3 a date in the future", &[("date", IN_AN_HOUR), ("age", "15")], 0, 15),
        ("5.1 letters", &[DATE, ("age", "abc")], 0, 0),
        ("5.1 below 0", &[DATE, ("age", "-7200")], 0, 0),
        ("5.1 a decimal", &[DATE, ("age", "7200.0")], 0, 0),
        ("5.1 a parameter", &[DATE, ("age", "7200;foo=bar")], 0, 0),
        ("1.2.2 2^31 - 1", &[DATE, ("age", "2147483647")], 0, (1 << 31) - 1),
        ("1.2.2 2^31", &[DATE, ("age", "2147483648")], 0, 1 << 31),
        ("1.2.2 more", &[DATE, ("age", "99999999999999999999")], 9, 1 << 31),
        ("5.1 the first member", &[DATE, ("age", "7200, 0")], 0, 7200),
        ("5.1 the first member, 0", &[DATE, ("age", "0, 7200")], 0, 0),
        ("5.1 the first line", &[DATE, ("age", "7200"), ("age", "0")], 0, 7200),
        ("5.1 the first line, 0", &[DATE, ("age", "0"), ("age", "7200")], 0, 0),
    ] {
        let response = Headers::from_list(fields);
        let asked = Timestamp::from_seconds(NOW.seconds() - delay);
        let lifetime = Lifetime::of(
            200,
            &response,
            &ResponseDirectives::read(&response),
            &FreshnessOptions::default(),
            Arrival { asked, received: NOW },
        );
        assert_eq!(lifetime.initial_age, want, "{what}");
        assert_eq!(lifetime.age(NOW), want, "{what}");
    }
}

#[test]
fn an_update_has_an_age_of_its_own() {
    let head = Headers::from_list(&[DATE, ("cache-control", "max-age=60")]);
    let update = Headers::from_list(&[DATE, ("age", "30")]);
    let directives = ResponseDirectives::read(&head);
    let arrival = Arrival { asked: NOW, received: in_seconds(5) };
    let options = FreshnessOptions::default();
    let lifetime = Lifetime::of_freshened(200, &head, &update, &directives, &options, arrival);
    assert_eq!(lifetime.age(in_seconds(5)), 35);
    assert_eq!(lifetime.ttl(in_seconds(6)), 24);
}

#[test]
fn the_last_use_is_past_all_windows() {
    for (value, want) in [
        ("max-age=60", 60),
        ("max-age=60, stale-while-revalidate=5, stale-if-error=7", 67),
        ("max-age=60, stale-while-revalidate=5, must-revalidate", 60),
        ("max-age=0", 0),
    ] {
        let lifetime = of(200, &[DATE, ("cache-control", value)], &FreshnessOptions::default());
        assert_eq!(lifetime.last_use(), NOW.seconds() + want, "{value}");
    }
    let aged =
        of(200, &[("age", "50"), ("cache-control", "max-age=60")], &FreshnessOptions::default());
    assert_eq!(aged.last_use(), NOW.seconds() + 10);
}

#[test]
fn time_passes_and_a_clock_that_went_back_makes_nothing_fresh() {
    let lifetime = of(
        200,
        &[DATE, ("cache-control", "max-age=60"), ("age", "10")],
        &FreshnessOptions::default(),
    );
    for (at, age, ttl) in [
        (in_seconds(0), 10, 50),
        (Timestamp(in_seconds(1).0 - 1), 10, 50),
        (in_seconds(49), 59, 1),
        (in_seconds(50), 60, 0),
        (in_seconds(51), 61, -1),
        (in_seconds(1 << 40), 1 << 31, 60 - (1 << 31)),
        // The clock was set back, a little and much.
        (Timestamp::from_seconds(NOW.seconds() - 59), 10, 50),
        (Timestamp::from_seconds(NOW.seconds() - 60), 1 << 31, 60 - (1 << 31)),
        (Timestamp(0), 1 << 31, 60 - (1 << 31)),
    ] {
        assert_eq!((lifetime.age(at), lifetime.ttl(at)), (age, ttl), "{at:?}");
        assert_eq!(lifetime.is_fresh(at), ttl > 0, "{at:?}");
    }
}

#[test]
fn stale_windows_are_what_the_response_or_the_operator_says() {
    let options = FreshnessOptions {
        stale_while_revalidate: Some(30),
        stale_if_error: Some(40),
        ..FreshnessOptions::default()
    };
    for (what, value, want) in [
        (
            "RFC 5861 3, 4",
            "max-age=1, stale-while-revalidate=5, stale-if-error=6",
            (5, Some(6), false),
        ),
        ("the operator", "max-age=1", (30, Some(40), false)),
        (
            "the response says 0",
            "max-age=1, stale-while-revalidate=0, stale-if-error=0",
            (0, Some(0), false),
        ),
        ("4.2.4 must-revalidate", "max-age=1, must-revalidate", (0, Some(40), true)),
        (
            "4.2.4 proxy-revalidate",
            "max-age=1, proxy-revalidate, stale-while-revalidate=5",
            (0, Some(40), true),
        ),
        ("5.2.2.10 s-maxage", "s-maxage=1", (0, Some(40), true)),
        ("5.2.2.4 no-cache", "no-cache", (0, Some(40), true)),
        ("5.2.2.4 no-cache of a field", "max-age=1, no-cache=\"a\"", (30, Some(40), false)),
    ] {
        let lifetime = of(200, &[("cache-control", value)], &options);
        let have = (lifetime.while_revalidate, lifetime.if_error, lifetime.never_stale);
        assert_eq!(have, want, "{what}");
    }
}

#[test]
fn what_is_stored_is_read_again() {
    let lifetimes = [
        of(
            200,
            &[("cache-control", "max-age=60, immutable"), ("etag", "\"a\"")],
            &FreshnessOptions::default(),
        ),
        of(
            404,
            &[("cache-control", "no-cache, stale-if-error=5"), ("age", "7")],
            &FreshnessOptions::default(),
        ),
        of(200, &[("cache-control", "s-maxage=99999999999")], &FreshnessOptions::default()),
        of(
            200,
            &[],
            &FreshnessOptions {
                default: Some(1),
                stale_while_revalidate: Some(9),
                ..Default::default()
            },
        ),
    ];
    for lifetime in lifetimes {
        assert_eq!(Lifetime::from_bytes(&lifetime.to_bytes()), Some(lifetime));
    }
    // Bytes that it never writes.
    for at in [24, 25] {
        let mut bytes = lifetimes[0].to_bytes();
        bytes[at] = 0xff;
        assert_eq!(Lifetime::from_bytes(&bytes), None, "{at}");
    }
}
