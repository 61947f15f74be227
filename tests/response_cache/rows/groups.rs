//! Cache groups (RFC 9875).

use super::*;

pub(super) fn rows() -> Vec<Row> {
    const WHERE: &str = "RFC 9875 §3";
    let grouped = |groups: &str| fresh().field("cache-groups", groups);
    let post = || ask("POST").body("x").at("/unsafe");
    let invalidates = |sentence: &'static str, groups: &str, names: &str| {
        row(WHERE, sentence)
            .origin(grouped(groups))
            .origin(ok().field("cache-group-invalidation", names))
            .origin(grouped(groups))
            .ask(get().at("/a"), asked())
            .ask(post(), asked())
            .ask(get().at("/a"), asked().answer(3))
    };
    let keeps = |section: &'static str, sentence: &'static str, groups: &str, names: &str| {
        row(section, sentence)
            .origin(grouped(groups))
            .origin(ok().field("cache-group-invalidation", names))
            .ask(get().at("/a"), asked())
            .ask(post(), asked())
            .ask(get().at("/a"), stored().answer(1))
    };
    // Names of rows differ, so that no row invalidates what is of another.
    let long = "a-name-of-thirty-two-characters";
    let many: Vec<String> = (0..32).map(|number| format!("\"many-{number}\"")).collect();
    vec![
        invalidates("a response to an unsafe method invalidates a group", "\"g1\"", "\"g1\""),
        invalidates("one of several groups of a response", "\"g2a\", \"g2b\"", "\"g2b\""),
        invalidates("by one of several names", "\"g3b\"", "\"g3a\", \"g3b\""),
        invalidates("parameters of a name change nothing", "\"g4\";x=1", "\"g4\";y"),
        invalidates("a name may be long", &format!("\"{long}\""), &format!("\"{long}\"")),
        invalidates("there may be many", &many.join(", "), "\"many-31\""),
        invalidates(
            "a name may have what a name of a tag may not",
            "\"a b,c;\\\"d\"",
            "\"a b,c;\\\"d\"",
        ),
        row(WHERE, "all variants in it")
            .origin(grouped("\"g5\"").field("vary", "foo"))
            .origin(grouped("\"g5\"").field("vary", "foo"))
            .origin(ok().field("cache-group-invalidation", "\"g5\""))
            .origin(grouped("\"g5\"").field("vary", "foo"))
            .ask(get().at("/a").field("foo", "1"), asked())
            .ask(get().at("/a").field("foo", "2"), asked())
            .ask(post(), asked())
            .ask(get().at("/a").field("foo", "1"), asked().answer(4))
            .ask(get().at("/a").field("foo", "2"), asked().answer(5)),
        row(WHERE, "and all resources in it, and no others")
            .origin(grouped("\"g6\""))
            .origin(grouped("\"g6\""))
            .origin(grouped("\"g7\""))
            .origin(ok().field("cache-group-invalidation", "\"g6\""))
            .origin(grouped("\"g6\""))
            .ask(get().at("/a"), asked())
            .ask(get().at("/b"), asked())
            .ask(get().at("/c"), asked())
            .ask(post(), asked())
            .ask(get().at("/c"), stored().answer(3))
            .ask(get().at("/a"), asked().answer(5))
            .ask(get().at("/b"), asked().answer(6)),
        keeps("RFC 9875 §2.1", "names differ by case", "\"g8\"", "\"G8\""),
        keeps("RFC 9875 §2.1", "a name is not the beginning of another", "\"g90\"", "\"g9\""),
        keeps("RFC 9875 §2", "a token is no name", "g10", "\"g10\""),
        keeps("RFC 9875 §3", "nor is it one here", "\"g11\"", "g11"),
        keeps("RFC 9875 §2", "a list that is malformed is none", "\"g12\", &", "\"g12\""),
        row("RFC 9875 §2.1", "a group is of one host")
            .origin(grouped("\"g13\""))
            .origin(ok().field("cache-group-invalidation", "\"g13\""))
            .ask(get().at("/a").field("host", "a.example"), asked())
            .ask(post().field("host", "b.example"), asked())
            .ask(get().at("/a").field("host", "a.example"), stored().answer(1)),
        row(WHERE, "a response to a safe method invalidates no group")
            .origin(grouped("\"g14\""))
            .origin(ok().field("cache-group-invalidation", "\"g14\""))
            .ask(get().at("/a"), asked())
            .ask(get().at("/b"), asked())
            .ask(get().at("/a"), stored().answer(1)),
        row(WHERE, "nor does one that fails")
            .origin(grouped("\"g15\""))
            .origin(status(500).field("cache-group-invalidation", "\"g15\""))
            .origin(fresh())
            .ask(get().at("/a"), asked())
            .ask(post(), asked().status(500))
            .ask(get().at("/a"), either()),
        row("RFC 9875 §2", "the field is stored like any other")
            .origin(grouped("\"g16\""))
            .get(asked().with("cache-groups", "\"g16\""))
            .get(stored().with("cache-groups", "\"g16\"")),
    ]
}
