//! Which stored response answers which request: a row for each rule of RFC 9111 §4, §4.2.4 and
//! §5.2.1, RFC 5861 and RFC 8246.

use gatehouse_caching::{
    Arrival, Failure, Forward, FreshnessOptions, Lifetime, RequestDirectives, ResponseDirectives,
    Reuse, Unusable, on_error, reuse,
};
use gatehouse_filter::{Headers, Timestamp};

const NOW: u64 = 1_800_000_000;

/// A response with this `cache-control`, that old.
fn stored(value: &str) -> Lifetime {
    let response = Headers::from_list(&[("cache-control", value), ("etag", "\"a\"")]);
    let now = Timestamp::from_seconds(NOW);
    Lifetime::of(
        200,
        &response,
        &ResponseDirectives::read(&response),
        &FreshnessOptions::default(),
        Arrival { asked: now, received: now },
    )
}

fn asked(value: &str) -> RequestDirectives {
    RequestDirectives::read(&Headers::from_list(&[("cache-control", value)]))
}

#[test]
fn a_response_is_reused_as_both_sides_allow() {
    use Reuse::{Fresh, MustValidate, WhileRevalidate};
    let window = "max-age=60, stale-while-revalidate=10";
    let stale = MustValidate(Unusable::Stale);
    let no_cache = MustValidate(Unusable::NoCache);
    let asked_no_cache = MustValidate(Unusable::RequestNoCache);
    let too_old = MustValidate(Unusable::MaxAge);
    let too_brief = MustValidate(Unusable::MinFresh);
    for (what, response, age, request, want) in [
        ("4 fresh", "max-age=60", 59, "", Fresh),
        ("4 stale", "max-age=60", 60, "", stale),
        ("4 no lifetime", "public", 0, "", stale),
        ("5.2.2.1 max-age=0", "max-age=0", 0, "", stale),
        ("5.2.2.2 must-revalidate while fresh", "max-age=60, must-revalidate", 59, "", Fresh),
        ("5.2.2.4 no-cache", "max-age=60, no-cache", 0, "", no_cache),
        ("5.2.2.4 no-cache, max-stale", "max-age=60, no-cache", 0, "max-stale", no_cache),
        ("5.2.2.4 no-cache of a field", "max-age=60, no-cache=\"a\"", 0, "", Fresh),
        ("5.2.1.4 no-cache", "max-age=60", 0, "no-cache", asked_no_cache),
        ("5.2.1.5 no-store is about storing", "max-age=60", 0, "no-store", Fresh),
        ("5.2.1.1 max-age", "max-age=60", 10, "max-age=10", Fresh),
        ("5.2.1.1 older", "max-age=60", 11, "max-age=10", too_old),
        ("5.2.1.1 max-age=0 of what has just come", "max-age=60", 0, "max-age=0", too_old),
        ("5.2.1.1 with max-stale", "max-age=60", 15, "max-age=10, max-stale=5", Fresh),
        ("5.2.1.1 with max-stale, older", "max-age=60", 16, "max-age=10, max-stale=5", too_old),
        ("5.2.1.2 max-stale", "max-age=60", 70, "max-stale=10", Reuse::Stale),
        ("5.2.1.2 longer stale", "max-age=60", 71, "max-stale=10", stale),
        ("5.2.1.2 max-stale without a value", "max-age=60", 70_000, "max-stale", Reuse::Stale),
        ("4.2.4 max-stale, must-revalidate", "max-age=60, must-revalidate", 70, "max-stale", stale),
        (
            "4.2.4 max-stale, proxy-revalidate",
            "max-age=60, proxy-revalidate",
            70,
            "max-stale",
            stale,
        ),
        ("5.2.2.10 max-stale, s-maxage", "s-maxage=60", 70, "max-stale", stale),
        ("5.2.1.3 min-fresh", "max-age=60", 50, "min-fresh=10", Fresh),
        ("5.2.1.3 not as long", "max-age=60", 51, "min-fresh=10", too_brief),
        ("5.2.1.3 over max-stale", "max-age=60", 61, "min-fresh=1, max-stale", too_brief),
        ("RFC 5861 3 while it is validated", window, 60, "", WhileRevalidate),
        ("RFC 5861 3 at the end", window, 69, "", WhileRevalidate),
        ("RFC 5861 3 after that", window, 70, "", stale),
        (
            "RFC 5861 3 of what was never fresh",
            "max-age=0, stale-while-revalidate=10",
            0,
            "",
            WhileRevalidate,
        ),
        ("RFC 5861 3, and max-stale", window, 65, "max-stale", WhileRevalidate),
        ("RFC 5861 3, not for who wants it fresh", window, 65, "max-age=60", too_old),
        (
            "4.2.4 stale-while-revalidate, must-revalidate",
            "max-age=60, must-revalidate, stale-while-revalidate=10",
            60,
            "",
            stale,
        ),
        ("RFC 8246 2 immutable, reloaded", "max-age=60, immutable", 30, "max-age=0", Fresh),
        ("RFC 8246 2 immutable, no-cache", "max-age=60, immutable", 30, "no-cache", asked_no_cache),
        ("RFC 8246 2 immutable, stale", "max-age=60, immutable", 60, "max-age=0", too_old),
    ] {
        let now = Timestamp::from_seconds(NOW + age);
        assert_eq!(reuse(&stored(response), now, &asked(request)), want, "{what}");
    }
}

