//! What rules say (README): lifetimes, keys, statuses.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = lifetimes();
    rows.extend(keys());
    rows.extend(identified());
    rows
}

fn lifetimes() -> Vec<Row> {
    const WHERE: &str = "README, freshness";
    vec![
        row(WHERE, "a default is for responses that say nothing")
            .rule("default")
            .origin(ok())
            .reused_later(),
        row(WHERE, "not for those that say something")
            .rule("default")
            .origin(brief())
            .not_reused_later(),
        row(WHERE, "nor for those that may not be stored")
            .rule("default")
            .origin(cached("no-store"))
            .not_reused(),
        row(WHERE, "nor for failures")
            .rule("default")
            .origin(status(500))
            .get(asked().status(500))
            .get(asked().status(500)),
        row(WHERE, "an override is before what a response says: less")
            .rule("override")
            .origin(cached("max-age=0"))
            .reused_later(),
        row(WHERE, "but not before no-store")
            .rule("override")
            .origin(cached("no-store"))
            .not_reused(),
        row(WHERE, "nor before private").rule("override").origin(cached("private")).not_reused(),
        row(WHERE, "a bound is for what a response says")
            .rule("most")
            .origin(fresh())
            .not_reused_later(),
        row(WHERE, "and one that says less is fresh for less")
            .rule("most")
            .origin(cached("max-age=0"))
            .not_reused(),
        row(WHERE, "a status has a lifetime of its own, where the response says nothing")
            .rule("statuses")
            .origin(status(404))
            .get(asked().status(404))
            .get(stored().status(404)),
        row(WHERE, "so has a class")
            .rule("statuses")
            .origin(status(503))
            .get(asked().status(503))
            .get(stored().status(503)),
        row(WHERE, "not where the response says something")
            .rule("statuses")
            .origin(status(404).control("no-store"))
            .get(asked().status(404))
            .get(asked().status(404)),
        row(WHERE, "others have none")
            .rule("statuses")
            .origin(status(403))
            .get(asked().status(403))
            .get(asked().status(403)),
    ]
}

fn keys() -> Vec<Row> {
    const WHERE: &str = "README, key";
    vec![
        row(WHERE, "without the host, all hosts have one response")
            .rule("any-host")
            .origin(fresh())
            .ask(get().field("host", "a.example"), asked())
            .ask(get().field("host", "b.example"), stored()),
        row(WHERE, "only these parameters are part of the key")
            .rule("only")
            .origin(fresh())
            .ask(get().at("?a=1&x=1"), asked())
            .ask(get().at("?a=1&x=2&y"), stored())
            .ask(get().at("?a=2"), asked())
            .ask(get().at("?a=1&b=1"), asked())
            .ask(get().at("?a=1&bcd=1"), asked()),
        row(WHERE, "all but these are")
            .rule("but")
            .origin(fresh())
            .ask(get().at("?a=1&utm_source=x&c=3"), asked())
            .ask(get().at("?a=1"), stored())
            .ask(get().at("?utm_medium=y&a=1"), stored())
            .ask(get().at("?a=2"), asked())
            .ask(get().at("?a=1&cc=1"), asked()),
        row(WHERE, "what is no part of the key reaches the origin all the same")
            .rule("but")
            .origin(fresh())
            .ask(get().at("?a=1&utm_source=x"), asked()),
        row(WHERE, "sorted, their order does not matter, that of one name's values does")
            .rule("sorted")
            .origin(fresh())
            .ask(get().at("?a=1&b=2"), asked())
            .ask(get().at("?b=2&a=1"), stored())
            .ask(get().at("?a=1&a=2"), asked())
            .ask(get().at("?a=2&a=1"), asked()),
        row(WHERE, "a header is part of the key")
            .rule("headers")
            .origin(fresh())
            .ask(get().field("x-tenant", "a"), asked())
            .ask(get().field("x-tenant", "b"), asked())
            .get(asked())
            .ask(get().field("x-tenant", "a"), stored().answer(1)),
        row(WHERE, "a cookie is, and the others are not")
            .rule("cookie")
            .origin(fresh())
            .ask(get().field("cookie", "currency=EUR; session=1"), asked())
            .ask(get().field("cookie", "session=2; currency=EUR"), stored())
            .ask(get().field("cookie", "currency=USD; session=1"), asked())
            .get(asked()),
    ]
}

fn identified() -> Vec<Row> {
    const WHERE: &str = "README, identified";
    let alice = || get().field("authorization", "Bearer alice");
    let bob = || get().field("authorization", "Bearer bob");
    vec![
        row(WHERE, "own: each has its own response")
            .rule("identified-own")
            .origin(fresh())
            .ask(alice(), asked())
            .ask(bob(), asked())
            .get(asked())
            .ask(alice(), stored().answer(1))
            .ask(bob(), stored().answer(2))
            .get(stored().answer(3)),
        row(WHERE, "shared: all have one")
            .rule("identified-shared")
            .origin(fresh())
            .ask(alice(), asked())
            .ask(bob(), stored())
            .get(stored()),
        row(WHERE, "shared, but not what is private")
            .rule("identified-shared")
            .origin(cached("private, max-age=3600"))
            .ask(alice(), asked())
            .ask(bob(), asked()),
    ]
}
