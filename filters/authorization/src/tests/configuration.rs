use super::*;

#[test]
fn a_wrong_configuration_is_told_by_its_field() {
    for (configuration, want) in [
        (json!({}), vec!["rules: is required"]),
        (json!({"rules": {}}), vec!["rules: must be a list"]),
        (
            json!({"rules": [{"action": "deny"}], "default": "permit"}),
            vec!["default: must be one of allow, deny"],
        ),
        (
            json!({"rules": [{"action": "deny"}], "mode": "dry"}),
            vec!["mode: must be one of enforce, shadow"],
        ),
        (
            json!({"rules": [{"action": "deny"}], "realm": "a\"b"}),
            vec!["realm: must be printable ASCII without quotes and backslashes"],
        ),
        (
            json!({"rules": [{"action": "deny"}], "realm": "a\r\nb"}),
            vec!["realm: must be printable ASCII without quotes and backslashes"],
        ),
        (
            json!({"rules": [{"action": "deny"}], "skip_preflight": "no"}),
            vec!["skip_preflight: must be true or false"],
        ),
        (json!({"rules": [{}]}), vec!["rules[0].action: is required"]),
        (
            json!({"rules": [{"action": "Allow"}]}),
            vec!["rules[0].action: must be one of allow, deny"],
        ),
        (
            json!({"rules": [{"action": "allow", "mode": "shadow"}]}),
            vec![
                "rules[0].mode: does nothing: only whom a rule would deny is told, and this one allows",
            ],
        ),
        (
            json!({"rules": [{"action": "deny", "mode": "dry"}]}),
            vec!["rules[0].mode: must be one of enforce, shadow"],
        ),
        (
            json!({"rules": [{"action": "allow", "principal": []}]}),
            vec!["rules[0].principal: unknown field, did you mean `principals`?"],
        ),
        (
            json!({"rules": [{"action": "allow", "principals": []}]}),
            vec!["rules[0].principals: must not be empty"],
        ),
    ] {
        let json = configuration.to_string();
        assert_eq!(configured::<Authorization>(&json).unwrap_err(), want, "{json}");
        assert_eq!(check::<Authorization>(json.as_bytes()).len(), want.len(), "{json}");
    }
}

