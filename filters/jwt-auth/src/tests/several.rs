//! Several providers: whose token a rule takes, from where, and requests that need a token of each.

use super::*;

const SERVICE: &str = "https://service.example";

/// Users have bearer tokens, services and a batch system have theirs in a field of their own.
fn providers() -> Value {
    let own = json!([{"header": "x-service-token"}, {"query": "service_token"}]);
    json!([
        {"name": "users", "issuer": ISSUER, "jwks": key_set(),
            "claims_to_headers": [{"claim": "sub", "header": "x-user"}]},
        {"name": "services", "issuer": SERVICE, "jwks": key_set(), "sources": own,
            "claims_to_headers": [{"claim": "sub", "header": "x-service"}]},
        {"name": "batch", "issuer": "https://batch.example", "jwks": key_set(), "sources": own},
    ])
}

fn token_of(issuer: &str, subject: &str) -> String {
    token(&claims_with(json!({"iss": issuer, "sub": subject})))
}

#[test]
fn every_form_of_require_takes_the_tokens_that_it_says() {
    let user = format!("Bearer {}", token_of(ISSUER, "alice"));
    let service_as_user = format!("Bearer {}", token_of(SERVICE, "orders"));
    let (service, batch) =
        (token_of(SERVICE, "orders"), token_of("https://batch.example", "night"));
    let user_as_service = token_of(ISSUER, "alice");
    let (a, s) = ("authorization", "x-service-token");
    let host = FakeHost::at(NOW);
    for (require, sent, want) in [
        (json!("any"), vec![], "token_missing"),
        (json!("any"), vec![(a, &user)], "allowed"),
        (json!("any"), vec![(s, &service)], "allowed"),
        (json!("any"), vec![(s, &batch)], "allowed"),
        (json!("any"), vec![(a, &user), (s, &service)], "token_repeated"),
        // A good token in another provider's slot is nobody's.
        (json!("any"), vec![(a, &service_as_user)], "issuer_unknown"),
        (json!("any"), vec![(s, &user_as_service)], "issuer_unknown"),
        (json!("optional"), vec![], "anonymous"),
        (json!("optional"), vec![(s, &service)], "allowed"),
        (json!("none"), vec![(a, &service_as_user)], "not_required"),
        (json!(["users"]), vec![(a, &user)], "allowed"),
        // What is not a source of it is not looked at.
        (json!(["users"]), vec![(a, &user), (s, &service)], "allowed"),
        (json!(["users"]), vec![(s, &service)], "token_missing"),
        (json!({"any": ["services", "batch"]}), vec![(s, &batch)], "allowed"),
        (json!({"any": ["services"]}), vec![(s, &batch)], "issuer_unknown"),
        (json!({"optional": ["services"]}), vec![], "anonymous"),
        (json!({"optional": ["services"]}), vec![(a, &user)], "anonymous"),
        (json!({"optional": ["services"]}), vec![(s, &service)], "allowed"),
        (json!({"optional": ["services"]}), vec![(s, &batch)], "issuer_unknown"),
        (json!({"all": ["users", "services"]}), vec![(a, &user), (s, &service)], "allowed"),
        (json!({"all": ["users", "services"]}), vec![(a, &user)], "token_missing"),
        (json!({"all": ["users", "services"]}), vec![(s, &service)], "token_missing"),
        (json!({"all": ["users", "services"]}), vec![], "token_missing"),
        (json!({"all": ["users", "services"]}), vec![(a, &user), (s, &batch)], "issuer_unknown"),
        (
            json!({"all": ["users", "services"]}),
            vec![(a, &user), (s, &user_as_service)],
            "issuer_unknown",
        ),
        (
            json!({"all": ["users", ["services", "batch"]]}),
            vec![(a, &user), (s, &batch)],
            "allowed",
        ),
        (
            json!({"all": [["services", "batch"], "users"]}),
            vec![(a, &user), (s, &batch)],
            "allowed",
        ),
        (json!({"all": ["users"]}), vec![(a, &user)], "allowed"),
    ] {
        let filter = filter(json!({"providers": providers(), "default": require}));
        // Again with what is remembered by then.
        for round in 0..2 {
            let code = ask(&filter, &host, &sent).decision.code.name();
            assert_eq!(code, want, "{require} {round} {:?}", sent.iter().map(|(name, _)| name));
        }
    }
}

