//! What a list of operations may not say.

use super::*;

#[test]
fn a_mistake_is_told_with_its_place() {
    for (operations, fault) in [
        (json!({"set": {}}), "must be a list"),
        (json!([1]), "[0]: must be a mapping with one key, the operation, and `when` beside it"),
        (json!([{}]), "[0]: must be a mapping with one key, the operation, and `when` beside it"),
        (json!([{"wrap": {}, "unwrap": {}}]), "[0]: must be a mapping with one key"),
        (json!([{"sett": {}}]), "[0].sett: unknown field, did you mean `set`?"),
        (json!([{"set": 1}]), "[0].set: must be a mapping of fields"),
        (json!([{"set": {"path": "a"}}]), "[0].set.value: is required"),
        (
            json!([{"set": {"path": "a", "value": 1, "json": "1"}}]),
            "[0].set: must have either value",
        ),
        (json!([{"set": {"path": "a", "json": "{"}}]), "[0].set.json: must be JSON"),
        (json!([{"set": {"path": "a..b", "value": 1}}]), "[0].set.path: has an empty name"),
        (json!([{"set": {"path": "a", "value": ["${bod.x}"]}}]), "[0].set.value: `${bod.x}`"),
        (json!([{"set": {"path": "a", "value": "1.5"}}]), "[0].set.value: `1.5` may be a number"),
        (
            json!([{"set": {"path": "a", "value": "${body.a[*]}"}}]),
            "[0].set.value: `${body.a[*]}`: must name one value",
        ),
        (
            json!([{"set": {"path": "a", "value": "${body.a[-]}"}}]),
            "[0].set.value: `${body.a[-]}`: the path has `-`",
        ),
        (
            json!([{"set": {"path": "a", "value": "${body.a | lower}"}}]),
            "[0].set.value: `${body.a | lower}`: a value of the body takes no functions",
        ),
        (
            json!([{"set": {"path": "a", "value": "${response.status}"}}]),
            "[0].set.value: `${response.status}`",
        ),
        (json!([{"default": {"value": 1}}]), "[0].default.path: is required"),
        (json!([{"remove": {}}]), "[0].remove: must have either path or paths"),
        (json!([{"remove": {"path": "a[-]"}}]), "[0].remove.path: has `-`"),
        (
            json!([{"remove": {"path": "a", "when": {}}}]),
            "[0].remove.when: stands beside the operation: `{remove: {…}, when: {…}}`",
        ),
        (
            json!([{"remove": {"path": "a"}, "when": {"path": "a"}}]),
            "[0].when: must have exactly one of",
        ),
        (json!([{"remove": {"path": "a"}, "if": {}}]), "[0]: must be a mapping with one key"),
        (
            json!([{"rename": {"path": "a[0]", "to": "b"}}]),
            "[0].rename.path: must end with the name of a member",
        ),
        (
            json!([{"move": {"from": "a[*].b", "to": "c"}}]),
            "[0].move: from and to must be the same up to",
        ),
        (json!([{"copy": {"from": "a", "to": "a"}}]), "[0].copy: from and to must differ"),
        (json!([{"keep": {"names": []}}]), "[0].keep.names: must not be empty"),
        (json!([{"filter": {"path": "a"}}]), "[0].filter: must have either keep or drop"),
        (
            json!([{"filter": {"path": "a", "keep": {"path": "b"}}}]),
            "[0].filter.keep: must have exactly one of",
        ),
        (
            json!([{"filter": {"path": "a", "drop": {"path": "b", "json": "[]"}}}]),
            "[0].filter.drop.json: must be the JSON of a text",
        ),
        (
            json!([{"each": {"path": "a", "operations": []}}]),
            "[0].each.operations: must not be empty",
        ),
        (
            json!([{"each": {"path": "a", "operations": [{"set": {}}]}}]),
            "[0].each.operations[0].set.path: is required",
        ),
        (json!([{"case": {"to": "kebab"}}]), "[0].case.to: must be one of camel, snake"),
        (json!([{"case": {}}]), "[0].case: must say what names become: to, names or both"),
        (json!([{"case": {"names": {"a": "a"}}}]), "[0].case: must say what names become"),
        (json!([{"case": {"names": {}}}]), "[0].case.names: must not be empty"),
        (json!([{"case": {"names": {"a": 1}}}]), "[0].case.names.a: must be text"),
        (json!([{"wrap": {}}]), "[0].wrap.name: is required"),
        (
            json!([{"unwrap": {"path": "a[*]"}}]),
            "[0].unwrap.path: must name one value, without `*`",
        ),
        (json!([{"replace": {}}]), "[0].replace.value: is required"),
        // Every fault is told.
        (json!([{"wrap": {}}, {"replace": {}}]), "[1].replace.value: is required"),
    ] {
        // None of it depends on there being a head.
        for editable in [Editable::Nothing, Editable::RequestHead, Editable::ResponseHead] {
            let told = shaping(&operations, &Scope::default(), editable).err().unwrap_or_default();
            let is_told = told.lines().any(|line| line.starts_with(fault));
            assert!(is_told, "{operations}: {fault}\n{told}");
        }
    }
}

