//! Ranges (RFC 9110 §14, §15.3.7, §15.5.17; RFC 9111 §3.3, §3.4).

use super::*;

const BODY: &str = "0123456789A";

fn part(range: &str) -> super::super::row::Ask {
    get().field("range", range)
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = of_whole_ones();
    rows.extend(conditional());
    rows.extend(partial());
    rows
}

fn of_whole_ones() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §14.2";
    let mut rows = Vec::new();
    for (range, body, content_range) in [
        ("bytes=0-1", "01", "bytes 0-1/11"),
        ("bytes=1-", "123456789A", "bytes 1-10/11"),
        ("bytes=-1", "A", "bytes 10-10/11"),
        ("bytes=-100", BODY, "bytes 0-10/11"),
        ("bytes=0-", BODY, "bytes 0-10/11"),
        ("bytes=5-100", "56789A", "bytes 5-10/11"),
        ("bytes=10-10", "A", "bytes 10-10/11"),
        ("Bytes=0-1", "01", "bytes 0-1/11"),
        ("bytes= 0-1", "01", "bytes 0-1/11"),
    ] {
        rows.push(
            row(WHERE, format!("a part of a stored response: {range}"))
                .origin(fresh().body(BODY))
                .get(asked())
                .ask(
                    part(range),
                    stored()
                        .status(206)
                        .body(body)
                        .with("content-range", content_range)
                        .with("content-length", body.len().to_string()),
                ),
        );
    }
    for range in ["bytes=11-", "bytes=11-20", "bytes=99-", "bytes=-0"] {
        rows.push(
            row("RFC 9110 §15.5.17", format!("there is no such part: {range}"))
                .origin(fresh().body(BODY))
                .get(asked())
                .ask(part(range), stored().status(416).with("content-range", "bytes */11"))
                .get(stored().body(BODY)),
        );
    }
    for range in ["bytes=2-1", "bytes=a-b", "bytes=", "lines=0-1", "0-1", "bytes=-", "bytes=1-2-3"]
    {
        rows.push(
            row(WHERE, format!("what is no range, or of no known unit, is ignored: {range}"))
                .origin(fresh().body(BODY))
                .get(asked())
                .ask(part(range), stored().body(BODY)),
        );
    }
    rows.extend([
        row("RFC 9110 §15.3.7.2", "parts with little between them are one")
            .origin(fresh().body(BODY))
            .get(asked())
            .ask(
                part("bytes=0-1,5-6"),
                stored()
                    .status(206)
                    .body("0123456")
                    .with("content-range", format!("bytes 0-6/{}", BODY.len())),
            ),
        row("RFC 9110 §15.3.7.2", "parts that lie apart are several parts")
            .origin(
                fresh()
                    .field("content-type", "text/a")
                    .body([&b"begin"[..], &[b' '; 900], b"end"].concat()),
            )
            .get(asked())
            .ask(
                part("bytes=-3,0-4"),
                stored()
                    .status(206)
                    .is(
                        "content-type",
                        Is::Containing("multipart/byteranges; boundary=".to_owned()),
                    )
                    .without("content-range")
                    .holds(
                        "content-type: text/a\r\ncontent-range: bytes 905-907/908\r\n\r\nend\r\n",
                    )
                    .holds("content-type: text/a\r\ncontent-range: bytes 0-4/908\r\n\r\nbegin\r\n"),
            ),
        row(WHERE, "very many parts are no reason to make a great response")
            .origin(fresh().body(BODY))
            .get(asked())
            .ask(part(&format!("bytes={}0-", "0-,".repeat(500))), either().body(BODY)),
        row(WHERE, "a part has the fields of the whole")
            .origin(fresh().body(BODY).tag("a").field("x-a", "1").field("content-type", "text/a"))
            .get(asked())
            .ask(
                part("bytes=0-1"),
                stored()
                    .status(206)
                    .body("01")
                    .with("etag", "\"a\"")
                    .with("x-a", "1")
                    .with("content-type", "text/a")
                    .is("age", Is::Present)
                    .same("date")
                    .same("cache-control"),
            ),
        row(WHERE, "a range of HEAD is ignored")
            .origin(fresh().body(BODY))
            .get(asked())
            .ask(head().field("range", "bytes=0-1"), stored().with("content-length", "11")),
        row(WHERE, "a stored 404 has no parts")
            .origin(status(404).control("max-age=3600").body(BODY))
            .get(asked().status(404))
            .ask(part("bytes=0-1"), stored().status(404).body(BODY)),
        row(WHERE, "an empty response has no parts")
            .origin(fresh().body(""))
            .get(asked())
            .ask(part("bytes=0-1"), either().status(416).with("content-range", "bytes */0")),
        row("RFC 9110 §13.2.2", "a validator that matches is before the range")
            .origin(fresh().body(BODY).tag("a"))
            .get(asked())
            .ask(part("bytes=0-1").field("if-none-match", "\"a\""), stored().status(304)),
    ]);
    rows
}

