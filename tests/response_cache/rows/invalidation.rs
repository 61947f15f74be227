//! Invalidation by what changes things (RFC 9111 §4.4).

use super::*;

const WHERE: &str = "RFC 9111 §4.4";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let unsafe_one = || ask(method).body("abc");
        rows.extend([
            row(WHERE, format!("{method} that succeeds invalidates its URI"))
                .origin(fresh())
                .origin(ok())
                .origin(fresh())
                .get(asked())
                .ask(unsafe_one(), asked())
                .get(asked().answer(3)),
            row(WHERE, format!("{method} that is redirected does too"))
                .origin(fresh())
                .origin(status(303).field("location", "/elsewhere"))
                .origin(fresh())
                .get(asked())
                .ask(unsafe_one(), asked().status(303))
                .get(asked().answer(3)),
            row(WHERE, format!("{method} that fails does not: 500"))
                .origin(fresh())
                .origin(status(500))
                .get(asked())
                .ask(unsafe_one(), asked().status(500))
                .get(stored().answer(1)),
            row(WHERE, format!("{method} that fails does not: 404"))
                .origin(fresh())
                .origin(status(404))
                .get(asked())
                .ask(unsafe_one(), asked().status(404))
                .get(stored().answer(1)),
            row(WHERE, format!("{method} invalidates what Location of its response names"))
                .origin(fresh())
                .origin(ok().field("location", "{row}/target"))
                .origin(fresh())
                .ask(get().at("/target"), asked())
                .ask(unsafe_one(), asked())
                .ask(get().at("/target"), asked().answer(3)),
            row(WHERE, format!("{method} invalidates what Content-Location of its response names"))
                .origin(fresh())
                .origin(ok().field("content-location", "{row}/target"))
                .origin(fresh())
                .ask(get().at("/target"), asked())
                .ask(unsafe_one(), asked())
                .ask(get().at("/target"), asked().answer(3)),
        ]);
    }
    rows.extend(more());
    rows
}

fn more() -> Vec<Row> {
    let post = || ask("POST").body("abc");
    vec![
        row(WHERE, "all variants are invalidated")
            .origin(fresh().field("vary", "foo"))
            .origin(fresh().field("vary", "foo"))
            .origin(ok())
            .origin(fresh().field("vary", "foo"))
            .ask(get().field("foo", "1"), asked())
            .ask(get().field("foo", "2"), asked())
            .ask(post(), asked())
            .ask(get().field("foo", "1"), asked().answer(4))
            .ask(get().field("foo", "2"), asked().answer(5)),
        row(WHERE, "HEAD is not answered by what is invalidated")
            .origin(fresh())
            .origin(ok())
            .origin(fresh())
            .get(asked())
            .ask(post(), asked())
            .ask(head(), asked().answer(3)),
        row(WHERE, "a Location of another host invalidates nothing there")
            .origin(fresh())
            .origin(ok().field("location", "http://other.example{row}/target"))
            .ask(get().at("/target").field("host", "other.example"), asked())
            .ask(post(), asked())
            .ask(get().at("/target").field("host", "other.example"), stored().answer(1)),
        row(WHERE, "a Location with the own host does")
            .origin(fresh())
            .origin(ok().field("location", "http://gateway.example{row}/target"))
            .origin(fresh())
            .ask(get().at("/target"), asked())
            .ask(post(), asked())
            .ask(get().at("/target"), asked().answer(3)),
        row(WHERE, "a Location of a query of it does")
            .origin(fresh())
            .origin(ok().field("location", "{row}/target?a=b"))
            .origin(fresh())
            .ask(get().at("/target?a=b"), asked())
            .ask(post(), asked())
            .ask(get().at("/target?a=b"), asked().answer(3)),
        row(WHERE, "a Location that is relative to the URI does")
            .origin(fresh())
            .origin(ok().field("location", "../target"))
            .origin(fresh())
            .ask(get().at("/target"), asked())
            .ask(post().at("/a/b"), asked())
            .ask(get().at("/target"), asked().answer(3)),
        row(WHERE, "a Location that is no URI invalidates nothing, and does no harm")
            .origin(fresh())
            .origin(ok().field("location", "http://[::bad"))
            .ask(get().at("/target"), asked())
            .ask(post(), asked())
            .ask(get().at("/target"), stored().answer(1)),
        row(WHERE, "another path is not invalidated")
            .origin(fresh())
            .origin(ok())
            .ask(get().at("/a"), asked())
            .ask(post().at("/b"), asked())
            .ask(get().at("/a"), stored().answer(1)),
        row(WHERE, "nor is another host")
            .origin(fresh())
            .origin(ok())
            .ask(get().field("host", "a.example"), asked())
            .ask(post().field("host", "b.example"), asked())
            .ask(get().field("host", "a.example"), stored().answer(1)),
        row(WHERE, "a Location of a safe method invalidates nothing")
            .origin(fresh())
            .origin(
                ok().field("location", "{row}/target").field("content-location", "{row}/target"),
            )
            .ask(get().at("/target"), asked())
            .ask(get().at("/other"), asked())
            .ask(get().at("/target"), stored().answer(1)),
        row(WHERE, "OPTIONS invalidates nothing")
            .origin(fresh())
            .origin(ok())
            .get(asked())
            .ask(ask("OPTIONS"), asked())
            .get(stored().answer(1)),
        row(WHERE, "what is invalidated may still be validated, and is good again then")
            .origin(fresh().tag("a"))
            .origin(ok())
            .origin(fresh().tag("b"))
            .get(asked())
            .ask(post(), asked())
            .get(asked().answer(3))
            .get(stored().answer(3)),
    ]
}
