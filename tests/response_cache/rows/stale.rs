//! Stale responses (RFC 9111 §4.2.4; RFC 5861).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = closed();
    rows.extend(while_revalidating());
    rows.extend(where_there_is_an_error());
    rows
}

/// Where the origin cannot be asked.
fn closed() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §4.2.4";
    let forbidden = |control: &str| {
        row(WHERE, format!("with {control} nothing stale is used, also where the origin is away"))
            .origin(cached(control))
            .origin(broken())
            .get(asked())
            .wait(3)
            .get(asked().status(503))
    };
    vec![
        row(WHERE, "a stale response is used where the origin closes the connection")
            .origin(brief())
            .origin(broken())
            .get(asked())
            .wait(3)
            .get(completed().answer(1).is("age", Is::AtLeast(3))),
        row(WHERE, "also where a validation was tried")
            .origin(brief().tag("a"))
            .origin(broken())
            .get(asked())
            .wait(3)
            .get(completed().answer(1)),
        row(WHERE, "also one that was stale when it came")
            .origin(ok().field("expires", at(-5)).tag("a"))
            .origin(broken())
            .get(asked())
            .get(completed().answer(1)),
        row(WHERE, "when the origin is back, its answer is used")
            .origin(brief())
            .origin(broken())
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(completed().answer(1))
            .get(asked().answer(3))
            .get(stored().answer(3)),
        row(WHERE, "nothing is used that is not there").origin(broken()).get(asked().status(503)),
        row(WHERE, "a 503 of the origin is its answer")
            .origin(brief())
            .origin(status(503))
            .get(asked())
            .wait(3)
            .get(asked().status(503)),
        row(WHERE, "a response with a body that breaks off is not taken for the stored one")
            .origin(brief().body("abcdef"))
            .origin(fresh().body("123456").cut())
            .get(asked())
            .wait(3)
            .get(nothing()),
        forbidden("max-age=2, must-revalidate"),
        forbidden("max-age=2, proxy-revalidate"),
        forbidden("max-age=2, s-maxage=2"),
        forbidden("max-age=2, no-cache"),
        forbidden("max-age=2, must-revalidate, stale-if-error=3600"),
    ]
}

fn while_revalidating() -> Vec<Row> {
    const WHERE: &str = "RFC 5861 §3";
    vec![
        row(
            WHERE,
            "a stale response is used in its window, and the origin asked in the background",
        )
        .origin(cached("max-age=1, stale-while-revalidate=3600").tag("a"))
        .origin(fresh().tag("b"))
        .get(asked())
        .wait(3)
        .get(stored().answer(1).and_refreshes().is("age", Is::AtLeast(3)))
        .asked_in_all(2)
        .get(stored().answer(2)),
        row(WHERE, "the origin is asked for a validation, where there is something to validate")
            .origin(cached("max-age=1, stale-while-revalidate=3600").tag("a"))
            .origin(not_modified().control("max-age=3600").tag("a").field("x-a", "new"))
            .get(asked())
            .wait(3)
            .get(stored().answer(1).and_refreshes().says("hit"))
            .asked_in_all(2)
            .get(stored().answer(1).with("x-a", "new").saw("if-none-match", "\"a\"")),
        row(WHERE, "it is asked once, however many clients ask meanwhile")
            .origin(cached("max-age=1, stale-while-revalidate=3600"))
            .origin(fresh().after(std::time::Duration::from_secs(2)))
            .get(asked())
            .wait(3)
            .get(stored().answer(1).and_refreshes())
            .get(stored().answer(1).and_refreshes())
            .get(stored().answer(1).and_refreshes())
            .asked_in_all(2)
            .wait(3)
            .get(stored().answer(2)),
        row(WHERE, "after the window it is not used without a validation")
            .origin(cached("max-age=1, stale-while-revalidate=1").tag("a"))
            .origin(fresh())
            .get(asked())
            .wait(4)
            .get(asked().answer(2)),
        row(WHERE, "a refresh that fails does no harm, and is tried again")
            .origin(cached("max-age=1, stale-while-revalidate=3600"))
            .origin(broken())
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(stored().answer(1).and_refreshes())
            .asked_in_all(2)
            .wait(2)
            .get(stored().answer(1).and_refreshes())
            .asked_in_all(3)
            .get(stored().answer(3)),
        row(WHERE, "a refresh that is not to be stored is not, and takes the old response away")
            .origin(cached("max-age=1, stale-while-revalidate=3600"))
            .origin(cached("no-store"))
            .get(asked())
            .wait(3)
            .get(stored().answer(1).and_refreshes())
            .asked_in_all(2)
            .get(either()),
        row(WHERE, "the query is part of what is refreshed")
            .origin(cached("max-age=1, stale-while-revalidate=3600"))
            .origin(fresh())
            .ask(get().at("/a?b=c%20d&e"), asked())
            .wait(3)
            .ask(get().at("/a?b=c%20d&e"), stored().answer(1).and_refreshes())
            .asked_in_all(2)
            .ask(get().at("/a?b=c%20d&e"), stored().answer(2)),
        row(WHERE, "so is the variant")
            .origin(cached("max-age=1, stale-while-revalidate=3600").field("vary", "foo"))
            .origin(fresh().field("vary", "foo"))
            .ask(get().field("foo", "1"), asked())
            .wait(3)
            .ask(get().field("foo", "1"), stored().answer(1).and_refreshes())
            .asked_in_all(2)
            .ask(get().field("foo", "1"), stored().answer(2).saw("foo", "1"))
            .ask(get().field("foo", "2"), asked()),
        row(WHERE, "HEAD is answered so too, and what is refreshed is not its own")
            .origin(cached("max-age=1, stale-while-revalidate=3600").body("abc"))
            .origin(fresh().body("abcdef"))
            .get(asked())
            .wait(3)
            .ask(head(), stored().answer(1).and_refreshes())
            .asked_in_all(2)
            .get(stored().answer(2).body("abcdef")),
        row(WHERE, "a rule can say so where the origin does not")
            .rule("stale")
            .origin(brief())
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(stored().answer(1).and_refreshes())
            .asked_in_all(2),
        row("RFC 9111 §5.2.2.2", "must-revalidate is before it")
            .origin(cached("max-age=1, stale-while-revalidate=3600, must-revalidate"))
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(asked().answer(2)),
        row("RFC 9111 §5.2.1.4", "a client that wants no stale one does not get one")
            .origin(cached("max-age=1, stale-while-revalidate=3600"))
            .origin(fresh())
            .get(asked())
            .wait(3)
            .ask(get().field("cache-control", "no-cache"), asked().answer(2)),
    ]
}

