use gatehouse_sandbox::raw::Request;
use serde_json::json;

use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

/// Numbers with all their digits, both ways, and lists in which nothing is twice.
#[test]
fn types_change_and_items_are_there_once() {
    let upstream = Upstream::start();
    let rule = json!({"name": "all",
        "request": {"operations": [
            {"to_number": {"path": "price"}}, {"to_text": {"path": "id"}}, {"unique": {"path": "tags"}},
        ]},
        "response": {"operations": [{"to_text": {"path": "price"}}]}});
    let builder = with_rules(true, json!([rule])).upstream("echo:8000", upstream.address());
    let gateway = Shared::start(builder);
    for (sent, arrives) in [
        (
            r#"{"price":"1.50","id":12345678901234567890,"tags":["a",1,"\u0061",1.0]}"#,
            r#"{"price":1.50,"id":"12345678901234567890","tags":["a",1]}"#,
        ),
        // What is no number is not made one, and what is no list has no items.
        (
            r#"{"price":"1,50","id":null,"tags":{"a":1}}"#,
            r#"{"price":"1,50","id":null,"tags":{"a":1}}"#,
        ),
        (r#"{"price":"1}","id":[1],"tags":"aa"}"#, r#"{"price":"1}","id":[1],"tags":"aa"}"#),
    ] {
        upstream.answer_with(200, "application/json", "", r#"{"price":0.10}"#);
        let request = Request::new("POST", "/").header("content-type", "application/json");
        let exchange = gateway.ask(request.body(sent));
        assert_eq!(upstream.take().expect("a request").text(), arrives);
        assert_eq!(exchange.response.text(), r#"{"price":"0.10"}"#);
    }
    gateway.assert_no_trap();
}
