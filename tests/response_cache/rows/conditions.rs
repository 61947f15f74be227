//! Conditional requests that the store answers (RFC 9111 §4.3.2; RFC 9110 §8.8, §13).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = tags();
    rows.extend(modified_since());
    rows.extend(others());
    rows
}

fn matching(value: &str) -> super::super::row::Ask {
    get().field("if-none-match", value)
}

fn tags() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §13.1.2";
    let mut rows = Vec::new();
    for (sentence, stored_tag, asked_tag) in [
        ("the same tag", "\"abcdef\"", "\"abcdef\""),
        ("the same weak tag", "W/\"abcdef\"", "W/\"abcdef\""),
        ("a weak tag for a strong one", "\"abcdef\"", "W/\"abcdef\""),
        ("a strong tag for a weak one", "W/\"abcdef\"", "\"abcdef\""),
        ("the first of several", "\"abcdef\"", "\"abcdef\", \"1234\", \"5678\""),
        ("the middle one of several", "\"abcdef\"", "\"1234\", \"abcdef\", \"5678\""),
        ("the last of several", "\"abcdef\"", "\"1234\", \"5678\", \"abcdef\""),
        ("one after a weak one", "\"abcdef\"", "W/\"1234\",\"abcdef\""),
        ("a tag with a comma in it", "\"ab,cd\"", "\"x\", \"ab,cd\""),
        ("any, where there is one", "\"abcdef\"", "*"),
    ] {
        rows.push(
            row(WHERE, format!("a 304 from the store: {sentence}"))
                .origin(fresh().field("etag", stored_tag))
                .get(asked())
                .ask(matching(asked_tag), stored().status(304).with("etag", stored_tag)),
        );
    }
    for (sentence, stored_tag, asked_tag) in [
        ("another tag", "\"abcdef\"", "\"abcde\""),
        ("a part of a tag", "\"ab,cd\"", "\"ab\", \"cd\""),
        ("a tag in another case", "\"abcdef\"", "\"ABCDEF\""),
        ("no tag of the list", "\"abcdef\"", "\"a\", \"b\""),
    ] {
        rows.push(
            row(WHERE, format!("the whole response from the store: {sentence}"))
                .origin(fresh().field("etag", stored_tag))
                .get(asked())
                .ask(matching(asked_tag), stored().with("etag", stored_tag)),
        );
    }
    rows.extend([
        row(WHERE, "two lines are one list")
            .origin(fresh().tag("a"))
            .get(asked())
            .ask(matching("\"x\"").field("if-none-match", "\"a\""), stored().status(304)),
        row(WHERE, "a tag with bytes that are not ASCII")
            .origin(fresh().field("etag", &b"\"abcdef\xfc\""[..]))
            .get(asked())
            .ask(
                get().field("if-none-match", &b"\"abcdef\xfc\""[..]),
                stored().status(304).with("etag", "\"abcdef\u{fc}\""),
            ),
        row(WHERE, "any, where there is no tag, but a response")
            .origin(fresh())
            .get(asked())
            .ask(matching("*"), stored().status(304)),
        row(WHERE, "If-None-Match is before If-Modified-Since: it matches")
            .origin(fresh().field("last-modified", at(-5_000)).tag("abcdef"))
            .get(asked())
            .ask(
                matching("\"abcdef\"").field("if-modified-since", at(-10_000)),
                stored().status(304),
            ),
        row(WHERE, "and it does not")
            .origin(fresh().modified().tag("abcdef"))
            .get(asked())
            .ask(matching("\"x\"").field("if-modified-since", at(0)), stored()),
        row("RFC 9110 §15.4.5", "a 304 has what a 200 would say of caching, and no body")
            .origin(
                fresh()
                    .tag("a")
                    .field("vary", "foo")
                    .field("content-location", "/here")
                    .field("expires", at(3_600)),
            )
            .get(asked())
            .ask(
                matching("\"a\""),
                stored()
                    .status(304)
                    .body("")
                    .with("etag", "\"a\"")
                    .with("cache-control", "max-age=3600")
                    .with("vary", "foo")
                    .with("content-location", "/here")
                    .is("expires", Is::Present)
                    .is("date", Is::Present)
                    .is("age", Is::Present),
            ),
        row(WHERE, "for HEAD it is a 304 too")
            .origin(fresh().tag("a"))
            .get(asked())
            .ask(head().field("if-none-match", "\"a\""), stored().status(304)),
        row("RFC 9110 §13.2.1", "a condition is for a 2xx: a stored 404 stays one")
            .origin(status(404).control("max-age=3600").tag("a"))
            .get(asked().status(404))
            .ask(matching("\"a\""), stored().status(404)),
        row("RFC 9111 §4.3.1", "a condition goes on, where nothing is stored")
            .origin(fresh().tag("b"))
            .ask(matching("\"abcdef\""), asked().saw("if-none-match", "\"abcdef\"")),
        row("RFC 9111 §4.3.1", "as it came, also where it is none")
            .origin(fresh().tag("b"))
            .ask(matching("abcdef"), asked().saw("if-none-match", "abcdef")),
    ]);
    rows
}