#[test]
fn a_wrong_principal_is_told_by_its_field() {
    let pattern = "must be text, or one of {prefix: text}, {suffix: text}, {regex: pattern}, \
     {capture: name}, {header: name}, {query: name} and {host: '*.example.com'}";
    let item = "must be text, a whole number, true, false, {json: text}, or one of {prefix: text}, \
     {suffix: text}, {regex: pattern}, {capture: name}, {header: name}, {query: name} and {host: \
     '*.example.com'}";
    let one_of =
        "must have exactly one of prefix, suffix, regex, capture, header, query, host".to_owned();
    let host = "must be a host with one `*` for the part that is compared, as *.example.com; `*` \
     alone is the whole host";
    let whole = "must be a whole number from -9007199254740991 to 9007199254740991";
    let ambiguous = "`NUMBER` may be a number or a text: Envoy makes texts of 1.5, 1e3 and whole \
     numbers beyond 2^53. Write a mapping, `json: 'NUMBER'` for the number or `json: \
     '\"NUMBER\"'` for the text";
    let claim = "must have any, all or both, or else present";
    for (principal, want) in [
        (json!("alice"), ": must be a mapping of fields".to_owned()),
        (json!({}), ": must have a part: leave `principals` out of a rule for everybody".into()),
        (json!({"subject": "alice"}), ".subject: unknown field, did you mean `subjects`?".into()),
        (json!({"scope": ["a"]}), ".scope: unknown field, did you mean `scopes`?".into()),
        (json!({"authenticated": "yes"}), ".authenticated: must be true or false".into()),
        (
            json!({"authenticated": false, "subjects": ["alice"]}),
            ": can never be: a request that is not authenticated has no identity".into(),
        ),
        (json!({"subjects": "alice"}), ".subjects: must be a list".into()),
        (json!({"subjects": []}), ".subjects: must not be empty".into()),
        (json!({"subjects": [""]}), ".subjects[0]: must not be empty".into()),
        (json!({"subjects": [17]}), format!(".subjects[0]: {pattern}")),
        (json!({"subjects": [["alice"]]}), format!(".subjects[0]: {pattern}")),
        (json!({"subjects": [{}]}), format!(".subjects[0]: {one_of}")),
        (json!({"subjects": [{"prefix": "a", "suffix": "b"}]}), format!(".subjects[0]: {one_of}")),
        (json!({"subjects": [{"prefix": ""}]}), ".subjects[0].prefix: must not be empty".into()),
        (
            json!({"subjects": [{"regex": "("}]}),
            ".subjects[0].regex: is not a valid pattern: ".into(),
        ),
        (json!({"subjects": [{"glob": "a"}]}), ".subjects[0].glob: unknown field".into()),
        (
            json!({"subjects": [{"header": "Host"}]}),
            ".subjects[0].header: never fits: Envoy makes `:authority` of it, use `{host: '*'}`"
                .into(),
        ),
        (
            json!({"subjects": [{"header": "a b"}]}),
            ".subjects[0].header: must be a header field name".into(),
        ),
        (
            json!({"subjects": [{"query": "a%20b"}]}),
            ".subjects[0].query: is compared decoded: write `a b`".into(),
        ),
        (json!({"subjects": [{"host": true}]}), ".subjects[0].host: must be text".into()),
        (json!({"subjects": [{"host": "a.example"}]}), format!(".subjects[0].host: {host}")),
        (json!({"subjects": [{"host": "*.*.example"}]}), format!(".subjects[0].host: {host}")),
        (json!({"subjects": [{"host": "*.example:80"}]}), format!(".subjects[0].host: {host}")),
        (
            json!({"not": {}}),
            ".not: must have a part: without any it would take out everybody".into(),
        ),
        (json!({"not": []}), ".not: must not be empty".into()),
        (json!({"not": [{"subject": "a"}]}), ".not[0].subject: unknown field".into()),
        (json!({"not": {"not": {"subjects": ["a"]}}}), ".not.not: unknown field".into()),
        (
            json!({"not": {"authenticated": true}}),
            ".not: says of `authenticated` what can be said without `not`".into(),
        ),
        (
            json!({"subjects": ["a"], "roles": {"any": ["b"]}, "not": {"subjects": ["a"]}}),
            ": can never be: what is under `not` is all that it is".into(),
        ),
        (
            json!({"authenticated": false, "not": {"subjects": ["a"]}}),
            ": can never be: a request that is not authenticated has no identity".into(),
        ),
        (
            json!({"claims": [{"path": "a", "separator": ",", "present": true}]}),
            ".claims[0]: separator has no effect with present".into(),
        ),
        (
            json!({"claims": [{"path": "a", "separator": "", "any": ["b"]}]}),
            ".claims[0].separator: must not be empty".into(),
        ),
        (
            json!({"claims": [{"path": "a[0].b", "any": ["b"]}]}),
            ".claims[0].path: has each item of a list as `[*]` behind its name, and no other"
                .into(),
        ),
        (
            json!({"subjects": [{"capture": "uid"}]}),
            ".subjects[0].capture: is not captured by the rule's path template, which has id, rest"
                .into(),
        ),
        (json!({"roles": ["admin"]}), ".roles: must be {any: [..]}, {all: [..]} or both".into()),
        (json!({"roles": {}}), ".roles: must have any, all or both".into()),
        (json!({"roles": {"any": []}}), ".roles.any: must not be empty".into()),
        (json!({"roles": {"none": ["a"]}}), ".roles.none: unknown field".into()),
        (json!({"roles": {"all": [true]}}), format!(".roles.all[0]: {pattern}")),
        (json!({"claims": {"path": "a"}}), ".claims: must be a list".into()),
        (json!({"claims": [{"any": ["a"]}]}), ".claims[0].path: is required".into()),
        (json!({"claims": [{"path": "a"}]}), format!(".claims[0]: {claim}")),
        (
            json!({"claims": [{"path": "a", "any": ["b"], "present": true}]}),
            format!(".claims[0]: {claim}"),
        ),
        (
            json!({"claims": [{"path": "a", "equals": "b"}]}),
            ".claims[0].equals: unknown field".into(),
        ),
        (
            json!({"claims": [{"path": "a", "any": [0.5]}]}),
            format!(".claims[0].any[0]: {whole}, or {{json: '0.5'}}"),
        ),
        (
            json!({"claims": [{"path": "a", "any": ["1.5"]}]}),
            format!(".claims[0].any[0]: {}", ambiguous.replace("NUMBER", "1.5")),
        ),
        (
            json!({"claims": [{"path": "a", "all": ["x", "9007199254740993"]}]}),
            format!(".claims[0].all[1]: {}", ambiguous.replace("NUMBER", "9007199254740993")),
        ),
        (
            json!({"claims": [{"path": "a", "any": [{"json": "[1]"}]}]}),
            ".claims[0].any[0].json: must be the JSON of a text, a number, true or false".into(),
        ),
        (
            json!({"claims": [{"path": "a", "any": [{"json": "1", "prefix": "a"}]}]}),
            ".claims[0].any[0].prefix: unknown field".into(),
        ),
        (
            json!({"claims": [{"path": "a", "any": [9_007_199_254_740_992_u64]}]}),
            format!(".claims[0].any[0]: {whole}, or {{json: '9007199254740992'}}"),
        ),
        (json!({"claims": [{"path": "a", "all": [["b"]]}]}), format!(".claims[0].all[0]: {item}")),
        (
            json!({"sources": ["10.0.0.1/8"]}),
            ".sources[0]: has bits set beyond its prefix, did you mean 10.0.0.0/8?".into(),
        ),
        (
            json!({"sources": ["::ffff:10.0.0.0/104"]}),
            ".sources[0]: is an IPv4 network: write 10.0.0.0/8".into(),
        ),
        (json!({"sources": [10]}), ".sources[0]: must be text".into()),
    ] {
        let json = json!({"rules": [
            {"match": {"path": {"template": "/a/{id}/{rest=**}"}}, "action": "allow", "principals": [principal]},
        ]});
        let faults = configured::<Authorization>(&json.to_string()).unwrap_err();
        let want = format!("rules[0].principals[0]{want}");
        assert!(
            faults.iter().any(|fault| fault.starts_with(&want)),
            "{principal}: {faults:?}, not {want}"
        );
    }
}

