//! Tokens whose consumers a table knows.

use super::*;
use gatehouse_filter::{Answer, Fetches, Filter, Headers, Request, Until};
use gatehouse_filter_test::{answer as give, check, prepare, tick};

/// A filter whose provider finds consumers so, with these members besides.
fn mapped(consumer: Value, more: Value) -> JwtAuth {
    configured(&configuration(consumer, more).to_string()).unwrap()
}

fn configuration(consumer: Value, more: Value) -> Value {
    let provider = |name: &str, issuer: &str| json!({"name": name, "issuer": issuer, "jwks": key_set(), "consumer": consumer.clone()});
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
        {"name": "acme", "tokens": [token("main", "client-1"), token("main", "17"), token("other", "x")],
         "tier": "gold", "groups": ["partners"], "scopes": ["orders:write"], "metadata": {"account": 17}},
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

fn polled(host: &FakeHost, more: Value) -> JwtAuth {
    let from = json!({"cluster": "people", "path": "/c.json", "refresh": "30s", "timeout": "3s"});
    let mut changes = json!({"consumers": null, "consumers_from": from});
    gatehouse_filter_test::change(&mut changes, &more);
    let mut configuration = configuration(json!({"claim": "azp"}), json!({}));
    let members = configuration.as_object_mut().unwrap();
    members.remove("consumers");
    for (name, value) in changes.as_object().unwrap().clone() {
        if !value.is_null() {
            members.insert(name, value);
        }
    }
    let filter: JwtAuth = configured(&configuration.to_string()).unwrap();
    prepare(&filter, host);
    filter
}

fn fetch(filter: &JwtAuth, host: &FakeHost, status: &str, list: &Value) {
    tick(filter, host);
    let calls = host.take_calls();
    let [(id, call)] = calls.as_slice() else { panic!("one call, not {calls:?}") };
    assert_eq!((call.cluster.as_str(), call.path.as_str()), ("people", "/c.json"));
    let answer = Answer {
        headers: Headers::from_list(&[(":status", status)]),
        body: list.to_string().into_bytes(),
        ..Answer::default()
    };
    give(filter, *id, &answer, host);
}

#[test]
fn a_table_that_changes_is_heard_of_tokens_that_are_remembered() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host, json!({}));
    let token = token(&claims_with(json!({"azp": "client-1"})));
    let authorization = format!("Bearer {token}");
    let asked = || {
        let outcome = ask(&filter, &host, &[("authorization", authorization.as_str())]);
        let decision = outcome.decision;
        (decision.code.name(), decision.caller.map(|caller| caller.identity().tier.clone()))
    };
    // A document for both filters, with keys that this one does not look at.
    let digest = format!("hmac_sha256:{}", "ab".repeat(32));
    let list = |tier: &str, is_disabled: bool| {
        json!({"consumers": [
            {"name": "acme", "tier": tier, "disabled": is_disabled, "keys": [{"digest": digest}],
             "tokens": [{"provider": "main", "value": "client-1"}, {"provider": "elsewhere", "value": "x"}]},
            {"name": "by-key", "keys": [{"digest": digest.replace("ab", "cd")}]},
        ]})
    };
    fetch(&filter, &host, "200", &list("gold", false));
    assert_eq!(asked(), ("allowed", Some(Some("gold".to_owned()))));
    for (list, want) in [
        (list("free", false), ("allowed", Some(Some("free".to_owned())))),
        (list("free", true), ("consumer_disabled", None)),
        (json!({"consumers": []}), ("consumer_unknown", None)),
        (list("gold", false), ("allowed", Some(Some("gold".to_owned())))),
    ] {
        host.clock.advance(std::time::Duration::from_secs(30));
        fetch(&filter, &host, "200", &list);
        assert_eq!(asked(), want, "{list}");
        assert_eq!(asked(), want, "once more");
    }
    // One that is no table stays without effect.
    host.clock.advance(std::time::Duration::from_secs(30));
    let two = json!({"consumers": [
        {"name": "a", "tokens": [{"provider": "main", "value": "client-1"}]},
        {"name": "b", "tokens": [{"provider": "main", "value": "client-1"}]},
    ]});
    host.take_warnings();
    fetch(&filter, &host, "200", &two);
    assert_eq!(host.counted(crate::Event::ConsumersRefused), 1);
    let warnings = host.take_warnings().concat();
    let both =
        "consumers[1].tokens[0]: must be unique: `a` has it too, and it cannot tell `b` from";
    assert!(warnings.contains(both), "{warnings}");
    assert_eq!(asked(), ("allowed", Some(Some("gold".to_owned()))));
}

