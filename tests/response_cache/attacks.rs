//! Keys and variants under attack: what one client sends changes nothing for another.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::{SHARED, Shared, rule};
use crate::harness::trap;
use crate::harness::upstream::{Received, Said};

/// What an upstream makes its answer of. A host is the same in upper case and with the port of the
/// scheme (RFC 9110 §4.2.3).
fn seen(request: &Received) -> String {
    let line = request.head.lines().next().unwrap_or_default();
    let field = |name: &str| request.header(name).unwrap_or_default().to_lowercase();
    let host = field("host");
    let host = host.strip_suffix(":80").unwrap_or(&host);
    format!("{line} {host} {} {}", field("x-forwarded-proto"), request.text())
}

/// Targets and hosts that one reads as another: each gets the answer to itself.
#[test]
fn no_spelling_of_a_resource_gets_the_answer_to_another() {
    let shared = &*SHARED;
    let gateway = &shared.spelling;
    gateway.upstream.answer_by(|request| {
        Said::response(200, "text/plain", "cache-control: max-age=3600\r\n", seen(request))
    });
    let mut requests: Vec<(String, Request)> = Vec::new();
    for target in [
        "/p",
        "/p/",
        "/p//",
        "//p",
        "/P",
        "/p/.",
        "/p/..",
        "/q/../p",
        "/./p",
        "/%70",
        "/p%20",
        "/p%2f",
        "/p%2F",
        "/p%5c",
        "/p\\",
        "/p;",
        "/p;x=1",
        "/p/;x",
        "/p/..;/p",
        "/p.css",
        "/p/x.css",
        "/p;.css",
        "/p%3b.css",
        "/p%3f",
        "/p%3fa=1",
        "/p%23",
        "/p%23x",
        "/p%0a",
        "/p%00",
        "/p%E4",
        "/p%C3%A4",
        "/p%c3%a4",
        "/p+",
        "/p%2b",
        "/p:80",
        "/p@",
        "/p,x",
        "/p?",
        "/p??",
        "/p?a",
        "/p?a=",
        "/p?a=1",
        "/p?a=2",
        "/p?A=1",
        "/p?a=1&",
        "/p?&a=1",
        "/p?a=1&&b=2",
        "/p?a=1&b=2",
        "/p?b=2&a=1",
        "/p?a=1;b=2",
        "/p?a=1%26b=2",
        "/p?a=1&a=2",
        "/p?a=2&a=1",
        "/p?%61=1",
        "/p?a=%31",
        "/p?a=1%20",
        "/p?a=1+",
        "/p?a[]=1",
        "/p?a=1?b=2",
        "/p?a=1/../b",
        "/p?utm_source=x",
        "/p?_method=POST",
        "/p?a=1#b",
        "/p#b",
        "/p?a=\"1\"",
    ] {
        requests.push((target.to_owned(), Request::get(target).header("host", "a.example")));
    }
    for host in [
        "b.example",
        "A.EXAMPLE",
        "a.example:80",
        "a.example:443",
        "a.example:8080",
        "a.example.",
        "a.example..",
        "a.example@b.example",
        "a.example/p",
        "a.example#",
        "a.example:",
        "a.example:0",
        "a.example:080",
        "www.a.example",
        "xa.example",
        "[::1]",
        "127.0.0.1",
    ] {
        requests.push((format!("host {host}"), Request::get("/p").header("host", host)));
    }
    for (name, value) in [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-scheme", "https"),
        ("forwarded", "proto=https;host=b.example"),
        ("content-length", "0"),
        ("accept", "text/html"),
    ] {
        let request = Request::get("/p").header("host", "a.example").header(name, value);
        requests.push((format!("{name}: {value}"), request));
    }
    let absolute = |uri: &str| Request::get(uri).header("host", "b.example");
    requests.push(("absolute".to_owned(), absolute("http://a.example/p")));
    requests.push(("absolute, https".to_owned(), absolute("https://a.example/p")));
    requests.push(("absolute, a user".to_owned(), absolute("http://x@a.example/p")));

    // Twice in turn, so that each has every other before it.
    for (case, request) in requests.iter().chain(&requests) {
        // From the upstream, and not stored.
        let truth = request.clone().header("cache-control", "no-cache, no-store");
        let truth = gateway.try_request(shared, &truth);
        let got = gateway.try_request(shared, request);
        match (truth, got) {
            (Ok(truth), Ok(got)) => {
                assert_eq!((got.status, got.text()), (truth.status, truth.text()), "{case}");
            }
            // Envoy refuses it, and closes.
            (truth, got) => assert!(truth.is_err() && got.is_err(), "{case}: {truth:?} {got:?}"),
        }
    }
    trap::assert_none(&shared.gateway);
}

/// The rules for poisoners.
pub(super) fn poisoned() -> Value {
    json!([
        rule("keyed", json!({"key": {"headers": ["x-forwarded-host", "x-lang", "origin"]}})),
        {"name": "everything"},
    ])
}