fn modified_since() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §13.1.3";
    let dated = || fresh().field("last-modified", MODIFIED);
    let since = |date: &'static str| get().field("if-modified-since", date);
    vec![
        row(WHERE, "a 304 from the store: the same date")
            .origin(dated())
            .get(asked())
            .ask(since(MODIFIED), stored().status(304)),
        row(WHERE, "a later one")
            .origin(dated())
            .get(asked())
            .ask(since("Thu, 02 Jan 2020 00:00:00 GMT"), stored().status(304)),
        row(WHERE, "the same in the form of RFC 850")
            .origin(dated())
            .get(asked())
            .ask(since("Wednesday, 01-Jan-20 00:00:00 GMT"), stored().status(304)),
        row(WHERE, "the same in that of asctime")
            .origin(dated())
            .get(asked())
            .ask(since("Wed Jan  1 00:00:00 2020"), stored().status(304)),
        row(WHERE, "an earlier one gets the whole response")
            .origin(dated())
            .get(asked())
            .ask(since("Tue, 31 Dec 2019 23:59:59 GMT"), stored()),
        row(WHERE, "what is no date is ignored")
            .origin(dated())
            .get(asked())
            .ask(since("yesterday"), stored()),
        row("RFC 9111 §4.3.2", "without Last-Modified its Date counts: a later date")
            .origin(fresh())
            .get(asked())
            .ask(get().field("if-modified-since", at(10)), stored().status(304)),
        row("RFC 9111 §4.3.2", "and an earlier one")
            .origin(fresh())
            .get(asked())
            .ask(get().field("if-modified-since", at(-3_000)), stored()),
        row(WHERE, "for HEAD it is a 304 too")
            .origin(dated())
            .get(asked())
            .ask(head().field("if-modified-since", MODIFIED), stored().status(304)),
        row(WHERE, "for other methods it is ignored")
            .origin(dated())
            .get(asked())
            .ask(ask("POST").body("x").field("if-modified-since", MODIFIED), asked()),
    ]
}

/// Conditions that are for the origin alone (RFC 9111 §4.3.2).
fn others() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §13.2.1";
    vec![
        row(WHERE, "If-Match is for the origin")
            .origin(fresh().tag("a"))
            .origin(status(412))
            .get(asked())
            .ask(get().field("if-match", "\"b\""), asked().status(412).saw("if-match", "\"b\""))
            .get(stored().answer(1)),
        row(WHERE, "so is If-Unmodified-Since")
            .origin(fresh().modified())
            .origin(status(412))
            .get(asked())
            .ask(
                get().field("if-unmodified-since", "Tue, 31 Dec 2019 23:59:59 GMT"),
                asked().status(412),
            )
            .get(stored().answer(1)),
        row(WHERE, "conditions of unsafe methods are for the origin")
            .origin(fresh().tag("a"))
            .origin(status(412))
            .get(asked())
            .ask(ask("PUT").body("x").field("if-none-match", "*"), asked().status(412))
            .get(stored().answer(1)),
    ]
}
