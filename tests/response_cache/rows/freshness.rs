//! How long a response is fresh (RFC 9111 §4.2), and how `Cache-Control` is read (§5.2).

use super::*;

const WHERE: &str = "RFC 9111 §4.2.1";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = order();
    rows.extend(spellings());
    rows.extend(heuristics());
    rows
}

fn order() -> Vec<Row> {
    let expires = |answer: Answer, seconds: i64| answer.field("expires", at(seconds));
    vec![
        row(WHERE, "max-age says how long it is fresh").origin(fresh()).reused_later(),
        row(WHERE, "and that it is stale then").origin(brief()).not_reused_later(),
        row(WHERE, "max-age=0 is stale at once").origin(cached("max-age=0")).not_reused(),
        row(WHERE, "max-age is before Expires, where that is past")
            .origin(expires(fresh(), -7_200))
            .reused_later(),
        row(WHERE, "and where that is to come")
            .origin(expires(cached("max-age=0"), 3_600))
            .not_reused_later(),
        row(WHERE, "max-age is before an Expires that is no date")
            .origin(fresh().field("expires", "0"))
            .reused_later(),
        row(WHERE, "s-maxage is before a longer max-age")
            .origin(cached("max-age=3600, s-maxage=1"))
            .not_reused_later(),
        row(WHERE, "whatever the order")
            .origin(cached("s-maxage=1, max-age=3600"))
            .not_reused_later(),
        row(WHERE, "and on lines of their own")
            .origin(cached("max-age=3600").control("s-maxage=1"))
            .not_reused_later(),
        row(WHERE, "s-maxage is before a shorter max-age")
            .origin(cached("max-age=1, s-maxage=3600"))
            .reused_later(),
        row(WHERE, "s-maxage is before max-age=0 and an Expires that is past")
            .origin(expires(cached("max-age=0, s-maxage=3600"), -10))
            .reused_later(),
        row(WHERE, "s-maxage=0 is stale at once")
            .origin(cached("max-age=3600, s-maxage=0"))
            .not_reused(),
        row("RFC 9111 §4.2.3", "a response that was old when it came is not fresh for longer")
            .origin(fresh().field("age", "7200"))
            .not_reused(),
        row("RFC 9111 §4.2.3", "nor one whose Date is so old")
            .origin(fresh().no_date().field("date", at(-7_200)))
            .not_reused(),
        row("RFC 9111 §4.2.3", "a Date to come makes it no younger than it is")
            .origin(brief().no_date().field("date", at(3_600)))
            .not_reused_later(),
        row("RFC 9111 §4.2.3", "the older of Age and Date counts")
            .origin(fresh().no_date().field("date", at(-10)).field("age", "7200"))
            .not_reused(),
        row("RFC 9111 §5.2.3", "a directive that nobody knows changes nothing")
            .origin(cached("foobar, max-age=3600"))
            .reused_later(),
        row("RFC 9111 §5.2.3", "nor does one with a value")
            .origin(cached("foo=bar, max-age=3600, baz=\"qux\""))
            .reused_later(),
        row(WHERE, "of max-age and no-cache the stricter counts")
            .origin(cached("max-age=3600, no-cache").tag("a"))
            .origin(not_modified().control("max-age=3600, no-cache").tag("a"))
            .get(asked())
            .get(validated()),
        row(WHERE, "of two values the first counts, or it is stale: both say that it is")
            .origin(cached("max-age=1, max-age=3600"))
            .not_reused_later(),
        row(WHERE, "so they do on two lines")
            .origin(cached("max-age=1").control("max-age=3600"))
            .not_reused_later(),
    ]
}

