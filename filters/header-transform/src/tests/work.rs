//! What the longest head costs: each operation looks at each field, or parameter, a few times.

use super::*;
use gatehouse_filter_test::{longest, steps_of};

#[test]
fn as_many_fields_as_envoy_takes_are_looked_through_a_few_times_by_each_operation() {
    let fields = longest::fields();
    let head: Vec<(&str, &[u8])> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    for (operation, edits) in [
        (r#"{"remove": {"regex": "^x-(b|c)+$"}}"#, 0),
        (r#"{"remove": {"regex": "^x-"}}"#, fields.len()),
        (r#"{"remove": {"prefix": "x-"}}"#, fields.len()),
        (r#"{"set": {"name": "x-a-1", "value": "v"}}"#, 2),
        (r#"{"append": {"name": "x-a-1", "value": "v"}}"#, 1),
        (r#"{"rename": {"from": "x-a_1", "to": "x-b"}}"#, 2),
        (r#"{"dedupe": {"name": "x-a_1", "keep": "unique"}}"#, 0),
    ] {
        let filter = operations(&format!("[{operation}]"));
        let (steps, outcome) = steps_of(|| put(&filter, &head));
        assert_eq!(outcome.headers.edits().len(), edits, "{operation}");
        assert!(steps <= 4 * (head.len() + 3), "{operation}: {steps} of {}", head.len());
    }
}

#[test]
fn thousands_of_parameters_are_looked_through_a_few_times_by_each_operation() {
    let target = longest::parameters();
    for operation in [
        r#"{"keep_only": ["b"]}"#,
        r#"{"remove": {"name": "b"}}"#,
        r#"{"set": {"name": "b", "value": "v"}}"#,
        r#"{"rename": {"from": "b", "to": "c"}}"#,
        r#"{"add_if_absent": {"name": "x", "value": "v"}}"#,
    ] {
        let filter =
            filter(&format!(r#"[{{"reroute": true, "request": [{{"query": {operation}}}]}}]"#));
        let (steps, outcome) = steps_of(|| put(&filter, &[(":path", target.as_bytes())]));
        assert_ne!(outcome.values(":path"), [target.as_str()], "{operation}");
        assert!(steps <= 6 * target.len(), "{operation}: {} times", steps / target.len());
        assert!(steps >= target.len(), "{operation}: it is counted");
    }
}
