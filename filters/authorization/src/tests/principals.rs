use super::*;

/// Whether a rule for this principal on `/items/{id}/{rest=**}` allows the request.
fn allows(principal: &Value, host: &FakeHost, path: &[u8]) -> bool {
    decides("allow", principal, host, path) == Code::Allowed
}

fn decides(action: &str, principal: &Value, host: &FakeHost, path: &[u8]) -> Code {
    let filter = filter(json!([
        {"match": {"path": {"template": "/items/{id}/{rest=**}"}}, "action": action, "principals": [principal]},
        {"action": if action == "allow" { "deny" } else { "allow" }},
    ]));
    ask(&filter, host, &[(":path", path)]).decision.code
}

#[test]
fn each_part_is_compared_with_its_part_of_the_identity() {
    let host = FakeHost::default();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    host.identify(&Identity {
        issuer: Some("https://a.example".into()),
        subject: Some("svc-billing".into()),
        consumer: Some("acme".into()),
        tier: Some("gold".into()),
        scopes: texts(&["orders:read", "orders:write"]),
        roles: texts(&["user", "Auditor"]),
        groups: texts(&["team/red", "team-blue"]),
        claims: json!({
            "email": "a@example.com", "age": 42, "big": 9_007_199_254_740_993_u64, "half": 0.5,
            "one": 1.0, "version": "1.5",
            "admin": true, "none": null, "empty": [], "teams": ["red", 7, null, {"a": 1}],
            "org": {"id": "o-1", "level": {"n": -3}}, "https://example.com/tier": "gold", "blank": "",
        })
        .as_object()
        .unwrap()
        .clone(),
    });
    for (principal, want) in [
        (json!({"authenticated": true}), true),
        (json!({"authenticated": false}), false),
        (json!({"issuers": ["https://b.example", "https://a.example"]}), true),
        (json!({"issuers": ["https://a.example/"]}), false),
        (json!({"issuers": [{"suffix": ".example"}]}), true),
        (json!({"subjects": ["svc-billing"]}), true),
        (json!({"subjects": ["SVC-billing"]}), false),
        (json!({"subjects": ["svc"]}), false),
        (json!({"subjects": [{"prefix": "svc-"}]}), true),
        (json!({"subjects": [{"prefix": "Svc-"}]}), false),
        (json!({"subjects": [{"suffix": "-billing"}, "x"]}), true),
        (json!({"subjects": [{"capture": "id"}]}), false),
        (json!({"consumers": ["acme"]}), true),
        (json!({"consumers": ["gold"]}), false),
        (json!({"tiers": ["silver", "gold"]}), true),
        (json!({"tiers": ["silver"]}), false),
        // Every part must hold.
        (
            json!({"issuers": ["https://a.example"], "subjects": ["svc-billing"], "tiers": ["gold"]}),
            true,
        ),
        (
            json!({"issuers": ["https://b.example"], "subjects": ["svc-billing"], "tiers": ["gold"]}),
            false,
        ),
        // Lists.
        (json!({"scopes": {"any": ["orders:read", "x"]}}), true),
        (json!({"scopes": {"any": ["orders"]}}), false),
        (json!({"scopes": {"any": ["Orders:Read"]}}), false),
        (json!({"scopes": {"any": [{"prefix": "orders:"}]}}), true),
        (json!({"scopes": {"all": ["orders:read", "orders:write"]}}), true),
        (json!({"scopes": {"all": ["orders:read", "x"]}}), false),
        (json!({"scopes": {"any": ["x", "orders:read"], "all": ["orders:write"]}}), true),
        (json!({"scopes": {"any": ["x"], "all": ["orders:write"]}}), false),
        (json!({"roles": {"any": ["auditor"]}}), false),
        (json!({"roles": {"any": ["Auditor"]}}), true),
        (json!({"roles": {"any": ["orders:read"]}}), false),
        (json!({"groups": {"all": ["team/red", {"prefix": "team-"}]}}), true),
        (json!({"groups": {"any": ["user"]}}), false),
        // Claims.
        (json!({"claims": [{"path": "email", "any": ["a@example.com"]}]}), true),
        (json!({"claims": [{"path": "email", "any": [{"suffix": "@example.com"}]}]}), true),
        (json!({"claims": [{"path": "email", "any": [{"suffix": "@Example.com"}]}]}), false),
        (json!({"claims": [{"path": "age", "any": [42]}]}), true),
        (json!({"claims": [{"path": "age", "any": ["42"]}]}), false),
        (json!({"claims": [{"path": "age", "any": [{"prefix": "4"}]}]}), false),
        (json!({"claims": [{"path": "one", "any": [1]}]}), true),
        (json!({"claims": [{"path": "half", "any": [0]}]}), false),
        // What Envoy's YAML makes texts of.
        (json!({"claims": [{"path": "half", "any": [{"json": "5e-1"}]}]}), true),
        (json!({"claims": [{"path": "half", "any": [{"json": "\"0.5\""}]}]}), false),
        (json!({"claims": [{"path": "version", "any": [{"json": "\"1.5\""}]}]}), true),
        (json!({"claims": [{"path": "version", "any": [{"json": "1.5"}]}]}), false),
        (json!({"claims": [{"path": "big", "any": [{"json": "9007199254740993"}]}]}), true),
        (json!({"claims": [{"path": "big", "any": [{"json": "9007199254740992"}]}]}), false),
        (json!({"claims": [{"path": "big", "any": [9_007_199_254_740_991_i64]}]}), false),
        (json!({"claims": [{"path": "admin", "any": [true]}]}), true),
        (json!({"claims": [{"path": "admin", "any": [false]}]}), false),
        (json!({"claims": [{"path": "admin", "any": ["true", 1]}]}), false),
        (json!({"claims": [{"path": "teams", "any": ["red"]}]}), true),
        (json!({"claims": [{"path": "teams", "all": ["red", 7]}]}), true),
        (json!({"claims": [{"path": "teams", "all": ["red", "7"]}]}), false),
        (json!({"claims": [{"path": "org.id", "any": ["o-1"]}]}), true),
        (json!({"claims": [{"path": "org.level.n", "any": [-3]}]}), true),
        (json!({"claims": [{"path": "org", "any": ["o-1"]}]}), false),
        (json!({"claims": [{"path": "https://example.com/tier", "any": ["gold"]}]}), true),
        (json!({"claims": [{"path": "absent", "any": ["x"]}]}), false),
        (json!({"claims": [{"path": "none", "any": ["null", 0, false]}]}), false),
        (json!({"claims": [{"path": "empty", "any": ["x"]}]}), false),
        (json!({"claims": [{"path": "empty", "all": ["x"]}]}), false),
        (json!({"claims": [{"path": "email", "present": true}]}), true),
        (json!({"claims": [{"path": "blank", "present": true}]}), true),
        (json!({"claims": [{"path": "none", "present": true}]}), false),
        (json!({"claims": [{"path": "absent", "present": false}]}), true),
        (json!({"claims": [{"path": "none", "present": false}]}), true),
        (json!({"claims": [{"path": "email", "present": false}]}), false),
        (json!({"claims": [{"path": "age", "any": [42]}, {"path": "admin", "any": [true]}]}), true),
        (
            json!({"claims": [{"path": "age", "any": [42]}, {"path": "admin", "any": [false]}]}),
            false,
        ),
    ] {
        assert_eq!(allows(&principal, &host, b"/items/1/"), want, "{principal}");
        // Nobody known is none of them, whatever they must not have.
        let anonymous = principal == json!({"authenticated": false});
        assert_eq!(
            allows(&principal, &FakeHost::default(), b"/items/1/"),
            anonymous,
            "{principal}"
        );
        // Nor is somebody of whom nothing else is known.
        let empty = FakeHost::default();
        empty.identify(&Identity::default());
        let vacuous = [
            json!({"authenticated": true}),
            json!({"claims": [{"path": "absent", "present": false}]}),
            json!({"claims": [{"path": "none", "present": false}]}),
            json!({"claims": [{"path": "email", "present": false}]}),
        ];
        assert_eq!(
            allows(&principal, &empty, b"/items/1/"),
            vacuous.contains(&principal),
            "{principal}"
        );
    }
}

