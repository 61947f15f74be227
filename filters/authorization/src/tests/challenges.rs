//! Who is asked to come again with other credentials.

use super::*;

#[test]
fn only_a_client_that_logging_in_might_help_is_asked_to() {
    let callouts = FakeHost::default();
    callouts.set(Attribute::SourceAddress, "192.0.2.1:1");
    let admin = json!({"roles": {"any": ["admin"]}});
    for (case, rules, want) in [
        ("an allow rule names somebody", json!([{"action": "allow", "principals": [admin]}]), 401),
        (
            "anybody who is known",
            json!([{"action": "allow", "principals": [{"authenticated": true}]}]),
            401,
        ),
        (
            "one of several",
            json!([{"action": "allow", "principals": [{"sources": ["10.0.0.0/8"]}, admin]}]),
            401,
        ),
        (
            "the network alone",
            json!([{"action": "allow", "principals": [{"sources": ["10.0.0.0/8"]}]}]),
            403,
        ),
        (
            "the network is wrong too",
            json!([{"action": "allow", "principals": [{"sources": ["10.0.0.0/8"], "authenticated": true}]}]),
            403,
        ),
        (
            "the network is right",
            json!([{"action": "allow", "principals": [{"sources": ["192.0.2.0/24"], "authenticated": true}]}]),
            401,
        ),
        (
            "it does not match",
            json!([{"match": {"path": {"exact": "/x"}}, "action": "allow", "principals": [admin]}]),
            403,
        ),
        (
            "a deny rule first",
            json!([
                {"match": {"path": {"prefix": "/"}}, "action": "deny"},
                {"action": "allow", "principals": [admin]},
            ]),
            403,
        ),
        (
            "a deny rule after",
            json!([{"action": "allow", "principals": [admin]}, {"action": "deny"}]),
            401,
        ),
        ("a deny rule that names others", json!([{"action": "deny", "principals": [admin]}]), 403),
        (
            "denied as unknown",
            json!([{"action": "deny", "principals": [{"authenticated": false}]}]),
            401,
        ),
        (
            "denied as unknown and for the network",
            json!([{"action": "deny", "principals": [{"authenticated": false}, {"sources": ["192.0.2.0/24"]}]}]),
            403,
        ),
        (
            "denied as unknown from this network",
            json!([{"action": "deny", "principals": [{"authenticated": false, "sources": ["192.0.2.0/24"]}]}]),
            401,
        ),
        (
            "only unknown clients are allowed, from elsewhere",
            json!([{"action": "allow", "principals": [{"authenticated": false, "sources": ["10.0.0.0/8"]}]}]),
            403,
        ),
    ] {
        let outcome = get(&filter(rules), &callouts, "/");
        assert_eq!(outcome.status(), Some(want), "{case}");
        assert_eq!(challenge(&outcome).is_some(), want == 401, "{case}");
    }
    // Whoever is known is not asked again.
    let filter = filter(json!([{"action": "allow", "principals": [admin]}]));
    assert_eq!(get(&filter, &known("bob", &["user"]), "/").status(), Some(403));
}

#[test]
fn a_client_that_lacks_nothing_but_scopes_may_be_told_which() {
    let rules = json!([
        {"name": "closed", "match": {"path": {"prefix": "/closed"}}, "action": "deny"},
        {"name": "own", "match": {"path": {"template": "/users/{id}"}}, "action": "allow",
         "principals": [{"subjects": [{"capture": "id"}], "scopes": {"all": ["users:read", "users:write"]}}]},
        {"name": "any", "match": {"path": {"prefix": "/any"}}, "action": "allow",
         "principals": [{"roles": {"any": ["admin"]}}, {"scopes": {"any": ["a:x", "a:y"], "all": ["b"]}}]},
        {"name": "pattern", "match": {"path": {"prefix": "/pattern"}}, "action": "allow",
         "principals": [{"scopes": {"any": [{"prefix": "a:"}]}}]},
        {"name": "odd", "match": {"path": {"prefix": "/odd"}}, "action": "allow",
         "principals": [{"scopes": {"any": ["a\"b"]}}]},
        {"name": "closed-any", "match": {"path": {"prefix": "/any/closed"}}, "action": "deny"},
    ]);
    let identity = |scopes: &[&str]| {
        let host = FakeHost::default();
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        host.identify(&Identity {
            subject: Some("alice".to_owned()),
            scopes,
            ..Identity::default()
        });
        host
    };
    let filter = |tell: bool| {
        let json = json!({"rules": rules, "tell_scopes": tell, "realm": "r"});
        configured::<Authorization>(&json.to_string()).unwrap()
    };
    let (none, some) = (identity(&[]), identity(&["users:read", "b"]));
    for (host, path, code, scopes) in [
        (&none, "/users/alice", Code::InsufficientScope, Some("users:read users:write")),
        (&some, "/users/alice", Code::InsufficientScope, Some("users:write")),
        // Not for the want of scopes.
        (&some, "/users/bob", Code::NoRule, None),
        (&none, "/any", Code::InsufficientScope, Some("a:x b")),
        (&some, "/any", Code::InsufficientScope, Some("a:x")),
        (&some, "/any/closed", Code::Denied, None),
        // No scope that has a name, or one that fits into a challenge.
        (&none, "/pattern", Code::NoRule, None),
        (&none, "/odd", Code::NoRule, None),
        (&none, "/closed", Code::Denied, None),
        (&FakeHost::default(), "/users/alice", Code::Unauthenticated, None),
    ] {
        let outcome = ask(&filter(true), host, &[(":path", path)]);
        assert_eq!(outcome.decision.code, code, "{path}");
        let told = scopes.map(|scopes| {
            format!("Bearer realm=\"r\", error=\"insufficient_scope\", scope=\"{scopes}\"")
        });
        match code {
            Code::Unauthenticated => {
                assert_eq!(challenge(&outcome).as_deref(), Some("Bearer realm=\"r\""))
            }
            _ => assert_eq!((outcome.status(), challenge(&outcome)), (Some(403), told), "{path}"),
        }
        let silent = ask(&filter(false), host, &[(":path", path)]);
        let want = if code == Code::InsufficientScope { Code::NoRule } else { code };
        assert_eq!(silent.decision.code, want, "{path}");
    }
}

#[test]
fn whoever_is_asked_for_a_token_or_scopes_is_told_where_to_get_them() {
    const URL: &str = "https://a.example/.well-known/oauth-protected-resource";
    let rules = json!([{"action": "allow", "principals": [{"scopes": {"all": ["b"]}}]}]);
    let filter = |schemes: Value| {
        let json = json!({"rules": rules, "tell_scopes": true, "schemes": schemes,
            "resource_metadata": URL});
        configured::<Authorization>(&json.to_string()).unwrap()
    };
    let alice = FakeHost::default();
    alice.identify(&Identity { subject: Some("alice".to_owned()), ..Identity::default() });
    for scheme in ["Bearer", "DPoP"] {
        let filter = filter(json!([scheme]));
        let asked = get(&filter, &FakeHost::default(), "/");
        let want = format!(r#"{scheme} realm="gatehouse", resource_metadata="{URL}""#);
        assert_eq!((asked.status(), challenge(&asked)), (Some(401), Some(want)));
        // RFC 6750 §3.1: with the scheme that tokens are sent with, whichever that is.
        let told = get(&filter, &alice, "/");
        let want = format!(
            r#"{scheme} realm="gatehouse", error="insufficient_scope", scope="b", resource_metadata="{URL}""#
        );
        assert_eq!((told.status(), challenge(&told)), (Some(403), Some(want)));
    }
}
