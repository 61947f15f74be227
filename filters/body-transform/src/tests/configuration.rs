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
            "rules[0]: must say what happens to bodies: request, response, request_body or".into(),
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

#[test]
fn a_body_that_is_made_can_be_made_and_is_for_something() {
    let of = |made: Value| json!({"rules": [{"response_bodies": made}]});
    let at = "rules[0].response_bodies";
    for (configuration, fault) in [
        (of(json!([])), format!("{at}: must not be empty")),
        (of(json!([{"text": "x"}])), format!("{at}[0].statuses: is required")),
        (
            of(json!([{"statuses": [204], "text": "x"}])),
            format!("{at}[0].statuses[0]: a response with this status has no body"),
        ),
        (
            of(json!([{"statuses": ["4xx"], "text": "x"}, {"statuses": [404], "text": "y"}])),
            format!("{at}: item 1 is never used"),
        ),
        (
            of(json!([{"statuses": [404]}])),
            format!("{at}[0]: must have exactly one of value, json, text, problem"),
        ),
        (
            of(json!([{"statuses": [404], "text": "x", "value": 1}])),
            format!("{at}[0]: must have exactly one of"),
        ),
        (
            of(json!([{"statuses": [404], "text": "${host}", "content_type": "text/javascript"}])),
            format!("{at}[0].text: has placeholders, which could say anything"),
        ),
        (
            of(
                json!([{"statuses": [404], "text": "\"${host}\"", "content_type": "application/json"}]),
            ),
            format!("{at}[0].text: cannot be JSON with placeholders"),
        ),
        (
            of(json!([{"statuses": [404], "value": ["${body.a}"]}])),
            format!("{at}[0].value: names a value of the body that came"),
        ),
        (
            of(json!([{"statuses": [404], "problem": {}, "content_type": "text/html"}])),
            format!("{at}[0]: content_type: a problem has its own type"),
        ),
        (
            of(json!([{"statuses": [404], "problem": {"members": {"status": 1}}}])),
            format!("{at}[0].problem.members.status: is a member of every problem"),
        ),
        (
            of(json!([{"statuses": [404], "value": 1, "content_type": "text/html"}])),
            format!("{at}[0]: content_type: must be a type of JSON"),
        ),
        (
            json!({"rules": [{"request": {"text": []}}]}),
            "rules[0].request.text: must not be empty".into(),
        ),
        (
            json!({"rules": [{"request": {"text": [{"replace": ["(", "x"]}]}}]}),
            "rules[0].request.text[0].replace[0]: is not a valid pattern".into(),
        ),
        (
            json!({"rules": [{"request": {"text": [{"replace": ["a"]}]}}]}),
            "rules[0].request.text[0].replace: must be a list of two".into(),
        ),
        (
            json!({"rules": [{"request": {"text": [{"replace": ["a", "b"]}], "names": "exact"}}]}),
            "rules[0].request.names: is of values, and a text has none".into(),
        ),
        (
            json!({"rules": [{"request": {"read": "form", "write": "multipart"}}]}),
            "rules[0].request.write: multipart has the files of what was read".into(),
        ),
        (
            json!({"rules": [{"response": {"read": "form", "write": "query"}}]}),
            "rules[0].response.write: a response has no query".into(),
        ),
        (
            json!({"hold_heads": true, "rules": [{"request": {"read": "form", "write": "query"}}]}),
            "rules[0].request: must say `reroute: true`".into(),
        ),
        (
            json!({"rules": [{"request": {"write": "query", "reroute": true}}]}),
            "rules[0].request: query needs hold_heads".into(),
        ),
        (
            json!({"rules": [{"request": {"max_query": "1KiB"}}]}),
            "rules[0].request.max_query: unknown field".into(),
        ),
        (
            json!({"rules": [{"request_body": {"text": "x"}, "request": {}}]}),
            "rules[0]: request has nothing to read".into(),
        ),
        (
            json!({"rules": [{"request_body": {"problem": {}}}]}),
            "rules[0].request_body.problem: unknown field".into(),
        ),
        (
            json!({"rules": [{"request_body": {"text": "${response.status}"}}]}),
            "rules[0].request_body.text: `${response.status}`".into(),
        ),
        (
            json!({"rules": [{"request_body": {"text": "x", "content_type": "application/grpc"}}]}),
            "rules[0].request_body.content_type: gRPC is no document".into(),
        ),
    ] {
        let faults =
            configured::<BodyTransform>(&configuration.to_string()).err().unwrap_or_default();
        assert!(
            faults.iter().any(|told| told.starts_with(&fault)),
            "{configuration}: {fault}\n{faults:?}"
        );
    }
}
