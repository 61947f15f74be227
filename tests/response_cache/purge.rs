//! Purges: what is hit, who may, and that nothing comes back.

use std::thread;
use std::time::Duration;

use gatehouse_sandbox::Gateway;
use gatehouse_sandbox::raw::{Request, Response};
use serde_json::{Value, json};

use super::origin::{Answer, Origin, brief, cached, fresh, not_modified};
use super::{SHARED, Shared, start, with_rules};
use crate::harness::{trap, until};

const KEY: &str = "Bearer purge-demo-key";

fn send(gateway: &Gateway, query: &str) -> Response {
    let request = Request::new("POST", format!("/.cache/purge?{query}"));
    gateway.request(request.header("authorization", KEY))
}

#[track_caller]
pub(super) fn purge(gateway: &Gateway, query: &str) -> Value {
    let response = send(gateway, query);
    assert_eq!(response.status, 200, "{query}: {}", response.text());
    response.json()
}

/// A client that asks for a path; whether the origin was asked.
fn is_asked(
    gateway: &Gateway,
    origin: &Origin,
    name: &str,
    path: &str,
    more: &[(&str, &str)],
) -> bool {
    let before = origin.asked(name);
    assert_eq!(gateway.get(path, more).status, 200, "{path}");
    origin.asked(name) > before
}

/// What is stored, what is purged, and what is still there: paths under `/all/NAME`, with a host.
#[test]
fn a_purge_takes_what_it_says_and_nothing_else() {
    let Shared { gateway, origin, .. } = &*SHARED;
    // (sentence, what each path is answered with, the query, gone, kept)
    type Page = (&'static str, &'static str);
    type Case = (&'static str, &'static str, &'static [Page], &'static [Page]);
    let cases: [Case; 14] = [
        (
            "a URL",
            "url=http://a.example{row}/a",
            &[("a.example", "/a")],
            &[
                ("a.example", "/b"),
                ("b.example", "/a"),
                ("a.example", "/a/b"),
                ("a.example", "/a?x"),
            ],
        ),
        (
            "a path, for every host",
            "url={row}/a",
            &[("a.example", "/a"), ("b.example", "/a")],
            &[("a.example", "/b"), ("a.example", "/a/b")],
        ),
        (
            "a URL with its query",
            "url={row}/a%3Fx%3D1",
            &[("a.example", "/a?x=1")],
            &[("a.example", "/a?x=2"), ("a.example", "/a")],
        ),
        (
            "two URLs",
            "url={row}/a&url={row}/b",
            &[("a.example", "/a"), ("a.example", "/b")],
            &[("a.example", "/c")],
        ),
        (
            "a prefix",
            "prefix={row}/a",
            &[("a.example", "/a"), ("a.example", "/a/b"), ("b.example", "/a/b/c?d")],
            &[("a.example", "/b")],
        ),
        (
            "a prefix with a host",
            "prefix=http://a.example{row}/a",
            &[("a.example", "/a/b")],
            &[("b.example", "/a/b"), ("a.example", "/c")],
        ),
        (
            "a prefix, by whole segments",
            "prefix={row}/a",
            &[("a.example", "/a/b")],
            &[("a.example", "/ab"), ("a.example", "/ab/c")],
        ),
        ("a URL of another case", "url={row}/A", &[], &[("a.example", "/a")]),
        ("a host of another case", "url=http://A.EXAMPLE{row}/a", &[("a.example", "/a")], &[]),
        ("a URL that is not there", "url={row}/z", &[], &[("a.example", "/a")]),
        (
            "a URL and a prefix",
            "url={row}/a&prefix={row}/b",
            &[("a.example", "/a"), ("a.example", "/b/c")],
            &[("a.example", "/c")],
        ),
        ("a tag that is not there", "tag=nobody", &[], &[("a.example", "/a")]),
        ("a tag", "tag={name}-t1", &[("a.example", "/a"), ("b.example", "/b?c")], &[]),
        ("another tag", "tag={name}-t3", &[("a.example", "/a")], &[]),
    ];
    for (number, (sentence, query, gone, kept)) in cases.iter().enumerate() {
        let name = format!("p{number}");
        let row = format!("/all/{name}");
        let tags = format!("{name}-t1 {name}-t2");
        let answer =
            fresh().field("surrogate-key", tags).field("cache-tag", format!("x,{name}-t3 , y"));
        origin.script(&name, vec![answer]);
        let ask = |(host, path): &Page| {
            is_asked(gateway, origin, &name, &format!("{row}{path}"), &[("host", host)])
        };
        for page in gone.iter().chain(*kept) {
            assert!(ask(page), "{sentence}: {page:?} is new");
            assert!(!ask(page), "{sentence}: {page:?} is stored");
        }
        let told = purge(gateway, &query.replace("{row}", &row).replace("{name}", &name));
        assert_eq!(told["objects"], gone.len(), "{sentence}: {told}");
        assert_eq!(told["bytes"].as_u64() > Some(0), !gone.is_empty(), "{sentence}: {told}");
        for page in *kept {
            assert!(!ask(page), "{sentence}: {page:?} is still there");
        }
        for page in *gone {
            assert!(ask(page), "{sentence}: {page:?} is gone");
            assert!(!ask(page), "{sentence}: {page:?} can be stored again");
        }
    }
    trap::assert_none(gateway);
}

