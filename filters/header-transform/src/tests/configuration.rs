use super::*;

#[test]
fn a_wrong_configuration_is_told_by_its_field() {
    let cases: &[(&str, &[&str])] = &[
        ("{}", &["rules: is required"]),
        (r#"{"rules": {}}"#, &["rules: must be a list"]),
        (r#"{"rules": [], "mode": "shadow"}"#, &["mode: unknown field; known here: rules"]),
        (r#"{"rules": [{}]}"#, &["rules[0]: must have operations: request, response or both"]),
        (r#"{"rules": [{"request": []}]}"#, &["rules[0].request: must not be empty"]),
        (
            r#"{"rules": [{"requests": []}]}"#,
            &[
                "rules[0]: must have operations: request, response or both",
                "rules[0].requests: unknown field, did you mean `request`?",
            ],
        ),
    ];
    for (json, want) in cases {
        assert_eq!(configured::<HeaderTransform>(json).unwrap_err(), *want, "{json}");
    }
}

#[test]
fn a_wrong_operation_is_told_by_its_field() {
    let one_key =
        "must be a mapping with one key, the operation: set, append, add_if_absent, remove, rename, copy";
    let framing = "belongs to the connection or frames the message: Envoy writes it itself";
    for (operation, want) in [
        (r#""remove""#, format!(": {one_key}")),
        ("{}", format!(": {one_key}")),
        (r#"{"remove": {"name": "a"}, "set": {"name": "a", "value": "b"}}"#, format!(": {one_key}")),
        (r#"{"sett": {"name": "a", "value": "b"}}"#, ".sett: unknown field, did you mean `set`?".into()),
        (
            r#"{"replace": {}}"#,
            ".replace: unknown field; known here: set, append, add_if_absent, remove, rename, copy".into(),
        ),
        (r#"{"remove": null}"#, ": the operation must have its fields".into()),
        (r#"{"remove": "x-a"}"#, ".remove: must be a mapping of fields".into()),
        (r#"{"remove": {"nam": "a"}}"#, ".remove.name: is required".into()),
        (r#"{"remove": {"name": "a b"}}"#, ".remove.name: must be a header field name: letters, digits and !#$%&'*+-.^_`|~".into()),
        (r#"{"remove": {"name": ":path"}}"#, ".remove.name: pseudo-header fields are not changed here: Envoy routes by them".into()),
        (r#"{"set": {"name": "a"}}"#, ".set.value: is required".into()),
        (r#"{"set": {"name": "a", "value": ""}}"#, ".set.value: must not be empty".into()),
        (r#"{"set": {"name": "a", "value": 1}}"#, ".set.value: must be text".into()),
        (r#"{"set": {"name": "a", "value": "a\r\nb"}}"#, ".set.value: must not contain CR, LF, NUL or other control characters".into()),
        (
            r#"{"set": {"name": "Host", "value": "a"}}"#,
            ".set.name: the host is not changed here: Envoy routes by it; a template reads it as ${host}".into(),
        ),
        (r#"{"append": {"name": "Connection", "value": "a"}}"#, format!(".append.name: {framing}")),
        (r#"{"add_if_absent": {"name": "te", "value": "a"}}"#, format!(".add_if_absent.name: {framing}")),
        (r#"{"remove": {"name": "transfer-encoding"}}"#, format!(".remove.name: {framing}")),
        (r#"{"rename": {"from": "content-length", "to": "b"}}"#, format!(".rename.from: {framing}")),
        (r#"{"copy": {"from": "a", "to": "Upgrade"}}"#, format!(".copy.to: {framing}")),
        (r#"{"copy": {"from": "a", "to": "keep-alive"}}"#, format!(".copy.to: {framing}")),
        (r#"{"copy": {"from": "a", "to": "proxy-connection"}}"#, format!(".copy.to: {framing}")),
        (r#"{"copy": {"from": "a", "to": "trailer"}}"#, format!(".copy.to: {framing}")),
        (r#"{"copy": {"from": "X-A", "to": "x-a"}}"#, ".copy: from and to must differ".into()),
        (r#"{"copy": {"name": "x-a", "to": "x-b"}}"#, ".copy.from: is required".into()),
        (
            r#"{"set": {"name": "a", "value": "x ${path.id}"}}"#,
            ".set.value: `${path.id}` (character 3): captures nothing: give the rule a path template such as /users/{id}".into(),
        ),
        (
            r#"{"set": {"name": "a", "value": "${response.status}"}}"#,
            ".set.value: `${response.status}` (character 1): there is no response yet: only response operations know it".into(),
        ),
        (r#"{"set": {"name": "a", "value": "5$"}}"#, ".set.value: `$` (character 2): must be `$$` for a dollar sign, or begin a placeholder `${...}`".into()),
    ] {
        let json = format!(r#"{{"rules": [{{"request": [{operation}]}}]}}"#);
        let faults = configured::<HeaderTransform>(&json).unwrap_err();
        assert_eq!(faults.first(), Some(&format!("rules[0].request[0]{want}")), "{operation}");
        assert_eq!(check(json.as_bytes()).len(), faults.len(), "{operation}");
    }
}

#[test]
fn faults_of_all_operations_are_told_in_one_run() {
    let json = r#"{"rules": [{"name": "a b", "request": [{"set": {}}], "response": [{"remove": {"name": ""}}, {"x": 1}]}]}"#;
    let faults = configured::<HeaderTransform>(json).unwrap_err();
    let want = [
        "rules[0].name: must be made of letters, digits and -_./",
        "rules[0].request[0].set.name: is required",
        "rules[0].request[0].set.value: is required",
        "rules[0].response[0].remove.name: must not be empty",
        "rules[0].response[1].x: unknown field; known here: set, append, add_if_absent, remove, rename, copy",
    ];
    assert_eq!(faults, want);
}

#[test]
fn a_good_configuration_has_no_faults() {
    let json = r#"{"rules": [{"match": {"path": {"template": "/u/{id}/{rest=**}"}},
        "response": [{"set": {"name": "x-a", "value": "${path.id} ${path.rest} ${response.status} ${identity.tier}"}}]}]}"#;
    assert_eq!(check(json.as_bytes()), []);
    assert_eq!(check(br#"{"rules": []}"#), []);
}
