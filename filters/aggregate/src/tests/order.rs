//! What calls need of each other.

use super::{Gateway, answer, ok};
use crate::Code;
use gatehouse_filter::Callout;
use serde_json::json;

#[test]
fn a_call_is_made_when_what_it_needs_is_there_and_no_later() {
    let calls = json!([
        {"name": "late", "cluster": "l", "path": "/by/${call.user.team.id}"},
        {"name": "user", "cluster": "u", "path": "/${path.id}"},
        {"name": "slow", "cluster": "s", "path": "/"},
    ]);
    let service = |call: &Callout| match call.cluster.as_str() {
        "u" => ok(r#"{"team":{"id":42}}"#),
        _ => ok("1"),
    };
    // The slow one is answered last of all.
    let order = std::cell::RefCell::new(Vec::new());
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
        order.borrow_mut().push(call.cluster.clone());
        service(call)
    })
    .answering(|open| if open == 2 { 0 } else { open - 1 });
    let got = gateway.get("/x/7");
    assert_eq!(got.body, r#"{"late":1,"user":{"team":{"id":42}},"slow":1}"#);
    assert_eq!(gateway.targets(), ["u/7", "s/", "l/by/42"]);
}

#[test]
fn a_call_is_made_only_when_its_conditions_hold() {
    let calls = |when: serde_json::Value| {
        json!([
            {"name": "user", "cluster": "u", "path": "/", "statuses": ["2xx", 404]},
            {"name": "more", "cluster": "m", "path": "/", "when": when},
            {"name": "most", "cluster": "n", "path": "/${call.more.id}"},
        ])
    };
    for (case, when, status, is_made) in [
        ("a value", json!({"value": "${call.user.plan}", "equals": "gold"}), 200, true),
        ("another value", json!({"value": "${call.user.plan}", "equals": "free"}), 200, false),
        ("one of", json!({"value": "${call.user.plan}", "one_of": ["free", "gold"]}), 200, true),
        ("a number", json!({"value": "${call.user.age}", "equals": 7}), 200, true),
        ("it exists", json!({"value": "${call.user.plan}", "exists": true}), 200, true),
        ("it does not", json!({"value": "${call.user.x}", "exists": false}), 200, true),
        ("it should not", json!({"value": "${call.user.plan}", "exists": false}), 200, false),
        ("a status", json!({"call": "user", "statuses": [404]}), 404, true),
        ("another status", json!({"call": "user", "statuses": [404]}), 200, false),
        ("a class", json!({"call": "user", "statuses": ["4xx"]}), 404, true),
        ("status as text", json!({"value": "${status.user}", "equals": 200}), 200, true),
        ("nobody", json!({"identity": "subject"}), 200, false),
        ("a query", json!({"value": "${query.full}", "equals": "1"}), 200, true),
        (
            "both",
            json!([{"value": "${query.full}", "equals": "1"}, {"identity": "subject"}]),
            200,
            false,
        ),
    ] {
        let gateway =
            Gateway::of(calls(when), json!({}), |call: &Callout| match call.cluster.as_str() {
                "u" => answer(
                    status,
                    &[("content-type", "application/json")],
                    r#"{"plan":"gold","age":7}"#,
                ),
                _ => ok(r#"{"id":1}"#),
            });
        let got = gateway.get("/x/7?full=1");
        let names: Vec<String> =
            got.json().as_object().expect("an object").keys().cloned().collect();
        let want: &[&str] = if is_made { &["more", "most", "user"] } else { &["user"] };
        let mut names = names;
        names.sort();
        assert_eq!(names, want, "{case}");
        // Nothing has failed: what was not to be had is not missing.
        assert_eq!(got.code, Code::Aggregated, "{case}");
        assert_eq!(got.header("x-gatehouse-partial"), None, "{case}");
    }
}

#[test]
fn what_another_call_lacks_is_told() {
    let calls = |optional: serde_json::Value, text: &str| {
        json!([
            {"name": "user", "cluster": "u", "path": "/", "optional": optional},
            {"name": "more", "cluster": "m", "path": text},
        ])
    };
    for (case, optional, path, status, want) in [
        ("a value is missing", json!(false), "/${call.user.x}", 200, Err(Code::InputMissing)),
        ("a function helps", json!(false), "/${call.user.x | default: y}", 200, Ok("m/y")),
        ("the call failed", json!(true), "/${call.user.id}", 500, Err(Code::InputMissing)),
        ("its default helps", json!({"default": {"id": 3}}), "/${call.user.id}", 500, Ok("m/3")),
        ("a query is missing", json!(false), "/${query.x}", 200, Err(Code::ValueMissing)),
        ("it is there", json!(false), "/${query.y}", 200, Ok("m/a%20b")),
        ("null is missing", json!(false), "/${call.user.n}", 200, Err(Code::InputMissing)),
        ("a list has commas", json!(false), "/?ids=${call.user.l[*]}", 200, Ok("m/?ids=1%2C2")),
        ("one of them is null", json!(false), "/?ids=${call.user.m[*]}", 200, Ok("m/?ids=1%2C2")),
        ("all are", json!(false), "/?ids=${call.user.o[*]}", 200, Err(Code::InputMissing)),
        ("a list has none", json!(false), "/?ids=${call.user.e[*]}", 200, Err(Code::InputMissing)),
        ("a truth", json!(false), "/${call.user.t}", 200, Ok("m/true")),
        ("a text", json!(false), "/${call.user.s}", 200, Ok("m/a%22%C3%A9")),
    ] {
        let gateway = Gateway::of(calls(optional, path), json!({}), |call: &Callout| {
            match call.cluster.as_str() {
                "u" => answer(
                    status,
                    &[("content-type", "application/json")],
                    concat!(
                        r#"{"id":1,"n":null,"l":[1,2],"m":[null,1,null,2],"#,
                        r#""o":[null],"e":[],"t":true,"s":"a\"\u00e9"}"#
                    ),
                ),
                _ => ok("1"),
            }
        });
        let got = gateway.get("/x/7?y=a%20b");
        match want {
            Ok(target) => {
                assert_eq!(gateway.targets().last().map(String::as_str), Some(target), "{case}");
            }
            Err(code) => assert_eq!(got.code, code, "{case}"),
        }
    }
}

/// Only what is missing with the call that was not made is no failure.
#[test]
fn a_call_that_lacks_something_else_has_failed_all_the_same() {
    let calls = json!([
        {"name": "user", "cluster": "u", "path": "/"},
        {"name": "none", "cluster": "n", "path": "/", "when": {"value": "${query.none}", "exists": true}},
        {"name": "more", "cluster": "m", "path": "/${call.none.id | default: 0}/${call.user.x}"},
    ]);
    let gateway = Gateway::of(calls, json!({}), |_| ok("{}"));
    let got = gateway.get("/x/7");
    assert_eq!((got.code, got.status), (Code::InputMissing, 502));
}

/// Each needs the next one: none can be made but the last, whatever the order of the answers.
#[test]
fn a_thousand_calls_that_wait_for_each_other_come_to_an_end() {
    let call = |number: usize| {
        let mut call = json!({"name": format!("c{number}"), "cluster": "c", "path": "/last"});
        if number < 999 {
            call["path"] = json!(format!("/${{call.c{}}}", number + 1));
        }
        call
    };
    let calls: Vec<serde_json::Value> = (0..1_000).map(call).collect();
    let others = json!({"max_calls": 1_000, "timeout": "1h"});
    let gateway = Gateway::of(json!(calls), others.clone(), |_| ok("1"));
    assert_eq!(gateway.get("/x/7").json().as_object().map(serde_json::Map::len), Some(1_000));
    // None of them is made where the last is not.
    let mut calls = calls;
    calls[999]["when"] = json!({"identity": "subject"});
    let gateway = Gateway::of(json!(calls), others, |_| panic!("no call is made"));
    assert_eq!(gateway.get("/x/7").body, "{}");
}
