//! What operations make of documents.
#![cfg(test)]

#[path = "shaping/conversions.rs"]
mod conversions;
#[path = "shaping/faults.rs"]
mod faults;
#[path = "shaping/values.rs"]
mod values;
#[path = "shaping/work.rs"]
mod work;

use gatehouse_filter::config;
use gatehouse_filter::template::{Scope, Sources};
use gatehouse_filter::{HeaderName, HeaderValue, Headers, Request};
use gatehouse_filter_test::FakeHost;
use gatehouse_json::{Document, Names};
use gatehouse_shape::{Editable, Fault, Needs, Shaping, Work};
use serde_json::{Value, json};

fn shaping(operations: &Value, scope: &Scope<'_>, editable: Editable) -> Result<Shaping, String> {
    config::read(operations.to_string().as_bytes(), |node| Shaping::read(&node, scope, editable))
        .map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect())
}

/// What operations are made with.
#[derive(Clone, Copy, Default)]
struct Given<'a> {
    facts: Sources<'a>,
    skips_misfits: bool,
    names: Names,
}

/// What becomes of a document, and of the head of a response that it came with.
fn shaped(
    operations: &Value,
    text: &str,
    given: Given<'_>,
) -> Result<(String, Vec<String>), Fault> {
    let scope = Scope { response: true, ..Scope::default() };
    let shaping = shaping(operations, &scope, Editable::ResponseHead).unwrap();
    let document = Document::read_with(text.as_bytes().to_vec(), 1000, given.names).unwrap();
    let root = document.root();
    let Given { facts, skips_misfits, .. } = given;
    let mut work = Work { document, facts, head: Vec::new(), skips_misfits };
    work.run(&shaping, root)?;
    let mut out = Vec::new();
    work.document.write(root, &mut out)?;
    let field = |(name, value): &(HeaderName, Option<HeaderValue>)| {
        let value = value.as_ref().map(|value| value.as_bytes().escape_ascii().to_string());
        format!("{}: {}", name.as_str(), value.unwrap_or_else(|| "(none)".to_owned()))
    };
    Ok((String::from_utf8(out).unwrap(), work.head.iter().map(field).collect()))
}

fn document(operation: &Value, text: &str, given: Given<'_>) -> Result<String, Fault> {
    shaped(&json!([operation]), text, given).map(|(document, _)| document)
}

/// Operations, a document, and what becomes of it.
type Row = (Value, &'static str, &'static str);

