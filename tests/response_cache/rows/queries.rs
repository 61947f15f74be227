//! QUERY (RFC 10008) and `No-Vary-Search`.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    const WHERE: &str = "RFC 10008 §2.7";
    let query = |body: &str| ask("QUERY").body(body).field("content-type", "text/x-query");
    let mut rows = vec![
        row(WHERE, "a response to QUERY is not stored, unless a rule says so")
            .origin(fresh())
            .ask(query("a"), asked())
            .ask(query("a"), asked()),
        row(WHERE, "by rule it answers the same QUERY")
            .rule("queries")
            .origin(fresh())
            .ask(query("a"), asked())
            .ask(query("a"), stored()),
        row(WHERE, "the body is part of the key")
            .rule("queries")
            .origin(fresh())
            .ask(query("a"), asked())
            .ask(query("b"), asked())
            .ask(query("a"), stored().answer(1))
            .ask(query("b"), stored().answer(2)),
        row(WHERE, "so is its type")
            .rule("queries")
            .origin(fresh())
            .ask(query("a"), asked())
            .ask(ask("QUERY").body("a").field("content-type", "text/other"), asked()),
        row(WHERE, "and its coding")
            .rule("queries")
            .origin(fresh())
            .ask(query("a"), asked())
            .ask(query("a").field("content-encoding", "x"), asked()),
        row(WHERE, "a response to QUERY does not answer GET")
            .rule("queries")
            .origin(fresh())
            .ask(query("a"), asked())
            .get(asked()),
        row(WHERE, "nor one to GET QUERY")
            .rule("queries")
            .origin(fresh())
            .get(asked())
            .ask(query("a"), asked()),
        row(WHERE, "the origin sees the body")
            .rule("queries")
            .origin(fresh())
            .ask(query("select a"), asked().saw("content-length", "8")),
        row("RFC 10008 §2", "QUERY is safe: it invalidates nothing")
            .rule("queries")
            .origin(fresh())
            .origin(ok())
            .get(asked())
            .ask(query("a"), asked())
            .get(stored().answer(1)),
        row("RFC 10008 §2", "also where no rule is for it")
            .origin(fresh())
            .origin(ok())
            .get(asked())
            .ask(query("a"), asked())
            .get(stored().answer(1)),
        row(WHERE, "a stale one is asked for again, with its body")
            .rule("queries")
            .origin(brief())
            .origin(fresh())
            .ask(query("a"), asked())
            .wait(3)
            .ask(query("a"), asked().saw("content-length", "1")),
    ];
    rows.extend(no_vary_search());
    rows
}

fn no_vary_search() -> Vec<Row> {
    const WHERE: &str = "No-Vary-Search §5";
    let said = |value: &str| fresh().field("no-vary-search", value);
    vec![
        row(WHERE, "parameters that do not matter by name")
            .origin(said("params=(\"x\")"))
            .ask(get().at("?a=1&x=1"), asked())
            .ask(get().at("?a=1&x=2"), stored())
            .ask(get().at("?a=1"), stored())
            .ask(get().at("?a=2&x=1"), asked()),
        row(WHERE, "no parameter matters")
            .origin(said("except=()"))
            .ask(get().at("?a=1"), asked())
            .ask(get().at("?b=2"), stored()),
        row(WHERE, "no parameter matters but some")
            .origin(said("except=(\"a\")"))
            .ask(get().at("?a=1&x=1"), asked())
            .ask(get().at("?a=1&y=1"), stored())
            .ask(get().at("?a=2"), asked()),
        row(WHERE, "their order does not matter")
            .origin(said("key-order"))
            .ask(get().at("?a=1&b=2"), asked())
            .ask(get().at("?b=2&a=1"), stored())
            .ask(get().at("?b=2&a=2"), asked()),
        row(WHERE, "what is malformed is ignored")
            .origin(said("params=(\"x\""))
            .ask(get().at("?a=1&x=1"), asked())
            .ask(get().at("?a=1&x=2"), asked()),
        row(WHERE, "so is what it said in older drafts")
            .origin(said("params, except=(\"a\")"))
            .ask(get().at("?a=1&x=1"), asked())
            .ask(get().at("?a=1&x=2"), asked()),
        row(WHERE, "another path is another resource all the same")
            .origin(said("except=()"))
            .ask(get().at("/a?x=1"), asked())
            .ask(get().at("/b?x=1"), asked()),
    ]
}
