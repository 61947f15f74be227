//! What rules ask of tokens beyond what their providers do.

mod configuration;

use super::*;
use gatehouse_filter::{Filter as _, Mode};

/// A filter with one rule, with these members besides.
fn filter_of(rule: Value) -> JwtAuth {
    filter(json!({"rules": [ruled(rule)]}))
}

fn ruled(more: Value) -> Value {
    let mut rule = json!({"name": "r", "match": {"path": {"template": "/{first}/{rest=**}"}},
        "require": "any"});
    gatehouse_filter_test::change(&mut rule, &more);
    rule
}

/// What is decided of a request with this token and these fields, which comes twice.
fn code_of(filter: &JwtAuth, token: &str, fields: &[(&str, &[u8])]) -> &'static str {
    let authorization = format!("Bearer {token}");
    let mut head: Vec<(&str, &[u8])> = vec![(":path", b"/a/b"), (":authority", b"a.example")];
    head.retain(|(name, _)| fields.iter().all(|(given, _)| given != name));
    head.push(("authorization", authorization.as_bytes()));
    head.extend(fields);
    let host = FakeHost::at(NOW);
    let codes = [0, 1].map(|_| ask(filter, &host, &head).decision.code.name());
    assert_eq!(codes[0], codes[1], "remembered, it is the same");
    codes[0]
}

#[test]
fn a_rule_narrows_whom_a_token_is_for_and_what_kind_it_is() {
    let typed = |typ: &str, claims: &Value| {
        signed(&json!({"alg": "EdDSA", "kid": "main", "typ": typ}).to_string(), &claims.to_string())
    };
    let for_two = claims_with(json!({"aud": ["gateway", "orders"]}));
    for (rule, token, want) in [
        (json!({"audiences": ["orders"]}), token(&for_two), "allowed"),
        (json!({"audiences": ["orders", "users"]}), token(&for_two), "allowed"),
        (json!({"audiences": ["gateway"]}), token(&claims()), "allowed"),
        (json!({"audiences": ["orders"]}), token(&claims()), "audience_mismatch"),
        (json!({"audiences": ["Orders"]}), token(&for_two), "audience_mismatch"),
        // The provider's own audience is asked for all the same.
        (
            json!({"audiences": ["orders"]}),
            token(&claims_with(json!({"aud": "orders"}))),
            "audience_mismatch",
        ),
        (json!({"types": ["at+jwt"]}), typed("at+jwt", &claims()), "allowed"),
        (json!({"types": ["at+jwt"]}), typed("application/AT+JWT", &claims()), "allowed"),
        (json!({"types": ["at+jwt", "JWT"]}), typed("jwt", &claims()), "allowed"),
        (json!({"types": ["at+jwt"]}), typed("jwt", &claims()), "type_not_allowed"),
        (json!({"types": ["at+jwt"]}), token(&claims()), "type_not_allowed"),
        (
            json!({"types": ["at+jwt"], "audiences": ["orders"],
                "required_claims": [{"claim": "sub", "prefix": "al"}]}),
            typed("at+jwt", &for_two),
            "allowed",
        ),
    ] {
        assert_eq!(code_of(&filter_of(rule.clone()), &token, &[]), want, "{rule}");
    }
}

