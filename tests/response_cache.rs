//! `response-cache`, on `envoy/response-cache.yaml`.

/// Keys and variants under attack.
mod attacks;

/// What is asked in the background.
mod background;

/// Filters before the cache.
mod chain;

/// More listeners of one gateway.
mod beside;

/// Reading what `Cache-Status` says.
mod cache_status;

/// Many clients that want the same at once.
mod collapse;

/// Dates in all forms.
mod dates;

/// Two users with the same URL.
mod identity;

/// Interim responses.
mod interim;

/// Other configurations, new VMs, upstreams that are down.
mod life;

/// An origin that answers by a script.
mod origin;

/// Purges.
mod purge;

/// Purges by the thousand, under load.
mod purge_load;

/// What a row of a table is written in.
mod row;

/// Runs rows.
mod runner;

/// The rows, a section or a specification each.
mod rows;

/// `mode: shadow`.
mod shadow;

/// VMs that trap.
mod trapped;

use std::net::SocketAddr;
use std::sync::LazyLock;

use gatehouse_sandbox::raw::Request;
use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use self::beside::Beside;
use self::origin::Origin;
use crate::harness::hostile::{self, Honest};
use crate::harness::upstream::{Said, Upstream};
use crate::harness::{configuration, trap};

/// The example, with this as its upstream.
fn example(upstream: SocketAddr) -> Builder {
    Gateway::builder("envoy/response-cache.yaml").upstream("echo:8000", upstream)
}

/// The same with these rules, and the rest as it is.
fn with_rules(upstream: SocketAddr, rules: Value) -> Builder {
    example(upstream)
        .edit(move |tree| configuration::shipped(tree, "response-cache")["rules"] = rules)
}

#[track_caller]
fn start(builder: Builder) -> Gateway {
    builder.start().unwrap_or_else(|fault| panic!("{fault}"))
}

/// The same with all rules, for what only reads its configuration.
fn with_all_rules(upstream: SocketAddr) -> Builder {
    // What is answered by the content of requests holds their heads.
    with_rules(upstream, rules()).edit(|tree| {
        let plugin = configuration::plugin_config(tree, "response-cache");
        drop(plugin.insert("allow_on_headers_stop_iteration".to_owned(), json!(true)));
    })
}

/// A gateway for all cases that leave alone what is not theirs, and what it asks.
struct Shared {
    gateway: Gateway,
    origin: Origin,
    spelling: Beside,
    poison: Beside,
    pages: Beside,
    hostile: Beside,
    anonymous: Beside,
    elsewhere: Beside,
    keyless: Beside,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let origin = Origin::start();
    let [spelling, poison, pages] = ["spelling", "poison", "pages"].map(Beside::new);
    let [hostile, anonymous] = ["hostile", "anonymous"].map(Beside::new);
    let [elsewhere, keyless] = ["elsewhere", "keyless"].map(Beside::new);
    let with_rules = |rules: Value| move |cache: &mut Value| cache["rules"] = rules;
    let builder = with_all_rules(origin.address()).alone().concurrency(4);
    let builder = builder.edit(background::add_routes);
    let builder = spelling.add(builder, with_rules(json!([{"name": "everything"}])));
    let builder = poison.add(builder, with_rules(attacks::poisoned()));
    let builder = pages
        .add(builder, with_rules(json!([rule("static", json!({"freshness": {"default": "1h"}}))])));
    let builder = hostile.add(builder, |_| ());
    let builder = anonymous.add(builder, with_rules(identity::anonymous()));
    let builder = elsewhere.add(builder, |cache| {
        cache["purge"]["sources"] = json!(["10.0.0.0/8", "2001:db8::/32"]);
    });
    let builder = keyless.add(builder, |cache| {
        drop(cache["purge"].as_object_mut().expect("an object").remove("keys"));
    });
    let gateway = start(builder);
    Shared { gateway, origin, spelling, poison, pages, hostile, anonymous, elsewhere, keyless }
});

/// A rule for what lies under `/name`, with these options.
fn rule(name: &str, options: Value) -> Value {
    let mut rule = options;
    rule["name"] = json!(name);
    rule["match"] = json!({"path": {"prefix": format!("/{name}")}});
    rule
}

