//! Two users never see each other's answer, whatever the upstream forgot to say.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::raw::{self, Request, Response};
use gatehouse_sandbox::{Gateway, workspace};
use serde_json::{Value, json};

use super::beside::Beside;
use super::{SHARED, rule, start, with_rules};
use crate::harness::upstream::{Received, Said, Upstream};
use crate::harness::{token, trap};

/// What an upstream says to somebody that is for nobody else, and forgets to say so.
const HEADS: [(&str, &str); 20] = [
    ("nothing", ""),
    ("how long it is fresh", "cache-control: max-age=3600\r\n"),
    ("when it expires", "expires: Mon, 11 Jan 2038 11:11:11 GMT\r\n"),
    ("when it was modified", "last-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\n"),
    ("a tag", "cache-control: max-age=3600\r\netag: \"same\"\r\n"),
    ("a tag, to be validated", "cache-control: no-cache\r\netag: \"same\"\r\n"),
    ("a tag, and stale at once", "cache-control: max-age=0\r\netag: \"same\"\r\n"),
    ("that it has to be revalidated", "cache-control: max-age=3600, must-revalidate\r\n"),
    ("the same, with a tag", "cache-control: max-age=0, must-revalidate\r\netag: \"same\"\r\n"),
    ("that proxies have to revalidate", "cache-control: max-age=3600, proxy-revalidate\r\n"),
    ("that it never changes", "cache-control: max-age=3600, immutable\r\n"),
    ("that it may be stale", "cache-control: max-age=0, stale-while-revalidate=3600\r\n"),
    ("that it may be stale for errors", "cache-control: max-age=0, stale-if-error=3600\r\n"),
    ("how long for CDNs", "cdn-cache-control: max-age=3600\r\n"),
    ("that it varies, by something else", "cache-control: max-age=3600\r\nvary: accept\r\n"),
    ("that it sets a cookie", "cache-control: max-age=3600\r\nset-cookie: session=1\r\n"),
    ("that some field is private", "cache-control: max-age=3600, private=\"x-a\"\r\nx-a: 1\r\n"),
    ("its group", "cache-control: max-age=3600\r\ncache-groups: \"users\"\r\n"),
    ("its tag for purges", "cache-control: max-age=3600\r\nsurrogate-key: users\r\n"),
    ("what is no directive", "cache-control: max-age=3600, public-ish, s-max-age=3600\r\n"),
];

