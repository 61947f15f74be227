//! What responses say to caches beside how long they are fresh (RFC 9111 §5.2.2).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    const NO_CACHE: &str = "RFC 9111 §5.2.2.4";
    const NO_STORE: &str = "RFC 9111 §5.2.2.5";
    const PRIVATE: &str = "RFC 9111 §5.2.2.7";
    vec![
        row(PRIVATE, "private, in any case").origin(cached("PriVate, max-age=3600")).not_reused(),
        row(NO_STORE, "no-store, in any case").origin(cached("No-StOrE")).not_reused(),
        row(NO_STORE, "no-store on a line of its own")
            .origin(fresh().control("no-store"))
            .not_reused(),
        row(NO_STORE, "no-store with a value is no-store all the same")
            .origin(cached("max-age=3600, no-store=\"x\""))
            .not_reused(),
        row(NO_CACHE, "no-cache, in any case")
            .origin(cached("max-age=10000, No-CaChE").field("expires", at(10_000)))
            .not_reused(),
        row(NO_CACHE, "no-cache, whatever else")
            .origin(cached("max-age=10000, no-cache").field("expires", at(10_000)))
            .not_reused(),
        row("RFC 9111 §5.2.2.2", "with must-revalidate what is fresh is used")
            .origin(cached("max-age=10000, must-revalidate").tag("a"))
            .reused(),
        row("RFC 9111 §5.2.2.8", "with proxy-revalidate what is fresh is used")
            .origin(cached("max-age=10000, proxy-revalidate").tag("a"))
            .reused(),
        row("RFC 9111 §5.2.2.8", "and what is stale is validated")
            .origin(cached("max-age=1, proxy-revalidate").tag("a"))
            .origin(not_modified().control("max-age=3600").tag("a"))
            .get(asked())
            .wait(3)
            .get(validated()),
        row("RFC 9111 §5.2.2.6", "no-transform: what is stored is what came")
            .origin(cached("max-age=3600, no-transform").body("abc").field("content-encoding", "x"))
            .get(asked())
            .get(stored().body("abc").same("content-encoding").same("cache-control")),
        row("RFC 9111 §5.2.2.9", "public is no time: without one it is not fresh")
            .origin(cached("public"))
            .get(asked())
            .get(either())
            .asked_in_all(2),
        row("RFC 8246 §2", "with immutable what is fresh is used")
            .origin(cached("max-age=10000, immutable").tag("a"))
            .reused(),
        row("RFC 8246 §2", "and what is stale is not")
            .origin(cached("max-age=1, immutable").tag("a"))
            .origin(not_modified().control("max-age=1, immutable").tag("a"))
            .get(asked())
            .wait(3)
            .get(validated()),
        row(NO_STORE, "an older response is used where a newer one may not be stored, or none is")
            .origin(fresh().field("a", "1"))
            .origin(cached("no-store").field("a", "2"))
            .get(asked())
            .wait(2)
            .get(stored().with("a", "1"))
            .get(stored().with("a", "1")),
        row(NO_STORE, "nor with max-age=0 beside it")
            .origin(fresh().field("a", "1"))
            .origin(cached("no-store, max-age=0").field("a", "2"))
            .get(asked())
            .wait(2)
            .get(stored().with("a", "1")),
        row("RFC 9111 §5.2", "cache-control goes on as it came")
            .origin(cached("max-age=3600, foo=\"bar, baz\", public"))
            .get(asked().same("cache-control"))
            .get(stored().same("cache-control")),
        row("RFC 9111 §5.2", "also from two lines")
            .origin(cached("max-age=3600").control("public"))
            .get(asked().same("cache-control"))
            .get(stored().same("cache-control")),
    ]
}