/// The rules that the rows are under: the example's own, and one for each option.
fn rules() -> Value {
    json!([
        rule("no-heuristic", json!({"freshness": {"heuristic": false}})),
        rule("default", json!({"freshness": {"default": "1h"}})),
        rule("override", json!({"freshness": {"override": "1h"}})),
        rule("most", json!({"freshness": {"most": "1s"}})),
        rule("statuses", json!({"freshness": {"statuses": {"404": "1h", "5xx": "1h"}}})),
        rule("stale", json!({"freshness": {
            "stale_while_revalidate": "1h", "stale_if_error": "1h"}})),
        rule("ignore", json!({"client_directives": "ignore"})),
        rule("cookies-stripped", json!({"set_cookie": "strip"})),
        rule("cookies-stored", json!({"set_cookie": "store"})),
        rule("encodings", json!({"encodings": ["br", "gzip"]})),
        rule("languages", json!({"languages": ["en", "de"]})),
        rule("queries", json!({"methods": ["GET", "HEAD", "QUERY"]})),
        rule("posts", json!({"methods": ["GET", "HEAD", "POST"]})),
        rule("identified-own", json!({"identified": "own"})),
        rule("identified-shared", json!({"identified": "shared"})),
        rule("any-host", json!({"key": {"host": false}})),
        rule("only", json!({"key": {"query": {"only": ["a", "b*"]}}})),
        rule("but", json!({"key": {"query": {"without": ["utm_*", "c"]}}})),
        rule("sorted", json!({"key": {"sort_query": true}})),
        rule("headers", json!({"key": {"headers": ["x-tenant"]}})),
        rule("cookie", json!({"key": {"cookies": ["currency"]}})),
        rule("patient", json!({"collapse": {"wait": "1s"}})),
        // Longer than a crowd takes to come together on a machine with other work.
        rule("crowds", json!({"collapse": {"wait": "5m"}})),
        rule("alone", json!({"collapse": "off"})),
        rule("tried", json!({"mode": "shadow"})),
        {"name": "all", "match": {"path": {"prefix": "/all"}}},
    ])
}

#[test]
fn every_row_holds_on_one_worker() {
    rows_hold(1);
}

#[test]
fn every_row_holds_on_two_workers() {
    rows_hold(2);
}

fn rows_hold(workers: u32) {
    let origin = Origin::start();
    let gateway = start(with_all_rules(origin.address()).concurrency(workers));
    let rows = rows::all();
    println!("{} rows", rows.len());
    runner::run(gateway.address(), &origin, &rows);
    trap::assert_none(&gateway);
}

#[test]
fn hostile_bytes_do_not_trap_it() {
    let upstream = Upstream::start();
    upstream.answer_by(|_| {
        Said::response(200, "text/plain", "cache-control: max-age=3600\r\nvary: x-a\r\n", "ok")
    });
    let key = json!({"headers": ["x-a"], "cookies": ["a"],
        "query": {"only": ["a*"]},
        "sort_query": true});
    let rules = json!([{"name": "all", "key": key, "encodings": ["br", "gzip"], "languages": ["en"],
        "identified": "own"}]);
    let gateway = start(with_rules(upstream.address(), rules));
    let honest = Honest { path: "/orders", headers: &[("x-a", "b")], refused: &[] };
    hostile::survive(&gateway, &honest);
}

/// Answers that no honest upstream gives: whatever becomes of them, the next client is answered.
#[test]
fn hostile_answers_do_not_trap_it() {
    let shared = &*SHARED;
    let upstream = &shared.hostile.upstream;
    let long = "a".repeat(20_000);
    for (number, head) in [
        "cache-control: \u{ff}\u{fe}=\u{ff}\r\n".to_owned(),
        format!("cache-control: max-age={long}\r\n"),
        format!("cache-control: {}\r\n", "max-age=1,".repeat(2_000)),
        format!("cache-control: no-cache=\"{long}\"\r\n"),
        "cache-control: max-age=\"\r\nvary: \"\r\n".to_owned(),
        format!("cache-control: max-age=60\r\nvary: {}\r\n", "a,".repeat(5_000)),
        format!("cache-control: max-age=60\r\nvary: {long}\r\n"),
        format!("cache-control: max-age=60\r\netag: {long}\r\n"),
        format!("cache-control: max-age=60\r\nsurrogate-key: {}\r\n", "k ".repeat(5_000)),
        format!("cache-control: max-age=60\r\ncache-groups: {}\r\n", "\"g\", ".repeat(3_000)),
        format!("cache-control: max-age=60\r\nno-vary-search: {}\r\n", "(".repeat(5_000)),
        "cache-control: max-age=60\r\ncontent-range: bytes 9-1/*\r\n".to_owned(),
        "cdn-cache-control: (((((\r\nage: -1\r\ndate: x\r\nexpires: 99999999999999999999\r\n"
            .to_owned(),
        format!("cache-control: max-age=60\r\n{}", "x-a: b\r\n".repeat(90)),
    ]
    .into_iter()
    .enumerate()
    {
        for status in [200, 206, 304, 404, 599] {
            let said = match status {
                304 => Said {
                    bytes: format!("HTTP/1.1 304 x\r\n{head}\r\n").into(),
                    ..Said::default()
                },
                _ => Said::response(status, "text/plain", &head, "body"),
            };
            upstream.answer_by(move |_| said.clone());
            for fields in [&[][..], &[("range", "bytes=1-2")], &[("if-none-match", "\"a\"")]] {
                let request = Request::get(format!("/all/{number}/{status}"));
                let add =
                    |request: Request, (name, value): &(&str, &str)| request.header(name, *value);
                let response = shared.hostile.request(shared, &fields.iter().fold(request, add));
                assert!(response.status >= 200, "{number}: {status}");
            }
            trap::assert_none(&shared.gateway);
        }
    }
}
