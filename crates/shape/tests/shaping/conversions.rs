//! Other types, and lists without repetitions.

use super::{Given, document, shaping};
use gatehouse_filter::template::Scope;
use gatehouse_shape::Editable;
use serde_json::json;

#[test]
fn a_text_that_is_a_number_becomes_it_and_back() {
    let number = json!({"to_number": {"path": "a[*]"}});
    let text = json!({"to_text": {"path": "a[*]"}});
    for (operation, before, after) in [
        (
            &number,
            r#"{"a":["1","-0.50","1e400","12345678901234567890"]}"#,
            r#"{"a":[1,-0.50,1e400,12345678901234567890]}"#,
        ),
        (
            &number,
            r#"{"a":["","007","+1"," 1","1 ","1,2","0x1","1.","NaN","-","1\n","true","\u0031"]}"#,
            r#"{"a":["","007","+1"," 1","1 ","1,2","0x1","1.","NaN","-","1\n","true",1]}"#,
        ),
        (
            &number,
            r#"{"a":[1,true,null,["1"],{"b":"1"}]}"#,
            r#"{"a":[1,true,null,["1"],{"b":"1"}]}"#,
        ),
        (
            &text,
            r#"{"a":[1,-0.50,1e400,true,false]}"#,
            r#"{"a":["1","-0.50","1e400","true","false"]}"#,
        ),
        (&text, r#"{"a":["1",null,[1],{"b":1}]}"#, r#"{"a":["1",null,[1],{"b":1}]}"#),
        (&text, "[]", "[]"),
    ] {
        assert_eq!(
            document(operation, before, Given::default()).as_deref(),
            Ok(after),
            "{operation}"
        );
    }
}

#[test]
fn of_equal_items_the_first_stays() {
    let unique = json!({"unique": {"path": "*"}});
    for (before, after) in [
        (r#"{"a":[1,2,1.0,10e-1,"1","1","\u0031"]}"#, r#"{"a":[1,2,"1"]}"#),
        (r#"{"a":[null,null,true,false,true,"true"]}"#, r#"{"a":[null,true,false,"true"]}"#),
        (r#"{"a":[[1],[1],{"b":1},{"b":1},{"b":2}]}"#, r#"{"a":[[1],{"b":1},{"b":2}]}"#),
        (r#"{"a":{"b":[1,1]},"c":"aa","d":[]}"#, r#"{"a":{"b":[1,1]},"c":"aa","d":[]}"#),
        (r#"{"a":[1,1],"b":[1,2,2]}"#, r#"{"a":[1],"b":[1,2]}"#),
    ] {
        assert_eq!(document(&unique, before, Given::default()).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn what_is_wrong_with_them_is_told() {
    for (operation, want) in [
        (json!({"unique": {}}), "[0].unique.path: is required"),
        (json!({"to_number": {"path": "a", "to": 1}}), "[0].to_number.to: unknown field"),
        (json!({"to_text": {"path": "a["}}), "[0].to_text.path: "),
        (json!({"uniqe": {"path": "a"}}), "[0].uniqe: unknown field, did you mean `unique`?"),
    ] {
        let told = shaping(&json!([operation]), &Scope::default(), Editable::Nothing).unwrap_err();
        assert!(told.starts_with(want), "{operation}: {told}");
    }
}
