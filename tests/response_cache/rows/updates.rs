//! What a 304 updates (RFC 9111 §3.2, §4.3.4), and HEAD (§4.3.5).

use super::*;

/// Name, value at first, value in the 304.
const UPDATED: [(&str, &str, &str); 14] = [
    ("test-header", "A", "B"),
    ("x-test-header", "A", "B"),
    ("content-foo", "A", "B"),
    ("x-content-foo", "A", "B"),
    ("content-language", "de", "en"),
    ("content-location", "/foo", "/bar"),
    ("content-security-policy", "default-src 'self'", "default-src 'none'"),
    ("content-type", "text/plain", "text/plain;charset=utf-8"),
    ("clear-site-data", "\"cache\"", "\"cookies\""),
    ("expires", "Fri, 01 Jan 2038 01:01:01 GMT", "Mon, 11 Jan 2038 11:11:11 GMT"),
    ("set-cookie2", "a=b", "a=c"),
    ("x-frame-options", "deny", "sameorigin"),
    ("x-xss-protection", "1", "1; mode=block"),
    ("link", "</a>; rel=next", "</b>; rel=next"),
];

/// What says how the stored bytes are to be read stays with them.
const KEPT: [(&str, &str, &str); 3] = [
    ("content-encoding", "x-a", "x-b"),
    ("content-range", "bytes 0-1/2", "bytes 0-2/3"),
    ("content-length", "", "10"),
];

pub(super) fn rows() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3.2";
    let first = |name: &str, value: &str| {
        let answer = cached("max-age=2").tag("a").body("abcdef");
        if value.is_empty() { answer } else { answer.field(name, value) }
    };
    let mut rows = Vec::new();
    for (name, old, new) in UPDATED {
        rows.push(
            row(WHERE, format!("a 304 updates {name}"))
                .origin(first(name, old))
                .origin(not_modified().control("max-age=3600").tag("a").field(name, new))
                .get(asked().with(name, old))
                .wait(3)
                .get(validated().with(name, new))
                .get(stored().with(name, new)),
        );
    }
    for (name, old, new) in KEPT {
        let kept = if old.is_empty() { "6" } else { old };
        rows.push(
            row(WHERE, format!("a 304 does not update {name}"))
                .origin(first(name, old))
                .origin(not_modified().control("max-age=3600").tag("a").field(name, new))
                .get(asked())
                .wait(3)
                .get(validated().with(name, kept).body("abcdef"))
                .get(stored().with(name, kept).body("abcdef")),
        );
    }
    rows.extend(more());
    rows.extend(heads());
    rows
}

fn more() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3.2";
    const FRESHENED: &str = "RFC 9111 §4.3.4";
    vec![
        row(WHERE, "a field that the 304 leaves out stays")
            .origin(cached("max-age=2").modified().field("test-header", "A"))
            .origin(not_modified().modified().control("max-age=3600"))
            .get(asked())
            .wait(3)
            .get(validated().with("test-header", "A"))
            .get(stored().with("test-header", "A")),
        row(WHERE, "the new cache-control counts")
            .origin(brief().tag("a"))
            .origin(not_modified().control("max-age=3600").tag("a"))
            .get(asked())
            .wait(3)
            .get(validated().with("cache-control", "max-age=3600"))
            .wait(3)
            .get(stored()),
        row(WHERE, "the old one where there is no new one")
            .origin(cached("max-age=2").tag("a"))
            .origin(not_modified().tag("a"))
            .get(asked())
            .wait(3)
            .get(validated())
            .get(stored())
            .wait(3)
            .get(validated()),
        row(WHERE, "the new Date counts")
            .origin(cached("max-age=2").tag("a"))
            .origin(
                not_modified().no_date().field("date", at(-30)).tag("a").control("max-age=3600"),
            )
            .get(asked())
            .wait(3)
            .get(validated())
            .get(stored().is("age", Is::AtLeast(30))),
        row(WHERE, "a field that came several times is replaced by all of the new ones")
            .origin(brief().tag("a").field("x-a", "1").field("x-a", "2"))
            .origin(not_modified().control("max-age=3600").tag("a").field("x-a", "3"))
            .get(asked())
            .wait(3)
            .get(validated().with("x-a", "3"))
            .get(stored().with("x-a", "3")),
        row("RFC 9111 §3.1", "fields of the connection are not taken from a 304 either")
            .origin(brief().tag("a"))
            .origin(
                not_modified()
                    .control("max-age=3600")
                    .tag("a")
                    .field("connection", "x-a")
                    .field("x-a", "1")
                    .field("proxy-authenticate", "Basic"),
            )
            .get(asked())
            .wait(3)
            .get(validated())
            .get(stored().without("x-a").without("proxy-authenticate")),
        row(FRESHENED, "a 304 with the tag of another response does not freshen this one")
            .origin(brief().tag("a"))
            .origin(not_modified().control("max-age=3600").tag("b"))
            .origin(fresh().tag("b"))
            .get(asked())
            .wait(3)
            .get(either())
            .get(either())
            .wait(1)
            .get(either().is("etag", Is::Present)),
        row(FRESHENED, "a 304 without a validator freshens the one that was asked about")
            .origin(brief().tag("a"))
            .origin(not_modified().control("max-age=3600"))
            .get(asked())
            .wait(3)
            .get(validated())
            .get(stored().answer(1)),
        row(FRESHENED, "a 304 freshens the variant that was asked about, and no other")
            .origin(brief().tag("a").field("vary", "foo"))
            .origin(brief().tag("b").field("vary", "foo"))
            .origin(not_modified().control("max-age=3600").tag("a").field("vary", "foo"))
            .origin(fresh().tag("c").field("vary", "foo"))
            .ask(get().field("foo", "1"), asked())
            .ask(get().field("foo", "2"), asked())
            .wait(3)
            .ask(get().field("foo", "1"), validated().answer(1))
            .ask(get().field("foo", "2"), asked().answer(4))
            .ask(get().field("foo", "1"), stored().answer(1)),
        row(FRESHENED, "a 304 with no-store is used, and what it is about not stored any longer")
            .origin(brief().tag("a"))
            .origin(not_modified().control("no-store").tag("a"))
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(validated())
            .get(asked().answer(3)),
    ]
}

fn heads() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §4.3.5";
    let first = || cached("max-age=2").field("x-a", "1").tag("a").body("abcdef");
    vec![
        row(WHERE, "HEAD that finds a stale response is written through, or validates it")
            .origin(first())
            .origin(first())
            .get(asked())
            .wait(3)
            .ask(head(), either().with("content-length", "6"))
            .asked_in_all(2),
        row(WHERE, "a 410 to HEAD does not go into a stored 200")
            .origin(first())
            .origin(status(410).control("max-age=3600").field("x-a", "2"))
            .origin(fresh())
            .get(asked())
            .wait(3)
            .ask(head(), asked().status(410))
            .get(either()),
        row(WHERE, "a 200 to HEAD does not make a response to GET without a body")
            .origin(first())
            .origin(fresh().tag("b").body("abcdefgh"))
            .get(asked())
            .wait(3)
            .ask(head(), either())
            .get(either().body("abcdefgh")),
    ]
}