#[test]
fn a_claim_is_compared_with_what_the_request_says() {
    type Field = (&'static str, &'static [u8]);
    const YES: &str = "allowed";
    const NO: &str = "claim_mismatch";
    let with = |says: Value| {
        let mut required = json!({"claim": "tenant"});
        gatehouse_filter_test::change(&mut required, &says);
        required
    };
    let (header, query) = (with(json!({"header": "X-Tenant"})), with(json!({"query": "tenant"})));
    let host = with(json!({"host": "*.example.com"}));
    let capture = with(json!({"capture": "first"}));
    let either = with(json!({"any_of": [{"header": "x-tenant"}, {"prefix": "staff-"}, "root"]}));
    let acme = json!("acme");
    for (required, tenant, fields, want) in [
        (&capture, &acme, &[(":path", b"/acme/x" as &[u8])] as &[Field], YES),
        (&capture, &acme, &[(":path", b"/other/x")], NO),
        (&capture, &json!(42), &[(":path", b"/42/x")], YES),
        (&capture, &json!(42.0), &[(":path", b"/42/x")], NO),
        (&capture, &json!(["other", "acme"]), &[(":path", b"/acme/x")], YES),
        (&capture, &json!({"acme": "acme"}), &[(":path", b"/acme/x")], NO),
        (&capture, &json!([["acme"]]), &[(":path", b"/acme/x")], NO),
        (&header, &acme, &[("x-tenant", b"acme")], YES),
        (&header, &acme, &[("x-tenant", b"acme"), ("x-tenant", b"acme")], NO),
        (&header, &acme, &[("x-tenant", b"acme"), ("x_tenant", b"acme")], NO),
        (&header, &acme, &[("x-tenant", b"Acme")], NO),
        (&header, &acme, &[("x-tenant", b"acme,other")], NO),
        (&header, &acme, &[("x-tenant", b"acm\xff")], NO),
        (&header, &acme, &[], NO),
        (&header, &json!(""), &[("x-tenant", b"")], NO),
        (&header, &json!(null), &[("x-tenant", b"null")], NO),
        (&header, &json!(true), &[("x-tenant", b"true")], NO),
        (&query, &acme, &[(":path", b"/a/b?tenant=%61cme")], YES),
        (&query, &acme, &[(":path", b"/a/b?tenant=acme&tenant=other")], NO),
        (&query, &acme, &[(":path", b"/a/b?tenant=acme&Tenant=other")], NO),
        (&query, &acme, &[(":path", b"/a/b?tenant=%2561cme")], NO),
        (&query, &acme, &[(":path", b"/a/b")], NO),
        (&host, &acme, &[(":authority", b"Acme.Example.com:8443")], YES),
        (&host, &acme, &[(":authority", b"other.example.com")], NO),
        (&host, &acme, &[(":authority", b"acme.example.com,other.example.com")], NO),
        (&either, &acme, &[("x-tenant", b"acme")], YES),
        (&either, &json!("staff-7"), &[("x-tenant", b"acme")], YES),
        (&either, &json!("root"), &[], YES),
        // What is certain settles it, though the request says another in several ways.
        (&either, &json!("root"), &[("x-tenant", b"a"), ("x-tenant", b"b")], YES),
        (&either, &json!("other"), &[("x-tenant", b"acme")], NO),
    ] {
        let filter = filter_of(json!({"required_claims": [required]}));
        let mut said = claims();
        said["tenant"] = tenant.clone();
        assert_eq!(code_of(&filter, &token(&said), fields), want, "{required} {tenant} {fields:?}");
    }
    let missing = filter_of(json!({"required_claims": [capture]}));
    assert_eq!(code_of(&missing, &token(&claims()), &[]), NO, "there is no such claim");
}

#[test]
fn a_text_is_like_another_by_its_beginning_its_end_and_a_pattern() {
    let token = token(&claims_with(json!({
        "email": "alice@example.com", "groups": ["eng-api", "ops"], "level": 12,
    })));
    for (required, want) in [
        (json!({"claim": "email", "suffix": "@example.com"}), true),
        (json!({"claim": "email", "suffix": "@example.org"}), false),
        (json!({"claim": "groups", "prefix": "eng-"}), true),
        (json!({"claim": "groups", "prefix": "sales-"}), false),
        (json!({"claim": "email", "regex": "^[a-z]+@example\\.com$"}), true),
        (json!({"claim": "email", "regex": "^bob"}), false),
        (json!({"claim": "level", "regex": "1"}), false),
        (json!({"claim": "absent", "regex": "^"}), false),
        (json!({"claim": "email", "any_of": ["x", {"suffix": ".com"}]}), true),
        (json!({"claim": "level", "any_of": [{"prefix": "1"}, {"json": "12"}]}), true),
    ] {
        let code = if want { "allowed" } else { "claim_mismatch" };
        let of_rule = filter_of(json!({"required_claims": [required]}));
        assert_eq!(code_of(&of_rule, &token, &[]), code, "{required}");
        // Of a provider it is the same.
        let provider = json!({"name": "main", "issuer": ISSUER, "jwks": key_set(),
            "required_claims": [required]});
        let of_provider = filter(json!({"providers": [provider]}));
        assert_eq!(code_of(&of_provider, &token, &[]), code, "{required}");
    }
}

#[test]
fn one_token_is_good_for_one_rule_and_not_for_another() {
    let by_path = |path: &str, tenant: &str| {
        json!({"name": tenant, "match": {"path": {"prefix": path}}, "require": "any",
            "required_claims": [{"claim": "tenant", "equals": tenant}]})
    };
    let filter = filter(json!({"rules": [by_path("/acme", "acme"), by_path("/other", "other")]}));
    let acme = token(&claims_with(json!({"tenant": "acme"})));
    let authorization = format!("Bearer {acme}");
    let host = FakeHost::at(NOW);
    // In both orders: what is remembered of the token is no rule's verdict.
    for path in ["/acme", "/other", "/acme", "/", "/other"] {
        let head = [(":path", path), ("authorization", &authorization)];
        let outcome = ask(&filter, &host, &head);
        let want = if path == "/other" { "claim_mismatch" } else { "allowed" };
        assert_eq!(outcome.decision.code.name(), want, "{path}");
        let user: &[&str] = if want == "allowed" { &["alice"] } else { &[] };
        assert_eq!(outcome.values("x-user"), user, "{path}");
    }
    assert_eq!(filter.cache.len(), 1);
}

