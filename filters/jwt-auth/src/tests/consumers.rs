//! Tokens whose consumers a table knows.

mod configuration;
mod polled;

use super::*;

/// A filter whose provider finds consumers so, with these members besides.
fn mapped(consumer: Value, more: Value) -> JwtAuth {
    configured(&configuration(consumer, more).to_string()).unwrap()
}

fn configuration(consumer: Value, more: Value) -> Value {
    let provider = |name: &str, issuer: &str| {
        json!({
            "name": name, "issuer": issuer, "jwks": key_set(), "consumer": consumer,
        })
    };
    let mut configuration = json!({
        "providers": [provider("main", ISSUER), provider("other", "https://other.example")],
        "consumers": consumers(),
    });
    gatehouse_filter_test::change(&mut configuration, &more);
    configuration
}

fn consumers() -> Value {
    let token = |provider: &str, value: &str| json!({"provider": provider, "value": value});
    json!([
        {"name": "acme",
         "tokens": [token("main", "client-1"), token("main", "17"), token("other", "x")],
         "tier": "gold", "groups": ["partners"], "scopes": ["orders:write"],
         "metadata": {"account": 17}},
        {"name": "web", "tokens": [token("main", "x")]},
        {"name": "gone", "tokens": [token("main", "client-9")], "disabled": true},
    ])
}

/// The same, without what tokens call them.
fn by_name() -> Value {
    json!({"consumers": [{"name": "acme", "tier": "gold"}, {"name": "gone", "disabled": true}]})
}

/// What is decided of a token with these claims: the code, and whose it is.
fn decided(filter: &JwtAuth, changes: Value) -> (&'static str, Option<String>) {
    let decision = ask_with(filter, &token(&claims_with(changes))).decision;
    let consumer = decision.caller.as_ref().and_then(|caller| caller.consumer());
    (decision.code.name(), consumer.map(str::to_owned))
}

