//! What clients ask of the cache (RFC 9111 §5.2.1, §5.4; RFC 8246).

use super::*;

fn control(value: &str) -> super::super::row::Ask {
    get().field("cache-control", value)
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = honoured();
    rows.extend(only_if_cached());
    rows.extend(ignored());
    rows
}

fn honoured() -> Vec<Row> {
    const MAX_AGE: &str = "RFC 9111 §5.2.1.1";
    const MAX_STALE: &str = "RFC 9111 §5.2.1.2";
    const MIN_FRESH: &str = "RFC 9111 §5.2.1.3";
    const NO_CACHE: &str = "RFC 9111 §5.2.1.4";
    const NO_STORE: &str = "RFC 9111 §5.2.1.5";
    vec![
        row(MAX_AGE, "max-age=0 wants no response from the store")
            .origin(fresh())
            .get(asked())
            .wait(2)
            .ask(control("max-age=0"), asked().says("fwd=request")),
        row(MAX_AGE, "max-age=1 wants none that is older")
            .origin(fresh())
            .get(asked())
            .wait(3)
            .ask(control("max-age=1"), asked()),
        row(MAX_AGE, "also not one that was old when it came")
            .origin(fresh().field("age", "1800"))
            .get(asked())
            .ask(control("max-age=600"), asked()),
        row(MAX_AGE, "one that is younger will do")
            .origin(fresh().field("age", "100"))
            .get(asked())
            .ask(control("max-age=600"), stored()),
        row(MAX_AGE, "max-age=0 is a validation, where there is something to validate")
            .origin(fresh().tag("a"))
            .origin(not_modified().control("max-age=3600").tag("a"))
            .get(asked())
            .wait(2)
            .ask(control("max-age=0"), validated()),
        row("RFC 8246 §2", "immutable is for clients: one that wants a validation gets it")
            .origin(cached("max-age=10000, immutable").tag("a"))
            .origin(not_modified().control("max-age=10000, immutable").tag("a"))
            .get(asked())
            .wait(2)
            .ask(control("max-age=0"), either().same("etag")),
        row(MAX_STALE, "max-stale takes a stale one")
            .origin(brief())
            .get(asked())
            .wait(3)
            .ask(control("max-stale=1000"), stored().is("age", Is::AtLeast(3))),
        row(MAX_STALE, "without a value however stale")
            .origin(brief())
            .get(asked())
            .wait(3)
            .ask(control("max-stale"), stored()),
        row(MAX_STALE, "also one that was old when it came")
            .origin(cached("max-age=1500").field("age", "2000").tag("a"))
            .get(asked())
            .ask(control("max-stale=1000"), stored()),
        row(MAX_STALE, "where it can ever be validated: else it is not stored")
            .origin(cached("max-age=1500").field("age", "2000"))
            .get(asked().says("detail=stale-without-validator"))
            .ask(control("max-stale=1000"), asked()),
        row(MAX_STALE, "not one that is staler")
            .origin(cached("max-age=1500").field("age", "3000").tag("a"))
            .get(asked())
            .ask(control("max-stale=1000"), asked()),
        row(MAX_STALE, "not where the response forbids it: must-revalidate")
            .origin(cached("max-age=1, must-revalidate"))
            .get(asked())
            .wait(3)
            .ask(control("max-stale=1000"), asked()),
        row(MAX_STALE, "proxy-revalidate")
            .origin(cached("max-age=1, proxy-revalidate"))
            .get(asked())
            .wait(3)
            .ask(control("max-stale=1000"), asked()),
        row(MAX_STALE, "s-maxage")
            .origin(cached("s-maxage=1"))
            .get(asked())
            .wait(3)
            .ask(control("max-stale=1000"), asked()),
        row(MAX_STALE, "no-cache")
            .origin(cached("max-age=3600, no-cache"))
            .get(asked())
            .ask(control("max-stale=1000"), asked()),
        row(MIN_FRESH, "min-fresh wants one that is fresh for longer")
            .origin(cached("max-age=1500"))
            .get(asked())
            .ask(control("min-fresh=2000"), asked()),
        row(MIN_FRESH, "which an old one is not")
            .origin(cached("max-age=1500").field("age", "1000"))
            .get(asked())
            .ask(control("min-fresh=1000"), asked()),
        row(MIN_FRESH, "and one that is so")
            .origin(cached("max-age=1500"))
            .get(asked())
            .ask(control("min-fresh=1000"), stored()),
        row(NO_CACHE, "no-cache wants none from the store without a validation")
            .origin(fresh())
            .get(asked())
            .ask(control("no-cache"), asked().says("fwd=request")),
        row(NO_CACHE, "which is made by date")
            .origin(fresh().modified())
            .origin(not_modified().control("max-age=3600").modified())
            .get(asked())
            .ask(control("no-cache"), validated()),
        row(NO_CACHE, "or by tag")
            .origin(fresh().tag("abc"))
            .origin(not_modified().control("max-age=3600").tag("abc"))
            .get(asked())
            .ask(control("no-cache"), validated()),
        row(NO_CACHE, "what it gets is stored for others")
            .origin(fresh())
            .get(asked())
            .ask(control("no-cache"), asked().answer(2))
            .get(stored().answer(2)),
        row(NO_CACHE, "directives of requests do not differ by case")
            .origin(fresh())
            .get(asked())
            .ask(control("No-CaChE"), asked()),
        row(NO_CACHE, "a word in quotes is none")
            .origin(fresh())
            .get(asked())
            .ask(control("ext=\"a, no-cache\""), stored()),
        row(NO_STORE, "a response to a request with no-store is not stored")
            .origin(fresh())
            .ask(control("no-store"), asked())
            .get(asked()),
        row(NO_STORE, "what is stored may answer it")
            .origin(fresh())
            .get(asked())
            .ask(control("no-store"), stored())
            .get(stored().answer(1)),
        row(NO_STORE, "and nothing of what the origin answers takes its place")
            .origin(brief().tag("a"))
            .origin(fresh().tag("b"))
            .origin(not_modified().tag("a"))
            .get(asked())
            .wait(3)
            .ask(control("no-store"), asked().answer(2))
            .get(validated().answer(1)),
        row(NO_STORE, "nor does a 304 to it")
            .origin(brief().tag("a"))
            .origin(not_modified().control("max-age=3600").tag("a"))
            .get(asked())
            .wait(3)
            .ask(control("no-store"), validated().answer(1))
            .get(validated().answer(1)),
        row("RFC 9111 §5.2.1.6", "no-transform changes nothing")
            .origin(fresh())
            .get(asked())
            .ask(control("no-transform"), stored()),
        row("RFC 9111 §5.2.3", "what nobody knows changes nothing")
            .origin(fresh())
            .get(asked())
            .ask(control("nothing-to-see-here"), stored()),
        row("RFC 9111 §5.4", "Pragma: no-cache is no-cache, where there is no Cache-Control")
            .origin(fresh())
            .get(asked())
            .ask(get().field("pragma", "no-cache"), asked()),
        row("RFC 9111 §5.4", "where there is, it is nothing")
            .origin(fresh())
            .get(asked())
            .ask(control("max-age=600").field("pragma", "no-cache"), stored()),
        row("RFC 9111 §5.4", "another Pragma is nothing")
            .origin(fresh())
            .get(asked())
            .ask(get().field("pragma", "unrecognised-extension"), stored()),
        row(MAX_AGE, "a max-age that is no number is as strict as can be")
            .origin(fresh())
            .get(asked())
            .wait(2)
            .ask(control("max-age=x"), asked()),
    ]
}

