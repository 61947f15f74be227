//! What the largest body costs: its bytes are read once, and each operation looks at each value a
//! few times, however the values stand to each other.

use super::*;
use gatehouse_filter_test::steps_of;

/// So many steps for this operation on such a document of this size.
fn steps(operation: &Value, document: &str) -> usize {
    let shaping = shaping(&json!([operation]), &Scope::default(), Editable::Nothing).unwrap();
    let text = document.as_bytes().to_vec();
    let (steps, result) = steps_of(|| {
        let document = Document::read(text, 10 << 20).unwrap();
        let root = document.root();
        let facts = Sources::default();
        let mut work = Work { document, facts, head: Vec::new(), skips_misfits: true };
        let made = work.run(&shaping, root);
        let mut out = Vec::new();
        made.map(|()| work.document.write(root, &mut out).is_ok())
    });
    assert_eq!(result, Ok(true), "{operation}");
    steps
}

fn members(count: usize, write: impl Fn(usize) -> String) -> String {
    (0..count).map(write).collect::<Vec<_>>().join(",")
}

/// What a document is made of, and one with so much of that.
type Kind = (&'static str, fn(usize) -> String);

#[test]
fn twice_the_body_is_twice_the_work_for_each_operation() {
    let documents: [Kind; 6] = [
        ("objects in a list", |count| format!("[{}]", members(count, |_| r#"{"a":0}"#.to_owned()))),
        ("a list in an object", |count| format!(r#"{{"a":[{}]}}"#, members(count, |_| "0".into()))),
        ("members", |count| format!("{{{}}}", members(count, |n| format!(r#""aB{n}":0"#)))),
        ("members in escapes", |count| {
            format!("{{{}}}", members(count, |n| format!(r#""\u0061B{n}":0"#)))
        }),
        ("members in a list", |count| {
            format!(r#"{{"a":[{{{}}}]}}"#, members(count, |n| format!(r#""aB{n}":"x""#)))
        }),
        ("one text", |count| format!(r#"{{"a":"{}"}}"#, "x".repeat(count))),
    ];
    for operation in [
        json!({"set": {"path": "a", "value": 1}}),
        json!({"set": {"path": "[*].b", "value": 1}}),
        json!({"set": {"path": "a[-]", "value": 1}}),
        json!({"default": {"path": "[*].b", "value": 1}}),
        json!({"default": {"path": "*.b", "value": 1}}),
        json!({"remove": {"path": "a[*].b"}}),
        json!({"remove": {"path": "a[*]"}}),
        json!({"remove": {"path": "[*].a"}}),
        json!({"remove": {"path": "a[0]"}}),
        json!({"rename": {"path": "[*].a", "to": "b"}}),
        json!({"rename": {"path": "a", "to": "b"}}),
        json!({"move": {"from": "[*].a", "to": "[*].b"}}),
        json!({"move": {"from": "a", "to": "b.c"}}),
        json!({"move": {"from": "a[0]", "to": "a[-]"}}),
        json!({"copy": {"from": "[*].a", "to": "[*].b"}}),
        json!({"copy": {"from": "a", "to": "b"}}),
        json!({"keep": {"names": ["aB1"]}}),
        json!({"keep": {"path": "[*]", "names": ["a"]}}),
        json!({"filter": {"path": "a", "keep": {"path": "aB1", "equals": 1}}}),
        json!({"filter": {"path": "$", "drop": {"path": "a", "equals": 0}}}),
        json!({"each": {"path": "[*]", "operations": [{"set": {"path": "b", "value": 1}}]}}),
        json!({"each": {"path": "a[*]", "operations": [{"remove": {"path": "aB1"}}]}}),
        json!({"case": {"to": "snake"}}),
        json!({"case": {"to": "snake", "except": ["a[*]"], "values": ["a[*].aB1"]}}),
        json!({"case": {"to": "snake", "except": ["[*]", "[*].a", "*"]}}),
        json!({"wrap": {"path": "[*]", "name": "b"}}),
        json!({"wrap": {"path": "a[*]", "name": "b"}}),
        json!({"unwrap": {"path": "a"}}),
        json!({"unwrap": {"path": "[0]"}}),
        json!({"replace": {"value": "${body.a}"}}),
    ] {
        for (kind, write) in documents {
            let (half, whole) = (write(500), write(1000));
            let (once, twice) = (steps(&operation, &half), steps(&operation, &whole));
            assert!(twice <= 2 * once + once / 8 + 64, "{operation}, {kind}: {once}, then {twice}");
            assert!(twice <= 12 * whole.len(), "{operation}, {kind}: {twice} of {}", whole.len());
            assert!(twice >= whole.len(), "{operation}, {kind}: it is counted");
        }
    }
}