#[test]
fn each_operation_changes_what_it_names_and_nothing_else() {
    let rows: Vec<Row> = vec![
        (json!({"set": {"path": "a", "value": 2}}), r#"{"a":1,"b":1.50}"#, r#"{"a":2,"b":1.50}"#),
        (json!({"set": {"path": "a.b", "value": true}}), "{}", r#"{"a":{"b":true}}"#),
        (
            json!({"set": {"path": "i[*].x", "value": "y"}}),
            r#"{"i":[{},{"x":1}]}"#,
            r#"{"i":[{"x":"y"},{"x":"y"}]}"#,
        ),
        (json!({"set": {"path": "i[-]", "value": 3}}), r#"{"i":[1,2]}"#, r#"{"i":[1,2,3]}"#),
        (json!({"set": {"path": "a", "json": "1.50"}}), "{}", r#"{"a":1.50}"#),
        (
            json!({"set": {"path": "a", "json": "9007199254740993"}}),
            "{}",
            r#"{"a":9007199254740993}"#,
        ),
        // A value that is missing takes the place away.
        (json!({"set": {"path": "a", "value": "${body.b}"}}), r#"{"a":1}"#, "{}"),
        (json!({"default": {"path": "a", "value": 2}}), r#"{"a":1}"#, r#"{"a":1}"#),
        (json!({"default": {"path": "a", "value": 2}}), r#"{"a":null}"#, r#"{"a":null}"#),
        (json!({"default": {"path": "a", "value": 2}}), "{}", r#"{"a":2}"#),
        (
            json!({"default": {"path": "i[*].a", "value": 2}}),
            r#"{"i":[{"a":1},{}]}"#,
            r#"{"i":[{"a":1},{"a":2}]}"#,
        ),
        (
            json!({"remove": {"path": "a[*].b"}}),
            r#"{"a":[{"b":1,"c":2},{"b":3}]}"#,
            r#"{"a":[{"c":2},{}]}"#,
        ),
        (json!({"remove": {"paths": ["a", "/b/0"]}}), r#"{"a":1,"b":[1,2]}"#, r#"{"b":[2]}"#),
        (json!({"rename": {"path": "a", "to": "z"}}), r#"{"a":1,"b":2}"#, r#"{"z":1,"b":2}"#),
        (json!({"rename": {"path": "a", "to": "b"}}), r#"{"a":1,"b":2}"#, r#"{"b":1}"#),
        (json!({"rename": {"path": "a", "to": "b"}}), r#"{"b":2}"#, "{}"),
        (json!({"move": {"from": "a", "to": "b.c"}}), r#"{"a":1}"#, r#"{"b":{"c":1}}"#),
        (json!({"move": {"from": "a", "to": "b"}}), r#"{"b":2}"#, "{}"),
        (
            json!({"move": {"from": "i[*]", "to": "i[*].data"}}),
            r#"{"i":[1,{}]}"#,
            r#"{"i":[{"data":1},{"data":{}}]}"#,
        ),
        (json!({"copy": {"from": "a", "to": "b"}}), r#"{"a":[1]}"#, r#"{"a":[1],"b":[1]}"#),
        (json!({"copy": {"from": "a", "to": "b"}}), r#"{"b":1}"#, "{}"),
        (json!({"keep": {"names": ["b"]}}), r#"{"a":1,"b":2}"#, r#"{"b":2}"#),
        (
            json!({"keep": {"path": "i[*]", "names": ["b"]}}),
            r#"{"i":[{"a":1,"b":2},5]}"#,
            r#"{"i":[{"b":2},5]}"#,
        ),
        (
            json!({"filter": {"path": "i", "keep": {"path": "a", "exists": true}}}),
            r#"{"i":[{"a":1},{}]}"#,
            r#"{"i":[{"a":1}]}"#,
        ),
        (
            json!({"filter": {"path": "i", "drop": {"path": "a", "exists": true}}}),
            r#"{"i":[{"a":1},{}]}"#,
            r#"{"i":[{}]}"#,
        ),
        (
            json!({"filter": {"path": "i", "keep": {"path": "$", "json": "1.50"}}}),
            r#"{"i":[1.5,15e-1,2,"1.5"]}"#,
            r#"{"i":[1.5,15e-1]}"#,
        ),
        (
            json!({"filter": {"path": "i", "keep": {"path": "$", "json": "\"1.5\""}}}),
            r#"{"i":[1.5,2,"1.5"]}"#,
            r#"{"i":["1.5"]}"#,
        ),
        (
            json!({"filter": {"path": "i", "keep": {"path": "$", "equals": "1.5"}}}),
            r#"{"i":[1.5,15e-1,2,"1.5"]}"#,
            r#"{"i":[1.5,15e-1,"1.5"]}"#,
        ),
        (
            json!({"each": {"path": "i[*]", "operations": [
                {"set": {"path": "b", "value": "${body.a}"}}]}}),
            r#"{"i":[{"a":1},{"a":"x"}]}"#,
            r#"{"i":[{"a":1,"b":1},{"a":"x","b":"x"}]}"#,
        ),
        (
            json!({"case": {"to": "snake"}}),
            r#"{"unitPrices":{"EUR":1,"DE":2}}"#,
            r#"{"unit_prices":{"EUR":1,"DE":2}}"#,
        ),
        (
            json!({"case": {"to": "camel", "path": "a"}}),
            r#"{"a":{"b_c":1},"d_e":1}"#,
            r#"{"a":{"bC":1},"d_e":1}"#,
        ),
        (
            json!({"case": {"to": "snake", "except": ["prices"], "values": ["loc[*]"]}}),
            r#"{"prices":{"perKg":1},"loc":["lineItems",0]}"#,
            r#"{"prices":{"perKg":1},"loc":["line_items",0]}"#,
        ),
        (
            json!({"case": {"to": "camel", "names": {"user_id": "userID", "EUR": "eur", "a_b": "a_b"},
                "values": ["loc[*]"]}}),
            r#"{"user_id":1,"x":[{"user\u005fid":2,"EUR":3,"a_b":4,"c_d":5}],"loc":["user_id"]}"#,
            r#"{"userID":1,"x":[{"userID":2,"eur":3,"a_b":4,"cD":5}],"loc":["userID"]}"#,
        ),
        // Without a case all others stay.
        (
            json!({"case": {"names": {"a\"b": "b\\c", "b\\c": "a\"b"}}}),
            r#"{"a\"b":1,"b\\c":2,"d_e":3}"#,
            r#"{"b\\c":1,"a\"b":2,"d_e":3}"#,
        ),
        (json!({"wrap": {"name": "data"}}), "[1]", r#"{"data":[1]}"#),
        (
            json!({"wrap": {"path": "i[*]", "name": "v"}}),
            r#"{"i":[1,2]}"#,
            r#"{"i":[{"v":1},{"v":2}]}"#,
        ),
        (json!({"unwrap": {"path": "data"}}), r#"{"data":[1],"x":2}"#, "[1]"),
        (json!({"unwrap": {"path": "data"}}), r#"{"x":2}"#, r#"{"x":2}"#),
        (json!({"replace": {"value": {"was": "${body}"}}}), "[1]", r#"{"was":[1]}"#),
        (json!({"replace": {"value": "${body.a}"}}), "{}", "null"),
    ];
    for (operation, text, want) in rows {
        let got = document(&operation, text, Given::default());
        assert_eq!(got.as_deref(), Ok(want), "{operation} of {text}");
    }
}

#[test]
fn a_change_is_made_when_its_condition_holds() {
    let operation = |when: Value| json!({"set": {"path": "b", "value": 1}, "when": when});
    for (when, text, is_made) in [
        (json!({"path": "a", "exists": true}), r#"{"a":null}"#, true),
        (json!({"path": "a", "exists": true}), "{}", false),
        (json!({"path": "a", "exists": false}), "{}", true),
        (json!({"path": "a", "equals": "x"}), r#"{"a":"\u0078"}"#, true),
        (json!({"path": "a", "equals": "x"}), r#"{"a":"y"}"#, false),
        (json!({"path": "a", "equals": 1}), r#"{"a":1.0}"#, true),
        (json!({"path": "a", "equals": 1}), r#"{"a":"1"}"#, false),
        (json!({"path": "a", "equals": true}), r#"{"a":true}"#, true),
        (json!({"path": "a", "equals": true}), r#"{"a":false}"#, false),
        (json!({"path": "a", "json": "null"}), r#"{"a":null}"#, true),
        (json!({"path": "a", "json": "null"}), r#"{"c":null}"#, false),
        (json!({"path": "a", "one_of": ["x", 2]}), r#"{"a":2}"#, true),
        (json!({"path": "a[*]", "one_of": ["x", 2]}), r#"{"a":[1,"x"]}"#, true),
        (json!({"path": "a[*]", "one_of": ["x", 2]}), r#"{"a":[1,3]}"#, false),
    ] {
        let got = document(&operation(when.clone()), text, Given::default()).unwrap();
        assert_eq!(got.contains(r#""b":1"#), is_made, "{when} of {text}: {got}");
    }
    // What was changed before is what a condition looks at, and in `each` its path begins there.
    let operations = json!([
        {"set": {"path": "i[0].a", "value": 1}},
        {"each": {"path": "i[*]", "operations": [
            {"set": {"path": "b", "value": 1}, "when": {"path": "a", "equals": 1}}]}},
    ]);
    let (got, _) = shaped(&operations, r#"{"i":[{},{"c":1}]}"#, Given::default()).unwrap();
    assert_eq!(got, r#"{"i":[{"a":1,"b":1},{"c":1}]}"#);
}

#[test]
fn what_is_in_the_way_of_a_change_is_a_fault_or_stays() {
    let rows: Vec<Row> = vec![
        (json!({"set": {"path": "a", "value": 1}}), "[1]", "[1]"),
        (json!({"default": {"path": "a.b", "value": 1}}), r#"{"a":[]}"#, r#"{"a":[]}"#),
        (json!({"copy": {"from": "x", "to": "a[-]"}}), r#"{"x":1,"a":"t"}"#, r#"{"x":1,"a":"t"}"#),
        (json!({"move": {"from": "x", "to": "a[-]"}}), r#"{"x":1,"a":"t"}"#, r#"{"x":1,"a":"t"}"#),
        (json!({"move": {"from": "x", "to": "a.b"}}), r#"{"x":1,"a":"t"}"#, r#"{"x":1,"a":"t"}"#),
        (json!({"move": {"from": "i[1]", "to": "i[5]"}}), r#"{"i":[0,1]}"#, r#"{"i":[0,1]}"#),
        (
            json!({"move": {"from": "i[1]", "to": "i[5]"}}),
            r#"{"i":[0,{"a":[1]},2]}"#,
            r#"{"i":[0,{"a":[1]},2]}"#,
        ),
        (json!({"move": {"from": "i[0]", "to": "i[0].a"}}), r#"{"i":[7,"x"]}"#, r#"{"i":[7,"x"]}"#),
        (
            json!({"move": {"from": "i[2]", "to": "i[5]"}}),
            r#"{"i":[0,1,[2]]}"#,
            r#"{"i":[0,1,[2]]}"#,
        ),
        // Where only some places fit, those are written.
        (json!({"set": {"path": "i[*].a", "value": 1}}), r#"{"i":[{},2]}"#, r#"{"i":[{"a":1},2]}"#),
    ];
    for (operation, text, want) in rows {
        let skipping = Given { skips_misfits: true, ..Given::default() };
        assert_eq!(document(&operation, text, skipping).as_deref(), Ok(want), "{operation} {text}");
        let strict = document(&operation, text, Given::default());
        assert_eq!(strict, Err(Fault::Misfit), "{operation} {text}");
    }
}

#[test]
fn a_document_that_cannot_be_what_is_configured_is_a_fault() {
    let copy = json!({"copy": {"from": "$", "to": "a[-]"}});
    let growing = Value::Array(vec![copy; 40]);
    for (operations, text, fault) in [
        (json!([{"case": {"to": "snake"}}]), r#"{"aB":1,"a_b":2}"#, Fault::NameConflict),
        (growing, r#"{"a":[],"b":"0123456789"}"#, Fault::Overgrown),
        (
            json!([{"set_header": {"name": "x-a", "value": "${body.a}"}}]),
            r#"{"a":"b\r\nc"}"#,
            Fault::HeaderInvalid,
        ),
    ] {
        assert_eq!(shaped(&operations, text, Given::default()), Err(fault), "{text}");
    }
}

#[test]
fn names_are_those_that_the_document_was_read_with() {
    for (operation, exact, folded) in [
        (json!({"remove": {"path": "isAdmin"}}), r#"{"ISADMIN":1,"a":2}"#, r#"{"a":2}"#),
        (json!({"keep": {"names": ["isadmin"]}}), "{}", r#"{"ISADMIN":1}"#),
    ] {
        for (names, want) in [(Names::Exact, exact), (Names::IgnoreCase, folded)] {
            let given = Given { names, ..Given::default() };
            let got = document(&operation, r#"{"ISADMIN":1,"a":2}"#, given);
            assert_eq!(got.as_deref(), Ok(want), "{operation} {names:?}");
        }
    }
}

#[test]
fn a_head_is_told_what_to_be_in_the_order_written() {
    let operations = json!([
        {"set_status": {"status": 201}},
        {"set_header": {"name": "X-Id", "value": "n ${body.id}"}},
        {"set_header": {"name": "x-none", "value": "${body.none}"}},
        {"set_header": {"name": "x-null", "value": "${body.null}"}},
        {"each": {"path": "i[*]", "operations": [
            {"set_header": {"name": "x-item", "value": "${body}"}}]}},
        {"set_status": {"status": 404}, "when": {"path": "id", "equals": 2}},
    ]);
    let text = r#"{"id":1.0,"null":null,"i":["a",{"b":1}]}"#;
    let (document, head) = shaped(&operations, text, Given::default()).unwrap();
    assert_eq!(document, text);
    assert_eq!(
        head,
        [
            ":status: 201",
            "x-id: n 1.0",
            "x-none: (none)",
            "x-null: (none)",
            "x-item: a",
            "x-item: {\\\"b\\\":1}",
        ]
    );
}

#[test]
fn changes_begin_at_the_value_that_they_are_made_to() {
    let operations = json!([
        {"set": {"path": "b", "value": "${body.a}"}},
        {"wrap": {"name": "data"}},
    ]);
    let shaping = shaping(&operations, &Scope::default(), Editable::Nothing).unwrap();
    let document = Document::read(br#"{"a":0,"part":{"a":1}}"#.to_vec(), 1000).unwrap();
    let root = document.root();
    let facts = Sources::default();
    let mut work = Work { document, facts, head: Vec::new(), skips_misfits: false };
    let part = work.document.member(root, b"part").unwrap();
    work.run(&shaping, part).unwrap();
    let mut out = Vec::new();
    work.document.write(root, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"a":0,"part":{"data":{"a":1,"b":1}}}"#);
}

#[test]
fn a_list_of_operations_says_what_it_needs_and_what_it_edits() {
    let scope = Scope { response: true, ..Scope::default() };
    let needs = |request, response| Needs { request, response, clock: false };
    let clock = Needs { clock: true, ..needs(true, false) };
    let header = |name: &str, value: &str| json!({"set_header": {"name": name, "value": value}});
    let set = |value: Value| json!({"set": {"path": "a", "value": value}});
    let each = |operation: Value| json!({"each": {"path": "i[*]", "operations": [operation]}});
    for (operations, want, fields, edits_head) in [
        (json!([]), needs(false, false), &[][..], false),
        (json!([set(json!("${body.b}"))]), needs(false, false), &[], false),
        (json!([set(json!([{"b": "${method}"}]))]), needs(true, false), &[], false),
        (json!([set(json!("${time}"))]), clock, &[], false),
        (json!([set(json!("${response.status}"))]), needs(false, true), &[], false),
        (json!([set(json!("$${method}"))]), needs(false, false), &[], false),
        (json!([each(set(json!("x ${method}")))]), needs(true, false), &[], false),
        (
            json!([header("X-A", "1"), each(header("x-b", "${method} ${response.status}"))]),
            needs(true, true),
            &["x-a", "x-b"],
            true,
        ),
        (json!([each(json!({"set_status": {"status": 202}}))]), needs(false, false), &[], true),
    ] {
        let shaping = shaping(&operations, &scope, Editable::ResponseHead).unwrap();
        let names: Vec<&str> = shaping.fields().iter().map(|field| field.as_str()).collect();
        assert_eq!((shaping.needs(), shaping.edits_head()), (want, edits_head), "{operations}");
        assert_eq!(names, fields, "{operations}");
    }
    assert!(!Shaping::default().edits_head());
}

/// A request with these fields, as a source of facts.
fn asked(host: &FakeHost) -> Request<'_> {
    let fields = [(":method", "POST"), ("x-from", "\",\"admin\":true,\"x\":\"")];
    Request::new(Headers::from_list(&fields), host)
}

#[test]
fn exact_names_are_found_without_their_case_where_it_makes_no_difference() {
    let operation = json!({"case": {"to": "camel", "names": {"user_id": "userID"}}});
    let exact = Given::default();
    let ignoring = Given { names: Names::IgnoreCase, ..Given::default() };
    let text = r#"{"USER_ID":1,"a_b":2}"#;
    assert_eq!(document(&operation, text, exact).unwrap(), r#"{"USER_ID":1,"aB":2}"#);
    assert_eq!(document(&operation, text, ignoring).unwrap(), r#"{"userID":1,"aB":2}"#);
    for (text, given) in
        [(r#"{"user_id":1,"userID":2}"#, exact), (r#"{"user_id":1,"USERid":2}"#, ignoring)]
    {
        assert_eq!(document(&operation, text, given), Err(Fault::NameConflict), "{text}");
    }
}