#[test]
fn a_token_is_of_whom_its_claim_names_and_of_nobody_else() {
    let refuse = mapped(json!({"claim": "azp"}), json!({}));
    let pass = mapped(json!({"claim": "azp", "unknown": "pass"}), json!({}));
    let huge = "client-1".repeat(1000);
    for (claim, want) in [
        (json!("client-1"), Some("acme")),
        (json!("17"), Some("acme")),
        (json!("x"), Some("web")),
        // The names of consumers are not what tokens call them.
        (json!("acme"), None),
        (json!("Client-1"), None),
        (json!(" client-1"), None),
        (json!("client-1\u{0}"), None),
        (json!("client-1 "), None),
        (json!("ｃlient-1"), None),
        (json!(huge), None),
        (json!(""), None),
        (json!(17), None),
        (json!(true), None),
        (json!(["client-1"]), None),
        (json!([]), None),
        (json!({"client-1": "client-1"}), None),
        (json!({}), None),
        (Value::Null, None),
    ] {
        let changes = json!({"azp": claim});
        let named = want.map(str::to_owned);
        let code = if want.is_some() { "allowed" } else { "consumer_unknown" };
        assert_eq!(decided(&refuse, changes.clone()), (code, named.clone()), "{claim}");
        assert_eq!(decided(&pass, changes.clone()), ("allowed", named), "{claim}");
    }
    for filter in [&refuse, &pass] {
        assert_eq!(decided(filter, json!({"azp": "client-9"})), ("consumer_disabled", None));
    }
    // Other spellings of the claim, and ones that say null.
    for payload in [
        claims_with(json!({"AZP": "client-1"})),
        claims_with(json!({"az\u{440}": "client-1"})),
        claims_with(json!({"a": {"azp": "client-1"}})),
    ] {
        assert_eq!(code_for(&refuse, &token(&payload)), "consumer_unknown", "{payload}");
    }
    let null = claims().to_string().replacen('{', r#"{"azp":null,"#, 1);
    let null = signed(r#"{"alg":"EdDSA","kid":"main"}"#, &null);
    assert_eq!(code_for(&refuse, &null), "consumer_unknown");
    let twice = claims().to_string().replacen('{', r#"{"azp":"x","azp":"client-1","#, 1);
    let twice = signed(r#"{"alg":"EdDSA","kid":"main"}"#, &twice);
    assert_eq!(code_for(&refuse, &twice), "token_malformed");
}

#[test]
fn another_providers_token_says_the_same_of_somebody_else() {
    let filter = mapped(json!({"claim": "azp"}), json!({}));
    let of_other = |azp: &str| json!({"iss": "https://other.example", "azp": azp});
    assert_eq!(decided(&filter, of_other("x")), ("allowed", Some("acme".to_owned())));
    assert_eq!(decided(&filter, of_other("client-1")), ("consumer_unknown", None));
    assert_eq!(decided(&filter, json!({"azp": "x"})), ("allowed", Some("web".to_owned())));
}

#[test]
fn a_claim_at_any_path_may_name_a_consumer_by_its_name() {
    for (claim, changes) in [
        ("sub", json!({"sub": "acme"})),
        ("client.id", json!({"client": {"id": "acme"}})),
        ("https://a.example/client", json!({"https://a.example/client": "acme"})),
        ("/a.b/c~1d", json!({"a.b": {"c/d": "acme"}})),
    ] {
        let filter = mapped(json!({"claim": claim, "by": "name"}), by_name());
        assert_eq!(decided(&filter, changes), ("allowed", Some("acme".to_owned())), "{claim}");
        assert_eq!(decided(&filter, json!({"sub": "x"})), ("consumer_unknown", None), "{claim}");
    }
    let disabled = mapped(json!({"claim": "sub", "by": "name"}), by_name());
    assert_eq!(decided(&disabled, json!({"sub": "gone"})), ("consumer_disabled", None));
}

#[test]
fn the_filters_behind_are_told_what_is_known_of_the_consumer() {
    let say = json!({"azp": "client-1", "scope": "orders:read", "groups": ["staff"]});
    for (scopes, want) in
        [("both", json!(["orders:read", "orders:write"])), ("token", json!(["orders:read"]))]
    {
        let filter = mapped(json!({"claim": "azp", "scopes": scopes}), json!({}));
        let token = token(&claims_with(say.clone()));
        // Also when it is remembered.
        for _ in 0..2 {
            let decision = ask_with(&filter, &token).decision;
            let caller = decision.caller.unwrap();
            assert_eq!((caller.subject(), caller.consumer()), (Some("alice"), Some("acme")));
            let json: Value = serde_json::from_slice(caller.json()).unwrap();
            for (part, want) in [
                ("issuer", json!(ISSUER)),
                ("scopes", want.clone()),
                ("groups", json!(["staff", "partners"])),
                ("tier", json!("gold")),
            ] {
                assert_eq!(json[part], want, "{part} with {scopes}");
            }
            assert_eq!(json["claims"]["account"], 17);
            assert_eq!(json["claims"]["azp"], "client-1");
        }
    }
}

#[test]
fn a_refusal_tells_operators_what_the_token_says_and_clients_how_it_is_theirs() {
    let filter = mapped(json!({"claim": "azp"}), json!({}));
    for (changes, status, detail, why) in [
        (
            json!({"azp": "nobody"}),
            403,
            "Nobody is known here by what the token says",
            "`azp` is `nobody`; provider `main`",
        ),
        (
            json!({"azp": 17}),
            403,
            "Nobody is known here by what the token says",
            "`azp` is no text, or missing; provider `main`",
        ),
        (
            json!({"azp": "client-9"}),
            403,
            "Whoever the token is of is disabled here",
            "`azp` is `client-9`; provider `main`",
        ),
    ] {
        let decision = ask_with(&filter, &token(&claims_with(changes.clone()))).decision;
        assert_eq!(decision.why.as_deref(), Some(why), "{changes}");
        let Step::Reply(Reply::Problem(reply)) = decision.step else { panic!("{changes}") };
        assert_eq!((reply.status, reply.headers.len()), (status, 0), "{changes}");
        let document: Value = serde_json::from_slice(&reply.document("x")).unwrap();
        assert_eq!(document["detail"], detail, "{changes}");
    }
    // A stranger's token tells nobody who there is.
    let forged = format!("{}A", token(&claims_with(json!({"azp": "client-9"}))));
    assert_eq!(code_for(&filter, &forged[..forged.len() - 2]), "token_malformed");
    let expired = claims_with(json!({"azp": "client-9", "exp": NOW - 600}));
    assert_eq!(code_for(&filter, &token(&expired)), "token_expired");
}

#[test]
fn rules_that_need_no_token_take_one_of_nobodys_for_what_they_say() {
    for (require, want) in [
        ("optional", "consumer_unknown"),
        ("lenient", "token_ignored"),
        ("any", "consumer_unknown"),
        ("none", "not_required"),
    ] {
        let filter = mapped(json!({"claim": "azp"}), json!({"default": require}));
        assert_eq!(decided(&filter, json!({})), (want, None), "{require}");
    }
    let dry = mapped(json!({"claim": "azp"}), json!({"mode": "shadow"}));
    let decision = ask_with(&dry, &token(&claims())).decision;
    assert_eq!((decision.code.name(), decision.step), ("consumer_unknown", Step::Continue));
    assert!(decision.caller.is_none());
}
