//! Joins that are more than one onto a list, or that do not fit.

use super::{Gateway, ok};
use crate::Code;
use gatehouse_filter::Callout;
use serde_json::{Value, json};

fn orders() -> Value {
    json!({"name": "orders", "cluster": "orders", "path": "/"})
}

fn products(members: Value) -> Value {
    let mut call = json!({
        "name": "products", "cluster": "products", "path": "/${item}",
        "for_each": {"value": "orders[*].sku"},
        "join": {"to": "orders[*]", "by": "sku", "as": "product"},
    });
    gatehouse_filter_test::change(&mut call, &members);
    call
}

/// Orders get their products, which get their makers: whatever the order of the calls.
#[test]
fn what_is_joined_can_be_joined_itself() {
    let makers = json!({
        "name": "makers", "cluster": "makers", "path": "/${item}",
        "for_each": {"value": "products[*].by"},
        "join": {"to": "products[*]", "by": "by", "as": "maker"},
    });
    for calls in [
        json!([orders(), products(json!({})), makers]),
        json!([makers, products(json!({})), orders()]),
    ] {
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| match &*call.cluster {
            "orders" => ok(r#"[{"sku":"a"}]"#),
            "products" => ok(r#"{"by":"m"}"#),
            _ => ok(r#""M""#),
        });
        assert_eq!(
            gateway.get("/x/7").body,
            r#"{"orders":[{"sku":"a","product":{"by":"m","maker":"M"}}]}"#
        );
    }
}

/// Without an optional call the whole is answered all the same, also where its answers are there
/// and cannot be joined.
#[test]
fn a_join_that_does_not_fit_is_the_fate_of_its_call() {
    for (case, join, list, want) in [
        (
            "a partner that must be there is not",
            json!({"missing": "fail"}),
            r#"[{"sku":"a"},{"sku":null},{"sku":"b"}]"#,
            r#"[{"sku":"a","product":1},{"sku":null},{"sku":"b","product":1}]"#,
        ),
        (
            "something was there before",
            json!({"missing": "fail"}),
            r#"[{"sku":"a","product":{"x":1}},{"sku":"b","product":0},{"product":2}]"#,
            r#"[{"sku":"a","product":1},{"sku":"b","product":1},{"product":2}]"#,
        ),
        (
            "something is in the way",
            json!({"as": "p.q"}),
            r#"[{"sku":"a","p":2},{"sku":"b"}]"#,
            r#"[{"sku":"a","p":2},{"sku":"b","p":{"q":1}}]"#,
        ),
    ] {
        for (optional, code, status) in
            [(true, Code::Partial, 200), (false, Code::AnswerUnusable, 502)]
        {
            let mut products = products(json!({"optional": optional}));
            gatehouse_filter_test::change(&mut products["join"], &join);
            let gateway = Gateway::of(json!([orders(), products]), json!({}), |call: &Callout| {
                ok(if call.cluster == "orders" { list } else { "1" })
            });
            let got = gateway.get("/x/7");
            assert_eq!((got.code, got.status), (code, status), "{case}");
            if optional {
                assert_eq!(got.body, format!("{{\"orders\":{want}}}"), "{case}");
                assert_eq!(
                    got.header("x-gatehouse-partial").as_deref(),
                    Some("products"),
                    "{case}"
                );
                assert_eq!(got.header("cache-control").as_deref(), Some("no-store"), "{case}");
            }
        }
    }
}

#[test]
fn what_is_no_object_needs_no_partner() {
    for missing in ["omit", "null", "fail"] {
        let join = json!({"to": "orders[*]", "by": "sku", "as": "product", "missing": missing});
        let calls = json!([orders(), products(json!({"join": join}))]);
        let gateway = Gateway::of(calls, json!({}), |call: &Callout| {
            ok(if call.cluster == "orders" { r#"[1,"a",null,[],{"sku":"a"}]"# } else { "2" })
        });
        assert_eq!(
            gateway.get("/x/7").body,
            r#"{"orders":[1,"a",null,[],{"sku":"a","product":2}]}"#,
            "{missing}"
        );
    }
}

/// What is joined may be longer than the answers to the call that it goes to may be.
#[test]
fn what_is_joined_is_bounded_by_the_size_of_the_whole() {
    let product = format!("\"{}\"", "p".repeat(1_000));
    for (max_size, status) in [("4KiB", 200), ("2KiB", 502)] {
        let mut orders = orders();
        orders["max_size"] = json!("64B");
        let gateway = Gateway::of(
            json!([orders, products(json!({}))]),
            json!({"max_size": max_size}),
            |call: &Callout| {
                ok(if call.cluster == "orders" { r#"[{"sku":"a"},{"sku":"b"}]"# } else { &product })
            },
        );
        assert_eq!(gateway.get("/x/7").status, status, "{max_size}");
    }
    // One partner in many places is written as often.
    let list = format!("[{}]", vec![r#"{"sku":"a"}"#; 1_000].join(","));
    let gateway =
        Gateway::of(json!([orders(), products(json!({}))]), json!({"max_size": "64KiB"}), |call| {
            ok(if call.cluster == "orders" { &list } else { &product })
        });
    assert_eq!(gateway.get("/x/7").code, Code::AnswersTooLarge);
}

/// Each object is looked at once, whatever there is beside it.
#[test]
fn long_lists_are_joined_in_time() {
    let list: Vec<String> = (0..50_000).map(|n| format!(r#"{{"sku":{n}}}"#)).collect();
    let list = format!("[{}]", list.join(","));
    let mut products = products(json!({"path": "/?skus=${items}"}));
    products["for_each"] = json!({"value": "orders[*].first"});
    let orders = json!({"name": "orders", "cluster": "orders", "path": "/",
                        "operations": [{"set": {"path": "[0].first", "value": "x"}}]});
    let gateway = Gateway::of(json!([orders, products]), json!({}), |_| ok(&list));
    let got = gateway.get("/x/7").json();
    let orders = got["orders"].as_array().expect("a list");
    assert!(orders.iter().all(|order| order["product"]["sku"] == order["sku"]));
    assert_eq!(orders.len(), 50_000);
}
