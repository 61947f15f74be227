//! What happens to a request: rules, preflights, shadow mode, identity.

mod refusals;

use super::*;
use gatehouse_filter::Filter;

fn with_rules() -> JwtAuth {
    let provider = |name: &str, issuer: &str| {
        json!({"name": name, "issuer": issuer, "jwks": key_set(),
            "claims_to_headers": [{"claim": "sub", "header": format!("x-{name}")}]})
    };
    filter(json!({
        "providers": [provider("main", ISSUER), provider("other", "https://other.example")],
        "rules": [
            {"name": "open", "match": {"path": {"prefix": "/open"}}, "require": "none"},
            {"name": "maybe", "match": {"path": {"prefix": "/maybe"}}, "require": "optional"},
            {"match": {"path": {"prefix": "/other"}}, "require": ["other"]},
        ],
    }))
}

#[test]
fn a_rule_says_whose_token_is_needed() {
    let filter = with_rules();
    let host = FakeHost::at(NOW);
    let main = token(&claims());
    let other = token(&claims_with(json!({"iss": "https://other.example"})));
    let expired = token(&claims_with(json!({"exp": 1})));
    for (path, token, want, rule) in [
        ("/open", None, "not_required", Some("open")),
        ("/open", Some("garbage"), "not_required", Some("open")),
        ("/maybe", None, "anonymous", Some("maybe")),
        ("/maybe", Some(&*main), "allowed", Some("maybe")),
        ("/maybe", Some(&*other), "allowed", Some("maybe")),
        ("/maybe", Some(&*expired), "token_expired", Some("maybe")),
        ("/maybe", Some("garbage"), "token_malformed", Some("maybe")),
        ("/maybe", Some(""), "anonymous", Some("maybe")),
        ("/other", None, "token_missing", Some("rules[2]")),
        ("/other", Some(&*other), "allowed", Some("rules[2]")),
        ("/other", Some(&*main), "issuer_unknown", Some("rules[2]")),
        ("/", None, "token_missing", None),
        ("/", Some(&*main), "allowed", None),
        ("/", Some(&*other), "allowed", None),
    ] {
        let mut fields = vec![(":path", path.to_owned())];
        fields.extend(token.map(|token| ("authorization", format!("bearer {token}"))));
        let outcome = ask(&filter, &host, &fields);
        assert_eq!(outcome.decision.code.name(), want, "{path} {token:?}");
        assert_eq!(outcome.decision.rule.as_deref(), rule, "{path} {token:?}");
        assert_eq!(outcome.identity().is_some(), want == "allowed", "{path} {token:?}");
    }
}

#[test]
fn a_field_that_a_provider_writes_never_comes_from_the_client() {
    let host = FakeHost::at(NOW);
    let good = format!("Bearer {}", token(&claims()));
    for mode in ["enforce", "shadow"] {
        for require in [json!("none"), json!("optional"), json!("any"), json!(["main"])] {
            let filter = filter(json!({"mode": mode, "default": require}));
            for (authorization, subject) in
                [(None, None), (Some("Bearer garbage"), None), (Some(&*good), Some("alice"))]
            {
                let mut fields = vec![("x-user", "admin"), ("x-user", "root"), ("x-kept", "1")];
                fields.extend(authorization.map(|value| ("authorization", value)));
                let outcome = ask(&filter, &host, &fields);
                let subject = subject.filter(|_| require != "none");
                let case = format!("{mode} {require} {authorization:?}");
                assert_eq!(outcome.values("x-user"), Vec::from_iter(subject), "{case}");
                assert_eq!(outcome.values("x-kept"), ["1"], "{case}");
                let mut preflight = fields.clone();
                preflight.extend([
                    (":method", "OPTIONS"),
                    ("origin", "https://app.example"),
                    ("access-control-request-method", "GET"),
                ]);
                assert_eq!(ask(&filter, &host, &preflight).values("x-user"), [""; 0], "{case}");
            }
        }
    }
}

#[test]
fn the_fields_of_every_provider_are_removed_whoever_signed() {
    let filter = with_rules();
    let authorization = format!("Bearer {}", token(&claims()));
    let fields = [("authorization", &*authorization), ("x-main", "admin"), ("x-other", "admin")];
    let outcome = ask(&filter, &FakeHost::at(NOW), &fields);
    assert_eq!(outcome.values("x-main"), ["alice"]);
    assert_eq!(outcome.values("x-other"), [""; 0]);
}

