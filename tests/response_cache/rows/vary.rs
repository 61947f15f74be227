//! Negotiated responses (RFC 9111 §4.1; RFC 9110 §12.5.5).

use super::*;

const WHERE: &str = "RFC 9111 §4.1";

fn varied(names: &str) -> Answer {
    fresh().modified().field("vary", names)
}

fn foo(value: &str) -> super::super::row::Ask {
    get().field("foo", value)
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = plain();
    rows.extend(stars());
    rows.extend(normalised());
    rows.extend(inconsistent());
    rows
}

fn plain() -> Vec<Row> {
    let three = |a: &str, b: &str, c: &str| get().field("a", a).field("b", b).field("c", c);
    vec![
        row(WHERE, "the same value matches")
            .origin(varied("foo"))
            .ask(foo("1"), asked())
            .ask(foo("1"), stored()),
        row(WHERE, "another value does not")
            .origin(varied("foo"))
            .ask(foo("1"), asked())
            .ask(foo("2"), asked()),
        row(WHERE, "a field does not match its absence")
            .origin(varied("foo"))
            .get(asked())
            .ask(foo("1"), asked()),
        row(WHERE, "its absence does not match a field")
            .origin(varied("foo"))
            .ask(foo("1"), asked())
            .get(asked()),
        row(WHERE, "absence matches absence").origin(varied("foo")).reused(),
        row(WHERE, "an empty field is not an absent one")
            .origin(varied("foo"))
            .ask(foo(""), asked())
            .get(asked()),
        row(WHERE, "all variants are kept")
            .origin(varied("foo"))
            .ask(foo("1"), asked())
            .ask(foo("2"), asked())
            .ask(foo("3"), asked())
            .ask(foo("1"), stored().answer(1))
            .ask(foo("2"), stored().answer(2))
            .ask(foo("3"), stored().answer(3)),
        row(WHERE, "a field that Vary does not name is no part of the key")
            .origin(varied("foo"))
            .ask(foo("1").field("other", "2"), asked())
            .ask(foo("1").field("other", "3"), stored()),
        row(WHERE, "the names in Vary do not differ by case")
            .origin(varied("FOO"))
            .ask(foo("1"), asked())
            .ask(foo("2"), asked())
            .ask(foo("1"), stored()),
        row(WHERE, "values do").origin(varied("foo")).ask(foo("a"), asked()).ask(foo("A"), asked()),
        row(WHERE, "two fields that match")
            .origin(varied("a, b"))
            .ask(three("1", "2", "3"), asked())
            .ask(three("1", "2", "4"), stored()),
        row(WHERE, "two fields of which one does not match")
            .origin(varied("a, b"))
            .ask(three("1", "2", "3"), asked())
            .ask(three("2", "2", "3"), asked()),
        row(WHERE, "two fields that are absent")
            .origin(varied("a, b"))
            .ask(three("1", "2", "3"), asked())
            .get(asked()),
        row(WHERE, "two fields that Vary names on a line each")
            .origin(varied("a").field("vary", "b"))
            .ask(three("1", "2", "3"), asked())
            .ask(three("1", "3", "3"), asked())
            .ask(three("1", "2", "4"), stored().answer(1)),
        row(WHERE, "three fields that match")
            .origin(varied("a, b, c"))
            .ask(three("1", "2", "3"), asked())
            .ask(three("1", "2", "3"), stored()),
        row(WHERE, "three fields of which one does not match")
            .origin(varied("a, b, c"))
            .ask(three("1", "2", "3"), asked())
            .ask(three("2", "2", "3"), asked()),
        row(WHERE, "the order in which they come does not matter")
            .origin(varied("a, b, c"))
            .ask(three("1", "2", "3"), asked())
            .ask(get().field("c", "3").field("b", "2").field("a", "1"), stored())
            .ask(get().field("a", "1").field("c", "3").field("b", "22"), asked()),
        row(WHERE, "a field that both leave out matches")
            .origin(varied("a, b, c"))
            .ask(get().field("a", "1").field("c", "3"), asked())
            .ask(get().field("a", "1").field("c", "3"), stored()),
        row(WHERE, "a value does not end where another field begins")
            .origin(varied("a, b"))
            .ask(get().field("a", "1, b: 2"), asked())
            .ask(get().field("a", "1").field("b", "2"), asked()),
        row(WHERE, "HEAD is answered by the variant that it selects")
            .origin(varied("foo"))
            .ask(foo("1"), asked())
            .ask(head().field("foo", "1"), stored())
            .ask(head().field("foo", "2"), asked()),
    ]
}