/// What a poisoner sends, and what the next client sends.
#[test]
fn a_poisoned_answer_is_for_the_poisoner_alone() {
    let shared = &*SHARED;
    let upstream = &shared.poison.upstream;
    // It reads all that is not in the key, and says so or not.
    upstream.answer_by(|request| {
        let field = |name: &str| request.header(name).unwrap_or("-").to_owned();
        let body = ["x-forwarded-host", "x-lang", "accept-encoding", "origin"].map(field).join("|");
        let body = format!("{body}|{}", request.text());
        match request.target() {
            target if target.starts_with("/varies/") => Said::response(
                200,
                "text/plain",
                "cache-control: max-age=3600\r\nvary: X-Forwarded-Host, x-lang\r\nvary: origin\r\n",
                body,
            ),
            target if target.starts_with("/star/") => Said::response(
                200,
                "text/plain",
                "cache-control: max-age=3600\r\nvary: accept, *\r\n",
                body,
            ),
            _ => Said::response(200, "text/plain", "cache-control: max-age=3600\r\n", body),
        }
    });
    let fat = |path: &str, method: &str| Request::new(method, path).body("x=poison");
    let rows: Vec<(&str, Request, &str)> = vec![
        (
            "a field that Vary names",
            Request::get("/varies/a").header("x-forwarded-host", "evil"),
            "/varies/a",
        ),
        ("another", Request::get("/varies/b").header("x-lang", "evil"), "/varies/b"),
        (
            "one on a second line",
            Request::get("/varies/c").header("origin", "http://evil"),
            "/varies/c",
        ),
        ("any, with a star", Request::get("/star/a").header("x-lang", "evil"), "/star/a"),
        (
            "a field in the key",
            Request::get("/keyed/a").header("x-forwarded-host", "evil"),
            "/keyed/a",
        ),
        (
            "a field in the key, twice",
            Request::get("/keyed/b").header("x-lang", "").header("x-lang", "evil"),
            "/keyed/b",
        ),
        ("a body of GET", fat("/fat/a", "GET"), "/fat/a"),
        ("a body of HEAD", fat("/fat/b", "HEAD"), "/fat/b"),
        ("a body of OPTIONS", fat("/fat/c", "OPTIONS"), "/fat/c"),
        ("a body of POST", fat("/fat/d", "POST"), "/fat/d"),
        (
            "a body in chunks",
            Request::get("/fat/e")
                .header("transfer-encoding", "chunked")
                .body("6\r\npoison\r\n0\r\n\r\n"),
            "/fat/e",
        ),
    ];
    for (case, poison, path) in rows {
        let _ = shared.poison.request(shared, &poison);
        let got = shared.poison.request(shared, &Request::get(path));
        assert_eq!(got.text(), "-|-|-|-|", "{case}");
    }
    what_is_the_cache_s_own_is_not_taken_from_a_client(shared);
    trap::assert_none(&shared.gateway);
}

/// What a page of one user looks like when somebody has made it look like a file of everybody's.
#[test]
fn a_page_that_looks_like_a_file_is_not_everybody_s() {
    let shared = &*SHARED;
    let gateway = &shared.pages;
    // It takes whatever begins with /account, or leads there, for the account.
    gateway.upstream.answer_by(|request| {
        Said::response(200, "text/html", "", request.header("cookie").unwrap_or("nobody"))
    });
    for target in [
        "/account/x.css",
        "/account;/static/x.css",
        // Of one with plain dots Envoy makes /static/x.css, and that is everybody's.
        "/account/%2e%2e;/static/x.css",
        "/account%2f..%2fstatic/x.css",
        "/account%3b/static/x.css",
        "/static/../account",
        "/static/%2e%2e/account",
        "/static/..%2faccount",
        "/static/..%5caccount",
        "/static/..\\account",
        "/static/..;/account",
        "/static/%2e%2e;/account",
        "/static%2f..%2faccount",
        "/static/.%2e/account",
        "/static/%252e%252e/account",
        "/static/..%c0%afaccount",
        "/static/%c0%ae%c0%ae/account",
        "/static/%00/../account",
        "/staticx/account",
        "/Static/account",
        "/static%20/account",
    ] {
        for who in ["session=alice", "session=bob"] {
            let request = Request::get(target).header("cookie", who);
            match gateway.try_request(shared, &request) {
                Ok(response) if response.status == 200 => {
                    assert_eq!(response.text(), who, "{target}");
                }
                Ok(response) => assert!((400..500).contains(&response.status), "{target}"),
                Err(fault) => panic!("{target}: {fault}"),
            }
        }
    }
    // The rule does share what is under it.
    for who in ["session=alice", "session=bob"] {
        let request = Request::get("/static/x.css").header("cookie", who);
        assert_eq!(gateway.request(shared, &request).text(), "session=alice");
    }
    trap::assert_none(&shared.gateway);
}

/// The cache's own fields are not the client's.
fn what_is_the_cache_s_own_is_not_taken_from_a_client(shared: &Shared) {
    let upstream = &shared.poison.upstream;
    let get = |path: &str, fields: &[(&str, &str)]| {
        let add = |request: Request, (name, value): &(&str, &str)| request.header(name, *value);
        shared.poison.request(shared, &fields.iter().fold(Request::get(path), add))
    };
    upstream.answer_by(|_| {
        Said::response(200, "text/plain", "cache-control: max-age=3600\r\n", "answer")
    });
    assert_eq!(get("/a", &[]).status, 200);
    for (number, (name, value)) in [
        ("x-gatehouse-cache-refresh", "1"),
        ("x-gatehouse-cache-refresh", ""),
        ("cache-status", "gatehouse; hit"),
        ("age", "100000"),
    ]
    .into_iter()
    .enumerate()
    {
        let _ = upstream.take_all();
        let response = get("/a", &[(name, value)]);
        assert_eq!((response.status, response.text().as_str()), (200, "answer"), "{name}");
        assert!(upstream.take_all().is_empty(), "{name}: the origin was asked");
        let response = get(&format!("/new/{number}"), &[(name, value)]);
        assert_eq!(response.status, 200, "{name}");
        let received = upstream.wait();
        if name.starts_with("x-gatehouse") {
            assert_eq!(received.header(name), None, "{name}: {}", received.head);
        }
    }
}