#[test]
fn a_capture_needs_a_template() {
    for path in [json!({"prefix": "/users"}), json!({"template": "/users/*"})] {
        let json = json!({"rules": [{"match": {"path": path}, "action": "allow",
            "principals": [{"subjects": [{"capture": "id"}]}]}]});
        let faults = configured::<Authorization>(&json.to_string()).unwrap_err();
        let want = "rules[0].principals[0].subjects[0].capture: nothing is captured: give the rule a path \
                    template such as /users/{id}";
        assert_eq!(faults, [want], "{path}");
    }
}

/// YAML writes null for a key whose value was deleted or commented out.
#[test]
fn a_key_without_a_value_never_widens_a_rule() {
    for (rule, path) in [
        (json!({"action": "allow", "principals": null}), "principals"),
        (json!({"action": "allow", "match": null}), "match"),
        (
            json!({"action": "allow", "match": {"path": {"prefix": "/a"}, "methods": null}}),
            "match.methods",
        ),
        (json!({"action": "allow", "match": {"path": null}}), "match.path"),
        (
            json!({"action": "allow", "match": {"headers": [{"name": "a", "present": true, "exact": null}]}}),
            "match.headers[0].exact",
        ),
        (
            json!({"action": "allow", "principals": [{"issuers": ["a"], "subjects": null}]}),
            "principals[0].subjects",
        ),
        (
            json!({"action": "allow", "principals": [{"roles": {"any": ["a"], "all": null}}]}),
            "principals[0].roles.all",
        ),
    ] {
        let json = json!({"rules": [rule]}).to_string();
        let faults = configured::<Authorization>(&json).unwrap_err();
        let want = format!("rules[0].{path}: has no value: give it one, or take it out");
        assert!(faults.contains(&want), "{json}: {faults:?}");
    }
}

#[test]
fn faults_of_all_parts_are_told_in_one_run() {
    let json = json!({"mode": "x", "rules": [{"name": "a b", "action": "x", "principals": [
        {"sources": ["x"], "issuers": [""], "roles": {"any": [1]}, "claims": [{}], "x": 1}]}]});
    let faults = configured::<Authorization>(&json.to_string()).unwrap_err();
    let paths: Vec<&str> = faults.iter().filter_map(|fault| fault.split(": ").next()).collect();
    let below = "rules[0].principals[0]";
    let want = [
        "mode".to_owned(),
        "rules[0].name".into(),
        "rules[0].action".into(),
        format!("{below}.sources[0]"),
        format!("{below}.issuers[0]"),
        format!("{below}.roles.any[0]"),
        format!("{below}.claims[0].path"),
        format!("{below}.claims[0]"),
        format!("{below}.x"),
    ];
    assert_eq!(paths, want, "{faults:#?}");
}
