//! Whose fault a value is that cannot be used: the client's, or a service's.

use super::{Gateway, ok};
use crate::Code;
use gatehouse_filter::Callout;
use serde_json::json;

/// A client is told to mend its request only where it can: a value of an answer is the service's.
#[test]
fn a_value_is_the_fault_of_whoever_said_it() {
    let long = "a".repeat(64 * 1024 + 1);
    for (case, call, query, id, code) in [
        ("a path", json!({"path": "/${query.v}/${call.a.id}"}), "..", "x", Code::ValueRefused),
        (
            "the other way",
            json!({"path": "/${query.v}/${call.a.id}"}),
            "x",
            "..",
            Code::InputRefused,
        ),
        ("both", json!({"path": "/${query.v}${call.a.id}"}), ".", ".", Code::ValueRefused),
        ("dots in literal text", json!({"path": "/.${call.a.id}/x"}), "x", ".", Code::InputRefused),
        ("dots by an escape", json!({"path": "/%2e${query.v}"}), ".", "x", Code::ValueRefused),
        ("half an escape", json!({"path": "/x${query.v}"}), "%25252f", "x", Code::ValueRefused),
        (
            "an empty one",
            json!({"path": "/${call.a.none | default: x}/${query.v}"}),
            "",
            "x",
            Code::ValueRefused,
        ),
        ("a slash", json!({"path": "/${query.v}/${call.a.id}"}), "x", "a/b", Code::InputRefused),
        (
            "a field",
            json!({"headers": {"x-a": "${query.v} ${call.a.id}"}}),
            "x",
            "\\n",
            Code::InputRefused,
        ),
        (
            "a field, the other way",
            json!({"headers": {"x-a": "${query.v} ${call.a.id}"}}),
            "%0a",
            "x",
            Code::ValueRefused,
        ),
        (
            "it is missing",
            json!({"path": "/${call.a.none | default: x}/${query.none}"}),
            "",
            "x",
            Code::ValueMissing,
        ),
        (
            "a field before",
            json!({"headers": {"x-a": "${call.a.none}"}, "method": "POST", "body": "${query.none}"}),
            "",
            "x",
            Code::ValueMissing,
        ),
        (
            "a body",
            json!({"method": "POST", "body": "${call.a.none}"}),
            "",
            "x",
            Code::InputMissing,
        ),
        (
            "it is too long",
            json!({"path": "/?q=${query.v}${call.a.id}"}),
            "x",
            &long,
            Code::InputMissing,
        ),
    ] {
        let mut calls = json!([
            {"name": "a", "cluster": "a", "path": "/"},
            {"name": "b", "cluster": "b", "path": "/", "after": ["a"]},
        ]);
        gatehouse_filter_test::change(&mut calls[1], &call);
        let answer = format!(r#"{{"id":"{id}"}}"#);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
            "a" => ok(&answer),
            _ => panic!("{case}: {}", call.path),
        });
        let got = gateway.get(&format!("/x/7?v={query}"));
        assert_eq!(got.code, code, "{case}");
        assert_eq!(
            got.status == 400,
            matches!(code, Code::ValueRefused | Code::ValueMissing),
            "{case}"
        );
        assert_eq!(got.json()["part"], "b", "{case}");
    }
}

/// What an item says is the fault of the list that has it, also where it is one of many.
#[test]
fn an_item_that_leads_elsewhere_is_no_call() {
    for (optional, want) in [(true, Ok(r#"{"each":[1,null,1]}"#)), (false, Err(Code::InputRefused))]
    {
        let calls = json!([
            {"name": "list", "cluster": "l", "path": "/", "hidden": true},
            {"name": "each", "cluster": "e", "path": "/${item}", "optional": optional,
             "for_each": {"value": "list[*]", "at_once": 1}},
        ]);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
            ok(if call.cluster == "l" { r#"["a","..","b"]"# } else { "1" })
        });
        let got = gateway.get("/x/7");
        match want {
            Ok(body) => assert_eq!((got.code, got.body.as_str()), (Code::Partial, body)),
            Err(code) => assert_eq!((got.code, got.status), (code, 502)),
        }
        assert_eq!(gateway.counted("each", "value_refused"), 1);
    }
}
