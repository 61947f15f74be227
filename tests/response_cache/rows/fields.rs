//! Which fields are stored (RFC 9111 §3.1), and what a response of the store has (§4, RFC 9110).

use super::*;

const WHERE: &str = "RFC 9111 §3.1";

/// Fields that the cache knows, and that it does not.
const KEPT: [(&str, &str); 22] = [
    ("test-header", "ABC"),
    ("x-test-header", "ABC"),
    ("content-foo", "ABC"),
    ("x-content-foo", "ABC"),
    ("content-encoding", "x-none"),
    ("content-language", "de, en"),
    ("content-location", "/elsewhere"),
    ("content-md5", "N7UdGUp1E+RbVvZSTy1R8g=="),
    ("content-range", "bytes 0-1/2"),
    ("content-security-policy", "default-src 'self' cdn.example.com"),
    ("content-disposition", "attachment; filename=\"a, b.txt\""),
    ("content-type", "text/plain;charset=utf-8"),
    ("clear-site-data", "\"cookies\""),
    ("etag", "\"abc\""),
    ("expires", "Mon, 11 Jan 2038 11:11:11 GMT"),
    ("last-modified", MODIFIED),
    ("link", "</a>; rel=next, </b>; rel=prev"),
    ("public-key-pins", "pin-sha256=\"d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM=\""),
    ("set-cookie2", "a=c"),
    ("warning", "199 - \"a warning\""),
    ("x-frame-options", "sameorigin"),
    ("x-xss-protection", "1; mode=block"),
];

/// Of one connection (RFC 9110 §7.6.1), and those that are the proxy's own.
const NOT_KEPT: [(&str, &str); 7] = [
    ("keep-alive", "timeout=5"),
    ("proxy-authenticate", "Basic"),
    ("proxy-authentication-info", "a=b"),
    ("proxy-authorization", "Basic YTpi"),
    ("proxy-connection", "keep-alive"),
    ("te", "gzip"),
    ("upgrade", "h9"),
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = KEPT
        .iter()
        .map(|(name, value)| {
            row(WHERE, format!("{name} is stored"))
                .origin(fresh().field(name, *value))
                .get(asked().with(name, *value))
                .get(stored().with(name, *value))
        })
        .collect();
    rows.extend(NOT_KEPT.iter().map(|(name, value)| {
        row(WHERE, format!("{name} is not stored"))
            .origin(fresh().field(name, *value))
            .get(asked())
            .get(stored().without(name))
    }));
    rows.extend(more());
    rows.extend(generated());
    rows
}

fn more() -> Vec<Row> {
    vec![
        row(WHERE, "fields that Connection names are not stored, and the others are")
            .origin(
                fresh()
                    .field("connection", "x-a, X-B")
                    .field("x-a", "1")
                    .field("x-b", "2")
                    .field("x-c", "3"),
            )
            .get(asked())
            .get(stored().without("x-a").without("x-b").without("connection").with("x-c", "3")),
        row(WHERE, "fields that come several times are stored in their order")
            .origin(fresh().field("x-a", "1").field("x-b", "2").field("x-a", "3, 4"))
            .get(asked())
            .get(stored().with("x-a", "1, 3, 4").with("x-b", "2")),
        row(WHERE, "an empty field is stored")
            .origin(fresh().field("x-a", ""))
            .get(asked())
            .get(stored().with("x-a", "")),
        row("RFC 9110 §5.5", "bytes that are not ASCII are stored as they are")
            .origin(fresh().field("x-a", &b"a\xff\xfc"[..]))
            .get(asked())
            .get(stored().with("x-a", "a\u{ff}\u{fc}")),
        row("RFC 9111 §5.2.2.4", "a field that no-cache names is not used without a validation")
            .origin(cached("no-cache=\"x-a\", max-age=3600").field("x-a", "1").field("x-b", "2"))
            .get(asked().with("x-a", "1"))
            .get(stored().without("x-a").with("x-b", "2")),
        row("RFC 9111 §5.2.2.4", "so are several, whatever their case")
            .origin(
                ok().control("no-cache=\"x-a, X-B\"")
                    .control("max-age=3600")
                    .field("x-a", "1")
                    .field("x-b", "2")
                    .field("x-c", "3"),
            )
            .get(asked())
            .get(stored().without("x-a").without("x-b").with("x-c", "3")),
        row("RFC 9111 §5.2.2.7", "a field that private names is not stored by a shared cache")
            .origin(cached("private=\"x-a\", max-age=3600").field("x-a", "1").field("x-b", "2"))
            .get(asked().with("x-a", "1"))
            .get(stored().without("x-a").with("x-b", "2")),
        row("RFC 9111 §5.2.2.7", "nor are several")
            .origin(
                cached("max-age=3600, private=\"x-a, x-b\"")
                    .field("x-a", "1")
                    .field("x-b", "2")
                    .field("x-c", "3"),
            )
            .get(asked())
            .get(stored().without("x-a").without("x-b").with("x-c", "3")),
        row("RFC 9111 §5.2.2.7", "a cookie that private names is stripped, and the rest is shared")
            .origin(cached("private=\"set-cookie\", max-age=3600").field("set-cookie", "a=b"))
            .get(asked().with("set-cookie", "a=b"))
            .get(stored().without("set-cookie")),
        row("RFC 9111 §5.2.2.4", "no-cache without a value is not one that names nothing")
            .origin(cached("max-age=3600, no-cache=\"\""))
            .get(asked())
            .get(either()),
    ]
}

/// What the cache adds, and what it must not touch.
fn generated() -> Vec<Row> {
    vec![
        row("RFC 9111 §4", "a response from the store has an Age of its time there")
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(stored().is("age", Is::AtLeast(3))),
        row("RFC 9111 §5.1", "a response of the origin has no Age where the origin sent none")
            .origin(fresh())
            .get(asked().without("age")),
        row("RFC 9111 §4", "the Age that the response came with counts, where it has max-age")
            .origin(fresh().field("age", "30"))
            .get(asked())
            .wait(3)
            .get(stored().is("age", Is::AtLeast(33))),
        row("RFC 9111 §4", "and where it has Expires")
            .origin(ok().field("expires", at(2_592_000)).field("age", "30"))
            .get(asked())
            .wait(3)
            .get(stored().is("age", Is::AtLeast(33))),
        row("RFC 9110 §6.6.1", "Date is not touched")
            .origin(fresh())
            .get(asked())
            .wait(3)
            .get(stored().same("date")),
        row("RFC 9110 §6.6.1", "nor where there is Expires, which is not touched either")
            .origin(ok().field("expires", at(2_592_000)))
            .get(asked())
            .wait(3)
            .get(stored().same("date").same("expires")),
        row("RFC 9110 §6.6.1", "a response without Date gets one of the time it came")
            .origin(fresh().no_date())
            .get(asked().is("date", Is::Present))
            .wait(3)
            .get(stored().is("date", Is::Present).is("age", Is::AtLeast(3))),
        row("RFC 9110 §8.6", "a response from the store has the length of its body")
            .origin(fresh().body("abcdef"))
            .get(asked())
            .get(stored().with("content-length", "6")),
        row("RFC 9110 §8.3", "one without a content-type gets none")
            .origin(fresh())
            .get(asked().without("content-type"))
            .get(stored().without("content-type")),
        row("RFC 9110 §9.3.2", "nor does one to HEAD")
            .origin(fresh())
            .get(asked())
            .ask(head(), stored().without("content-type")),
    ]
}
