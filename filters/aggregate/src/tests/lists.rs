//! Calls for the items of lists, and joins.

use super::{Gateway, ok};
use crate::Code;
use gatehouse_filter::Callout;
use serde_json::{Value, json};

const ORDERS: &str = r#"[
  {"id": 1, "items": [{"sku": "a"}, {"sku": "b/c"}, {"sku": "d"}]},
  {"id": 2, "items": [{"sku": "d"}, {"sku": 7}, {"sku": null}, {"n": 1}, {"sku": ""}]}
]"#;

fn service(call: &Callout) -> gatehouse_filter::Answer {
    match (&*call.cluster, &*call.path) {
        ("orders", _) => ok(ORDERS),
        (_, path) => ok(&format!(r#"{{"at":"{path}"}}"#)),
    }
}

fn orders() -> Value {
    json!({"name": "orders", "cluster": "orders", "path": "/"})
}

#[test]
fn a_call_is_made_for_each_value_once_in_their_order() {
    let calls = json!([orders(), {
        "name": "products", "cluster": "p", "path": "/?sku=${item}",
        "for_each": {"value": "orders[*].items[*].sku"},
    }]);
    for at_once in [1_usize, 2, 8] {
        let mut calls = calls.clone();
        calls[1]["for_each"]["at_once"] = json!(at_once);
        for turn in 0..4_usize {
            let gateway =
                Gateway::of(calls.clone(), json!({}), service).answering(move |open| turn % open);
            let got = gateway.get("/x/7");
            let mut targets = gateway.targets();
            targets.sort();
            assert_eq!(targets, ["orders/", "p/?sku=7", "p/?sku=a", "p/?sku=b%2Fc", "p/?sku=d"]);
            let at = |number: usize| got.json()["products"][number]["at"].clone();
            assert_eq!(
                [at(0), at(1), at(2), at(3)],
                ["/?sku=a", "/?sku=b%2Fc", "/?sku=d", "/?sku=7"]
            );
            assert!(*gateway.most_open.borrow() <= at_once, "{at_once}");
        }
    }
}

#[test]
fn answers_are_joined_to_the_objects_that_they_are_for() {
    let calls = |join: Value| {
        let mut to = json!({"to": "orders[*].items[*]", "by": "sku", "as": "product"});
        gatehouse_filter_test::change(&mut to, &join);
        json!([orders(), {
            "name": "products", "cluster": "p", "path": "/?sku=${item}",
            "for_each": {"value": "orders[*].items[*].sku"}, "join": to,
        }])
    };
    let gateway = Gateway::of(calls(json!({})), json!({}), service);
    let got = gateway.get("/x/7");
    assert_eq!(
        got.json(),
        json!({"orders": [
            {"id": 1, "items": [
                {"sku": "a", "product": {"at": "/?sku=a"}},
                {"sku": "b/c", "product": {"at": "/?sku=b%2Fc"}},
                {"sku": "d", "product": {"at": "/?sku=d"}},
            ]},
            {"id": 2, "items": [
                {"sku": "d", "product": {"at": "/?sku=d"}},
                {"sku": 7, "product": {"at": "/?sku=7"}},
                {"sku": null}, {"n": 1}, {"sku": ""},
            ]},
        ]})
    );
    let gateway = Gateway::of(calls(json!({"missing": "null", "as": "a.b"})), json!({}), service);
    let got = gateway.get("/x/7").json();
    assert_eq!(got["orders"][1]["items"][3], json!({"n": 1, "a": {"b": null}}));
    assert_eq!(got["orders"][0]["items"][0]["a"]["b"], json!({"at": "/?sku=a"}));
    let gateway = Gateway::of(calls(json!({"missing": "fail"})), json!({}), service);
    let got = gateway.get("/x/7");
    assert_eq!((got.code, got.status), (Code::AnswerUnusable, 502));
}

/// `?ids=1,2,3`: one call where the service takes lists.
#[test]
fn one_call_can_be_for_all_items() {
    let calls = json!([orders(), {
        "name": "products", "cluster": "p", "path": "/?skus=${items}",
        "for_each": {"value": "orders[*].items[*].sku"},
        "operations": [{"unwrap": {"path": "products"}}],
        "join": {"to": "orders[*].items[*]", "by": "sku", "as": "product", "key": "id.sku"},
    }]);
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
        "orders" => ok(ORDERS),
        _ => ok(concat!(
            r#"{"products":[{"id":{"sku":"d"},"n":1},{"id":{"sku":"a"},"n":2},"#,
            r#"{"id":{"sku":"7"},"n":3},{"id":{}},{"id":{"sku":"a"},"n":4}]}"#
        )),
    });
    let got = gateway.get("/x/7").json();
    assert_eq!(gateway.targets(), ["orders/", "p/?skus=a%2Cb%2Fc%2Cd%2C7"]);
    let product =
        |order: usize, item: usize| got["orders"][order]["items"][item]["product"]["n"].clone();
    assert_eq!([product(0, 0), product(0, 2), product(1, 0), product(1, 1)], [2, 1, 1, 3]);
    assert_eq!(product(0, 1), Value::Null);
}