#[test]
fn a_capture_is_the_client_s_own_or_not() {
    let identity = |subject: &str| Identity {
        subject: Some(subject.to_owned()),
        groups: vec!["red".to_owned(), subject.to_owned()],
        claims: json!({"account": 42, "accounts": ["7", 8], "half": 0.5, "name": subject})
            .as_object()
            .unwrap()
            .clone(),
        ..Identity::default()
    };
    let subject = json!({"subjects": [{"capture": "id"}]});
    let rest = json!({"subjects": [{"capture": "rest"}]});
    let group = json!({"groups": {"any": [{"capture": "id"}]}});
    let both = json!({"groups": {"all": [{"capture": "id"}, {"capture": "rest"}]}});
    let account = json!({"claims": [{"path": "account", "any": [{"capture": "id"}]}]});
    let accounts = json!({"claims": [{"path": "accounts", "any": [{"capture": "id"}]}]});
    let half = json!({"claims": [{"path": "half", "any": [{"capture": "id"}]}]});
    for (principal, who, path, want) in [
        (&subject, "alice", &b"/items/alice/"[..], true),
        (&subject, "alice", b"/items/%61lice/x", true),
        (&subject, "alice", b"/items/bob/alice", false),
        (&subject, "alice", b"/items/ALICE/", false),
        (&subject, "alice", b"/items/alice%00/", false),
        (&subject, "alice\0", b"/items/alice%00/", false),
        (&subject, "alice", b"/items/alice%/", false),
        (&subject, "alice", b"/items/alice%2Fx/", false),
        (&subject, "alice", b"/items/alice%2f/", false),
        (&subject, "a/b", b"/items/a%2fb/", true),
        (&subject, "a/b", b"/items/a/b", false),
        (&subject, "a/b", b"/items/a%252fb/", false),
        (&subject, "caf\u{e9}", b"/items/caf%c3%a9/", true),
        (&subject, "caf\u{e9}", b"/items/cafe%cc%81/", false),
        (&subject, "\u{fffd}", b"/items/%ff/", false),
        (&subject, "auth0|17", b"/items/auth0%7C17/", true),
        (&subject, "", b"/items//", false),
        (&rest, "", b"/items/x/", false),
        (&rest, "", b"/items/x", false),
        (&rest, "a/b", b"/items/x/a/b", true),
        (&rest, "a/b", b"/items/x/a/b/", false),
        (&group, "alice", b"/items/red/", true),
        (&group, "alice", b"/items/blue/", false),
        (&both, "alice", b"/items/red/alice", true),
        (&both, "alice", b"/items/red/bob", false),
        (&account, "alice", b"/items/42/", true),
        (&account, "alice", b"/items/042/", false),
        (&account, "alice", b"/items/4%32/", true),
        (&accounts, "alice", b"/items/7/", true),
        (&accounts, "alice", b"/items/8/", true),
        (&accounts, "alice", b"/items/42/", false),
        (&half, "alice", b"/items/0.5/", false),
    ] {
        let host = FakeHost::default();
        host.identify(&identity(who));
        assert_eq!(
            allows(principal, &host, path),
            want,
            "{who:?} at {}: {principal}",
            path.escape_ascii()
        );
    }
}