fn conditional() -> Vec<Row> {
    const WHERE: &str = "RFC 9110 §13.1.5";
    let whole = || fresh().body(BODY);
    let mut rows = Vec::new();
    for (sentence, answer, validator) in [
        ("a tag that is the same", whole().tag("a"), "\"a\""),
        ("a date that is the same", whole().modified(), MODIFIED),
    ] {
        rows.push(
            row(WHERE, format!("If-Range with {sentence} gets the part"))
                .origin(answer)
                .get(asked())
                .ask(
                    part("bytes=0-1").field("if-range", validator),
                    stored().status(206).body("01"),
                ),
        );
    }
    for (sentence, answer, validator) in [
        ("a tag that is another", whole().tag("a"), "\"b\""),
        ("a weak tag, the same", whole().field("etag", "W/\"a\""), "W/\"a\""),
        ("a weak tag for a strong one", whole().tag("a"), "W/\"a\""),
        ("a date that is another", whole().modified(), "Tue, 31 Dec 2019 00:00:00 GMT"),
        ("a date that is later", whole().modified(), "Thu, 02 Jan 2020 00:00:00 GMT"),
        ("a date where there is none", whole(), MODIFIED),
        ("a tag where there is none", whole(), "\"a\""),
        ("what is neither", whole().tag("a"), "a"),
    ] {
        rows.push(
            row(WHERE, format!("If-Range with {sentence} gets the whole"))
                .origin(answer)
                .get(asked())
                .ask(part("bytes=0-1").field("if-range", validator), stored().body(BODY)),
        );
    }
    rows.push(
        row(WHERE, "If-Range without Range is ignored")
            .origin(whole().tag("a"))
            .get(asked())
            .ask(get().field("if-range", "\"b\""), stored().body(BODY)),
    );
    rows
}

