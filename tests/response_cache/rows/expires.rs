//! `Expires` (RFC 9111 §5.3), and dates (RFC 9110 §5.6.7).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = lifetimes();
    rows.extend(dates());
    rows
}

fn lifetimes() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §5.3";
    let expires = |seconds: i64| ok().field("expires", at(seconds));
    vec![
        row(WHERE, "a response is fresh until it expires")
            .origin(expires(2_592_000))
            .reused_later(),
        row(WHERE, "and stale then").origin(expires(1)).not_reused_later(),
        row(WHERE, "one that has expired is stale").origin(expires(-2_592_000)).not_reused(),
        row(WHERE, "one that expires when it is sent is stale").origin(expires(0)).not_reused(),
        row(WHERE, "the time is that between Date and Expires, not that from now")
            .origin(ok().no_date().field("date", at(400)).field("expires", at(300)))
            .not_reused(),
        row(WHERE, "where Date is no date, from when it came")
            .origin(ok().no_date().field("date", "foo").field("expires", at(3_600)))
            .reused(),
        row("RFC 9111 §4.2.3", "Age counts, with a clock that is slow")
            .origin(
                ok().no_date().field("date", at(-10)).field("expires", at(10)).field("age", "25"),
            )
            .not_reused(),
        row("RFC 9111 §4.2.3", "and with one that is fast")
            .origin(
                ok().no_date().field("date", at(10)).field("expires", at(20)).field("age", "15"),
            )
            .not_reused(),
        row(WHERE, "0 is no date, and stale").origin(ok().field("expires", "0")).not_reused(),
        row(WHERE, "-1 is none either").origin(ok().field("expires", "-1")).not_reused(),
        row(WHERE, "nothing is none either").origin(ok().field("expires", "")).not_reused(),
        row(WHERE, "no date is no leave to guess")
            .origin(ok().modified().field("expires", "0"))
            .not_reused(),
        row("RFC 9111 §4.2.1", "of two the first counts, or it is stale: both say that it is")
            .origin(expires(-10).field("expires", at(3_600)))
            .not_reused(),
    ]
}

fn dates() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §5.6.7";
    let mut rows = vec![
        row(WHERE, "a date of RFC 850 is one")
            .origin(ok().field("expires", rfc850(864_000)))
            .reused(),
        row(WHERE, "a date of asctime is one")
            .origin(ok().field("expires", asctime(864_000)))
            .reused(),
        row(WHERE, "a date of asctime that is past is past")
            .origin(ok().field("expires", asctime(-864_000)))
            .not_reused(),
        row(WHERE, "a year of two digits that seems more than 50 years away is past")
            .origin(ok().field("expires", "Friday, 18-Aug-95 02:01:18 GMT"))
            .not_reused(),
    ];
    for (sentence, date) in [
        ("2038 is far", "Tue, 19 Jan 2038 14:14:08 GMT"),
        ("2286 is farther", "Sun, 21 Nov 2286 04:46:39 GMT"),
        ("9999 is too", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("a weekday in capitals will do", "THU, 18 Aug 2050 02:01:18 GMT"),
        ("so will a month", "Thu, 18 AUG 2050 02:01:18 GMT"),
        ("so will a zone in odd case", "Thu, 18 Aug 2050 02:01:18 gMT"),
        ("a year of two digits is of this century", "Thursday, 18-Aug-50 02:01:18 GMT"),
        ("a day of one digit has two spaces in asctime", "Mon Aug  8 02:01:18 2050"),
    ] {
        rows.push(row(WHERE, sentence).origin(ok().field("expires", date)).reused());
    }
    for date in [
        "Thu, 18 Aug 2050 02:01:18 UTC",
        "Thu, 18 Aug 2050 02:01:18 AEST",
        "Thu, 18 Aug 2050 02:01:18 +0000",
        "Thu, 18 Aug 2050 02:01:18",
        "Thu, 18 Aug 50 02:01:18 GMT",
        "Thu 18 Aug 2050 02:01:18 GMT",
        "18 Aug 2050 02:01:18 GMT",
        "Thu, 18  Aug  2050 02:01:18 GMT",
        "Thu, 18-Aug-2050 02:01:18 GMT",
        "Thu, 18 Aug 2050 02.01.18 GMT",
        "Thu, 18 Aug 2050 2:01:18 GMT",
        "Thu, 8 Aug 2050 02:01:18 GMT",
        "Thu, 32 Aug 2050 02:01:18 GMT",
        "Thu, 18 Aug 2050 24:01:18 GMT",
        "Thu, 18 Aug 2050 02:60:18 GMT",
        "2050-08-18T02:01:18Z",
        "2545005678",
    ] {
        rows.push(
            row(WHERE, format!("what is no date is stale: {date}"))
                .origin(ok().field("expires", date))
                .not_reused(),
        );
    }
    rows.push(
        row(WHERE, "two that are none are stale")
            .origin(
                ok().field("expires", "Thu, 18 Aug 2050 2:01:18 GMT")
                    .field("expires", "Thu, 18 Aug 2050 2:01:19 GMT"),
            )
            .not_reused(),
    );
    rows
}
