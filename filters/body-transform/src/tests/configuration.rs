//! What a configuration may not say.

use super::*;

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_place() {
    let operation = |operation: Value| json!({"rules": [{"request": {"operations": [operation]}}]});
    let side = |side: Value| json!({"rules": [{"request": side}]});
    let at = "rules[0].request.operations[0]";
    for (configuration, fault) in [
        (json!({}), "rules: is required".to_owned()),
        (
            json!({"rules": [{}]}),
            "rules[0]: must say what happens to bodies: request, response or both".into(),
        ),
        (
            json!({"rules": [{"request": {"operation": []}}]}),
            "rules[0].request.operation: unknown field, did you mean `operations`?".into(),
        ),
        (operation(json!({"sett": {}})), format!("{at}.sett: unknown field, did you mean `set`?")),
        (operation(json!({"set": {"path": "a"}})), format!("{at}.set.value: is required")),
        (
            operation(json!({"set": {"path": "a..b", "value": 1}})),
            format!("{at}.set.path: has an empty name"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": ["${bod.x}"]}})),
            format!("{at}.set.value: `${{bod.x}}`"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": "${body.a[*]}"}})),
            format!("{at}.set.value: `${{body.a[*]}}`: must name one value, without `*`"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": "${response.status}"}})),
            format!("{at}.set.value: `${{response.status}}`"),
        ),
        (
            operation(json!({"rename": {"path": "a[0]", "to": "b"}})),
            format!("{at}.rename.path: must end with the name of a member"),
        ),
        (
            operation(json!({"move": {"from": "a[*].b", "to": "c"}})),
            format!("{at}.move: from and to must be the same up to their last `*`"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": "1.5"}})),
            format!("{at}.set.value: `1.5` may be a number or a text"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": ["1e3"]}})),
            format!("{at}.set.value: `1e3` may be a number or a text"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": "9007199254740993"}})),
            format!("{at}.set.value: `9007199254740993` may be a number or a text"),
        ),
        (
            operation(json!({"set": {"path": "a", "value": "${body.age + 10}"}})),
            format!("{at}.set.value: `${{body.age + 10}}`: the path has a name with other"),
        ),
        (
            operation(json!({"remove": {"path": "a", "when": {"path": "b", "exists": true}}})),
            format!("{at}.remove.when: stands beside the operation"),
        ),
        (
            operation(json!({"remove": {"path": "a[-]"}})),
            format!("{at}.remove.path: has `-`, the place after the last item"),
        ),
        (
            operation(json!({"move": {"from": "/a/-", "to": "b"}})),
            format!("{at}.move.from: has `-`, the place after the last item"),
        ),
        (
            operation(json!({"set": {"path": "b", "value": "${body.a[-]}"}})),
            format!("{at}.set.value: `${{body.a[-]}}`: the path has `-`"),
        ),
        (
            operation(json!({"set": {"path": "b", "value": "${body.age + 10}"}})),
            format!("{at}.set.value: `${{body.age + 10}}`: the path has a name"),
        ),
        (
            operation(json!({"set": {"path": "b", "value": [{"c": "1e3"}]}})),
            format!("{at}.set.value: `1e3` may be a number or a text"),
        ),
        (
            operation(json!({"filter": {"path": "a", "keep": {"path": "b", "json": "[]"}}})),
            format!("{at}.filter.keep.json: must be the JSON of a text, a number"),
        ),
        (operation(json!({"remove": {}})), format!("{at}.remove: must have either path or paths")),
        (
            operation(json!({"filter": {"path": "a", "keep": {"path": "b"}}})),
            format!("{at}.filter.keep: must have exactly one of equals, one_of, json, exists"),
        ),
        (
            operation(json!({"case": {"to": "kebab"}})),
            format!("{at}.case.to: must be one of camel, snake"),
        ),
        (
            operation(json!({"set_status": {"status": 200}})),
            format!("{at}.set_status.status: a request has no status"),
        ),
        (
            operation(json!({"set_header": {"name": "x-a", "value": "1"}})),
            "rules[0].request: set_header and set_status need hold_heads".into(),
        ),
        (
            operation(json!({"set_header": {"name": "content-length", "value": "1"}})),
            format!(
                "{at}.set_header.name: belongs to the connection or frames the message: Envoy \
                 writes it itself"
            ),
        ),
        (
            operation(json!({"set_header": {"name": "content-type", "value": "1"}})),
            format!("{at}.set_header.name: is written by this filter itself"),
        ),
        (
            side(json!({"encoding": "plain"})),
            "rules[0].request.encoding: plain needs hold_heads".into(),
        ),
        (
            side(json!({"read": "form", "write": "json", "on_invalid": "pass"})),
            "rules[0].request: cannot pass a body on and change its type without hold_heads".into(),
        ),
        (
            side(json!({"max_body": "0B"})),
            "rules[0].request.max_body: must be from 1B to 64MiB".into(),
        ),
        (side(json!({"statuses": [200]})), "rules[0].request.statuses: unknown field".into()),
        (
            json!({"rules": [{"response": {"statuses": ["2x"]}}]}),
            "rules[0].response.statuses[0]: must be a status from 200 to 599".into(),
        ),
        (
            side(json!({"content_types": ["json"]})),
            "rules[0].request.content_types[0]: must be a type such as application/json".into(),
        ),
    ] {
        let faults =
            configured::<BodyTransform>(&configuration.to_string()).err().unwrap_or_default();
        assert!(
            faults.iter().any(|told| told.starts_with(&fault)),
            "{configuration}: {fault}\n{faults:?}"
        );
    }
    let nested = (0..6).fold(
        json!({"case": {"to": "camel"}}),
        |inner, _| json!({"each": {"path": "a[*]", "operations": [inner]}}),
    );
    let faults = check::<BodyTransform>(operation(nested).to_string().as_bytes());
    assert!(faults.iter().any(|fault| fault.message.contains("up to four times")), "{faults:?}");
}