/// Partial responses that are stored.
fn partial() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3.3";
    const COMBINED: &str = "RFC 9111 §3.4";
    let last =
        || status(206).control("max-age=3600").field("content-range", "bytes 5-9/10").body("56789");
    let first =
        || status(206).control("max-age=3600").field("content-range", "bytes 0-4/10").body("01234");
    let ends = || asked().status(206).body("56789").saw("range", "bytes=-5");
    vec![
        row(WHERE, "a part answers the same range")
            .origin(last())
            .ask(part("bytes=-5"), ends())
            .ask(part("bytes=-5"), stored().status(206).body("56789")),
        row(WHERE, "and one within it").origin(last()).ask(part("bytes=-5"), ends()).ask(
            part("bytes=6-8"),
            stored().status(206).body("678").with("content-range", "bytes 6-8/10"),
        ),
        row(WHERE, "and one without an end")
            .origin(last())
            .ask(part("bytes=-5"), ends())
            .ask(part("bytes=7-"), stored().status(206).body("789")),
        row(WHERE, "and one from the end")
            .origin(last())
            .ask(part("bytes=-5"), ends())
            .ask(part("bytes=-1"), stored().status(206).body("9")),
        row(WHERE, "not one beyond it")
            .origin(last())
            .origin(
                status(206)
                    .control("max-age=3600")
                    .field("content-range", "bytes 3-6/10")
                    .body("3456"),
            )
            .ask(part("bytes=-5"), ends())
            .ask(part("bytes=3-6"), either().status(206).body("3456"))
            .asked_in_all(2),
        row("RFC 9111 §4", "a part is no answer to a request for the whole")
            .origin(last())
            .origin(fresh().body("0123456789"))
            .ask(part("bytes=-5"), ends())
            .get(either().body("0123456789"))
            .asked_in_all(2),
        row(COMBINED, "a part is completed by the rest")
            .origin(first().tag("a"))
            .origin(last().tag("a"))
            .ask(part("bytes=0-4"), asked().status(206).body("01234"))
            .get(
                // Its length is not said: the body that came is made longer.
                completed().body("0123456789").saw("range", "bytes=5-").without("content-range"),
            )
            .get(stored().body("0123456789")),
        row(COMBINED, "not by that of another representation")
            .origin(first().tag("a"))
            .origin(fresh().tag("b").body("abcdefghij"))
            .ask(part("bytes=0-4"), asked().status(206).body("01234"))
            .get(either().body("abcdefghij"))
            .get(stored().body("abcdefghij")),
        row(COMBINED, "parts without a strong validator are not put together")
            .origin(first().field("etag", "W/\"a\""))
            .origin(fresh().field("etag", "W/\"a\"").body("0123456789"))
            .ask(part("bytes=0-4"), asked().status(206).body("01234"))
            .get(either().body("0123456789"))
            .asked_in_all(2),
        row(WHERE, "a range that is not in the store goes to the origin as it came")
            .origin(last())
            .ask(part("bytes=-5"), ends()),
        row(WHERE, "the whole that an origin sends for a range is stored as the whole")
            .origin(fresh().body("0123456789"))
            .ask(part("bytes=0-1"), asked().body("0123456789"))
            .get(stored().body("0123456789"))
            .ask(part("bytes=0-1"), stored().status(206).body("01")),
        row(WHERE, "a part that does not say which it is is not stored")
            .origin(status(206).control("max-age=3600").body("01234"))
            .ask(part("bytes=0-4"), asked().status(206))
            .ask(part("bytes=0-4"), asked().status(206)),
        row(WHERE, "nor one of several parts")
            .origin(
                status(206)
                    .control("max-age=3600")
                    .field("content-type", "multipart/byteranges; boundary=x")
                    .body("--x--"),
            )
            .ask(part("bytes=0-1,3-4"), asked().status(206))
            .ask(part("bytes=0-1,3-4"), asked().status(206)),
        row(WHERE, "one that is shorter than it says is not taken for all of it")
            .origin(
                status(206)
                    .control("max-age=3600")
                    .field("content-range", "bytes 0-9/10")
                    .body("01234"),
            )
            .origin(fresh().body("0123456789"))
            .ask(part("bytes=0-9"), asked().status(206))
            .get(asked().body("0123456789")),
        row(WHERE, "nor is one that is longer")
            .origin(
                status(206)
                    .control("max-age=3600")
                    .field("content-range", "bytes 0-9/10")
                    .body("01234567890"),
            )
            .origin(fresh().body("0123456789"))
            .ask(part("bytes=0-9"), asked().status(206))
            .get(asked().body("0123456789")),
        row(WHERE, "nor one that nobody asked for")
            .origin(last())
            .origin(fresh().body("0123456789"))
            .get(asked().status(206))
            .get(either().body("0123456789"))
            .asked_in_all(2),
        row("RFC 9111 §4.2", "a part that is stale is not used")
            .origin(
                status(206)
                    .control("max-age=0")
                    .field("content-range", "bytes 5-9/10")
                    .body("56789"),
            )
            .ask(part("bytes=-5"), ends())
            .ask(part("bytes=-5"), ends()),
    ]
}
