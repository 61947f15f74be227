//! `CDN-Cache-Control` (RFC 9213).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    const WHERE: &str = "RFC 9213 §2.2";
    let cdn = |value: &str| ok().field("cdn-cache-control", value);
    let mut rows = vec![
        row(WHERE, "its max-age counts").origin(cdn("max-age=3600")).reused_later(),
        row(WHERE, "its max-age=0 does too").origin(cdn("max-age=0")).not_reused(),
        row(WHERE, "a great one is great").origin(cdn("max-age=2147483648")).reused_later(),
        row(WHERE, "however great").origin(cdn("max-age=99999999999")).reused_later(),
        row(WHERE, "Age counts").origin(cdn("max-age=3600").field("age", "7200")).not_reused(),
        row(WHERE, "what it says that nobody knows changes nothing")
            .origin(cdn("foobar, max-age=3600"))
            .reused_later(),
        row(WHERE, "it is before an Expires that is past")
            .origin(cdn("max-age=3600").field("expires", at(-10_000)))
            .reused_later(),
        row(WHERE, "and before one that is no date")
            .origin(cdn("max-age=3600").field("expires", "0"))
            .reused_later(),
        row(WHERE, "and before one to come")
            .origin(cdn("max-age=0").field("expires", at(10_000)))
            .not_reused(),
        row(WHERE, "a long one is before a short max-age of Cache-Control")
            .origin(cdn("max-age=3600").control("max-age=1"))
            .reused_later(),
        row(WHERE, "a short one before a long one")
            .origin(cdn("max-age=1").control("max-age=3600"))
            .not_reused_later(),
        row(WHERE, "and before s-maxage")
            .origin(cdn("max-age=1").control("s-maxage=3600"))
            .not_reused_later(),
        row(WHERE, "its private counts, whatever Cache-Control says")
            .origin(cdn("private").control("max-age=10000").field("expires", at(10_000)))
            .not_reused(),
        row(WHERE, "so does its no-cache")
            .origin(cdn("no-cache").control("max-age=10000").field("expires", at(10_000)))
            .not_reused(),
        row(WHERE, "so does its no-store")
            .origin(cdn("no-store").control("max-age=10000").field("expires", at(10_000)))
            .not_reused(),
        row(WHERE, "with its max-age a response is stored, Cache-Control: no-store or not")
            .origin(cdn("max-age=10000").control("no-store"))
            .reused_later(),
        row(WHERE, "and private or not")
            .origin(cdn("max-age=10000").control("private"))
            .reused_later(),
        row(WHERE, "its must-revalidate counts")
            .origin(cdn("max-age=1, must-revalidate").control("max-age=3600"))
            .origin(broken())
            .get(asked())
            .wait(3)
            .get(asked().status(503)),
        row("RFC 9213 §2.1", "several lines are one dictionary")
            .origin(cdn("foo").field("cdn-cache-control", "max-age=3600"))
            .reused_later(),
        row("RFC 9213 §2.1", "of a key that is there twice the last value counts")
            .origin(cdn("max-age=1, max-age=3600"))
            .reused_later(),
        row("RFC 9213 §2.1", "a parameter of a directive changes nothing")
            .origin(cdn("max-age=3600;x=1, no-transform"))
            .reused_later(),
        row("RFC 9213 §3.1", "the field goes on to the client")
            .origin(cdn("max-age=3600"))
            .get(asked().with("cdn-cache-control", "max-age=3600"))
            .get(stored().with("cdn-cache-control", "max-age=3600")),
        row("RFC 9213 §2.2", "what the client is told of freshness is as the origin said it")
            .origin(cdn("max-age=10000").control("max-age=1").field("expires", at(1)))
            .get(asked())
            .wait(3)
            .get(
                stored()
                    .is("age", Is::AtLeast(3))
                    .same("date")
                    .same("expires")
                    .same("cache-control"),
            ),
        row("RFC 9213 §2.2", "an empty one is none")
            .origin(cdn("").control("max-age=3600"))
            .reused_later(),
    ];
    for value in [
        "max-age=10000, &&&&&",
        "max-age=\"10000\"",
        "max-age =10000",
        "max-age= 10000",
        "max-age=10000,",
        "MaX-aGe=10000",
        "max-age=10000 foo",
        "max-age=-1",
        "max-age=1.5",
    ] {
        rows.push(
            row("RFC 9213 §2.1", format!("one that is malformed is ignored whole: {value}"))
                .origin(cdn(value).control("no-store"))
                .not_reused_later(),
        );
    }
    for value in ["no-store, &&&&&", "private,", "NO-STORE"] {
        rows.push(
            row("RFC 9213 §2.1", format!("also where it would forbid: {value}"))
                .origin(cdn(value).control("max-age=3600"))
                .reused_later(),
        );
    }
    rows
}