#[test]
fn an_error_is_answered_from_the_store_where_that_is_allowed() {
    let (gone, failed) = (Failure::Unreachable, Failure::Status(503));
    let grace = "max-age=60, stale-if-error=10";
    for (what, response, age, request, failure, want) in [
        ("4.2.4 disconnected", "max-age=60", 100_000, "", gone, true),
        ("4.2.4 an error is an answer", "max-age=60", 61, "", failed, false),
        ("4.2.4 must-revalidate", "max-age=60, must-revalidate", 61, "", gone, false),
        ("4.2.4 proxy-revalidate", "max-age=60, proxy-revalidate", 61, "", gone, false),
        ("4.2.4 s-maxage", "s-maxage=60", 61, "", gone, false),
        ("4.2.4 no-cache", "max-age=60, no-cache", 0, "", gone, false),
        ("5.2.1.4 no-cache of the request", "max-age=60", 0, "no-cache", gone, false),
        ("5.2.1.1 max-age of the request", "max-age=60", 61, "max-age=60", gone, false),
        ("5.2.1.3 min-fresh of the request", "max-age=60", 61, "min-fresh=1", gone, false),
        ("still fresh, and asked for newer", "max-age=60", 30, "max-age=40", gone, true),
        ("still fresh, must-revalidate", "max-age=60, must-revalidate", 30, "", gone, true),
        ("RFC 5861 4", grace, 69, "", failed, true),
        (
            "RFC 5861 4, of what was never fresh",
            "max-age=0, stale-if-error=10",
            0,
            "",
            failed,
            true,
        ),
        ("RFC 5861 4, after that", grace, 70, "", failed, false),
        ("RFC 5861 4, after that, disconnected", grace, 70, "", gone, false),
        (
            "RFC 5861 4, forbidden",
            "max-age=60, stale-if-error=10, must-revalidate",
            61,
            "",
            failed,
            false,
        ),
        ("RFC 5861 4, of the request", "max-age=60", 69, "stale-if-error=10", failed, true),
        (
            "RFC 5861 4, of the request, after that",
            "max-age=60",
            70,
            "stale-if-error=10",
            failed,
            false,
        ),
        (
            "RFC 5861 4, of the request, with max-age",
            "max-age=60",
            69,
            "max-age=0, stale-if-error=10",
            failed,
            true,
        ),
        (
            "RFC 5861 4, of the request, forbidden",
            "s-maxage=60",
            69,
            "stale-if-error=10",
            failed,
            false,
        ),
    ] {
        let now = Timestamp::from_seconds(NOW + age);
        assert_eq!(on_error(&stored(response), now, &asked(request), failure), want, "{what}");
    }
}

#[test]
fn four_statuses_are_failures() {
    let now = Timestamp::from_seconds(NOW + 61);
    let lifetime = stored("max-age=60, stale-if-error=10");
    let is_one = |status| on_error(&lifetime, now, &asked(""), Failure::Status(status));
    let failures: Vec<u16> = (100..=599).filter(|status| is_one(*status)).collect();
    assert_eq!(failures, [500, 502, 503, 504]);
}

#[test]
fn each_reason_has_a_word_and_a_place_in_cache_status() {
    for (reason, forward, token) in [
        (Unusable::Stale, Forward::Stale, "stale"),
        (Unusable::NoCache, Forward::Stale, "response-no-cache"),
        (Unusable::RequestNoCache, Forward::Request, "request-no-cache"),
        (Unusable::MaxAge, Forward::Request, "request-max-age"),
        (Unusable::MinFresh, Forward::Request, "request-min-fresh"),
    ] {
        assert_eq!((reason.forward(), reason.token()), (forward, token));
    }
}