#[test]
fn a_preflight_needs_no_token_unless_it_is_made_to() {
    let host = FakeHost::at(NOW);
    let preflight = [
        (":method", "OPTIONS"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "DELETE"),
    ];
    let code =
        |filter: &JwtAuth, fields: &[(&str, &str)]| ask(filter, &host, fields).decision.code.name();
    assert_eq!(code(&filter(json!({})), &preflight), "preflight");
    assert_eq!(code(&filter(json!({"skip_preflight": false})), &preflight), "token_missing");
    for (index, _) in preflight.iter().enumerate() {
        let mut fields = preflight.to_vec();
        let (removed, _) = fields.remove(index);
        assert_eq!(code(&filter(json!({})), &fields), "token_missing", "without {removed}");
    }
}

#[test]
fn in_shadow_mode_a_refusal_is_known_and_the_request_goes_on() {
    let shadow = filter(json!({"mode": "shadow"}));
    assert_eq!(shadow.mode().name(), "shadow");
    let outcome = ask_with(&shadow, "garbage");
    assert_eq!(outcome.decision.code, Code::TokenMalformed);
    assert_eq!(outcome.status(), None);
    assert!(outcome.identity().is_none());
    let outcome = ask_with(&shadow, &token(&claims()));
    assert_eq!(outcome.identity().unwrap().subject.as_deref(), Some("alice"));
}

#[test]
fn the_identity_is_what_the_token_says() {
    let filter = filter(json!({}));
    let identity = |changes: Value| {
        let outcome = ask_with(&filter, &token(&claims_with(changes)));
        outcome.identity().unwrap()
    };
    let alice = identity(json!({
        "scope": "orders.read  orders.write",
        "scp": ["ignored"],
        "roles": ["admin", "user", 1],
        "groups": ["staff"],
        "tenant": {"id": 7},
    }));
    assert_eq!(alice.issuer.as_deref(), Some(ISSUER));
    assert_eq!(alice.subject.as_deref(), Some("alice"));
    assert_eq!(alice.scopes, ["orders.read", "orders.write"]);
    assert_eq!(alice.roles, ["admin", "user"]);
    assert_eq!(alice.groups, ["staff"]);
    assert_eq!(alice.claim("tenant.id"), Some(&json!(7)));
    assert_eq!(alice.claim("exp"), Some(&json!(NOW + 600)));

    let other =
        identity(json!({"sub": null, "scp": ["a", "b"], "roles": "admin", "groups": {"a": 1}}));
    assert_eq!(other.subject, None);
    assert_eq!(other.scopes, ["a", "b"]);
    assert_eq!(other.roles, ["admin"]);
    assert_eq!(other.groups, [""; 0]);
}

#[test]
fn a_path_or_host_in_disguise_finds_no_rule_that_asks_for_less() {
    let rules = json!([
        {"match": {"path": {"prefix": "/public"}}, "require": "none"},
        {"match": {"hosts": ["*.example"]}, "require": "optional"},
    ]);
    let decided = |changes: Value, path: &str, host: &str| {
        let outcome = ask(
            &filter(changes),
            &FakeHost::at(NOW),
            &[(":path", path), (":authority", host), ("x-user", "root")],
        );
        assert_eq!(outcome.values("x-user"), [""; 0]);
        (outcome.decision.code.name(), outcome.status())
    };
    let ambiguous = ("target_ambiguous", Some(400));
    for (path, host, want) in [
        ("/public/a", "a.example", ("not_required", None)),
        ("/public/..;/orders", "a.example", ambiguous),
        ("/public/%252e%252e/orders", "a.example", ambiguous),
        ("/orders/..;/public", "a.example", ambiguous),
        ("/orders", "a.example", ("anonymous", None)),
        ("/orders", "a.example,b.example", ambiguous),
        ("/orders", "b@a.example", ambiguous),
    ] {
        assert_eq!(decided(json!({"rules": rules}), path, host), want, "{path} at {host}");
    }
    let dry = json!({"rules": rules, "mode": "shadow"});
    assert_eq!(decided(dry, "/public/..;/orders", "a.example"), ("target_ambiguous", None));
    // Where no rule looks at them, they mislead nobody.
    let (path, host) = ("/public/..;/orders", "b@a.example");
    assert_eq!(decided(json!({}), path, host), ("token_missing", Some(401)));
    let methods = json!({"rules": [{"match": {"methods": ["GET"]}, "require": "none"}]});
    assert_eq!(decided(methods, path, host), ("not_required", None));
}

