//! Which requests a stored response answers (RFC 9111 §2, §4), and HEAD (RFC 9110 §9.3.2).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = keys();
    rows.extend(methods());
    rows.extend(later());
    rows
}

fn keys() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §2";
    vec![
        row(WHERE, "another path is another key")
            .origin(fresh())
            .ask(get().at("/a"), asked())
            .ask(get().at("/b"), asked())
            .ask(get().at("/a"), stored().answer(1)),
        row(WHERE, "paths differ by case")
            .origin(fresh())
            .ask(get().at("/a"), asked())
            .ask(get().at("/A"), asked()),
        row(WHERE, "another query is another key")
            .origin(fresh())
            .ask(get().at("?test=a"), asked())
            .ask(get().at("?test=b"), asked()),
        row(WHERE, "no query is another key than some")
            .origin(fresh())
            .ask(get().at("?a"), asked())
            .get(asked())
            .ask(get().at("?a"), stored().answer(1)),
        row(WHERE, "an empty query is another key than none")
            .origin(fresh())
            .ask(get().at("?"), asked())
            .get(asked()),
        row(WHERE, "the same query is the same key")
            .origin(fresh())
            .ask(get().at("?test=a&b=c"), asked())
            .ask(get().at("?test=a&b=c"), stored()),
        row(WHERE, "parameters in another order are another key, unless a rule says otherwise")
            .origin(fresh())
            .ask(get().at("?a=1&b=2"), asked())
            .ask(get().at("?b=2&a=1"), asked()),
        row(WHERE, "another host is another key")
            .origin(fresh())
            .ask(get().field("host", "a.example"), asked())
            .ask(get().field("host", "b.example"), asked())
            .ask(get().field("host", "a.example"), stored().answer(1)),
        row(WHERE, "another port of the host is another key")
            .origin(fresh())
            .ask(get().field("host", "a.example:81"), asked())
            .ask(get().field("host", "a.example:82"), asked()),
        row("RFC 9110 §4.2.3", "hosts do not differ by case")
            .origin(fresh())
            .ask(get().field("host", "a.example"), asked())
            .ask(get().field("host", "A.Example"), stored()),
    ]
}

fn methods() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §9.3.2";
    vec![
        row(WHERE, "a stored response to GET answers HEAD, with its length and without its body")
            .origin(fresh().body("abcdef").tag("a"))
            .get(asked())
            .ask(
                head(),
                stored().with("content-length", "6").with("etag", "\"a\"").is("age", Is::Present),
            )
            .get(stored().body("abcdef")),
        row(WHERE, "a response to HEAD does not answer GET")
            .origin(fresh().body("abcdef"))
            .ask(head(), asked())
            .get(asked().body("abcdef")),
        row(WHERE, "HEAD that is not in the store goes to the origin as HEAD")
            .origin(fresh().body("abcdef"))
            .ask(head(), asked().with("content-length", "6")),
        row("RFC 9111 §4.3.5", "HEAD that says the stored response is another one makes it stale")
            .origin(cached("max-age=2").tag("a").body("abc"))
            .origin(cached("max-age=2").tag("b").body("abcdef"))
            .origin(fresh().tag("b").body("abcdef"))
            .get(asked())
            .wait(3)
            .ask(head(), either())
            .get(asked().body("abcdef")),
        row("RFC 9111 §4", "a stored response to GET does not answer POST")
            .origin(fresh())
            .get(asked())
            .ask(ask("POST").body("x"), asked()),
        row("RFC 9111 §4", "requests of unsafe methods are written through")
            .origin(fresh())
            .get(asked())
            .ask(ask("PUT").body("x"), asked())
            .ask(ask("PUT").body("x"), asked()),
        row("RFC 9111 §4", "nor does it answer OPTIONS")
            .origin(fresh())
            .get(asked())
            .ask(ask("OPTIONS"), asked())
            .get(stored()),
        row(
            "RFC 9110 §9.3.1",
            "a GET with a body is not answered from the store, and its answer not stored",
        )
        .origin(fresh())
        .get(asked())
        .ask(get().body("x=1"), asked())
        .get(stored().answer(1)),
        row("RFC 9110 §9.3.1", "nor is what it got reused")
            .origin(fresh())
            .ask(get().body("x=1"), asked())
            .get(asked()),
    ]
}

fn later() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §4";
    vec![
        row(WHERE, "a new response replaces the stored one")
            .origin(brief())
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(asked())
            .get(stored().answer(2)),
        row(WHERE, "of two that match the one of the later Date is used")
            .origin(fresh().field("vary", "x-a"))
            .origin(fresh().field("vary", "x-b"))
            .ask(get().field("x-a", "1").field("x-b", "1"), asked())
            .wait(2)
            .ask(get().field("x-a", "2").field("x-b", "2"), asked())
            .ask(get().field("x-a", "1").field("x-b", "2"), stored().answer(2)),
        row("RFC 9111 §5.2.2.5", "a response with no-store does not push out what is stored")
            .origin(fresh())
            .origin(cached("no-store"))
            .get(asked())
            .ask(get().field("cache-control", "no-cache"), asked())
            .get(either()),
        row(WHERE, "a stored response with no-cache is not used without a validation")
            .origin(cached("no-cache").tag("a"))
            .origin(not_modified().control("no-cache").tag("a"))
            .get(asked())
            .get(validated())
            .get(validated()),
        row(WHERE, "an older response that comes later does not replace a newer one")
            .origin(fresh().no_date().field("date", at(0)))
            .origin(fresh().no_date().field("date", at(-600)))
            .get(asked())
            .ask(get().field("cache-control", "no-cache"), asked())
            .get(either()),
    ]
}
