//! What is stored (RFC 9111 §3).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = methods();
    rows.extend(conditions());
    rows.extend(incomplete());
    rows.extend(authorization());
    rows.extend(cookies());
    rows
}

fn methods() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3";
    let mut rows: Vec<Row> = ["PUT", "DELETE", "PATCH", "OPTIONS"]
        .iter()
        .map(|method| {
            row(WHERE, format!("a response to {method} is not stored, however long it is fresh"))
                .origin(fresh())
                .ask(ask(method).body("x"), asked())
                .ask(ask(method).body("x"), asked())
                .get(asked())
        })
        .collect();
    rows.extend([
        row(WHERE, "a response to GET is stored").origin(fresh()).reused(),
        row("RFC 9110 §9.3.3", "a response to POST is not stored unless a rule says so")
            .origin(fresh())
            .ask(ask("POST").body("x"), asked())
            .ask(ask("POST").body("x"), asked())
            .get(asked()),
        row("RFC 9110 §9.3.3", "a response to POST for its own URI, and fresh, answers a GET")
            .origin(fresh().field("content-location", "{row}"))
            .ask(ask("POST").body("x"), asked())
            .get(stored().answer(1)),
        row("RFC 9110 §9.3.3", "a response to POST for another URI answers no GET")
            .origin(fresh().field("content-location", "{row}/other"))
            .ask(ask("POST").body("x"), asked())
            .get(asked()),
        row(
            "RFC 9110 §9.3.3",
            "a response to POST that does not say how long it is fresh answers no GET",
        )
        .origin(ok().modified().field("content-location", "{row}"))
        .ask(ask("POST").body("x"), asked())
        .get(asked()),
        row("RFC 9110 §9.3.3", "by rule it answers the same POST")
            .rule("posts")
            .origin(fresh())
            .ask(ask("POST").body("x"), asked())
            .ask(ask("POST").body("x"), stored())
            .ask(ask("POST").body("y"), asked())
            .get(asked()),
        row("RFC 9110 §9.3.4", "a PUT whose response names its own URI answers no GET")
            .origin(fresh().field("content-location", "{row}"))
            .ask(ask("PUT").body("x"), asked())
            .get(asked()),
        row(WHERE, "a response after an interim one is stored, and the interim one is not")
            .origin(
                fresh().interim("103 Early Hints\r\nlink: </s.css>; rel=preload\r\nx-hint: 1\r\n"),
            )
            .get(asked().without("x-hint"))
            .get(stored().without("x-hint").without("link")),
        row(WHERE, "a response after 102 is stored")
            .origin(fresh().interim("102 Processing\r\n"))
            .reused(),
    ]);
    rows
}

fn conditions() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3";
    vec![
        row(
            WHERE,
            "a response that says nothing of freshness, and has no validator, is not reused",
        )
        .origin(ok())
        .not_reused(),
        row(WHERE, "with no-store it is not stored").origin(cached("no-store")).not_reused(),
        row(WHERE, "with no-store it is not stored, whatever else it says")
            .origin(cached("max-age=3600, no-store").field("expires", at(3600)))
            .not_reused(),
        row(WHERE, "with private a shared cache does not store it")
            .origin(cached("private, max-age=3600"))
            .not_reused(),
        row(WHERE, "with private it is not stored, public or not")
            .origin(cached("public, private, max-age=3600"))
            .not_reused(),
        row(WHERE, "with Expires it is stored").origin(ok().field("expires", at(3600))).reused(),
        row(WHERE, "with max-age it is stored").origin(cached("max-age=3600")).reused(),
        row(WHERE, "with s-maxage a shared cache stores it")
            .origin(cached("s-maxage=3600"))
            .reused(),
        row(
            WHERE,
            "a status that is heuristically cacheable is stored without a word of freshness",
        )
        .origin(ok().modified())
        .reused(),
        row(WHERE, "a chunked response is stored, and comes back with its length")
            .origin(fresh().in_chunks().body("abcdefghijklmnop"))
            .get(asked().body("abcdefghijklmnop"))
            .get(stored().body("abcdefghijklmnop").with("content-length", "16")),
        row(WHERE, "a response with trailers is stored without them")
            .origin(fresh().with_trailers().field("trailer", "x-sum").body("abcdefghijklmnop"))
            .get(asked().body("abcdefghijklmnop"))
            .get(stored().body("abcdefghijklmnop").without("x-sum").without("trailer")),
        row(WHERE, "an empty response is stored")
            .origin(fresh().body(""))
            .get(asked().body(""))
            .get(stored().body("").with("content-length", "0")),
        row(WHERE, "bytes of all values are stored")
            .origin(fresh().body((0..=255).collect::<Vec<u8>>()))
            .reused(),
        row(WHERE, "a response of a hundred thousand bytes is stored")
            .origin(fresh().body("abcdefghij".repeat(10_000)))
            .reused(),
    ]
}

