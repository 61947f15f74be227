use gatehouse_sandbox::raw::Request;
use serde_json::{Value, json};

use super::with_rules;
use crate::harness::Shared;
use crate::harness::upstream::Upstream;

#[test]
fn a_path_that_does_not_fit_never_replaces_what_is_there() {
    for hold in [true, false] {
        let upstream = Upstream::start();
        let rule = |name: &str, choice: &str, operation: &Value| {
            let side = json!({"on_misfit": choice, "operations": [operation]});
            json!({"name": name, "match": {"path": {"prefix": format!("/{name}")}}, "request": side,
                "response": side})
        };
        let cases = [
            (json!({"set": {"path": "tenant", "value": "acme"}}), "[1.0,2]"),
            (json!({"set": {"path": "tenant", "value": "acme"}}), "\"text\""),
            (json!({"set": {"path": "a.b", "value": 1}}), r#"{"a":null}"#),
            (json!({"set": {"path": "p1[-]", "value": 1}}), r#"{"p1":"text"}"#),
            (json!({"default": {"path": "a.b", "value": 1}}), r#"{"a":[]}"#),
            (json!({"copy": {"from": "x", "to": "a.b"}}), r#"{"x":1,"a":"t"}"#),
            (json!({"move": {"from": "x", "to": "a[-]"}}), r#"{"x":1,"a":{}}"#),
            (json!({"move": {"from": "i[1]", "to": "i[5]"}}), r#"{"i":[0,1]}"#),
        ];
        let rules = cases.iter().enumerate().flat_map(|(index, (operation, _))| {
            ["reject", "skip"].map(|choice| rule(&format!("{choice}-{index}"), choice, operation))
        });
        let builder = with_rules(hold, rules.collect()).upstream("echo:8000", upstream.address());
        let gateway = Shared::start(builder);
        for (index, (operation, body)) in cases.iter().enumerate() {
            let post = |path: String| {
                Request::new("POST", path).header("content-type", "application/json").body(*body)
            };
            let refused = gateway.ask(post(format!("/reject-{index}")));
            refused.assert_refused(&operation.to_string(), 400, "body_transform.misfit");
            assert!(upstream.take().is_none(), "{operation}");
            upstream.answer_with(200, "application/json", "", body);
            let skipped = gateway.ask(post(format!("/skip-{index}")));
            assert_eq!(skipped.response.status, 200, "{operation}");
            assert_eq!(upstream.take().expect("a request").text(), *body, "{operation}");
            assert_eq!(skipped.response.text(), *body, "{operation}");
            if hold {
                let get = gateway.ask(Request::get(format!("/reject-{index}")));
                get.assert_refused(&operation.to_string(), 502, "body_transform.response_misfit");
                let _ = upstream.wait();
            }
        }
        gateway.assert_no_trap();
    }
}

#[test]
fn names_that_are_data_come_back_as_they_were() {
    let upstream = Upstream::start();
    let rule = json!({"name": "all",
        "request": {"operations": [{"case": {"to": "snake", "except": ["byId"]}}]},
        "response": {"operations": [
            {"case": {"to": "camel", "except": ["byId", "by_id"], "values": ["detail[*].loc[*]"]}}]}});
    let builder = with_rules(true, json!([rule])).upstream("echo:8000", upstream.address());
    let gateway = Shared::start(builder);
    for (sent, got) in [
        (r#"{"prices":{"EUR":1,"DE":2}}"#, r#"{"prices":{"EUR":1,"DE":2}}"#),
        (
            r#"{"unitPrice":1,"userID":2,"line_2":3,"de_DE":4}"#,
            r#"{"unit_price":1,"userID":2,"line_2":3,"de_DE":4}"#,
        ),
        (r#"{"byId":{"abcDef":{"unitPrice":1}}}"#, r#"{"by_id":{"abcDef":{"unitPrice":1}}}"#),
    ] {
        upstream.answer_with(200, "application/json", "", got);
        let request =
            Request::new("POST", "/").header("content-type", "application/json").body(sent);
        let exchange = gateway.ask(request);
        assert_eq!(upstream.take().expect("a request").text(), got);
        assert_eq!(exchange.response.text(), sent);
    }
    let told = r#"{"detail":[{"loc":["body","unit_price",0,"EUR"]}]}"#;
    upstream.answer_with(422, "application/json", "", told);
    let told = gateway.ask(Request::get("/"));
    assert_eq!(told.response.text(), r#"{"detail":[{"loc":["body","unitPrice",0,"EUR"]}]}"#);
    gateway.assert_no_trap();
}