#[test]
fn of_several_tokens_the_first_says_who_it_is_and_each_writes_its_fields() {
    let (user, service) =
        (format!("Bearer {}", token_of(ISSUER, "alice")), token_of(SERVICE, "orders"));
    let sent =
        [("authorization", user.as_str()), ("x-service-token", &service), ("x-service", "forged")];
    let host = FakeHost::at(NOW);
    for (require, subject) in [
        (json!({"all": ["users", "services"]}), "alice"),
        (json!({"all": ["services", "users"]}), "orders"),
    ] {
        let filter =
            filter(json!({"providers": providers(), "default": require, "forward_token": false}));
        let outcome = ask(&filter, &host, &sent);
        assert_eq!(outcome.identity().unwrap().subject.as_deref(), Some(subject));
        assert_eq!(
            (outcome.values("x-user"), outcome.values("x-service")),
            (vec!["alice".into()], vec!["orders".into()])
        );
        assert!(
            outcome.values("authorization").is_empty()
                && outcome.values("x-service-token").is_empty()
        );
    }
    // Where one is bad, nothing of the other is believed, not even in a dry run.
    for mode in ["enforce", "shadow"] {
        let require = json!({"all": ["users", "services"]});
        let filter = filter(json!({"providers": providers(), "default": require, "mode": mode}));
        let forged = format!("{}A", service.strip_suffix(|_| true).unwrap());
        let outcome = ask(&filter, &host, &[sent[0], ("x-service-token", &forged), sent[2]]);
        assert_eq!(outcome.decision.code.name(), "signature_invalid");
        assert!(outcome.values("x-user").is_empty() && outcome.values("x-service").is_empty());
        assert!(outcome.identity().is_none());
    }
}

#[test]
fn a_token_that_a_rule_did_not_ask_for_is_not_for_the_upstream_either() {
    let filter = filter(json!({
        "providers": providers(),
        "rules": [{"match": {"path": {"prefix": "/open"}}, "require": "none"}],
        "default": {"optional": ["users"]},
        "forward_token": false,
    }));
    let service = token_of(SERVICE, "orders");
    let left = |path: &str| {
        let outcome =
            ask(&filter, &FakeHost::at(NOW), &[(":path", path), ("x-service-token", &service)]);
        (outcome.decision.code.name(), outcome.values("x-service-token").len())
    };
    assert_eq!(left("/"), ("anonymous", 0));
    // Not looked at: it may be the upstream's own.
    assert_eq!(left("/open"), ("not_required", 1));
}