fn where_there_is_an_error() -> Vec<Row> {
    const WHERE: &str = "RFC 5861 §4";
    let mut rows: Vec<Row> = [500, 502, 503, 504]
        .iter()
        .map(|code| {
            row(WHERE, format!("a stale response is used in its window instead of a {code}"))
                .origin(cached("max-age=1, stale-if-error=3600"))
                .origin(status(*code))
                .get(asked())
                .wait(3)
                .get(completed().answer(1).is("age", Is::AtLeast(3)))
        })
        .collect();
    rows.extend([
        row(WHERE, "not instead of a 404")
            .origin(cached("max-age=1, stale-if-error=3600"))
            .origin(status(404))
            .get(asked())
            .wait(3)
            .get(asked().status(404)),
        row(WHERE, "not after the window")
            .origin(cached("max-age=1, stale-if-error=1"))
            .origin(status(503))
            .get(asked())
            .wait(4)
            .get(asked().status(503)),
        row(WHERE, "also where the connection is closed")
            .origin(cached("max-age=1, stale-if-error=3600"))
            .origin(broken())
            .get(asked())
            .wait(3)
            .get(completed().answer(1)),
        row(WHERE, "a client can ask for it")
            .origin(brief())
            .origin(status(503))
            .get(asked())
            .wait(3)
            .ask(get().field("cache-control", "stale-if-error=3600"), completed().answer(1)),
        row(WHERE, "a rule can say so where the origin does not")
            .rule("stale")
            .origin(cached("max-age=1, stale-while-revalidate=0"))
            .origin(status(503))
            .get(asked())
            .wait(3)
            .get(completed().answer(1)),
        row(WHERE, "the next request asks the origin again")
            .origin(cached("max-age=1, stale-if-error=3600"))
            .origin(status(503))
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(completed().answer(1))
            // An origin that has just failed is left alone for a second.
            .wait(2)
            .get(asked().answer(3)),
        row("RFC 9111 §5.2.2.2", "must-revalidate is before it")
            .origin(cached("max-age=1, stale-if-error=3600, must-revalidate"))
            .origin(status(503))
            .get(asked())
            .wait(3)
            .get(asked().status(503)),
    ]);
    rows
}