#[test]
fn a_refusal_for_want_of_what_a_rule_asks_is_a_challenge_and_says_why_to_operators() {
    let typed = r#"{"alg":"EdDSA","kid":"main","typ":"JWT"}"#;
    let tenant = token(&claims_with(json!({"tenant": "acme"})));
    let said = json!({"claim": "tenant", "header": "x-tenant"});
    for (rule, token, fields, why) in [
        (
            json!({"audiences": ["orders"]}),
            token(&claims()),
            &[][..],
            "aud is `\"gateway\"`, wanted one of `orders` by the rule; provider `main`",
        ),
        (
            json!({"types": ["at+jwt"]}),
            signed(typed, &claims().to_string()),
            &[],
            "typ `jwt`, wanted one of `at+jwt` by the rule; provider `main`",
        ),
        (
            json!({"types": ["at+jwt"]}),
            token(&claims()),
            &[],
            "no typ, wanted one of `at+jwt` by the rule; provider `main`",
        ),
        (
            json!({"required_claims": [said]}),
            tenant.clone(),
            &[("x-tenant", "other")],
            "`tenant` is `\"acme\"`, which is not what the rule wants; provider `main`",
        ),
        (
            json!({"required_claims": [said]}),
            tenant.clone(),
            &[("x-tenant", "acme"), ("x-tenant", "other")],
            "`tenant` is `\"acme\"`, and the request says in several ways what it must be; \
             provider `main`",
        ),
        (
            json!({"required_claims": [{"claim": "plan"}]}),
            tenant.clone(),
            &[],
            "`plan` is missing, which is not what the rule wants; provider `main`",
        ),
    ] {
        for mode in [Mode::Enforce, Mode::Shadow] {
            let shadow = if mode == Mode::Shadow { json!("shadow") } else { json!("enforce") };
            let filter = filter(json!({"mode": shadow, "rules": [ruled(rule.clone())]}));
            assert_eq!(filter.mode(), mode);
            let authorization = format!("Bearer {token}");
            let mut head = vec![(":path", "/a/b"), ("authorization", authorization.as_str())];
            head.extend(fields);
            let outcome = ask(&filter, &FakeHost::at(NOW), &head);
            assert_eq!(outcome.decision.why.as_deref(), Some(why), "{rule}");
            assert_eq!(outcome.values("x-user"), [""; 0], "{rule}");
            assert!(outcome.decision.caller.is_none(), "{rule}");
            if mode == Mode::Enforce {
                assert_eq!(outcome.status(), Some(401), "{rule}");
                assert!(challenge(&outcome).contains("error=\"invalid_token\""), "{rule}");
            } else {
                assert_eq!(outcome.status(), None, "{rule}");
            }
        }
    }
}

#[test]
fn a_token_that_is_not_needed_is_held_to_it_where_it_is_sent() {
    let asked = json!([{"claim": "tenant", "equals": "acme"}]);
    let good = format!("Bearer {}", token(&claims_with(json!({"tenant": "acme"}))));
    let bad = format!("Bearer {}", token(&claims()));
    for (require, authorization, want) in [
        ("optional", Some(&good), "allowed"),
        ("optional", Some(&bad), "claim_mismatch"),
        ("optional", None, "anonymous"),
        ("lenient", Some(&good), "allowed"),
        ("lenient", Some(&bad), "token_ignored"),
        ("lenient", None, "anonymous"),
    ] {
        let filter = filter_of(json!({"require": require, "required_claims": asked}));
        let mut head = vec![(":path", "/a/b")];
        head.extend(authorization.map(|value| ("authorization", value.as_str())));
        for round in 0..2 {
            let outcome = ask(&filter, &FakeHost::at(NOW), &head);
            assert_eq!(outcome.decision.code.name(), want, "{require} {round}");
            let is_sent_on = !outcome.values("authorization").is_empty();
            assert_eq!(is_sent_on, authorization.is_some() && want != "token_ignored", "{require}");
        }
    }
}

#[test]
fn each_of_several_tokens_is_held_to_it() {
    const MESH: &str = "https://mesh.example";
    let filter = filter(json!({
        "providers": [
            {"name": "users", "issuer": ISSUER, "jwks": key_set()},
            {"name": "mesh", "issuer": MESH, "jwks": key_set(),
             "sources": [{"header": "x-service-token"}]},
        ],
        "rules": [{"require": {"all": ["users", "mesh"]},
            "required_claims": [{"claim": "env", "any_of": ["prod"]}]}],
    }));
    let of = |issuer: &str, env: &str| token(&claims_with(json!({"iss": issuer, "env": env})));
    for (user, service, want) in [
        ("prod", "prod", "allowed"),
        ("test", "prod", "claim_mismatch"),
        ("prod", "test", "claim_mismatch"),
    ] {
        let (user, service) = (format!("Bearer {}", of(ISSUER, user)), of(MESH, service));
        let head = [("authorization", &user), ("x-service-token", &service)];
        let outcome = ask(&filter, &FakeHost::at(NOW), &head);
        assert_eq!(outcome.decision.code.name(), want);
    }
}
