//! Validation (RFC 9111 §4.3; RFC 9110 §8.8, §13).

use super::*;

/// RFC 9111 §4.3.1, §4.3.3: what the cache asks, and what it does with the answer.
pub(super) fn rows() -> Vec<Row> {
    const SENT: &str = "RFC 9111 §4.3.1";
    const GOT: &str = "RFC 9111 §4.3.3";
    let again = || not_modified().control("max-age=3600");
    vec![
        row(SENT, "a stale response with an entity tag is validated by it")
            .origin(brief().tag("abc"))
            .origin(again().tag("abc"))
            .get(asked())
            .wait(3)
            .get(validated().saw("if-none-match", "\"abc\"")),
        row(SENT, "a weak one too")
            .origin(brief().field("etag", "W/\"abc\""))
            .origin(again().field("etag", "W/\"abc\""))
            .get(asked())
            .wait(3)
            .get(validated().saw("if-none-match", "W/\"abc\"")),
        row(SENT, "one with a date by that")
            .origin(brief().modified())
            .origin(again().modified())
            .get(asked())
            .wait(3)
            .get(validated().saw("if-modified-since", MODIFIED)),
        row(SENT, "one with both by both")
            .origin(brief().modified().tag("abc"))
            .origin(again().tag("abc"))
            .get(asked())
            .wait(3)
            .get(validated().saw("if-none-match", "\"abc\"").saw("if-modified-since", MODIFIED)),
        row(SENT, "one with neither is asked for whole")
            .origin(brief())
            .get(asked())
            .wait(3)
            .get(asked().saw_no("if-none-match").saw_no("if-modified-since")),
        row(SENT, "a tag with bytes that are not ASCII is sent as it came")
            .origin(brief().field("etag", &b"\"a\xfc\""[..]))
            .origin(again())
            .get(asked())
            .wait(3)
            .get(validated()),
        row(SENT, "the request has the fields that Vary names")
            .origin(ok().field("expires", at(1)).tag("abc").field("vary", "abc"))
            .origin(again().tag("abc").field("vary", "abc"))
            .ask(get().field("abc", "123"), asked())
            .wait(3)
            .ask(get().field("abc", "123"), validated().saw("abc", "123")),
        row("RFC 9111 §4.1", "no validator is sent of a variant that was not selected, alone")
            .origin(fresh().tag("abc").field("vary", "abc"))
            .origin(fresh().tag("def").field("vary", "abc"))
            .ask(get().field("abc", "123"), asked())
            .ask(get().field("abc", "456"), asked().saw_no("if-modified-since")),
        row(GOT, "what is still good is fresh again")
            .origin(brief().tag("a"))
            .origin(again().tag("a"))
            .get(asked())
            .wait(3)
            .get(validated())
            .get(stored().answer(1)),
        row(GOT, "and its Age begins anew")
            .origin(brief().tag("a"))
            .origin(again().tag("a"))
            .get(asked())
            .wait(3)
            .get(validated())
            .get(stored().is("age", Is::Below(3))),
        row(GOT, "a 200 replaces it")
            .origin(brief().tag("a"))
            .origin(fresh().tag("b"))
            .get(asked())
            .wait(3)
            .get(asked().answer(2))
            .get(stored().answer(2).with("etag", "\"b\"")),
        row(GOT, "so does a 404 that may be stored")
            .origin(brief().tag("a"))
            .origin(status(404).control("max-age=3600"))
            .get(asked())
            .wait(3)
            .get(asked().status(404))
            .get(stored().status(404).answer(2)),
        row(GOT, "a 5xx is passed on")
            .origin(brief().tag("a"))
            .origin(status(500))
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(asked().status(500))
            .get(asked().answer(3)),
        row(GOT, "a 200 with no-store is passed on, and not stored")
            .origin(brief().tag("a"))
            .origin(cached("no-store"))
            .get(asked())
            .wait(3)
            .get(asked().answer(2))
            .get(asked().answer(3)),
        row("RFC 9111 §5.2.2.4", "with no-cache each use is a validation")
            .origin(cached("no-cache").tag("abcd"))
            .origin(not_modified().control("no-cache").tag("abcd"))
            .get(asked())
            .get(validated().saw("if-none-match", "\"abcd\"")),
        row("RFC 9111 §5.2.2.4", "also where it would be fresh")
            .origin(cached("max-age=10000, no-cache").field("expires", at(10_000)).tag("abcd"))
            .origin(not_modified().control("max-age=10000, no-cache").tag("abcd"))
            .get(asked())
            .get(validated().saw("if-none-match", "\"abcd\"")),
        row("RFC 9111 §5.2.2.2", "with must-revalidate a stale one is validated")
            .origin(cached("max-age=2, must-revalidate").tag("abcd"))
            .origin(not_modified().control("max-age=2, must-revalidate").tag("abcd"))
            .get(asked())
            .get(stored())
            .wait(3)
            .get(validated().saw("if-none-match", "\"abcd\"")),
        row("RFC 9111 §4.3.1", "a range is not validated as a part, where the whole is stored")
            .origin(brief().tag("a").body("0123456789"))
            .origin(again().tag("a"))
            .get(asked())
            .wait(3)
            .ask(
                get().field("range", "bytes=2-3"),
                validated().status(206).body("23").with("content-range", "bytes 2-3/10"),
            ),
        row("RFC 9111 §4.3.2", "a client's own validator that is another does not hide a change")
            .origin(brief().tag("a"))
            .origin(fresh().tag("b"))
            .get(asked())
            .wait(3)
            .ask(get().field("if-none-match", "\"old\""), asked().answer(2)),
        row(
            "RFC 9111 §4.3.2",
            "nor does it make the stored one look good to a client that has another",
        )
        .origin(brief().tag("a"))
        .origin(again().tag("a"))
        .get(asked())
        .wait(3)
        .ask(get().field("if-none-match", "\"old\""), validated().answer(1).with("etag", "\"a\"")),
        row("RFC 9111 §4.3.2", "a client whose validator is that of the stored one gets the 304")
            .origin(brief().tag("a"))
            .origin(again().tag("a"))
            .get(asked())
            .wait(3)
            .ask(get().field("if-none-match", "\"a\""), validated().status(304))
            .get(stored().answer(1)),
        row("RFC 9111 §4.3.2", "so does one with the date")
            .origin(cached("max-age=2").modified())
            .origin(again().modified())
            .get(asked())
            .wait(3)
            .ask(get().field("if-modified-since", MODIFIED), validated().status(304)),
        row(
            "RFC 9111 §4.3.2",
            "a 304 to a client's validator is no answer for others, where nothing is stored",
        )
        .origin(not_modified().control("max-age=3600").tag("a"))
        .origin(fresh().tag("a"))
        .ask(
            get().field("if-none-match", "\"a\""),
            asked().status(304).saw("if-none-match", "\"a\""),
        )
        .get(asked().answer(2)),
        row("RFC 9111 §4.3.5", "HEAD is validated too")
            .origin(brief().tag("a").body("abcdef"))
            .origin(again().tag("a"))
            .get(asked())
            .wait(3)
            .ask(head(), either().with("content-length", "6"))
            .get(either().body("abcdef")),
    ]
}