#[test]
fn a_purge_by_url_takes_all_variants_and_tells_of_each_word() {
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("v", vec![fresh().field("vary", "foo").field("surrogate-key", "red")]);
    for foo in ["1", "2", "3"] {
        let _ = gateway.get("/all/v/a", &[("foo", foo)]);
    }
    let told = purge(gateway, "url=http://gateway.example/all/v/a&tag=red&tag=blue");
    assert_eq!(told["objects"], 3, "{told}");
    assert_eq!(told["urls"], json!({"http://gateway.example/all/v/a": 3}), "{told}");
    assert_eq!(told["tags"], json!({"red": 3, "blue": 0}), "{told}");
    for foo in ["1", "2", "3"] {
        assert!(is_asked(gateway, origin, "v", "/all/v/a", &[("foo", foo)]), "{foo}");
    }
    trap::assert_none(gateway);
}

fn a_purge_of_all_leaves_nothing_on_any_worker(gateway: &Gateway, origin: &Origin) {
    origin.script("x", vec![fresh()]);
    let paths: Vec<String> = (0..50).map(|number| format!("/all/x/{number}")).collect();
    for path in &paths {
        let _ = gateway.get(path, &[]);
    }
    let told = purge(gateway, "all=true");
    assert!(told["objects"].as_u64() >= Some(50), "{told}");
    for path in &paths {
        assert!(is_asked(gateway, origin, "x", path, &[]), "{path}");
    }
}

/// What a purge is refused for; the upstream sees none of it.
#[test]
fn a_purge_is_guarded() {
    let Shared { gateway, origin, .. } = &*SHARED;
    origin.script("g", vec![fresh()]);
    let _ = gateway.get("/all/g/a", &[]);
    let row = |method: &str, query: &str, key: Option<&str>| {
        let request = Request::new(method, format!("/.cache/purge{query}"));
        key.iter().fold(request, |request, key| request.header("authorization", key))
    };
    for (sentence, request, status) in [
        ("no key", row("POST", "?all=true", None), 401),
        ("another key", row("POST", "?all=true", Some("Bearer purge-demo-key-2")), 401),
        ("the beginning of the key", row("POST", "?all=true", Some("Bearer purge-demo")), 401),
        (
            "its digest",
            row(
                "POST",
                "?all=true",
                Some("Bearer 73da68a10c12df8c27816fc9ece0b1b999a9817f9730d31249bc27bff9db0e9e"),
            ),
            401,
        ),
        ("another scheme", row("POST", "?all=true", Some("Basic purge-demo-key")), 401),
        ("an empty key", row("POST", "?all=true", Some("Bearer ")), 401),
        ("two keys", row("POST", "?all=true", Some(KEY)).header("authorization", "Bearer x"), 401),
        ("GET", row("GET", "?all=true", Some(KEY)), 405),
        ("PURGE, which is a method of others", row("PUT", "?all=true", Some(KEY)), 405),
        ("nothing to purge", row("POST", "", Some(KEY)), 400),
        ("an empty query", row("POST", "?", Some(KEY)), 400),
        ("all, but not", row("POST", "?all=false", Some(KEY)), 400),
        ("an unknown word", row("POST", "?urls=/all/g/a", Some(KEY)), 400),
        (
            "one that is unknown beside one that is known",
            row("POST", "?url=/all/g/a&x=1", Some(KEY)),
            400,
        ),
        ("an empty URL", row("POST", "?url=", Some(KEY)), 400),
        ("an empty tag", row("POST", "?tag=", Some(KEY)), 400),
        ("an empty prefix", row("POST", "?prefix=", Some(KEY)), 400),
        ("what is no URL", row("POST", "?url=all/g/a", Some(KEY)), 400),
        ("another scheme of a URL", row("POST", "?url=ftp://a/all/g/a", Some(KEY)), 400),
        ("escapes that are none", row("POST", "?url=/all/%zz", Some(KEY)), 400),
    ] {
        let response = gateway.request(request);
        assert_eq!(response.status, status, "{sentence}: {}", response.text());
        let kind = response.header_text("content-type");
        assert_eq!(kind.as_deref(), Some("application/problem+json"), "{sentence}");
        match status {
            401 => assert!(response.header("www-authenticate").is_some(), "{sentence}"),
            405 => assert_eq!(response.header_text("allow").as_deref(), Some("POST"), "{sentence}"),
            _ => {}
        }
        assert!(
            response.header("cache-control").is_none_or(|value| value == b"no-store"),
            "{sentence}"
        );
        assert!(!is_asked(gateway, origin, "g", "/all/g/a", &[]), "{sentence}: it is still there");
    }
    assert_eq!(origin.asked("purge"), 0);
    // A path that looks like it is not it.
    for path in ["/.cache/purge/", "/.cache/purge/x", "/.cache/purgex", "/.CACHE/purge"] {
        let response = gateway
            .request(Request::new("POST", format!("{path}?all=true")).header("authorization", KEY));
        assert_eq!(response.status, 404, "{path}: the origin's");
    }
    assert!(!is_asked(gateway, origin, "g", "/all/g/a", &[]));
    trap::assert_none(gateway);
}