#[test]
fn no_items_are_no_calls() {
    for list in ["[]", "{}", "[{}]", "[{\"items\":[]}]", "null"] {
        let calls = json!([
            {"name": "orders", "cluster": "orders", "path": "/"},
            {"name": "products", "cluster": "p", "path": "/${item}",
             "for_each": {"value": "orders[*].items[*].sku"}},
        ]);
        let gateway = Gateway::of(calls, json!({}), |_| ok(list));
        let got = gateway.get("/x/7");
        assert_eq!(got.body, format!("{{\"orders\":{list},\"products\":[]}}"), "{list}");
        assert_eq!(gateway.targets().len(), 1, "{list}");
    }
}

#[test]
fn lists_and_calls_are_bounded() {
    let long: Vec<usize> = (0..40).collect();
    let long = json!(long).to_string();
    for (case, most, max_calls, code) in [
        ("more than `most`", json!(39), json!(64), Code::TooManyCalls),
        ("as many as `most`", json!(40), json!(64), Code::Aggregated),
        ("more than `max_calls`", json!(40), json!(40), Code::TooManyCalls),
        ("as many as `max_calls`", json!(40), json!(41), Code::Aggregated),
    ] {
        let calls = json!([
            {"name": "list", "cluster": "l", "path": "/"},
            {"name": "each", "cluster": "e", "path": "/${item}",
             "for_each": {"value": "list[*]", "most": most}},
        ]);
        let gateway = Gateway::of(calls, json!({"max_calls": max_calls}), |call: &Callout| {
            match &*call.cluster {
                "l" => ok(&long),
                _ => ok("1"),
            }
        });
        assert_eq!(gateway.get("/x/7").code, code, "{case}");
    }
}

/// Lists of lists: what the items were answered is asked for more.
#[test]
fn calls_for_items_can_have_calls_for_their_items() {
    let calls = json!([
        {"name": "a", "cluster": "a", "path": "/", "hidden": true},
        {"name": "b", "cluster": "b", "path": "/${item}", "hidden": true,
         "for_each": {"value": "a[*]"}},
        {"name": "c", "cluster": "c", "path": "/${item}", "for_each": {"value": "b[*].next"}},
    ]);
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
        "a" => ok("[1,2]"),
        "b" => ok(&format!(r#"{{"next":"n{}"}}"#, call.path.trim_start_matches('/'))),
        _ => ok(&format!("\"{}\"", call.path)),
    });
    assert_eq!(gateway.get("/x/7").body, r#"{"c":["/n1","/n2"]}"#);
}

/// A list that is too long costs its own call, and no other.
#[test]
fn calls_that_are_not_made_leave_room_for_others() {
    let calls = json!([
        {"name": "list", "cluster": "l", "path": "/"},
        {"name": "each", "cluster": "e", "path": "/${item}", "optional": true,
         "for_each": {"value": "list[*]", "most": 4}},
        {"name": "last", "cluster": "z", "path": "/${call.list[0]}"},
    ]);
    let gateway = Gateway::of(calls, json!({"max_calls": 4}), |call: &Callout| {
        ok(if call.cluster == "l" { "[1,2,3,4]" } else { "1" })
    });
    let got = gateway.get("/x/7");
    assert_eq!((got.code, got.body.as_str()), (Code::Partial, r#"{"list":[1,2,3,4],"last":1}"#));
}

/// A list is long and says the same: its values are looked at once.
#[test]
fn repeats_of_a_long_list_cost_no_calls() {
    let list = format!("[{}1]", "\"a\",1,".repeat(100_000));
    let calls = json!([
        {"name": "list", "cluster": "l", "path": "/", "hidden": true},
        {"name": "each", "cluster": "e", "path": "/${item}",
         "for_each": {"value": "list[*]", "most": 2}},
    ]);
    let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
        ok(if call.cluster == "l" { &list } else { "1" })
    });
    assert_eq!(gateway.get("/x/7").body, r#"{"each":[1,1]}"#);
}
