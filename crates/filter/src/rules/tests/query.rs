use super::*;

fn target(query: &str) -> String {
    format!("/a?{query}")
}

#[test]
fn a_parameter_is_compared_decoded_and_one_of_its_values_is_enough() {
    for (condition, query, want) in [
        (r#"{"name": "role", "exact": "admin"}"#, "role=admin", true),
        (r#"{"name": "role", "exact": "admin"}"#, "x=1&role=admin&y", true),
        (r#"{"name": "role", "exact": "admin"}"#, "r%6Fle=%61dmin", true),
        (r#"{"name": "role", "exact": "admin"}"#, "role=user&role=admin", true),
        (r#"{"name": "role", "exact": "admin"}"#, "role=Admin", false),
        (r#"{"name": "role", "exact": "admin"}"#, "Role=admin", false),
        (r#"{"name": "role", "exact": "admin"}"#, "role[]=admin", false),
        (r#"{"name": "role", "exact": "admin"}"#, "x=1;role=admin", false),
        (r#"{"name": "role", "exact": "admin"}"#, "role", false),
        (r#"{"name": "role", "exact": "admin"}"#, "", false),
        (r#"{"name": "role", "prefix": "adm"}"#, "role=admin", true),
        (r#"{"name": "role", "suffix": "min"}"#, "role=admin", true),
        (r#"{"name": "role", "regex": "^a.*n$"}"#, "role=a%20n", true),
        (r#"{"name": "role", "regex": "."}"#, "role=%ff", false),
        (r#"{"name": "role", "regex": "^$"}"#, "role=", true),
        (r#"{"name": "role", "present": true}"#, "role", true),
        (r#"{"name": "role", "present": true}"#, "rol=e", false),
        (r#"{"name": "role", "present": false}"#, "rol=e", true),
        (r#"{"name": "role", "present": false}"#, "role", false),
        (r#"{"name": "a b", "exact": "c d"}"#, "a%20b=c%20d", true),
        (r#"{"name": "a b", "exact": "c d"}"#, "a+b=c+d", false),
        (r#"{"name": "filter[a]", "exact": "b"}"#, "filter%5Ba%5D=b", true),
    ] {
        let condition = format!(r#"{{"query": [{condition}]}}"#);
        let target = target(query);
        assert_eq!(
            matches(&condition, &[(":path", target.as_bytes())]),
            want,
            "{condition} {query}"
        );
    }
    assert!(!matches(r#"{"query": [{"name": "a", "present": true}]}"#, &[(":path", b"/a")]));
}

#[test]
fn a_guard_refuses_a_query_in_which_others_may_read_another_answer() {
    let admin = r#"{"name": "role", "exact": "admin"}"#;
    let open = r#"{"name": "admin", "present": false}"#;
    for (condition, query, want) in [
        // One value, however it is spelt where all spell it alike.
        (admin, "role=admin", false),
        (admin, "role=user", false),
        (admin, "role=%61dmin", false),
        (admin, "%72ole=admin", false),
        (admin, "role=admin&role=admin", false),
        (admin, "role=a&role=b", false),
        (admin, "x=role&y=admin;z", false),
        (admin, "", false),
        // Upstreams take the first of several, the last, or all.
        (admin, "role=user&role=admin", true),
        (admin, "role=admin&role=user", true),
        (admin, "role=admin&%72ole=user", true),
        // Names that some take for the same.
        (admin, "Role=admin", true),
        (admin, "ROLE=admin", true),
        (admin, "role=admin&Role=user", true),
        (admin, "role[]=admin", true),
        (admin, "role%5B0%5D=admin", true),
        (admin, "+role=admin", true),
        (admin, "%20role=admin", true),
        (admin, "role%00=admin", true),
        (admin, "%u0072ole=admin", true),
        (admin, "Role=user", false),
        (admin, "roles=admin", false),
        // Semicolons that some take for separators.
        (admin, "x=1;role=admin", true),
        (admin, "role=admin;x=1", true),
        (admin, "role=user;role=admin", true),
        (admin, "role=user;x=1", false),
        // Values that some decode otherwise.
        (admin, "role=%2561dmin", true),
        (admin, "role=%u0061dmin", true),
        (admin, "role=admin%00", true),
        (admin, "role=admin%0a", true),
        (admin, "role=x%0d%0a", true),
        (admin, "role=100%", false),
        (r#"{"name": "q", "prefix": "a"}"#, "q=a%", true),
        (r#"{"name": "q", "exact": "a b"}"#, "q=a+b", true),
        (r#"{"name": "q", "exact": "a b"}"#, "q=a%20b", false),
        (r#"{"name": "q", "exact": "a+b"}"#, "q=a+b", true),
        (r#"{"name": "q", "exact": "a+b"}"#, "q=a%2Bb", false),
        (r#"{"name": "q", "prefix": "a"}"#, "q=a+b", false),
        // What must not be there is not there in another spelling either.
        (open, "", false),
        (open, "admin", false),
        (open, "administrator=1", false),
        (open, "Admin=1", true),
        (open, "admin[]=1", true),
        (open, "x;admin=1", true),
        (open, "admin=1&Admin=1", false),
        // A name with brackets is its own.
        (r#"{"name": "f[a]", "exact": "b"}"#, "f[a]=b&f[c]=d&f=x", false),
        (r#"{"name": "f[a]", "exact": "b"}"#, "f[a]=b&F[A]=d", true),
        (r#"{"name": "f[a]", "exact": "b"}"#, "f[a]=b&f[a][]=d", true),
        (r#"{"name": "user.role", "exact": "b"}"#, "user_role=b", true),
    ] {
        for condition in [
            format!(r#"{{"query": [{condition}]}}"#),
            format!(r#"{{"not": {{"query": [{condition}]}}}}"#),
        ] {
            let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
            let target = target(query);
            let head = Headers::from_list(&[(":path", target.as_bytes())]);
            let have = rules.guard(&Request::new(head, &ROUTED), &()).is_err();
            assert_eq!(have, want, "{condition} {query}");
        }
    }
}

#[test]
fn rules_that_ask_for_different_parameters_each_find_theirs() {
    let rules = rules(
        r#"[{"name": "b", "match": {"query": [{"name": "b", "exact": "1"}]}},
            {"name": "a", "match": {"query": [{"name": "a", "exact": "1"}, {"name": "c", "present": true}]}},
            {"name": "f", "match": {"query": [{"name": "f", "present": true}]}},
            {"name": "fa", "match": {"query": [{"name": "f[a]", "present": true}]}}]"#,
    )
    .unwrap();
    for (query, want) in [
        ("a=1&c", "a"),
        ("a=1", ""),
        ("b=1&a=1&c=", "b a"),
        ("c&b=2", ""),
        ("f=1", "f"),
        ("f[a]=1", "fa"),
    ] {
        let target = target(query);
        let request = Request::new(Headers::from_list(&[(":path", target.as_bytes())]), &ROUTED);
        let names: Vec<&str> = rules.matching(&request).map(|(rule, _)| &*rule.name).collect();
        assert_eq!(names.join(" "), want, "{query}");
    }
}