#[test]
fn a_purge_is_guarded_by_networks_too() {
    let shared = &*SHARED;
    let with_key = || Request::new("POST", "/.cache/purge?url=/x").header("authorization", KEY);
    let response = shared.elsewhere.request(shared, &with_key());
    assert_eq!(response.status, 403, "{}", response.text());
    let forged = with_key().header("x-forwarded-for", "10.1.2.3");
    let response = shared.elsewhere.request(shared, &forged);
    assert_eq!(response.status, 403, "what a client says of its address is not believed");
    let without = Request::new("POST", "/.cache/purge?url=/x");
    let response = shared.keyless.request(shared, &without);
    assert_eq!(response.status, 200, "{}", response.text());
}

/// What was under way when the purge came is not stored.
#[test]
fn a_purged_answer_does_not_come_back_with_a_request_that_was_under_way() {
    let origin = Origin::start();
    let gateway = start(with_rules(origin.address(), json!([{"name": "all"}])).concurrency(4));
    let slow = |answer: Answer| answer.after(Duration::from_millis(500));
    let cases = [
        ("a miss, by URL", None, slow(fresh()), "url={row}/a"),
        ("a miss, by prefix", None, slow(fresh()), "prefix={row}"),
        ("a miss, by tag", None, slow(fresh().field("surrogate-key", "miss")), "tag=miss"),
        (
            "a validation",
            Some(brief().tag("a")),
            slow(not_modified().control("max-age=3600").tag("a")),
            "url={row}/a",
        ),
        (
            "a validation, by tag",
            Some(brief().tag("a").field("surrogate-key", "valid")),
            slow(not_modified().control("max-age=3600").tag("a")),
            "tag=valid",
        ),
        ("a replacement", Some(brief()), slow(fresh()), "url={row}/a"),
        (
            "a refresh in the background",
            Some(cached("max-age=1, stale-while-revalidate=3600")),
            slow(fresh()),
            "url={row}/a",
        ),
        ("a miss, all", None, slow(fresh()), "all=true"),
    ];
    for (number, (_, first, second, _)) in cases.iter().enumerate() {
        let answers = first.iter().chain([second, &fresh()]).cloned().collect();
        origin.script(&format!("u{number}"), answers);
        if first.is_some() {
            let _ = gateway.get(&format!("/all/u{number}/a"), &[]);
        }
    }
    thread::sleep(Duration::from_secs(3));
    for (number, (sentence, first, _, query)) in cases.iter().enumerate() {
        let name = format!("u{number}");
        let row = format!("/all/{name}");
        let path = format!("{row}/a");
        let before = usize::from(first.is_some());
        thread::scope(|scope| {
            let client = scope.spawn(|| gateway.get(&path, &[]).status);
            until("the origin is asked", || origin.asked(&name) > before);
            purge(&gateway, &query.replace("{row}", &row));
            assert_eq!(client.join().expect("a client"), 200, "{sentence}");
        });
        // The refresh has ended, too.
        thread::sleep(Duration::from_millis(700));
        assert!(is_asked(&gateway, &origin, &name, &path, &[]), "{sentence}: it came back");
        assert!(!is_asked(&gateway, &origin, &name, &path, &[]), "{sentence}: and is stored now");
    }
    a_purge_of_all_leaves_nothing_on_any_worker(&gateway, &origin);
    trap::assert_none(&gateway);
}
