//! Two users never see each other's answer, whatever the upstream forgot to say.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::example::Example;
use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway, workspace};
use serde_json::{Value, json};

use super::{example, rule, start, with_rules};
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
    gateway: Builder,
    /// What alice and bob send.
    sends: [(&'static str, String); 2],
    /// Whether somebody may ask who says nothing.
    takes_nobody: bool,
}

/// The cache behind the filter of this example.
fn behind(upstream: &Upstream, filter: &str) -> Builder {
    let path = workspace::root().join(format!("envoy/{filter}.yaml"));
    let mut sister = Example::load(&path).expect("the example");
    let first = http_filters(sister.tree_mut())[0].clone();
    example(upstream.address()).edit(move |tree| http_filters(tree).insert(0, first))
}

fn http_filters(tree: &mut Value) -> &mut Vec<Value> {
    let path = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    tree.pointer_mut(path).and_then(Value::as_array_mut).expect("a list of filters")
}

fn ways(upstream: &Upstream) -> Vec<Way> {
    let bearer = |name: &str| ("authorization", token::bearer(&token::good(name)));
    let only_a_cookie = json!([rule("products", json!({"key": {"cookies": ["session"]}})),]);
    vec![
        Way {
            sentence: "by what only the upstream reads",
            gateway: example(upstream.address()),
            sends: ["alice", "bob"].map(|name| ("authorization", format!("Basic {name}"))),
            takes_nobody: true,
        },
        Way {
            sentence: "by a token that jwt-auth reads",
            gateway: behind(upstream, "jwt-auth"),
            sends: [bearer("alice"), bearer("bob")],
            takes_nobody: true,
        },
        Way {
            sentence: "by a key that api-key-auth reads",
            gateway: behind(upstream, "api-key-auth"),
            sends: ["acme-demo-key-2", "initech-demo-key"].map(|key| ("x-api-key", key.to_owned())),
            takes_nobody: true,
        },
        Way {
            sentence: "by a cookie that is part of the key",
            gateway: with_rules(upstream.address(), only_a_cookie),
            sends: ["alice", "bob"].map(|name| ("cookie", format!("a=b; session={name}"))),
            takes_nobody: true,
        },
    ]
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

fn request(path: &str, me: &str, sends: Option<&(&'static str, String)>) -> Request {
    let request = Request::get(path).header("x-me", me);
    sends.iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[test]
fn nobody_gets_what_was_said_to_another() {
    let upstream = Upstream::start();
    upstream.answer_by(|request| {
        let index = request.target().rsplit("/h").next().and_then(|number| number.parse().ok());
        answer(request, HEADS.get(index.unwrap_or(0_usize)).map_or("", |(_, head)| head))
    });
    for way in ways(&upstream) {
        let gateway = start(way.gateway);
        for (index, (said, _)) in HEADS.iter().enumerate() {
            let path = format!("/products/h{index}");
            let ask = |me: &str, sends| {
                let response = gateway.request(request(&path, me, sends));
                let case = format!("{}, where the upstream says {said}", way.sentence);
                assert_eq!((response.status, response.text().as_str()), (200, me), "{case}");
            };
            for _ in 0..2 {
                ask("alice", Some(&way.sends[0]));
                ask("bob", Some(&way.sends[1]));
                if way.takes_nobody {
                    ask("nobody", None);
                }
            }
            ask("bob", Some(&way.sends[1]));
            ask("alice", Some(&way.sends[0]));
        }
        trap::assert_none(&gateway);
    }
}

/// They ask at the same time, and the upstream is slow: whoever waits for another's answer does not
/// get it.
#[test]
fn nor_while_they_wait_for_the_same_url() {
    let upstream = Upstream::start();
    upstream.answer_by(|request| {
        let index = request.target().rsplit("/h").next().and_then(|number| number.parse().ok());
        let head = HEADS.get(index.unwrap_or(0_usize)).map_or("", |(_, head)| head);
        answer(request, head).after(Duration::from_millis(200))
    });
    for way in ways(&upstream) {
        let gateway = start(way.gateway.concurrency(2));
        // Three that say different things of how they may be shared are enough for this.
        for index in [1, 7, 11] {
            let path = format!("/products/h{index}");
            thread::scope(|scope| {
                for number in 0..24 {
                    let (gateway, path, way) = (&gateway, &path, &way.sends);
                    scope.spawn(move || {
                        let (me, sends) = match number % 3 {
                            0 => ("alice", Some(&way[0])),
                            1 => ("bob", Some(&way[1])),
                            _ => ("nobody", None),
                        };
                        let response = gateway.request(request(path, me, sends));
                        assert_eq!(
                            (response.status, response.text().as_str()),
                            (200, me),
                            "{path}"
                        );
                    });
                }
            });
        }
        trap::assert_none(&gateway);
    }
}

/// The table would say nothing if nothing were shared at all.
#[test]
fn what_is_said_to_be_public_is_shared() {
    let upstream = Upstream::start();
    for (said, is_shared) in [
        ("cache-control: public, max-age=3600\r\n", [true, true, true, false]),
        ("cache-control: s-maxage=3600\r\n", [true, true, true, false]),
        ("cache-control: max-age=3600\r\n", [false, false, false, false]),
    ] {
        upstream.answer_by(move |request| answer(request, said));
        for (way, is_shared) in ways(&upstream).into_iter().zip(is_shared) {
            let gateway = start(way.gateway);
            let ask = |me: &str, at: usize| -> String {
                gateway.request(request("/products/a", me, Some(&way.sends[at]))).text()
            };
            let got = [ask("alice", 0), ask("bob", 1)];
            let second = if is_shared { "alice" } else { "bob" };
            assert_eq!(got, ["alice", second], "{}, {said}", way.sentence);
        }
    }
}

/// Each their own, where the response has to be revalidated, or the rule says so: from the store.
#[test]
fn each_has_what_is_their_own() {
    let upstream = Upstream::start();
    for (sentence, rule_says, said) in [
        ("must-revalidate", json!({}), "cache-control: max-age=3600, must-revalidate\r\n"),
        ("own", json!({"identified": "own"}), "cache-control: max-age=3600\r\n"),
        (
            "a key of the subject",
            json!({"key": {"identity": ["subject"]}}),
            "cache-control: max-age=3600\r\n",
        ),
    ] {
        upstream.answer_by(move |request| answer(request, said));
        let rules = json!([rule("products", rule_says)]);
        let gateway: Gateway = start(behind(&upstream, "jwt-auth").edit(move |tree| {
            crate::harness::configuration::shipped(tree, "response-cache")["rules"] = rules;
        }));
        let ask = |me: &str| {
            let sends = ("authorization", token::bearer(&token::good(me)));
            let response = gateway.request(request("/products/a", me, Some(&sends)));
            assert_eq!(response.text(), me, "{sentence}");
        };
        let _ = upstream.take_all();
        for me in ["alice", "bob", "alice", "bob", "alice", "bob"] {
            ask(me);
        }
        assert_eq!(upstream.take_all().len(), 2, "{sentence}");
        trap::assert_none(&gateway);
    }
}