#[test]
fn what_cannot_be_told_is_never_allowed_and_always_denied() {
    let host = known("alice", &["user"]);
    let own = json!({"subjects": [{"capture": "id"}]});
    for (principal, path, allow, deny) in [
        (own.clone(), "/items/alice/", Code::Allowed, Code::Denied),
        (own.clone(), "/items/bob/", Code::Denied, Code::Allowed),
        (own.clone(), "/items/bob%/", Code::Denied, Code::Denied),
        (own.clone(), "/items/bob%07/", Code::Denied, Code::Denied),
        (own.clone(), "/items/bob%00/", Code::TargetAmbiguous, Code::TargetAmbiguous),
        // Another part settles it.
        (
            json!({"subjects": [{"capture": "id"}], "roles": {"any": ["admin"]}}),
            "/items/bob%/",
            Code::Denied,
            Code::Allowed,
        ),
        (
            json!({"subjects": ["alice", {"capture": "id"}]}),
            "/items/bob%/",
            Code::Allowed,
            Code::Denied,
        ),
        (
            json!({"groups": {"any": [{"capture": "id"}]}}),
            "/items/bob%/",
            Code::Denied,
            Code::Allowed,
        ),
    ] {
        assert_eq!(
            decides("allow", &principal, &host, path.as_bytes()),
            allow,
            "allow {principal} at {path}"
        );
        assert_eq!(
            decides("deny", &principal, &host, path.as_bytes()),
            deny,
            "deny {principal} at {path}"
        );
    }
}

#[test]
fn a_source_is_the_address_that_envoy_found() {
    for (networks, address, want) in [
        (json!(["10.0.0.0/8"]), "10.1.2.3:4567", true),
        (json!(["10.0.0.0/8"]), "[::ffff:10.1.2.3]:4567", true),
        (json!(["10.0.0.0/8"]), "11.1.2.3:4567", false),
        (json!(["10.0.0.0/8", "2001:db8::/32"]), "[2001:db8::1]:80", true),
        (json!(["::/0"]), "[::ffff:10.1.2.3]:80", false),
        (json!(["0.0.0.0/0"]), "[2001:db8::1]:80", false),
        (json!(["0.0.0.0/0", "::/0"]), "[2001:db8::1]:80", true),
        (json!(["192.0.2.1"]), "192.0.2.1:80", true),
        // No address is in no network.
        (json!(["0.0.0.0/0", "::/0"]), "/tmp/socket", false),
        (json!(["0.0.0.0/0", "::/0"]), "", false),
    ] {
        let host = FakeHost::default();
        host.set(Attribute::SourceAddress, address);
        let principal = json!({"sources": networks});
        assert_eq!(allows(&principal, &host, b"/items/1/"), want, "{address} in {networks}");
        // The header is the client's to write.
        let filter = filter(json!([{"action": "allow", "principals": [principal]}]));
        let outcome = ask(&filter, &FakeHost::default(), &[("x-forwarded-for", "10.0.0.1")]);
        assert_eq!(outcome.decision.code, Code::NoRule);
    }
}