#[test]
fn who_lacks_one_of_several_tokens_is_told_that_each_is_needed() {
    let filter =
        filter(json!({"providers": providers(), "default": {"all": ["users", "services"]}}));
    let outcome = ask_with(&filter, &token_of(ISSUER, "alice"));
    assert_eq!(challenge(&outcome), r#"Bearer realm="gatehouse""#);
    let Step::Reply(Reply::Problem(reply)) = &outcome.decision.step else { panic!() };
    assert_eq!(reply.detail, "Send a token of each issuer that is needed here, each in its place");
    // Whoever is known already has not sent them either.
    let host = FakeHost::at(NOW);
    host.identify(&gatehouse_filter::Identity::default());
    let each = json!({"all": ["users", "services"]});
    let filter = super::filter(
        json!({"providers": providers(), "default": each, "accept_identified": true}),
    );
    assert_eq!(ask::<_, &str>(&filter, &host, &[]).decision.code.name(), "token_missing");
}

#[test]
fn providers_that_cannot_be_told_apart_are_not_required_together() {
    let with = |changes: Value, require: Value| {
        let mut providers = providers();
        gatehouse_filter_test::change(&mut providers[1], &changes);
        let configuration = json!({"providers": providers, "rules": [{"require": require}]});
        configured::<JwtAuth>(&configuration.to_string()).err().unwrap_or_default()
    };
    let all = json!({"all": ["users", "services"]});
    for (changes, require, want) in [
        (json!({}), all.clone(), vec![]),
        (
            json!({}),
            json!({"all": ["services", "batch"]}),
            vec![
                "rules[0].require.all[1]: must have its token in another place than the providers before it: give each `sources` of its own",
            ],
        ),
        (
            json!({}),
            json!({"all": ["users", "users"]}),
            vec![
                "rules[0].require.all[1]: must have its token in another place than the providers before it: give each `sources` of its own",
            ],
        ),
        (
            json!({"claims_to_headers": [{"claim": "sub", "header": "x-user"}]}),
            all.clone(),
            vec![
                "rules[0].require.all[1]: must not write the field `x-user`, which a provider before it writes too",
            ],
        ),
        (json!({}), json!({"all": []}), vec!["rules[0].require.all: must not be empty"]),
        (
            json!({}),
            json!({"all": ["x"]}),
            vec!["rules[0].require.all[0]: unknown provider; known: users, services, batch"],
        ),
        (
            json!({}),
            json!({"all": [["x"]]}),
            vec!["rules[0].require.all[0][0]: unknown provider; known: users, services, batch"],
        ),
        (
            json!({}),
            json!({"all": ["users"], "any": ["users"]}),
            vec![
                "rules[0].require: must be none, optional, lenient, any, a list of provider names, or a mapping with one of any, optional, lenient, all",
            ],
        ),
        (
            json!({}),
            json!({}),
            vec![
                "rules[0].require: must be none, optional, lenient, any, a list of provider names, or a mapping with one of any, optional, lenient, all",
            ],
        ),
        (
            json!({"sources": [{"header": "authorization_", "prefix": "a "},
                {"header": "authorizatioN"}]}),
            json!("any"),
            vec![
                "providers[1]: has its tokens where those of a provider before it may be: the \
                 same `sources` will do, or quite others",
            ],
        ),
        // A field without a prefix holds every token that one with a prefix does.
        (
            json!({"sources": [{"header": "authorization"}]}),
            json!("any"),
            vec![
                "providers[1]: has its tokens where those of a provider before it may be: the \
                 same `sources` will do, or quite others",
            ],
        ),
        (json!({"sources": [{"header": "authorization", "prefix": "Service "}]}), all, vec![]),
        (
            json!({"sources": [{"header": "x-user"}]}),
            json!("any"),
            vec![
                "providers: the field `x-user` is written by one provider, and another's tokens are read from it",
            ],
        ),
        (json!({"sources": []}), json!("any"), vec!["providers[1].sources: must not be empty"]),
    ] {
        assert_eq!(with(changes.clone(), require.clone()), want, "{changes} {require}");
    }
}

#[test]
fn a_provider_of_any_issuer_takes_nobody_else_s_tokens() {
    let any = json!({"name": "self-made", "any_issuer": true, "jwks": key_set()});
    let named =
        json!({"name": "strict", "issuer": ISSUER, "audiences": ["nobody"], "jwks": key_set()});
    let code = |require: Value, issuer: Value| {
        let filter = filter(json!({"providers": [any, named], "default": require}));
        let outcome = ask_with(&filter, &token(&claims_with(json!({"iss": issuer}))));
        let identity = outcome.identity().map(|identity| identity.issuer.clone());
        assert_eq!(identity.is_some(), outcome.decision.code == Code::Allowed);
        (outcome.decision.code.name(), identity.flatten())
    };
    let other = "https://other.example";
    for require in [json!("any"), json!(["self-made"])] {
        assert_eq!(code(require.clone(), json!(other)), ("allowed", Some(other.to_owned())));
        assert_eq!(code(require, Value::Null), ("allowed", None));
    }
    // Its keys could sign them, and its rules are laxer.
    assert_eq!(code(json!("any"), json!(ISSUER)), ("audience_mismatch", None));
    assert_eq!(code(json!(["self-made"]), json!(ISSUER)), ("issuer_unknown", None));
    assert_eq!(code(json!(["strict"]), json!(other)), ("issuer_unknown", None));
}

#[test]
fn who_sends_a_key_and_a_token_is_refused_or_one_of_the_two() {
    const NOBODY: Option<&str> = None;
    let good = token(&claims());
    let expired = token(&claims_with(json!({"exp": 1})));
    let either = |on_both: Value| json!({"accept_identified": true, "on_both": on_both});
    for (case, more, sent, is_known, code, subject, field) in [
        ("either, strictly", either(json!(null)), &good, true, "two_identities", NOBODY, NOBODY),
        ("refuse", either(json!("refuse")), &good, true, "two_identities", NOBODY, NOBODY),
        (
            "a bad token as well",
            either(json!("refuse")),
            &expired,
            true,
            "two_identities",
            NOBODY,
            NOBODY,
        ),
        ("no key", either(json!("refuse")), &good, false, "allowed", Some("alice"), Some("alice")),
        ("token", either(json!("token")), &good, true, "allowed", Some("alice"), Some("alice")),
        ("key", either(json!("key")), &good, true, "identified", NOBODY, NOBODY),
        (
            "key, and a bad token",
            either(json!("key")),
            &expired,
            true,
            "token_expired",
            NOBODY,
            NOBODY,
        ),
        (
            "key, of whom there is none",
            either(json!("key")),
            &good,
            false,
            "allowed",
            Some("alice"),
            Some("alice"),
        ),
        // Where both are needed, both are sent.
        ("both", json!({}), &good, true, "allowed", Some("alice"), Some("alice")),
        (
            "both, strictly",
            json!({"on_both": "refuse"}),
            &good,
            true,
            "two_identities",
            NOBODY,
            NOBODY,
        ),
    ] {
        let host = FakeHost::at(NOW);
        if is_known {
            let consumer = Some("acme".to_owned());
            host.identify(&gatehouse_filter::Identity { consumer, ..Default::default() });
        }
        let authorization = format!("Bearer {sent}");
        let outcome = ask(&filter(more), &host, &[("authorization", &authorization)]);
        assert_eq!(outcome.decision.code.name(), code, "{case}");
        let identity = outcome.identity().and_then(|identity| identity.subject);
        assert_eq!(identity.as_deref(), subject, "{case}");
        assert_eq!(outcome.values("x-user").first().map(String::as_str), field, "{case}");
        if code == "two_identities" {
            assert_eq!(outcome.status(), Some(400), "{case}");
        }
    }
}
