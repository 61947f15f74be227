use super::*;
use crate::{Caller, Facts, Identity};

/// Whether a rule is for a request of this client, by what is known of it; `None` where that cannot
/// be told.
fn judged(condition: &str, address: Option<&'static str>, identity: Option<&str>) -> Option<bool> {
    let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
    let identity = identity.map(|json| Identity::from_bytes(json.as_bytes()).unwrap());
    let mut facts = Facts::default();
    facts.caller = identity.map(|identity| Rc::new(Caller::from(identity)));
    let host = Routed { address };
    let head = Headers::from_list(&[(":method", b"GET" as &[u8]), (":path", b"/a")]);
    let request = Request::with_facts(head, facts, &host);
    let certain = rules.find(&request).is_some();
    match rules.all_matching(&request).next() {
        Some(found) => {
            assert_eq!(found.is_certain, certain, "{condition}");
            found.is_certain.then_some(true)
        }
        None => Some(false),
    }
}

#[test]
fn a_client_is_in_its_networks_and_without_an_address_neither_in_nor_out() {
    const V4: Option<&str> = Some("192.0.2.7:1");
    const MAPPED: Option<&str> = Some("[::ffff:192.0.2.7]:1");
    const V6: Option<&str> = Some("[2001:db8::1]:1");
    for (condition, address, want) in [
        (r#"{"sources": ["192.0.2.0/24"]}"#, V4, Some(true)),
        (r#"{"sources": ["192.0.2.0/24"]}"#, MAPPED, Some(true)),
        (r#"{"sources": ["192.0.2.0/24"]}"#, V6, Some(false)),
        (r#"{"sources": ["10.0.0.0/8", "2001:db8::/32"]}"#, V6, Some(true)),
        (r#"{"sources": ["192.0.2.0/24"]}"#, None, None),
        (r#"{"sources": ["192.0.2.0/24"]}"#, Some("/run/envoy.sock"), None),
        (r#"{"not": {"sources": ["192.0.2.0/24"]}}"#, V4, Some(false)),
        (r#"{"not": {"sources": ["192.0.2.0/24"]}}"#, V6, Some(true)),
        (r#"{"not": {"sources": ["192.0.2.0/24"]}}"#, None, None),
        (r#"{"not": {"sources": ["192.0.2.0/24"], "methods": ["PUT"]}}"#, None, Some(true)),
        (r#"{"sources": ["192.0.2.0/24"], "methods": ["PUT"]}"#, None, Some(false)),
    ] {
        assert_eq!(judged(condition, address, None), want, "{condition} {address:?}");
    }
}

#[test]
fn a_client_is_who_it_is_and_nobody_knows_what_an_unknown_one_is_not() {
    const ALICE: Option<&str> = Some(
        r#"{"issuer": "i", "subject": "alice", "consumer": "acme", "tier": "gold",
            "scopes": ["orders:read"], "roles": ["user", "admin"]}"#,
    );
    const BOB: Option<&str> = Some(r#"{"subject": "bob"}"#);
    const NOBODY: Option<&str> = None;
    for (condition, identity, want) in [
        (r#"{"subjects": ["bob", "alice"]}"#, ALICE, Some(true)),
        (r#"{"subjects": ["Alice"]}"#, ALICE, Some(false)),
        (r#"{"subjects": [{"prefix": "al"}]}"#, ALICE, Some(true)),
        (r#"{"subjects": [{"suffix": "ce"}]}"#, ALICE, Some(true)),
        (r#"{"subjects": [{"regex": "^a.*e$"}]}"#, ALICE, Some(true)),
        (r#"{"subjects": ["alice"]}"#, NOBODY, Some(false)),
        (r#"{"issuers": ["i"], "consumers": ["acme"], "tiers": ["gold"]}"#, ALICE, Some(true)),
        (r#"{"issuers": ["i"], "consumers": ["acme"], "tiers": ["free"]}"#, ALICE, Some(false)),
        (r#"{"tiers": ["gold"]}"#, BOB, Some(false)),
        (r#"{"roles": {"all": ["user", "admin"]}}"#, ALICE, Some(true)),
        (r#"{"roles": {"all": ["user", "root"]}}"#, ALICE, Some(false)),
        (r#"{"scopes": {"any": [{"prefix": "orders:"}]}}"#, ALICE, Some(true)),
        (r#"{"groups": {"any": ["a"]}}"#, ALICE, Some(false)),
        (r#"{"authenticated": true}"#, ALICE, Some(true)),
        (r#"{"authenticated": true}"#, NOBODY, Some(false)),
        (r#"{"authenticated": false}"#, NOBODY, Some(true)),
    ] {
        let condition = format!(r#"{{"identity": {condition}}}"#);
        assert_eq!(judged(&condition, None, identity), want, "{condition}");
        let negated = format!(r#"{{"not": {condition}}}"#);
        let is_told = identity.is_some() || condition.contains("authenticated");
        let want = want.map(|holds| !holds).filter(|_| is_told);
        assert_eq!(judged(&negated, None, identity), want, "{negated}");
    }
}

#[test]
fn who_finds_out_who_the_client_is_cannot_match_by_it() {
    let faults = |condition: &str| {
        let json = format!(r#"[{{"match": {condition}}}]"#);
        config::read(json.as_bytes(), |node| {
            Rules::read_before_identity(&node, &Words::default(), |_| Some(())).map(|_| ())
        })
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(faults(r#"{"sources": ["10.0.0.0/8"]}"#), Ok(()));
    let why = "never fits: who the client is, is found out by this filter itself. Let a filter \
               after it, such as authorization, decide by it";
    for (condition, path) in [
        (r#"{"identity": {"tiers": ["gold"]}}"#, "[0].match.identity"),
        (r#"{"not": {"identity": {"tiers": ["gold"]}}}"#, "[0].match.not.identity"),
        (r#"{"not": [{"identity": {"tiers": ["gold"]}}]}"#, "[0].match.not[0].identity"),
    ] {
        assert_eq!(faults(condition), Err(vec![format!("{path}: {why}")]), "{condition}");
    }
}

#[test]
fn a_rule_tells_whether_it_asks_for_the_client() {
    for (condition, want) in [
        ("{}", false),
        (r#"{"path": {"prefix": "/a"}, "query": [{"name": "a", "present": true}]}"#, false),
        (r#"{"sources": ["10.0.0.0/8"]}"#, true),
        (r#"{"identity": {"authenticated": true}}"#, true),
        (r#"{"not": {"sources": ["10.0.0.0/8"]}}"#, true),
    ] {
        let rules = rules(&format!(r#"[{{"match": {condition}}}]"#)).unwrap();
        assert_eq!(rules.iter().next().unwrap().asks_for_client(), want, "{condition}");
    }
}