#[test]
fn before_the_first_table_only_good_tokens_wait_for_it() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host, json!({}));
    let decide = |token: &str, slot: &mut Option<crate::Slot>| {
        let authorization = format!("Bearer {token}");
        let fields = [("authorization", authorization.as_str())];
        let mut request = Request::new(Headers::from_list(&fields), &host);
        let decision = filter.on_request(&mut request, slot);
        match decision.step {
            Step::Wait(until) => {
                assert_eq!(until, Until::Fetched);
                "waits"
            }
            _ => decision.code.name(),
        }
    };
    let good = token(&claims_with(json!({"azp": "client-1"})));
    let expired = token(&claims_with(json!({"azp": "client-1", "exp": NOW - 600})));
    let (mut patient, mut lucky) = (None, None);
    assert_eq!(decide(&expired, &mut None), "token_expired");
    assert_eq!(decide(&good, &mut patient), "waits");
    host.clock.advance(std::time::Duration::from_secs(2));
    assert_eq!(decide(&good, &mut lucky), "waits");
    host.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(decide(&good, &mut patient), "consumers_unavailable");
    fetch(&filter, &host, "200", &json!({"consumers": consumers()}));
    assert_eq!(decide(&good, &mut lucky), "allowed");
    assert_eq!(filter.fetched().len(), 1);
    // Where nobody is looked up, nothing is polled.
    assert_eq!(self::filter(json!({})).fetched().len(), 0);
}

#[test]
fn a_request_that_may_not_wait_is_told_to_come_again() {
    let host = FakeHost::at(NOW);
    let filter = polled(&host, json!({"mode": "shadow"}));
    let good = token(&claims_with(json!({"azp": "client-1"})));
    let authorization = format!("Bearer {good}");
    let outcome = ask(&filter, &host, &[("authorization", authorization.as_str())]);
    assert_eq!(outcome.decision.code, Code::ConsumersUnavailable);
    assert_eq!(outcome.decision.step, Step::Continue);
}

#[test]
fn a_configuration_that_could_know_nobody_is_refused() {
    let usual = json!({"claim": "azp"});
    let by_name = json!({"claim": "azp", "by": "name"});
    let path = "providers[0].consumer";
    for (consumer, more, want) in [
        (json!({}), json!({}), format!("{path}.claim: is required")),
        (json!({"claim": ""}), json!({}), format!("{path}.claim: must not be empty")),
        (json!({"claim": ["azp"]}), json!({}), format!("{path}.claim: must be text")),
        (
            json!({"claim": "azp", "by": "claim"}),
            json!({}),
            format!("{path}.by: must be one of tokens, name"),
        ),
        (
            json!({"claim": "azp", "unknown": "allow"}),
            json!({}),
            format!("{path}.unknown: must be one of refuse, pass"),
        ),
        (
            json!({"claim": "azp", "scopes": "consumer"}),
            json!({}),
            format!("{path}.scopes: must be one of both, token"),
        ),
        (
            json!({"claim": "azp", "form": "x"}),
            json!({}),
            format!("{path}.form: unknown field; known here: claim, by, unknown, scopes"),
        ),
        (
            usual.clone(),
            json!({"consumers": null}),
            "must have consumers or consumers_from: a provider has `consumer`, and nothing says \
             who there is"
                .to_owned(),
        ),
        (
            usual.clone(),
            json!({"consumers_from": {"cluster": "a", "path": "/"}}),
            "must have exactly one of consumers, consumers_from".to_owned(),
        ),
        (
            usual.clone(),
            json!({"consumers": [{"name": "a"}]}),
            "consumers[0].tokens: is required".to_owned(),
        ),
        (
            usual,
            json!({"consumers": [{"name": "a", "tokens": [{"provider": "mian", "value": "x"}]}]}),
            "consumers[0].tokens[0].provider: no provider of this name has `consumer`, with \
             `by: tokens`: `mian`"
                .to_owned(),
        ),
        (
            by_name,
            json!({"consumers": [{"name": "a", "tokens": [{"provider": "main", "value": "x"}]}]}),
            "consumers[0].tokens[0].provider: no provider of this name has `consumer`, with \
             `by: tokens`: `main`"
                .to_owned(),
        ),
    ] {
        let configuration = configuration(consumer.clone(), more.clone());
        let faults = faults(&configuration);
        assert_eq!(faults.first(), Some(&want), "{consumer} {more}: {faults:?}");
    }
    let mut nobody = configuration(json!({"claim": "azp"}), json!({}));
    for provider in nobody["providers"].as_array_mut().unwrap() {
        provider.as_object_mut().unwrap().remove("consumer");
    }
    assert_eq!(
        faults(&nobody),
        ["has consumers, and no provider has `consumer`: no token would be anybody's of them"]
    );
    let mut two = configuration(json!({"claim": "azp"}), json!({}));
    two["providers"][1]["identity"] = json!({"consumer": "azp"});
    assert_eq!(
        faults(&two),
        ["providers[1].consumer: says who the consumer is, and so does `identity.consumer`: take \
          one out"]
    );
    let by_name = configuration(
        json!({"claim": "azp", "by": "name"}),
        json!({"consumers": [{"name": "a", "tier": "gold"}]}),
    );
    assert_eq!(faults(&by_name), [""; 0]);
}

fn faults(configuration: &Value) -> Vec<String> {
    let faults = check::<JwtAuth>(configuration.to_string().as_bytes());
    faults.iter().map(ToString::to_string).collect()
}