fn stars() -> Vec<Row> {
    let ask = || get().field("foo", "1").field("baz", "789");
    let lines: [&[&str]; 8] = [
        &["*"],
        &["*, *"],
        &["*", "*"],
        &[", *"],
        &["", "*"],
        &["*, foo"],
        &["foo, *"],
        &["foo", "baz,*"],
    ];
    lines
        .iter()
        .map(|lines| {
            let answer =
                lines.iter().fold(fresh().modified(), |answer, line| answer.field("vary", *line));
            row(WHERE, format!("with a star in Vary nothing matches: {lines:?}"))
                .origin(answer)
                .ask(ask(), asked())
                .ask(ask(), asked())
        })
        .collect()
}

fn normalised() -> Vec<Row> {
    let language = |value: &str| get().field("accept-language", value);
    let encoding = |value: &str| get().field("accept-encoding", value);
    let same = |sentence: &'static str, name: &'static str, first: &str, second: &str| {
        row(WHERE, sentence)
            .origin(varied(name))
            .ask(get().field(name, first), asked())
            .ask(get().field(name, second), stored())
    };
    vec![
        row(WHERE, "fields on several lines are one with commas")
            .origin(varied("foo"))
            .ask(foo("1, 2"), asked())
            .ask(foo("1").field("foo", "2"), stored()),
        same("white space that means nothing does not matter", "foo", "1,2", " 1, 2 "),
        same("languages in another order", "accept-language", "en, de", "de, en"),
        same("languages in another case", "accept-language", "en, de", "eN, De"),
        same("languages with more white space", "accept-language", "en, de", " en ,   de"),
        same("a weight of 1 is none", "accept-language", "en, de;q=0.5", "en;q=1.0, de;q=0.5"),
        row(WHERE, "languages with other weights are others")
            .origin(varied("accept-language"))
            .ask(language("en, de;q=0.5"), asked())
            .ask(language("de, en;q=0.5"), asked()),
        row(WHERE, "the language of a stored response does not say what another list would get")
            .origin(varied("accept-language").field("content-language", "de"))
            .ask(language("en, de"), asked())
            .ask(language("fr;q=0.5, de;q=1.0"), asked()),
        row(WHERE, "codings in another order")
            .origin(varied("accept-encoding"))
            .ask(encoding("gzip, br"), asked())
            .ask(encoding("br,gzip"), stored()),
        row(WHERE, "a coding that the client does not take is not what it gets")
            .origin(varied("accept-encoding").field("content-encoding", "br"))
            .ask(encoding("br"), asked())
            .ask(encoding("gzip"), asked())
            .get(asked()),
        row(WHERE, "a coding that it refuses is not what it gets")
            .origin(varied("accept-encoding").field("content-encoding", "br"))
            .ask(encoding("br, gzip"), asked())
            .ask(encoding("br;q=0, gzip"), asked()),
        row(
            WHERE,
            "by rule, the first coding of a list that the client takes is what is asked for",
        )
        .rule("encodings")
        .origin(varied("accept-encoding"))
        .ask(encoding("gzip, deflate, br, zstd"), asked().saw("accept-encoding", "br"))
        .ask(encoding("br"), stored())
        .ask(encoding("deflate, br;q=0.1"), stored())
        .ask(encoding("gzip"), asked().saw("accept-encoding", "gzip"))
        .ask(encoding("br;q=0, gzip"), stored().answer(2))
        .ask(encoding("zstd"), asked())
        .get(either()),
        row(
            WHERE,
            "by rule, the first language of a list that the client takes is what is asked for",
        )
        .rule("languages")
        .origin(varied("accept-language"))
        .ask(language("en-GB, en;q=0.9, fr;q=0.8"), asked().saw("accept-language", "en"))
        .ask(language("en"), stored())
        .ask(language("de-AT, de;q=0.5"), asked().saw("accept-language", "de"))
        .ask(language("de"), stored().answer(2)),
    ]
}

fn inconsistent() -> Vec<Row> {
    vec![
        row(WHERE, "a response that comes without Vary after one with it is used for all")
            .origin(varied("foo"))
            .origin(fresh())
            .ask(foo("1"), asked())
            .ask(foo("2"), asked())
            .ask(foo("2"), stored().answer(2)),
        row(
            WHERE,
            "where the origin begins to send Vary, what was stored without is not used for others",
        )
        .origin(cached("max-age=1"))
        .origin(varied("foo"))
        .ask(foo("1"), asked())
        .wait(3)
        .ask(foo("2"), asked())
        .ask(foo("1"), asked()),
        row(
            "RFC 9111 §4.3.1",
            "no validator of another variant is sent for one that is not stored, or all are",
        )
        .origin(varied("foo").tag("a"))
        .origin(varied("foo").tag("b"))
        .ask(foo("1"), asked())
        .ask(foo("2"), asked().is("etag", Is::Exactly("\"b\"".to_owned())))
        .ask(foo("1"), stored().answer(1)),
    ]
}