fn incomplete() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3.3";
    vec![
        row(WHERE, "a response that breaks off is not stored as a whole one")
            .origin(fresh().body("abcdefgh").cut())
            .origin(fresh().body("abcdefgh"))
            .get(nothing())
            .get(asked().body("abcdefgh"))
            .get(stored().body("abcdefgh")),
        row(WHERE, "a response that breaks off does not replace a stored one")
            .origin(brief().tag("a").body("first"))
            .origin(fresh().tag("b").body("second-is-cut").cut())
            .origin(fresh().tag("c").body("third"))
            .get(asked())
            .wait(3)
            .get(nothing())
            .get(asked().body("third")),
        row("RFC 9112 §8", "a response that ends with the connection is whole, and may be stored")
            .origin(fresh().until_the_end().body("abcdef"))
            .get(asked().body("abcdef"))
            .get(either().body("abcdef")),
    ]
}

fn authorization() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §3.5";
    let alice = || get().field("authorization", "Bearer alice");
    let bob = || get().field("authorization", "Bearer bob");
    let shared = |control: &str| {
        row(WHERE, format!("a response to a request with Authorization is shared with {control}"))
            .origin(cached(control))
            .ask(alice(), asked())
            .get(stored())
            .ask(bob(), stored())
            .ask(alice(), stored())
    };
    vec![
        row(WHERE, "a response to a request with Authorization is not reused for one without")
            .origin(fresh())
            .ask(alice(), asked())
            .get(asked()),
        row(WHERE, "nor for one with another")
            .origin(fresh())
            .ask(alice(), asked())
            .ask(bob(), asked()),
        row(WHERE, "nor for the same again")
            .origin(fresh())
            .ask(alice(), asked())
            .ask(alice(), asked()),
        row(WHERE, "nor because it has Expires")
            .origin(ok().field("expires", at(3600)))
            .ask(alice(), asked())
            .get(asked()),
        row(WHERE, "nor because it may be fresh by the look of it")
            .origin(ok().modified())
            .ask(alice(), asked())
            .get(asked()),
        shared("public, max-age=3600"),
        shared("s-maxage=3600"),
        shared("max-age=1, s-maxage=3600"),
        row(WHERE, "with must-revalidate it is stored, for whom it was sent to")
            .origin(cached("max-age=3600, must-revalidate"))
            .ask(alice(), asked())
            .ask(alice(), stored().answer(1))
            .ask(bob(), asked().answer(2))
            .get(asked().answer(3))
            .ask(alice(), stored().answer(1))
            .ask(bob(), stored().answer(2)),
        row(WHERE, "with s-maxage=0 it is not reused without a validation")
            .origin(cached("s-maxage=0").tag("a"))
            .origin(not_modified().control("s-maxage=0").tag("a"))
            .ask(alice(), asked())
            .ask(bob(), validated()),
    ]
}

fn cookies() -> Vec<Row> {
    const WHERE: &str = "RFC 9111 §7.3";
    vec![
        row(WHERE, "a response that sets a cookie is not stored, as a precaution")
            .origin(fresh().field("set-cookie", "session=1"))
            .get(asked().with("set-cookie", "session=1"))
            .get(asked()),
        row(WHERE, "it is where it says public")
            .origin(cached("public, max-age=3600").field("set-cookie", "a=b"))
            .get(asked().with("set-cookie", "a=b"))
            .get(stored().with("set-cookie", "a=b")),
        row(WHERE, "or s-maxage")
            .origin(cached("s-maxage=3600").field("set-cookie", "a=b"))
            .reused(),
        row(WHERE, "a rule can have the cookie stripped: who asked first has it, and nobody else")
            .rule("cookies-stripped")
            .origin(fresh().field("set-cookie", "a=b").field("set-cookie", "c=d"))
            .get(asked().is("set-cookie", Is::Present))
            .get(stored().without("set-cookie")),
        row(WHERE, "or stored, all of them")
            .rule("cookies-stored")
            .origin(fresh().field("set-cookie", "a=b").field("set-cookie", "c=d"))
            .get(asked())
            .get(stored().same("set-cookie")),
        row(WHERE, "a request with a cookie is answered from the store")
            .origin(fresh())
            .get(asked())
            .ask(get().field("cookie", "a=b"), stored()),
    ]
}