/// How the gateway knows who somebody is.
struct Way {
    sentence: &'static str,
    /// What its paths begin with.
    prefix: &'static str,
    /// What alice and bob send.
    sends: [(&'static str, String); 2],
    /// Whether all share what the response says is for all: with a key of the session's cookie
    /// nobody does.
    shares: bool,
}

/// The rules for users whom only the upstream knows.
pub(super) fn anonymous() -> Value {
    json!([
        rule("cookie", json!({"key": {"cookies": ["session"]}})),
        {"name": "rest"},
    ])
}

/// By what only the upstream reads, and by a cookie that is part of the key.
fn unidentified() -> Vec<Way> {
    vec![
        Way {
            sentence: "by what only the upstream reads",
            prefix: "/products",
            sends: ["alice", "bob"].map(|name| ("authorization", format!("Basic {name}"))),
            shares: true,
        },
        Way {
            sentence: "by a cookie that is part of the key",
            prefix: "/cookie",
            sends: ["alice", "bob"].map(|name| ("cookie", format!("a=b; session={name}"))),
            shares: false,
        },
    ]
}

/// By what the filters before the cache read.
fn identified(upstream: &Upstream) -> (Gateway, Vec<Way>) {
    let bearer = |name: &str| ("authorization", token::bearer(&token::good(name)));
    let ways = vec![
        Way {
            sentence: "by a token that jwt-auth reads",
            prefix: "/products/token",
            sends: [bearer("alice"), bearer("bob")],
            shares: true,
        },
        Way {
            sentence: "by a key that api-key-auth reads",
            prefix: "/products/key",
            sends: ["acme-demo-key-2", "initech-demo-key"].map(|key| ("x-api-key", key.to_owned())),
            shares: true,
        },
    ];
    let own = |name: &str, mut rule: Value| {
        rule["name"] = json!(name);
        rule["match"] = json!({"path": {"prefix": format!("/products/{name}")}});
        rule
    };
    let rules = json!([
        own("own", json!({"identified": "own"})),
        own("subject", json!({"key": {"identity": ["subject"]}})),
        {"name": "rest"},
    ]);
    let builder = with_rules(upstream.address(), rules).concurrency(2).edit(|tree| {
        for filter in ["api-key-auth", "jwt-auth"] {
            let path = workspace::root().join(format!("envoy/{filter}.yaml"));
            let mut sister = Example::load(&path).expect("the example");
            let first = http_filters(sister.tree_mut())[0].clone();
            http_filters(tree).insert(0, first);
        }
    });
    (start(builder), ways)
}

fn http_filters(tree: &mut Value) -> &mut Vec<Value> {
    let path = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    tree.pointer_mut(path).and_then(Value::as_array_mut).expect("a list of filters")
}

/// The upstream answers with the name that a request gives itself, which is no part of any key.
fn answer(request: &Received, more: &str) -> Said {
    let name = request.header("x-me").unwrap_or("the cache").to_owned();
    if request.header("if-none-match").is_some() {
        // An upstream with one tag for everybody.
        let head = "HTTP/1.1 304 Not Modified\r\netag: \"same\"\r\n\r\n";
        return Said { bytes: head.into(), ..Said::default() };
    }
    Said::response(200, "text/plain", more, name)
}

/// It answers what the number at the end of the path stands for.
fn answer_by_number(request: &Received) -> Said {
    let index = request.target().rsplit("/h").next().and_then(|number| number.parse().ok());
    answer(request, HEADS.get(index.unwrap_or(0_usize)).map_or("", |(_, head)| head))
}

fn request(path: &str, me: &str, sends: Option<&(&'static str, String)>) -> Request {
    let request = Request::get(path).header("x-me", me);
    sends.iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[test]
fn two_users_whom_the_upstream_knows_never_see_each_other_s_answer() {
    let shared = &*SHARED;
    let Beside { upstream, .. } = &shared.anonymous;
    never_see_each_other_s_answer(upstream, shared.anonymous.address(shared), &unidentified());
    trap::assert_none(&shared.gateway);
}

#[test]
fn two_users_whom_the_gateway_knows_never_see_each_other_s_answer() {
    let upstream = Upstream::start();
    let (gateway, ways) = identified(&upstream);
    never_see_each_other_s_answer(&upstream, gateway.address(), &ways);
    each_has_what_is_their_own(&upstream, gateway.address());
    trap::assert_none(&gateway);
}

fn never_see_each_other_s_answer(upstream: &Upstream, gateway: SocketAddr, ways: &[Way]) {
    for way in ways {
        one_after_the_other(upstream, gateway, way);
        at_the_same_time(upstream, gateway, way);
        what_is_for_all_is_shared(upstream, gateway, way);
    }
}

#[track_caller]
fn send(gateway: SocketAddr, request: &Request) -> Response {
    raw::send(gateway, request).unwrap_or_else(|fault| panic!("{fault}"))
}

fn one_after_the_other(upstream: &Upstream, gateway: SocketAddr, way: &Way) {
    upstream.answer_by(answer_by_number);
    for (index, (said, _)) in HEADS.iter().enumerate() {
        let path = format!("{}/one/h{index}", way.prefix);
        let ask = |me: &str, sends| {
            let response = send(gateway, &request(&path, me, sends));
            let case = format!("{}, where the upstream says {said}", way.sentence);
            assert_eq!((response.status, response.text().as_str()), (200, me), "{case}");
        };
        for _ in 0..2 {
            ask("alice", Some(&way.sends[0]));
            ask("bob", Some(&way.sends[1]));
            ask("nobody", None);
        }
        ask("bob", Some(&way.sends[1]));
        ask("alice", Some(&way.sends[0]));
    }
}

/// The upstream is slow: whoever waits for another's answer does not get it.
fn at_the_same_time(upstream: &Upstream, gateway: SocketAddr, way: &Way) {
    upstream.answer_by(|request| answer_by_number(request).after(Duration::from_millis(200)));
    // Three that say different things of how they may be shared are enough for this.
    for index in [1, 7, 11] {
        let path = format!("{}/two/h{index}", way.prefix);
        thread::scope(|scope| {
            for number in 0..24 {
                let (path, way) = (&path, &way.sends);
                scope.spawn(move || {
                    let (me, sends) = match number % 3 {
                        0 => ("alice", Some(&way[0])),
                        1 => ("bob", Some(&way[1])),
                        _ => ("nobody", None),
                    };
                    let response = send(gateway, &request(path, me, sends));
                    assert_eq!((response.status, response.text().as_str()), (200, me), "{path}");
                });
            }
        });
    }
}

/// The table would say nothing if nothing were shared at all.
fn what_is_for_all_is_shared(upstream: &Upstream, gateway: SocketAddr, way: &Way) {
    for (number, (said, is_for_all)) in [
        ("cache-control: public, max-age=3600\r\n", true),
        ("cache-control: s-maxage=3600\r\n", true),
        ("cache-control: max-age=3600\r\n", false),
    ]
    .into_iter()
    .enumerate()
    {
        upstream.answer_by(move |request| answer(request, said));
        let path = format!("{}/three/{number}", way.prefix);
        let ask = |me: &str, at: usize| -> String {
            send(gateway, &request(&path, me, Some(&way.sends[at]))).text()
        };
        let got = [ask("alice", 0), ask("bob", 1)];
        let second = if is_for_all && way.shares { "alice" } else { "bob" };
        assert_eq!(got, ["alice", second], "{}, {said}", way.sentence);
    }
}

/// Each their own, where the response has to be revalidated, or the rule says so: from the store.
fn each_has_what_is_their_own(upstream: &Upstream, gateway: SocketAddr) {
    for (sentence, path, said) in [
        ("must-revalidate", "/products/a", "cache-control: max-age=3600, must-revalidate\r\n"),
        ("own", "/products/own/a", "cache-control: max-age=3600\r\n"),
        ("a key of the subject", "/products/subject/a", "cache-control: max-age=3600\r\n"),
    ] {
        upstream.answer_by(move |request| answer(request, said));
        let _ = upstream.take_all();
        for me in ["alice", "bob", "alice", "bob", "alice", "bob"] {
            let sends = ("authorization", token::bearer(&token::good(me)));
            let response = send(gateway, &request(path, me, Some(&sends)));
            assert_eq!(response.text(), me, "{sentence}");
        }
        assert_eq!(upstream.take_all().len(), 2, "{sentence}");
    }
}