#[test]
fn each_is_in_each_up_to_four_times() {
    let nested = |times: usize| {
        (0..times).fold(
            json!({"case": {"to": "camel"}}),
            |inner, _| json!({"each": {"path": "a[*]", "operations": [inner]}}),
        )
    };
    let read = |times| shaping(&json!([nested(times)]), &Scope::default(), Editable::Nothing);
    assert!(read(4).is_ok());
    assert!(read(5).unwrap_err().contains("operations: each can be in each up to four times"));
}

#[test]
fn a_head_is_edited_only_where_there_is_one() {
    let nothing = "has nothing to edit: this document has no head of its own";
    let header = |name: &str| json!({"set_header": {"name": name, "value": "1"}});
    let status = |status: u16| json!({"set_status": {"status": status}});
    let each = |inner: Value| json!({"each": {"path": "a", "operations": [inner]}});
    for (operation, place, in_request, in_response, without) in [
        (header("x-a"), "[0].set_header", "", "", nothing),
        (header("te"), "[0].set_header", ".name: belongs to", ".name: belongs to", nothing),
        (
            header("content-type"),
            "[0].set_header",
            ".name: is written by this",
            ".name: is written by this",
            nothing,
        ),
        (
            json!({"set_header": {}}),
            "[0].set_header",
            ".name: is required",
            ".name: is required",
            nothing,
        ),
        (each(header("x-a")), "[0].each.operations[0].set_header", "", "", nothing),
        (status(200), "[0].set_status", ".status: a request has no status", "", nothing),
        (
            status(204),
            "[0].set_status",
            ".status: a request has no status",
            ".status: a response with this status has no body",
            nothing,
        ),
        (
            each(status(200)),
            "[0].each.operations[0].set_status",
            ".status: a request has no status",
            "",
            nothing,
        ),
    ] {
        for (editable, want) in [
            (Editable::RequestHead, in_request),
            (Editable::ResponseHead, in_response),
            (Editable::Nothing, without),
        ] {
            let told = shaping(&json!([operation]), &Scope::default(), editable);
            let told = told.err().unwrap_or_default();
            let separator = if want == nothing { ": " } else { "" };
            let want =
                if want.is_empty() { String::new() } else { format!("{place}{separator}{want}") };
            assert_eq!(told.is_empty(), want.is_empty(), "{operation} {editable:?}: {told}");
            assert!(told.starts_with(&want), "{operation} {editable:?}: {told}");
            // Where there is nothing to edit, that is all there is to say.
            assert!(editable != Editable::Nothing || told.lines().count() == 1, "{told}");
        }
    }
    // What there is not is not offered.
    for (editable, offered) in [(Editable::Nothing, false), (Editable::ResponseHead, true)] {
        let told = shaping(&json!([1]), &Scope::default(), editable).unwrap_err();
        assert!(told.contains("unwrap, replace"), "{told}");
        assert_eq!(told.contains("set_header, set_status"), offered, "{told}");
        let told = shaping(&json!([{"set_heder": {}}]), &Scope::default(), editable).unwrap_err();
        assert_eq!(told.contains("did you mean `set_header`?"), offered, "{told}");
    }
    // Whether templates may name a response is another question.
    let value = json!([{"set": {"path": "a", "value": "${response.status}"}}]);
    for (response, editable) in [(true, Editable::Nothing), (false, Editable::ResponseHead)] {
        let scope = Scope { response, ..Scope::default() };
        assert_eq!(shaping(&value, &scope, editable).is_ok(), response, "{editable:?}");
    }
}
