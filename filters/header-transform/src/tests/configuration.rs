use super::*;

#[test]
fn a_wrong_configuration_is_told_by_its_field() {
    let cases: &[(&str, &[&str])] = &[
        ("{}", &["rules: is required"]),
        (r#"{"rules": {}}"#, &["rules: must be a list"]),
        (
            r#"{"rules": [{"request": [{"remove": {"name": "x-a"}}]}], "mode": "shadow"}"#,
            &["mode: unknown field; known here: apply, refusal, rules"],
        ),
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
    let one_key = "must be a mapping with one key, the operation: set, append, add_if_absent, replace_if_present, remove, rename, copy, dedupe, map, path, query, method, host";
    let framing = "belongs to the connection or frames the message: Envoy writes it itself";
    for (operation, want) in [
        (r#""remove""#, format!(": {one_key}")),
        ("{}", format!(": {one_key}")),
        (r#"{"remove": {"name": "a"}, "set": {"name": "a", "value": "b"}}"#, format!(": {one_key}")),
        (r#"{"sett": {"name": "a", "value": "b"}}"#, ".sett: unknown field, did you mean `set`?".into()),
        (
            r#"{"replaces": {}}"#,
            ".replaces: unknown field; known here: set, append, add_if_absent, replace_if_present, remove, rename, copy, dedupe, map, path, query, method, host".into(),
        ),
        (r#"{"remove": null}"#, ": the operation must have its fields".into()),
        (r#"{"remove": "x-a"}"#, ".remove: must be a mapping of fields".into()),
        (r#"{"remove": {"nam": "a"}}"#, ".remove.nam: unknown field, did you mean `name`?".into()),
        (r#"{"remove": {"name": "a b"}}"#, ".remove.name: must be a header field name: letters, digits and !#$%&'*+-.^_`|~".into()),
        (r#"{"remove": {"name": ":path"}}"#, ".remove.name: pseudo-header fields are changed by operations of their own: path, query, method, host, status".into()),
        (r#"{"set": {"name": "a"}}"#, ".set.value: is required".into()),
        (r#"{"set": {"name": "a", "value": ""}}"#, ".set.value: must not be empty".into()),
        (r#"{"set": {"name": "a", "value": 1}}"#, ".set.value: must be text, or {env: NAME}".into()),
        (r#"{"set": {"name": "a", "value": "a\r\nb"}}"#, ".set.value: must not contain CR, LF, NUL or other control characters".into()),
        (
            r#"{"set": {"name": "Host", "value": "a"}}"#,
            ".set.name: is what Envoy routes by: header-transform changes it by the operation \
             `host`".into(),
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
        (
            r#"{"copy": {"from": "x_a", "to": "x-a"}}"#,
            ".copy: many upstreams read `x_a` as `x-a`, so that only one of them can stay: use \
             `rename`"
                .into(),
        ),
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
        assert_eq!(check::<HeaderTransform>(json.as_bytes()).len(), faults.len(), "{operation}");
    }
}

#[test]
fn a_wrong_operation_on_heads_is_told_by_its_field() {
    wrong(
        "request",
        &[
            (r#"{"remove": {}}"#, ".remove: must have exactly one of name, prefix, regex"),
            (
                r#"{"remove": {"name": "a", "prefix": "b"}}"#,
                ".remove: must have exactly one of name, prefix, regex",
            ),
            (
                r#"{"remove": {"prefix": ":"}}"#,
                ".remove.prefix: must be a header field name: letters, digits and !#$%&'*+-.^_`|~",
            ),
            (
                r#"{"remove": {"regex": "("}}"#,
                ".remove.regex: is not a valid pattern: found open group without closing ')'",
            ),
            (
                r#"{"dedupe": {"name": "a", "keep": "all"}}"#,
                ".dedupe.keep: must be one of first, last, unique",
            ),
            (
                r#"{"dedupe": {"name": "te", "keep": "first"}}"#,
                ".dedupe.name: belongs to the connection or frames the message: Envoy writes it itself",
            ),
            (r#"{"map": {"from": "a", "to": "a", "table": {}}}"#, ".map.table: must not be empty"),
            (r#"{"map": {"from": "a", "to": "a", "table": []}}"#, ".map.table: must be a mapping"),
            (
                r#"{"map": {"from": "a", "to": "a", "table": {"b": 1}}}"#,
                ".map.table.b: must be text",
            ),
            (
                r#"{"map": {"from": "a", "to": "a", "table": {"b": "c"}, "default": "\n"}}"#,
                ".map.default: must not contain CR, LF, NUL or other control characters",
            ),
            (r#"{"status": {"404": 410}}"#, ".status: unknown field"),
            (
                r#"{"set": {"name": "a", "value": "b"}, "when": {"status": [404]}}"#,
                ": must be a mapping with one key",
            ),
        ],
    );
}

#[test]
fn a_wrong_operation_on_the_target_is_told_by_its_field() {
    wrong(
        "request",
        &[
            (r#"{"path": {"prefix": "/a"}}"#, ".path.to: is required"),
            (
                r#"{"path": {"prefix": "/a", "regex": "/a", "to": "/"}}"#,
                ".path: must not have both prefix and regex",
            ),
            (r#"{"path": {"prefix": "a", "to": "/"}}"#, ".path.prefix: must begin with a slash"),
            (
                r#"{"path": {"prefix": "/{a}", "to": "/"}}"#,
                ".path.prefix: has no captures: a prefix is replaced as it is",
            ),
            (
                r#"{"path": {"prefix": "/a", "to": "/{id}"}}"#,
                ".path.to: `{id}` is no capture: a prefix has none",
            ),
            (
                r#"{"path": {"prefix": "/a", "to": "//b"}}"#,
                ".path.to: must not have `.` or `..` segments, nor begin with two slashes",
            ),
            (
                r#"{"path": {"to": "/{id}/%2e./b"}}"#,
                ".path.to: must not have `.` or `..` segments, nor begin with two slashes",
            ),
            (r#"{"path": {"to": "{id}"}}"#, ".path.to: must begin with a slash"),
            (
                r#"{"path": {"to": "/a?b"}}"#,
                ".path.to: must be a path only: the query is changed by the operation `query`",
            ),
            (
                r#"{"path": {"to": "/a b"}}"#,
                ".path.to: must be percent-encoded where a path needs it",
            ),
            (
                r#"{"path": {"to": "/a%2"}}"#,
                ".path.to: must be percent-encoded where a path needs it",
            ),
            (r#"{"path": {"to": "/{id"}}"#, ".path.to: has an opening brace without a closing one"),
            (
                r#"{"path": {"to": "/id}"}}"#,
                ".path.to: must be percent-encoded where a path needs it",
            ),
            (
                r#"{"path": {"to": "/{idd}"}}"#,
                ".path.to: `{idd}` is not captured by the rule's path template, which has id",
            ),
            (
                r#"{"path": {"regex": "/(a", "to": "/"}}"#,
                ".path.regex: is not a valid pattern: found open group without closing ')'",
            ),
            (
                r#"{"path": {"regex": "/(a)", "to": "/{2}"}}"#,
                ".path.to: `{2}` is not captured by the pattern",
            ),
            (
                r#"{"path": {"regex": "/(a)", "to": "/{0}"}}"#,
                ".path.to: `{0}` is not captured by the pattern",
            ),
            (
                r#"{"path": {"regex": "/(?P<a>a)", "to": "/{id}"}}"#,
                ".path.to: `{id}` is not captured by the pattern",
            ),
            (
                r#"{"query": {}}"#,
                ".query: must be a mapping with one key, the operation: set, append, add_if_absent, replace_if_present, remove, rename, keep_only",
            ),
            (r#"{"query": {"sett": {}}}"#, ".query.sett: unknown field, did you mean `set`?"),
            (
                r#"{"query": {"set": {"name": "a&b", "value": "c"}}}"#,
                ".query.set.name: must be a parameter's name as it is read, without spaces and +%&=#",
            ),
            (
                r#"{"query": {"set": {"name": "a", "value": "${x}"}}}"#,
                ".query.set.value: `${x}` (character 1): unknown placeholder",
            ),
            (
                r#"{"query": {"rename": {"from": "a", "to": "a"}}}"#,
                ".query.rename: from and to must differ",
            ),
            (
                r#"{"query": {"keep_only": ["a b"]}}"#,
                ".query.keep_only[0]: must be a parameter's name as it is read, without spaces and +%&=#",
            ),
            (r#"{"method": "post"}"#, ".method: must be a method in capital letters, such as POST"),
            (r#"{"method": "HEAD"}"#, ".method: an answer to HEAD has no content"),
            (r#"{"method": "CONNECT"}"#, ".method: a request cannot be made a tunnel"),
            (r#"{"method": "TRACE"}"#, ".method: the answer would tell the client every header"),
            (
                r#"{"host": "a/b"}"#,
                ".host: must be a host, and a port if need be, such as users.internal:8080",
            ),
            (r#"{"host": "a:b"}"#, ".host: must be a host, and a port"),
            (r#"{"host": ":80"}"#, ".host: must be a host, and a port"),
            (r#"{"host": "[::x]"}"#, ".host: must be a host, and a port"),
        ],
    );
}

#[test]
fn a_wrong_operation_on_the_status_is_told_by_its_field() {
    wrong(
        "response",
        &[
            (r#"{"status": {}}"#, ".status: must not be empty"),
            (
                r#"{"status": {"4": 410}}"#,
                ".status.4: is not a status code or a class of them, such as 404 or 5xx",
            ),
            (
                r#"{"status": {"6xx": 410}}"#,
                ".status.6xx: is not a status code or a class of them, such as 404 or 5xx",
            ),
            (r#"{"status": {"1xx": 200}}"#, ".status.1xx: is not an answer yet"),
            (
                r#"{"status": {"304": 200}}"#,
                ".status.304: has no content: under another status, the client would wait for some",
            ),
            (
                r#"{"status": {"200": 204}}"#,
                ".status.200: has no content: what the upstream sent would be taken for the next answer",
            ),
            (r#"{"status": {"200": 101}}"#, ".status.200: must be from 200 to 599"),
            (r#"{"set": {"name": "a", "value": "b"}, "when": {}}"#, ".when.status: is required"),
            (
                r#"{"set": {"name": "a", "value": "b", "when": {"status": [404]}}}"#,
                ": `when` stands beside the operation: {set: …, when: …}",
            ),
            (
                r#"{"set": {"name": "a", "value": "b"}, "when": {"status": ["4.04e2", "404.5"]}}"#,
                ".when.status[0]: must be a status code or a class of them, such as 404 or 5xx",
            ),
            (
                r#"{"set": {"name": "a", "value": "b"}, "when": {"status": []}}"#,
                ".when.status: must not be empty",
            ),
            (
                r#"{"set": {"name": "a", "value": "b"}, "when": {"status": [404, "x"]}}"#,
                ".when.status[1]: must be a status code or a class of them, such as 404 or 5xx",
            ),
            (r#"{"when": {"status": [404]}}"#, ": must be a mapping with one key, the operation"),
            (r#"{"method": "GET"}"#, ".method: unknown field"),
        ],
    );
}

#[test]
fn a_new_route_must_be_asked_for() {
    for operation in [
        r#"{"path": {"prefix": "/a", "to": "/b"}}"#,
        r#"{"query": {"keep_only": []}}"#,
        r#"{"method": "POST"}"#,
        r#"{"host": "a"}"#,
    ] {
        for reroute in ["", r#""reroute": false,"#] {
            let json = format!(r#"{{"rules": [{{{reroute} "request": [{operation}]}}]}}"#);
            let faults = configured::<HeaderTransform>(&json).unwrap_err();
            let want = "rules[0]: must say `reroute: true`: it changes the path, the query, \
                 the method or the host";
            assert!(faults[0].starts_with(want), "{faults:?}");
        }
        let json = format!(r#"{{"rules": [{{"reroute": true, "request": [{operation}]}}]}}"#);
        assert_eq!(check::<HeaderTransform>(json.as_bytes()), [], "{operation}");
    }
}

/// Each operation with the fault that it must bring about, from the operation's own path on.
#[track_caller]
fn wrong(list: &str, cases: &[(&str, &str)]) {
    for (operation, want) in cases {
        let json = format!(
            r#"{{"rules": [{{"reroute": true, "match": {{"path": {{"template": "/{{id}}"}}}}, "{list}": [{operation}]}}]}}"#
        );
        let faults = configured::<HeaderTransform>(&json).unwrap_err();
        let start = format!("rules[0].{list}[0]{want}");
        assert!(faults[0].starts_with(&start), "{operation}: {faults:?}");
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
        "rules[0].response[1].x: unknown field; known here: when, set, append, add_if_absent, replace_if_present, remove, rename, copy, dedupe, map, status, location, cookie",
    ];
    assert_eq!(faults, want);
}

#[test]
fn a_good_configuration_has_no_faults() {
    let json = r#"{"rules": [{"match": {"path": {"template": "/u/{id}/{rest=**}"}},
        "response": [{"set": {"name": "x-a", "value": "${path.id} ${path.rest} ${response.status} ${identity.tier}"}}]}]}"#;
    assert_eq!(check::<HeaderTransform>(json.as_bytes()), []);
    let told: Vec<String> =
        check::<HeaderTransform>(br#"{"rules": []}"#).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["rules: must not be empty"]);
}

#[test]
fn a_field_that_the_proxy_owns_is_a_fault_with_the_way_to_do_it() {
    let set = |name: &str| format!(r#"{{"set": {{"name": "{name}", "value": "${{header.a}}"}}}}"#);
    let remove = |name: &str| format!(r#"{{"remove": {{"name": "{name}"}}}}"#);
    let rename =
        |from: &str, to: &str| format!(r#"{{"rename": {{"from": "{from}", "to": "{to}"}}}}"#);
    let copy = |from: &str, to: &str| format!(r#"{{"copy": {{"from": "{from}", "to": "{to}"}}}}"#);
    let scheme = |op: &str, value: &str| {
        format!(r#"{{"{op}": {{"name": "X-Forwarded-Proto", "value": "{value}"}}}}"#)
    };
    for (head, operation, want) in [
        ("response", set("server"), Some("server_header_transformation")),
        ("response", remove("Server"), Some("server_header_transformation")),
        ("response", rename("server", "x-a"), Some("server_header_transformation")),
        ("response", copy("x-a", "server"), Some("server_header_transformation")),
        ("response", remove("date"), Some("it can be set, and not removed")),
        ("response", rename("date", "x-date"), Some("it can be set, and not removed")),
        ("request", remove("x-forwarded-proto"), Some("request_headers_to_remove")),
        ("request", rename("x-forwarded-proto", "x-a"), Some("request_headers_to_remove")),
        ("request", set("x-forwarded-proto"), Some("request_headers_to_remove")),
        ("request", scheme("set", "ftp"), Some("request_headers_to_remove")),
        ("request", set("x-envoy-expected-rq-timeout-ms"), Some("suppress_envoy_headers")),
        ("request", remove("X-Envoy-Expected-Rq-Timeout-Ms"), Some("suppress_envoy_headers")),
        // What works.
        ("response", set("date"), None),
        ("response", copy("server", "x-served-by"), None),
        ("response", copy("date", "x-date"), None),
        ("response", remove("x-envoy-upstream-service-time"), None),
        ("response", remove("x-forwarded-proto"), None),
        ("request", scheme("set", "https"), None),
        ("request", scheme("add_if_absent", "http"), None),
        ("request", copy("x-forwarded-proto", "x-scheme"), None),
        ("request", remove("x-forwarded-for"), None),
        ("request", remove("x-request-id"), None),
        ("request", set("x-envoy-upstream-rq-timeout-ms"), None),
        ("request", remove("server"), None),
        ("request", remove("date"), None),
    ] {
        let json = format!(r#"{{"rules": [{{"{head}": [{operation}]}}]}}"#);
        let faults = configured::<HeaderTransform>(&json).err().unwrap_or_default();
        match want {
            Some(want) => {
                assert!(faults.iter().any(|fault| fault.contains(want)), "{json}: {faults:?}")
            }
            None => assert_eq!(faults, [""; 0], "{json}"),
        }
    }
}
