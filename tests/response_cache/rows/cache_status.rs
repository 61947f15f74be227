//! `Cache-Status` (RFC 9211): that a hit says `hit` and nothing else does is checked in each row.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    const WHERE: &str = "RFC 9211 §2.2";
    let again = || not_modified().control("max-age=3600").tag("a");
    vec![
        row("RFC 9211 §2", "a miss of the URI, which is stored")
            .origin(fresh())
            .get(asked().says("fwd=uri-miss").says("stored")),
        row("RFC 9211 §2.4", "a hit says how long it is fresh")
            .origin(fresh())
            .get(asked())
            .get(stored().says("hit").says("ttl").says_not("stored")),
        row("RFC 9211 §2.5", "what is not stored is not said to be")
            .origin(cached("no-store"))
            .get(asked().says_not("stored").says("detail")),
        row("RFC 9211 §2.8", "why it is not stored is told: private")
            .origin(cached("private"))
            .get(asked().says_not("stored").says("detail")),
        row("RFC 9211 §2.8", "and authorization").origin(fresh()).ask(
            get().field("authorization", "Bearer a"),
            asked().says_not("stored").says("detail"),
        ),
        row("RFC 9211 §2.8", "and a cookie")
            .origin(fresh().field("set-cookie", "a=b"))
            .get(asked().says_not("stored").says("detail")),
        row("RFC 9211 §2.8", "and that nothing says how long it is fresh")
            .origin(ok())
            .get(asked().says_not("stored").says("detail")),
        row(WHERE, "a variant that is not there")
            .origin(fresh().field("vary", "foo"))
            .ask(get().field("foo", "1"), asked().says("fwd=uri-miss"))
            .ask(get().field("foo", "2"), asked().says("fwd=vary-miss").says("stored")),
        row(WHERE, "one that is stale")
            .origin(brief())
            .get(asked())
            .wait(3)
            .get(asked().says("fwd=stale").says("stored")),
        row("RFC 9211 §2.3", "one that was validated")
            .origin(brief().tag("a"))
            .origin(again())
            .get(asked())
            .wait(3)
            .get(validated().says("fwd=stale").says("fwd-status=304")),
        row("RFC 9211 §2.3", "the status of the origin, where the client gets another")
            .origin(cached("max-age=1, stale-if-error=3600"))
            .origin(status(503))
            .get(asked())
            .wait(3)
            .get(completed().says("fwd=stale").says("fwd-status=503")),
        row(WHERE, "what the client asked for")
            .origin(fresh())
            .get(asked())
            .ask(get().field("cache-control", "no-cache"), asked().says("fwd=request")),
        row(WHERE, "a method that is never answered from the store")
            .origin(ok())
            .ask(ask("POST").body("x"), asked().says("fwd=method")),
        row(WHERE, "a part of which not all is there")
            .origin(
                status(206)
                    .control("max-age=3600")
                    .tag("a")
                    .field("content-range", "bytes 0-4/10")
                    .body("01234"),
            )
            .origin(
                status(206)
                    .control("max-age=3600")
                    .tag("a")
                    .field("content-range", "bytes 5-9/10")
                    .body("56789"),
            )
            .ask(get().field("range", "bytes=0-4"), asked().status(206))
            .get(completed().says("fwd=partial")),
        row("RFC 9211 §2", "what other caches said stays, and is before")
            .origin(fresh().field("cache-status", "inner; hit; ttl=100"))
            .get(
                asked().is(
                    "cache-status",
                    Is::Containing("inner; hit; ttl=100, gatehouse".to_owned()),
                ),
            )
            .get(
                stored().is(
                    "cache-status",
                    Is::Containing("inner; hit; ttl=100, gatehouse".to_owned()),
                ),
            ),
        row("RFC 9211 §2.4", "a stale one that is used has a time that is over")
            .origin(cached("max-age=1, stale-while-revalidate=3600"))
            .get(asked())
            .wait(3)
            .get(stored().and_refreshes().is("cache-status", Is::Containing("ttl=-".to_owned()))),
    ]
}