#[test]
fn a_rule_by_sources_is_decided_strictly_where_the_address_cannot_be_read() {
    for (address, action, default, want) in [
        ("10.0.0.1:1", "deny", "allow", Code::Denied),
        ("192.0.2.1:1", "deny", "allow", Code::DefaultAllowed),
        ("/run/client.sock", "deny", "allow", Code::Denied),
        ("", "deny", "allow", Code::Denied),
        ("/run/client.sock", "allow", "deny", Code::NoRule),
        ("10.0.0.1:1", "allow", "deny", Code::Allowed),
    ] {
        let host = FakeHost::default();
        if !address.is_empty() {
            host.set(Attribute::SourceAddress, address);
        }
        let rules = json!([{"action": action, "principals": [{"sources": ["10.0.0.0/8"]}]}]);
        let json = json!({"default": default, "rules": rules}).to_string();
        let filter = gatehouse_filter_test::configured::<Authorization>(&json).unwrap();
        let outcome = ask::<_, &str>(&filter, &host, &[]);
        assert_eq!(outcome.decision.code, want, "{action} {address:?}");
    }
}

#[test]
fn operators_are_told_which_rule_was_nearest_and_what_was_lacking() {
    let filter = filter(json!([
        {"name": "banned", "action": "deny", "principals": [{"subjects": ["mallory"]}]},
        {"name": "staff", "match": {"path": {"prefix": "/users"}, "methods": ["GET"]},
        "action": "allow",
         "principals": [
             {"roles": {"any": ["admin"]}, "scopes": {"all": ["users:read"]},
             "issuers": ["https://b.example"]},
             {"roles": {"any": ["auditor"]}, "issuers": ["https://a.example"]},
         ]},
        {"name": "gold", "match": {"path": {"prefix": "/users"}}, "action": "allow",
         "principals": [{"tiers": ["gold"], "claims": [{"path": "plan", "any": ["x"]}],
                         "sources": ["10.0.0.0/8"]}]},
        {"name": "edit", "match": {"path": {"prefix": "/orders"}, "methods": ["PUT", "DELETE"],
         "hosts": ["a.example"]}, "action": "allow"},
        {"name": "list", "match": {"path": {"prefix": "/orders"}, "methods": ["HEAD"]},
        "action": "allow"},
    ]));
    let long = "r".repeat(300);
    let user = known("alice", &["user", "b\n"]);
    for (host, path, want) in [
        (&user, "/users/1", "nearest rule `staff`: roles, and there is `user b `".to_owned()),
        (
            &known("alice", &[&long]),
            "/users/1",
            format!("nearest rule `staff`: roles, and there is `{}…`", "r".repeat(64)),
        ),
        (
            &known("alice", &[]),
            "/users",
            "nearest rule `staff`: roles, and there is none".to_owned(),
        ),
        (&user, "/orders", "nearest rule `list`: its methods are others".to_owned()),
        (&user, "/else", "no rule is for this path".to_owned()),
        (&user, &format!("/{}", "e".repeat(1024)), "the path has 1025 bytes".to_owned()),
    ] {
        let outcome = get(&filter, host, path);
        assert_eq!(outcome.decision.code, Code::NoRule, "{path}");
        assert_eq!(outcome.decision.why, Some(want), "{path}");
        let told = format!("{:?}", reply(&outcome));
        assert!(!told.contains("staff") && !told.contains("list"), "{told}");
    }
    // What decides is told by its name, as ever.
    let denied = get(&filter, &known("mallory", &[]), "/users");
    assert_eq!((denied.decision.code, denied.decision.why), (Code::Denied, None));
    let telling: Authorization = configured(
        &json!({"tell_scopes": true, "rules": [{"name": "read", "action": "allow",
            "principals": [{"scopes": {"all": ["a", "b"]}}]}]})
        .to_string(),
    )
    .unwrap();
    let lacking = get(&telling, &user, "/");
    assert_eq!(lacking.decision.why.as_deref(), Some("lacks the scopes a b"));
}
