//! `Age` (RFC 9111 §5.1).

use super::*;

const WHERE: &str = "RFC 9111 §5.1";

pub(super) fn rows() -> Vec<Row> {
    let aged = |lines: &[&str], control: &str| {
        lines.iter().fold(cached(control), |answer, line| answer.field("age", *line))
    };
    let mut rows = Vec::new();
    for (sentence, lines) in [
        ("what is no number is ignored", &["abc"][..]),
        ("what is less than nothing is ignored", &["-7200"]),
        ("a fraction is ignored", &["7200.0"]),
        ("a number with a parameter is ignored", &["7200;foo=bar"]),
        ("nothing is ignored", &[""]),
        ("of a list the first counts: none, then old", &["0, 7200"]),
        ("of two lines the first counts: none, then old", &["0", "7200"]),
        ("twice none is none", &["0, 0"]),
        ("and on two lines", &["0", "0"]),
        ("half of the lifetime is not all of it", &["1800", "1800"]),
    ] {
        rows.push(
            row(WHERE, format!("{sentence}: {lines:?}"))
                .origin(aged(lines, "max-age=3600"))
                .reused_later(),
        );
    }
    for (sentence, lines) in [
        ("more than the lifetime is stale", &["7200"][..]),
        ("2147483647 is old", &["2147483647"]),
        ("2147483648 is old", &["2147483648"]),
        ("2147483649 is old", &["2147483649"]),
        ("what does not fit is old", &["99999999999999999999999"]),
        ("zeros before it change nothing", &["007200"]),
        ("of a list the first counts: old, then none", &["7200, 0"]),
        ("of two lines the first counts: old, then none", &["7200", "0"]),
    ] {
        rows.push(
            row(WHERE, format!("{sentence}: {lines:?}"))
                .origin(aged(lines, "max-age=3600"))
                .not_reused(),
        );
    }
    rows.extend([
        row(WHERE, "the Age of the origin's own response goes on as it came")
            .origin(aged(&["30"], "max-age=3600"))
            .get(asked().with("age", "30")),
        row(WHERE, "a response from the store has one Age")
            .origin(aged(&["30", "40"], "max-age=3600"))
            .get(asked())
            .get(stored().is("age", Is::AtLeast(30)).is("age", Is::Below(100))),
        row("RFC 9111 §4.2.3", "a Date that is past is an Age")
            .origin(cached("max-age=3600").no_date().field("date", at(-600)))
            .get(asked())
            .get(stored().is("age", Is::AtLeast(600))),
        row("RFC 9111 §4.2.3", "the time that the response took is part of it")
            .origin(fresh().field("age", "10").after(std::time::Duration::from_secs(2)))
            .get(asked())
            .get(stored().is("age", Is::AtLeast(12))),
    ]);
    rows
}