fn only_if_cached() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §5.2.1.7";
    let problem = || {
        refused(504)
            .with("content-type", "application/problem+json")
            // RFC 9211 §2: it says nothing of a response that a cache has made up.
            .without("cache-status")
    };
    vec![
        row(WHERE, "only-if-cached wants a stored response or a 504")
            .origin(fresh())
            .ask(control("only-if-cached"), problem()),
        row(WHERE, "a stored one is what it gets")
            .origin(fresh())
            .get(asked())
            .ask(control("only-if-cached"), stored()),
        row(WHERE, "a stale one is none")
            .origin(brief())
            .get(asked())
            .wait(3)
            .ask(control("only-if-cached"), problem()),
        row(WHERE, "unless the client takes it")
            .origin(brief())
            .get(asked())
            .wait(3)
            .ask(control("only-if-cached, max-stale"), stored()),
        row(WHERE, "another variant is none")
            .origin(fresh().field("vary", "foo"))
            .ask(get().field("foo", "1"), asked())
            .ask(control("only-if-cached").field("foo", "2"), problem()),
        row(WHERE, "with no-cache there is none")
            .origin(fresh())
            .get(asked())
            .ask(control("only-if-cached, no-cache"), problem()),
        row(WHERE, "a 504 is not what the next client gets")
            .origin(fresh())
            .ask(control("only-if-cached"), problem())
            .get(asked()),
    ]
}

fn ignored() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §5.2.1";
    ["no-cache", "max-age=0", "min-fresh=999999"]
        .iter()
        .map(|value| {
            row(WHERE, format!("by rule, a client that says {value} is not heard"))
                .rule("ignore")
                .origin(fresh())
                .get(asked())
                .wait(2)
                .ask(control(value).field("pragma", "no-cache"), stored())
        })
        .chain([row(WHERE, "by rule, nor one that says no-store")
            .rule("ignore")
            .origin(fresh())
            .ask(control("no-store"), asked())
            .get(stored())])
        .collect()
}