#[test]
fn an_options_request_with_another_method_in_a_field_is_no_preflight() {
    let preflight = [
        (":method", "OPTIONS"),
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
    ];
    let code = |more: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> = preflight.iter().chain(more).copied().collect();
        ask(&filter(json!({})), &FakeHost::at(NOW), &fields).decision.code.name()
    };
    assert_eq!(code(&[]), "preflight");
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        assert_eq!(code(&[(name, "DELETE")]), "token_missing", "{name}");
    }
}

#[test]
fn where_a_bad_token_counts_as_none_nothing_of_it_is_believed_or_passed_on() {
    let good = token(&claims());
    let (expired, other) = (
        token(&claims_with(json!({"exp": 1}))),
        token(&claims_with(json!({"iss": "https://x.example"}))),
    );
    for require in [json!("lenient"), json!({"lenient": ["main"]})] {
        for (forward, mode) in [(true, "enforce"), (false, "enforce"), (true, "shadow")] {
            let filter =
                filter(json!({"default": require, "forward_token": forward, "mode": mode}));
            for (tokens, want, user) in [
                (&[][..], "anonymous", &[""; 0][..]),
                (&[&good], "allowed", &["alice"]),
                (&[&expired], "token_ignored", &[]),
                (&[&other], "token_ignored", &[]),
                (&[&"garbage".to_owned()], "token_ignored", &[]),
                (&[&good, &expired], "token_ignored", &[]),
            ] {
                let mut sent = vec![("x-user", "root".to_owned())];
                sent.extend(
                    tokens.iter().map(|token| ("authorization", format!("Bearer {token}"))),
                );
                let outcome = ask(&filter, &FakeHost::at(NOW), &sent);
                assert_eq!(
                    (outcome.decision.code.name(), outcome.status()),
                    (want, None),
                    "{require} {tokens:?}"
                );
                assert_eq!(outcome.values("x-user"), user);
                assert_eq!(outcome.decision.caller.is_some(), want == "allowed");
                let left = outcome.values("authorization").len();
                assert_eq!(
                    left,
                    usize::from(want == "allowed" && forward),
                    "{require} {forward} {tokens:?}"
                );
            }
        }
    }
    // Another's credentials stay.
    let basic = ask(
        &filter(json!({"default": "lenient"})),
        &FakeHost::at(NOW),
        &[("authorization", "Basic YTpi")],
    );
    assert_eq!((basic.decision.code.name(), basic.values("authorization").len()), ("anonymous", 1));
}

#[test]
fn whoever_is_known_already_may_need_no_token_but_no_bad_one_passes() {
    let partner =
        gatehouse_filter::Identity { consumer: Some("acme".to_owned()), ..Default::default() };
    let (unknown, known) = (FakeHost::at(NOW), FakeHost::at(NOW));
    known.identify(&partner);
    let good = format!("Bearer {}", token(&claims()));
    let code = |accept: bool, default: &str, host: &FakeHost, authorization: Option<&str>| {
        let more = json!({"accept_identified": accept, "on_both": "token", "default": default});
        let filter = filter(more);
        let sent: Vec<_> =
            authorization.map(|value| ("authorization", value)).into_iter().collect();
        let outcome = ask(&filter, host, &sent);
        assert_eq!(outcome.decision.caller.is_some(), outcome.decision.code == Code::Allowed);
        outcome.decision.code.name()
    };
    for (accept, default, host, authorization, want) in [
        (true, "any", &known, None, "identified"),
        (true, "any", &known, Some("Basic YTpi"), "identified"),
        (true, "any", &known, Some(&*good), "allowed"),
        (true, "any", &known, Some("Bearer a.b.c"), "token_malformed"),
        (true, "any", &unknown, None, "token_missing"),
        (true, "optional", &known, None, "anonymous"),
        (false, "any", &known, None, "token_missing"),
    ] {
        assert_eq!(
            code(accept, default, host, authorization),
            want,
            "{accept} {default} {authorization:?}"
        );
    }
}
