use super::*;

/// Each with the fault that it gets, by its path below `match`.
#[test]
fn a_condition_that_no_request_can_fit_is_refused_with_the_way_to_write_it() {
    for (condition, want) in [
        (
            r#"{"methods": ["*"]}"#,
            "methods[0]: `*` is no method: leave `methods` out for all of them",
        ),
        (
            r#"{"methods": ["GET,POST"]}"#,
            "methods[0]: is no method: one is made of letters and !#$%&'*+-.^_`|~",
        ),
        (
            r#"{"path": {"prefix": "/admin/*"}}"#,
            "path.prefix: a prefix is for everything below it: write `/admin`",
        ),
        (
            r#"{"path": {"prefix": "/admin/**"}}"#,
            "path.prefix: a prefix is for everything below it: write `/admin`",
        ),
        (
            r#"{"path": {"prefix": "/admin/.*"}}"#,
            "path.prefix: a prefix is for everything below it: write `/admin`",
        ),
        (
            r#"{"path": {"prefix": "/*"}}"#,
            "path.prefix: a prefix is for everything below it: write `/`",
        ),
        (
            r#"{"path": {"prefix": "/*/admin"}}"#,
            "path.prefix: `*` stands for itself here: wildcards are for `template`",
        ),
        (
            r#"{"path": {"exact": "/admin/*"}}"#,
            "path.exact: `*` stands for itself here: wildcards are for `template`",
        ),
        (r#"{"path": {"exact": "/admin/{id}"}}"#, "path.exact: names in braces are for `template`"),
        (r#"{"path": {"prefix": "/{a}/b"}}"#, "path.prefix: names in braces are for `template`"),
        (
            r#"{"path": {"template": "/users/:id"}}"#,
            "path.template: `:id`: names are written in braces, in `template`: `{id}`",
        ),
        (
            r#"{"path": {"exact": "/users/:id"}}"#,
            "path.exact: `:id`: names are written in braces, in `template`: `{id}`",
        ),
        (
            r#"{"path": {"prefix": "/a/../admin"}}"#,
            "path.prefix: never fits: a path with dot segments in any form is ambiguous",
        ),
        (
            r#"{"path": {"exact": "/a/."}}"#,
            "path.exact: never fits: a path with dot segments in any form is ambiguous",
        ),
        (
            r#"{"path": {"template": "/a/..;x/{id}"}}"#,
            "path.template: never fits: a path with dot segments in any form is ambiguous",
        ),
        (
            r#"{"path": {"exact": "/a%00"}}"#,
            "path.exact: never fits: a path with dot segments in any form is ambiguous",
        ),
        (
            r#"{"path": {"exact": "/café"}}"#,
            "path.exact: never fits: clients send it percent-encoded, write `/caf%C3%A9`",
        ),
        (
            r#"{"path": {"prefix": "/a b"}}"#,
            "path.prefix: never fits: clients send it percent-encoded, write `/a%20b`",
        ),
        (
            r#"{"path": {"template": "/ü/{id}"}}"#,
            "path.template: never fits: clients send it percent-encoded, write `/%C3%BC/{id}`",
        ),
        (
            r#"{"path": {"exact": "/caf%c3%a9"}}"#,
            "path.exact: never fits: clients escape nothing that need not be, with upper-case \
             digits, write `/caf%C3%A9`",
        ),
        (
            r#"{"path": {"exact": "/%61dmin"}}"#,
            "path.exact: never fits: clients escape nothing that need not be, with upper-case \
             digits, write `/admin`",
        ),
        (
            r#"{"path": {"exact": "/a\\b"}}"#,
            "path.exact: never fits: separate segments with a slash",
        ),
        (
            r#"{"path": {"template": "/a%2Fb/{id}"}}"#,
            "path.template: `a%2Fb`: an escaped slash makes two segments for some upstreams: use \
             exact, prefix or regex",
        ),
        (
            r#"{"path": {"regex": "^users/[0-9]+$"}}"#,
            "path.regex: never fits: a path begins with a slash, write `^/`",
        ),
        (
            r#"{"hosts": ["bücher.example"]}"#,
            "hosts[0]: never fits: clients send the name in ASCII, as xn--bcher-kva.example",
        ),
        (
            r#"{"hosts": ["a..example"]}"#,
            "hosts[0]: never fits: must be one name or address, an IPv6 one in brackets",
        ),
        (
            r#"{"hosts": ["a.example, b.example"]}"#,
            "hosts[0]: never fits: must be one name or address, an IPv6 one in brackets",
        ),
        (
            r#"{"hosts": ["*"]}"#,
            "hosts[0]: a wildcard must be the whole first label, as in *.example.com",
        ),
        (
            r#"{"headers": [{"name": "Host", "exact": "a"}]}"#,
            "headers[0].name: never fits: Envoy makes `:authority` of it, use `hosts`",
        ),
        (
            r#"{"headers": [{"name": "x-a", "exact": " b"}]}"#,
            "headers[0].exact: never fits: a value comes without blanks at its ends",
        ),
        (
            r#"{"headers": [{"name": "x-a", "exact": "a\nb"}]}"#,
            "headers[0].exact: never fits: a value has no control characters",
        ),
        (
            r#"{"headers": [{"name": "x-a", "present": false}, {"name": "X-A", "exact": "b"}]}"#,
            "headers: never fits: what must not be there must be something as well",
        ),
        (
            r#"{"query": [{"name": "a", "exact": "b"}, {"name": "a", "present": false}]}"#,
            "query: never fits: what must not be there must be something as well",
        ),
        (
            r#"{"query": [{"name": "a%20b", "present": true}]}"#,
            "query[0].name: is compared decoded: write `a b`",
        ),
        (
            r#"{"query": [{"name": "a", "exact": "%2Fb"}]}"#,
            "query[0].exact: is compared decoded: write `/b`",
        ),
        (
            r#"{"query": [{"name": "a", "prefix": "b\n"}]}"#,
            "query[0].prefix: never fits: a parameter with control characters is ambiguous",
        ),
        (
            r#"{"sources": ["10.0.0.1/8"]}"#,
            "sources[0]: has bits set beyond its prefix, did you mean 10.0.0.0/8?",
        ),
        (r#"{"identity": {}}"#, "identity: must have a part, such as {authenticated: true}"),
        (
            r#"{"identity": {"authenticated": false, "tiers": ["gold"]}}"#,
            "identity: never fits: a request that is not authenticated has no identity",
        ),
        (r#"{"not": {}}"#, "not: never fits: it takes out all that the rest of `match` is for"),
        (
            r#"{"path": {"exact": "/a/b"}, "methods": ["GET"], "not": {"path": {"prefix": "/a"}}}"#,
            "not: never fits: it takes out all that the rest of `match` is for",
        ),
        (
            r#"{"sources": ["10.1.0.0/16"], "not": [{"methods": ["GET"]}, {"sources": ["10.0.0.0/8"]}]}"#,
            "not: never fits: it takes out all that the rest of `match` is for",
        ),
    ] {
        let faults = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap_err();
        assert_eq!(faults, [format!("[0].match.{want}")], "{condition}");
    }
}

#[test]
fn a_rule_behind_one_that_takes_all_its_requests_is_refused() {
    for (first, second, is_dead) in [
        ("{}", "{}", true),
        ("{}", r#"{"methods": ["GET"]}"#, true),
        (r#"{"methods": ["GET"]}"#, "{}", false),
        (r#"{"methods": ["GET", "PUT"]}"#, r#"{"methods": ["PUT"]}"#, true),
        (r#"{"methods": ["GET"]}"#, r#"{"methods": ["GET", "PUT"]}"#, false),
        (r#"{"path": {"prefix": "/"}}"#, "{}", false),
        (r#"{"path": {"prefix": "/"}}"#, r#"{"path": {"regex": "^/a"}}"#, true),
        (r#"{"path": {"prefix": "/a"}}"#, r#"{"path": {"exact": "/a/b"}}"#, true),
        (r#"{"path": {"prefix": "/a"}}"#, r#"{"path": {"exact": "/ab"}}"#, false),
        (r#"{"path": {"prefix": "/a"}}"#, r#"{"path": {"prefix": "/a/b"}}"#, true),
        (r#"{"path": {"prefix": "/a/b"}}"#, r#"{"path": {"prefix": "/a"}}"#, false),
        (r#"{"path": {"prefix": "/a"}}"#, r#"{"path": {"template": "/a/{id}"}}"#, true),
        (r#"{"path": {"prefix": "/a"}}"#, r#"{"path": {"template": "/{id}/a"}}"#, false),
        (r#"{"path": {"prefix": "/a"}}"#, r#"{"path": {"regex": "^/a/b"}}"#, false),
        (r#"{"path": {"template": "/a/{id}"}}"#, r#"{"path": {"exact": "/a/b"}}"#, true),
        (r#"{"path": {"template": "/a/{id}"}}"#, r#"{"path": {"template": "/a/*"}}"#, true),
        (r#"{"path": {"template": "/a/{id}"}}"#, r#"{"path": {"template": "/a/b"}}"#, true),
        (r#"{"path": {"template": "/a/b"}}"#, r#"{"path": {"template": "/a/{id}"}}"#, false),
        (r#"{"path": {"template": "/a/{id}"}}"#, r#"{"path": {"template": "/a/{id}/b"}}"#, false),
        (r#"{"path": {"template": "/a/**"}}"#, r#"{"path": {"template": "/a/{id}/b"}}"#, true),
        (r#"{"path": {"exact": "/a"}}"#, r#"{"path": {"exact": "/a"}}"#, true),
        (r#"{"path": {"exact": "/a"}}"#, r#"{"path": {"prefix": "/a"}}"#, false),
        (r#"{"path": {"regex": "^/a"}}"#, r#"{"path": {"exact": "/a/b"}}"#, true),
        (r#"{"path": {"regex": "^/a"}}"#, r#"{"path": {"regex": "^/a"}}"#, true),
        (r#"{"path": {"regex": "^/a"}}"#, r#"{"path": {"regex": "^/ab"}}"#, false),
        (r#"{"hosts": ["*.example"]}"#, r#"{"hosts": ["a.example"]}"#, true),
        (r#"{"hosts": ["*.example"]}"#, r#"{"hosts": ["*.a.example"]}"#, true),
        (r#"{"hosts": ["*.example"]}"#, r#"{"hosts": ["example"]}"#, false),
        (r#"{"hosts": ["a.example"]}"#, r#"{"hosts": ["*.example"]}"#, false),
        (r#"{"route": "a"}"#, r#"{"route": "a", "methods": ["GET"]}"#, true),
        (r#"{"route": "a"}"#, r#"{"route": "b"}"#, false),
        (r#"{"policy": "a"}"#, "{}", false),
        (
            r#"{"paths": [{"prefix": "/a"}, {"prefix": "/b"}]}"#,
            r#"{"path": {"exact": "/b/c"}}"#,
            true,
        ),
        (
            r#"{"path": {"prefix": "/a"}}"#,
            r#"{"paths": [{"exact": "/a/b"}, {"exact": "/b"}]}"#,
            false,
        ),
        (r#"{"sources": ["10.0.0.0/8"]}"#, r#"{"sources": ["10.1.0.0/16", "10.2.0.1"]}"#, true),
        (r#"{"sources": ["10.0.0.0/8"]}"#, r#"{"sources": ["10.1.0.0/16", "192.0.2.1"]}"#, false),
        (r#"{"sources": ["10.0.0.0/8"]}"#, "{}", false),
        (
            r#"{"identity": {"tiers": ["gold"]}}"#,
            r#"{"identity": {"tiers": ["gold"], "roles": {"any": ["a"]}}}"#,
            true,
        ),
        (r#"{"identity": {"tiers": ["gold"]}}"#, r#"{"identity": {"tiers": ["free"]}}"#, false),
        (
            r#"{"query": [{"name": "a", "exact": "b"}]}"#,
            r#"{"query": [{"name": "a", "exact": "b"}], "methods": ["GET"]}"#,
            true,
        ),
        (r#"{"query": [{"name": "a", "exact": "b"}]}"#, "{}", false),
        (r#"{"not": {"methods": ["GET"]}}"#, r#"{"methods": ["PUT"]}"#, false),
        (r#"{"not": {"methods": ["GET"]}}"#, r#"{"not": {"methods": ["GET", "PUT"]}}"#, true),
        (r#"{"not": {"methods": ["GET", "PUT"]}}"#, r#"{"not": {"methods": ["GET"]}}"#, false),
        ("{}", r#"{"not": {"methods": ["GET"]}}"#, true),
        (
            r#"{"headers": [{"name": "x-a", "exact": "b"}]}"#,
            r#"{"headers": [{"name": "x-c", "present": true}, {"name": "X-A", "exact": "b"}]}"#,
            true,
        ),
        (
            r#"{"headers": [{"name": "x-a", "exact": "b"}]}"#,
            r#"{"headers": [{"name": "x-a", "exact": "c"}]}"#,
            false,
        ),
    ] {
        let json = format!(r#"[{{"name": "first", "match": {first}}}, {{"match": {second}}}]"#);
        let want = ["[1]: never fits: `first` before it takes all it is for".to_owned()];
        let faults = rules(&json).err().unwrap_or_default();
        assert_eq!(faults, if is_dead { &want[..] } else { &[] }, "{json}");
    }
}

#[test]
fn a_rule_that_leaves_requests_to_others_takes_none_from_them() {
    let read = |json: &str| {
        config::read(json.as_bytes(), |node| {
            let decides = |decides: &bool| *decides;
            Rules::read_each(&node, &Words::default(), decides, |fields| {
                fields.required("all", |node| node.boolean())
            })
        })
        .map(|_| ())
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(read(r#"[{"all": false}, {"all": true}]"#), Ok(()));
    assert_eq!(
        read(r#"[{"all": true}, {"all": false}]"#),
        Err(vec!["[1]: never fits: `rules[0]` before it takes all it is for".to_owned()])
    );
}
