//! Answers that meet.

use super::{Gateway, ok};
use crate::Code;
use gatehouse_filter::Callout;
use serde_json::{Value, json};

/// lura #391, #367, krakend-ce #210, #558, #389: there the slowest overwrites the others.
#[test]
fn what_meets_in_one_place_is_merged_as_the_rule_says() {
    let (a, b) = (
        r#"{"x":1,"l":[1],"o":{"p":1,"q":{"r":1}}}"#,
        r#"{"y":2,"x":2,"l":[2],"o":{"p":2,"q":{"s":2}}}"#,
    );
    for (case, merge, want) in [
        ("error", json!({}), Err(Code::Conflict)),
        (
            "the first stays",
            json!({"on_conflict": "first"}),
            Ok(r#"{"x":1,"l":[1],"o":{"p":1,"q":{"r":1}},"y":2}"#),
        ),
        (
            "the last stays",
            json!({"on_conflict": "last"}),
            Ok(r#"{"x":2,"l":[2],"o":{"p":2,"q":{"s":2}},"y":2}"#),
        ),
        (
            "both in a list",
            json!({"on_conflict": "array"}),
            Ok(r#"{"x":[1,2],"l":[[1],[2]],"o":[{"p":1,"q":{"r":1}},{"p":2,"q":{"s":2}}],"y":2}"#),
        ),
        (
            "objects are merged",
            json!({"on_conflict": "last", "objects": "merge"}),
            Ok(r#"{"x":2,"l":[2],"o":{"p":2,"q":{"r":1,"s":2}},"y":2}"#),
        ),
        (
            "lists become one",
            json!({"on_conflict": "first", "lists": "concatenate"}),
            Ok(r#"{"x":1,"l":[1,2],"o":{"p":1,"q":{"r":1}},"y":2}"#),
        ),
        (
            "objects are merged, and something is in one place all the same",
            json!({"objects": "merge", "lists": "concatenate"}),
            Err(Code::Conflict),
        ),
    ] {
        for turn in 0..2 {
            let calls = json!([
                {"name": "a", "cluster": "a", "path": "/", "into": "$"},
                {"name": "b", "cluster": "b", "path": "/", "into": "$"},
            ]);
            let gateway = Gateway::of(calls, json!({"merge": merge}), |call: &Callout| {
                ok(if call.cluster == "a" { a } else { b })
            })
            .answering(move |open| turn.min(open - 1));
            let got = gateway.get("/x/7");
            match want {
                Ok(want) => assert_eq!(got.body, want, "{case}"),
                Err(code) => assert_eq!((got.code, got.status), (code, 502), "{case}"),
            }
        }
    }
}

#[test]
fn three_of_one_name_are_a_list_of_three() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/", "into": "v"},
        {"name": "b", "cluster": "b", "path": "/", "into": "v"},
        {"name": "c", "cluster": "c", "path": "/", "into": "v"},
    ]);
    let gateway =
        Gateway::of(calls, json!({"merge": {"on_conflict": "array"}}), |call: &Callout| {
            ok(&format!("[\"{}\"]", call.cluster))
        });
    assert_eq!(gateway.get("/x/7").body, r#"{"v":[["a"],["b"],["c"]]}"#);
}

#[test]
fn an_answer_goes_where_the_call_says() {
    for (case, into, answer, want) in [
        ("its name", Value::Null, "1", Ok(r#"{"a":1,"z":0}"#)),
        ("another one", json!("b"), "1", Ok(r#"{"b":1,"z":0}"#)),
        ("a place inside", json!("b.c"), "1", Ok(r#"{"b":{"c":1},"z":0}"#)),
        ("a pointer", json!("/b/c~1d"), "1", Ok(r#"{"b":{"c/d":1},"z":0}"#)),
        ("the top", json!("$"), r#"{"k":1}"#, Ok(r#"{"k":1,"z":0}"#)),
        ("the top, and it is a list", json!("$"), "[1]", Err(Code::Misfit)),
        ("the top, and it is nothing", json!("$"), "null", Err(Code::Misfit)),
    ] {
        let calls = json!([
            {"name": "a", "cluster": "a", "path": "/", "into": into},
            {"name": "z", "cluster": "z", "path": "/"},
        ]);
        let mut calls = calls;
        if into.is_null() {
            calls[0].as_object_mut().expect("an object").remove("into");
        }
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
            ok(if call.cluster == "a" { answer } else { "0" })
        });
        let got = gateway.get("/x/7");
        match want {
            Ok(want) => assert_eq!(got.body, want, "{case}"),
            Err(code) => assert_eq!(got.code, code, "{case}"),
        }
    }
}

#[test]
fn answers_and_the_whole_are_shaped_by_the_operations_of_body_transform() {
    let calls = json!([{
        "name": "a", "cluster": "a", "path": "/",
        "operations": [{"unwrap": {"path": "data"}}, {"case": {"to": "camel"}},
                       {"set": {"path": "who", "value": "${path.id}"}}],
    }]);
    let others = json!({"operations": [{"rename": {"path": "a.unitPrice", "to": "price"}}]});
    let gateway = Gateway::of(calls.clone(), others, |_| {
        ok(r#"{"data":{"unit_price":"1.00","line_items":[{"a_b":1}]}}"#)
    });
    assert_eq!(
        gateway.get("/x/7").body,
        r#"{"a":{"price":"1.00","lineItems":[{"aB":1}],"who":"7"}}"#
    );
    // What does not fit is the service's fault.
    let calls = json!([{
        "name": "a", "cluster": "a", "path": "/",
        "operations": [{"set": {"path": "a.b", "value": "x"}}],
    }]);
    let gateway = Gateway::of(calls, json!({}), |_| ok(r#"{"a":[]}"#));
    assert_eq!(gateway.get("/x/7").code, Code::AnswerUnusable);
}

/// What operations make too long is too long, and does not fit otherwise.
#[test]
fn operations_that_make_too_much_are_told_as_that() {
    let copies: Vec<Value> =
        (0..9).map(|n| json!({"copy": {"from": "$", "to": format!("c{n}")}})).collect();
    let calls = |operations: &[Value]| {
        let mut call = json!({"name": "a", "cluster": "a", "path": "/", "max_size": "64B"});
        if !operations.is_empty() {
            call["operations"] = json!(operations);
        }
        json!([call])
    };
    let gateway = Gateway::of(calls(&copies), json!({}), |_| ok("{}"));
    let got = gateway.get("/x/7");
    assert_eq!((got.code, gateway.counted("a", "too_large")), (Code::AnswerUnusable, 1));
    let others = json!({"operations": copies, "max_size": "64B"});
    let gateway = Gateway::of(calls(&[]), others, |_| ok("{}"));
    assert_eq!(gateway.get("/x/7").code, Code::AnswersTooLarge);
}

/// Fifty thousand members on either side cost no more than that.
#[test]
fn large_objects_are_merged_in_time() {
    let object = |from: usize| {
        let members: Vec<String> = (from..from + 50_000).map(|n| format!("\"k{n}\":{n}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/", "into": "$"},
        {"name": "b", "cluster": "b", "path": "/", "into": "$"},
    ]);
    let (a, b) = (object(0), object(25_000));
    for on_conflict in ["last", "array"] {
        let merge = json!({"merge": {"on_conflict": on_conflict}});
        let gateway = Gateway::of(calls.clone(), merge, |call: &Callout| {
            ok(if call.cluster == "a" { &a } else { &b })
        });
        let got = gateway.get("/x/7").json();
        assert_eq!(got.as_object().map(serde_json::Map::len), Some(75_000), "{on_conflict}");
    }
}

/// Which answers are in a list does not hang on what came before.
#[test]
fn a_list_of_a_conflict_is_of_whole_answers() {
    for (answers, want) in [
        (["1", "2", "[3]"], "[1,2,[3]]"),
        (["1", "[2]", "3"], "[1,[2],3]"),
        (["[1]", "2", "[3]"], "[[1],2,[3]]"),
        (["[1]", "[2]", "[3]"], "[1,2,3]"),
        (["[1]", "[2]", "3"], "[[1,2],3]"),
    ] {
        let calls = json!([
            {"name": "a", "cluster": "0", "path": "/", "into": "v"},
            {"name": "b", "cluster": "1", "path": "/", "into": "v"},
            {"name": "c", "cluster": "2", "path": "/", "into": "v"},
        ]);
        let merge = json!({"merge": {"on_conflict": "array", "lists": "concatenate"}});
        let gateway = Gateway::of(calls, merge, |call: &Callout| {
            ok(answers[call.cluster.parse::<usize>().expect("a number")])
        });
        assert_eq!(gateway.get("/x/7").body, format!("{{\"v\":{want}}}"), "{answers:?}");
    }
}

#[test]
fn one_of_two_calls_may_go_where_the_other_would() {
    let calls = json!([
        {"name": "new", "cluster": "n", "path": "/", "hidden": true,
         "when": {"value": "${query.v}", "equals": "2"}},
        {"name": "old", "cluster": "o", "path": "/", "hidden": true,
         "when": {"value": "${query.v}", "equals": "1"}},
        {"name": "a", "cluster": "a", "path": "/${call.new}", "into": "v"},
        {"name": "b", "cluster": "b", "path": "/${call.old}", "into": "v"},
    ]);
    let gateway =
        Gateway::of(calls, json!({}), |call: &Callout| ok(&format!("\"{}\"", call.cluster)));
    assert_eq!(gateway.get("/x/7?v=2").body, r#"{"v":"a"}"#);
    assert_eq!(gateway.get("/x/7?v=1").body, r#"{"v":"b"}"#);
}

/// Nothing to ask for is nothing to add at the top, and no failure.
#[test]
fn no_items_add_nothing_at_the_top() {
    let calls = json!([
        {"name": "ids", "cluster": "i", "path": "/"},
        {"name": "more", "cluster": "m", "path": "/?ids=${items}", "into": "$",
         "for_each": {"value": "ids[*]"}},
    ]);
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
        ok(if call.cluster == "i" { "[]" } else { r#"{"a":1}"# })
    });
    let got = gateway.get("/x/7");
    assert_eq!((got.code, got.body.as_str()), (Code::Aggregated, r#"{"ids":[]}"#));
}

/// Operations neither take out nor change what is told of the parts.
#[test]
fn how_the_parts_went_is_told_after_the_operations() {
    for (operations, want) in [
        (
            json!([{"keep": {"names": ["a_b"]}}, {"case": {"to": "camel"}}]),
            concat!(
                r#"{"aB":1,"my_parts":{"a_b":{"outcome":"answered","status":200},"#,
                r#""c":{"outcome":"server_error","status":500}}}"#
            ),
        ),
        (
            json!([{"wrap": {"name": "data"}}]),
            concat!(
                r#"{"data":{"a_b":1},"my_parts":{"a_b":{"outcome":"answered","status":200},"#,
                r#""c":{"outcome":"server_error","status":500}}}"#
            ),
        ),
        (json!([{"unwrap": {"path": "a_b"}}]), "1"),
    ] {
        let calls = json!([
            {"name": "a_b", "cluster": "a", "path": "/"},
            {"name": "c", "cluster": "c", "path": "/", "optional": true},
        ]);
        let others = json!({"operations": operations, "partial": {"member": "my_parts"}});
        let gateway = Gateway::of(calls, others, |call: &Callout| match &*call.cluster {
            "a" => ok("1"),
            _ => super::answer(500, &[], ""),
        });
        let got = gateway.get("/x/7");
        assert_eq!(got.body, want);
        assert_eq!(got.header("x-gatehouse-partial").as_deref(), Some("c"));
    }
}
