//! Each operation on a document, for requests and responses.

use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

/// A row: what is configured, what comes, what goes on.
type Row = (Value, &'static str, &'static str);

fn rows() -> Vec<Row> {
    let op = |operations: Value| operations;
    vec![
        (
            op(json!([])),
            r#" {"id": 12345678901234567890, "x": 1e400, "s": "\u00e9\n"} "#,
            r#"{"id": 12345678901234567890, "x": 1e400, "s": "\u00e9\n"}"#,
        ),
        (
            op(json!([{"set": {"path": "/a/b", "value": 9}}])),
            r#"{"z":1.0}"#,
            r#"{"z":1.0,"a":{"b":9}}"#,
        ),
        (
            op(json!([{"set": {"path": "a", "value": {"x": [1, "${method}", null, true]}}}])),
            r#"{"a":1}"#,
            r#"{"a":{"x":[1,"POST",null,true]}}"#,
        ),
        (
            op(json!([{"set": {"path": "a", "value": "${header.x-absent}"}}])),
            r#"{"a":1,"b":2}"#,
            r#"{"b":2}"#,
        ),
        (
            op(json!([{"set": {"path": "a", "value": "$$5 ${header.x-quote}"}}])),
            "{}",
            r#"{"a":"$5 \"q\\"}"#,
        ),
        (
            op(json!([{"set": {"path": "copy", "value": "${body.n}"}}])),
            r#"{"n":1.50}"#,
            r#"{"n":1.50,"copy":1.50}"#,
        ),
        (
            op(json!([{"set": {"path": "text", "value": "<${body.n}>"}}])),
            r#"{"n":1.50}"#,
            r#"{"n":1.50,"text":"<1.50>"}"#,
        ),
        (
            op(json!([{"default": {"path": "items[*].q", "value": 1}}])),
            r#"{"items":[{"q":5},{}]}"#,
            r#"{"items":[{"q":5},{"q":1}]}"#,
        ),
        (
            op(json!([{"remove": {"path": "items[*].price"}}])),
            r#"{"items":[{"price":1,"n":2},{"n":3}]}"#,
            r#"{"items":[{"n":2},{"n":3}]}"#,
        ),
        (
            op(json!([{"remove": {"paths": ["/a~1b", "c"]}}])),
            r#"{"a/b":1,"c":2,"d":3}"#,
            r#"{"d":3}"#,
        ),
        (
            op(json!([{"rename": {"path": "items[*].price", "to": "cost"}}])),
            r#"{"items":[{"price":1.10,"n":2},{"cost":3}]}"#,
            r#"{"items":[{"cost":1.10,"n":2},{}]}"#,
        ),
        (
            op(json!([{"move": {"from": "a.b", "to": "c.d"}}])),
            r#"{"a":{"b":[1]},"c":{}}"#,
            r#"{"a":{},"c":{"d":[1]}}"#,
        ),
        (op(json!([{"move": {"from": "absent", "to": "c"}}])), r#"{"c":"forged"}"#, "{}"),
        (
            op(json!([{"copy": {"from": "i[*].a", "to": "i[*].b"}}])),
            r#"{"i":[{"a":1},{"b":2}]}"#,
            r#"{"i":[{"a":1,"b":1},{}]}"#,
        ),
        (
            op(json!([{"keep": {"path": "i[*]", "names": ["id"]}}])),
            r#"{"i":[{"id":1,"x":2},{"y":3}]}"#,
            r#"{"i":[{"id":1},{}]}"#,
        ),
        (
            op(json!([{"filter": {"path": "i", "keep": {"path": "n", "equals": 1}}}])),
            r#"{"i":[{"n":1.0},{"n":2},{},{"n":"1"},{"n":10e-1}]}"#,
            r#"{"i":[{"n":1.0},{"n":10e-1}]}"#,
        ),
        (
            op(json!([{"filter": {"path": "i", "drop": {"path": "s", "one_of": ["a", "b"]}}}])),
            r#"{"i":[{"s":"a"},{"s":"\u0062"},{"s":"c"}]}"#,
            r#"{"i":[{"s":"c"}]}"#,
        ),
        (
            op(json!([{"each": {"path": "i[*]", "operations": [
            {"set": {"path": "full", "value": "${body.a}-${body.b}"}}, {"keep": {"names": ["full"]}}]}}])),
            r#"{"i":[{"a":1,"b":2},{"a":3,"b":4}]}"#,
            r#"{"i":[{"full":"1-2"},{"full":"3-4"}]}"#,
        ),
        (
            op(json!([{"case": {"to": "camel"}}])),
            r#"{"a_b":[{"c_d":"e_f"}]}"#,
            r#"{"aB":[{"cD":"e_f"}]}"#,
        ),
        (
            op(json!([{"case": {"to": "snake", "path": "data"}}])),
            r#"{"aB":1,"data":{"cD":{"eF":1}}}"#,
            r#"{"aB":1,"data":{"c_d":{"e_f":1}}}"#,
        ),
        (
            op(json!([{"wrap": {"name": "data"}}, {"set": {"path": "meta.by", "value": "gw"}}])),
            "[1,2]",
            r#"{"data":[1,2],"meta":{"by":"gw"}}"#,
        ),
        (
            op(json!([{"unwrap": {"path": "data.items"}}])),
            r#"{"data":{"items":[1e2]},"meta":1}"#,
            "[1e2]",
        ),
        (op(json!([{"unwrap": {"path": "data"}}])), r#"{"error":1}"#, r#"{"error":1}"#),
        (
            op(json!([{"replace": {"value": {"id": "${path.id}", "who": "${body.user.name}",
                    "all": "${body}", "none": "${body.none}"}}}])),
            r#"{"user":{"name":"A\"nn"}}"#,
            r#"{"all":{"user":{"name":"A\"nn"}},"id":"17","who":"A\"nn"}"#,
        ),
        (
            op(
                json!([{"set": {"path": "ok", "value": true}, "when": {"path": "v", "exists": true}},
            {"remove": {"path": "v"}, "when": {"path": "ok", "equals": true}}]),
            ),
            r#"{"v":null}"#,
            r#"{"ok":true}"#,
        ),
    ]
}

/// A rule for each row, on a path of its own.
fn rules(direction: &str) -> Value {
    let rule = |(index, (operations, _, _)): (usize, Row)| {
        json!({"name": format!("row-{index}"), "match": {"path": {"template": format!("/{index}/{{id}}")}},
            direction: {"operations": operations}})
    };
    Value::Array(rows().into_iter().enumerate().map(rule).collect())
}

#[test]
fn every_operation_on_requests() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let builder = with_rules(hold, rules("request")).upstream("echo:8000", upstream.address());
        let gateway = Shared::start(builder);
        for (index, (operations, body, want)) in rows().into_iter().enumerate() {
            let request = Request::new("POST", format!("/{index}/17"))
                .header("content-type", "application/json; charset=utf-8")
                .header("x-quote", "\"q\\")
                .body(body);
            let exchange = gateway.ask(request);
            assert_eq!(exchange.response.status, 200, "{operations}: {}", exchange.response.text());
            let got = upstream.take().expect("a request");
            assert_eq!(got.text(), want, "{operations}");
            let length = want.len().to_string();
            let told = if hold { Some(length.as_str()) } else { None };
            assert_eq!(got.header("content-length"), told, "{operations}");
            let note = format!("body_transform.transformed;rule=row-{index}");
            assert_eq!(exchange.logged("body_transform"), note);
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn every_operation_on_responses() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let builder = with_rules(hold, rules("response")).upstream("echo:8000", upstream.address());
        let gateway = Shared::start(builder);
        for (index, (operations, body, want)) in rows().into_iter().enumerate() {
            upstream.answer_with(201, "application/hal+json", "etag: \"1\"\r\n", body);
            let request = Request::new("POST", format!("/{index}/17")).header("x-quote", "\"q\\");
            let exchange = gateway.ask(request);
            assert_eq!(exchange.response.status, 201, "{operations}: {}", exchange.response.text());
            assert_eq!(exchange.response.text(), want, "{operations}");
            assert_eq!(exchange.response.header_text("etag").as_deref(), Some("\"1\""));
            let told = hold.then(|| want.len().to_string());
            assert_eq!(exchange.response.header_text("content-length"), told, "{operations}");
        }
        gateway.assert_no_trap();
    }
}