fn spellings() -> Vec<Row> {
    const DIRECTIVES: &str = "RFC 9111 §5.2";
    let mut rows = Vec::new();
    for (sentence, control) in [
        ("directives do not differ by case", "MaX-aGe=3600"),
        ("a number in quotes is one", "max-age=\"3600\""),
        ("zeros before a number change nothing", "max-age=003600"),
        ("white space around directives does not matter", " max-age=3600 ,  public "),
        ("empty members of the list do not matter", ",, max-age=3600,,"),
        ("a comma in quotes ends nothing", "ext=\"a, no-store\", max-age=3600"),
        ("a quote that is escaped ends nothing", r#"ext="a\", no-store, \"", max-age=3600"#),
    ] {
        rows.push(row(DIRECTIVES, sentence).origin(cached(control)).reused_later());
    }
    for (sentence, control) in [
        (
            "a name in quotes is no directive, before the real one",
            "ext=\"max-age=3600\", max-age=1",
        ),
        ("nor after it", "max-age=1, ext=\"max-age=3600\""),
        ("nor where the real one is in quotes too", "max-age=\"1\", ext=\"max-age=3600\""),
        ("a name that ends so is another", "x-max-age=3600"),
        ("and one that begins so", "max-age-x=3600"),
    ] {
        rows.push(row(DIRECTIVES, sentence).origin(cached(control)).not_reused_later());
    }
    for control in [
        "max-age='3600'",
        "max-age=-3600",
        "max-age=+3600",
        "max-age=3600.0",
        "max-age=3600.5",
        "max-age=3600a",
        "max-age=a3600",
        "max-age=1e4",
        "max-age=0x100",
        "max-age =3600",
        "max-age= 3600",
        "max-age=",
        "max-age",
        "max-age=\"\"",
        "max-age=3600;x=1",
        "s-maxage=x, max-age=3600",
    ] {
        rows.push(
            row(WHERE, format!("freshness that makes no sense is none: {control}"))
                .origin(cached(control))
                .not_reused(),
        );
    }
    for seconds in
        ["2147483647", "2147483648", "2147483649", "99999999999", "99999999999999999999999"]
    {
        rows.push(
            row("RFC 9111 §1.2.2", format!("max-age={seconds} is long"))
                .origin(cached(&format!("max-age={seconds}")))
                .reused_later(),
        );
    }
    rows
}

fn heuristics() -> Vec<Row> {
    const HEURISTIC: &str = "RFC 9111 §4.2.2";
    let modified = |ago: i64| ok().field("last-modified", at(-ago));
    let mut rows = vec![
        row(
            HEURISTIC,
            "by the look of it, a response is fresh for a tenth of the time since it was modified",
        )
        .origin(modified(86_400))
        .reused_later(),
        row(HEURISTIC, "which is no time where it was modified lately")
            .origin(modified(5))
            .not_reused_later(),
        row(HEURISTIC, "not where the origin says how long")
            .origin(modified(86_400).field("expires", at(-10)))
            .not_reused(),
        row(HEURISTIC, "nor with max-age=0")
            .origin(modified(86_400).control("max-age=0"))
            .not_reused_later(),
        row(HEURISTIC, "nor where it was modified after it was sent")
            .origin(ok().field("last-modified", at(3_600)))
            .not_reused(),
        row(HEURISTIC, "nor where that is no date")
            .origin(ok().field("last-modified", "yesterday"))
            .not_reused(),
        row(HEURISTIC, "nor without it")
            .origin(ok().tag("a"))
            .get(asked())
            .get(either())
            .asked_in_all(2),
        row(HEURISTIC, "nor where a rule says so")
            .rule("no-heuristic")
            .origin(ok().field("last-modified", at(-86_400)))
            .get(asked())
            .get(either())
            .asked_in_all(2),
        row("RFC 9111 §5.4", "Pragma in a response means nothing")
            .origin(fresh().field("pragma", "no-cache"))
            .reused(),
        row("RFC 9111 §5.4", "also where it is fresh by the look of it")
            .origin(modified(86_400).field("pragma", "no-cache"))
            .reused(),
        row("RFC 9110 §8.8", "an attachment is a response like others")
            .origin(modified(86_400).field("content-disposition", "attachment; filename=a.txt"))
            .reused(),
    ];
    for ago in [100, 600, 3_600, 43_200] {
        rows.push(
            row(HEURISTIC, format!("modified {ago} s ago it is still fresh after 3 s"))
                .origin(modified(ago))
                .reused_later(),
        );
    }
    rows
}
