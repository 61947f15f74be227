//! A table of consumers that is polled.

use super::*;
use gatehouse_filter::{Answer, Fetches, Filter, Headers, Request, Until};
use gatehouse_filter_test::{answer as give, prepare, tick};

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
