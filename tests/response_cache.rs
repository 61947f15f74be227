//! `response-cache`, on `envoy/response-cache.yaml`.

/// Reading what `Cache-Status` says.
mod cache_status;

/// Dates in all forms.
mod dates;

/// An origin that answers by a script.
mod origin;

/// What a row of a table is written in.
mod row;

/// Runs rows.
mod runner;

/// The rows, a section or a specification each.
mod rows;

use std::net::{SocketAddr, TcpListener};

use gatehouse_sandbox::{Builder, Gateway};
use serde_json::{Value, json};

use self::origin::Origin;
use crate::harness::{configuration, trap};

/// The example, with this as its upstream, and its cluster `gateway` at its own listener.
fn example(upstream: SocketAddr) -> Builder {
    // A port that nobody listens at: it was free, and is so again.
    let free = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
    let own = free.local_addr().expect("it has an address");
    drop(free);
    Gateway::builder("envoy/response-cache.yaml")
        .port(own.port())
        .upstream("127.0.0.1:8080", own)
        .upstream("echo:8000", upstream)
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
    let gateway = start(with_rules(origin.address(), rules()).concurrency(workers));
    let rows = rows::all();
    println!("{} rows", rows.len());
    runner::run(gateway.address(), &origin, &rows);
    trap::assert_none(&gateway);
}
